/* Tables of what a compiled prompt must look like and one walk over them.  It
 * refuses to know where a prompt comes from, and it never changes one. */
#include "validate.h"

#include "url.h"
#include "../base/limits.h"
#include "../base/utf.h"

#include <math.h>
#include <string.h>

struct check {
	struct buf path, issues;
};

struct rule;
typedef void check_fn(struct check *, const struct rule *, struct js value);

/* What stands behind a key. */
struct rule {
	const char *key;
	check_fn *check;
	const struct rule *fields; /* of an object, ended by a NULL key */
	bool required;
	char separator; /* of a pair of numbers */
};

/* --- issues and the path to them */

static const char *
describe(struct js value)
{
	static const char *const names[] = {
	    [JS_UNDEFINED] = "nothing",
	    [JS_NULL] = "null",
	    [JS_BOOL] = "a boolean",
	    [JS_NUMBER] = "a number",
	    [JS_STRING] = "a string",
	    [JS_ARRAY] = "an array",
	    [JS_OBJECT] = "an object",
	    [JS_DATE] = "a date",
	    [JS_FUNCTION] = "a function",
	};

	_Static_assert(ARRAY_LEN(names) == JS__MAX, "one name a type");
	if (value.type == JS_NUMBER && !isfinite(value.number))
		return isnan(value.number) ? "NaN" : "Infinity";
	return names[value.type];
}

static void
complain(struct check *c, const char *problem)
{
	if (c->issues.len > 0)
		buf_adds(&c->issues, "; ");
	buf_adds(&c->issues, buf_str(&c->path));
	buf_adds(&c->issues, ": ");
	buf_adds(&c->issues, problem);
}

static void
expected(struct check *c, const char *wanted, struct js got)
{
	if (got.type == JS_UNDEFINED) {
		complain(c, "is missing");
		return;
	}
	complain(c, "expected ");
	buf_addf(&c->issues, "%s, got %s", wanted, describe(got));
}

/* Goes down to a key or item; the result is given back to path_leave(). */
static size_t
path_enter(struct check *c, const char *key)
{
	size_t len = c->path.len;

	buf_addf(&c->path, "%s%s", len > 0 ? "." : "", key);
	return len;
}

static size_t
path_enter_item(struct check *c, size_t i)
{
	size_t len = c->path.len;

	buf_addf(&c->path, "[%zu]", i);
	return len;
}

static void
path_leave(struct check *c, size_t len)
{
	c->path.len = len;
	if (c->path.data != NULL)
		c->path.data[len] = '\0';
}

/* --- simple values */

static void
check_string(struct check *c, const struct rule *rule, struct js value)
{
	(void)rule;
	if (value.type != JS_STRING)
		expected(c, "a string", value);
}

static void
check_number(struct check *c, const struct rule *rule, struct js value)
{
	(void)rule;
	if (value.type != JS_NUMBER || !isfinite(value.number))
		expected(c, "a number", value);
}

static void
check_share(struct check *c, const struct rule *rule, struct js value)
{
	check_number(c, rule, value);
	if (value.type != JS_NUMBER)
		return;
	if (value.number < 0)
		complain(c, "must not be less than 0");
	if (value.number > 1)
		complain(c, "must not be more than 1");
}

static void
check_record(struct check *c, const struct rule *rule, struct js value)
{
	(void)rule;
	if (value.type != JS_OBJECT)
		expected(c, "an object", value);
}

static void
check_record_or_null(struct check *c, const struct rule *rule, struct js value)
{
	if (value.type != JS_NULL)
		check_record(c, rule, value);
}

static void
check_strings(struct check *c, const struct rule *rule, struct js value)
{
	size_t i, path;

	if (value.type != JS_ARRAY) {
		expected(c, "an array of strings", value);
		return;
	}
	for (i = 0; i < value.array->n; i++) {
		path = path_enter_item(c, i);
		check_string(c, rule, value.array->items[i]);
		path_leave(c, path);
	}
}

/* The first era defined tools where they were named (6.2); who runs them looks
 * at the definitions. */
static void
check_tools(struct check *c, const struct rule *rule, struct js value)
{
	if (value.type != JS_OBJECT)
		check_strings(c, rule, value);
}

static void
check_shares(struct check *c, const struct rule *rule, struct js value)
{
	const struct js_prop *prop;
	struct buf key;
	size_t i, path;

	if (value.type != JS_OBJECT) {
		expected(c, "an object", value);
		return;
	}
	for (i = 0; i < value.object->n; i++) {
		prop = &value.object->props[i];
		buf_init(&key, LIMIT_ERR_BYTES);
		utf8_add16(&key, prop->key);
		path = path_enter(c, buf_str(&key));
		buf_free(&key);
		check_share(c, rule, prop->value);
		path_leave(c, path);
	}
}

