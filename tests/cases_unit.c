/* The cases that are one line each: expressions, Markdown, YAML, the order of
 * messages and unfinished JSON. */
#include "cases.h"

#include "../common/base/utf.h"
#include "../common/template/eval.h"
#include "../common/template/frontmatter.h"
#include "../common/template/markdown.h"
#include "../common/template/prompt.h"
#include "../common/wire/partial.h"

#include <math.h>
#include <string.h>

static const char *
type_name(struct js value)
{
	static const char *const names[] = {
	    [JS_NULL] = "null", [JS_ARRAY] = "array", [JS_DATE] = "date"};

	if (value.type < ARRAY_LEN(names) && names[value.type] != NULL)
		return names[value.type];
	return js_typeof(value);
}

/* A member of the line, when it is there, against what was got. */
static void
check_member(struct check *c, struct js line, const char *key, struct str got)
{
	struct js want = js_get(line, key);

	c->what = arena_printf(c->arena, "%.*s: %s",
	    (int)text_of(c->arena, js_get(line, "expr")).len,
	    text_of(c->arena, js_get(line, "expr")).p, key);
	if (want.type != JS_UNDEFINED)
		verdict_text(c, text_of(c->arena, want), got);
}

static void
check_expr(struct check *c, struct js line, struct js props)
{
	struct arena *a = c->arena;
	struct js source = js_get(line, "expr"), vars = js_object(a), value;
	struct eval ev = {.arena = a, .shared = js_object(a).object};
	struct scope scope = {.vars = vars.object};
	struct str text = text_of(a, source);
	struct err err = {0};

	js_set_lit(a, vars.object, "props", props);
	if (eval_source(&ev, &scope, source.string, &value, &err) == -1) {
		err_prefix(&err, "Error evaluating expression \"%.*s\"",
		    (int)text.len, text.p);
		text = error_text(a, &err);
		check_member(c, line, "error", text);
		c->what = "text";
		if (js_get(line, "error").type == JS_UNDEFINED)
			verdict(c, false, stringify(a, line), text);
		return;
	}
	check_member(c, line, "json", stringify(a, value));
	check_member(c, line, "text", utf8_from(a, eval_text(&ev, value)));
	check_member(c, line, "type",
	    (struct str){type_name(value), strlen(type_name(value))});
	if (value.type == JS_NUMBER)
		check_member(c, line, "num",
		    value.number == 0 && signbit(value.number)
			? STR("-0")
			: text_of(a, value));
	if (js_get(line, "error").type != JS_UNDEFINED)
		check_member(c, line, "error", STR("no error"));
}

static void
check_markdown(struct check *c, struct js line, struct js context)
{
	struct node *tree = tree_of(c->arena, js_get(line, "ast"), c->name);
	struct str want = text_of(c->arena, js_get(line, "md"));
	bool new = strncmp(c->name, "tomarkdown-2.2", 14) == 0;
	struct err err = {0};
	struct str16 text;

	(void)context;
	c->what = "md";
	if (markdown_print(c->arena, tree, new ? MARKDOWN_2_2 : MARKDOWN_2_1,
		&text, &err) == -1)
		verdict_text(c, want, error_text(c->arena, &err));
	else
		verdict_text(c, want, utf8_from(c->arena, text));
}

static void
check_yaml(struct check *c, struct js line, struct js context)
{
	struct arena *a = c->arena;
	struct js want = js_get(line, "json"), value;
	struct str got, text = stringify(a, js_get(line, "yaml"));
	struct err err = {0};

	(void)context;
	if (js_truthy(js_get(line, "exempt")))
		return;
	c->what = text.p;
	if (frontmatter_load(a, js_get(line, "yaml").string, &value, &err) ==
	    -1) {
		got = error_text(a, &err);
		verdict(c, js_get(line, "error").type != JS_UNDEFINED,
		    stringify(a, want), got);
		return;
	}
	if (js_get(line, "error").type != JS_UNDEFINED) {
		verdict_text(c, STR("an error"), stringify(a, value));
		return;
	}
	verdict_value(c, want, value);
	check_member(c, line, "type",
	    (struct str){type_name(value), strlen(type_name(value))});
	if (js_get(value, "k").type == JS_NUMBER)
		check_member(c, line, "knum", text_of(a, js_get(value, "k")));
}

static void
check_order(struct check *c, struct js line, struct js context)
{
	struct node *tree = tree_of(c->arena, js_get(line, "ast"), c->name);
	struct js want = js_get(line, "messages"), got;
	struct err err = {0};
	struct str text;

	(void)context;
	c->what = "messages";
	if (prompt_compile(
		c->arena, tree, MARKDOWN_2_1, JS_UNDEF, &got, &err) == 0) {
		verdict_value(c, want, js_get(got, "messages"));
		return;
	}
	text = error_text(c->arena, &err);
	if (want.type != JS_UNDEFINED)
		verdict(c, false, stringify(c->arena, want), text);
	else
		verdict_text(c, text_of(c->arena, js_get(line, "error")), text);
}

static void
check_partial(struct check *c, struct js line, struct js context)
{
	static const char *const states[] = {[PARTIAL_FAILED] = "failed-parse",
	    [PARTIAL_REPAIRED] = "repaired-parse",
	    [PARTIAL_SUCCESSFUL] = "successful-parse"};
	struct str text = text_of(c->arena, js_get(line, "text"));
	struct js got = JS_UNDEF;
	json_t *value = NULL;
	const char *state;

	(void)context;
	state = states[partial_parse(text, &value)];
	if (value != NULL)
		got = js_from_json(c->arena, value);
	json_decref(value);
	c->what =
	    arena_printf(c->arena, "state of %.*s", (int)text.len, text.p);
	verdict_text(c, text_of(c->arena, js_get(line, "state")),
	    (struct str){state, strlen(state)});
	c->what =
	    arena_printf(c->arena, "value of %.*s", (int)text.len, text.p);
	verdict_value(c, js_get(line, "value"), got);
}

static const struct unit {
	const char *file, *context;
	line_fn *check;
} units[] = {
    {"expr", "expr-props.json", check_expr},
    {"tomarkdown", NULL, check_markdown},
    {"tomarkdown-2.2", NULL, check_markdown},
    {"yaml", NULL, check_yaml},
    {"async-order", NULL, check_order},
    {"partial-json", NULL, check_partial},
    {"foreach-bodies", NULL, check_body},
    {"mdx-documents", NULL, check_body},
    {"mdx-positions", NULL, check_places},
};

static void
run_unit(struct tally *tally, const char *dir, const struct unit *unit)
{
	struct arena *a = arena_new(NULL);
	struct check c = {.tally = tally, .name = unit->file};
	struct js context = JS_UNDEF;
	struct str text;
	const char *path;

	text = read_file(a, arena_printf(a, "%s/%s.jsonl", dir, unit->file));
	if (unit->context != NULL && text.p != NULL) {
		path = arena_printf(a, "%s/%s", dir, unit->context);
		context = parse_json(a, read_file(a, path), path);
	}
	if (text.p != NULL)
		each_line(&c, text, unit->check, context);
	arena_free(a);
}

void
run_units(struct tally *tally, const char *dir)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(units); i++)
		run_unit(tally, dir, &units[i]);
}
