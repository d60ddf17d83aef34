/* Rows of children in style 2.1 (templatedx.md 5.4, 5.6): each is printed with
 * its neighbours' units in mind, and an emphasis has references put in place of
 * those that would spoil its markers.  It refuses to know any other child. */
#include "md.h"

/* What stands left and right in a row of children. */
struct row {
	struct md_edge edge; /* of the child that is printed */
	bool has_left;
	size_t left; /* where that begins */
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
	size_t start;
	bool empty;

	if (row->has_left)
		md_join_html(
		    m, parent->children[i], row->left, &row->edge.before);
	start = md_len(m);
	if (md_handle(m, parent->children[i], parent, &row->edge) != 0)
		return -1;
	empty = md_len(m) == start;
	encode_edges(m, row, start);
	row->has_left = true;
	row->left = start;
	row->edge.before = md_last(m, empty ? md_len(m) : start);
	return 0;
}

int
md_row(struct md *m, const struct node *parent, const struct md_edge *e)
{
	struct row row = {.edge = *e};
	unsigned zeros = m->state.place.zeros;
	size_t i, n = parent->n_children;

	for (i = 0; i < n; i++) {
		md_enter_child(m, zeros, i);
		row.edge.after = e->after;
		if (i + 1 < n && md_peek(m, parent->children[i + 1], parent,
				     &row.edge.after) != 0)
			return -1;
		if (row_child(m, parent, i, &row) != 0)
			return -1;
	}
	return 0;
}

/* The text from START is what stands between the markers. */
static void
fix_ends(struct md *m, size_t start, const struct md_edge *e)
{
	struct md_encode open, close;
	enum md_kind inside = MD_LETTER;

	if (md_len(m) > start)
		inside = md_kind(md_units(m)[start]);
	open = md_encode(md_last_kind(&e->before), inside, '*');
	if (open.inside)
		md_refer(m, start);
	if (md_len(m) > start)
		inside = md_kind(md_units(m)[md_len(m) - 1]);
	close = md_encode(md_first_kind(&e->after), inside, '*');
	if (close.inside)
		md_refer(m, md_len(m) - 1);
	m->state.attention.before = open.outside;
	m->state.attention.after = close.outside;
}

int
md_row_attention(struct md *m, const struct node *n, const struct node *parent,
    const struct md_edge *e)
{
	const char *marker = n->kind == NODE_STRONG ? "**" : "*";
	const struct md_edge inner = {md_side(marker), md_side("*")};
	size_t start;

	(void)parent;
	md_enter(m, C_OTHER);
	md_puts(m, marker);
	start = md_len(m);
	if (md_phrasing(m, n, &inner) != 0)
		return -1;
	fix_ends(m, start, e);
	md_puts(m, marker);
	return 0;
}
