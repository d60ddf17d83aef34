/* Gives a YAML tree the meaning that js-yaml 4 gives it: explicit tags, merge
 * keys, keys that become strings, and no two of them alike.  It refuses to know
 * what the keys of a prompt are. */
#include "frontmatter.h"

#include "scalar.h"
#include "../base/utf.h"
#include "../base/yaml.h"

#include <string.h>

#define TAG_PREFIX "tag:yaml.org,2002:"

struct loader {
	struct arena *arena;
	struct err *err;
};

static int load(const struct loader *l, const struct yaml *node, struct js *);

static int
complain(const struct loader *l, const struct yaml *node, const char *reason)
{
	return fail(l->err, ERR_PROMPT, "%s (%zu:%zu)", reason, node->line,
	    node->column);
}

static int
complain_tag(const struct loader *l, const struct yaml *node, const char *fmt)
{
	return complain(l, node,
	    arena_printf(l->arena, fmt, (int)node->tag.len, node->tag.p));
}

/* --- explicit tags */

static bool
is_empty(const struct yaml *node)
{
	return node->kind == YAML_SCALAR && node->plain && node->value.len == 0;
}

static bool
is_single_pair(struct js item)
{
	return item.type == JS_OBJECT && item.object->n == 1;
}

static bool
make_omap(struct arena *a, struct js *value)
{
	const struct js_array *list = value->array;
	struct js seen = js_object(a);
	struct str16 key;
	size_t i;

	for (i = 0; i < list->n; i++) {
		if (!is_single_pair(list->items[i]))
			return false;
		key = list->items[i].object->props[0].key;
		if (js_find(seen.object, key) != NULL)
			return false;
		js_set(a, seen.object, key, js_null());
	}
	return true;
}

static bool
make_pairs(struct arena *a, struct js *value)
{
	const struct js_array *list = value->array;
	struct js result = js_array(a), pair;
	const struct js_prop *prop;
	size_t i;

	for (i = 0; i < list->n; i++) {
		if (!is_single_pair(list->items[i]))
			return false;
		prop = list->items[i].object->props;
		pair = js_array(a);
		js_push(a, pair.array, js_string(prop->key));
		js_push(a, pair.array, prop->value);
		js_push(a, result.array, pair);
	}
	*value = result;
	return true;
}

static bool
make_set(struct arena *a, struct js *value)
{
	size_t i;

	(void)a;
	for (i = 0; i < value->object->n; i++)
		if (value->object->props[i].value.type != JS_NULL)
			return false;
	return true;
}

/* The types that a tag may name: of scalars a recogniser, of collections a
 * check that may replace the value. */
static const struct type {
	const char *name;
	enum yaml_kind kind;
	scalar_fn *read;
	bool (*make)(struct arena *, struct js *);
} types[] = {
    {"str", YAML_SCALAR, NULL, NULL},
    {"null", YAML_SCALAR, scalar_null, NULL},
    {"bool", YAML_SCALAR, scalar_bool, NULL},
    {"int", YAML_SCALAR, scalar_int, NULL},
    {"float", YAML_SCALAR, scalar_float, NULL},
    {"timestamp", YAML_SCALAR, scalar_timestamp, NULL},
    {"binary", YAML_SCALAR, scalar_binary, NULL},
    {"merge", YAML_SCALAR, NULL, NULL},
    {"seq", YAML_SEQUENCE, NULL, NULL},
    {"omap", YAML_SEQUENCE, NULL, make_omap},
    {"pairs", YAML_SEQUENCE, NULL, make_pairs},
    {"map", YAML_MAPPING, NULL, NULL},
    {"set", YAML_MAPPING, NULL, make_set},
};

/* A node without content fits a tag of any kind. */
static const struct type *
find_type(const struct yaml *node)
{
	const size_t prefix = sizeof(TAG_PREFIX) - 1;
	const struct type *t;
	struct str name;

	if (node->tag.len < prefix ||
	    memcmp(node->tag.p, TAG_PREFIX, prefix) != 0)
		return NULL;
	name = (struct str){node->tag.p + prefix, node->tag.len - prefix};
	for (t = types; t < types + ARRAY_LEN(types); t++)
		if (str_is(name, t->name) &&
		    (t->kind == node->kind || is_empty(node)))
			return t;
	return NULL;
}

/* The value of an empty node with a tag. */
static bool
read_nothing(const struct loader *l, const struct type *type, struct js *out)
{
	*out = js_null();
	if (type->kind == YAML_SEQUENCE)
		*out = js_array(l->arena);
	else if (type->kind == YAML_MAPPING)
		*out = js_object(l->arena);
	else if (strcmp(type->name, "str") == 0)
		*out = js_string_lit(l->arena, "");
	else
		return type->read == scalar_null ||
		       strcmp(type->name, "merge") == 0;
	return true;
}

static bool
read_scalar(const struct loader *l, const struct type *type,
    const struct yaml *node, struct js *out)
{
	if (is_empty(node))
		return read_nothing(l, type, out);
	if (type->read != NULL && node->value.len > 0)
		return type->read(l->arena, node->value, out);
	if (type->read == scalar_binary)
		return scalar_binary(l->arena, node->value, out);
	if (type->read != NULL)
		return false; /* quoted and empty */
	*out = js_string_utf8(l->arena, node->value);
	return strcmp(type->name, "merge") != 0 || str_is(node->value, "<<");
}

/* --- mappings */

static bool
is_merge_key(const struct yaml *key)
{
	if (key->kind != YAML_SCALAR || !str_is(key->value, "<<"))
		return false;
	return key->tag.p == NULL ? key->plain
				  : str_is(key->tag, TAG_PREFIX "merge");
}

/* A mapping while it is read; what was merged into it may be overridden. */
struct mapping {
	const struct loader *loader;
	struct js object;
	struct js overridable;
};

