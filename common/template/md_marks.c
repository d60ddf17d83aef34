/* Which signs the emphases of a row are made of in style 2.2.  Asterisks are
 * tried first; where a reader would pair the markers otherwise than they are
 * meant, one emphasis after the other is given underscores, as long as that
 * moves the first mistake further back.  This follows the container of
 * phrasing in mdast-util-to-markdown 2.2.3 (MIT, see NOTICE.md).  It refuses to
 * know the texts: of them only the kinds of their ends count. */
#include "md.h"

#include "../base/limits.h"

#include <string.h>

/* Signs are counted in pairs of the same. */
enum { ASTERISKS, UNDERSCORES, SIGNS };

/* What looking at a piece costs, measured in units that are moved. */
enum { PIECE_STEPS = 8 };

/* Markers side by side that are made of the same sign: pieces FIRST to END. */
struct run {
	size_t first, end;
	bool open, close;      /* what a reader may take it for */
	size_t left, left_end; /* its signs that are not paired yet */
	bool related;
};

/* Signs that are paired and are not each other's. */
struct mistake {
	size_t pieces[4]; /* two that open and two that close; may be equal */
};

struct marks {
	struct md *m;
	struct md_piece *pieces;
	size_t n;
	const struct md_edge *edge;
	struct run *runs;
	size_t n_runs;
	size_t *run_of; /* by piece */
	size_t *signs;	/* the piece that a sign belongs to */
	struct mistake *mistakes;
	size_t n_mistakes;
	size_t *openers[SIGNS]; /* runs */
	size_t n_openers[SIGNS];
	bool *wrong, *chosen; /* by piece */
	size_t *candidates;
};

static const struct md_encode encodes[MD_KIND__MAX][MD_KIND__MAX] = {
    /* outside: { inside } */
    [MD_LETTER] = {[MD_SPACE] = {true, true}, [MD_SYMBOL] = {false, true}},
    [MD_SPACE] = {[MD_SPACE] = {true, true}},
    [MD_SYMBOL] = {[MD_SPACE] = {true, false}},
};

struct md_encode
md_encode(enum md_kind outside, enum md_kind inside, char sign)
{
	if (sign == '_' && outside == MD_LETTER && inside == MD_LETTER)
		return (struct md_encode){true, true};
	return encodes[outside][inside];
}

static uint16_t
sign_of(const struct md_piece *p)
{
	if (p->type == MD_TEXT)
		return 0;
	return p->underscores ? '_' : '*';
}

/* A reference begins and ends with a symbol, like a marker. */
static enum md_kind
first_kind(const struct md_piece *p)
{
	if (p->encode_first || (p->single && p->encode_last))
		return MD_SYMBOL;
	return p->first;
}

static enum md_kind
last_kind(const struct md_piece *p)
{
	if (p->encode_last || (p->single && p->encode_first))
		return MD_SYMBOL;
	return p->last;
}

static enum md_kind
kind_before(const struct marks *k, size_t i)
{
	return i == 0 ? md_last_kind(&k->edge->before)
		      : last_kind(&k->pieces[i - 1]);
}

static enum md_kind
kind_from(const struct marks *k, size_t i)
{
	return i == k->n ? md_first_kind(&k->edge->after)
			 : first_kind(&k->pieces[i]);
}

/* Encodes what must be for the emphasis whose markers are I and J.  What is
 * within has been seen to; what follows has not. */
static void
encode_ends(struct marks *k, size_t i, size_t j)
{
	struct md_piece *p = k->pieces;
	char sign = (char)sign_of(&p[i]);
	struct md_encode open, close;

	open = md_encode(kind_before(k, i), first_kind(&p[i + 1]), sign);
	p[i + 1].encode_first |= open.inside;
	close = md_encode(kind_from(k, j + 1), last_kind(&p[j - 1]), sign);
	p[j - 1].encode_last |= close.inside;
	if (open.outside && i > 0 && p[i - 1].type == MD_TEXT &&
	    !p[i - 1].ends_line)
		p[i - 1].encode_last = true;
	if (close.outside && j + 1 < k->n && p[j + 1].type == MD_TEXT)
		p[j + 1].encode_first = true;
}

static void
encode_texts(struct marks *k)
{
	size_t i;

	for (i = 0; i < k->n; i++) {
		k->pieces[i].encode_first = false;
		k->pieces[i].encode_last = false;
	}
	for (i = 0; i < k->n; i++)
		if (k->pieces[i].type == MD_CLOSE)
			encode_ends(k, i - k->pieces[i].span, i);
}

/* The run from piece I on; its signs are added to the N_SIGNS there are. */
static void
add_run(struct marks *k, size_t i, size_t *n_signs)
{
	struct run *run = &k->runs[k->n_runs];
	uint16_t sign = sign_of(&k->pieces[i]);
	enum md_kind before = kind_before(k, i), after;
	unsigned size;

	*run = (struct run){.first = i, .left = *n_signs};
	for (; i < k->n && sign_of(&k->pieces[i]) == sign; i++) {
		k->run_of[i] = k->n_runs;
		k->wrong[i] = true;
		for (size = k->pieces[i].size; size > 0; size--)
			k->signs[(*n_signs)++] = i;
	}
	run->end = i;
	run->left_end = *n_signs;
	k->n_runs++;
	after = kind_from(k, i);
	run->open =
	    after == MD_LETTER || (after == MD_SYMBOL && before != MD_LETTER);
	run->close =
	    before == MD_LETTER || (before == MD_SYMBOL && after != MD_LETTER);
	if (sign == '_' && run->open && run->close) {
		run->open = before != MD_LETTER;
		run->close = after != MD_LETTER;
	}
}

