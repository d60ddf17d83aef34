/* Deals lines out to containers: which of the open block quotes and lists a
 * line continues, which it opens, and what is left of it for a leaf.  It
 * follows micromark, with its deviations from the letter of CommonMark
 * (templatedx.md 6.2); what a leaf is it leaves to mdx_leaf.c. */
#include "mdx_int.h"

/* The current line on its way through the containers. */
struct cursor {
	size_t p, end;
	size_t n; /* containers that it continues */
	bool new_item, opened;
};

static const char *const open_names[] = {
    [OPEN_ROOT] = "root",
    [OPEN_QUOTE] = "blockQuote",
    [OPEN_LIST] = "list",
    [OPEN_ITEM] = "listItem",
    [OPEN_TAG] = "mdxJsxFlowTag",
};

const char *
mdx_open_name(enum mdx_open_kind kind)
{
	return open_names[kind];
}

struct node *
mdx_parent(const struct mdx *m)
{
	return m->open[m->n_open - 1].node;
}

int
mdx_push_open(struct mdx *m, struct mdx_open open)
{
	if (m->n_open + 1 >= LIMIT_AST_DEPTH)
		return mdx_too_deep(m);
	if (m->n_open == m->cap_open) {
		m->cap_open = m->cap_open != 0 ? 2 * m->cap_open : 16;
		m->open = arena_grow(
		    m->work, m->open, m->n_open, m->cap_open, sizeof(*m->open));
	}
	if (open.tag == NULL && m->n_open > 0)
		open.tag = m->open[m->n_open - 1].tag;
	m->open[m->n_open++] = open;
	return 0;
}

/* Closes what is open down to and with the innermost thing of KIND, which goes
 * to END. */
static void
close_open(struct mdx *m, enum mdx_open_kind kind, struct mdx_place end)
{
	const struct mdx_open *open;

	while (m->n_open > 0 && m->open[m->n_open - 1].kind != kind) {
		mdx_unclosed(m, &m->open[m->n_open - 1], open_names[kind]);
		m->n_open--;
	}
	open = &m->open[--m->n_open];
	open->node->span = mdx_locate(m, open->start, end);
}

void
mdx_close_containers(struct mdx *m, size_t n)
{
	struct mdx_place end, item_end;
	struct node *list;

	while (m->n_stack > n) {
		list = m->stack[--m->n_stack].list;
		mdx_tail_exit(m, list, &end, &item_end);
		if (list == NULL) {
			close_open(m, OPEN_QUOTE, end);
			continue;
		}
		close_open(m, OPEN_ITEM, item_end);
		close_open(m, OPEN_LIST, end);
	}
}

/* Where the marker of a container begins, behind white space. */
static struct mdx_place
marker_place(const struct mdx *m, const struct cursor *at)
{
	return mdx_place_at(m, m->line, mdx_skip_space(m, at->p, at->end));
}

static int
open_item(struct mdx *m, struct mdx_container *c,
    const struct mdx_marker *marker, struct mdx_place place)
{
	c->item = mdx_node(m, NODE_LIST_ITEM);
	c->item->spread = TRI_FALSE;
	c->size = marker->size;
	c->initial_blank = marker->blank;
	c->further_blank = false;
	mdx_adopt(m, c->list, c->item);
	return mdx_push_open(
	    m, (struct mdx_open){OPEN_ITEM, c->item, NULL, place});
}

/* --- continuing */

static bool
continue_quote(const struct mdx *m, size_t *p, size_t end)
{
	size_t q = mdx_skip_space(m, *p, end);

	if (q == end || m->text.p[q] != '>')
		return false;
	q++;
	if (q < end && mdx_is_space(m->text.p[q]))
		q++;
	*p = q;
	return true;
}

/* Takes up to N units of white space. */
static size_t
take_space(const struct mdx *m, size_t p, size_t end, size_t n)
{
	size_t start = p;

	while (p < end && p - start < n && mdx_is_space(m->text.p[p]))
		p++;
	return p;
}

/* A blank line, or enough white space, continues an item; an item that began
 * with a blank line ends at a second one. */
static bool
continue_item(
    const struct mdx *m, struct mdx_container *c, size_t *p, size_t end)
{
	size_t q = take_space(m, *p, end, c->size);
	bool may = !c->further_blank && q - *p == c->size;

	if (mdx_is_blank(m, *p, end)) {
		c->further_blank = c->further_blank || c->initial_blank;
		*p = q;
		return true;
	}
	c->further_blank = false;
	c->initial_blank = false;
	if (may)
		*p = q;
	return may;
}

