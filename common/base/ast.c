/* Reads the tree of a prompt from JSON text.  Most of that text is `position`
 * and `data`, which are passed over.  It refuses to judge the tree: what is
 * missing or of the wrong type reads as absent. */
#include "ast.h"

#include "ast_in.h"
#include "limits.h"
#include "utf.h"
#include "xalloc.h"

#include <stdlib.h>
#include <string.h>

static const struct str kinds[] = {
    [NODE_UNKNOWN] = NAME(""),
    [NODE_ROOT] = NAME("root"),
    [NODE_YAML] = NAME("yaml"),
    [NODE_PARAGRAPH] = NAME("paragraph"),
    [NODE_HEADING] = NAME("heading"),
    [NODE_BLOCKQUOTE] = NAME("blockquote"),
    [NODE_LIST] = NAME("list"),
    [NODE_LIST_ITEM] = NAME("listItem"),
    [NODE_CODE] = NAME("code"),
    [NODE_DEFINITION] = NAME("definition"),
    [NODE_THEMATIC_BREAK] = NAME("thematicBreak"),
    [NODE_HTML] = NAME("html"),
    [NODE_ESM] = NAME("mdxjsEsm"),
    [NODE_TEXT] = NAME("text"),
    [NODE_EMPHASIS] = NAME("emphasis"),
    [NODE_STRONG] = NAME("strong"),
    [NODE_INLINE_CODE] = NAME("inlineCode"),
    [NODE_BREAK] = NAME("break"),
    [NODE_LINK] = NAME("link"),
    [NODE_IMAGE] = NAME("image"),
    [NODE_LINK_REFERENCE] = NAME("linkReference"),
    [NODE_IMAGE_REFERENCE] = NAME("imageReference"),
    [NODE_FLOW_ELEMENT] = NAME("mdxJsxFlowElement"),
    [NODE_TEXT_ELEMENT] = NAME("mdxJsxTextElement"),
    [NODE_FLOW_EXPRESSION] = NAME("mdxFlowExpression"),
    [NODE_TEXT_EXPRESSION] = NAME("mdxTextExpression"),
};
_Static_assert(ARRAY_LEN(kinds) == NODE__MAX, "a name for every kind");

enum node_kind
ast_kind(struct str type)
{
	size_t i;

	for (i = NODE_ROOT; i < ARRAY_LEN(kinds); i++)
		if (type.len == kinds[i].len &&
		    memcmp(type.p, kinds[i].p, type.len) == 0)
			return (enum node_kind)i;
	return NODE_UNKNOWN;
}

const char *
ast_kind_name(enum node_kind kind)
{
	return kinds[kind].p;
}

const char *const ast_reference_names[] = {
    [REF_NONE] = NULL,
    [REF_SHORTCUT] = "shortcut",
    [REF_COLLAPSED] = "collapsed",
    [REF_FULL] = "full",
};
_Static_assert(ARRAY_LEN(ast_reference_names) == REF__MAX, "a name for each");

static const struct member *
find_member(const struct member *members, size_t n, struct str key)
{
	const struct member *m;

	for (m = members; m < members + n; m++)
		if (m->key.len == key.len && m->key.p[0] == key.p[0] &&
		    memcmp(m->key.p, key.p, key.len) == 0)
			return m;
	return NULL;
}

int
ast_in_members(
    struct reader *r, const struct member *members, size_t n, void *of)
{
	const struct member *m;
	struct str key;
	int more, rc;

	if (json_in_enter(r->in) != 0)
		return -1;
	while ((more = json_in_key(r->in, &key)) > 0) {
		m = find_member(members, n, key);
		rc = m != NULL ? m->read(r, (char *)of + m->offset)
			       : json_in_skip(r->in);
		if (rc < 0)
			return -1;
		if (rc > 0)
			return json_in_leave(r->in);
	}
	return more;
}

int
ast_in_text(struct reader *r, void *to)
{
	struct str16 *out = to;
	struct str s;

	*out = (struct str16){NULL, 0};
	if (json_in_peek(r->in) != JSON_IN_STRING)
		return json_in_skip(r->in);
	if (json_in_string(r->in, &s) != 0)
		return -1;
	*out = utf16_from(r->a, s);
	return 0;
}

/* A struct js. */
static int
read_value(struct reader *r, void *to)
{
	return json_in_js(r->in, r->a, to);
}

/* A bool: whether there is a position. */
static int
read_position(struct reader *r, void *to)
{
	bool *there = to;

	*there = json_in_peek(r->in) == JSON_IN_OBJECT;
	return json_in_skip(r->in);
}

int
ast_in_is(struct reader *r, const char *text, bool *out)
{
	struct str s;

	*out = false;
	if (json_in_peek(r->in) != JSON_IN_STRING)
		return json_in_skip(r->in);
	if (json_in_string(r->in, &s) != 0)
		return -1;
	*out = str_is(s, text);
	return 0;
}

