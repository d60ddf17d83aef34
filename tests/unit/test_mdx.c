/* Markdown with JSX and expressions: what is an expression, where errors are,
 * how files import files, and that no text takes long.  What trees look like
 * is tested with recorded cases (tests/cases). */
#include "../../common/base/utf.h"
#include "../../common/mdx/mdx.h"
#include "../../common/template/source.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static struct str
str_of(const char *s)
{
	return (struct str){s, strlen(s)};
}

/* The message of an error, or "" when there is a tree. */
static const char *
parse(struct arena *a, const char *text, struct node **root)
{
	struct err err = {0};
	const char *message = "";

	*root = NULL;
	if (mdx_document(a, str_of(text), root, &err) == -1)
		message = arena_strdup(a, err.msg);
	err_free(&err);
	return message;
}

/* --- expressions */

static const char *const expressions[] = {"a", "a.b?.c[0](1, ...x)", "/a/g",
    "/[/]}/.test(x)", "a / b / c", "`a${`b${c}`}d`", "{a: 1, b, [c]: 2, ...d}",
    "(item, i) => (<>* {i}</>)", "({a = 1, ...b}, [c]) => { return a }",
    "async x => await x", "function* f() { yield* g() }",
    "class A extends B { #x = 1; static { f() } get y() { return 1 } }",
    "<a b='}' c={1} {...d}>t {/* } */} <b/></a>", "'}'", "/* } */ a",
    "a // }\n", "0x1F + 1_000n", "new A.B(c).d", "a ? b : c => d",
    "[a, , b] = [1, 2]", "({a: b.c} = d)", "x = y ?\?= z", "a ** -b",
    "() => { for (const x of y) if (x) break; else continue }",
    "() => { label: while (1) { do ; while (0) } }",
    "() => { try { throw a } catch { } finally { } }",
    "() => { switch (a) { case 1: f(); default: g() } }", "a?.5:b",
    "import('x')", "typeof void 0", "async (a, b) => {}", "async\n(a)",
    "\\u0061b", "tag`\\u`", "/* only */", " ", "//\n"};

static const char *const wrong[] = {"props.", "a b", "a +", "= 1", "1 = 2",
    "a + b = c", "(a, b) = c", "1++", "() => {} + 1", "a ?? b || c", "-a ** b",
    "{a = 1}", "(a,)", "()", "(...a)", "[a", "<a></b>", "<a/><b/>", "<a>}</a>",
    "`a${b", "'a\nb'", "'\\x1'", "07", "1_", "0x", "1a", "/a", "/a/gg\\",
    "/a/k", "return 1", "let x", "if (a) b", "a; b", "yield 1", "enum",
    "class { get x }", "new.target", "delete x", "a?.b = 1", "a?.`b`",
    "function (a, ...b, c) {}", "x => { const y }", "x => { break }",
    "async x => { for (let a of b, c) ; }", "\\u{110000}", "a#", "// }",
    "x\n++\ny"};

static const char *
parse_expression(struct arena *a, const char *expression)
{
	struct node *root;

	return parse(a, arena_printf(a, "a {%s} b", expression), &root);
}

static void
test_expressions(void **state)
{
	struct arena *a = arena_new(NULL);
	const char *message;
	size_t k;

	(void)state;
	for (k = 0; k < ARRAY_LEN(expressions); k++) {
		message = parse_expression(a, expressions[k]);
		if (*message != '\0')
			fail_msg("{%s}: %s", expressions[k], message);
	}
	for (k = 0; k < ARRAY_LEN(wrong); k++)
		if (*parse_expression(a, wrong[k]) == '\0')
			fail_msg("{%s} has no error", wrong[k]);
	arena_free(a);
}

/* --- errors and their places */

static const struct {
	const char *text, *message;
} errors[] = {
    {"a\n\n{props.}\n", "3:8: Could not parse expression with acorn"},
    {"a {b\n", "1:5: Unexpected end of file in expression, expected a "
	       "corresponding closing brace for `{`"},
    {"<a>\n\n> <b>\n", "3:3: Expected a closing tag for `<b>` (3:3-3:6) "
		       "before the end of `blockQuote`"},
    {"<a>\n\nx", "1:1: Expected a closing tag for `<a>` (1:1-1:4)"},
    {"x <b>y", "1:3: Expected a closing tag for `<b>` (1:3-1:6) before the "
	       "end of `paragraph`"},
    {"*x <b>y* </b>", "1:4: Expected a closing tag for `<b>` (1:4-1:7) before "
		      "the end of `emphasis`"},
    {"a\n</b>\n", "2:1: Unexpected closing slash `/` in tag, expected an "
		  "open tag first"},
    {"\tx <b></c>", "1:7: Unexpected closing tag `</c>`, expected "
		    "corresponding closing tag for `<b>` (1:4-1:7)"},
    {"<a b=1/>", "1:6: Unexpected character `1` (U+0031) before attribute "
		 "value, expected a character that can start an attribute "
		 "value, such as `\"`, `'`, or `{`"},
    {"<a b={}/>", "1:7: Unexpected empty expression"},
    {"> <a\nb/>", "2:1: Unexpected lazy line in container, expected line to "
		  "be prefixed with `>` when in a block quote, whitespace when "
		  "in a list, etc"},
    {"import {a from 'b'\n", "1:11: Could not parse import/exports with "
			     "acorn"},
};

