/* The Markdown printer: its entry, which handler prints which node, and the
 * two ways to print children, one below the other and one after the other
 * (templatedx.md 5.1 to 5.4).  It refuses to know how a node looks. */
#include "markdown.h"

#include "md.h"
#include "../base/limits.h"
#include "../base/utf.h"

static md_handler *const handlers[NODE__MAX] = {
    [NODE_ROOT] = md_root,
    [NODE_PARAGRAPH] = md_paragraph,
    [NODE_HEADING] = md_heading,
    [NODE_BLOCKQUOTE] = md_blockquote,
    [NODE_LIST] = md_list,
    [NODE_LIST_ITEM] = md_list_item,
    [NODE_CODE] = md_code,
    [NODE_DEFINITION] = md_definition,
    [NODE_THEMATIC_BREAK] = md_thematic_break,
    [NODE_HTML] = md_verbatim,
    [NODE_ESM] = md_verbatim,
    [NODE_TEXT] = md_plain,
    [NODE_EMPHASIS] = md_attention,
    [NODE_STRONG] = md_attention,
    [NODE_INLINE_CODE] = md_inline_code,
    [NODE_BREAK] = md_break,
    [NODE_LINK] = md_link,
    [NODE_IMAGE] = md_image,
    [NODE_LINK_REFERENCE] = md_link_reference,
    [NODE_IMAGE_REFERENCE] = md_image_reference,
    [NODE_FLOW_ELEMENT] = md_element,
    [NODE_TEXT_ELEMENT] = md_element,
    [NODE_FLOW_EXPRESSION] = md_expression,
    [NODE_TEXT_EXPRESSION] = md_expression,
};

/* Nodes that the reference knows as phrasing and cannot print. */
static const char *const strangers[] = {
    "delete",
    "footnote",
    "footnoteReference",
    "inlineMath",
    "textDirective",
};

static const uint32_t phrasing_kinds =
    1u << NODE_TEXT | 1u << NODE_EMPHASIS | 1u << NODE_STRONG |
    1u << NODE_INLINE_CODE | 1u << NODE_BREAK | 1u << NODE_LINK |
    1u << NODE_IMAGE | 1u << NODE_LINK_REFERENCE | 1u << NODE_IMAGE_REFERENCE |
    1u << NODE_TEXT_ELEMENT | 1u << NODE_TEXT_EXPRESSION;
_Static_assert(NODE__MAX <= 32, "a set of kinds fits");

/* Nodes that were made here may have a kind and no type. */
static int
unknown_node(struct md *m, const struct node *n)
{
	struct str type;

	if (n->type.len == 0 && n->kind == NODE_UNKNOWN)
		return fail(m->err, ERR_PROMPT,
		    "Cannot handle value `[object Object]`, expected node");
	if (n->type.len == 0)
		return fail(m->err, ERR_PROMPT,
		    "Cannot handle unknown node `%s`", ast_kind_name(n->kind));
	type = utf8_from(m->arena, n->type);
	return fail(m->err, ERR_PROMPT, "Cannot handle unknown node `%s`",
	    arena_strndup(m->arena, type.p, type.len));
}

static int
check_limits(struct md *m)
{
	if (buf_full(&m->out))
		return fail(m->err, ERR_PROMPT,
		    "the rendered text is larger than %u bytes",
		    LIMIT_RENDER_BYTES);
	if (m->steps > LIMIT_PRINT_STEPS)
		return fail(m->err, ERR_PROMPT,
		    "the prompt is too intricate to be printed");
	return 0;
}

int
md_handle(struct md *m, const struct node *n, const struct node *parent,
    const struct md_edge *e)
{
	struct md_place place = m->state.place;
	md_handler *handler = handlers[n->kind];
	int rc;

	if (handler == NULL)
		return unknown_node(m, n);
	if (m->depth >= LIMIT_PRINT_DEPTH)
		return fail(m->err, ERR_PROMPT,
		    "the prompt is nested deeper than %d levels",
		    LIMIT_PRINT_DEPTH);
	m->depth++;
	m->steps++;
	rc = handler(m, n, parent, e);
	m->depth--;
	m->state.place = place;
	return rc != 0 ? rc : check_limits(m);
}

/* Two blocks with nothing between them would be read as one. */
static bool
must_part(struct md *m, const struct node *left, const struct node *right)
{
	if (left->kind != NODE_PARAGRAPH)
		return false;
	return right->kind == NODE_PARAGRAPH ||
	       right->kind == NODE_DEFINITION ||
	       (right->kind == NODE_HEADING && md_is_setext(m, right));
}

static const char *
separator(struct md *m, const struct node *parent, size_t i)
{
	const struct node *left = parent->children[i];

	if (parent->spread != TRI_FALSE ||
	    must_part(m, left, parent->children[i + 1]))
		return "\n\n";
	return "\n";
}

/* ZEROS are the parent's own. */
static void
enter_child(struct md *m, unsigned zeros, size_t i)
{
	m->state.place.zeros = (zeros << 1 | (i == 0)) & 7;
}

