/* Template expressions: what the reference gave for the recorded ones, and
 * the edges of scopes, filters, prototypes and limits. */
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

	if (eval_source(&t->ev, scope, source, v, &err) == 0) {
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
test_recorded(void **state)
{
	size_t lines = 0, bad = 0;
	const char *p, *end;
	struct bench t;
	struct buf b;

	(void)state;
	open_bench(&t);
	read_file("expr.jsonl", &b);
	for (p = buf_str(&b); *p != '\0'; p = end + 1) {
		end = strchr(p, '\n');
		assert_non_null(end);
		lines++;
		if (check_line(&t,
			read_js(t.arena, (struct str){p, (size_t)(end - p)})))
			continue;
		bad++;
		print_error("%.*s\n", (int)(end - p), p);
	}
	buf_free(&b);
	close_bench(&t);
	assert_int_equal(bad, 0);
	assert_int_equal(lines, 370);
}

struct sample {
	const char *source, *text;
};

static void
check_samples(const struct sample *samples, size_t n)
{
	struct bench t;
	size_t i;

	open_bench(&t);
	for (i = 0; i < n; i++)
		check_in(&t, &t.root,
		    (struct str){samples[i].source, strlen(samples[i].source)},
		    (struct str){samples[i].text, strlen(samples[i].text)});
	close_bench(&t);
}

static void
test_grammar(void **state)
{
	static const struct sample samples[] = {
	    {"", "Unsupported node type: Compound"},
	    {" \t\n", "Unsupported node type: Compound"},
	    {"\xc2\xa0\xe2\x80\xa8 1 \xef\xbb\xbf", "1"},
	    {"1;", "1"},
	    {",1,", "1"},
	    {"1 2", "Unsupported node type: Compound"},
	    {"()", "Unsupported node type: Compound"},
	    {"( )", "Failed to parse expression: \"( )\""},
	    {"(1, 2)", "Unsupported node type: SequenceExpression"},
	    {"(1;)", "1"},
	    {"(1; )", "Failed to parse expression: \"(1; )\""},
	    {"this", "Unsupported node type: ThisExpression"},
	    {"props.this", ""},
	    {"1 ? 2 : 3", "Unsupported node type: ConditionalExpression"},
	    {"1?.5:2", "Unsupported node type: ConditionalExpression"},
	    {"props?.5:2", "Failed to parse expression: \"props?.5:2\""},
	    {"props?.s", "str"},
	    {"props?. s", "str"},
	    {"props?.[\"s\"]", "str"},
	    {"upper?.(\"a\")", "A"},
	    {"props .o . k", "kv"},
	    {"props.", "Failed to parse expression: \"props.\""},
	    {"props?.", "Failed to parse expression: \"props?.\""},
	    {"props[", "Failed to parse expression: \"props[\""},
	    {"props[]", "Failed to parse expression: \"props[]\""},
	    {"5.", "5"},
	    {"5.e1", "50"},
	    {".5e1", "5"},
	    {".e5", "NaN"},
	    {"1e+", "Failed to parse expression: \"1e+\""},
	    {"1.2.", "Failed to parse expression: \"1.2.\""},
	    {"08", "8"},
	    {"1.toString", "Failed to parse expression: \"1.toString\""},
	    {"(1).toString", ""},
	    {"\"\\", "Failed to parse expression: \"\"\\\""},
	    {"'a\\'b'", "a'b"},
	    {"'a\nb'", "a\nb"},
	    {"'\\\xf0\x9f\x98\x80'", "\xf0\x9f\x98\x80"},
	    {"- - 1", "1"},
	    {"--1", "1"},
	    {"-", "Failed to parse expression: \"-\""},
	    {"~1", "Unsupported operator: ~"},
	    {"~nofilter()", "Filter \"nofilter\" is not registered."},
	    {"-2 ** 2", "Operator \"**\" is not allowed."},
	    {"2 ** 3 ** 2 + 1", "Operator \"**\" is not allowed."},
	    {"1 ?? 2", "Operator \"??\" is not allowed."},
	    {"1 <<< 2", "Failed to parse expression: \"1 <<< 2\""},
	    {"1 + 2 * 3 - 4 / 2", "5"},
	    {"(1 + 2) * 3", "9"},
	    {"1 < 2 == true", "true"},
	    {"\xc3\xa9 + 1", "NaN"},
	    {"$_a1", "undefined"},
	};

	(void)state;
	check_samples(samples, ARRAY_LEN(samples));
}

static void
test_lists(void **state)
{
	static const struct sample samples[] = {
	    {"[1 2 3]", "123"},
	    {"[1, 2 3]", "Failed to parse expression: \"[1, 2 3]\""},
	    {"[1,]", "1"},
	    {"[,]", "Cannot read properties of null (reading 'type')"},
	    {"join([1,,2])", "Cannot read properties of null (reading 'type')"},
	    {"[a;b]", "Failed to parse expression: \"[a;b]\""},
	    {"join([1, null, nope, \"\", [2, [3]]])", "1, , , , 2,3"},
	    {"replace(\"a\" \"a\" \"b\")", "b"},
	    {"replace(\"a\",, \"b\")",
		"Failed to parse expression: \"replace(\"a\",, \"b\")\""},
	    {"{}", "{}"},
	    {"{a: 1, \"b\": 2, 3: 4, true: 5, [c]: 6, props.e: 7}",
		"Unsupported object key type: MemberExpression"},
	    {"{a: 1, \"b\": 2, 3: 4, true: 5, [c]: 6, [\"d\"]: 7,}",
		"{\"3\":4,\"a\":1,\"b\":2,\"true\":5,\"c\":6,\"d\":7}"},
	    {"{a: 1, b: 2, a: 3}", "{\"a\":3,\"b\":2}"},
	    {"{props}.props.s", "str"},
	    {"{a: 1 b: 2}", "{\"a\":1,\"b\":2}"},
	    {"{a: nope, b: upper}", "{}"},
	    {"{1: 2}[1]", "2"},
	    {"{[]: 1}", "Cannot read properties of undefined (reading 'type')"},
	    {"{[,]: 1}", "Cannot read properties of null (reading 'type')"},
	    {"{f()}", "Cannot read properties of undefined (reading 'type')"},
	    {"{[[x]]: 1}", "Unsupported object key type: ArrayExpression"},
	    {"{a && b: 1}", "Unsupported object key type: BinaryExpression"},
	    {"{a: 1", "Failed to parse expression: \"{a: 1\""},
	    {"{...a}", "Failed to parse expression: \"{...a}\""},
	};

	(void)state;
	check_samples(samples, ARRAY_LEN(samples));
}

static void
test_operators(void **state)
{
	static const struct sample samples[] = {
	    {"1 + 2 + \"a\" + 1 + 2", "3a12"},
	    {"(\"a\" + \"b\") + (\"c\" + \"d\") + \"e\"", "abcde"},
	    {"\"a\" + \"b\" == \"ab\"", "true"},
	    {"(\"a\" + \"b\" == \"ab\") + \"c\"", "truec"},
	    {"\"\" + \"\" + \"x\"", "x"},
	    {"\"\" + \"\"", ""},
	    {"\"a\" + \"b\" || \"c\"", "ab"},
	    {"\"a\" + \"b\" && \"c\" + \"d\"", "cd"},
	    {"props.e + props.e || \"c\" + \"d\"", "cd"},
	    {"[] + {}", "[object Object]"},
	    {"null + 1", "1"},
	    {"nope + 1", "NaN"},
	    {"true + true", "2"},
	    {"[1] + 1", "11"},
	    {"props.arr == props.arr", "true"},
	    {"[] == []", "false"},
	    {"[1] == 1", "true"},
	    {"\"1,2\" == [1, 2]", "true"},
	    {"true == \"1\"", "true"},
	    {"null == 0", "false"},
	    {"null == nope", "true"},
	    {"nope == false", "false"},
	    {"null >= 0", "true"},
	    {"nope >= 0", "false"},
	    {"\"b\" > \"a\"", "true"},
	    {"\"10\" < \"9\"", "true"},
	    {"\"10\" < 9", "false"},
	    {"\"\xef\xbf\xbd\" > \"\xf0\x9f\x98\x80\"", "true"},
	    {"\"a\" < 1", "false"},
	    {"1 / 0", "Infinity"},
	    {"-1 / 0", "-Infinity"},
	    {"0 / 0", "NaN"},
	    {"-5 % 3", "-2"},
	    {"5 % 0", "NaN"},
	    {"5.5 % (1 / 0)", "5.5"},
	    {"!\"\"", "true"},
	    {"![]", "false"},
	    {"+\" 0x1F \"", "31"},
	    {"-[\"2\"]", "-2"},
	    {"0 || null", "null"},
	    {"1 && nofilter()", "Filter \"nofilter\" is not registered."},
	    {"0 && nofilter()", "0"},
	    {"0 && (1 === 1)", "0"},
	    {"nofilter() === 1", "Operator \"===\" is not allowed."},
	    {"nofilter() === 1 && 2", "Operator \"===\" is not allowed."},
	    {"a.b(1)", "Only calls to registered filters are allowed."},
	    {"upper(\"a\")(1)",
		"Only calls to registered filters are allowed."},
	    {"\xed\xa0\x80(1)", "Filter \"\xed\xa0\x80\" is not registered."},
	    {"\xed\xa0\x80.", "Failed to parse expression: \"\xed\xa0\x80.\""},
	};

	(void)state;
	check_samples(samples, ARRAY_LEN(samples));
}

static void
test_members(void **state)
{
	static const struct sample samples[] = {
	    {"props.arr.length", "5"},
	    {"props.arr[1]", "a"},
	    {"props.arr[\"1\"]", "a"},
	    {"props.arr[\"01\"]", ""},
	    {"props.arr[-1]", ""},
	    {"props.arr[5]", ""},
	    {"props.arr[4294967296]", ""},
	    {"props.arr[1.5]", ""},
	    {"[nope][0] + \"|\"", "|"},
	    {"props.o[2]", "two"},
	    {"props.o[\"x y\"]", "sp"},
	    {"props.o[[\"k\"]]", "kv"},
	    {"props.o[props.o.list[0]]", ""},
	    {"props.s.length", ""},
	    {"props.nul.x", ""},
	    {"nope.x.y", ""},
	    {"toString", "function toString() { [native code] }"},
	    {"toString.name", ""},
	    {"constructor", "function Object() { [native code] }"},
	    {"props.constructor", "function Object() { [native code] }"},
	    {"props.arr.constructor", "function Array() { [native code] }"},
	    {"props.arr.map", "function map() { [native code] }"},
	    {"props.arr.toString", "function toString() { [native code] }"},
	    {"props.arr.hasOwnProperty",
		"function hasOwnProperty() { [native code] }"},
	    {"props.map", ""},
	    {"__proto__", "{}"},
	    {"props.__proto__ == __proto__", "true"},
	    {"props.__proto__.__proto__", "null"},
	    {"dump(props.arr.__proto__)", "[]"},
	    {"props.arr.__proto__.__proto__ == __proto__", "true"},
	    {"toString == props.toString", "true"},
	    {"dump([toString])", "[null]"},
	    {"dump({__proto__: 1})", "{}"},
	    {"{toString: 1}.toString", "1"},
	};

	(void)state;
	check_samples(samples, ARRAY_LEN(samples));
}

static void
test_case_filters(void **state)
{
	static const struct sample samples[] = {
	    {"upper(\"stra\xc3\x9f"
	     "e\")",
		"STRASSE"},
	    {"upper(\"\xef\xac\x81\xc5\x89\")", "FI\xca\xbcN"},
	    {"upper(\"i\xc4\xb1\")", "II"},
	    {"upper(\"\xf0\x90\x90\xa8\")", "\xf0\x90\x90\x80"},
	    {"lower(\"\xc4\xb0I\")", "i\xcc\x87i"},
	    {"lower(\"\xce\x91\xce\xa3\")", "\xce\xb1\xcf\x82"},
	    {"lower(\"\xce\x91\xce\xa3\xce\x91\")", "\xce\xb1\xcf\x83\xce\xb1"},
	    {"lower(\"\xce\xa3\")", "\xcf\x83"},
	    {"lower(\"\xce\x91\xce\xa3.\")", "\xce\xb1\xcf\x82."},
	    {"lower(\"\xce\x91\xce\xa3\xed\xa0\x80\xce\x91\")",
		"\xce\xb1\xcf\x82\xed\xa0\x80\xce\xb1"},
	    {"upper(\"a\xed\xa0\x80"
	     "b\xed\xb0\x80\")",
		"A\xed\xa0\x80"
		"B\xed\xb0\x80"},
	    {"upper(\"\xed\xb0\x80\xed\xa0\x80\")", "\xed\xb0\x80\xed\xa0\x80"},
	    {"upper(1)", "1"},
	    {"upper()", "undefined"},
	    {"upper(\"\") + \"|\"", "|"},
	    {"capitalize(\"\xc3\x9fx\")", "SSx"},
	    {"capitalize(\"\xf0\x90\x90\xa8x\")", "\xf0\x90\x90\xa8x"},
	    {"capitalize(\"\")", ""},
	    {"capitalize(\"aBC\")", "ABC"},
	    {"capitalize(null)", "null"},
	};

	(void)state;
	check_samples(samples, ARRAY_LEN(samples));
}

static void
test_text_filters(void **state)
{
	static const struct sample samples[] = {
	    {"truncate(\"hello\", 5)", "hello"},
	    {"truncate(\"hello\", 2.9)", "he..."},
	    {"truncate(\"hello\", \"2\")", "he..."},
	    {"truncate(\"hello\", -1)", "..."},
	    {"truncate(\"hello\")", "hello..."},
	    {"truncate(\"hello\", null)", "..."},
	    {"truncate(\"hello\", \"x\")", "..."},
	    {"truncate(\"hello\", 1 / 0)", "hello"},
	    {"truncate(\"hello\", [3])", "hel..."},
	    {"truncate(\"a\xf0\x9f\x98\x80"
	     "b\", 2)",
		"a\xed\xa0\xbd..."},
	    {"truncate(5, 1)", "5"},
	    {"replace(\"aaaa\", \"aa\", \"b\")", "bb"},
	    {"replace(\"ababac\", \"abac\", \"-\")", "ab-"},
	    {"replace(\"aabaabaaa\", \"aabaaa\", \"-\")", "aab-"},
	    {"replace(\"abc\", \"\", \"-\")", "a-b-c"},
	    {"replace(\"\", \"\", \"-\")", ""},
	    {"replace(\"\", \"a\", \"-\")", ""},
	    {"replace(\"abc\", \"b\")", "a,c"},
	    {"replace(\"abc\")", "abc"},
	    {"replace(\"abc\", nope, \"x\")", "abc"},
	    {"replace(\"anullb\", null, 1)", "a1b"},
	    {"replace(\"a.b\", \".\", \"$&\")", "a$&b"},
	    {"replace(12, 1, 2)", "12"},
	    {"join([1, 2])", "1, 2"},
	    {"join([1, 2], null)", "1null2"},
	    {"join([1, 2], \"\")", "12"},
	    {"join(\"ab\", \"-\")", "ab"},
	    {"join([])", ""},
	    {"urlencode(\"a b&c/\xc3\xa9\xf0\x9f\x98\x80-_.!~*'()\")",
		"a%20b%26c%2F%C3%A9%F0%9F%98%80-_.!~*'()"},
	    {"urlencode(\"a\xed\xa0\x80\")", "URI malformed"},
	    {"urlencode(truncate(\"\xf0\x9f\x98\x80\", 1))", "URI malformed"},
	    {"urlencode(1)", "1"},
	    {"urlencode()", "undefined"},
	    {"dump(\"a\\\"b\")", "\"a\\\"b\""},
	    {"dump()", "undefined"},
	    {"dump(nope)", "undefined"},
	    {"dump(1 / 0)", "null"},
	    {"dump({b: 1, 2: [nope, upper]})", "{\"2\":[null,null],\"b\":1}"},
	    {"dump(truncate(\"\xf0\x9f\x98\x80\", 1))", "\"\\ud83d...\""},
	    {"upper(\"a\", 1, 2, 3, 4, 5)", "A"},
	};

	(void)state;
	check_samples(samples, ARRAY_LEN(samples));
}

static void
test_number_filters(void **state)
{
	static const struct sample samples[] = {
	    {"abs(-5)", "5"},
	    {"abs(\"-5\")", "5"},
	    {"abs(\"x\")", "NaN"},
	    {"abs(null)", "0"},
	    {"abs()", "NaN"},
	    {"abs(-1 / 0)", "Infinity"},
	    {"round(2.5)", "3"},
	    {"round(-2.5)", "-2"},
	    {"1 / round(-0.2)", "Infinity"},
	    {"round(0.49999999999999994)", "0"},
	    {"round(4503599627370497.5)", "4503599627370498"},
	    {"round(9007199254740991)", "9007199254740991"},
	    {"round(1.005, 2)", "1.01"},
	    {"round(1.255, 2)", "1.26"},
	    {"round(\"1.5\")", "2"},
	    {"round(\" 1.5\")", "2"},
	    {"round(\"1.5 \")", "NaN"},
	    {"round(1e21)", "NaN"},
	    {"round(1e-7)", "NaN"},
	    {"round(1e19, 3)", "NaN"},
	    {"round(15, -1)", "NaN"},
	    {"round(1.25, 1.5)", "NaN"},
	    {"round(1.25, null)", "NaN"},
	    {"round(1.25, \"1\")", "1.3"},
	    {"round(1.25, \"\")", "NaN"},
	    {"round(1.25, nope)", "1"},
	    {"round()", "NaN"},
	    {"round([1.5])", "2"},
	    {"round(1 / 0)", "NaN"},
	};

	(void)state;
	check_samples(samples, ARRAY_LEN(samples));
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
	    "replace(s, 'x', s)",
	    "join(replace(s, 'x', s))",
	    "dump(replace(s, '', s))",
	    "upper(replace(s, '', s))",
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
	    cmocka_unit_test(test_grammar),
	    cmocka_unit_test(test_lists),
	    cmocka_unit_test(test_operators),
	    cmocka_unit_test(test_members),
	    cmocka_unit_test(test_case_filters),
	    cmocka_unit_test(test_text_filters),
	    cmocka_unit_test(test_number_filters),
	    cmocka_unit_test(test_scopes),
	    cmocka_unit_test(test_condition),
	    cmocka_unit_test(test_dates),
	    cmocka_unit_test(test_depth),
	    cmocka_unit_test(test_length),
	    cmocka_unit_test(test_growth),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
