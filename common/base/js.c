/* JavaScript's values: how they are made, how objects keep their properties,
 * and the conversions of the language.  It refuses to know expressions. */
#include "js.h"

#include "utf.h"

#include <stdlib.h>
#include <string.h>

/* From so many properties on an object has an index. */
enum { INDEX_FROM = 12 };

struct js
js_null(void)
{
	return (struct js){.type = JS_NULL};
}

struct js
js_bool(bool b)
{
	return (struct js){.type = JS_BOOL, .boolean = b};
}

struct js
js_number(double d)
{
	return (struct js){.type = JS_NUMBER, .number = d};
}

struct js
js_string(struct str16 s)
{
	return (struct js){.type = JS_STRING, .string = s};
}

struct js
js_string_utf8(struct arena *a, struct str s)
{
	return js_string(utf16_from(a, s));
}

struct js
js_string_lit(struct arena *a, const char *ascii)
{
	return js_string(utf16_lit(a, ascii));
}

struct js
js_array(struct arena *a)
{
	return (struct js){.type = JS_ARRAY,
	    .array = arena_zalloc(a, sizeof(struct js_array))};
}

struct js
js_object(struct arena *a)
{
	return (struct js){.type = JS_OBJECT,
	    .object = arena_zalloc(a, sizeof(struct js_object))};
}

struct js
js_date(struct arena *a, double ms)
{
	return (struct js){
	    .type = JS_DATE, .date = arena_dup(a, &ms, sizeof(ms))};
}

void
js_push(struct arena *a, struct js_array *array, struct js value)
{
	if (array->n == array->cap) {
		array->cap = array->cap == 0 ? 4 : array->cap * 2;
		array->items = arena_grow(a, array->items, array->n, array->cap,
		    sizeof(*array->items));
	}
	array->items[array->n++] = value;
}

/* The two halves of a product, mixed: not to be foreseen without the seed. */
static uint64_t
mix(uint64_t x, uint64_t y)
{
	uint64_t high = (x >> 32) * (y >> 32), low = x * y;
	uint64_t cross = (x >> 32) * (uint32_t)y ^ (uint32_t)x * (y >> 32);

	return low ^ high ^ (cross << 32 | cross >> 32);
}

/* The index's own address is the seed: a sender of JSON cannot choose keys that
 * collide. */
static size_t
hash_key(struct str16 key, const uint32_t *index)
{
	uint64_t seed = (uint64_t)(uintptr_t)index * 0x9e3779b97f4a7c15u;
	uint64_t h = seed ^ key.len, chunk;
	size_t i, n;

	for (i = 0; i < key.len; i += 4) {
		n = key.len - i < 4 ? key.len - i : 4;
		chunk = 0;
		memcpy(&chunk, key.p + i, n * sizeof(*key.p));
		h = mix(h ^ chunk, seed ^ 0xa0761d6478bd642fu) + chunk;
	}
	return (size_t)(h ^ h >> 29);
}

static uint32_t *
index_slot(const struct js_object *o, struct str16 key)
{
	size_t mask = o->index_size - 1, i = hash_key(key, o->index) & mask;

	while (
	    o->index[i] != 0 && !str16_eq(o->props[o->index[i] - 1].key, key))
		i = (i + 1) & mask;
	return &o->index[i];
}

/* Makes the index at least twice as large as the properties are many. */
static void
build_index(struct arena *a, struct js_object *o)
{
	size_t i;

	o->index_size =
	    o->index_size == 0 ? INDEX_FROM * 4L : o->index_size * 2;
	while ((o->index_size & (o->index_size - 1)) != 0)
		o->index_size += o->index_size & (0 - o->index_size);
	o->index = arena_zalloc(a, o->index_size * sizeof(*o->index));
	for (i = 0; i < o->n; i++)
		*index_slot(o, o->props[i].key) = (uint32_t)(i + 1);
}