static void
test_errors(void **state)
{
	struct arena *a = arena_new(NULL);
	struct node *root;
	size_t k;

	(void)state;
	for (k = 0; k < ARRAY_LEN(errors); k++)
		assert_string_equal(
		    parse(a, errors[k].text, &root), errors[k].message);
	arena_free(a);
}

/* --- trees */

static void
test_tree(void **state)
{
	struct arena *a = arena_new(NULL);
	struct node *root, *node;

	(void)state;
	assert_string_equal(
	    parse(a,
		"---\na: 1\n---\n\n{/* c */}\n<X y={1} z>\n{(p, q) => p}\n"
		"</X>\n",
		&root),
	    "");
	assert_int_equal(root->n_children, 2);
	assert_int_equal(root->children[0]->kind, NODE_YAML);
	assert_true(str16_is(root->children[0]->value.string, "a: 1"));
	node = root->children[1];
	assert_int_equal(node->kind, NODE_FLOW_ELEMENT);
	assert_int_equal(node->n_attrs, 2);
	assert_int_equal(node->attrs[0].kind, ATTR_EXPRESSION);
	assert_int_equal(node->attrs[1].kind, ATTR_NULL);
	assert_true(node->has_position);
	node = node->children[0];
	assert_int_equal(node->kind, NODE_FLOW_EXPRESSION);
	assert_true(node->arrow->is_arrow);
	assert_int_equal(node->arrow->n_params, 2);
	assert_true(str16_is(node->arrow->params[1], "q"));
	arena_free(a);
}

/* --- files */

static int
load(void *arg, struct arena *a, struct str from, struct str path,
    struct source_file *out, struct err *err)
{
	static const char *const files[][2] = {
	    {"./a.mdx", "import B from './b.mdx'\n\n<B x={props.y}/>\n"},
	    {"./b.mdx", "b {props.x} {props.z}\n"},
	    {"./loop.mdx", "import L from './loop.mdx'\n\n<L/>\n"},
	    {"./s.json", "{\"$ref\": \"t.yaml#/defs/a~1b/0\"}"},
	    {"t.yaml", "defs:\n  a/b:\n    - type: string\n"},
	    {"self.json", "{\"a\": {\"$ref\": \"self.json\"}}"},
	    {"./bad.mdx", "fine\n\n<Nope/>\n"},
	};
	size_t k;

	(void)arg;
	(void)a;
	(void)from;
	out->name = path;
	for (k = 0; k < ARRAY_LEN(files); k++)
		if (str_is(path, files[k][0]))
			out->text = str_of(files[k][1]);
	if (out->text.p == NULL)
		return fail_text(err, ERR_PROMPT, STR("no such file"));
	return 0;
}

static const char *
parse_source(struct arena *a, const char *text, struct node **root)
{
	struct source_file file = {STR("main.mdx"), str_of(text)};
	struct source_loader loader = {load, NULL};
	struct err err = {0};
	const char *message = "";

	if (source_parse(a, &file, &loader, root, &err) == -1)
		message = arena_strdup(a, err.msg);
	err_free(&err);
	return message;
}

static void
test_components(void **state)
{
	struct arena *a = arena_new(NULL);
	const struct node *node;
	struct node *root;

	(void)state;
	assert_string_equal(
	    parse_source(a, "import A from './a.mdx'\n\n<A y=\"1\"/>\n", &root),
	    "");
	assert_int_equal(root->n_children, 1);
	node = root->children[0];
	assert_int_equal(node->kind, NODE_PARAGRAPH);
	assert_int_equal(node->n_children, 4);
	assert_true(str16_is(node->children[1]->value.string, "1"));
	assert_int_equal(node->children[3]->kind, NODE_TEXT_EXPRESSION);
	assert_true(str16_is(node->children[3]->value.string, "props.z"));
	assert_string_equal(
	    parse_source(a, "import A from './x.mdx'\n\n<A/>\n", &root),
	    "main.mdx:1:1: no such file\n  import A from './x.mdx'");
	assert_string_equal(
	    parse_source(a, "import L from './loop.mdx'\n\n<L/>\n", &root),
	    "./loop.mdx:1:1: ./loop.mdx imports itself\n"
	    "  import L from './loop.mdx'");
	assert_non_null(strstr(
	    parse_source(a, "import B from './bad.mdx'\n\n<B/>\n", &root),
	    "./bad.mdx:3:1: Unsupported tag '<Nope>'."));
	arena_free(a);
}

