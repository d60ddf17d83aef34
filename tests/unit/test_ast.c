/* The reader of prompt trees: each field of each kind of node, what is missing
 * or of the wrong type, members in any order, and every recorded tree: as a
 * client posts it and without what is passed over it reads the same. */
#include "../../common/base/ast.h"
#include "../../common/base/json.h"
#include "../../common/base/limits.h"
#include "../../common/base/utf.h"

#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct node *
read_tree(struct arena *a, struct str text)
{
	struct err err = {0};
	struct json_in in;
	struct node *root;

	json_in_init(&in, text, &err);
	assert_int_equal(ast_read(&in, a, &root, &err), 0);
	assert_int_equal(json_in_finish(&in), 0);
	json_in_free(&in);
	return root;
}

static struct node *
read_text(struct arena *a, const char *s)
{
	return read_tree(a, (struct str){s, strlen(s)});
}

static void
add16(struct buf *b, const char *name, struct str16 s)
{
	if (s.p == NULL)
		return;
	buf_addf(b, " %s=", name);
	utf8_add16(b, s);
}

static void
add_arrow(struct buf *b, const struct arrow *arrow)
{
	size_t i;

	if (arrow == NULL)
		return;
	buf_addf(b, " estree");
	if (!arrow->is_arrow)
		return;
	buf_adds(b, arrow->simple ? " arrow(" : " odd-arrow(");
	for (i = 0; i < arrow->n_params; i++) {
		buf_adds(b, i != 0 ? "," : "");
		if (arrow->params[i].p != NULL)
			utf8_add16(b, arrow->params[i]);
	}
	buf_addc(b, ')');
}

static void
add_attrs(struct buf *b, const struct node *node)
{
	static const char *const kinds[] = {"null", "string", "expr", "spread"};
	size_t i;

	for (i = 0; i < node->n_attrs; i++) {
		buf_addf(b, " <%s", kinds[node->attrs[i].kind]);
		add16(b, "name", node->attrs[i].name);
		add16(b, "value", node->attrs[i].value);
		buf_addf(b, "%s>", node->attrs[i].has_position ? " pos" : "");
	}
}

static void
add_value(struct arena *a, struct buf *b, const char *name, struct js v)
{
	if (v.type == JS_UNDEFINED)
		return;
	buf_addf(b, " %s:", name);
	(void)js_stringify(a, b, v);
}

/* One node and its children as a line of text that says all of it. */
static void
show(struct arena *a, struct buf *b, const struct node *node)
{
	static const char *const spreads[] = {"", " spread=0", " spread=1"};
	static const char *const refs[] = {
	    "", " shortcut", " collapsed", " full"};
	size_t i;

	buf_addc(b, '(');
	utf8_add16(b, node->type);
	if (node->kind == NODE_UNKNOWN)
		buf_addc(b, '?');
	else
		assert_true(str16_is(node->type, ast_kind_name(node->kind)));
	buf_adds(b, node->has_position ? " pos" : "");
	buf_adds(b, node->ordered ? " ordered" : "");
	buf_adds(b, spreads[node->spread]);
	buf_adds(b, refs[node->reference]);
	if (node->depth != 0)
		buf_addf(b, " depth=%u", node->depth);
	add_value(a, b, "start", node->start);
	add_value(a, b, "value", node->value);
	add16(b, "name", node->name);
	add16(b, "url", node->url);
	add16(b, "title", node->title);
	add16(b, "alt", node->alt);
	add16(b, "lang", node->lang);
	add16(b, "meta", node->meta);
	add16(b, "identifier", node->identifier);
	add16(b, "label", node->label);
	add_arrow(b, node->arrow);
	add_attrs(b, node);
	buf_adds(b, node->has_children ? " [" : "");
	for (i = 0; i < node->n_children; i++)
		show(a, b, node->children[i]);
	buf_adds(b, node->has_children ? "])" : ")");
}