static struct js_prop *
find_prop(const struct js_object *o, struct str16 key)
{
	size_t i;

	if (o->index != NULL) {
		i = *index_slot(o, key);
		return i == 0 ? NULL : &o->props[i - 1];
	}
	for (i = 0; i < o->n; i++)
		if (str16_eq(o->props[i].key, key))
			return &o->props[i];
	return NULL;
}

void
js_set(struct arena *a, struct js_object *o, struct str16 key, struct js value)
{
	struct js_prop *prop = find_prop(o, key);

	if (prop != NULL) {
		prop->value = value;
		return;
	}
	if (o->n == o->cap) {
		o->cap = o->cap == 0 ? 4 : o->cap * 2;
		o->props =
		    arena_grow(a, o->props, o->n, o->cap, sizeof(*o->props));
	}
	o->props[o->n++] = (struct js_prop){key, value};
	if (o->n >= INDEX_FROM && o->n * 2 > o->index_size)
		build_index(a, o);
	else if (o->index != NULL)
		*index_slot(o, key) = (uint32_t)o->n;
}

void
js_set_lit(
    struct arena *a, struct js_object *o, const char *key, struct js value)
{
	js_set(a, o, utf16_lit(a, key), value);
}

const struct js *
js_find(const struct js_object *o, struct str16 key)
{
	const struct js_prop *prop = find_prop(o, key);

	return prop == NULL ? NULL : &prop->value;
}

struct js
js_get(struct js v, const char *key)
{
	size_t i;

	if (v.type != JS_OBJECT)
		return JS_UNDEF;
	for (i = 0; i < v.object->n; i++)
		if (str16_is(v.object->props[i].key, key))
			return v.object->props[i].value;
	return JS_UNDEF;
}

/* The number of an integer-like key, or -1. */
static int64_t
index_of_key(struct str16 key)
{
	int64_t n = 0;
	size_t i;

	if (key.len == 0 || key.len > 10 || (key.p[0] == '0' && key.len > 1))
		return -1;
	for (i = 0; i < key.len; i++) {
		if (key.p[i] < '0' || key.p[i] > '9')
			return -1;
		n = n * 10 + (key.p[i] - '0');
	}
	return n <= 4294967294 ? n : -1;
}

static int
by_index(const void *x, const void *y)
{
	const struct js_prop *const *a = x, *const *b = y;
	int64_t i = index_of_key((*a)->key), j = index_of_key((*b)->key);

	return i < j ? -1 : i > j;
}

const struct js_prop **
js_ordered(struct arena *a, const struct js_object *o)
{
	const struct js_prop **out = arena_array(a, o->n, sizeof(*out));
	size_t i, n = 0, first;

	for (i = 0; i < o->n; i++)
		if (index_of_key(o->props[i].key) >= 0)
			out[n++] = &o->props[i];
	if (n > 1)
		qsort(out, n, sizeof(*out), by_index);
	first = n;
	for (i = 0; i < o->n; i++)
		if (first == 0 || index_of_key(o->props[i].key) < 0)
			out[n++] = &o->props[i];
	return out;
}

bool
js_truthy(struct js v)
{
	switch (v.type) {
	case JS_UNDEFINED:
	case JS_NULL:
		return false;
	case JS_BOOL:
		return v.boolean;
	case JS_NUMBER:
		return v.number < 0 || v.number > 0;
	case JS_STRING:
		return v.string.len != 0;
	default:
		return true;
	}
}

bool
js_is_string(struct js v, const char *ascii)
{
	return v.type == JS_STRING && str16_is(v.string, ascii);
}

const char *
js_typeof(struct js v)
{
	static const char *const names[] = {
	    [JS_UNDEFINED] = "undefined",
	    [JS_NULL] = "object",
	    [JS_BOOL] = "boolean",
	    [JS_NUMBER] = "number",
	    [JS_STRING] = "string",
	    [JS_ARRAY] = "object",
	    [JS_OBJECT] = "object",
	    [JS_DATE] = "object",
	    [JS_FUNCTION] = "function",
	};
	_Static_assert(ARRAY_LEN(names) == JS__MAX, "a name for every type");

	return names[v.type];
}