static int
attr_type(struct reader *r, void *of)
{
	struct attr *attr = of;
	bool spread;

	if (ast_in_is(r, "mdxJsxExpressionAttribute", &spread) != 0)
		return -1;
	if (spread)
		attr->kind = ATTR_SPREAD;
	return 0;
}

/* A number or a boolean, which only hand-made trees have, is its text. */
static int
scalar_value(struct reader *r, struct attr *attr)
{
	struct js v;

	if (json_in_js(r->in, r->a, &v) != 0)
		return -1;
	if (v.type != JS_NULL)
		attr->value = js_to_string(r->a, v);
	return 0;
}

static int
attr_value(struct reader *r, void *of)
{
	static const struct member members[] = {
	    {NAME("value"), ast_in_text, offsetof(struct attr, value)},
	};
	struct attr *attr = of;
	enum attr_kind kind = ATTR_STRING;
	int rc;

	attr->value = (struct str16){NULL, 0};
	switch (json_in_peek(r->in)) {
	case JSON_IN_OBJECT:
		kind = ATTR_EXPRESSION;
		rc = ast_in_members(r, members, ARRAY_LEN(members), attr);
		break;
	case JSON_IN_ARRAY:
		rc = json_in_skip(r->in);
		break;
	default:
		rc = scalar_value(r, attr);
		break;
	}
	if (attr->value.p == NULL)
		kind = ATTR_NULL;
	if (attr->kind != ATTR_SPREAD)
		attr->kind = kind;
	return rc;
}

static int
read_attr(struct reader *r, struct node *node, size_t *cap)
{
	static const struct member members[] = {
	    {NAME("type"), attr_type, 0},
	    {NAME("name"), ast_in_text, offsetof(struct attr, name)},
	    {NAME("value"), attr_value, 0},
	    {NAME("position"), read_position,
		offsetof(struct attr, has_position)},
	};
	struct attr attr = {0}, *attrs = (struct attr *)(uintptr_t)node->attrs;

	if (json_in_peek(r->in) != JSON_IN_OBJECT)
		return json_in_skip(r->in);
	if (ast_in_members(r, members, ARRAY_LEN(members), &attr) != 0)
		return -1;
	if (node->n_attrs == *cap) {
		*cap = *cap == 0 ? 2 : *cap * 2;
		attrs = arena_grow(
		    r->a, attrs, node->n_attrs, *cap, sizeof(*attrs));
		node->attrs = attrs;
	}
	attrs[node->n_attrs++] = attr;
	return 0;
}

static int
node_attributes(struct reader *r, void *of)
{
	struct node *node = of;
	size_t cap = 0;
	int more;

	node->attrs = NULL;
	node->n_attrs = 0;
	if (json_in_peek(r->in) != JSON_IN_ARRAY)
		return json_in_skip(r->in);
	if (json_in_enter(r->in) != 0)
		return -1;
	while ((more = json_in_item(r->in)) > 0)
		if (read_attr(r, node, &cap) != 0)
			return -1;
	return more;
}

static int read_node(struct reader *r, struct node **out);

static void
push_child(struct reader *r, struct node *child)
{
	if (r->n == r->cap) {
		r->cap = r->cap == 0 ? 64 : r->cap * 2;
		r->stack = xrealloc(r->stack, xmul(r->cap, sizeof(*r->stack)));
	}
	r->stack[r->n++] = child;
}

static int
node_children(struct reader *r, void *of)
{
	struct node *node = of, *child;
	size_t base = r->n;
	int more;

	node->children = NULL;
	node->n_children = 0;
	node->has_children = json_in_peek(r->in) == JSON_IN_ARRAY;
	if (!node->has_children)
		return json_in_skip(r->in);
	if (json_in_enter(r->in) != 0)
		return -1;
	while ((more = json_in_item(r->in)) > 0) {
		if (read_node(r, &child) != 0)
			return -1;
		push_child(r, child);
	}
	if (more < 0)
		return -1;
	node->n_children = r->n - base;
	if (node->n_children != 0)
		node->children = arena_dup(r->a, r->stack + base,
		    node->n_children * sizeof(*r->stack));
	r->n = base;
	return 0;
}

static int
node_type(struct reader *r, void *of)
{
	struct node *node = of;
	struct str s;

	if (json_in_peek(r->in) != JSON_IN_STRING)
		return json_in_skip(r->in);
	if (json_in_string(r->in, &s) != 0)
		return -1;
	node->kind = ast_kind(s);
	if (node->kind == NODE_UNKNOWN)
		node->type = utf16_from(r->a, s);
	else if (r->types[node->kind].p == NULL)
		node->type = r->types[node->kind] = utf16_from(r->a, s);
	else
		node->type = r->types[node->kind];
	return 0;
}

