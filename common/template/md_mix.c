/* Rows of children in style 2.2: texts and the markers of emphases are
 * collected first, since what a marker is made of and what must be encoded
 * beside it depends on the whole row.  It refuses to know how that is decided.
 */
#include "md.h"

#include "../base/utf.h"

static size_t
count(const struct md *m)
{
	return m->pieces.len / sizeof(struct md_piece);
}

static struct md_piece *
piece_at(const struct md *m, size_t i)
{
	return (struct md_piece *)(void *)m->pieces.data + i;
}

static void
drop_from(struct md *m, size_t i)
{
	m->pieces.len = i * sizeof(struct md_piece);
}

static int
add_piece(struct md *m, const struct md_piece *piece)
{
	m->steps++;
	buf_add(&m->pieces, piece, sizeof(*piece));
	if (buf_full(&m->pieces))
		return fail(
		    m->err, ERR_PROMPT, "a text of the prompt is too long");
	return 0;
}

static int collect(
    struct md *m, const struct node *parent, const struct md_edge *e);

/* Collects an emphasis, when there is something in it. */
static int
collect_attention(struct md *m, const struct node *n, const struct node *parent,
    const struct md_edge *e)
{
	const char *marker = n->kind == NODE_STRONG ? "**" : "*";
	const struct md_edge inner = {md_side(marker), md_side(marker)};
	struct md_piece piece = {.type = MD_OPEN, .size = inner.before.n};
	size_t open = count(m);

	(void)parent;
	(void)e;
	md_enter(m, C_OTHER);
	if (add_piece(m, &piece) != 0 || collect(m, n, &inner) != 0)
		return -1;
	if (count(m) == open + 1) {
		drop_from(m, open);
		return 0;
	}
	piece.type = MD_CLOSE;
	piece.span = count(m) - open;
	piece_at(m, open)->span = piece.span;
	return add_piece(m, &piece);
}

/* Collects a child that is no emphasis, when it is not empty.  EDGE is what
 * stands beside it, and then what stands before the next. */
static int
collect_text(struct md *m, const struct node *n, const struct node *parent,
    struct md_edge *edge)
{
	struct md_piece piece = {.type = MD_TEXT, .from = md_len(m)};

	if (md_handle(m, n, parent, edge) != 0)
		return -1;
	piece.len = md_len(m) - piece.from;
	if (piece.len == 0)
		return 0;
	edge->before = md_last(m, piece.from);
	return add_piece(m, &piece);
}

/* Collects child I of a row whose pieces begin at BASE. */
static int
collect_child(struct md *m, const struct node *parent, size_t i, size_t base,
    struct md_edge *edge)
{
	const struct node *child = parent->children[i];
	size_t n = count(m);
	struct md_piece *left = n > base ? piece_at(m, n - 1) : NULL;

	if (child->kind == NODE_EMPHASIS || child->kind == NODE_STRONG) {
		if (md_handle_with(m, collect_attention, child, parent, edge) !=
		    0)
			return -1;
		if (count(m) > n)
			edge->before = md_side("*");
		return 0;
	}
	if (left != NULL && left->type == MD_TEXT) {
		md_join_html(m, child, left->from, &edge->before);
		left->len = md_len(m) - left->from;
	}
	return collect_text(m, child, parent, edge);
}

static int
collect(struct md *m, const struct node *parent, const struct md_edge *e)
{
	struct md_edge edge = *e;
	unsigned zeros = m->state.place.zeros;
	size_t i, n = parent->n_children, base = count(m);

	for (i = 0; i < n; i++) {
		md_enter_child(m, zeros, i);
		edge.after = e->after;
		if (i + 1 < n && md_peek(m, parent->children[i + 1], parent,
				     &edge.after) != 0)
			return -1;
		if (collect_child(m, parent, i, base, &edge) != 0)
			return -1;
	}
	return 0;
}

/* Where the last character begins. */
static size_t
last_char(struct str16 text)
{
	if (text.len > 1 && md_is_pair(text.p + text.len - 2))
		return text.len - 2;
	return text.len - 1;
}

/* An odd number of backslashes at the end of the text would escape what follows
 * them. */
static bool
ends_in_escape(const uint16_t *units, size_t n)
{
	bool odd = false;

	for (; n > 0 && units[n - 1] == '\\'; n--)
		odd = !odd;
	return odd;
}

static void
put_text(struct md *m, struct str16 text, const struct md_piece *piece)
{
	size_t from = 0, end = text.len, last;

	if (piece->encode_first)
		md_put_reference(m, utf16_next(text, &from));
	if (piece->encode_last && from < text.len)
		end = last_char(text);
	md_put(m, text.p + from, end - from);
	if (end == text.len)
		return;
	if (ends_in_escape(text.p + from, end - from))
		md_puts(m, "\\");
	last = end;
	md_put_reference(m, utf16_next(text, &last));
}

/* Writes the text from START again, with its markers. */
static void
rewrite(struct md *m, size_t start, size_t base)
{
	size_t i, n = count(m), len = md_len(m) - start;
	const struct md_piece *piece;
	const uint16_t *v;

	buf_clear(&m->text);
	if (len > 0)
		buf_add(&m->text, md_units(m) + start, len * sizeof(*v));
	md_cut(m, start);
	if (buf_full(&m->text)) {
		m->out.full = true;
		return;
	}
	v = (const uint16_t *)(const void *)m->text.data;
	for (i = base; i < n; i++) {
		piece = piece_at(m, i);
		if (piece->type != MD_TEXT)
			md_fill(m, piece->underscores ? '_' : '*', piece->size);
		else
			put_text(m,
			    (struct str16){
				v + (piece->from - start), piece->len},
			    piece);
	}
}

/* Ends a row that began at BASE and START, between what E says. */
static void
finish(struct md *m, size_t base, size_t start, const struct md_edge *e)
{
	size_t i, n = count(m);

	for (i = base; i < n; i++)
		if (piece_at(m, i)->type != MD_TEXT)
			break;
	if (i < n) {
		md_choose_marks(m, piece_at(m, base), n - base, e);
		rewrite(m, start, base);
	}
	drop_from(m, base);
}

int
md_mix(struct md *m, const struct node *parent, const struct md_edge *e)
{
	size_t base = count(m), start = md_len(m);

	if (collect(m, parent, e) != 0)
		return -1;
	finish(m, base, start, e);
	return 0;
}

int
md_mix_attention(struct md *m, const struct node *n, const struct node *parent,
    const struct md_edge *e)
{
	size_t base = count(m), start = md_len(m);

	md_enter(m, C_PHRASING);
	if (collect_attention(m, n, parent, e) != 0)
		return -1;
	finish(m, base, start, e);
	return 0;
}
