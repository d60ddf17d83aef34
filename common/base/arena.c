/* Bump allocation in blocks, with child arenas and cleanup hooks.  It refuses
 * to free single objects. */
#include "arena.h"

#include "xalloc.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_BYTES = 8192, ALIGNMENT = 16 };

struct block {
	struct block *next;
	size_t pad;
};
_Static_assert(sizeof(struct block) % ALIGNMENT == 0, "blocks stay aligned");

struct hook {
	struct hook *next;
	void (*fn)(void *);
	void *arg;
};

struct arena {
	struct arena *parent, *first, *prev, *next; /* the tree of arenas */
	struct block *blocks;
	struct hook *hooks;
	char *p, *end; /* what is left of the newest block */
};

struct arena *
arena_new(struct arena *parent)
{
	struct arena *a = xcalloc(1, sizeof(*a));

	a->parent = parent;
	if (parent == NULL)
		return a;
	a->next = parent->first;
	if (a->next != NULL)
		a->next->prev = a;
	parent->first = a;
	return a;
}

static void
unlink_from_parent(struct arena *a)
{
	if (a->next != NULL)
		a->next->prev = a->prev;
	if (a->prev != NULL)
		a->prev->next = a->next;
	else if (a->parent != NULL)
		a->parent->first = a->next;
}

void
arena_free(struct arena *a)
{
	struct hook *h;
	struct block *b;

	if (a == NULL)
		return;
	while (a->first != NULL)
		arena_free(a->first);
	while ((h = a->hooks) != NULL) {
		a->hooks = h->next;
		h->fn(h->arg);
	}
	unlink_from_parent(a);
	while ((b = a->blocks) != NULL) {
		a->blocks = b->next;
		free(b);
	}
	free(a);
}

static void *
add_block(struct arena *a, size_t size)
{
	struct block *b;
	char *p;

	if (size > SIZE_MAX / 2)
		size = SIZE_MAX / 2; /* malloc refuses that */
	b = xmalloc(sizeof(*b) + size);
	b->next = a->blocks;
	a->blocks = b;
	p = (char *)b + sizeof(*b);
	return p;
}

void *
arena_alloc(struct arena *a, size_t size)
{
	void *p;

	if (size > SIZE_MAX / 2)
		return add_block(a, size);
	size = (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
	if (size == 0)
		size = ALIGNMENT;
	if ((size_t)(a->end - a->p) >= size) {
		p = a->p;
		a->p += size;
		return p;
	}
	if (size > BLOCK_BYTES / 4)
		return add_block(a, size);
	p = add_block(a, BLOCK_BYTES - sizeof(struct block));
	a->p = (char *)p + size;
	a->end = (char *)p + BLOCK_BYTES - sizeof(struct block);
	return p;
}

void *
arena_zalloc(struct arena *a, size_t size)
{
	return memset(arena_alloc(a, size), 0, size);
}

void *
arena_dup(struct arena *a, const void *p, size_t size)
{
	void *copy = arena_alloc(a, size);

	if (size != 0)
		memcpy(copy, p, size);
	return copy;
}

void *
arena_array(struct arena *a, size_t n, size_t size)
{
	return arena_alloc(a, xmul(n, size));
}

void *
arena_grow(
    struct arena *a, const void *old, size_t old_n, size_t n, size_t size)
{
	void *p = arena_array(a, n, size);

	if (old_n != 0)
		memcpy(p, old, old_n * size);
	return p;
}

char *
arena_strndup(struct arena *a, const char *s, size_t len)
{
	char *p = arena_alloc(a, len + 1);

	if (len != 0)
		memcpy(p, s, len);
	p[len] = '\0';
	return p;
}

char *
arena_strdup(struct arena *a, const char *s)
{
	return arena_strndup(a, s, strlen(s));
}

char *
arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap;
	char *p;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		n = 0;
	p = arena_alloc(a, (size_t)n + 1);
	p[0] = '\0';
	va_start(ap, fmt);
	(void)vsnprintf(p, (size_t)n + 1, fmt, ap);
	va_end(ap);
	return p;
}

void
arena_on_free(struct arena *a, void (*fn)(void *), void *arg)
{
	struct hook *h = arena_alloc(a, sizeof(*h));

	*h = (struct hook){a->hooks, fn, arg};
	a->hooks = h;
}
