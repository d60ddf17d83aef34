/* Resolves references of schemas to files, so that a prompt stands alone when
 * it is run.  It refuses to know what a schema means and where files lie. */
#include "reference.h"

#include "frontmatter.h"
#include "../base/json.h"
#include "../base/limits.h"
#include "../base/utf.h"

#include <string.h>

struct resolver {
	struct arena *arena;
	const struct source_loader *loader;
	size_t n; /* values so far */
	bool changed;
	struct err *err;
};

/* A file, and those that lead to it. */
struct chain {
	const struct source_file *file;
	struct str pointer;
	const struct chain *outer;
	unsigned depth;
};

static int resolve(
    struct resolver *r, const struct chain *chain, struct js v, struct js *out);

static int
fail_reference(struct resolver *r, struct str reference, const char *why)
{
	return fail(r->err, ERR_PROMPT, "$ref %.*s %s",
	    (int)(reference.len < 200 ? reference.len : 200), reference.p, why);
}

/* --- pointers */

/* The next part of a JSON pointer, unescaped. */
static struct str16
take_part(struct arena *a, struct str *pointer)
{
	char *out = arena_alloc(a, pointer->len + 1);
	size_t i, n = 0;

	for (i = 1; i < pointer->len && pointer->p[i] != '/'; i++) {
		out[n++] = pointer->p[i];
		if (pointer->p[i] != '~' || i + 1 == pointer->len)
			continue;
		if (pointer->p[i + 1] == '0' || pointer->p[i + 1] == '1')
			out[n - 1] = pointer->p[++i] == '0' ? '~' : '/';
	}
	pointer->p += i;
	pointer->len -= i;
	return utf16_from(a, (struct str){out, n});
}

static bool
follow(struct arena *a, struct str pointer, struct js *v)
{
	const struct js *member;
	struct str16 part;
	double index;

	while (pointer.len > 0) {
		if (pointer.p[0] != '/')
			return false;
		part = take_part(a, &pointer);
		member = NULL;
		if (v->type == JS_OBJECT)
			member = js_find(v->object, part);
		if (v->type == JS_ARRAY && part.len > 0) {
			index = js_to_number(a, js_string(part));
			if (index >= 0 && index < (double)v->array->n)
				member = &v->array->items[(size_t)index];
		}
		if (member == NULL)
			return false;
		*v = *member;
	}
	return true;
}

/* --- files */

static int
read_value(struct resolver *r, struct str text, struct js *out)
{
	struct err ignored = {0};
	struct json_in in;
	int rc;

	json_in_init(&in, text, &ignored);
	rc = json_in_js(&in, r->arena, out);
	if (rc == 0)
		rc = json_in_finish(&in);
	json_in_free(&in);
	err_free(&ignored);
	if (rc == 0)
		return 0;
	return frontmatter_load(
	    r->arena, utf16_from(r->arena, text), out, r->err);
}

static bool
is_circular(const struct chain *chain, struct str name, struct str pointer)
{
	for (; chain != NULL; chain = chain->outer)
		if (str_eq(chain->file->name, name) &&
		    str_eq(chain->pointer, pointer))
			return true;
	return false;
}

static int
read_reference(struct resolver *r, const struct chain *chain,
    struct str reference, struct js *out)
{
	const char *hash = memchr(reference.p, '#', reference.len);
	struct str path = reference, pointer = {0};
	struct source_file file = {0};
	struct chain inner;
	struct js v;

	if (hash != NULL) {
		path.len = (size_t)(hash - reference.p);
		pointer.p = hash + 1;
		pointer.len = reference.len - path.len - 1;
	}
	if (r->loader == NULL)
		return fail_reference(r, reference, "cannot be read here");
	if (r->loader->load(r->loader->arg, r->arena, chain->file->name, path,
		&file, r->err) == -1)
		return -1;
	if (is_circular(chain, file.name, pointer) ||
	    chain->depth >= LIMIT_REFERENCE_DEPTH)
		return fail_reference(r, reference, "leads to itself");
	if (read_value(r, file.text, &v) == -1)
		return -1;
	if (!follow(r->arena, pointer, &v))
		return fail_reference(r, reference, "leads nowhere");
	inner = (struct chain){&file, pointer, chain, chain->depth + 1};
	r->changed = true;
	return resolve(r, &inner, v, out);
}

