/* Lines that consist of tags and expressions (templatedx.md 1.3 and 6.4), and
 * the matching of such tags.  A tag or an expression may go on for lines, which
 * are taken one by one while it is read. */
#include "mdx_int.h"

/* --- matching */

static void
close_tag(struct mdx *m, const struct mdx_tag *tag)
{
	struct mdx_open *top = &m->open[m->n_open - 1];
	const char *fault = mdx_closing_fault(m, tag, top->tag);

	if (fault == NULL && top->kind != OPEN_TAG)
		fault = arena_printf(m->work,
		    "Expected the closing tag `%s` either after the end of "
		    "`%s` or another opening tag after the start of `%s` "
		    "(%zu:%zu)",
		    mdx_tag_text(m, tag), mdx_open_name(top->kind),
		    mdx_open_name(top->kind), top->start.line,
		    top->start.column);
	if (fault != NULL) {
		mdx_mismatch(m, m->n_pending, tag->start, fault);
		return;
	}
	top->node->span = mdx_locate(m, top->start, tag->end);
	m->n_open--;
}

static int
add_tag(struct mdx *m, struct mdx_tag *tag)
{
	struct node *node;

	if (m->mismatch != NULL)
		return 0;
	if (tag->close) {
		close_tag(m, tag);
		return 0;
	}
	node = mdx_element(m, NODE_FLOW_ELEMENT, tag);
	mdx_adopt(m, mdx_parent(m), node);
	tag->use = mdx_note(m, node, tag->start, m->open[m->n_open - 1].tag);
	node->span = mdx_locate(m, tag->start, tag->end);
	if (tag->self_closing)
		return 0;
	return mdx_push_open(
	    m, (struct mdx_open){OPEN_TAG, node, tag, tag->start});
}

/* --- reading */

struct item {
	struct mdx_tag *tag; /* or an expression: */
	struct str16 value;
	const struct ast_span *span;
};

struct flow {
	struct mdx *m;
	struct mdx_chunk text;
	size_t line; /* the last that was taken */
	struct item *items;
	size_t n;
};

static int
more(struct mdx_chunk *c, void *arg)
{
	struct flow *f = arg;
	struct mdx *m = f->m;
	size_t p, n, line = f->line + 1;

	if (line >= m->n_lines)
		return 0;
	p = m->lines[line].start;
	if (!mdx_continue_containers(m, line, &p, &n)) {
		if (mdx_opens_container(m, line, p))
			return 0;
		return mdx_fail(m, mdx_place_at(m, line, p),
		    "Unexpected lazy line %sin container, expected line to be "
		    "prefixed with `>` when in a block quote, whitespace when "
		    "in a list, etc",
		    m->in_expression ? "in expression " : "");
	}
	f->line = line;
	mdx_chunk_add(c, m->text.p + p,
	    m->lines[line].end + m->lines[line].eol - p, line,
	    mdx_place_at(m, line, p).column);
	return 1;
}

static void
add_item(struct flow *f, struct item item)
{
	size_t n = f->n;

	/* Room doubles whenever a power of two is reached. */
	if ((n & (n - 1)) == 0)
		f->items = arena_grow(f->m->work, f->items, n,
		    n != 0 ? 2 * n : 1, sizeof(*f->items));
	f->items[f->n++] = item;
}

static int
read_item(struct flow *f, size_t *i, bool after_expression)
{
	struct item item = {0};
	unsigned c = mdx_at(&f->text, *i);
	struct mdx_place start = mdx_chunk_place(&f->text, *i);
	int rc = 0;

	if (c == '<')
		rc = mdx_tag(f->m, &f->text, i, &item.tag);
	if (c == '{' && !after_expression)
		rc = mdx_expr(f->m, &f->text, i, EXPR_PLAIN, &item.value) == -1
			 ? -1
			 : 1;
	if (rc != 1)
		return rc;
	item.span = mdx_locate(f->m, start, mdx_chunk_place(&f->text, *i));
	add_item(f, item);
	return 1;
}

/* Tags and expressions to the end of a line. */
static int
read_items(struct flow *f)
{
	bool after_expression = false;
	size_t i = 0;
	int rc;

	for (;;) {
		rc = read_item(f, &i, after_expression);
		if (rc != 1)
			return rc;
		after_expression = f->items[f->n - 1].tag == NULL;
		while (mdx_is_space(mdx_peek(&f->text, i)))
			i++;
		if (i == f->text.n || mdx_is_eol(mdx_peek(&f->text, i)))
			return 1;
	}
}

static int
add_items(const struct flow *f)
{
	struct mdx *m = f->m;
	const struct item *item;
	struct node *node;

	for (item = f->items; item < f->items + f->n; item++) {
		if (item->tag != NULL) {
			if (add_tag(m, item->tag) == -1)
				return -1;
			continue;
		}
		if (m->is_file && mdx_is_comment(item->value))
			continue;
		node = mdx_expression(m, NODE_FLOW_EXPRESSION, item->value);
		node->span = item->span;
		mdx_adopt(m, mdx_parent(m), node);
	}
	return 0;
}

/* Lines that were taken in vain open no containers any more; taking too many
 * of them again and again is refused. */
static int
give_up(struct flow *f)
{
	struct mdx *m = f->m;

	if (f->line > m->line && f->line + 1 > m->plain_until)
		m->plain_until = f->line + 1;
	m->steps += f->text.n;
	if (m->steps / LIMIT_MDX_LOOKAHEAD > m->text.len + 1)
		return mdx_fail(
		    m, mdx_chunk_place(&f->text, 0), "the text is too tangled");
	return 0;
}

int
mdx_flow(struct mdx *m, size_t p)
{
	const struct mdx_line *line = &m->lines[m->line];
	struct flow f = {.m = m, .line = m->line};
	int rc;

	f.text = (struct mdx_chunk){.arena = m->work, .more = more, .arg = &f};
	mdx_chunk_add(&f.text, m->text.p + p, line->end + line->eol - p,
	    m->line, mdx_place_at(m, m->line, p).column);
	rc = read_items(&f);
	if (rc == 0)
		return give_up(&f);
	if (rc == -1)
		return -1;
	/* What goes on in a line that is not lazy stays in the containers. */
	if (f.line > m->line)
		m->lazy = false;
	mdx_begin_leaf(m);
	m->line = f.line;
	return add_items(&f) == -1 ? -1 : 1;
}
