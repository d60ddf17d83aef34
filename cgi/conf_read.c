/* Walks the nodes of a configuration file beside the table of options: unknown
 * keys, equal keys and wrong kinds of nodes are found here, each with its
 * line.  It refuses to know what an option is for. */
#include "../common/base/utf.h"
#include "conf_load.h"

#include <string.h>

static void read_option(struct loader *l, const struct option *o, void *base,
    const struct yaml *node);

/* The keys that stand where NAME was found, for whoever mistyped one. */
static void
complain_unknown(
    struct loader *l, const char *prefix, struct str name, size_t line)
{
	size_t len = strlen(prefix), i;
	const char *known = "", *key;

	for (i = 0; i < conf_n_options; i++) {
		key = conf_options[i].key;
		if (strncmp(key, prefix, len) != 0 || key[len] == '[' ||
		    strchr(key + len, '.') != NULL)
			continue;
		known = arena_printf(l->conf->arena, "%s%s%s", known,
		    *known == '\0' ? "" : ", ", key + len);
	}
	conf_problem(l, CONF_BAD_CONFIG, line,
	    "unknown key %s%.*s (known here: %s)", prefix,
	    (int)(name.len < 100 ? name.len : 100), name.p, known);
}

bool
conf_is_key(struct loader *l, const struct yaml *map, size_t at)
{
	const struct yaml *key = map->items[at];
	size_t i;

	if (key->kind != YAML_SCALAR || key->tag.p != NULL ||
	    memchr(key->value.p, '\0', key->value.len) != NULL) {
		conf_problem(
		    l, CONF_BAD_CONFIG, key->line, "a key must be plain text");
		return false;
	}
	for (i = 0; i < at; i += 2) {
		if (map->items[i]->kind != YAML_SCALAR ||
		    !str_eq(map->items[i]->value, key->value))
			continue;
		conf_problem(l, CONF_BAD_CONFIG, key->line,
		    "the key %s is there twice", key->value.p);
		return false;
	}
	return true;
}

static void
read_group(
    struct loader *l, const char *prefix, void *base, const struct yaml *node)
{
	const struct option *o;
	size_t i;

	for (i = 0; i + 1 < node->n; i += 2) {
		if (!conf_is_key(l, node, i))
			continue;
		o = conf_find(prefix, node->items[i]->value);
		if (o != NULL)
			read_option(l, o, base, node->items[i + 1]);
		else
			complain_unknown(l, prefix, node->items[i]->value,
			    node->items[i]->line);
	}
}

static bool
is_null(const struct yaml *node)
{
	return node->kind == YAML_SCALAR && node->plain &&
	       (node->value.len == 0 || str_is(node->value, "~") ||
		   str_is(node->value, "null"));
}

/* Text that is there; anything else is noted. */
static bool
is_text(struct loader *l, const struct option *o, const struct yaml *node)
{
	if (node->kind == YAML_SCALAR && !is_null(node) &&
	    (node->tag.p == NULL ||
		str_is(node->tag, "tag:yaml.org,2002:str")) &&
	    memchr(node->value.p, '\0', node->value.len) == NULL)
		return true;
	conf_problem(l, CONF_BAD_CONFIG, node->line, "%s must be text", o->key);
	return false;
}

static void
read_list_item(struct loader *l, const struct option *o, struct conf_list *list,
    const struct yaml *node)
{
	const char *prefix = arena_printf(l->conf->arena, "%s[].", o->key);
	struct conf_item *item = conf_add(l, list, o->size);
	const struct option *child;

	item->line = node->line;
	conf_defaults(l, prefix, item);
	if (node->kind == YAML_MAPPING) {
		read_group(l, prefix, item, node);
		return;
	}
	if (o->shorthand == NULL) {
		conf_problem(l, CONF_BAD_CONFIG, node->line,
		    "an item of %s must be a mapping", o->key);
		return;
	}
	child =
	    conf_find(prefix, (struct str){o->shorthand, strlen(o->shorthand)});
	if (is_text(l, o, node))
		conf_set(l, child, item, node->value, NULL, node->line);
}

static void
read_list(struct loader *l, const struct option *o, struct conf_list *list,
    const struct yaml *node)
{
	size_t i;

	for (i = 0; i < node->n; i++)
		read_list_item(l, o, list, node->items[i]);
}

static void
read_name(struct loader *l, const struct option *o, struct conf_list *list,
    const struct yaml *node)
{
	const char *text, **name, *source;

	if (!is_text(l, o, node))
		return;
	text = conf_text(l, o, node->value, node->line, &source);
	if (text == NULL)
		return;
	name = conf_add(l, list, sizeof(*name));
	*name = text;
}

static void
read_names(struct loader *l, const struct option *o, struct conf_list *list,
    const struct yaml *node)
{
	size_t i;

	list->line = node->line;
	if (node->kind == YAML_SCALAR)
		read_name(l, o, list, node);
	for (i = 0; i < node->n; i++)
		read_name(l, o, list, node->items[i]);
}

