/* Joins frontmatter and messages to a compiled prompt, once without props to
 * validate it and once for each run.  It refuses to know how the tree is walked
 * and what a valid configuration is. */
#include "prompt.h"

#include "frontmatter.h"
#include "transform.h"
#include "validate.h"
#include "../base/utf.h"

/* --- frontmatter */

int
prompt_frontmatter(
    struct arena *a, const struct node *ast, struct js *out, struct err *err)
{
	const struct node *child = NULL;
	struct str16 text = {0};
	size_t i;

	*out = JS_UNDEF;
	if (ast == NULL || !ast->has_children)
		return fail(
		    err, ERR_PROMPT, "the tree of the prompt has no children");
	for (i = 0; i < ast->n_children; i++) {
		child = ast->children[i];
		if (child->kind == NODE_YAML)
			break;
	}
	if (i == ast->n_children)
		return 0;
	if (js_truthy(child->value))
		text = js_to_string(a, child->value);
	return frontmatter_load(a, text, out, err);
}

static int
check_present(struct js frontmatter, struct err *err)
{
	if (frontmatter.type == JS_UNDEFINED)
		return fail(err, ERR_PROMPT, "the prompt has no frontmatter");
	if (frontmatter.type == JS_NULL)
		return fail(
		    err, ERR_PROMPT, "the prompt's frontmatter is empty");
	return 0;
}

static const char *const config_keys[] = {
    [TEMPLATE_OBJECT] = "object_config",
    [TEMPLATE_TEXT] = "text_config",
    [TEMPLATE_IMAGE] = "image_config",
    [TEMPLATE_SPEECH] = "speech_config",
};
_Static_assert(ARRAY_LEN(config_keys) == TEMPLATE__MAX, "one key a kind");

const char *
template_config_key(enum template_kind kind)
{
	return config_keys[kind];
}

/* The first kind of ORDER, N long, that is configured; TEMPLATE__MAX if none
 * is.  The order differs with the question (9.2). */
static enum template_kind
first_kind(struct js frontmatter, const enum template_kind *order, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (js_truthy(js_get(frontmatter, config_keys[order[i]])))
			return order[i];
	return TEMPLATE__MAX;
}

enum template_kind
prompt_kind_of(struct js frontmatter, enum prompt_use use)
{
	static const enum template_kind orders[][TEMPLATE__MAX] = {
	    [PROMPT_FOR_RUN] = {TEMPLATE_OBJECT, TEMPLATE_TEXT, TEMPLATE_IMAGE,
		TEMPLATE_SPEECH},
	    [PROMPT_FOR_ROWS] = {TEMPLATE_TEXT, TEMPLATE_OBJECT, TEMPLATE_IMAGE,
		TEMPLATE_SPEECH},
	};

	return first_kind(frontmatter, orders[use], TEMPLATE__MAX);
}

static enum template_kind
output_kind(struct js frontmatter)
{
	static const enum template_kind order[] = {
	    TEMPLATE_SPEECH, TEMPLATE_IMAGE, TEMPLATE_OBJECT, TEMPLATE_TEXT};

	return first_kind(frontmatter, order, ARRAY_LEN(order));
}

static enum instance
find_instance(struct js frontmatter)
{
	static const enum template_kind order[] = {
	    TEMPLATE_IMAGE, TEMPLATE_SPEECH};

	switch (first_kind(frontmatter, order, ARRAY_LEN(order))) {
	case TEMPLATE_IMAGE:
		return INSTANCE_IMAGE;
	case TEMPLATE_SPEECH:
		return INSTANCE_SPEECH;
	default:
		return INSTANCE_LANGUAGE;
	}
}

/* --- the compiled prompt */

static struct js
make_message(struct arena *a, const struct field *field)
{
	static const char *const names[] = {[ROLE_SYSTEM] = "system",
	    [ROLE_USER] = "user",
	    [ROLE_ASSISTANT] = "assistant"};
	struct js message = js_object(a);

	js_set_lit(
	    a, message.object, "role", js_string_lit(a, names[field->role]));
	js_set_lit(a, message.object, "content", field->content);
	return message;
}

static int
make_messages(struct arena *a, const struct fields *fields, struct js *out,
    struct err *err)
{
	const struct field *field;
	struct str text;
	size_t i;

	*out = js_array(a);
	for (i = 0; i < fields->n; i++) {
		field = fields->items[i];
		if (i > 0 && field->role == ROLE_SYSTEM) {
			text = utf8_from(a, field->content.string);
			return fail(err, ERR_PROMPT,
			    "System message may only be the first message: "
			    "%.*s",
			    (int)text.len, text.p);
		}
		js_push(a, out->array, make_message(a, field));
	}
	return 0;
}

/* The content of the first field of that role, or ''. */
static struct js
first_content(struct arena *a, const struct fields *fields, enum role role)
{
	size_t i;

	for (i = 0; i < fields->n; i++)
		if (fields->items[i]->role == role)
			return fields->items[i]->content;
	return js_string_lit(a, "");
}