bool
mdx_continue_containers(struct mdx *m, size_t line, size_t *p, size_t *n)
{
	size_t end = m->lines[line].end;

	for (*n = 0; *n < m->n_stack; ++*n)
		if (m->stack[*n].list == NULL
			? !continue_quote(m, p, end)
			: !continue_item(m, &m->stack[*n], p, end))
			return false;
	return true;
}

/* The line does not continue item N of the stack; it may be the next one. */
static int
next_item(struct mdx *m, struct cursor *at)
{
	struct mdx_container *c;
	struct mdx_marker marker;
	struct mdx_place place, end;

	if (at->n == m->n_stack || m->stack[at->n].list == NULL ||
	    !mdx_list_marker(m, (struct mdx_span){at->p, at->end}, false,
		&m->stack[at->n], &marker))
		return 0;
	mdx_leaf_close(m, false);
	mdx_close_containers(m, at->n + 1);
	c = &m->stack[at->n++];
	end = mdx_tail_item(m, c->list, mdx_place_at(m, m->line, marker.next));
	close_open(m, OPEN_ITEM, end);
	m->n_tail = m->tail_at = 0;
	place = marker_place(m, at);
	at->new_item = true;
	at->p = marker.next;
	return open_item(m, c, &marker, place);
}

/* --- opening */

static void
push_container(struct mdx *m, struct mdx_container c)
{
	if (m->n_stack == m->cap_stack) {
		m->cap_stack = m->cap_stack != 0 ? 2 * m->cap_stack : 16;
		m->stack = arena_grow(m->work, m->stack, m->n_stack,
		    m->cap_stack, sizeof(*m->stack));
	}
	m->stack[m->n_stack++] = c;
}

/* The line goes on with the item that it continues, maybe behind a blank. */
static void
divide(struct mdx *m, const struct cursor *at)
{
	if (at->n > 0 && m->stack[at->n - 1].list != NULL &&
	    mdx_tail_divides(m))
		m->stack[at->n - 1].item->spread = TRI_TRUE;
}

/* The first new container ends what the line does not continue. */
static void
begin_opening(struct mdx *m, struct cursor *at)
{
	if (at->opened)
		return;
	at->opened = true;
	mdx_leaf_close(m, false);
	m->tail_at = m->n_tail;
	m->opened_at = at->p;
	mdx_close_containers(m, at->n);
	m->opened_at = 0;
	divide(m, at);
	m->n_tail = m->tail_at = 0;
}

static int
open_quote(struct mdx *m, struct cursor *at)
{
	struct mdx_place place = marker_place(m, at);
	struct node *node;

	begin_opening(m, at);
	(void)continue_quote(m, &at->p, at->end);
	node = mdx_node(m, NODE_BLOCKQUOTE);
	mdx_adopt(m, mdx_parent(m), node);
	at->n++;
	push_container(m, (struct mdx_container){0});
	return mdx_push_open(
	    m, (struct mdx_open){OPEN_QUOTE, node, NULL, place});
}

static int
open_list(struct mdx *m, struct cursor *at, const struct mdx_marker *marker)
{
	struct mdx_container c = {.marker = marker->marker};
	struct mdx_place place = marker_place(m, at);

	begin_opening(m, at);
	c.list = mdx_node(m, NODE_LIST);
	c.list->ordered = marker->ordered;
	c.list->spread = TRI_FALSE;
	c.list->start = marker->ordered ? js_number(marker->start) : js_null();
	mdx_adopt(m, mdx_parent(m), c.list);
	at->p = marker->next;
	at->n++;
	push_container(m, c);
	if (mdx_push_open(
		m, (struct mdx_open){OPEN_LIST, c.list, NULL, place}) == -1)
		return -1;
	return open_item(m, &m->stack[m->n_stack - 1], marker, place);
}

static int
open_containers(struct mdx *m, struct cursor *at)
{
	bool interrupt =
	    at->n == m->n_stack && !at->new_item && m->leaf.kind != LEAF_NONE;
	struct mdx_marker marker;
	size_t p;
	int rc;

	do {
		p = at->p;
		if (mdx_list_marker(m, (struct mdx_span){at->p, at->end},
			interrupt, NULL, &marker))
			rc = open_list(m, at, &marker);
		else if (continue_quote(m, &p, at->end))
			rc = open_quote(m, at);
		else
			return 0;
	} while (rc == 0);
	return rc;
}