static const struct {
	const char *json, *shown;
} trees[] = {
    {"{}", "(?)"},
    {"{\"children\":[]}", "(? [])"},
    {"{\"type\":\"root\",\"children\":[{\"type\":\"yaml\",\"value\":\"a\"}]}",
	"(root [(yaml value:\"a\")])"},
    {"{\"children\":[{\"value\":12.5,\"type\":\"text\"}],\"type\":\"root\"}",
	"(root [(text value:12.5)])"},
    {"{\"type\":\"widget\",\"value\":null}", "(widget? value:null)"},
    {"{\"type\":7,\"children\":{},\"name\":null,\"url\":3}", "(?)"},
    {"{\"type\":\"root\",\"children\":[null,1,[],\"x\",{}]}",
	"(root [(?)(?)(?)(?)(?)])"},
    {"{\"type\":\"heading\",\"depth\":3,\"position\":{\"start\":{}}}",
	"(heading pos depth=3)"},
    {"{\"type\":\"heading\",\"depth\":-1,\"position\":null}", "(heading)"},
    {"{\"type\":\"heading\",\"depth\":1e300,\"position\":[]}",
	"(heading depth=1000)"},
    {"{\"type\":\"list\",\"ordered\":true,\"start\":0,\"spread\":false}",
	"(list ordered spread=0 start:0)"},
    {"{\"type\":\"list\",\"ordered\":false,\"start\":null,\"spread\":true}",
	"(list spread=1 start:null)"},
    {"{\"type\":\"listItem\",\"spread\":null,\"checked\":null}", "(listItem)"},
    {"{\"type\":\"code\",\"lang\":\"c\",\"meta\":\"m\",\"value\":\"\\ud800\"}",
	"(code value:\"\\ud800\" lang=c meta=m)"},
    {"{\"type\":\"code\",\"lang\":null,\"meta\":\"\",\"value\":\"\"}",
	"(code value:\"\" meta=)"},
    {"{\"type\":\"image\",\"url\":\"u\",\"title\":\"t\",\"alt\":\"a\"}",
	"(image url=u title=t alt=a)"},
    {"{\"type\":\"linkReference\",\"identifier\":\"i\",\"label\":\"l\","
     "\"referenceType\":\"full\"}",
	"(linkReference full identifier=i label=l)"},
    {"{\"type\":\"linkReference\",\"referenceType\":\"collapsed\"}",
	"(linkReference collapsed)"},
    {"{\"type\":\"imageReference\",\"referenceType\":\"shortcut\"}",
	"(imageReference shortcut)"},
    {"{\"type\":\"imageReference\",\"referenceType\":\"odd\"}",
	"(imageReference)"},
    /* Elements. */
    {"{\"type\":\"mdxJsxFlowElement\",\"name\":null,\"attributes\":[]}",
	"(mdxJsxFlowElement)"},
    {"{\"type\":\"mdxJsxTextElement\",\"name\":\"a\",\"attributes\":["
     "{\"type\":\"mdxJsxAttribute\",\"name\":\"b\",\"value\":null,"
     "\"position\":{}},"
     "{\"type\":\"mdxJsxAttribute\",\"name\":\"c\",\"value\":\"\"},"
     "{\"value\":{\"data\":{\"estree\":{}},\"value\":\"1+1\","
     "\"type\":\"mdxJsxAttributeValueExpression\"},\"name\":\"d\","
     "\"type\":\"mdxJsxAttribute\"},"
     "{\"value\":\"...x\",\"type\":\"mdxJsxExpressionAttribute\"},"
     "{\"type\":\"mdxJsxExpressionAttribute\",\"value\":\"...y\"},"
     "{\"type\":\"mdxJsxAttribute\",\"name\":\"e\"},"
     "{\"type\":\"mdxJsxAttribute\",\"name\":\"f\",\"value\":1.50},"
     "null,{\"name\":\"g\",\"value\":[1]}]}",
	"(mdxJsxTextElement name=a <null name=b pos> <string name=c value=>"
	" <expr name=d value=1+1> <spread value=...x> <spread value=...y>"
	" <null name=e> <string name=f value=1.5> <null name=g>)"},
    {"{\"type\":\"mdxJsxTextElement\",\"attributes\":{},\"children\":null}",
	"(mdxJsxTextElement)"},
    /* Expressions. */
    {"{\"type\":\"mdxFlowExpression\",\"value\":\"x\"}",
	"(mdxFlowExpression value:\"x\")"},
    {"{\"type\":\"mdxFlowExpression\",\"data\":{}}", "(mdxFlowExpression)"},
    {"{\"type\":\"mdxFlowExpression\",\"data\":{\"estree\":null}}",
	"(mdxFlowExpression)"},
    {"{\"type\":\"mdxFlowExpression\",\"data\":{\"estree\":{\"body\":[]}}}",
	"(mdxFlowExpression estree)"},
    {"{\"data\":{\"estree\":{\"body\":[{\"expression\":"
     "{\"type\":\"Identifier\",\"name\":\"x\",\"params\":[1]}}],"
     "\"comments\":[{}]},\"more\":[]},\"type\":\"mdxTextExpression\"}",
	"(mdxTextExpression estree)"},
    {"{\"type\":\"mdxFlowExpression\",\"data\":{\"x\":1,\"estree\":"
     "{\"type\":\"Program\",\"start\":3,\"body\":[{\"type\":"
     "\"ExpressionStatement\",\"expression\":{\"type\":"
     "\"ArrowFunctionExpression\",\"id\":null,\"params\":["
     "{\"type\":\"Identifier\",\"start\":1,\"name\":\"item\"},"
     "{\"type\":\"Identifier\",\"name\":\"i\"}],\"body\":{\"a\":[{}]}},"
     "\"end\":9},{\"expression\":{}}],\"end\":1}},\"position\":{}}",
	"(mdxFlowExpression pos estree arrow(item,i))"},
    {"{\"type\":\"mdxFlowExpression\",\"data\":{\"estree\":{\"body\":["
     "{\"expression\":{\"params\":[{\"type\":\"ObjectPattern\"},"
     "{\"type\":\"Identifier\",\"name\":\"k\"}],\"type\":"
     "\"ArrowFunctionExpression\"}}]}},\"value\":\"v\"}",
	"(mdxFlowExpression value:\"v\" estree odd-arrow(,k))"},
    {"{\"type\":\"mdxFlowExpression\",\"data\":{\"estree\":{\"body\":["
     "{\"expression\":{\"type\":\"ArrowFunctionExpression\","
     "\"params\":[]}}]}}}",
	"(mdxFlowExpression estree arrow())"},
    {"{\"type\":\"mdxFlowExpression\",\"data\":{\"estree\":{\"body\":["
     "7,{\"expression\":{\"type\":\"ArrowFunctionExpression\"}}]}}}",
	"(mdxFlowExpression estree)"},
    /* The last of equal members counts. */
    {"{\"type\":\"text\",\"type\":\"root\",\"children\":[{}],"
     "\"children\":[{\"type\":\"break\"}],\"position\":{},\"position\":1}",
	"(root [(break)])"},
};

