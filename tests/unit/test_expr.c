/* Template expressions: what the reference gave for the recorded ones, edges
 * of the grammar, of operators, prototypes and filters, scopes and limits. */
#include "../../common/base/buf.h"
#include "../../common/base/err.h"
#include "../../common/base/json.h"
#include "../../common/base/limits.h"
#include "../../common/base/utf.h"
#include "../../common/template/eval.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct bench {
	struct arena *arena;
	struct eval ev;
	struct scope root;
	bool failed; /* the last evaluation */
};

static void
read_file(const char *name, struct buf *b)
{
	const char *dir = getenv("srcdir");
	char path[4096], block[4096];
	size_t n;
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/tests/data/unit/%s",
	    dir != NULL ? dir : ".", name);
	f = fopen(path, "rb");
	assert_non_null(f);
	buf_init(b, LIMIT_BODY_BYTES);
	while ((n = fread(block, 1, sizeof(block), f)) > 0)
		buf_add(b, block, n);
	(void)fclose(f);
}

static struct js
read_js(struct arena *a, struct str text)
{
	struct err err = {0};
	struct json_in in;
	struct js v;

	json_in_init(&in, text, &err);
	assert_int_equal(json_in_js(&in, a, &v), 0);
	json_in_free(&in);
	return v;
}

/* A rendering with `props` in its root scope. */
static void
open_bench(struct bench *t)
{
	struct js vars;
	struct buf b;

	memset(t, 0, sizeof(*t));
	t->arena = arena_new(NULL);
	read_file("expr-props.json", &b);
	vars = js_object(t->arena);
	js_set_lit(t->arena, vars.object, "props",
	    read_js(t->arena, (struct str){buf_str(&b), b.len}));
	buf_free(&b);
	t->root.vars = vars.object;
	t->ev.arena = t->arena;
	t->ev.shared = js_object(t->arena).object;
}

static void
close_bench(struct bench *t)
{
	arena_free(t->arena);
}

/* The text that SOURCE renders to in SCOPE, or the reason why it does not. */
static struct str
render(struct bench *t, const struct scope *scope, struct str16 source,
    struct js *v)
{
	struct err err = {0};
	struct str text;

	t->failed = eval_source(&t->ev, scope, source, v, &err) != 0;
	if (!t->failed) {
		assert_int_equal(err.code, ERR_NONE);
		return utf8_from(t->arena, eval_text(&t->ev, *v));
	}
	assert_int_equal(err.code, ERR_PROMPT);
	text.len = strlen(err.msg);
	text.p = arena_strndup(t->arena, err.msg, text.len);
	err_free(&err);
	return text;
}

static void
check_in(struct bench *t, const struct scope *scope, struct str source,
    struct str want)
{
	struct js v;
	struct str got;

	got = render(t, scope, utf16_from(t->arena, source), &v);
	if (!str_eq(got, want))
		fail_msg("%.*s: want %.*s, got %.*s", (int)source.len, source.p,
		    (int)want.len, want.p, (int)got.len, got.p);
}

static const char *
type_name(struct js v)
{
	if (v.type == JS_NULL)
		return "null";
	return v.type == JS_ARRAY ? "array" : js_typeof(v);
}

/* A member of a recorded line, or absent. */
static struct str
member(struct arena *a, struct js line, const char *key)
{
	struct js v = js_get(line, key);

	if (v.type != JS_STRING)
		return (struct str){NULL, 0};
	return utf8_from(a, v.string);
}

static bool
check_json(struct arena *a, struct js v, struct str want)
{
	struct buf b;
	bool same;

	buf_init(&b, LIMIT_BODY_BYTES);
	if (js_stringify(a, &b, v))
		same = want.p != NULL &&
		       str_eq(want, (struct str){buf_str(&b), b.len});
	else
		same = want.p == NULL;
	buf_free(&b);
	return same;
}

static bool
check_number(struct js v, struct str want)
{
	char text[JS_NUMBER_LEN + 1] = "-";
	bool minus = v.type == JS_NUMBER && v.number == 0 && 1 / v.number < 0;

	if (v.type != JS_NUMBER)
		return want.p == NULL;
	(void)js_number_print(text + (minus ? 1 : 0), v.number);
	return str_is(want, text);
}

static bool
check_line(struct bench *t, struct js line)
{
	struct str want = member(t->arena, line, "text");
	struct str wrapped = member(t->arena, line, "error"), got;
	struct str expr = member(t->arena, line, "expr");
	struct js v;

	got = render(t, &t->root, js_get(line, "expr").string, &v);
	if (wrapped.p != NULL)
		return str_is(
		    wrapped, arena_printf(t->arena,
				 "Error evaluating expression \"%.*s\": %.*s",
				 (int)expr.len, expr.p, (int)got.len, got.p));
	return str_eq(got, want) &&
	       str_is(member(t->arena, line, "type"), type_name(v)) &&
	       check_json(t->arena, v, member(t->arena, line, "json")) &&
	       check_number(v, member(t->arena, line, "num"));
}