/* --- values */

static int
resolve_object(
    struct resolver *r, const struct chain *chain, struct js v, struct js *out)
{
	const struct js *reference = NULL;
	struct js value;
	struct str text;
	size_t i;

	if (js_get(v, "$ref").type == JS_STRING) {
		value = js_get(v, "$ref");
		reference = &value;
		text = utf8_from(r->arena, reference->string);
		if (text.len > 0 && text.p[0] != '#')
			return read_reference(r, chain, text, out);
	}
	*out = js_object(r->arena);
	for (i = 0; i < v.object->n; i++) {
		if (resolve(r, chain, v.object->props[i].value, &value) == -1)
			return -1;
		js_set(r->arena, out->object, v.object->props[i].key, value);
	}
	return 0;
}

static int
resolve_array(
    struct resolver *r, const struct chain *chain, struct js v, struct js *out)
{
	struct js value;
	size_t i;

	*out = js_array(r->arena);
	for (i = 0; i < v.array->n; i++) {
		if (resolve(r, chain, v.array->items[i], &value) == -1)
			return -1;
		js_push(r->arena, out->array, value);
	}
	return 0;
}

/* Frontmatter and JSON are not nested deeper than their readers allow. */
static int
resolve(
    struct resolver *r, const struct chain *chain, struct js v, struct js *out)
{
	if (++r->n > LIMIT_YAML_NODES)
		return fail(r->err, ERR_PROMPT,
		    "the schemas have more than %d values", LIMIT_YAML_NODES);
	if (v.type == JS_OBJECT)
		return resolve_object(r, chain, v, out);
	if (v.type == JS_ARRAY)
		return resolve_array(r, chain, v, out);
	*out = v;
	return 0;
}

/* --- frontmatter */

static int
resolve_member(
    struct resolver *r, const struct chain *chain, struct js o, const char *key)
{
	struct js value = js_get(o, key);

	if (value.type != JS_OBJECT)
		return 0;
	if (resolve(r, chain, value, &value) == -1)
		return -1;
	js_set_lit(r->arena, o.object, key, value);
	return 0;
}

static int
resolve_schemas(
    struct resolver *r, const struct source_file *file, struct node *yaml)
{
	struct chain chain = {.file = file};
	struct js matter;
	struct buf b;

	if (frontmatter_load(r->arena, yaml->value.string, &matter, r->err) ==
	    -1)
		return -1;
	if (resolve_member(r, &chain, matter, "input_schema") == -1 ||
	    resolve_member(
		r, &chain, js_get(matter, "object_config"), "schema") == -1)
		return -1;
	if (!r->changed)
		return 0;
	/* JSON is YAML. */
	buf_init(&b, LIMIT_RENDER_BYTES);
	(void)js_stringify(r->arena, &b, matter);
	yaml->value =
	    js_string(utf16_from(r->arena, (struct str){buf_str(&b), b.len}));
	buf_free(&b);
	return 0;
}

static bool
mentions_reference(struct str16 text)
{
	size_t i;

	for (i = 0; i + 4 <= text.len; i++)
		if (str16_is((struct str16){text.p + i, 4}, "$ref"))
			return true;
	return false;
}

int
reference_resolve(struct arena *a, const struct source_file *file,
    const struct source_loader *loader, struct node *root, struct err *err)
{
	struct resolver r = {.arena = a, .loader = loader, .err = err};
	struct node *yaml;
	size_t i;

	for (i = 0; i < root->n_children; i++) {
		yaml = root->children[i];
		if (yaml->kind != NODE_YAML || yaml->value.type != JS_STRING)
			continue;
		if (!mentions_reference(yaml->value.string))
			return 0;
		return resolve_schemas(&r, file, yaml);
	}
	return 0;
}
