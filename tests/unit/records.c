/* Writes records of Amazon's event stream.  It knows no vendor's events. */
#include "records.h"

#include <stdlib.h>
#include <string.h>

/* Bit by bit, so that it is not the code that is tested. */
static uint32_t
checksum(const char *p, size_t len)
{
	uint32_t crc = 0xffffffff;

	while (len-- > 0) {
		crc ^= (unsigned char)*p++;
		for (int i = 0; i < 8; i++)
			crc = crc >> 1 ^ ((crc & 1) != 0 ? 0xedb88320 : 0);
	}
	return ~crc;
}

static void
add_uint(struct buf *b, size_t value, size_t n)
{
	while (n-- > 0)
		buf_addc(b, (char)(unsigned char)(value >> 8 * n & 0xff));
}

static void
add_header(struct buf *b, const char *name, const char *value)
{
	add_uint(b, strlen(name), 1);
	buf_adds(b, name);
	add_uint(b, 7, 1);
	add_uint(b, strlen(value), 2);
	buf_adds(b, value);
}

void
record_add(struct buf *b, const char *const *names, const char *const *values,
    size_t n, struct str payload)
{
	struct buf headers;
	size_t start = b->len;

	buf_init(&headers, 1u << 20);
	for (size_t i = 0; i < n; i++)
		add_header(&headers, names[i], values[i]);
	add_uint(b, headers.len + payload.len + 16, 4);
	add_uint(b, headers.len, 4);
	add_uint(b, checksum(b->data + start, 8), 4);
	buf_add(b, headers.data, headers.len);
	buf_add(b, payload.p, payload.len);
	add_uint(b, checksum(b->data + start, b->len - start), 4);
	buf_free(&headers);
}

static void
add_typed(struct buf *b, const char *message, const char *name,
    const char *type, struct str payload)
{
	const char *names[] = {name, ":content-type", ":message-type"};
	const char *values[] = {type, "application/json", message};

	record_add(b, names, values, ARRAY_LEN(names), payload);
}

void
record_event(struct buf *b, const char *type, const char *payload)
{
	add_typed(b, "event", ":event-type", type,
	    (struct str){payload, strlen(payload)});
}

static void
add_line(struct buf *b, char *line)
{
	char *type = strchr(line, ' ') + 1, *payload = strchr(type, ' ') + 1;
	const char *name =
	    strncmp(line, "event ", 6) == 0 ? ":event-type" : ":exception-type";

	type[-1] = '\0';
	payload[-1] = '\0';
	add_typed(b, line, name, type, (struct str){payload, strlen(payload)});
}

void
record_lines(struct buf *b, struct str text)
{
	char *copy = strndup(text.p, text.len), *p = copy, *end;

	while ((end = strchr(p, '\n')) != NULL) {
		*end = '\0';
		if (*p != '\0')
			add_line(b, p);
		p = end + 1;
	}
	free(copy);
}