static void
check_file(
    const char *name, size_t n, bool (*check)(struct bench *t, struct js line))
{
	size_t lines = 0, bad = 0;
	const char *p, *end;
	struct bench t;
	struct str line;
	struct buf b;

	open_bench(&t);
	read_file(name, &b);
	for (p = buf_str(&b); *p != '\0'; p = end + 1) {
		end = strchr(p, '\n');
		assert_non_null(end);
		lines++;
		line = (struct str){p, (size_t)(end - p)};
		if (check(&t, read_js(t.arena, line)))
			continue;
		bad++;
		print_error("%.*s\n", (int)line.len, line.p);
	}
	buf_free(&b);
	close_bench(&t);
	assert_int_equal(bad, 0);
	assert_int_equal(lines, n);
}

static void
test_recorded(void **state)
{
	(void)state;
	check_file("expr.jsonl", 370, check_line);
}

static bool
check_edge(struct bench *t, struct js line)
{
	struct str text = member(t->arena, line, "text");
	struct str reason = member(t->arena, line, "reason"), got;
	struct js v;

	got = render(t, &t->root, js_get(line, "expr").string, &v);
	if (t->failed)
		return str_eq(got, reason);
	return str_eq(got, text);
}

static void
test_edges(void **state)
{
	(void)state;
	check_file("expr-edges.jsonl", 248, check_edge);
}

static void
test_scopes(void **state)
{
	struct bench t;
	struct js item, empty;
	struct scope each, inner;

	(void)state;
	open_bench(&t);
	item = js_object(t.arena);
	empty = js_object(t.arena);
	js_set_lit(t.arena, item.object, "item", js_number(7));
	js_set_lit(t.arena, item.object, "toString", js_number(8));
	js_set_lit(t.arena, item.object, "gone", JS_UNDEF);
	js_set_lit(t.arena, t.ev.shared, "gone", js_number(9));
	js_set_lit(t.arena, t.ev.shared, "__insideMessageType",
	    js_string_lit(t.arena, "User"));
	each = (struct scope){&t.root, item.object, COND_UNSET};
	inner = (struct scope){&each, empty.object, COND_UNSET};
	check_in(&t, &inner, STR("item + props.n"), STR("12"));
	check_in(&t, &each, STR("toString"), STR("8"));
	check_in(&t, &inner, STR("toString"),
	    STR("function toString() { [native code] }"));
	check_in(&t, &inner, STR("gone"), STR("undefined"));
	check_in(&t, &t.root, STR("gone"), STR("9"));
	check_in(&t, &inner, STR("__insideMessageType"), STR("User"));
	check_in(&t, NULL, STR("__insideMessageType"), STR("User"));
	check_in(&t, NULL, STR("props"), STR("undefined"));
	t.ev.shared = NULL;
	check_in(&t, &inner, STR("__insideMessageType"), STR("undefined"));
	js_set_lit(t.arena, item.object, "props", js_null());
	check_in(&t, &inner, STR("props"), STR("null"));
	close_bench(&t);
}

static void
test_condition(void **state)
{
	struct bench t;
	struct scope inner;
	struct js item;

	(void)state;
	open_bench(&t);
	inner = (struct scope){&t.root, NULL, COND_UNSET};
	check_in(&t, &inner, STR("conditionMet"), STR("undefined"));
	t.root.condition_met = COND_TRUE;
	check_in(&t, &inner, STR("conditionMet"), STR("true"));
	inner.condition_met = COND_FALSE;
	check_in(&t, &inner, STR("conditionMet"), STR("false"));
	item = js_object(t.arena);
	js_set_lit(t.arena, item.object, "conditionMet", js_number(1));
	inner.vars = item.object;
	check_in(&t, &inner, STR("conditionMet"), STR("false"));
	inner.condition_met = COND_UNSET;
	check_in(&t, &inner, STR("conditionMet"), STR("1"));
	close_bench(&t);
}

static void
test_dates(void **state)
{
	struct bench t;
	struct js vars;

	(void)state;
	open_bench(&t);
	vars = js_object(t.arena);
	js_set_lit(t.arena, vars.object, "d", js_date(t.arena, 1000));
	t.root.vars = vars.object;
	check_in(&t, &t.root, STR("d"), STR("\"1970-01-01T00:00:01.000Z\""));
	check_in(&t, &t.root, STR("d - 1"), STR("999"));
	check_in(&t, &t.root, STR("d > 999"), STR("true"));
	check_in(&t, &t.root, STR("d == d"), STR("true"));
	check_in(&t, &t.root, STR("d == 1000"), STR("false"));
	check_in(&t, &t.root, STR("d + 1"),
	    STR("Thu Jan 01 1970 00:00:01 GMT+0000 "
		"(Coordinated Universal Time)1"));
	check_in(&t, &t.root, STR("d.getTime"),
	    STR("function getTime() { [native code] }"));
	check_in(&t, &t.root, STR("d.constructor"),
	    STR("function Date() { [native code] }"));
	check_in(&t, &t.root, STR("d.toGMTString"),
	    STR("function toUTCString() { [native code] }"));
	check_in(&t, &t.root, STR("d.length"), STR(""));
	close_bench(&t);
}