static void
merge_one(struct mapping *m, struct str16 key, struct js value)
{
	struct arena *a = m->loader->arena;

	if (js_find(m->object.object, key) != NULL)
		return;
	js_set(a, m->object.object, key, value);
	js_set(a, m->overridable.object, key, js_bool(true));
}

/* Anything that is an object to JavaScript may be merged. */
static int
merge_value(struct mapping *m, struct js source, const struct yaml *node)
{
	struct arena *a = m->loader->arena;
	const struct js_prop **props;
	size_t i;

	switch (source.type) {
	case JS_OBJECT:
		props = js_ordered(a, source.object);
		for (i = 0; i < source.object->n; i++)
			merge_one(m, props[i]->key, props[i]->value);
		return 0;
	case JS_ARRAY:
		for (i = 0; i < source.array->n; i++)
			merge_one(m, js_to_string(a, js_number((double)i)),
			    source.array->items[i]);
		return 0;
	case JS_DATE:
		return 0;
	default:
		return complain(m->loader, node,
		    "cannot merge mappings; the provided source object is "
		    "unacceptable");
	}
}

static int
merge(struct mapping *m, struct js value, const struct yaml *node)
{
	size_t i;

	if (value.type != JS_ARRAY)
		return merge_value(m, value, node);
	for (i = 0; i < value.array->n; i++)
		if (merge_value(m, value.array->items[i], node) == -1)
			return -1;
	return 0;
}

/* A key as a string: lists join their items, mappings are all alike. */
static int
make_key(const struct loader *l, const struct yaml *node, struct str16 *key)
{
	struct js value;
	size_t i;

	if (load(l, node, &value) == -1)
		return -1;
	if (value.type == JS_ARRAY)
		for (i = 0; i < value.array->n; i++)
			if (value.array->items[i].type == JS_ARRAY)
				return complain(l, node,
				    "nested arrays are not supported inside "
				    "keys");
	*key = js_to_string(l->arena, value);
	return 0;
}

static int
add_pair(struct mapping *m, const struct yaml *key, const struct yaml *value)
{
	const struct loader *l = m->loader;
	struct js result;
	struct str16 name;
	const struct js *merged;

	if (make_key(l, key, &name) == -1 || load(l, value, &result) == -1)
		return -1;
	if (is_merge_key(key))
		return merge(m, result, value);
	merged = js_find(m->overridable.object, name);
	if ((merged == NULL || !merged->boolean) &&
	    js_find(m->object.object, name) != NULL)
		return complain(l, key, "duplicated mapping key");
	js_set(l->arena, m->object.object, name, result);
	if (merged != NULL)
		js_set(l->arena, m->overridable.object, name, js_bool(false));
	return 0;
}

static int
load_mapping(const struct loader *l, const struct yaml *node, struct js *out)
{
	struct mapping m = {.loader = l};
	size_t i;

	m.object = *out = js_object(l->arena);
	m.overridable = js_object(l->arena);
	for (i = 0; i + 1 < node->n; i += 2)
		if (add_pair(&m, node->items[i], node->items[i + 1]) == -1)
			return -1;
	return 0;
}

/* --- nodes */

static int
load_sequence(const struct loader *l, const struct yaml *node, struct js *out)
{
	struct js item;
	size_t i;

	*out = js_array(l->arena);
	for (i = 0; i < node->n; i++) {
		if (load(l, node->items[i], &item) == -1)
			return -1;
		js_push(l->arena, out->array, item);
	}
	return 0;
}

/* Without a tag a plain scalar has the type that it looks like; `!` makes it a
 * string. */
static int
load_content(const struct loader *l, const struct yaml *node, struct js *out)
{
	switch (node->kind) {
	case YAML_SEQUENCE:
		return load_sequence(l, node, out);
	case YAML_MAPPING:
		return load_mapping(l, node, out);
	default:
		break;
	}
	if (is_empty(node))
		*out = js_null();
	else if (node->plain && node->tag.p == NULL)
		*out = scalar_plain(l->arena, node->value);
	else
		*out = js_string_utf8(l->arena, node->value);
	return 0;
}

/* yaml_read() bounds the depth and what aliases expand to. */
static int
load(const struct loader *l, const struct yaml *node, struct js *out)
{
	const struct type *type;
	bool ok;

	if (node->tag.p == NULL || str_is(node->tag, "!"))
		return load_content(l, node, out);
	if ((type = find_type(node)) == NULL)
		return complain_tag(l, node, "unknown tag !<%.*s>");
	if (node->kind == YAML_SCALAR) {
		ok = read_scalar(l, type, node, out);
	} else {
		if (load_content(l, node, out) == -1)
			return -1;
		ok = type->make == NULL || type->make(l->arena, out);
	}
	if (!ok)
		return complain_tag(
		    l, node, "cannot resolve a node with !<%.*s> explicit tag");
	return 0;
}

/* js-yaml sees no document in a text of blanks, and an empty one in a text of
 * comments. */
static bool
holds_nothing(struct str16 text)
{
	size_t i = 0;

	if (text.len > 0 && text.p[0] == 0xfeff)
		i++;
	while (i < text.len && text.p[i] == ' ')
		i++;
	if (i < text.len && (text.p[i] == '\n' || text.p[i] == '\r'))
		i++;
	return i == text.len;
}

int
frontmatter_load(
    struct arena *a, struct str16 text, struct js *out, struct err *err)
{
	struct loader l = {a, err};
	struct yaml *root;

	*out = JS_UNDEF;
	if (holds_nothing(text))
		return 0;
	if (yaml_read(a, utf8_from(a, text), &root, err) == -1)
		return -1;
	*out = js_null();
	return root != NULL ? load(&l, root, out) : 0;
}