static void
find_runs(struct marks *k)
{
	size_t i = 0, n_signs = 0;

	k->n_runs = 0;
	while (i < k->n) {
		if (k->pieces[i].type == MD_TEXT) {
			i++;
			continue;
		}
		add_run(k, i, &n_signs);
		i = k->runs[k->n_runs - 1].end;
	}
}

/* Whether the SIZE signs from AT on are all of one marker; *PIECE is that. */
static bool
is_whole(const struct marks *k, size_t at, size_t size, size_t *piece)
{
	*piece = k->signs[at];
	return k->signs[at + size - 1] == *piece &&
	       k->pieces[*piece].size == size;
}

static void
pair_signs(struct marks *k, struct run *opener, struct run *closer, size_t size)
{
	size_t from = opener->left_end - size, to = closer->left, open, close;
	bool whole = is_whole(k, from, size, &open);

	if (is_whole(k, to, size, &close) && whole &&
	    k->pieces[open].type == MD_OPEN &&
	    open + k->pieces[open].span == close) {
		k->wrong[open] = false;
		k->wrong[close] = false;
	} else {
		k->mistakes[k->n_mistakes++] =
		    (struct mistake){{k->signs[from], k->signs[from + size - 1],
			k->signs[to], k->signs[to + size - 1]}};
	}
	opener->left_end -= size;
	closer->left += size;
}

/* CommonMark's rule of 3. */
static bool
may_pair(const struct run *opener, const struct run *closer)
{
	size_t a = opener->left_end - opener->left;
	size_t b = closer->left_end - closer->left;

	if (!opener->close && !closer->open)
		return true;
	return b % 3 == 0 || (a + b) % 3 != 0;
}

/* Pairs the signs of a run with those of the runs before it, as a reader
 * does. */
static void
close_run(struct marks *k, size_t r)
{
	struct run *closer = &k->runs[r], *opener;
	unsigned kind =
	    k->pieces[closer->first].underscores ? UNDERSCORES : ASTERISKS;
	size_t *openers = k->openers[kind], *n = &k->n_openers[kind];
	size_t i = closer->close ? *n : 0;
	bool both;

	while (i > 0 && closer->left < closer->left_end) {
		opener = &k->runs[openers[--i]];
		k->m->steps++;
		if (!may_pair(opener, closer))
			continue;
		both = opener->left_end - opener->left > 1 &&
		       closer->left_end - closer->left > 1;
		pair_signs(k, opener, closer, both ? 2 : 1);
		if (opener->left == opener->left_end) {
			k->m->steps += *n - i;
			memmove(openers + i, openers + i + 1,
			    (*n - i - 1) * sizeof(*openers));
			--*n;
		}
		i = *n;
	}
	if (closer->open && closer->left < closer->left_end)
		openers[(*n)++] = r;
}

/* The first marker that would be read wrongly as things stand, or N. */
static size_t
check(struct marks *k)
{
	size_t i;

	k->m->steps += PIECE_STEPS * k->n;
	encode_texts(k);
	find_runs(k);
	k->n_mistakes = 0;
	memset(k->n_openers, 0, sizeof(k->n_openers));
	for (i = 0; i < k->n_runs; i++)
		close_run(k, i);
	for (i = 0; i < k->n; i++)
		if (k->pieces[i].type != MD_TEXT && k->wrong[i])
			break;
	return i;
}

static size_t
opening(const struct marks *k, size_t i)
{
	const struct md_piece *p = &k->pieces[i];

	return p->type == MD_CLOSE ? i - p->span : i;
}

/* Chooses the emphases whose markers were confused with the wrong one. */
static void
choose_confused(struct marks *k, size_t wrong)
{
	const struct run *run = &k->runs[k->run_of[wrong]];
	const struct mistake *mistake;
	size_t i, j;

	memset(k->chosen, 0, k->n * sizeof(*k->chosen));
	for (i = run->first; i < run->end; i++)
		k->chosen[opening(k, i)] = true;
	for (i = 0; i < k->n_mistakes; i++) {
		mistake = &k->mistakes[i];
		for (j = 0; j < ARRAY_LEN(mistake->pieces); j++)
			if (mistake->pieces[j] == wrong)
				break;
		if (j == ARRAY_LEN(mistake->pieces))
			continue;
		for (j = 0; j < ARRAY_LEN(mistake->pieces); j++)
			k->chosen[opening(k, mistake->pieces[j])] = true;
	}
}

/* Lists the emphases that could be changed, the last one first: all with a
 * marker in a run with one of those that are confused. */
