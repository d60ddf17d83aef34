/* Trees as Markdown: what the reference printed for thousands of trees, cases
 * of our own for every construct, and what must not take long. */
#include "../../common/base/err.h"
#include "../../common/base/json.h"
#include "../../common/base/limits.h"
#include "../../common/base/utf.h"
#include "../../common/template/markdown.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* One line {ast, md} or {ast, error}. */
struct expected {
	struct node *ast;
	struct str md, error; /* .p is NULL when absent */
};

static int
read_member(struct json_in *in, struct arena *a, struct str key,
    struct expected *x, struct err *err)
{
	struct str text;

	if (str_is(key, "ast"))
		return ast_read(in, a, &x->ast, err);
	if (!str_is(key, "md") && !str_is(key, "error"))
		return json_in_skip(in);
	if (json_in_string(in, &text) != 0)
		return -1;
	text.p = arena_strndup(a, text.p, text.len);
	*(str_is(key, "md") ? &x->md : &x->error) = text;
	return 0;
}

static void
read_line(struct arena *a, struct str line, struct expected *x)
{
	struct err err = {0};
	struct json_in in;
	struct str key;
	int more;

	json_in_init(&in, line, &err);
	assert_int_equal(json_in_enter(&in), 0);
	while ((more = json_in_key(&in, &key)) > 0)
		if (read_member(&in, a, key, x, &err) != 0)
			break;
	if (more != 0 || x->ast == NULL)
		fail_msg("bad line %.*s", (int)line.len, line.p);
	json_in_free(&in);
}

/* Prints the tree as WTF-8, or what went wrong. */
static bool
print(struct arena *a, const struct node *root, enum markdown_style style,
    struct str *out)
{
	struct err err = {0};
	struct str16 md;
	int rc = markdown_print(a, root, style, &md, &err);

	if (rc == 0) {
		*out = utf8_from(a, md);
		return true;
	}
	assert_int_equal(err.code, ERR_PROMPT);
	out->p = arena_strdup(a, err.msg);
	out->len = strlen(out->p);
	err_free(&err);
	return false;
}

static bool
check_line(struct str line, enum markdown_style style)
{
	struct arena *a = arena_new(NULL);
	struct expected x = {.ast = NULL};
	struct str got;
	bool ok;

	read_line(a, line, &x);
	ok = print(a, x.ast, style, &got) ? str_eq(got, x.md)
					  : str_eq(got, x.error);
	if (!ok)
		print_error("%.*s\ngives: %.*s\n", (int)line.len, line.p,
		    (int)got.len, got.p);
	arena_free(a);
	return ok;
}

static void
check_file(const char *name, enum markdown_style style)
{
	const char *srcdir = getenv("srcdir");
	char path[4096], *line = NULL;
	size_t size = 0, lines = 0, wrong = 0;
	ssize_t len;
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/tests/data/unit/%s",
	    srcdir != NULL ? srcdir : ".", name);
	f = fopen(path, "r");
	if (f == NULL)
		fail_msg("cannot read %s", path);
	while ((len = getline(&line, &size, f)) > 0) {
		lines++;
		wrong += !check_line((struct str){line, (size_t)len}, style);
	}
	free(line);
	(void)fclose(f);
	assert_true(lines > 0);
	assert_int_equal(wrong, 0);
}

static void
test_recorded(void **state)
{
	(void)state;
	check_file("tomarkdown.jsonl", MARKDOWN_2_1);
	check_file("tomarkdown-2.2.jsonl", MARKDOWN_2_2);
}

static void
test_own(void **state)
{
	(void)state;
	check_file("markdown.jsonl", MARKDOWN_2_1);
}

static struct node *
make_node(struct arena *a, enum node_kind kind, size_t n_children)
{
	struct node *n = arena_zalloc(a, sizeof(*n));

	n->kind = kind;
	n->n_children = n_children;
	n->children = arena_array(a, n_children, sizeof(*n->children));
	return n;
}

static struct node *
make_text(struct arena *a, struct str16 text)
{
	struct node *n = make_node(a, NODE_TEXT, 0);

	n->value = js_string(text);
	return n;
}

/* DEPTH times a text and, behind it, a node with the rest. */
static struct node *
make_nest(
    struct arena *a, enum node_kind kind, unsigned depth, struct str16 text)
{
	struct node *n = make_text(a, text), *outer;

	while (depth-- > 0) {
		outer = make_node(a, depth == 0 ? NODE_ROOT : kind, 2);
		outer->children[0] = make_text(a, text);
		outer->children[1] = n;
		n = outer;
	}
	return n;
}

/* Each paragraph is looked at before it is printed: by the reference, 2 to the
 * 200th times. */
static void
test_nested_rows(void **state)
{
	struct arena *a = arena_new(NULL);
	struct node *root;
	struct str got;

	(void)state;
	root = make_nest(a, NODE_PARAGRAPH, 200, utf16_lit(a, "a_b"));
	assert_true(print(a, root, MARKDOWN_2_1, &got));
	assert_int_equal(got.len, 3 + 200 * 4 + 1);
	assert_true(print(a, root, MARKDOWN_2_2, &got));
	assert_int_equal(got.len, 201 * 3 + 1);
	arena_free(a);
}