static size_t
count_digits(struct str16 text, size_t from)
{
	size_t i = from;

	while (i < text.len && text.p[i] >= '0' && text.p[i] <= '9')
		i++;
	return i - from;
}

/* Two numbers, as in 1024x768 and 16:9. */
static void
check_pair(struct check *c, const struct rule *rule, struct js value)
{
	struct str16 text = value.string;
	size_t first, second;

	if (value.type != JS_STRING) {
		expected(c, "a string", value);
		return;
	}
	first = count_digits(text, 0);
	if (first > 0 && first < text.len &&
	    text.p[first] == (unsigned char)rule->separator) {
		second = count_digits(text, first + 1);
		if (second > 0 && first + 1 + second == text.len)
			return;
	}
	complain(c, "must be two numbers with");
	buf_addf(&c->issues, " %c between them", rule->separator);
}

static void
check_url(struct check *c, const struct rule *rule, struct js value)
{
	struct buf text;
	bool ok;

	(void)rule;
	if (value.type != JS_STRING) {
		expected(c, "a URL", value);
		return;
	}
	buf_init(&text, LIMIT_BODY_BYTES_MAX);
	utf8_add16(&text, value.string);
	ok = url_valid((struct str){buf_str(&text), text.len});
	buf_free(&text);
	if (!ok)
		complain(c, "is not a URL");
}

/* --- objects */

static void
check_fields(struct check *c, const struct rule *rules, struct js value)
{
	const struct rule *rule;
	struct js field;
	size_t path;

	for (rule = rules; rule->key != NULL; rule++) {
		field = js_get(value, rule->key);
		if (field.type == JS_UNDEFINED && !rule->required)
			continue;
		path = path_enter(c, rule->key);
		rule->check(c, rule, field);
		path_leave(c, path);
	}
}

static void
check_object(struct check *c, const struct rule *rule, struct js value)
{
	if (value.type != JS_OBJECT)
		expected(c, "an object", value);
	else
		check_fields(c, rule->fields, value);
}

static void
check_tool_choice(struct check *c, const struct rule *rule, struct js value)
{
	static const struct rule tool[] = {
	    {.key = "tool_name", .check = check_string, .required = true},
	    {.key = NULL}};

	(void)rule;
	if (js_is_string(value, "auto") || js_is_string(value, "none") ||
	    js_is_string(value, "required"))
		return;
	if (value.type == JS_OBJECT &&
	    js_is_string(js_get(value, "type"), "tool"))
		check_fields(c, tool, value);
	else
		complain(c, "must be auto, none, required or "
			    "{type: tool, tool_name: NAME}");
}

/* --- messages */

static void
check_part(struct check *c, struct js part)
{
	static const struct rule text[] = {
	    {.key = "text", .check = check_string, .required = true},
	    {.key = NULL}};
	static const struct rule image[] = {
	    {.key = "image", .check = check_url, .required = true},
	    {.key = "mimeType", .check = check_string}, {.key = NULL}};
	static const struct rule file[] = {
	    {.key = "data", .check = check_url, .required = true},
	    {.key = "mimeType", .check = check_string, .required = true},
	    {.key = NULL}};
	struct js type = js_get(part, "type");

	if (js_is_string(type, "text"))
		check_fields(c, text, part);
	else if (js_is_string(type, "image"))
		check_fields(c, image, part);
	else if (js_is_string(type, "file"))
		check_fields(c, file, part);
	else
		complain(c, "is no text, image or file");
}

static void
check_content(struct check *c, struct js message)
{
	struct js content = js_get(message, "content");
	size_t i, path;

	if (!js_is_string(js_get(message, "role"), "user") ||
	    content.type != JS_ARRAY) {
		check_string(c, NULL, content);
		return;
	}
	for (i = 0; i < content.array->n; i++) {
		path = path_enter_item(c, i);
		check_part(c, content.array->items[i]);
		path_leave(c, path);
	}
}

static void
check_messages(struct check *c, const struct rule *rule, struct js value)
{
	size_t i, message, content;

	(void)rule;
	if (value.type != JS_ARRAY) {
		expected(c, "an array of messages", value);
		return;
	}
	for (i = 0; i < value.array->n; i++) {
		message = path_enter_item(c, i);
		content = path_enter(c, "content");
		check_content(c, value.array->items[i]);
		path_leave(c, content);
		path_leave(c, message);
	}
}