/* N times OPEN, then MIDDLE, then N times CLOSE. */
static struct str
nest(struct arena *a, const char *open, size_t n, const char *middle,
    const char *close)
{
	struct str text;
	struct buf b;
	size_t i;

	buf_init(&b, LIMIT_BODY_BYTES);
	for (i = 0; i < n; i++)
		buf_adds(&b, open);
	buf_adds(&b, middle);
	for (i = 0; i < n; i++)
		buf_adds(&b, close);
	text = (struct str){arena_strndup(a, buf_str(&b), b.len), b.len};
	buf_free(&b);
	return text;
}

static void
check_too_deep(
    struct bench *t, const char *open, const char *middle, const char *close)
{
	struct str text = nest(t->arena, open, 5000, middle, close), got;
	const char *want = arena_printf(
	    t->arena, "Failed to parse expression: \"%s\"", text.p);
	struct js v;

	got = render(t, &t->root, utf16_from(t->arena, text), &v);
	assert_true(got.len > 30 && got.len <= strlen(want));
	assert_memory_equal(got.p, want, 30);
}

static void
test_depth(void **state)
{
	struct bench t;

	(void)state;
	open_bench(&t);
	check_in(&t, &t.root, nest(t.arena, "(", 199, "1", ")"), STR("1"));
	check_in(&t, &t.root, nest(t.arena, "-", 198, "1", ""), STR("1"));
	check_in(&t, &t.root, nest(t.arena, "[", 199, "1", "]"), STR("1"));
	check_too_deep(&t, "(", "1", ")");
	check_too_deep(&t, "[", "1", "]");
	check_too_deep(&t, "-", "1", "");
	check_too_deep(&t, "{a:", "1", "}");
	check_too_deep(&t, "{", "1", "}");
	check_too_deep(&t, "a[", "1", "]");
	check_too_deep(&t, "upper(", "1", ")");
	check_too_deep(&t, "1?", "1", ":1");
	check_too_deep(&t, "1?1:", "1", "");
	check_too_deep(&t, "1**", "1", "");
	close_bench(&t);
}

/* Long is not deep. */
static void
test_length(void **state)
{
	struct bench t;
	struct str sum;

	(void)state;
	open_bench(&t);
	check_in(
	    &t, &t.root, nest(t.arena, "1+", 20000, "0", ""), STR("20000"));
	check_in(&t, &t.root, nest(t.arena, "", 20000, "props", ".x"), STR(""));
	sum = nest(t.arena, "'abcdefghijklmnop'+", 20000, "''", "");
	check_in(
	    &t, &t.root, sum, nest(t.arena, "abcdefghijklmnop", 20000, "", ""));
	close_bench(&t);
}

/* What would grow without end fails instead. */
static void
test_growth(void **state)
{
	static const char *const sources[] = {
	    "replace(s, '', s)",
	    "join(replace(s, 'x', s))",
	};
	struct bench t;
	struct js vars, v;
	struct str s, got;
	size_t i;

	(void)state;
	open_bench(&t);
	vars = js_object(t.arena);
	s = nest(t.arena, "x", 100000, "", "");
	js_set_lit(t.arena, vars.object, "s", js_string_utf8(t.arena, s));
	t.root.vars = vars.object;
	for (i = 0; i < ARRAY_LEN(sources); i++) {
		got = render(&t, &t.root, utf16_lit(t.arena, sources[i]), &v);
		assert_true(str_is(got, "Invalid string length"));
	}
	s = nest(t.arena, "s,", 2000, "s", "");
	got = render(&t, &t.root,
	    utf16_lit(t.arena, arena_printf(t.arena, "''+[%s]", s.p)), &v);
	assert_true(str_is(got, "Invalid string length"));
	got = render(&t, &t.root,
	    utf16_lit(t.arena, arena_printf(t.arena, "[%s]", s.p)), &v);
	assert_null(eval_text(&t.ev, v).p);
	close_bench(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_recorded),
	    cmocka_unit_test(test_edges),
	    cmocka_unit_test(test_scopes),
	    cmocka_unit_test(test_condition),
	    cmocka_unit_test(test_dates),
	    cmocka_unit_test(test_depth),
	    cmocka_unit_test(test_length),
	    cmocka_unit_test(test_growth),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