static int
flow_child(struct md *m, const struct node *parent, size_t i, bool jsx)
{
	const struct md_edge lines = {md_side("\n"), md_side("\n")};
	const struct md_prefix prefix = {"", "", 2 * m->state.place.jsx};
	const struct node *child = parent->children[i];
	size_t start = md_len(m);

	m->index = i;
	if (md_handle(m, child, parent, &lines) != 0)
		return -1;
	if (jsx && child->kind != NODE_FLOW_ELEMENT)
		md_indent(m, start, &prefix, &prefix);
	if (child->kind != NODE_LIST)
		m->state.bullet_used = 0;
	return 0;
}

int
md_flow(struct md *m, const struct node *parent, bool jsx)
{
	unsigned zeros = m->state.place.zeros;
	size_t i;

	for (i = 0; i < parent->n_children; i++) {
		enter_child(m, zeros, i);
		if (flow_child(m, parent, i, jsx) != 0)
			return -1;
		if (i + 1 < parent->n_children)
			md_puts(m, jsx ? "\n\n" : separator(m, parent, i));
	}
	return 0;
}

/* What stands left and right in a row of children. */
struct row {
	struct md_edge edge; /* of the child that is printed */
	bool has_left;
	bool encode; /* the next unit, when it is this one: */
	uint16_t encode_unit;
};

/* Does what the child from START on, and an emphasis before it, ask for. */
static void
encode_edges(struct md *m, struct row *row, size_t start)
{
	struct md_attention asked = m->state.attention;
	const struct md_side *after = &row->edge.after;

	m->state.attention = (struct md_attention){false, false};
	if (row->encode && md_len(m) > start &&
	    md_units(m)[start] == row->encode_unit)
		md_refer(m, start);
	row->encode = asked.after && after->n > 0;
	row->encode_unit = after->units[0];
	if (!asked.before || !row->has_left)
		return;
	if (row->edge.before.n > 0)
		md_refer(m, start - 1);
	else
		md_refer_to_nothing(m, start);
}

/* Prints child I, between what the row says. */
static int
row_child(struct md *m, const struct node *parent, size_t i, struct row *row)
{
	size_t start = md_len(m);
	bool empty;

	if (md_handle(m, parent->children[i], parent, &row->edge) != 0)
		return -1;
	empty = md_len(m) == start;
	encode_edges(m, row, start);
	row->has_left = true;
	row->edge.before = (struct md_side){{0, 0}, 0};
	if (!empty)
		row->edge.before =
		    (struct md_side){{md_units(m)[md_len(m) - 1], 0}, 1};
	return 0;
}

int
md_phrasing(struct md *m, const struct node *parent, const struct md_edge *e)
{
	struct row row = {.edge = *e};
	unsigned zeros = m->state.place.zeros;
	size_t i, n = parent->n_children;

	for (i = 0; i < n; i++) {
		enter_child(m, zeros, i);
		row.edge.after = e->after;
		if (i + 1 < n && md_peek(m, parent->children[i + 1], parent,
				     &row.edge.after) != 0)
			return -1;
		if (row_child(m, parent, i, &row) != 0)
			return -1;
	}
	return 0;
}

static bool
is_phrasing(const struct node *n)
{
	size_t i;

	if (n->kind != NODE_UNKNOWN)
		return (phrasing_kinds >> n->kind & 1) != 0;
	for (i = 0; i < ARRAY_LEN(strangers); i++)
		if (str16_is(n->type, strangers[i]))
			return true;
	return false;
}

int
md_root(struct md *m, const struct node *n, const struct node *parent,
    const struct md_edge *e)
{
	size_t i;

	(void)parent;
	for (i = 0; i < n->n_children; i++)
		if (is_phrasing(n->children[i]))
			return md_phrasing(m, n, e);
	return md_flow(m, n, false);
}

static int
print_root(struct md *m, const struct node *root)
{
	const struct md_edge lines = {md_side("\n"), md_side("\n")};

	if (md_root(m, root, NULL, &lines) != 0)
		return -1;
	if (md_len(m) > 0 && !md_is_eol(md_units(m)[md_len(m) - 1]))
		md_puts(m, "\n");
	return check_limits(m);
}

int
markdown_print(struct arena *a, const struct node *root, struct str16 *out,
    struct err *err)
{
	struct md m = {.err = err, .arena = arena_new(a)};
	int rc;

	buf_init(&m.out, LIMIT_RENDER_BYTES);
	buf_init(&m.text, LIMIT_RENDER_BYTES);
	buf_init(&m.hits, LIMIT_RENDER_BYTES);
	md_safe_init(&m);
	rc = print_root(&m, root);
	if (rc == 0) {
		out->p = arena_dup(a, m.out.data, m.out.len);
		out->len = md_len(&m);
	}
	buf_free(&m.out);
	buf_free(&m.text);
	buf_free(&m.hits);
	arena_free(m.arena);
	return rc;
}