static int
node_start(struct reader *r, void *of)
{
	struct node *node = of;

	node->start = JS_UNDEF;
	switch (json_in_peek(r->in)) {
	case JSON_IN_NUMBER:
	case JSON_IN_NULL:
		return json_in_js(r->in, r->a, &node->start);
	default:
		return json_in_skip(r->in);
	}
}

static int
node_depth(struct reader *r, void *of)
{
	enum { MOST = 1000 }; /* markdown knows six */
	struct node *node = of;
	double d;

	node->depth = 0;
	if (json_in_peek(r->in) != JSON_IN_NUMBER)
		return json_in_skip(r->in);
	if (json_in_number(r->in, &d) != 0)
		return -1;
	if (d > 0)
		node->depth = d < MOST ? (unsigned)d : MOST;
	return 0;
}

/* Truth; ABSENT tells null, which the serializer takes for missing. */
static int
read_flag(struct reader *r, bool *truth, bool *absent)
{
	struct js v;

	*absent = json_in_peek(r->in) == JSON_IN_NULL;
	if (json_in_js(r->in, r->a, &v) != 0)
		return -1;
	*truth = js_truthy(v);
	return 0;
}

static int
node_ordered(struct reader *r, void *of)
{
	struct node *node = of;
	bool absent;

	return read_flag(r, &node->ordered, &absent);
}

static int
node_spread(struct reader *r, void *of)
{
	struct node *node = of;
	bool truth, absent;

	if (read_flag(r, &truth, &absent) != 0)
		return -1;
	node->spread = truth ? TRI_TRUE : TRI_FALSE;
	if (absent)
		node->spread = TRI_ABSENT;
	return 0;
}

static int
node_reference(struct reader *r, void *of)
{
	struct node *node = of;
	struct str16 text;
	size_t i;

	node->reference = REF_NONE;
	if (ast_in_text(r, &text) != 0)
		return -1;
	for (i = REF_SHORTCUT; i < REF__MAX; i++)
		if (str16_is(text, ast_reference_names[i]))
			node->reference = (enum node_reference)i;
	return 0;
}

#define IN_NODE(field) offsetof(struct node, field)

/* The frequent ones first. */
static const struct member node_members[] = {
    {NAME("type"), node_type, 0},
    {NAME("value"), read_value, IN_NODE(value)},
    {NAME("position"), read_position, IN_NODE(has_position)},
    {NAME("children"), node_children, 0},
    {NAME("data"), ast_in_data, IN_NODE(arrow)},
    {NAME("name"), ast_in_text, IN_NODE(name)},
    {NAME("attributes"), node_attributes, 0},
    {NAME("ordered"), node_ordered, 0},
    {NAME("start"), node_start, 0},
    {NAME("spread"), node_spread, 0},
    {NAME("depth"), node_depth, 0},
    {NAME("url"), ast_in_text, IN_NODE(url)},
    {NAME("title"), ast_in_text, IN_NODE(title)},
    {NAME("alt"), ast_in_text, IN_NODE(alt)},
    {NAME("lang"), ast_in_text, IN_NODE(lang)},
    {NAME("meta"), ast_in_text, IN_NODE(meta)},
    {NAME("identifier"), ast_in_text, IN_NODE(identifier)},
    {NAME("label"), ast_in_text, IN_NODE(label)},
    {NAME("referenceType"), node_reference, 0},
};

/* A child that is no object stands as a node of no type. */
static int
read_node(struct reader *r, struct node **out)
{
	struct node *node = arena_zalloc(r->a, sizeof(*node));
	int rc;

	*out = node;
	node->type = r->types[NODE_UNKNOWN];
	if (json_in_peek(r->in) != JSON_IN_OBJECT)
		return json_in_skip(r->in);
	if (r->depth == LIMIT_AST_DEPTH) {
		r->in->p = r->in->end;
		return fail(r->in->err, ERR_REQUEST,
		    "the tree is nested deeper than %d levels",
		    LIMIT_AST_DEPTH);
	}
	r->depth++;
	rc = ast_in_members(r, node_members, ARRAY_LEN(node_members), node);
	r->depth--;
	return rc;
}

int
ast_read(
    struct json_in *in, struct arena *a, struct node **root, struct err *err)
{
	struct reader r = {.in = in, .a = a};
	int rc;

	*root = NULL;
	r.types[NODE_UNKNOWN] = utf16_lit(a, "");
	if (json_in_peek(in) == JSON_IN_OBJECT)
		rc = read_node(&r, root);
	else
		rc = json_in_skip(in);
	free(r.stack);
	if (rc != 0 && err->code == ERR_NONE)
		(void)fail(err, in->err->code, "%s", in->err->msg);
	return rc;
}
