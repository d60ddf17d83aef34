/* Turns a schema into nodes and rules, once, before any value is looked at, so
 * that a schema that cannot be used is an error whatever the value.  What a
 * keyword takes is the business of schema_words.c. */
#include "schema_int.h"

#include "../base/limits.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const struct path *
schema_path(
    struct loader *l, const struct path *up, struct str key, size_t index)
{
	struct path *p = arena_zalloc(l->arena, sizeof(*p));

	p->up = up;
	p->key = key;
	p->index = index;
	return p;
}

int
schema_bad(const struct path *path, struct err *err, const char *fmt, ...)
{
	struct buf where;
	va_list ap;
	char what[512];

	va_start(ap, fmt);
	(void)vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	buf_init(&where, LIMIT_ERR_BYTES);
	schema_print_path(&where, path);
	(void)fail(err, ERR_UNCONFIGURED, "bad schema: %s%s%s", buf_str(&where),
	    where.len > 0 ? ": " : "", what);
	buf_free(&where);
	return -1;
}

static size_t
slot_of(const struct loader *l, const json_t *json)
{
	/* Fibonacci hashing: addresses differ in their middle bits. */
	uint64_t h = (uint64_t)(uintptr_t)json * 0x9e3779b97f4a7c15u;
	size_t i = (size_t)(h >> 32) & (l->table_size - 1);

	while (l->table[i] != NULL && l->table[i]->json != json)
		i = (i + 1) & (l->table_size - 1);
	return i;
}

struct node *
schema_find_node(const struct loader *l, const json_t *json)
{
	return l->table_size > 0 ? l->table[slot_of(l, json)] : NULL;
}

static void
grow_table(struct loader *l)
{
	size_t i, old_size = l->table_size;
	struct node **old = l->table;

	l->table_size = old_size > 0 ? old_size * 2 : 64;
	l->table = arena_zalloc(l->arena, l->table_size * sizeof(*l->table));
	for (i = 0; i < old_size; i++)
		if (old[i] != NULL)
			l->table[slot_of(l, old[i]->json)] = old[i];
}

static void
add_node(struct loader *l, struct node *node)
{
	if (l->n_nodes * 2 >= l->table_size)
		grow_table(l);
	l->table[slot_of(l, node->json)] = node;
	l->n_nodes++;
}

static enum word
find_word(const char *name)
{
	unsigned i;

	for (i = 0; i < WORD__MAX; i++)
		if (strcmp(schema_keywords[i].name, name) == 0)
			break;
	return (enum word)i;
}

/* The arguments of the keywords that NODE has, by keyword. */
static size_t
collect(const struct node *node, const json_t *args[WORD__MAX])
{
	json_t *object = (json_t *)node->json;
	void *it = json_object_iter(object);
	size_t n = 0;
	enum word word;

	memset(args, 0, WORD__MAX * sizeof(*args));
	for (; it != NULL; it = json_object_iter_next(object, it)) {
		word = find_word(json_object_iter_key(it));
		if (word == WORD__MAX)
			continue;
		args[word] = json_object_iter_value(it);
		n++;
	}
	return n;
}

static int
load_rules(struct loader *l, struct node *node, struct err *err)
{
	const json_t *args[WORD__MAX];
	size_t i, n = collect(node, args);
	struct rule *rules = arena_array(l->arena, n + 1, sizeof(*rules));

	node->rules = rules;
	for (i = 0; i < WORD__MAX; i++) {
		struct rule *rule = rules + node->n_rules;

		if (args[i] == NULL)
			continue;
		*rule = (struct rule){.word = (enum word)i, .arg = args[i]};
		if (schema_keywords[i].load(l, node, rule, err) != 0)
			return -1;
		node->n_rules++;
	}
	return 0;
}

static struct node *
new_node(struct loader *l, const json_t *json, struct resource *resource,
    const struct path *path)
{
	struct node *node = arena_zalloc(l->arena, sizeof(*node));

	node->json = json;
	node->resource = resource;
	node->path = path;
	return node;
}

/* An object that is not loaded yet. */
static struct node *
load_object(struct loader *l, const json_t *json, struct resource *resource,
    const struct path *path, struct err *err)
{
	struct node *node = new_node(l, json, resource, path);

	if (l->depth >= LIMIT_SCHEMA_DEPTH) {
		(void)schema_bad(NULL, err, "it is nested too deep");
		return NULL;
	}
	add_node(l, node);
	if (schema_name_node(l, node, resource, err) != 0)
		return NULL;
	l->depth++;
	if (load_rules(l, node, err) != 0)
		return NULL;
	l->depth--;
	return node;
}

const struct node *
schema_load_node(struct loader *l, const json_t *json,
    struct resource *resource, const struct path *path, struct err *err)
{
	const struct node *node;

	if (json_is_boolean(json))
		return new_node(l, json, resource, path);
	if (!json_is_object(json)) {
		(void)schema_bad(
		    path, err, "a schema is an object, true or false");
		return NULL;
	}
	node = schema_find_node(l, json);
	if (node != NULL)
		return node;
	return load_object(l, json, resource, path, err);
}

const struct node *
schema_load_document(
    struct loader *l, const json_t *json, struct str uri, struct err *err)
{
	struct resource *resource = schema_add_resource(l, uri);
	const struct node *node;

	node = schema_load_node(l, json, resource, NULL, err);
	if (resource->root == NULL)
		resource->root = node;
	return node;
}

const struct node *
schema_load(struct arena *a, const json_t *json, struct err *err)
{
	struct loader l = {.arena = a};
	const struct node *root;
	const struct pending *p;

	l.last = &l.first;
	root = schema_load_document(&l, json, STR(""), err);
	if (root == NULL)
		return NULL;
	for (p = l.first; p != NULL; p = p->next)
		if (schema_resolve(&l, p->node, p->rule, err) != 0)
			return NULL;
	return root;
}
