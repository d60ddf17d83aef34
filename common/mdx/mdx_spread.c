/* Whether lists and items are spread, and where containers end.  The reference
 * decides that on its events: on the line ends between the last content and
 * what ends an item or a list.  Where it moves the end of a container depends
 * on whether prefixes of block quotes stand between them, so the same is done
 * here, with one mark for each line end, prefix and end of a container since
 * the last content. */
#include "mdx_int.h"

void
mdx_tail_add(struct mdx *m, enum mdx_tail_mark mark, size_t line)
{
	if (m->n_tail == m->cap_tail) {
		m->cap_tail = m->cap_tail != 0 ? 2 * m->cap_tail : 64;
		m->tail = arena_grow(
		    m->work, m->tail, m->n_tail, m->cap_tail, sizeof(*m->tail));
	}
	m->tail[m->n_tail++] = (struct mdx_tail){mark, line};
}

/* Puts a mark before the prefixes of the current line. */
void
mdx_tail_insert(struct mdx *m, enum mdx_tail_mark mark, size_t line)
{
	size_t i;

	mdx_tail_add(m, mark, line);
	for (i = m->n_tail - 1; i > m->tail_at; i--)
		m->tail[i] = m->tail[i - 1];
	m->tail[m->tail_at++] = (struct mdx_tail){mark, line};
}

static bool
is_line_end(const struct mdx_tail *tail)
{
	return tail->mark == TAIL_END || tail->mark == TAIL_BLANK;
}

/* Line ends before AT, back to the last content or end of a container; *FIRST
 * becomes where they begin. */
static size_t
count_ends(const struct mdx *m, size_t at, struct mdx_place *first)
{
	const struct mdx_tail *found = NULL;
	size_t n = 0;

	for (; at > 0 && m->tail[at - 1].mark != TAIL_EXIT; at--)
		if (is_line_end(&m->tail[at - 1])) {
			found = &m->tail[at - 1];
			n++;
		}
	if (found != NULL)
		*first = mdx_line_end(m, found->line);
	return n;
}

struct mdx_place
mdx_tail_item(struct mdx *m, struct node *list, struct mdx_place fallback)
{
	if (count_ends(m, m->n_tail, &fallback) > 1)
		list->spread = TRI_TRUE;
	return fallback;
}

/* The end of a container moves before the line ends that precede it
 * directly; the first of those is then the end of its content. */
void
mdx_tail_exit(struct mdx *m, struct node *list, struct mdx_place *end,
    struct mdx_place *item_end)
{
	size_t i;

	mdx_tail_insert(m, TAIL_EXIT, 0);
	i = m->tail_at - 1;
	*end = m->opened_at != 0 ? mdx_place_at(m, m->line, m->opened_at)
				 : mdx_line_start(m, m->line);
	if (i > 0 && is_line_end(&m->tail[i - 1])) {
		for (; i > 0 && is_line_end(&m->tail[i - 1]); i--) {
			m->tail[i] = m->tail[i - 1];
			m->tail[i].mark = TAIL_BLANK;
		}
		m->tail[i + 1].mark = TAIL_END;
		*end = mdx_line_end(m, m->tail[i + 1].line);
	}
	m->tail[i] = (struct mdx_tail){TAIL_EXIT, 0};
	*item_end = *end;
	if (list != NULL && count_ends(m, i, item_end) > 1)
		list->spread = TRI_TRUE;
}

/* A blank line stands between what the innermost container holds and what
 * comes now. */
bool
mdx_tail_divides(const struct mdx *m)
{
	size_t i;

	for (i = m->n_tail; i > 0 && m->tail[i - 1].mark != TAIL_EXIT; i--)
		if (m->tail[i - 1].mark == TAIL_BLANK)
			return true;
	return false;
}
