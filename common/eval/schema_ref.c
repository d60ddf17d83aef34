/* Names and references: $id, $anchor and $dynamicAnchor say what a schema is
 * called, $ref and $dynamicRef look it up.  Nothing is fetched; the
 * meta-schemas of the draft are part of the program. */
#include "schema_int.h"

#include "uri.h"

#include "../base/json.h"
#include "../base/limits.h"
#include "../base/utf.h"

static struct resource *
find_resource(const struct loader *l, struct str uri)
{
	struct resource *r;

	for (r = l->resources; r != NULL; r = r->next)
		if (str_eq(r->uri, uri))
			return r;
	return NULL;
}

struct resource *
schema_add_resource(struct loader *l, struct str uri)
{
	struct resource *r = arena_zalloc(l->arena, sizeof(*r));

	r->uri = uri;
	r->next = l->resources;
	l->resources = r;
	return r;
}

static int
count_name(struct loader *l, const struct node *node, struct err *err)
{
	if (++l->n_names <= LIMIT_SCHEMA_NAMES)
		return 0;
	return schema_bad(node->path, err, "more than %d names of schemas",
	    LIMIT_SCHEMA_NAMES);
}

static int
load_id(struct loader *l, struct node *node, struct resource *base,
    const json_t *id, struct err *err)
{
	struct str uri, fragment;
	struct resource *r;

	if (!json_is_string(id))
		return schema_bad(node->path, err, "$id must be a string");
	uri_split(
	    uri_resolve(l->arena, base->uri, json_str(id)), &uri, &fragment);
	if (fragment.len > 0)
		return schema_bad(node->path, err,
		    "$id %s has a fragment; $anchor names a place",
		    json_string_value(id));
	r = find_resource(l, uri);
	if (r != NULL && r->root == node) /* a document by its own address */
		return 0;
	if (r != NULL)
		return schema_bad(node->path, err, "$id %s is there twice",
		    json_string_value(id));
	node->resource = schema_add_resource(l, uri);
	node->resource->root = node;
	return count_name(l, node, err);
}

static int
load_anchor(struct loader *l, struct node *node, const char *keyword,
    bool dynamic, struct err *err)
{
	const json_t *name = json_object_get(node->json, keyword);
	struct anchor *a;

	if (name == NULL)
		return 0;
	if (!json_is_string(name))
		return schema_bad(
		    node->path, err, "%s must be a string", keyword);
	a = arena_zalloc(l->arena, sizeof(*a));
	a->name = json_str(name);
	a->node = node;
	a->dynamic = dynamic;
	a->next = node->resource->anchors;
	node->resource->anchors = a;
	return count_name(l, node, err);
}

int
schema_name_node(
    struct loader *l, struct node *node, struct resource *base, struct err *err)
{
	const json_t *id = json_object_get(node->json, "$id");

	if (base->root == NULL)
		base->root = node;
	if (id != NULL && load_id(l, node, base, id, err) != 0)
		return -1;
	if (load_anchor(l, node, "$anchor", false, err) != 0)
		return -1;
	return load_anchor(l, node, "$dynamicAnchor", true, err);
}

/* One token of a JSON pointer (RFC 6901), unescaped in the arena. */
static struct str
unescape(struct arena *a, struct str token)
{
	char *out = arena_alloc(a, token.len + 1);
	size_t i, n = 0;

	for (i = 0; i < token.len; i++) {
		char next = i + 1 < token.len ? token.p[i + 1] : '\0';
		bool escape = token.p[i] == '~' && (next == '0' || next == '1');

		out[n++] = !escape ? token.p[i] : next == '0' ? '~' : '/';
		i += escape;
	}
	out[n] = '\0';
	return (struct str){out, n};
}