static size_t
list_candidates(struct marks *k, size_t wrong)
{
	size_t i, n = 0;

	choose_confused(k, wrong);
	for (i = 0; i < k->n; i++)
		if (k->pieces[i].type != MD_TEXT && k->chosen[opening(k, i)])
			k->runs[k->run_of[i]].related = true;
	for (i = 0; i < k->n; i++)
		if (k->pieces[i].type != MD_TEXT &&
		    k->runs[k->run_of[i]].related)
			k->chosen[opening(k, i)] = true;
	for (i = k->n; i > 0; i--)
		if (k->chosen[i - 1])
			k->candidates[n++] = i - 1;
	k->m->steps += k->n;
	return n;
}

static void
set_signs(struct marks *k, size_t open, bool underscores)
{
	struct md_piece *p = &k->pieces[open];

	p->underscores = underscores;
	p[p->span].underscores = underscores;
}

/* Changes one emphasis so that *WRONG moves back. */
static bool
improve(struct marks *k, size_t *wrong)
{
	size_t i, n = list_candidates(k, *wrong), next;
	bool underscores;

	for (i = 0; i < n && k->m->steps <= LIMIT_PRINT_STEPS; i++) {
		underscores = k->pieces[k->candidates[i]].underscores;
		set_signs(k, k->candidates[i], !underscores);
		next = check(k);
		if (next > *wrong) {
			*wrong = next;
			return true;
		}
		set_signs(k, k->candidates[i], underscores);
	}
	return false;
}

static bool
fix(struct marks *k)
{
	size_t wrong = check(k);

	while (wrong < k->n)
		if (!improve(k, &wrong))
			return false;
	return true;
}

/* Whether a marker of SIGN differs from what stands beside it, or is longer and
 * so may be told apart. */
static bool
fits(const struct marks *k, size_t i, uint16_t sign)
{
	const struct md_side *before = &k->edge->before;
	const struct md_side *after = &k->edge->after;
	const struct md_piece *p = k->pieces;
	size_t j = i + p[i].span + 1, size;
	uint16_t left, right;

	if (i == 0)
		left = before->n > 0 ? before->units[0] : 0;
	else
		left = sign_of(&p[i - 1]);
	if (j == k->n)
		right = after->n > 0 ? after->units[0] : 0;
	else
		right = p[j].type == MD_CLOSE ? sign_of(&p[j]) : 0;
	if (sign != left && sign != right)
		return true;
	if ((i > 0 && p[i - 1].type != MD_OPEN) ||
	    (j < k->n && p[j].type != MD_CLOSE))
		return false;
	size = i == 0 ? before->n : p[i - 1].size;
	return p[i].size > size;
}

/* A first attempt; returns whether it differs from asterisks everywhere. */
static bool
guess(struct marks *k)
{
	bool any = false, underscores;
	size_t i;

	for (i = 0; i < k->n; i++) {
		if (k->pieces[i].type != MD_OPEN)
			continue;
		underscores = !fits(k, i, '*') && fits(k, i, '_');
		set_signs(k, i, underscores);
		any = any || underscores;
	}
	return any;
}

static void
use_asterisks(struct marks *k)
{
	size_t i;

	for (i = 0; i < k->n; i++)
		k->pieces[i].underscores = false;
}

/* Looks at the ends of the pieces. */
static void
look(const struct md *m, struct md_piece *p)
{
	const uint16_t *units = md_units(m) + p->from;

	p->first = p->last = MD_SYMBOL;
	p->single = p->ends_line = false;
	if (p->type != MD_TEXT)
		return;
	p->first = md_kind(units[0]);
	p->last = md_kind(units[p->len - 1]);
	p->ends_line = md_is_eol(units[p->len - 1]);
	p->single = p->len == 1 || (p->len == 2 && md_is_pair(units));
}

static void
take_memory(struct marks *k)
{
	struct arena *a = k->m->arena;

	k->runs = arena_array(a, k->n, sizeof(*k->runs));
	k->run_of = arena_array(a, k->n, sizeof(*k->run_of));
	k->signs = arena_array(a, 2 * k->n, sizeof(*k->signs));
	k->mistakes = arena_array(a, k->n, sizeof(*k->mistakes));
	k->openers[ASTERISKS] = arena_array(a, k->n, sizeof(size_t));
	k->openers[UNDERSCORES] = arena_array(a, k->n, sizeof(size_t));
	k->wrong = arena_array(a, k->n, sizeof(*k->wrong));
	k->chosen = arena_array(a, k->n, sizeof(*k->chosen));
	k->candidates = arena_array(a, k->n, sizeof(*k->candidates));
}

void
md_choose_marks(
    struct md *m, struct md_piece *pieces, size_t n, const struct md_edge *e)
{
	struct marks k = {.m = m, .pieces = pieces, .n = n, .edge = e};
	size_t i;

	for (i = 0; i < n; i++)
		look(m, &pieces[i]);
	take_memory(&k);
	if (guess(&k) && fix(&k))
		return;
	use_asterisks(&k);
	if (fix(&k))
		return;
	use_asterisks(&k);
	encode_texts(&k);
}
