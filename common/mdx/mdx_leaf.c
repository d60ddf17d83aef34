/* Leaves of the block structure: paragraphs, headings, rules and fenced code
 * (templatedx.md 6.3).  Text is put aside for mdx_inline.c. */
#include "mdx_int.h"

#include "mdx_entity.h"

static void
add_pending(struct mdx *m, struct node *node, const struct mdx_chunk *text,
    size_t from, const char *kind)
{
	struct mdx_pending *pending;

	if (m->n_pending == m->cap_pending) {
		m->cap_pending = m->cap_pending != 0 ? 2 * m->cap_pending : 64;
		m->pending = arena_grow(m->work, m->pending, m->n_pending,
		    m->cap_pending, sizeof(*m->pending));
	}
	pending = &m->pending[m->n_pending++];
	*pending = (struct mdx_pending){.node = node,
	    .text = *text,
	    .from = from,
	    .tag = m->open[m->n_open - 1].tag,
	    .depth = m->n_open,
	    .kind = kind};
	mdx_adopt(m, mdx_parent(m), node);
}

static struct node *
add_heading(struct mdx *m, const struct mdx_chunk *text, size_t from,
    unsigned depth, const char *kind)
{
	struct node *node = mdx_node(m, NODE_HEADING);

	node->depth = depth;
	add_pending(m, node, text, from, kind);
	return node;
}

/* A new leaf ends the one before it; if its line was a lazy one, the
 * containers that it does not continue end too. */
void
mdx_begin_leaf(struct mdx *m)
{
	mdx_leaf_close(m, false);
	if (m->lazy)
		mdx_close_containers(m, m->n_continued);
	m->lazy = false;
}

/* --- fenced code */

static size_t
run_length(const struct mdx *m, size_t p, size_t end)
{
	size_t start = p;

	while (p < end && m->text.p[p] == m->text.p[start])
		p++;
	return p - start;
}

static bool
has_unit(const struct mdx *m, size_t p, size_t end, unsigned unit)
{
	while (p < end && m->text.p[p] != unit)
		p++;
	return p < end;
}

static struct str16
info_part(struct mdx *m, size_t p, size_t end)
{
	if (p == end)
		return (struct str16){0};
	return mdx_decode(
	    m->arena, mdx_unexpand(m->arena, m->text.p + p, end - p));
}

static void
read_info(struct mdx *m, struct node *node, size_t p, size_t end)
{
	size_t q;

	p = mdx_skip_space(m, p, end);
	for (q = p; q < end && !mdx_is_space(m->text.p[q]); q++)
		;
	node->lang = info_part(m, p, q);
	node->meta = info_part(m, mdx_skip_space(m, q, end), end);
}

static bool
open_code(struct mdx *m, size_t indent, size_t p, size_t end)
{
	uint16_t marker = m->text.p[p];
	size_t n = run_length(m, p, end);

	if (n < 3 || (marker == '`' && has_unit(m, p + n, end, '`')))
		return false;
	mdx_begin_leaf(m);
	m->leaf = (struct mdx_leaf){
	    .kind = LEAF_CODE, .marker = marker, .fence = n, .indent = indent};
	m->leaf.start = mdx_place_at(m, m->line, p);
	m->leaf.text.arena = m->work;
	m->leaf.node = mdx_node(m, NODE_CODE);
	read_info(m, m->leaf.node, p + n, end);
	mdx_adopt(m, mdx_parent(m), m->leaf.node);
	mdx_chunk_add(
	    &m->leaf.text, m->text.p + end, m->lines[m->line].eol, m->line, 1);
	return true;
}

static bool
closes_code(const struct mdx *m, size_t p, size_t end)
{
	size_t n;

	p = mdx_skip_space(m, p, end);
	if (p == end || m->text.p[p] != m->leaf.marker)
		return false;
	n = run_length(m, p, end);
	return n >= m->leaf.fence && mdx_is_blank(m, p + n, end);
}

static void
code_line(struct mdx *m, size_t p)
{
	const struct mdx_line *line = &m->lines[m->line];
	size_t start = p;

	if (closes_code(m, p, line->end)) {
		mdx_leaf_close(m, false);
		m->leaf.node->span =
		    mdx_locate(m, m->leaf.start, mdx_line_end(m, m->line));
		return;
	}
	while (p < line->end && p - start < m->leaf.indent &&
	       mdx_is_space(m->text.p[p]))
		p++;
	m->leaf.stops = start == line->end && line->eol == 0;
	mdx_chunk_add(&m->leaf.text, m->text.p + p, line->end + line->eol - p,
	    m->line, 1);
}

static size_t
drop_eol(const struct mdx_chunk *c, size_t n)
{
	if (n == 0 || !mdx_is_eol(c->p[n - 1]))
		return n;
	if (n > 1 && c->p[n - 1] == '\n' && c->p[n - 2] == '\r')
		return n - 2;
	return n - 1;
}

/* The line end behind the fence and the one before the other fence are not
 * part of the code; one that a lazy line ended lost its last already. */
static void
close_code(struct mdx *m, bool lazily)
{
	struct mdx_chunk *c = &m->leaf.text;
	struct mdx_place end =
	    mdx_line_start(m, m->leaf.stops ? m->n_lines - 1 : m->line);
	size_t from = 0;

	if (lazily) {
		c->n = drop_eol(c, c->n);
		end = mdx_line_end(m, m->line - 1);
	}
	m->leaf.node->span = mdx_locate(m, m->leaf.start, end);
	if (c->n > 0)
		from = mdx_skip_eol(c, 0);
	if (c->n > from)
		c->n = drop_eol(c, c->n);
	m->leaf.node->value =
	    js_string(mdx_chunk_slice(m->arena, c, from, c->n));
}