bool
mdx_opens_container(const struct mdx *m, size_t line, size_t p)
{
	struct mdx_span rest = {p, m->lines[line].end};
	struct mdx_marker marker;

	return continue_quote(m, &p, rest.end) ||
	       mdx_list_marker(m, rest, false, NULL, &marker);
}

/* --- lines */

/* Fenced code and unfinished tags are not pierced by containers. */
static bool
is_concrete(const struct mdx *m)
{
	return m->leaf.kind == LEAF_CODE || m->line < m->plain_until;
}

/* Prefixes alone at the end of the text are no line. */
static bool
is_nothing(const struct mdx *m, const struct cursor *at)
{
	return at->p == at->end && m->lines[m->line].eol == 0;
}

/* Code that a lazy line ends has lost its last line end. */
static void
close_lazily(struct mdx *m)
{
	if (m->leaf.kind == LEAF_CODE)
		mdx_tail_insert(m, TAIL_END, m->line - 1);
	mdx_leaf_close(m, true);
}

/* A line that continues less than what is open, and opens nothing: part of a
 * paragraph, or the end of the containers. */
static void
check_lazy(struct mdx *m, const struct cursor *at)
{
	m->lazy = at->n < m->n_stack;
	m->n_continued = at->n;
	if (!m->lazy || m->leaf.kind == LEAF_PARAGRAPH)
		return;
	close_lazily(m);
	if (is_nothing(m, at))
		return;
	mdx_close_containers(m, at->n);
	m->lazy = false;
}

/* A blank line ends a paragraph and, when it is lazy, the containers. */
static void
blank_line(struct mdx *m, const struct cursor *at)
{
	mdx_leaf_close(m, false);
	if (is_nothing(m, at))
		return;
	if (m->lazy)
		mdx_close_containers(m, at->n);
	mdx_tail_add(
	    m, at->new_item || at->opened ? TAIL_END : TAIL_BLANK, m->line);
}

static int
rest_of_line(struct mdx *m, const struct cursor *at)
{
	bool blank = mdx_is_blank(m, at->p, at->end);

	if (blank && m->leaf.kind != LEAF_CODE) {
		blank_line(m, at);
		return 0;
	}
	if (!blank && !m->lazy && !at->new_item && !at->opened)
		divide(m, at);
	if (mdx_leaf_line(m, at->p) == -1)
		return -1;
	m->n_tail = m->tail_at = 0;
	if (m->leaf.kind != LEAF_CODE)
		mdx_tail_add(m, TAIL_END, m->line);
	return 0;
}

/* Prefixes that the line has; ends of containers come before them, unless the
 * line opens new ones. */
static void
add_prefixes(struct mdx *m, const struct cursor *at)
{
	size_t k;

	m->tail_at = m->n_tail;
	for (k = 0; k < at->n; k++)
		if (m->stack[k].list == NULL)
			mdx_tail_add(m, TAIL_QUOTE, m->line);
}

static int
read_line(struct mdx *m)
{
	struct cursor at = {
	    .p = m->lines[m->line].start, .end = m->lines[m->line].end};
	bool concrete = is_concrete(m);

	(void)mdx_continue_containers(m, m->line, &at.p, &at.n);
	add_prefixes(m, &at);
	if (next_item(m, &at) == -1)
		return -1;
	concrete = concrete && at.n == m->n_stack && !at.new_item;
	if (!concrete && open_containers(m, &at) == -1)
		return -1;
	check_lazy(m, &at);
	return rest_of_line(m, &at);
}

/* The nothing behind the last line end is a line too, but it continues no
 * quote. */
static bool
ends_lazily(const struct mdx *m)
{
	size_t k;

	if (m->leaf.kind != LEAF_CODE || m->lines[m->n_lines - 1].eol == 0)
		return false;
	for (k = 0; k < m->n_stack; k++)
		if (m->stack[k].list == NULL)
			return true;
	return false;
}

int
mdx_blocks(struct mdx *m)
{
	for (; m->line < m->n_lines; m->line++)
		if (read_line(m) == -1)
			return -1;
	m->tail_at = m->n_tail;
	if (ends_lazily(m))
		close_lazily(m);
	mdx_leaf_close(m, false);
	mdx_close_containers(m, 0);
	while (m->n_open > 1) {
		mdx_unclosed(m, &m->open[m->n_open - 1], NULL);
		m->n_open--;
	}
	return 0;
}
