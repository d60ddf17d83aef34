/* Makes the nodes of the tree. */
#include "mdx_int.h"

#include "../base/utf.h"

static bool
is_parent(enum node_kind kind)
{
	switch (kind) {
	case NODE_ROOT:
	case NODE_PARAGRAPH:
	case NODE_HEADING:
	case NODE_BLOCKQUOTE:
	case NODE_LIST:
	case NODE_LIST_ITEM:
	case NODE_EMPHASIS:
	case NODE_STRONG:
	case NODE_LINK:
	case NODE_LINK_REFERENCE:
	case NODE_FLOW_ELEMENT:
	case NODE_TEXT_ELEMENT:
		return true;
	default:
		return false;
	}
}

struct node *
mdx_node(struct mdx *m, enum node_kind kind)
{
	struct node *node = arena_zalloc(m->arena, sizeof(*node));

	node->kind = kind;
	node->type = m->types[kind];
	node->has_position = true;
	node->has_children = is_parent(kind);
	return node;
}

void
mdx_adopt(struct mdx *m, struct node *parent, struct node *child)
{
	size_t n = parent->n_children;

	/* Room doubles whenever a power of two is reached. */
	if ((n & (n - 1)) == 0)
		parent->children = arena_grow(m->arena, parent->children, n,
		    n != 0 ? 2 * n : 1, sizeof(struct node *));
	parent->children[n] = child;
	parent->n_children++;
}

struct node *
mdx_expression(struct mdx *m, enum node_kind kind, struct str16 value)
{
	struct node *node = mdx_node(m, kind);

	node->value = js_string(value);
	node->arrow = arrow_find(m->arena, value);
	return node;
}

struct node *
mdx_element(struct mdx *m, enum node_kind kind, const struct mdx_tag *tag)
{
	struct node *node = mdx_node(m, kind);

	node->name = tag->name;
	node->attrs = tag->attrs;
	node->n_attrs = tag->n_attrs;
	return node;
}

static struct ast_point
point(const struct mdx *m, struct mdx_place at)
{
	return (struct ast_point){
	    at.line, at.column, m->lines[at.line - 1].at + at.column - 1};
}

const struct ast_span *
mdx_locate(struct mdx *m, struct mdx_place start, struct mdx_place end)
{
	struct ast_span *span;

	if (!m->is_file)
		return NULL;
	span = arena_alloc(m->arena, sizeof(*span));
	*span = (struct ast_span){point(m, start), point(m, end)};
	return span;
}

/* What the reference drops from a document (1.4): a value that is trimmed and
 * then begins and ends like one comment. */
bool
mdx_is_comment(struct str16 value)
{
	struct str16 s = str16_trim(value);

	if (s.len < 2 || s.p[0] != '/')
		return false;
	if (s.p[1] == '/')
		return true;
	return s.p[1] == '*' && s.len >= 4 && s.p[s.len - 2] == '*' &&
	       s.p[s.len - 1] == '/';
}

const struct mdx_use *
mdx_note(struct mdx *m, const struct node *node, struct mdx_place at,
    const struct mdx_tag *parent)
{
	struct mdx_use *use;
	size_t n = m->n_uses;

	if (!m->is_file)
		return NULL;
	use = arena_alloc(m->arena, sizeof(*use));
	*use = (struct mdx_use){node, at, parent != NULL ? parent->use : NULL};
	/* Room doubles whenever a power of two is reached. */
	if ((n & (n - 1)) == 0)
		m->uses = arena_grow(
		    m->arena, m->uses, n, n != 0 ? 2 * n : 1, sizeof(*m->uses));
	m->uses[n] = use;
	m->n_uses++;
	return use;
}