/* --- the tables, in the order in which issues are named */

#define END                                                                    \
	{                                                                      \
		.key = NULL                                                    \
	}

static const struct rule test_settings[] = {
    {.key = "props", .check = check_record_or_null},
    {.key = "dataset", .check = check_string},
    {.key = "evals", .check = check_strings},
    {.key = "experiment_key", .check = check_string},
    {.key = "regression_tolerance", .check = check_share},
    {.key = "score_thresholds", .check = check_shares}, END};

/* Keys of every language model. */
#define MODEL_RULES                                                            \
	{.key = "model_name", .check = check_string, .required = true},        \
	    {.key = "max_tokens", .check = check_number},                      \
	    {.key = "temperature", .check = check_number},                     \
	    {.key = "max_calls", .check = check_number},                       \
	    {.key = "top_p", .check = check_number},                           \
	    {.key = "top_k", .check = check_number},                           \
	    {.key = "presence_penalty", .check = check_number},                \
	    {.key = "frequency_penalty", .check = check_number},               \
	    {.key = "stop_sequences", .check = check_strings},                 \
	    {.key = "seed", .check = check_number},                            \
	    {.key = "max_retries", .check = check_number},                     \
	{                                                                      \
		.key = "tools", .check = check_tools                           \
	}

static const struct rule text_config[] = {
    MODEL_RULES, {.key = "tool_choice", .check = check_tool_choice}, END};

static const struct rule object_config[] = {MODEL_RULES,
    {.key = "schema", .check = check_record, .required = true},
    {.key = "schema_name", .check = check_string},
    {.key = "schema_description", .check = check_string}, END};

static const struct rule image_config[] = {
    {.key = "model_name", .check = check_string, .required = true},
    {.key = "prompt", .check = check_string, .required = true},
    {.key = "num_images", .check = check_number},
    {.key = "size", .check = check_pair, .separator = 'x'},
    {.key = "aspect_ratio", .check = check_pair, .separator = ':'},
    {.key = "seed", .check = check_number}, END};

static const struct rule speech_config[] = {
    {.key = "model_name", .check = check_string, .required = true},
    {.key = "text", .check = check_string, .required = true},
    {.key = "voice", .check = check_string},
    {.key = "output_format", .check = check_string},
    {.key = "instructions", .check = check_string},
    {.key = "speed", .check = check_number}, END};

#define NAME_RULE                                                              \
	{                                                                      \
		.key = "name", .check = check_string, .required = true         \
	}
#define MESSAGES_RULE                                                          \
	{                                                                      \
		.key = "messages", .check = check_messages, .required = true   \
	}
#define CONFIG_RULE(rules)                                                     \
	{                                                                      \
		.key = #rules, .check = check_object, .fields = rules,         \
		.required = true                                               \
	}
#define COMMON_RULES                                                           \
	{.key = "test_settings",                                               \
	    .check = check_object,                                             \
	    .fields = test_settings},                                          \
	{                                                                      \
		.key = "agentmark_meta", .check = check_record                 \
	}

static const struct rule object_prompt[] = {
    NAME_RULE, MESSAGES_RULE, CONFIG_RULE(object_config), COMMON_RULES, END};
static const struct rule text_prompt[] = {
    NAME_RULE, MESSAGES_RULE, CONFIG_RULE(text_config), COMMON_RULES, END};
static const struct rule image_prompt[] = {
    NAME_RULE, CONFIG_RULE(image_config), COMMON_RULES, END};
static const struct rule speech_prompt[] = {
    NAME_RULE, CONFIG_RULE(speech_config), COMMON_RULES, END};

int
validate_prompt(enum template_kind kind, struct js compiled, struct err *err)
{
	static const struct rule *const prompts[] = {
	    [TEMPLATE_OBJECT] = object_prompt,
	    [TEMPLATE_TEXT] = text_prompt,
	    [TEMPLATE_IMAGE] = image_prompt,
	    [TEMPLATE_SPEECH] = speech_prompt,
	};
	struct check c;
	int rc = 0;

	_Static_assert(ARRAY_LEN(prompts) == TEMPLATE__MAX, "one table a kind");
	buf_init(&c.path, LIMIT_ERR_BYTES);
	buf_init(&c.issues, LIMIT_ERR_BYTES);
	check_fields(&c, prompts[kind], compiled);
	if (c.issues.len > 0 || buf_full(&c.issues))
		rc = fail(err, ERR_PROMPT, "%s", buf_str(&c.issues));
	buf_free(&c.path);
	buf_free(&c.issues);
	return rc;
}
