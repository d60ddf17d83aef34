/* Growing text with a ceiling. */
#include "buf.h"

#include "xalloc.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
buf_init(struct buf *b, size_t max)
{
	*b = (struct buf){.max = max};
}

void
buf_free(struct buf *b)
{
	free(b->data);
	*b = (struct buf){.max = b->max};
}

void
buf_clear(struct buf *b)
{
	b->len = 0;
	b->full = false;
	if (b->data != NULL)
		b->data[0] = '\0';
}

char *
buf_reserve(struct buf *b, size_t len)
{
	size_t cap;

	if (b->full || len > b->max || b->len > b->max - len) {
		b->full = true;
		return NULL;
	}
	if (b->cap - b->len > len)
		return b->data + b->len;
	cap = b->cap != 0 ? b->cap : 64;
	while (cap - b->len <= len)
		cap *= 2;
	b->data = xrealloc(b->data, cap);
	b->cap = cap;
	b->data[b->len] = '\0';
	return b->data + b->len;
}

void
buf_add(struct buf *b, const void *p, size_t len)
{
	char *to;

	if (len == 0 || (to = buf_reserve(b, len)) == NULL)
		return;
	memcpy(to, p, len);
	b->len += len;
	b->data[b->len] = '\0';
}

void
buf_addc(struct buf *b, char c)
{
	char *to = buf_reserve(b, 1);

	if (to == NULL)
		return;
	to[0] = c;
	to[1] = '\0';
	b->len++;
}

void
buf_adds(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

/* What there is room for is printed once, else the first try tells how much is
 * needed. */
void
buf_addf(struct buf *b, const char *fmt, ...)
{
	size_t room = b->cap - b->len;
	char *to = room != 0 ? b->data + b->len : NULL;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(to, room, fmt, ap);
	va_end(ap);
	if (n <= 0 || buf_reserve(b, (size_t)n) == NULL) {
		if (to != NULL)
			*to = '\0';
		return;
	}
	if ((size_t)n >= room) {
		va_start(ap, fmt);
		(void)vsnprintf(b->data + b->len, (size_t)n + 1, fmt, ap);
		va_end(ap);
	}
	b->len += (size_t)n;
}

void
buf_drop(struct buf *b, size_t len)
{
	if (len > b->len)
		len = b->len;
	b->len -= len;
	if (b->data != NULL)
		memmove(b->data, b->data + len, b->len + 1);
}

const char *
buf_str(const struct buf *b)
{
	return b->data != NULL ? b->data : "";
}

struct str
buf_text(const struct buf *b)
{
	return (struct str){buf_str(b), b->len};
}

bool
buf_full(const struct buf *b)
{
	return b->full;
}
