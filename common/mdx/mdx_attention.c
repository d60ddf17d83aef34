/* Emphasis: runs of asterisks and underscores, and which of them belong
 * together (templatedx.md 6.5).  As in micromark the rule of three looks at
 * what is left of a run, and what lies inside of a pair is paired once more.
 *
 * A search that found nothing is remembered for runs of the same kind, so that
 * time stays linear. */
#include "mdx_inline.h"

#include "mdx_entity.h"
#include "../base/utf.h"

#include <unictype.h>

enum side { SIDE_OTHER, SIDE_SPACE, SIDE_PUNCTUATION };

/* Kinds of closing runs that find the same openers: marker, whether they open
 * too, length modulo three. */
#define CLASSES 12
#define PAIR_DEPTH 64

static enum side
side_of(unsigned c)
{
	if (c == CHUNK_END || mdx_is_space(c) || js_is_space(c))
		return SIDE_SPACE;
	if (c < 0x80)
		return mdx_is_punctuation(c) ? SIDE_PUNCTUATION : SIDE_OTHER;
	return uc_is_general_category_withtable(
		   c, UC_CATEGORY_MASK_P | UC_CATEGORY_MASK_S)
		   ? SIDE_PUNCTUATION
		   : SIDE_OTHER;
}

static bool
is_marker(unsigned c)
{
	return c == '*' || c == '_';
}

static void
link_run(struct mdx_inline *in, struct mdx_run *run)
{
	size_t self = in->n - 1;

	run->previous = in->last_run;
	run->next = NONE;
	if (in->last_run != NONE)
		in->tokens[in->last_run].run.next = self;
	else
		in->first_run = self;
	in->last_run = self;
}

void
mdx_read_run(struct mdx_inline *in)
{
	size_t from = in->i, to = from;
	unsigned marker = in->c.p[from], left = CHUNK_END, right;
	enum side before, after;
	struct mdx_run *run;
	bool open, close;

	while (mdx_peek(&in->c, to) == marker)
		to++;
	if (from > in->pending->from)
		left = in->c.p[from - 1];
	right = mdx_peek(&in->c, to);
	before = side_of(left);
	after = side_of(right);
	open = after == SIDE_OTHER ||
	       (after == SIDE_PUNCTUATION && before != SIDE_OTHER) ||
	       is_marker(right);
	close = before == SIDE_OTHER ||
		(before == SIDE_PUNCTUATION && after != SIDE_OTHER) ||
		is_marker(left);
	mdx_flush(in, from);
	run = &mdx_push(in, TOKEN_RUN, from, to)->run;
	*run = (struct mdx_run){.marker = marker,
	    .opens = NONE,
	    .closes = NONE,
	    .last_close = NONE};
	run->can_open =
	    open && (marker == '*' || before != SIDE_OTHER || !close);
	run->can_close =
	    close && (marker == '*' || after != SIDE_OTHER || !open);
	link_run(in, run);
	in->i = in->text = to;
}

/* --- pairing */

static size_t
length(const struct mdx_token *t)
{
	return t->to - t->from;
}

static size_t
add_mark(struct mdx_inline *in, struct mdx_mark mark)
{
	if (in->n_marks == in->cap_marks) {
		in->cap_marks = in->cap_marks != 0 ? 2 * in->cap_marks : 32;
		in->marks = arena_grow(in->m->work, in->marks, in->n_marks,
		    in->cap_marks, sizeof(*in->marks));
	}
	in->marks[in->n_marks] = mark;
	return in->n_marks++;
}

/* Takes a run out of play. */
static void
unlink_run(struct mdx_inline *in, size_t i)
{
	const struct mdx_run *run = &in->tokens[i].run;

	if (run->previous != NONE)
		in->tokens[run->previous].run.next = run->next;
	else
		in->first_run = run->next;
	if (run->next != NONE)
		in->tokens[run->next].run.previous = run->previous;
	else
		in->last_run = run->previous;
}