static void
read_map_item(struct loader *l, const struct option *o, struct conf_list *list,
    const struct yaml *key, const struct yaml *value)
{
	void *item = conf_item(l, o, list, key->value, key->line);

	if (value->kind == YAML_MAPPING)
		read_group(l, arena_printf(l->conf->arena, "%s.NAME.", o->key),
		    item, value);
	else if (!is_null(value))
		conf_problem(l, CONF_BAD_CONFIG, value->line,
		    "%s.%s must be a mapping", o->key, key->value.p);
}

static void
read_map(struct loader *l, const struct option *o, struct conf_list *list,
    const struct yaml *node)
{
	const char *prefix = arena_printf(l->conf->arena, "%s.", o->key);
	const struct option *own;
	size_t i;

	if (node->kind == YAML_SEQUENCE) {
		own = conf_find(
		    prefix, (struct str){o->shorthand, strlen(o->shorthand)});
		read_option(l, own, l->conf, node);
		return;
	}
	list->line = node->line;
	for (i = 0; i + 1 < node->n; i += 2) {
		if (!conf_is_key(l, node, i))
			continue;
		own = conf_find(prefix, node->items[i]->value);
		if (own != NULL)
			read_option(l, own, l->conf, node->items[i + 1]);
		else
			read_map_item(
			    l, o, list, node->items[i], node->items[i + 1]);
	}
}

static void
read_headers(struct loader *l, const struct option *o, struct conf_list *list,
    const struct yaml *node)
{
	const char **line, *value, *source;
	size_t i;

	for (i = 0; i + 1 < node->n; i += 2) {
		if (!conf_is_key(l, node, i) ||
		    !is_text(l, o, node->items[i + 1]))
			continue;
		value = conf_text(l, o, node->items[i + 1]->value,
		    node->items[i + 1]->line, &source);
		if (value == NULL)
			continue;
		line = conf_add(l, list, sizeof(*line));
		*line = arena_printf(
		    l->conf->arena, "%s: %s", node->items[i]->value.p, value);
	}
}

static const struct {
	enum yaml_kind kind;
	const char *name;
} kinds[] = {
    [OPTION_GROUP] = {YAML_MAPPING, "a mapping"},
    [OPTION_LIST] = {YAML_SEQUENCE, "a list"},
    [OPTION_MAP] = {YAML_MAPPING, "a mapping"},
    [OPTION_NAMES] = {YAML_SEQUENCE, "a list"},
    [OPTION_HEADERS] = {YAML_MAPPING, "a mapping"},
    [OPTION_TEXT] = {YAML_SCALAR, "text"},
    [OPTION_NUMBER] = {YAML_SCALAR, "a number"},
    [OPTION_REAL] = {YAML_SCALAR, "a number"},
    [OPTION_SECONDS] = {YAML_SCALAR, "a number"},
    [OPTION_CHOICE] = {YAML_SCALAR, "a word"},
    [OPTION_BOOL] = {YAML_SCALAR, "true or false"},
    [OPTION_TREE] = {YAML_MAPPING, "a mapping"},
};
_Static_assert(ARRAY_LEN(kinds) == OPTION__MAX, "a row for every type");

static bool
fits(const struct option *o, const struct yaml *node)
{
	if (o->type == OPTION_NAMES && node->kind == YAML_SCALAR)
		return true;
	if (o->type == OPTION_MAP && node->kind == YAML_SEQUENCE)
		return o->shorthand != NULL;
	if (o->type == OPTION_TREE && node->kind == YAML_SCALAR)
		return strncmp(node->value.p, "file:", strlen("file:")) == 0;
	return node->kind == kinds[o->type].kind;
}

static void
read_option(struct loader *l, const struct option *o, void *base,
    const struct yaml *node)
{
	void *field = (char *)base + o->offset;

	if (is_null(node))
		return;
	if (!fits(o, node)) {
		conf_problem(l, CONF_BAD_CONFIG, node->line, "%s must be %s",
		    o->key, kinds[o->type].name);
		return;
	}
	switch (o->type) {
	case OPTION_GROUP:
		read_group(
		    l, arena_printf(l->conf->arena, "%s.", o->key), base, node);
		break;
	case OPTION_LIST:
		read_list(l, o, field, node);
		break;
	case OPTION_NAMES:
		read_names(l, o, field, node);
		break;
	case OPTION_MAP:
		read_map(l, o, field, node);
		break;
	case OPTION_HEADERS:
		read_headers(l, o, field, node);
		break;
	case OPTION_TREE:
		conf_read_tree(l, o, field, node);
		break;
	default:
		if (is_text(l, o, node))
			conf_set(l, o, base, node->value, NULL, node->line);
	}
}

void
conf_read(struct loader *l, const struct yaml *root)
{
	if (root == NULL || is_null(root))
		return;
	if (root->kind == YAML_MAPPING)
		read_group(l, "", l->conf, root);
	else
		conf_problem(l, CONF_BAD_CONFIG, root->line,
		    "the configuration must be a mapping");
}
