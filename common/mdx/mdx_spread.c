/* Whether lists and items are spread.  The reference decides that on its
 * events: on the line ends between the last content and what ends an item or a
 * list.  Where it moves the end of a container depends on whether prefixes of
 * block quotes stand between them, so the same is done here, with one mark for
 * each line end, prefix and end of a container since the last content. */
#include "mdx_int.h"

void
mdx_tail_add(struct mdx *m, enum mdx_tail_mark mark)
{
	if (m->n_tail == m->cap_tail) {
		m->cap_tail = m->cap_tail != 0 ? 2 * m->cap_tail : 64;
		m->tail = arena_grow(
		    m->work, m->tail, m->n_tail, m->cap_tail, sizeof(*m->tail));
	}
	m->tail[m->n_tail++] = mark;
}

/* Puts a mark before the prefixes of the current line. */
void
mdx_tail_insert(struct mdx *m, enum mdx_tail_mark mark)
{
	size_t i;

	mdx_tail_add(m, mark);
	for (i = m->n_tail - 1; i > m->tail_at; i--)
		m->tail[i] = m->tail[i - 1];
	m->tail[m->tail_at++] = mark;
}

/* Line ends before AT, back to the last content or end of a container. */
static size_t
count_ends(const struct mdx *m, size_t at)
{
	size_t n = 0;

	for (; at > 0 && m->tail[at - 1] != TAIL_EXIT; at--)
		n += m->tail[at - 1] != TAIL_QUOTE;
	return n;
}

void
mdx_tail_item(struct mdx *m, struct node *list)
{
	if (count_ends(m, m->n_tail) > 1)
		list->spread = TRI_TRUE;
}

/* The end of a container moves before the line ends that precede it
 * directly; the first of those is then the end of its content. */
void
mdx_tail_exit(struct mdx *m, struct node *list)
{
	size_t i;

	mdx_tail_insert(m, TAIL_EXIT);
	i = m->tail_at - 1;
	for (; i > 0 &&
	       (m->tail[i - 1] == TAIL_END || m->tail[i - 1] == TAIL_BLANK);
	     i--)
		m->tail[i] = i > 1 && m->tail[i - 2] < TAIL_QUOTE ? TAIL_BLANK
								  : TAIL_END;
	m->tail[i] = TAIL_EXIT;
	if (list != NULL && count_ends(m, i) > 1)
		list->spread = TRI_TRUE;
}

/* A blank line stands between what the innermost container holds and what
 * comes now. */
bool
mdx_tail_divides(const struct mdx *m)
{
	size_t i;

	for (i = m->n_tail; i > 0 && m->tail[i - 1] != TAIL_EXIT; i--)
		if (m->tail[i - 1] == TAIL_BLANK)
			return true;
	return false;
}
