/* What a node would begin with (templatedx.md 5.4).  The reference prints the
 * whole node to know, and what that leaves behind is seen by what comes next:
 * a list that was looked at takes the other bullet.  In a row within a row
 * within a row that takes exponential time, so what a look came to is kept
 * here, by the node and by all that the result depends on: then each level
 * looks at each node once. */
#include "md.h"

#include "../base/xalloc.h"

#include <string.h>

/* What a look came to. */
struct md_glimpse {
	const struct node *node;
	struct md_state from, to;
	struct md_side first;
};

/* Kinds that always begin alike, and leave nothing behind. */
static const char firsts[NODE__MAX] = {
    [NODE_EMPHASIS] = '*',
    [NODE_STRONG] = '*',
    [NODE_INLINE_CODE] = '`',
    [NODE_IMAGE] = '!',
    [NODE_IMAGE_REFERENCE] = '!',
    [NODE_LINK] = '[',
    [NODE_LINK_REFERENCE] = '[',
    [NODE_HTML] = '<',
    [NODE_FLOW_ELEMENT] = '<',
    [NODE_TEXT_ELEMENT] = '<',
    [NODE_CODE] = '`',
    [NODE_DEFINITION] = '[',
    [NODE_THEMATIC_BREAK] = '*',
    [NODE_FLOW_EXPRESSION] = '{',
    [NODE_TEXT_EXPRESSION] = '{',
};

static const struct md_edge nothing = {{{0, 0}, 0}, {{0, 0}, 0}};

/* Takes the first character of the text from START, and the text away. */
static struct md_side
take_first(struct md *m, size_t start)
{
	struct md_side first = md_first(m, start);

	md_cut(m, start);
	return first;
}

static bool
same_state(const struct md_state *a, const struct md_state *b)
{
	return a->place.constructs == b->place.constructs &&
	       a->place.newest == b->place.newest &&
	       a->place.jsx == b->place.jsx &&
	       a->place.zeros == b->place.zeros && a->bullet == b->bullet &&
	       a->bullet_used == b->bullet_used &&
	       a->attention.before == b->attention.before &&
	       a->attention.after == b->attention.after;
}

static size_t
hash(const struct node *n, const struct md_state *s)
{
	uint64_t h = (uint64_t)(uintptr_t)n >> 4;

	h = h * 31 + s->place.constructs;
	h = h * 31 + s->place.jsx * 8 + s->place.zeros;
	h = h * 31 + (unsigned char)s->bullet_used;
	h = h * 31 + (unsigned)(s->attention.before * 2 + s->attention.after);
	h *= 0x9e3779b97f4a7c15u;
	return (size_t)(h >> 32);
}

/* The slot of a node and state: with its glimpse, or free. */
static struct md_glimpse **
find(struct md_memo *memo, const struct node *n, const struct md_state *s)
{
	size_t i = hash(n, s) & (memo->size - 1);
	struct md_glimpse *g;

	while ((g = memo->slots[i]) != NULL) {
		if (g->node == n && same_state(&g->from, s))
			break;
		i = (i + 1) & (memo->size - 1);
	}
	return &memo->slots[i];
}

/* Keeps at least half of the slots free. */
static void
make_room(struct md *m)
{
	struct md_memo old = m->memo, *memo = &m->memo;
	size_t i;

	if (old.n < old.size / 2)
		return;
	memo->size = old.size != 0 ? 2 * old.size : 64;
	memo->slots = arena_zalloc(
	    m->arena, xmul(memo->size, sizeof(struct md_glimpse *)));
	for (i = 0; i < old.size; i++)
		if (old.slots[i] != NULL)
			*find(memo, old.slots[i]->node, &old.slots[i]->from) =
			    old.slots[i];
}

/* A node with children. */
static int
peek_inside(struct md *m, const struct node *n, const struct node *parent,
    struct md_side *first)
{
	const struct md_state from = m->state;
	size_t start = md_len(m);
	struct md_glimpse *g;

	make_room(m);
	g = *find(&m->memo, n, &from);
	if (g != NULL) {
		m->state = g->to;
		*first = g->first;
		return 0;
	}
	if (md_handle(m, n, parent, &nothing) != 0)
		return -1;
	*first = take_first(m, start);
	g = arena_alloc(m->arena, sizeof(*g));
	*g = (struct md_glimpse){n, from, m->state, *first};
	make_room(m);
	*find(&m->memo, n, &from) = g;
	m->memo.n++;
	return 0;
}

/* Three units settle what becomes of the first. */
static struct md_side
peek_text(struct md *m, const struct node *n)
{
	struct str16 text = md_value(m, n);
	size_t start = md_len(m);

	if (text.len > 3)
		text.len = 3;
	md_safe(m, text, &nothing, 0);
	return take_first(m, start);
}

int
md_peek(struct md *m, const struct node *n, const struct node *parent,
    struct md_side *first)
{
	size_t start = md_len(m);

	*first = (struct md_side){{0, 0}, 0};
	if (firsts[n->kind] != 0) {
		first->units[0] = (unsigned char)firsts[n->kind];
		first->n = 1;
		return 0;
	}
	switch (n->kind) {
	case NODE_UNKNOWN:
	case NODE_YAML:
		return 0;
	case NODE_TEXT:
		*first = peek_text(m, n);
		return 0;
	case NODE_BREAK:
	case NODE_ESM:
		if (md_handle(m, n, parent, &nothing) != 0)
			return -1;
		*first = take_first(m, start);
		return 0;
	default:
		return peek_inside(m, n, parent, first);
	}
}
