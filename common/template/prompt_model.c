/* Puts another model into a prompt: where the frontmatter has its name, and
 * nowhere else, since what stands around it (dates, numbers, comments) would
 * not survive being printed anew.  It refuses to know models. */
#include "prompt.h"

#include "../base/json.h"
#include "../base/limits.h"
#include "../base/utf.h"
#include "../base/yaml.h"

#include <string.h>

static const struct yaml *
member(const struct yaml *map, const char *key, const struct yaml **value)
{
	if (map == NULL || map->kind != YAML_MAPPING)
		return NULL;
	for (size_t i = 0; i + 1 < map->n; i += 2) {
		*value = map->items[i + 1];
		if (map->items[i]->kind == YAML_SCALAR &&
		    str_is(map->items[i]->value, key))
			return map->items[i];
	}
	return NULL;
}

/* An alias is what it names, which stands before it. */
static bool
is_alias(const struct yaml *key, const struct yaml *value)
{
	return value->line < key->line ||
	       (value->line == key->line && value->column < key->column);
}

/* The place of the name. */
static int
find_model(const struct yaml *root, enum template_kind kind,
    const struct yaml **place, struct err *err)
{
	const char *config_key = template_config_key(kind);
	const struct yaml *config, *key;

	key = member(root, config_key, &config);
	if (key != NULL && is_alias(key, config))
		return fail(err, ERR_PROMPT,
		    "another model: %s of the prompt is an alias", config_key);
	key = key != NULL ? member(config, "model_name", place) : NULL;
	if (key == NULL || (*place)->kind != YAML_SCALAR)
		return fail(err, ERR_PROMPT,
		    "another model: the prompt's %s has no model_name",
		    config_key);
	if (is_alias(key, *place))
		return fail(err, ERR_PROMPT,
		    "another model: the prompt's model_name is an alias");
	return 0;
}

/* The byte of a character. */
static size_t
offset_of(struct str text, size_t character)
{
	size_t i = 0;

	while (character > 0 && i < text.len) {
		(void)utf8_next(text, &i);
		character--;
	}
	return i;
}

static struct str16
replace(struct arena *a, struct str text, const struct yaml *place,
    const char *model)
{
	size_t start = offset_of(text, place->start);
	size_t end = offset_of(text, place->end);
	struct str16 result;
	struct buf b;

	buf_init(&b, LIMIT_BODY_BYTES_MAX);
	buf_add(&b, text.p, start);
	if (start == end) /* no value yet, right behind the colon */
		buf_addc(&b, ' ');
	json_print_string(&b, (struct str){model, strlen(model)});
	if (end > start && text.p[end - 1] == '\n') /* a block's last line */
		buf_addc(&b, '\n');
	buf_add(&b, text.p + end, text.len - end);
	result = utf16_from(a, (struct str){buf_str(&b), b.len});
	buf_free(&b);
	return result;
}

static struct node *
copy(struct arena *a, const struct node *ast, size_t child, struct str16 text)
{
	struct node *root = arena_dup(a, ast, sizeof(*ast));
	struct node *front = arena_dup(a, ast->children[child], sizeof(*front));

	root->children =
	    arena_dup(a, ast->children, ast->n_children * sizeof(ast));
	root->children[child] = front;
	front->value = js_string(text);
	return root;
}

int
prompt_with_model(struct arena *a, const struct node *ast, enum prompt_use use,
    const char *model, const struct node **out, struct err *err)
{
	enum template_kind kind;
	const struct yaml *place;
	struct yaml *root;
	struct js front;
	struct str text;
	size_t i = 0;

	if (prompt_frontmatter(a, ast, &front, err) == -1)
		return -1;
	kind = prompt_kind_of(front, use);
	if (kind == TEMPLATE__MAX)
		return fail(err, ERR_PROMPT,
		    "another model: the prompt has no configuration of one");
	while (ast->children[i]->kind != NODE_YAML)
		i++;
	text = utf8_from(a, js_to_string(a, ast->children[i]->value));
	if (yaml_read(a, text, &root, err) == -1 ||
	    find_model(root, kind, &place, err) == -1)
		return -1;
	*out = copy(a, ast, i, replace(a, text, place, model));
	return 0;
}
