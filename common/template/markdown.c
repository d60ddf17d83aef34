/* The Markdown printer: its entry, which handler prints which node, and the
 * printing of blocks, one below the other (templatedx.md 5.1 to 5.3).  It
 * refuses to know how a node looks. */
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
md_handle_with(struct md *m, md_handler *handler, const struct node *n,
    const struct node *parent, const struct md_edge *e)
{
	struct md_place place = m->state.place;
	int rc;

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

int
md_handle(struct md *m, const struct node *n, const struct node *parent,
    const struct md_edge *e)
{
	if (handlers[n->kind] == NULL)
		return unknown_node(m, n);
	return md_handle_with(m, handlers[n->kind], n, parent, e);
}

int
md_attention(struct md *m, const struct node *n, const struct node *parent,
    const struct md_edge *e)
{
	if (m->style == MARKDOWN_2_2)
		return md_mix_attention(m, n, parent, e);
	return md_row_attention(m, n, parent, e);
}

int
md_phrasing(struct md *m, const struct node *parent, const struct md_edge *e)
{
	if (m->style == MARKDOWN_2_2)
		return md_mix(m, parent, e);
	return md_row(m, parent, e);
}

void
md_enter_child(struct md *m, unsigned zeros, size_t i)
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
		md_enter_child(m, zeros, i);
		if (flow_child(m, parent, i, jsx) != 0)
			return -1;
		if (i + 1 < parent->n_children)
			md_puts(m, jsx ? "\n\n" : md_separator(m, parent, i));
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
			break;
	if (i == n->n_children)
		return md_flow(m, n, false);
	if (m->style == MARKDOWN_2_2)
		md_enter(m, C_PHRASING);
	return md_phrasing(m, n, e);
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
markdown_print(struct arena *a, const struct node *root,
    enum markdown_style style, struct str16 *out, struct err *err)
{
	struct md m = {.err = err, .arena = arena_new(a), .style = style};
	int rc;

	buf_init(&m.out, LIMIT_RENDER_BYTES);
	buf_init(&m.text, LIMIT_RENDER_BYTES);
	buf_init(&m.hits, LIMIT_RENDER_BYTES);
	buf_init(&m.pieces, LIMIT_RENDER_BYTES);
	md_safe_init(&m);
	rc = print_root(&m, root);
	if (rc == 0) {
		out->p = arena_dup(a, m.out.data, m.out.len);
		out->len = md_len(&m);
	}
	buf_free(&m.out);
	buf_free(&m.text);
	buf_free(&m.hits);
	buf_free(&m.pieces);
	arena_free(m.arena);
	return rc;
}