static const json_t *
item_at(const json_t *array, struct str token)
{
	size_t i, index = 0;

	if (token.len == 0 || token.len > 9 ||
	    (token.len > 1 && token.p[0] == '0'))
		return NULL;
	for (i = 0; i < token.len; i++) {
		if (token.p[i] < '0' || token.p[i] > '9')
			return NULL;
		index = index * 10 + (size_t)(token.p[i] - '0');
	}
	return json_array_get(array, index);
}

/* What a pointer points to, with the resource that it lies in. */
struct target {
	const json_t *json;
	struct resource *resource;
	const struct path *path;
};

static bool
step(struct loader *l, struct target *t, struct str token)
{
	const struct node *node;

	if (json_is_array(t->json)) {
		t->json = item_at(t->json, token);
	} else {
		token = unescape(l->arena, token);
		t->json = json_object_getn(t->json, token.p, token.len);
	}
	if (t->json == NULL)
		return false;
	t->path = schema_path(l, t->path, token, 0);
	node = schema_find_node(l, t->json);
	if (node != NULL)
		t->resource = node->resource;
	return true;
}

/* POINTER, which begins with a slash, from the root of RESOURCE. */
static bool
follow(struct loader *l, struct target *t, struct str pointer)
{
	size_t start = 1, end;

	while (start <= pointer.len) {
		for (end = start; end < pointer.len; end++)
			if (pointer.p[end] == '/')
				break;
		if (!step(l, t, (struct str){pointer.p + start, end - start}))
			return false;
		start = end + 1;
	}
	return true;
}

/* The resource at URI, which may be a meta-schema that is not loaded yet; the
 * arena keeps its text as a tree. */
static struct resource *
open_resource(struct loader *l, struct str uri, struct err *err)
{
	struct resource *r = find_resource(l, uri);
	struct str text = schema_meta(uri);
	json_t *json;

	if (r != NULL || text.p == NULL)
		return r;
	json = json_read(text, err);
	if (json == NULL)
		return NULL;
	(void)json_own(l->arena, json);
	if (schema_load_document(l, json, uri, err) == NULL)
		return NULL;
	return find_resource(l, uri);
}

static const struct node *
find_anchor(const struct resource *resource, struct str name, bool *dynamic)
{
	const struct node *node = NULL;
	const struct anchor *a;

	for (a = resource->anchors; a != NULL; a = a->next) {
		if (!str_eq(a->name, name))
			continue;
		node = a->node;
		*dynamic = a->dynamic;
		if (a->dynamic)
			break;
	}
	return node;
}

static int
unknown(const struct node *node, const struct rule *rule, struct err *err)
{
	return schema_bad(node->path, err, "%s %s is unknown",
	    schema_keywords[rule->word].name, json_string_value(rule->arg));
}

static int
resolve_pointer(struct loader *l, const struct node *node, struct rule *rule,
    struct target t, struct str pointer, struct err *err)
{
	if (!follow(l, &t, pointer))
		return unknown(node, rule, err);
	rule->node = schema_load_node(l, t.json, t.resource, t.path, err);
	return rule->node != NULL ? 0 : -1;
}

int
schema_resolve(struct loader *l, const struct node *node, struct rule *rule,
    struct err *err)
{
	struct str uri, fragment;
	struct resource *r;
	bool dynamic = false;

	uri_split(
	    uri_resolve(l->arena, node->resource->uri, json_str(rule->arg)),
	    &uri, &fragment);
	r = open_resource(l, uri, err);
	if (r == NULL)
		return unknown(node, rule, err);
	fragment = uri_decode(l->arena, fragment);
	if (fragment.len == 0) {
		rule->node = r->root;
		return 0;
	}
	if (*fragment.p == '/')
		return resolve_pointer(l, node, rule,
		    (struct target){r->root->json, r, r->root->path}, fragment,
		    err);
	rule->node = find_anchor(r, fragment, &dynamic);
	if (rule->node == NULL)
		return unknown(node, rule, err);
	if (dynamic && rule->word == WORD_DYNAMIC_REF)
		rule->dynamic = fragment;
	return 0;
}
