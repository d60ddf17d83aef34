/* YAML as a tree: a case is a text and its dump, or the error that it gives.
 * A scalar is dumped as it is, in quotes when it was not plain, behind <tag>
 * when it has one; places are tested apart. */
#include "../../common/base/buf.h"
#include "../../common/base/limits.h"
#include "../../common/base/yaml.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void
dump(struct buf *b, const struct yaml *node)
{
	size_t i;

	if (node->tag.p != NULL)
		buf_addf(b, "<%s>", node->tag.p);
	if (node->kind == YAML_SCALAR) {
		buf_addf(b, node->plain ? "%s" : "\"%s\"", node->value.p);
		return;
	}
	buf_addc(b, node->kind == YAML_SEQUENCE ? '[' : '{');
	for (i = 0; i < node->n; i++) {
		if (i > 0)
			buf_addc(b, ' ');
		dump(b, node->items[i]);
	}
	buf_addc(b, node->kind == YAML_SEQUENCE ? ']' : '}');
}

/* The dump or the error of a text; freed by the caller. */
static char *
outcome(struct str text)
{
	struct arena *a = arena_new(NULL);
	struct err err = {0};
	struct yaml *root;
	struct buf b;

	buf_init(&b, 1u << 20);
	if (yaml_read(a, text, &root, &err) == -1)
		buf_adds(&b, err.msg);
	else if (root != NULL)
		dump(&b, root);
	else
		buf_adds(&b, "nothing");
	err_free(&err);
	arena_free(a);
	return b.data;
}

static void
test_texts(void **state)
{
	static const struct {
		const char *text, *expected;
	} cases[] = {
	    {"", "nothing"},
	    {"\n\n", "nothing"},
	    {"# only a comment\n", "nothing"},
	    {"---\n", ""},
	    {"~", "~"},
	    {"a: 1", "{a 1}"},
	    {"\xef\xbb\xbf"
	     "a: 1",
		"{a 1}"},
	    {"a:\nb: ''", "{a  b \"\"}"},
	    {"- x\n- [y, {z: \"q\"}]", "[x [y {z \"q\"}]]"},
	    {"a: |\n  one\n  two", "{a \"one\ntwo\n\"}"},
	    {"a: >-\n  one\n  two", "{a \"one two\"}"},
	    {"a: !!str 1", "{a <tag:yaml.org,2002:str>1}"},
	    {"a: !foo x", "{a <!foo>x}"},
	    {"a: ! x", "{a <!>x}"},
	    {"a: !!set {x}", "{a <tag:yaml.org,2002:set>{x }}"},
	    {"a: &x {k: v}\nb: *x", "{a {k v} b {k v}}"},
	    {"a: &x 1\nb: &x 2\nc: *x", "{a 1 b 2 c 2}"},
	    {"<<: {a: 1}", "{<< {a 1}}"},
	    {"? [a]\n: b", "{[a] b}"},
	    {"a: 1\na: 2", "{a 1 a 2}"},
	    {"a: x\r\nb: y\r\n", "{a x b y}"},
	    {"a: \xf0\x9f\x98\x80", "{a \xf0\x9f\x98\x80}"},
	    {"a: *x", "unidentified alias (1:4)"},
	    {"a: &x [*x]", "an alias inside of what it names (1:8)"},
	    {"a: [1", "did not find expected ',' or ']' (2:1)"},
	    {"\ta: 1", "found character that cannot start any token (1:1)"},
	    {"a: 1\n---\nb: 2",
		"expected a single document in the stream, but found more "
		"(2:1)"},
	    {"a: b: c", "mapping values are not allowed in this context (1:5)"},
	    {"a: \"x", "found unexpected end of stream (2:1)"},
	    {"a: x\nb: \xff", "invalid leading UTF-8 octet (2:4)"},
	    {"a: x\nb: \xed\xa0\x80", "invalid Unicode character (2:4)"},
	    {"a: \x01", "control characters are not allowed (1:4)"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char *got =
		    outcome((struct str){cases[i].text, strlen(cases[i].text)});

		assert_string_equal(got != NULL ? got : "", cases[i].expected);
		free(got);
	}
}

static void
test_places(void **state)
{
	struct arena *a = arena_new(NULL);
	struct err err = {0};
	struct yaml *root, *list;

	(void)state;
	assert_int_equal(
	    yaml_read(a, STR("# c\na:\n  b: [x,\n    y]\n"), &root, &err), 0);
	assert_int_equal(root->line, 2);
	assert_int_equal(root->items[1]->items[0]->line, 3);
	assert_int_equal(root->items[1]->items[0]->column, 3);
	list = root->items[1]->items[1];
	assert_int_equal(list->items[1]->line, 4);
	assert_int_equal(list->items[1]->column, 5);
	arena_free(a);
}

static void
test_line_aside(void **state)
{
	struct arena *a = arena_new(NULL);
	struct err err = {0};
	struct yaml *root;
	size_t line = 0;

	(void)state;
	assert_int_equal(
	    yaml_read_at(a, STR("a: 1\nb: *c\n"), &root, &line, &err), -1);
	assert_string_equal(err.msg, "unidentified alias");
	assert_int_equal(line, 2);
	assert_null(root);
	err_free(&err);
	arena_free(a);
}

/* What is nested at the limit is read, one deeper is refused. */
static void
test_depth(void **state)
{
	char text[2 * LIMIT_YAML_DEPTH + 3];
	char *got;
	size_t depth;

	(void)state;
	for (depth = LIMIT_YAML_DEPTH; depth <= LIMIT_YAML_DEPTH + 1; depth++) {
		memset(text, '[', depth);
		memset(text + depth, ']', depth);
		got = outcome((struct str){text, 2 * depth});
		if (depth == LIMIT_YAML_DEPTH)
			assert_int_equal(strlen(got), 2 * depth);
		else
			assert_string_equal(got, "nested too deep (1:101)");
		free(got);
	}
}

/* Ten aliases of ten aliases … are counted with what they stand for. */
static void
test_expansion(void **state)
{
	struct buf b;
	char *got;
	int i, j;

	(void)state;
	buf_init(&b, 1u << 16);
	buf_adds(&b, "a0: &a0 x\n");
	for (i = 1; i < 9; i++) {
		buf_addf(&b, "a%d: &a%d [", i, i);
		for (j = 0; j < 10; j++)
			buf_addf(&b, "%s*a%d", j == 0 ? "" : ",", i - 1);
		buf_adds(&b, "]\n");
	}
	got = outcome((struct str){b.data, b.len});
	assert_non_null(strstr(got, "too many nodes (7:"));
	free(got);
	buf_free(&b);
}

static void
test_anchors(void **state)
{
	struct buf b;
	char *got;
	int i;

	(void)state;
	buf_init(&b, 1u << 16);
	for (i = 0; i <= LIMIT_YAML_ANCHORS; i++)
		buf_addf(&b, "- &a%d x\n", i);
	got = outcome((struct str){b.data, b.len});
	assert_string_equal(got, "too many anchors (1001:3)");
	free(got);
	buf_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_texts),
	    cmocka_unit_test(test_places),
	    cmocka_unit_test(test_line_aside),
	    cmocka_unit_test(test_depth),
	    cmocka_unit_test(test_expansion),
	    cmocka_unit_test(test_anchors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