static void
test_trees(void **state)
{
	struct arena *a = arena_new(NULL);
	struct buf b;
	size_t i;

	(void)state;
	buf_init(&b, 1 << 20);
	for (i = 0; i < ARRAY_LEN(trees); i++) {
		buf_clear(&b);
		show(a, &b, read_text(a, trees[i].json));
		assert_string_equal(buf_str(&b), trees[i].shown);
	}
	buf_free(&b);
	arena_free(a);
}

static void
test_no_object(void **state)
{
	static const char *const texts[] = {"null", "1", "\"x\"", "[{}]"};
	struct arena *a = arena_new(NULL);
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(texts); i++)
		assert_null(read_text(a, texts[i]));
	arena_free(a);
}

static void
test_kinds(void **state)
{
	const char *name;
	int kind;

	(void)state;
	for (kind = NODE_ROOT; kind < NODE__MAX; kind++) {
		name = ast_kind_name((enum node_kind)kind);
		assert_int_equal(
		    ast_kind((struct str){name, strlen(name)}), kind);
	}
	assert_int_equal(ast_kind(STR("")), NODE_UNKNOWN);
	assert_int_equal(ast_kind(STR("Root")), NODE_UNKNOWN);
}

static int
read_nested(int levels, struct err *err)
{
	struct arena *a = arena_new(NULL);
	struct json_in in;
	struct node *root;
	struct buf b;
	int i, rc;

	buf_init(&b, 1 << 20);
	for (i = 0; i < levels; i++)
		buf_adds(&b, "{\"children\":[");
	for (i = 0; i < levels; i++)
		buf_adds(&b, "]}");
	json_in_init(&in, (struct str){buf_str(&b), b.len}, err);
	rc = ast_read(&in, a, &root, err);
	if (rc == 0)
		assert_int_equal(json_in_finish(&in), 0);
	json_in_free(&in);
	buf_free(&b);
	arena_free(a);
	return rc;
}

