/* Names a dataset row by what it asks (protocol.md 3.9): a digest of canonical
 * JSON, which has to agree byte for byte with the reference's.  It refuses to
 * know where rows come from. */
#include "item_name.h"

#include "../base/crypt.h"
#include "../base/limits.h"
#include "../base/utf.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Values come from text of limited depth. */
enum { DEPTH = LIMIT_JSON_DEPTH + 64, DIGITS = 12 };

static void
add_unit(struct buf *b, uint16_t unit)
{
	static const char escaped[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";
	const char *found = NULL;

	if (unit != 0 && unit < 0x80)
		found = strchr(escaped, unit);
	if (found != NULL) {
		buf_addc(b, '\\');
		buf_addc(b, letters[found - escaped]);
	} else if (unit < 0x20 || unit > 0x7f) {
		buf_addf(b, "\\u%04x", (unsigned)unit);
	} else {
		buf_addc(b, (char)unit);
	}
}

static void
add_string(struct buf *b, struct str16 s)
{
	buf_addc(b, '"');
	for (size_t i = 0; i < s.len; i++)
		add_unit(b, s.p[i]);
	buf_addc(b, '"');
}

static void
add_number(struct buf *b, double d)
{
	char text[JS_NUMBER_LEN];

	if (isfinite(d))
		buf_add(b, text, js_number_print(text, d));
	else
		buf_adds(b, "null");
}

static void add_value(
    struct arena *a, struct buf *b, struct js v, unsigned depth);

static void
add_array(struct arena *a, struct buf *b, const struct js_array *array,
    unsigned depth)
{
	buf_addc(b, '[');
	for (size_t i = 0; i < array->n; i++) {
		if (i != 0)
			buf_addc(b, ',');
		add_value(a, b, array->items[i], depth);
	}
	buf_addc(b, ']');
}

static int
compare_props(const void *a, const void *b)
{
	const struct js_prop *const *x = a, *const *y = b;

	return str16_cmp((*x)->key, (*y)->key);
}

static bool
is_absent(struct js v)
{
	return v.type == JS_UNDEFINED || v.type == JS_FUNCTION;
}

static void
add_object(
    struct arena *a, struct buf *b, const struct js_object *o, unsigned depth)
{
	const struct js_prop **props = arena_array(a, o->n, sizeof(*props));
	size_t i, n = 0;

	for (i = 0; i < o->n; i++)
		if (!is_absent(o->props[i].value))
			props[n++] = &o->props[i];
	if (n != 0)
		qsort(props, n, sizeof(*props), compare_props);
	buf_addc(b, '{');
	for (i = 0; i < n; i++) {
		if (i != 0)
			buf_addc(b, ',');
		add_string(b, props[i]->key);
		buf_addc(b, ':');
		add_value(a, b, props[i]->value, depth);
	}
	buf_addc(b, '}');
}

static void
add_date(struct buf *b, double ms)
{
	char text[32];

	if (js_date_print(text, ms) != 0)
		buf_addf(b, "\"%s\"", text);
	else
		buf_adds(b, "null");
}

static void
add_value(struct arena *a, struct buf *b, struct js v, unsigned depth)
{
	if (depth == DEPTH) {
		b->full = true;
		return;
	}
	switch (v.type) {
	case JS_BOOL:
		buf_adds(b, v.boolean ? "true" : "false");
		break;
	case JS_NUMBER:
		add_number(b, v.number);
		break;
	case JS_STRING:
		add_string(b, v.string);
		break;
	case JS_ARRAY:
		add_array(a, b, v.array, depth + 1);
		break;
	case JS_OBJECT:
		add_object(a, b, v.object, depth + 1);
		break;
	case JS_DATE:
		add_date(b, *v.date);
		break;
	default:
		buf_adds(b, "null");
		break;
	}
}

/* An empty array says something: it has a digest. */
static bool
says_nothing(struct js v)
{
	return is_absent(v) || v.type == JS_NULL ||
	       (v.type == JS_STRING && v.string.len == 0) ||
	       (v.type == JS_OBJECT && v.object->n == 0);
}

void
item_name(struct arena *a, struct js input, int64_t index, char *out)
{
	uint8_t digest[CRYPT_MD5_LEN];
	struct buf b;

	if (says_nothing(input)) {
		(void)snprintf(out, ITEM_NAME_LEN + 1, "%" PRId64, index);
		return;
	}
	buf_init(&b, LIMIT_LINE_BYTES);
	add_value(a, &b, input, 0);
	crypt_md5((struct str){b.data, b.len}, digest);
	buf_free(&b);
	hex_print(out, digest, DIGITS / 2);
}
