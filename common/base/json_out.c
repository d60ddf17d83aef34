/* Prints Jansson trees as JSON.stringify would (protocol.md 12.3, 12.4), in the
 * order of insertion.  It refuses to indent or to sort. */
#include "json.h"

#include "js.h"
#include "json_scan.h"
#include "limits.h"
#include "utf.h"

#include <string.h>

/* What the reader took, and the levels that are put around it. */
enum { DEPTH = LIMIT_JSON_DEPTH + 64 };

static void
add_escape(struct buf *b, unsigned char c)
{
	static const char names[] = "\"\\bfnrt", bytes[] = "\"\\\b\f\n\r\t";
	const char *found = memchr(bytes, c, sizeof(bytes) - 1);

	if (found == NULL) {
		buf_addf(b, "\\u%04x", c);
		return;
	}
	buf_addc(b, '\\');
	buf_addc(b, names[found - bytes]);
}

/* What text may not hold as it is, at *I. */
static void
add_odd(struct buf *b, struct str text, size_t *i)
{
	char utf8[4];
	uint32_t cp = wtf8_next(text, i);

	if (cp < 0x80)
		add_escape(b, (unsigned char)cp);
	else if (cp == UTF8_BAD)
		buf_adds(b, "\xef\xbf\xbd");
	else if (cp >= 0xd800 && cp <= 0xdfff)
		buf_addf(b, "\\u%04x", (unsigned)cp);
	else
		buf_add(b, utf8, utf8_put(utf8, cp)); /* a pair, joined */
}

/* The text from its first odd byte on, between quotes that are there. */
static void
add_rest(struct buf *b, struct str text, size_t i)
{
	const char *end = text.p + text.len, *stop;

	while (i < text.len) {
		add_odd(b, text, &i);
		stop = json_scan_text(text.p + i, end);
		buf_add(b, text.p + i, (size_t)(stop - (text.p + i)));
		i = (size_t)(stop - text.p);
	}
}

/* A string between two other characters, of which 0 is none. */
static void
add_string(struct buf *b, char before, struct str text, char after)
{
	size_t plain =
	    (size_t)(json_scan_text(text.p, text.p + text.len) - text.p);
	char *start = buf_reserve(b, plain + 4), *to = start;

	if (start == NULL)
		return;
	if (before != 0)
		*to++ = before;
	*to++ = '"';
	memcpy(to, text.p, plain);
	to += plain;
	if (plain < text.len) {
		b->len += (size_t)(to - start);
		add_rest(b, text, plain);
		to = start = buf_reserve(b, 2);
		if (start == NULL)
			return;
	}
	*to++ = '"';
	if (after != 0)
		*to++ = after;
	*to = '\0';
	b->len += (size_t)(to - start);
}

void
json_print_string(struct buf *b, struct str text)
{
	static const struct str empty = {"", 0};

	add_string(b, 0, text.len != 0 ? text : empty, 0);
}

void
json_print_int(struct buf *b, int64_t n)
{
	char *to = buf_reserve(b, JS_NUMBER_LEN);

	if (to != NULL)
		b->len += js_integer_print(to, n);
}

static void
print_number(struct buf *b, const json_t *json)
{
	char *to = buf_reserve(b, JS_NUMBER_LEN);
	size_t len;
	double d;

	if (to == NULL)
		return;
	d = json_number_value(json);
	if (json_is_integer(json))
		len = js_integer_print(to, json_integer_value(json));
	else if (d - d == 0)
		len = js_number_print(to, d);
	else
		len = (size_t)(stpcpy(to, "null") - to);
	b->len += len;
}

static void print(struct buf *b, const json_t *json, unsigned depth);

static void
print_object(struct buf *b, const json_t *json, unsigned depth)
{
	/* Jansson's iterators take no const. */
	json_t *object = (json_t *)(uintptr_t)json;
	char separator = '{';
	const char *key;
	json_t *value;
	size_t len;

	if (json_object_size(json) == 0)
		buf_addc(b, separator);
	json_object_keylen_foreach(object, key, len, value)
	{
		add_string(b, separator, (struct str){key, len}, ':');
		print(b, value, depth);
		separator = ',';
	}
	buf_addc(b, '}');
}

static void
print_array(struct buf *b, const json_t *json, unsigned depth)
{
	size_t i, n = json_array_size(json);

	buf_addc(b, '[');
	for (i = 0; i < n; i++) {
		if (i != 0)
			buf_addc(b, ',');
		print(b, json_array_get(json, i), depth);
	}
	buf_addc(b, ']');
}

static void
print(struct buf *b, const json_t *json, unsigned depth)
{
	if (depth == DEPTH) {
		b->full = true;
		return;
	}
	switch (json_typeof(json)) {
	case JSON_OBJECT:
		print_object(b, json, depth + 1);
		break;
	case JSON_ARRAY:
		print_array(b, json, depth + 1);
		break;
	case JSON_STRING:
		json_print_string(b, json_str(json));
		break;
	case JSON_INTEGER:
	case JSON_REAL:
		print_number(b, json);
		break;
	case JSON_TRUE:
		buf_adds(b, "true");
		break;
	case JSON_FALSE:
		buf_adds(b, "false");
		break;
	case JSON_NULL:
		buf_adds(b, "null");
		break;
	}
}

void
json_print(struct buf *b, const json_t *json)
{
	print(b, json, 0);
}