static void
test_depth(void **state)
{
	struct err err = {0};

	(void)state;
	assert_int_equal(read_nested(LIMIT_AST_DEPTH, &err), 0);
	assert_int_equal(read_nested(LIMIT_AST_DEPTH + 1, &err), -1);
	assert_int_equal(err.code, ERR_REQUEST);
	assert_string_equal(
	    err.msg, "the tree is nested deeper than 256 levels");
	err_free(&err);
}

static void
test_bad(void **state)
{
	static const char text[] =
	    "{\"type\":\"root\",\"children\":[{\"type\":\"x\",\"data\":{"
	    "\"estree\":{\"body\":[{\"expression\":{\"type\":\"X\"}}]}},"
	    "\"attributes\":[{\"value\":{\"value\":\"v\"}}],\"position\":{}}]}";
	struct arena *a = arena_new(NULL);
	struct err reader = {0}, err = {0};
	struct json_in in;
	struct node *root;
	size_t len;

	(void)state;
	for (len = 0; len < sizeof(text) - 1; len++) {
		char *part = arena_strndup(a, text, len);

		json_in_init(&in, (struct str){part, len}, &reader);
		assert_int_equal(ast_read(&in, a, &root, &err), -1);
		assert_int_equal(err.code, ERR_REQUEST);
		assert_string_equal(err.msg, reader.msg);
		json_in_free(&in);
		err_free(&reader);
		err_free(&err);
	}
	assert_non_null(read_tree(a, STR(text)));
	arena_free(a);
}

/* The same tree without what is passed over: positions become an empty object,
 * an estree its arrow function. */
static void
thin(json_t *json)
{
	json_t *value, *expression;
	const char *key;
	size_t i;

	json_array_foreach(json, i, value)
	{
		thin(value);
	}
	if (json_is_object(json_object_get(json, "position")))
		json_object_set_new(json, "position", json_object());
	value = json_object_get(json_object_get(json, "data"), "estree");
	expression = json_object_get(
	    json_array_get(json_object_get(value, "body"), 0), "expression");
	json_object_del(expression, "body");
	json_object_del(value, "comments");
	json_object_foreach(json, key, value)
	{
		if (strcmp(key, "data") != 0)
			thin(value);
	}
}

static void
compare_file(const char *path)
{
	static char text[1 << 20];
	struct arena *a = arena_new(NULL);
	struct buf whole, lean, json;
	struct err err = {0};
	json_t *tree;
	size_t len;
	FILE *f = fopen(path, "rb");

	assert_non_null(f);
	len = fread(text, 1, sizeof(text), f);
	(void)fclose(f);
	assert_true(len < sizeof(text));
	buf_init(&whole, 1 << 24);
	buf_init(&lean, 1 << 24);
	buf_init(&json, 1 << 24);
	tree = json_read((struct str){text, len}, &err);
	assert_non_null(tree);
	thin(tree);
	json_print(&json, tree);
	json_decref(tree);
	show(a, &whole, read_tree(a, (struct str){text, len}));
	show(a, &lean, read_text(a, buf_str(&json)));
	assert_string_equal(buf_str(&whole), buf_str(&lean));
	buf_free(&whole);
	buf_free(&lean);
	buf_free(&json);
	arena_free(a);
}

static void
test_recorded(void **state)
{
	const char *srcdir = getenv("srcdir");
	char pattern[4096];
	glob_t found;
	size_t i;

	(void)state;
	(void)snprintf(pattern, sizeof(pattern),
	    "%s/tests/data/template/*/ast.json", srcdir != NULL ? srcdir : ".");
	assert_int_equal(glob(pattern, 0, NULL, &found), 0);
	assert_true(found.gl_pathc > 100);
	for (i = 0; i < found.gl_pathc; i++)
		compare_file(found.gl_pathv[i]);
	globfree(&found);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_trees),
	    cmocka_unit_test(test_no_object),
	    cmocka_unit_test(test_kinds),
	    cmocka_unit_test(test_depth),
	    cmocka_unit_test(test_bad),
	    cmocka_unit_test(test_recorded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