static void
test_too_deep(void **state)
{
	struct arena *a = arena_new(NULL);
	struct str got;

	(void)state;
	assert_false(print(a,
	    make_nest(
		a, NODE_BLOCKQUOTE, LIMIT_PRINT_DEPTH + 2, utf16_lit(a, "x")),
	    MARKDOWN_2_1, &got));
	assert_string_equal(
	    got.p, "the prompt is nested deeper than 512 levels");
	arena_free(a);
}

/* A text of N times the same units. */
static struct str16
repeat(struct arena *a, const char *ascii, size_t n)
{
	size_t i, len = strlen(ascii);
	uint16_t *p = arena_array(a, n * len, sizeof(*p));

	for (i = 0; i < n * len; i++)
		p[i] = (unsigned char)ascii[i % len];
	return (struct str16){p, n * len};
}

static void
test_too_expensive(void **state)
{
	struct arena *a = arena_new(NULL);
	struct str got;

	(void)state;
	assert_false(print(a,
	    make_nest(a, NODE_PARAGRAPH, 250, repeat(a, "abcd", 1 << 15)),
	    MARKDOWN_2_1, &got));
	assert_string_equal(got.p, "the prompt is too intricate to be printed");
	arena_free(a);
}

static void
test_too_large(void **state)
{
	struct arena *a = arena_new(NULL);
	struct node *root = make_node(a, NODE_ROOT, 20);
	struct str16 text = repeat(a, "# *\n", 1 << 20);
	struct str got;
	size_t i;

	(void)state;
	for (i = 0; i < root->n_children; i++) {
		root->children[i] = make_node(a, NODE_PARAGRAPH, 1);
		root->children[i]->children[0] = make_text(a, text);
	}
	assert_false(print(a, root, MARKDOWN_2_1, &got));
	assert_string_equal(
	    got.p, "the rendered text is larger than 167772160 bytes");
	arena_free(a);
}

/* Texts that make the reference's expressions look far ahead or back. */
static void
test_long_runs(void **state)
{
	static const char *const units[] = {" ", "\n", "\n ", "1", "\n1", "`",
	    "\\", "*", "\r\n#", "\t\n", "&", "1) ", "<a", "]("};
	struct arena *a = arena_new(NULL);
	struct node *root, *child;
	struct str got;
	size_t i;

	(void)state;
	for (i = 0; i < 2 * ARRAY_LEN(units); i++) {
		root = make_node(a, NODE_ROOT, 1);
		root->children[0] = make_node(a, NODE_PARAGRAPH, 1);
		child = make_text(a, repeat(a, units[i / 2], 1000000));
		if (i % 2 != 0)
			child->kind = NODE_INLINE_CODE;
		root->children[0]->children[0] = child;
		assert_true(print(a, root, MARKDOWN_2_1, &got));
		assert_true(got.len > 100000);
		assert_true(print(a, root, MARKDOWN_2_2, &got));
		assert_true(got.len > 100000);
	}
	arena_free(a);
}

/* A row of emphases that need other markers, and one that nothing helps, for
 * which the reference's time grows with the cube of the length. */
static void
test_many_marks(void **state)
{
	const size_t n = 40000;
	struct arena *a = arena_new(NULL);
	struct node *root = make_node(a, NODE_ROOT, n);
	struct str got;
	size_t i;

	(void)state;
	for (i = 0; i < n; i++) {
		root->children[i] =
		    make_node(a, i % 2 != 0 ? NODE_STRONG : NODE_EMPHASIS, 1);
		root->children[i]->children[0] =
		    make_text(a, utf16_lit(a, "a"));
	}
	assert_true(print(a, root, MARKDOWN_2_2, &got));
	assert_int_equal(got.len, n / 2 * 8 + 1);
	assert_memory_equal(got.p, "*a*__a__*a*__a__", 16);
	for (i = 0; i < n; i += 3)
		root->children[i] = make_node(a, NODE_BREAK, 0);
	for (i = 1; i < n; i += 3)
		root->children[i] = make_nest(
		    a, NODE_EMPHASIS, (unsigned)(2 + i % 5), utf16_lit(a, "_"));
	(void)print(a, root, MARKDOWN_2_2, &got);
	arena_free(a);
}

static void
test_untyped(void **state)
{
	struct arena *a = arena_new(NULL);
	struct node *root = make_node(a, NODE_ROOT, 1);
	struct str got;

	(void)state;
	root->children[0] = make_node(a, NODE_UNKNOWN, 0);
	assert_false(print(a, root, MARKDOWN_2_1, &got));
	assert_string_equal(
	    got.p, "Cannot handle value `[object Object]`, expected node");
	root->children[0] = make_node(a, NODE_YAML, 0);
	assert_false(print(a, root, MARKDOWN_2_1, &got));
	assert_string_equal(got.p, "Cannot handle unknown node `yaml`");
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_recorded),
	    cmocka_unit_test(test_own),
	    cmocka_unit_test(test_nested_rows),
	    cmocka_unit_test(test_too_deep),
	    cmocka_unit_test(test_too_expensive),
	    cmocka_unit_test(test_too_large),
	    cmocka_unit_test(test_long_runs),
	    cmocka_unit_test(test_many_marks),
	    cmocka_unit_test(test_untyped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