/* {...config}: also of what is no object. */
static struct js
spread(struct arena *a, struct js config)
{
	struct js copy = js_object(a), unit;
	const struct js_prop **props;
	size_t i;

	if (config.type == JS_OBJECT) {
		props = js_ordered(a, config.object);
		for (i = 0; i < config.object->n; i++)
			js_set(a, copy.object, props[i]->key, props[i]->value);
	} else if (config.type == JS_ARRAY) {
		for (i = 0; i < config.array->n; i++)
			js_set(a, copy.object,
			    js_to_string(a, js_number((double)i)),
			    config.array->items[i]);
	} else if (config.type == JS_STRING) {
		for (i = 0; i < config.string.len; i++) {
			unit =
			    js_string((struct str16){config.string.p + i, 1});
			js_set(a, copy.object,
			    js_to_string(a, js_number((double)i)), unit);
		}
	}
	return copy;
}

/* Puts what the messages give into the configuration of KIND, or beside it. */
static int
add_config(struct arena *a, enum template_kind kind, struct js config,
    const struct fields *fields, struct js_object *out, struct err *err)
{
	struct js messages;

	switch (kind) {
	case TEMPLATE_IMAGE:
		config = spread(a, config);
		js_set_lit(a, config.object, "prompt",
		    first_content(a, fields, ROLE_IMAGE_PROMPT));
		break;
	case TEMPLATE_SPEECH:
		config = spread(a, config);
		js_set_lit(a, config.object, "text",
		    first_content(a, fields, ROLE_SPEECH_PROMPT));
		js_set_lit(a, config.object, "instructions",
		    first_content(a, fields, ROLE_SYSTEM));
		break;
	default:
		if (make_messages(a, fields, &messages, err) == -1)
			return -1;
		js_set_lit(a, out, "messages", messages);
		break;
	}
	js_set_lit(a, out, config_keys[kind], config);
	return 0;
}

static int
compile(struct arena *a, const struct prompt *prompt, struct js props,
    struct js *out, struct err *err)
{
	struct js frontmatter = prompt->frontmatter;
	enum template_kind kind = output_kind(frontmatter);
	struct js meta = js_get(frontmatter, "agentmark_meta");
	struct fields fields = {0};
	struct js result = js_object(a);

	if (kind == TEMPLATE__MAX)
		return fail(err, ERR_PROMPT,
		    "No valid config found in frontmatter. Please specify one "
		    "of: image_config, speech_config, text_config, or "
		    "object_config.");
	if (!js_truthy(props))
		props = js_object(a);
	if (transform_tree(a, prompt->ast, find_instance(frontmatter),
		prompt->style, props, &fields, err) == -1)
		return -1;
	js_set_lit(a, result.object, "name", js_get(frontmatter, "name"));
	if (add_config(a, kind, js_get(frontmatter, config_keys[kind]), &fields,
		result.object, err) == -1)
		return -1;
	js_set_lit(a, result.object, "test_settings",
	    js_get(frontmatter, "test_settings"));
	if (js_truthy(meta))
		js_set_lit(a, result.object, "agentmark_meta", meta);
	*out = result;
	return 0;
}

int
prompt_compile(struct arena *a, const struct node *ast,
    enum markdown_style style, struct js props, struct js *out, struct err *err)
{
	struct prompt prompt = {.ast = ast, .style = style};

	*out = JS_UNDEF;
	if (prompt_frontmatter(a, ast, &prompt.frontmatter, err) == -1 ||
	    check_present(prompt.frontmatter, err) == -1)
		return -1;
	return compile(a, &prompt, props, out, err);
}

/* --- what the runner does */

int
prompt_check(struct arena *a, const struct node *ast, enum markdown_style style,
    enum prompt_use use, struct prompt *out, struct err *err)
{
	*out =
	    (struct prompt){.kind = TEMPLATE__MAX, .ast = ast, .style = style};
	if (prompt_frontmatter(a, ast, &out->frontmatter, err) == -1 ||
	    check_present(out->frontmatter, err) == -1)
		return -1;
	out->kind = prompt_kind_of(out->frontmatter, use);
	if (out->kind == TEMPLATE__MAX)
		return fail(err, ERR_PROMPT, "Invalid prompt");
	if (compile(a, out, JS_UNDEF, &out->compiled, err) == -1)
		return -1;
	return validate_prompt(out->kind, out->compiled, err);
}

int
prompt_format(struct arena *a, const struct prompt *prompt, struct js props,
    struct js *compiled, struct err *err)
{
	*compiled = JS_UNDEF;
	if (!js_truthy(props))
		props = js_get(
		    js_get(prompt->frontmatter, "test_settings"), "props");
	return compile(a, prompt, props, compiled, err);
}

int
prompt_load(struct arena *a, const struct node *ast, enum markdown_style style,
    struct js props, struct prompt *out, struct err *err)
{
	if (prompt_check(a, ast, style, PROMPT_FOR_RUN, out, err) == -1)
		return -1;
	return prompt_format(a, out, props, &out->compiled, err);
}
