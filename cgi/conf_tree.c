/* Options that hold anything: YAML nodes to JSON, their scalars typed as those
 * of a prompt's frontmatter are, but for dates, which stay text.  It refuses to
 * know what the JSON is for. */
#include "../common/base/json.h"
#include "../common/base/utf.h"
#include "../common/template/scalar.h"
#include "conf_load.h"

#include <math.h>
#include <string.h>

static json_t *make_node(
    struct loader *l, const struct option *o, const struct yaml *node);

static json_t *
make_text(struct str text)
{
	json_t *json = json_stringn(text.p, text.len);

	return json != NULL ? json : json_null();
}

static json_t *
make_number(struct loader *l, const struct option *o, const struct yaml *node,
    struct js value)
{
	if (!isfinite(value.number))
		conf_problem(l, CONF_BAD_CONFIG, node->line,
		    "%s: JSON has no number %s", o->key, node->value.p);
	return js_to_json(l->conf->arena, value);
}

static json_t *
make_scalar(struct loader *l, const struct option *o, const struct yaml *node)
{
	struct arena *a = l->conf->arena;
	struct str text = node->value;
	struct js value;

	if (node->tag.p != NULL && !str_is(node->tag, "!") &&
	    !str_is(node->tag, "tag:yaml.org,2002:str"))
		conf_problem(l, CONF_BAD_CONFIG, node->line,
		    "%s: the tag %s is not known", o->key, node->tag.p);
	if (!node->plain || node->tag.p != NULL)
		return make_text(text);
	if (scalar_null(a, text, &value) || scalar_bool(a, text, &value))
		return js_to_json(a, value);
	if (scalar_int(a, text, &value) || scalar_float(a, text, &value))
		return make_number(l, o, node, value);
	return make_text(text);
}

static json_t *
make_array(struct loader *l, const struct option *o, const struct yaml *node)
{
	json_t *array = json_array();

	for (size_t i = 0; i < node->n; i++)
		(void)json_array_append_new(
		    array, make_node(l, o, node->items[i]));
	return array;
}

static json_t *
make_object(struct loader *l, const struct option *o, const struct yaml *node)
{
	json_t *object = json_object();

	for (size_t i = 0; i + 1 < node->n; i += 2)
		if (conf_is_key(l, node, i))
			(void)json_object_set_new(object,
			    node->items[i]->value.p,
			    make_node(l, o, node->items[i + 1]));
	return object;
}

/* yaml_read() bounds the depth and what aliases expand to. */
static json_t *
make_node(struct loader *l, const struct option *o, const struct yaml *node)
{
	switch (node->kind) {
	case YAML_SEQUENCE:
		return make_array(l, o, node);
	case YAML_MAPPING:
		return make_object(l, o, node);
	default:
		return make_scalar(l, o, node);
	}
}

/* The mapping in the file that NODE names, which may be JSON: it is YAML. */
static const struct yaml *
read_file(struct loader *l, const struct option *o, const struct yaml *node)
{
	struct err err = {0};
	struct yaml *root = NULL;
	const char *source, *text;
	size_t line = 0;

	text = conf_text(l, o, node->value, node->line, &source);
	if (text == NULL)
		return NULL;
	if (yaml_read_at(l->conf->arena, (struct str){text, strlen(text)},
		&root, &line, &err) == -1)
		conf_problem(l, CONF_BAD_CONFIG, node->line, "%s: %s:%zu: %s",
		    o->key, source, line, err.msg);
	else if (root == NULL || root->kind != YAML_MAPPING)
		conf_problem(l, CONF_BAD_CONFIG, node->line,
		    "%s: %s holds no mapping", o->key, source);
	else
		node = root;
	err_free(&err);
	return node == root ? node : NULL;
}

void
conf_read_tree(struct loader *l, const struct option *o, struct conf_tree *tree,
    const struct yaml *node)
{
	struct arena *a = l->conf->arena;
	bool inside = node->kind == YAML_MAPPING;
	size_t line = node->line, *lines;

	if (!inside)
		node = read_file(l, o, node);
	if (node == NULL)
		return;
	lines = arena_array(a, node->n / 2, sizeof(*lines));
	for (size_t i = 0; i < node->n / 2; i++)
		lines[i] = inside ? node->items[2 * i]->line : line;
	tree->json = make_object(l, o, node);
	tree->lines = lines;
	tree->line = line;
	(void)json_own(a, tree->json);
}