static void
test_references(void **state)
{
	struct arena *a = arena_new(NULL);
	struct node *root;
	struct str16 yaml;

	(void)state;
	assert_string_equal(
	    parse_source(a,
		"---\nname: n\ninput_schema:\n  $ref: ./s.json\n"
		"object_config:\n  schema:\n    $ref: '#/x'\n---\n",
		&root),
	    "");
	yaml = root->children[0]->value.string;
	assert_string_equal(utf8_from(a, yaml).p,
	    "{\"name\":\"n\",\"input_schema\":{\"type\":\"string\"},"
	    "\"object_config\":{\"schema\":{\"$ref\":\"#/x\"}}}");
	assert_string_equal(
	    parse_source(
		a, "---\ninput_schema: {$ref: self.json}\n---\n", &root),
	    "main.mdx: $ref self.json leads to itself");
	assert_string_equal(
	    parse_source(
		a, "---\ninput_schema: {$ref: 't.yaml#/x'}\n---\n", &root),
	    "main.mdx: $ref t.yaml#/x leads nowhere");
	arena_free(a);
}

static void
test_tags(void **state)
{
	struct arena *a = arena_new(NULL);
	struct node *root;

	(void)state;
	assert_string_equal(parse_source(a,
				"<>\n<If/> <Div/> <my-tag/> <ämter/>\n</>\n\n"
				"<Raw>\n<Any/>\n</Raw>\n",
				&root),
	    "");
	assert_string_equal(
	    parse_source(a, "---\nspeech_config: {}\n---\n\na <User/>", &root),
	    "main.mdx:5:3: Unsupported tag '<User>'. Only native MDX elements, "
	    "and registered tags are supported. Registered tags: Else, ElseIf, "
	    "ForEach, If, Raw, SpeechPrompt, System.\n  a <User/>");
	arena_free(a);
}

/* --- time */

static char *
repeat(const char *head, const char *part, size_t n, const char *tail)
{
	size_t len = strlen(part), at = strlen(head), i;
	char *text = malloc(at + n * len + strlen(tail) + 1);

	assert_non_null(text);
	memcpy(text, head, at);
	for (i = 0; i < n; i++, at += len)
		memcpy(text + at, part, len);
	memcpy(text + at, tail, strlen(tail) + 1);
	return text;
}

static const struct {
	const char *head, *part, *tail;
} heavy[] = {{"", "[", ""}, {"[a]: b\n\n", "[a", "]]]]"}, {"", "![", ""},
    {"", "[a](", ""}, {"", "[a](b \"", ""}, {"", "[a](b (", ""},
    {"", "[a](b)", ""}, {"", "![[a](b)", ""}, {"", "*a ", ""}, {"", "a* ", ""},
    {"", "*a_ ", ""}, {"", "a**b", ""}, {"", "_", ""}, {"", "*_", ""},
    {"", "*a*b", ""}, {"", ">", ""}, {"", "- ", ""}, {"", "> a\n\n", ""},
    {"> - a\n", ">\n", "> b"}, {"> a\n", "b\n", ""}, {"", "- a\n\n", ""},
    {"", "1. a\n", ""}, {"", "`a", "``"}, {"", "&a", ""}, {"", "\\", ""},
    {"", "\t", ""}, {"", "\r\n", ""}, {"", "# a\n", ""}, {"", "a\n=\n", ""},
    {"", "```\n", ""}, {"", "> ```\n", ""}, {"", "[a]: b\n", ""},
    {"", "<a>", ""}, {"", "<a>b</a> ", ""}, {"<a ", "b ", "/>"}, {"", "< ", ""},
    {"", "{a} ", ""}, {"", "{a}\n", ""}, {"", "{/*\n", "*/} x"},
    {"", "{`\n", ""}, {"{", "(", ""}, {"{", "a=>", ""}, {"{", "a?", ""},
    {"{", "<a>", ""}, {"{", "`${", ""}, {"{", "a+", "a}"}, {"{a", ".a", "}"},
    {"{a", ",a", "}"}, {"", "import a from 'b'\n", ""},
    {"<a b=\"", "&amp", "\"/>"}};

static double
seconds(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* A hundred thousand of anything end within a second, give or take what
 * sanitizers cost. */
static void
test_time(void **state)
{
	struct arena *a;
	struct node *root;
	double start;
	size_t k;
	char *text;

	(void)state;
	for (k = 0; k < ARRAY_LEN(heavy); k++) {
		text =
		    repeat(heavy[k].head, heavy[k].part, 100000, heavy[k].tail);
		a = arena_new(NULL);
		start = seconds();
		(void)parse(a, text, &root);
		if (seconds() - start > 5)
			fail_msg("%s%s... takes %.1f s", heavy[k].head,
			    heavy[k].part, seconds() - start);
		arena_free(a);
		free(text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_expressions),
	    cmocka_unit_test(test_errors),
	    cmocka_unit_test(test_tree),
	    cmocka_unit_test(test_components),
	    cmocka_unit_test(test_references),
	    cmocka_unit_test(test_tags),
	    cmocka_unit_test(test_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