static bool
may_pair(const struct mdx_token *open, const struct mdx_token *close)
{
	if (!open->run.can_open || open->run.marker != close->run.marker)
		return false;
	return !((open->run.can_close || close->run.can_open) &&
		 length(close) % 3 != 0 &&
		 (length(open) + length(close)) % 3 == 0);
}

static size_t
class_of(const struct mdx_token *close)
{
	return (close->run.marker == '*' ? 6u : 0u) +
	       (close->run.can_open ? 3u : 0u) + length(close) % 3;
}

/* The nearest run that CLOSE can close, at FLOORS of its class or behind. */
static size_t
find_opener(const struct mdx_inline *in, size_t close, const size_t *floors)
{
	const struct mdx_token *t = &in->tokens[close];
	size_t floor = floors[class_of(t)], i;

	for (i = t->run.previous; i != NONE && i >= floor;
	     i = in->tokens[i].run.previous)
		if (may_pair(&in->tokens[i], t))
			return i;
	return NONE;
}

static void pair(
    struct mdx_inline *in, size_t first, size_t end, unsigned depth);

/* What is in play between two runs is paired and then text. */
static void
settle_between(struct mdx_inline *in, size_t open, size_t close, unsigned depth)
{
	size_t first = in->tokens[open].run.next;

	if (first == close)
		return;
	pair(in, first, close, depth + 1);
	in->tokens[open].run.next = close;
	in->tokens[close].run.previous = open;
}

static void
join_runs(struct mdx_inline *in, size_t open, size_t close)
{
	struct mdx_token *o = &in->tokens[open], *c = &in->tokens[close];
	size_t use = length(o) > 1 && length(c) > 1 ? 2 : 1, mark;
	struct mdx_mark whole = {.strong = use == 2,
	    .from = o->to - use,
	    .to = c->from + use,
	    .next = o->run.opens};

	o->run.opens = add_mark(in, whole);
	o->to -= use;
	whole.next = NONE;
	mark = add_mark(in, whole);
	if (c->run.closes == NONE)
		c->run.closes = mark;
	else
		in->marks[c->run.last_close].next = mark;
	c->run.last_close = mark;
	c->from += use;
}

/* An opener that became shorter may pair with what it refused before. */
static void
lower_floors(size_t *floors, size_t to)
{
	size_t k;

	for (k = 0; k < CLASSES; k++)
		if (floors[k] > to)
			floors[k] = to;
}

static void
close_run(struct mdx_inline *in, size_t close, size_t *floors, unsigned depth)
{
	const struct mdx_token *c = &in->tokens[close];
	size_t open;

	while (length(c) > 0) {
		open = find_opener(in, close, floors);
		if (open == NONE) {
			floors[class_of(c)] = close;
			return;
		}
		settle_between(in, open, close, depth);
		join_runs(in, open, close);
		if (length(&in->tokens[open]) == 0)
			unlink_run(in, open);
		else
			lower_floors(floors, open);
	}
}

/* Pairs the runs in play from FIRST to before END. */
static void
pair(struct mdx_inline *in, size_t first, size_t end, unsigned depth)
{
	size_t floors[CLASSES], i, next, k;

	if (depth > PAIR_DEPTH)
		return;
	for (k = 0; k < CLASSES; k++)
		floors[k] = first;
	for (i = first; i != end && i != NONE; i = next) {
		if (in->tokens[i].run.can_close)
			close_run(in, i, floors, depth);
		next = in->tokens[i].run.next;
		if (length(&in->tokens[i]) == 0 || !in->tokens[i].run.can_open)
			unlink_run(in, i);
	}
}

void
mdx_pair_runs(struct mdx_inline *in, size_t bottom)
{
	size_t first =
	    bottom != NONE ? in->tokens[bottom].run.next : in->first_run;

	if (first == NONE)
		return;
	pair(in, first, NONE, 0);
	in->last_run = bottom;
	if (bottom != NONE)
		in->tokens[bottom].run.next = NONE;
	else
		in->first_run = NONE;
}