/* --- paragraphs */

/* What is left of a paragraph's text without definitions: where it begins. */
static bool
paragraph_text(struct mdx *m, size_t *from)
{
	struct mdx_chunk *c = &m->leaf.text;

	c->n = drop_eol(c, c->n);
	*from = mdx_take_definitions(m, c, mdx_parent(m));
	return *from < c->n;
}

static void
close_paragraph(struct mdx *m)
{
	struct node *node;
	size_t from;

	if (!paragraph_text(m, &from))
		return;
	node = mdx_node(m, NODE_PARAGRAPH);
	add_pending(m, node, &m->leaf.text, from, "paragraph");
	node->span = mdx_locate(m, mdx_chunk_place(&m->leaf.text, from),
	    mdx_chunk_place(&m->leaf.text, m->leaf.text.n));
}

void
mdx_leaf_close(struct mdx *m, bool lazily)
{
	enum mdx_leaf_kind kind = m->leaf.kind;

	m->leaf.kind = LEAF_NONE;
	if (kind == LEAF_CODE)
		close_code(m, lazily);
	if (kind == LEAF_PARAGRAPH)
		close_paragraph(m);
}

static void
add_paragraph_line(struct mdx *m, size_t p)
{
	const struct mdx_line *line = &m->lines[m->line];

	if (m->leaf.kind == LEAF_NONE) {
		m->leaf = (struct mdx_leaf){.kind = LEAF_PARAGRAPH};
		m->leaf.text.arena = m->work;
		p = mdx_skip_space(m, p, line->end);
	}
	mdx_chunk_add(&m->leaf.text, m->text.p + p, line->end + line->eol - p,
	    m->line, mdx_place_at(m, m->line, p).column);
}

/* --- headings */

/* An underline; it makes no heading of definitions alone, but a heading begins
 * where the definitions before it do. */
static bool
setext(struct mdx *m, size_t p, size_t end)
{
	uint16_t marker = m->text.p[p];
	struct mdx_place last = mdx_place_at(m, m->line, end);
	struct node *node;
	size_t from;

	if (m->leaf.kind != LEAF_PARAGRAPH || m->lazy)
		return false;
	if (!mdx_is_blank(m, p + run_length(m, p, end), end))
		return false;
	m->leaf.kind = LEAF_NONE;
	if (!paragraph_text(m, &from))
		return false;
	node = add_heading(
	    m, &m->leaf.text, from, marker == '=' ? 1 : 2, "setextHeading");
	node->span = mdx_locate(m, mdx_chunk_place(&m->leaf.text, 0), last);
	m->pending[m->n_pending - 1].end = last;
	return true;
}

/* Hashes at the end, behind white space, are decoration. */
static size_t
atx_end(const struct mdx *m, size_t p, size_t end)
{
	size_t q;

	while (end > p && mdx_is_space(m->text.p[end - 1]))
		end--;
	for (q = end; q > p && m->text.p[q - 1] == '#'; q--)
		;
	if (q > p && !mdx_is_space(m->text.p[q - 1]))
		return end;
	while (q > p && mdx_is_space(m->text.p[q - 1]))
		q--;
	return q;
}

static bool
atx_heading(struct mdx *m, size_t p, size_t end)
{
	size_t n = run_length(m, p, end);
	struct mdx_chunk text = {.arena = m->work};
	struct mdx_place start = mdx_place_at(m, m->line, p);
	struct node *node;

	if (n > 6 || (p + n < end && !mdx_is_space(m->text.p[p + n])))
		return false;
	mdx_begin_leaf(m);
	p = mdx_skip_space(m, p + n, end);
	end = atx_end(m, p, end);
	if (end > p)
		mdx_chunk_add(&text, m->text.p + p, end - p, m->line,
		    mdx_place_at(m, m->line, p).column);
	node = add_heading(m, &text, 0, (unsigned)n, "atxHeading");
	node->span = mdx_locate(m, start, mdx_line_end(m, m->line));
	return true;
}

/* --- lines */

static bool
thematic_break(struct mdx *m, size_t p, size_t end)
{
	struct node *node;

	if (!mdx_thematic_break(m, p, end))
		return false;
	mdx_begin_leaf(m);
	node = mdx_node(m, NODE_THEMATIC_BREAK);
	node->span = mdx_locate(
	    m, mdx_place_at(m, m->line, p), mdx_line_end(m, m->line));
	mdx_adopt(m, mdx_parent(m), node);
	return true;
}

/* What begins here and is no paragraph: 1, or 0, or -1 for an error. */
static int
construct(struct mdx *m, size_t start, size_t p, size_t end)
{
	switch (m->text.p[p]) {
	case '#':
		return atx_heading(m, p, end);
	case '=':
		return setext(m, p, end);
	case '-':
		return setext(m, p, end) || thematic_break(m, p, end);
	case '*':
	case '_':
		return thematic_break(m, p, end);
	case '`':
	case '~':
		return open_code(m, p - start, p, end);
	case '<':
	case '{':
		return mdx_flow(m, p);
	case 'e':
	case 'i':
		return mdx_esm(m, p);
	default:
		return 0;
	}
}

int
mdx_leaf_line(struct mdx *m, size_t p)
{
	size_t end = m->lines[m->line].end;
	int rc;

	if (m->leaf.kind == LEAF_CODE) {
		code_line(m, p);
		return 0;
	}
	rc = construct(m, p, mdx_skip_space(m, p, end), end);
	if (rc == -1)
		return -1;
	if (rc == 0)
		add_paragraph_line(m, p);
	return 0;
}
