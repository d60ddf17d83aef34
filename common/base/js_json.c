/* JavaScript's values to and from JSON: text, the reader's events, and Jansson
 * trees.  The rules are JSON.stringify's (templatedx.md 3.6). */
#include "js.h"

#include "json.h"
#include "limits.h"
#include "utf.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Values come from text of limited depth, and a few levels around it. */
enum { DEPTH = LIMIT_JSON_DEPTH + 64 };

/* Where JSON text goes, and whether it is to be canonical. */
struct writer {
	struct arena *a;
	struct buf *b;
	bool canonical;
};

/* A value that JSON leaves out. */
static bool
is_absent(struct js v)
{
	return v.type == JS_UNDEFINED || v.type == JS_FUNCTION;
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

static void
add_date(struct buf *b, double ms)
{
	char text[32];

	if (js_date_print(text, ms) != 0)
		buf_addf(b, "\"%s\"", text);
	else
		buf_adds(b, "null");
}

static bool
is_plain(uint16_t unit)
{
	return unit >= 0x20 && unit < 0x80 && unit != '"' && unit != '\\';
}

static void
add_ascii_unit(struct buf *b, uint16_t unit)
{
	static const char escaped[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";
	const char *found = NULL;

	if (unit != 0 && unit < 0x80)
		found = strchr(escaped, unit);
	if (found != NULL) {
		buf_addc(b, '\\');
		buf_addc(b, letters[found - escaped]);
	} else if (is_plain(unit)) {
		buf_addc(b, (char)unit);
	} else {
		buf_addf(b, "\\u%04x", (unsigned)unit);
	}
}

static void
add_ascii_string(struct buf *b, struct str16 s)
{
	buf_addc(b, '"');
	for (size_t i = 0; i < s.len; i++)
		add_ascii_unit(b, s.p[i]);
	buf_addc(b, '"');
}

/* Plain text is copied, anything else is left to the printer of WTF-8. */
static void
add_string(const struct writer *w, struct str16 s)
{
	char *to = buf_reserve(w->b, s.len + 2);
	size_t i;

	if (to == NULL)
		return;
	*to++ = '"';
	for (i = 0; i < s.len && is_plain(s.p[i]); i++)
		to[i] = (char)s.p[i];
	if (i == s.len) {
		to[i] = '"';
		to[i + 1] = '\0';
		w->b->len += s.len + 2;
	} else if (w->canonical) {
		add_ascii_string(w->b, s);
	} else {
		json_print_string(w->b, utf8_from(w->a, s));
	}
}

static void add_value(const struct writer *w, struct js v, unsigned depth);

static void
add_array(const struct writer *w, const struct js_array *array, unsigned depth)
{
	size_t i;

	buf_addc(w->b, '[');
	for (i = 0; i < array->n; i++) {
		if (i != 0)
			buf_addc(w->b, ',');
		add_value(w, array->items[i], depth);
	}
	buf_addc(w->b, ']');
}

static int
compare_keys(const void *a, const void *b)
{
	const struct js_prop *const *x = a, *const *y = b;

	return str16_cmp((*x)->key, (*y)->key);
}

static void
add_object(const struct writer *w, const struct js_object *o, unsigned depth)
{
	const struct js_prop **props = js_ordered(w->a, o);
	const char *separator = "";
	size_t i;

	if (w->canonical && o->n != 0)
		qsort(props, o->n, sizeof(*props), compare_keys);
	buf_addc(w->b, '{');
	for (i = 0; i < o->n; i++) {
		if (is_absent(props[i]->value))
			continue;
		buf_adds(w->b, separator);
		add_string(w, props[i]->key);
		buf_addc(w->b, ':');
		add_value(w, props[i]->value, depth);
		separator = ",";
	}
	buf_addc(w->b, '}');
}

static void
add_value(const struct writer *w, struct js v, unsigned depth)
{
	struct buf *b = w->b;

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
		add_string(w, v.string);
		break;
	case JS_ARRAY:
		add_array(w, v.array, depth + 1);
		break;
	case JS_OBJECT:
		add_object(w, v.object, depth + 1);
		break;
	case JS_DATE:
		add_date(b, *v.date);
		break;
	default:
		buf_adds(b, "null");
		break;
	}
}

bool
js_stringify(struct arena *a, struct buf *b, struct js v)
{
	const struct writer w = {.a = a, .b = b};

	if (is_absent(v))
		return false;
	add_value(&w, v, 0);
	return true;
}

void
js_canonical(struct arena *a, struct buf *b, struct js v)
{
	const struct writer w = {.a = a, .b = b, .canonical = true};

	add_value(&w, v, 0);
}

json_t *
json_of_number(double d)
{
	if (!isfinite(d))
		return json_null();
	if (fabs(d) <= 9007199254740992.0 && d == (double)(json_int_t)d)
		return json_integer((json_int_t)d);
	return json_real(d);
}

static json_t *
date_to_json(double ms)
{
	char text[32];

	return js_date_print(text, ms) != 0 ? json_string(text) : json_null();
}

static json_t *
string_to_json(struct arena *a, struct str16 s)
{
	struct str text = utf8_clean(a, utf8_from(a, s));

	return json_stringn_nocheck(text.p, text.len);
}

static json_t *to_json(struct arena *a, struct js v, unsigned depth);

static json_t *
array_to_json(struct arena *a, const struct js_array *array, unsigned depth)
{
	json_t *out = json_array();
	size_t i;

	for (i = 0; i < array->n; i++)
		(void)json_array_append_new(
		    out, to_json(a, array->items[i], depth));
	return out;
}

static json_t *
object_to_json(struct arena *a, const struct js_object *o, unsigned depth)
{
	const struct js_prop **props = js_ordered(a, o);
	json_t *out = json_object();
	struct str key;
	size_t i;

	for (i = 0; i < o->n; i++) {
		if (is_absent(props[i]->value))
			continue;
		key = utf8_clean(a, utf8_from(a, props[i]->key));
		(void)json_object_setn_new_nocheck(
		    out, key.p, key.len, to_json(a, props[i]->value, depth));
	}
	return out;
}

static json_t *
to_json(struct arena *a, struct js v, unsigned depth)
{
	switch (v.type) {
	case JS_BOOL:
		return json_boolean(v.boolean);
	case JS_NUMBER:
		return json_of_number(v.number);
	case JS_STRING:
		return string_to_json(a, v.string);
	case JS_ARRAY:
		return depth < DEPTH ? array_to_json(a, v.array, depth + 1)
				     : json_null();
	case JS_OBJECT:
		return depth < DEPTH ? object_to_json(a, v.object, depth + 1)
				     : json_null();
	case JS_DATE:
		return date_to_json(*v.date);
	default:
		return json_null();
	}
}

json_t *
js_to_json(struct arena *a, struct js v)
{
	return is_absent(v) ? NULL : to_json(a, v, 0);
}

static struct js from_json(struct arena *a, const json_t *json, unsigned depth);

static struct js
array_from_json(struct arena *a, const json_t *json, unsigned depth)
{
	struct js out = js_array(a);
	size_t i, n = json_array_size(json);

	for (i = 0; i < n; i++)
		js_push(
		    a, out.array, from_json(a, json_array_get(json, i), depth));
	return out;
}

static struct js
object_from_json(struct arena *a, const json_t *json, unsigned depth)
{
	/* Jansson's iterators take no const. */
	json_t *object = (json_t *)(uintptr_t)json, *value;
	struct js out = js_object(a);
	const char *key;
	size_t len;

	json_object_keylen_foreach(object, key, len, value)
	{
		js_set(a, out.object, utf16_from(a, (struct str){key, len}),
		    from_json(a, value, depth));
	}
	return out;
}

static struct js
from_json(struct arena *a, const json_t *json, unsigned depth)
{
	if (depth == DEPTH)
		return js_null();
	switch (json_typeof(json)) {
	case JSON_OBJECT:
		return object_from_json(a, json, depth + 1);
	case JSON_ARRAY:
		return array_from_json(a, json, depth + 1);
	case JSON_STRING:
		return js_string_utf8(a, json_str(json));
	case JSON_INTEGER:
	case JSON_REAL:
		return js_number(json_number_value(json));
	case JSON_TRUE:
	case JSON_FALSE:
		return js_bool(json_is_true(json));
	default:
		return js_null();
	}
}

struct js
js_from_json(struct arena *a, const json_t *json)
{
	return json == NULL ? JS_UNDEF : from_json(a, json, 0);
}

static int
read_object(struct json_in *in, struct arena *a, struct js *out)
{
	struct str16 name;
	struct str key;
	struct js value;
	int more;

	*out = js_object(a);
	if (json_in_enter(in) != 0)
		return -1;
	while ((more = json_in_key(in, &key)) > 0) {
		name = utf16_from(a, key);
		if (json_in_js(in, a, &value) != 0)
			return -1;
		js_set(a, out->object, name, value);
	}
	return more;
}

static int
read_array(struct json_in *in, struct arena *a, struct js *out)
{
	struct js value;
	int more;

	*out = js_array(a);
	if (json_in_enter(in) != 0)
		return -1;
	while ((more = json_in_item(in)) > 0) {
		if (json_in_js(in, a, &value) != 0)
			return -1;
		js_push(a, out->array, value);
	}
	return more;
}

static int
read_scalar(
    struct json_in *in, struct arena *a, struct js *out, enum json_in_type type)
{
	struct str text;

	switch (type) {
	case JSON_IN_STRING:
		if (json_in_string(in, &text) != 0)
			return -1;
		*out = js_string_utf8(a, text);
		return 0;
	case JSON_IN_NUMBER:
		*out = js_number(0);
		return json_in_number(in, &out->number);
	case JSON_IN_TRUE:
	case JSON_IN_FALSE:
		*out = js_bool(type == JSON_IN_TRUE);
		break;
	default:
		*out = js_null();
		break;
	}
	return json_in_literal(in);
}

int
json_in_js(struct json_in *in, struct arena *a, struct js *out)
{
	enum json_in_type type = json_in_peek(in);

	if (type == JSON_IN_OBJECT)
		return read_object(in, a, out);
	if (type == JSON_IN_ARRAY)
		return read_array(in, a, out);
	return read_scalar(in, a, out, type);
}
