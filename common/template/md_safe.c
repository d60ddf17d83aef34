/* Escaping (templatedx.md 5.5): which units of a text would mean something
 * where it stands, and what is written for them.
 *
 * The reference runs some forty regular expressions over the text and merges
 * what they find.  As the merging does not depend on the order, one pass does:
 * it keeps in mind whether a line has just begun, and asks at each unit only
 * the patterns of that unit. */
#include "md.h"

#include <string.h>

/* What must stand before the unit, and behind it. */
enum before { ANY, EOL, BRACKET, LINE, NUMBER };
enum after {
	ALWAYS,
	AT_EOL,
	AT_EOL_END,
	AT_OPEN,
	AT_NAME,
	AT_TAG,
	AT_STAR,
	AT_DASH,
	AT_SPACE,
	AT_SPACE_END
};

#define PROSE MD_IN(C_PHRASING)
#define LANG MD_IN(C_LANG)
#define META MD_IN(C_META)
#define LITERAL MD_IN(C_LITERAL)
#define RAW MD_IN(C_RAW)
#define NAME (MD_IN(C_LABEL) | MD_IN(C_REFERENCE))
#define LINE_ENDS (LANG | META | LITERAL | MD_IN(C_ATX))
/* In these, prose is no longer read as such. */
#define SPANS (LITERAL | RAW | MD_IN(C_REFERENCE) | MD_IN(C_TITLE))

struct pattern {
	char unit;
	enum before before;
	enum after after;
	uint32_t in;	 /* one of these is needed; 0: everywhere */
	uint32_t not_in; /* none of these */
};

/* Sorted by unit. */
static const struct pattern patterns[] = {
    {'\t', ANY, AT_EOL, PROSE, 0},
    {'\t', EOL, ALWAYS, PROSE, 0},
    {'\t', ANY, ALWAYS, LANG, 0},
    {'\n', ANY, ALWAYS, LINE_ENDS, 0},
    {'\r', ANY, ALWAYS, LINE_ENDS, 0},
    {' ', ANY, AT_EOL, PROSE, 0},
    {' ', EOL, ALWAYS, PROSE, 0},
    {' ', ANY, ALWAYS, LANG, 0},
    {'!', ANY, AT_OPEN, PROSE, SPANS},
    {'"', ANY, ALWAYS, MD_IN(C_TITLE), 0},
    {'#', LINE, ALWAYS, 0, 0},
    {'#', ANY, AT_EOL_END, MD_IN(C_ATX), 0},
    {'&', ANY, AT_NAME, PROSE, 0},
    {'(', ANY, ALWAYS, RAW, 0},
    {'(', BRACKET, ALWAYS, PROSE, SPANS},
    {')', NUMBER, ALWAYS, 0, 0},
    {')', ANY, ALWAYS, RAW, 0},
    {'*', LINE, AT_STAR, 0, 0},
    {'*', ANY, ALWAYS, PROSE, SPANS},
    {'+', LINE, AT_SPACE, 0, 0},
    {'-', LINE, AT_DASH, 0, 0},
    {'.', NUMBER, AT_SPACE_END, 0, 0},
    {'<', LINE, AT_TAG, 0, 0},
    {'<', ANY, AT_TAG, PROSE, SPANS},
    {'<', ANY, ALWAYS, LITERAL, 0},
    {'<', ANY, ALWAYS, PROSE, 0},
    {'<', LINE, ALWAYS, 0, 0},
    {'=', LINE, ALWAYS, 0, 0},
    {'>', LINE, ALWAYS, 0, 0},
    {'>', ANY, ALWAYS, LITERAL, 0},
    {'[', LINE, ALWAYS, 0, 0},
    {'[', ANY, ALWAYS, PROSE, SPANS},
    {'[', ANY, ALWAYS, NAME, 0},
    {'\\', ANY, AT_EOL, PROSE, 0},
    {']', ANY, ALWAYS, NAME, 0},
    {'_', LINE, ALWAYS, 0, 0},
    {'_', ANY, ALWAYS, PROSE, SPANS},
    {'`', LINE, ALWAYS, 0, 0},
    {'`', ANY, ALWAYS, LANG | META, 0},
    {'`', ANY, ALWAYS, PROSE, SPANS},
    {'{', ANY, ALWAYS, PROSE, 0},
    {'{', LINE, ALWAYS, 0, 0},
    {'~', LINE, ALWAYS, 0, 0},
};

enum { N_PATTERNS = ARRAY_LEN(patterns), NO_PATTERN = 0xff };
_Static_assert(N_PATTERNS < NO_PATTERN, "patterns are numbered in a byte");

/* What is known of a unit: HIT, and whether every pattern that hit it asks for
 * what stands before it, or behind it. */
enum { HIT = 1, BEFORE = 2, AFTER = 4 };

/* A text with its edges, and where its line is. */
struct scan {
	const uint16_t *v;
	size_t n;
	enum before place;	 /* LINE, NUMBER or ANY */
	size_t eol;		 /* that began the line, unless place is ANY */
	size_t used[N_PATTERNS]; /* a pattern's matches do not overlap */
};

void
md_safe_init(struct md *m)
{
	size_t i;

	memset(m->first, NO_PATTERN, sizeof(m->first));
	for (i = N_PATTERNS; i > 0; i--)
		m->first[(unsigned char)patterns[i - 1].unit] =
		    (uint8_t)(i - 1);
}

static bool
is_digit(uint32_t u)
{
	return u >= '0' && u <= '9';
}

static bool
is_letter(uint32_t u)
{
	return (u | 0x20) >= 'a' && (u | 0x20) <= 'z';
}

static bool
is_punct(uint32_t u)
{
	return u > ' ' && u < 0x7f && !is_digit(u) && !is_letter(u);
}

static bool
is_blank(uint32_t u)
{
	return u == ' ' || u == '\t';
}

static bool
is_space(uint32_t u)
{
	return is_blank(u) || md_is_eol(u);
}

/* Where a match ends whose unit is at I; 0 when what follows is not right. */
static size_t
match_end(const struct pattern *p, const uint16_t *v, size_t n, size_t i)
{
	uint32_t next;
	bool yes;

	if (p->after == ALWAYS)
		return i + 1;
	if (i + 1 >= n)
		return p->after == AT_EOL_END || p->after == AT_SPACE_END
			   ? i + 1
			   : 0;
	next = v[i + 1];
	switch (p->after) {
	case AT_EOL:
	case AT_EOL_END:
		yes = md_is_eol(next);
		break;
	case AT_OPEN:
		yes = next == '[';
		break;
	case AT_NAME:
		yes = next == '#' || is_letter(next);
		break;
	case AT_TAG:
		yes = next == '!' || next == '/' || next == '?' ||
		      is_letter(next);
		break;
	case AT_STAR:
		yes = next == '*' || is_space(next);
		break;
	case AT_DASH:
		yes = next == '-' || is_space(next);
		break;
	default:
		yes = is_space(next);
	}
	return yes ? i + 2 : 0;
}

/* Whether the unit at I has the right things before it; *START is where the
 * match begins then. */
static bool
match_start(
    const struct pattern *p, const struct scan *s, size_t i, size_t *start)
{
	switch (p->before) {
	case EOL:
		*start = i - 1;
		return i > 0 && md_is_eol(s->v[i - 1]);
	case BRACKET:
		*start = i - 1;
		return i > 0 && s->v[i - 1] == ']';
	case LINE:
	case NUMBER:
		*start = s->eol;
		return s->place == p->before;
	default:
		*start = i;
		return true;
	}
}

/* What the patterns from number K on say of the unit at I. */
static uint8_t
look(struct scan *s, size_t i, size_t k, uint32_t constructs)
{
	const struct pattern *p;
	uint8_t all = 0, one;
	size_t start, end;

	for (; k < N_PATTERNS; k++) {
		p = &patterns[k];
		if ((unsigned char)p->unit != s->v[i])
			break;
		if ((p->in != 0 && (p->in & constructs) == 0) ||
		    (p->not_in & constructs) != 0)
			continue;
		if (!match_start(p, s, i, &start) || start < s->used[k])
			continue;
		end = match_end(p, s->v, s->n, i);
		if (end == 0)
			continue;
		s->used[k] = end;
		one = (uint8_t)(HIT | (p->before != ANY ? BEFORE : 0) |
				(p->after != ALWAYS ? AFTER : 0));
		all = all == 0 ? one : all & one;
	}
	return all;
}

static void
step(struct scan *s, size_t i)
{
	uint32_t u = s->v[i];

	if (md_is_eol(u)) {
		s->place = LINE;
		s->eol = i;
	} else if (s->place == LINE && is_blank(u)) {
		return;
	} else if (s->place != ANY && is_digit(u)) {
		s->place = NUMBER;
	} else {
		s->place = ANY;
	}
}

static size_t
first_pattern(const struct md *m, uint32_t unit)
{
	return unit < ARRAY_LEN(m->first) ? m->first[unit] : NO_PATTERN;
}

static void
find_hits(const struct md *m, const uint16_t *v, size_t n, uint8_t *hits)
{
	struct scan s = {.v = v, .n = n, .place = ANY};
	uint32_t constructs = m->state.place.constructs;
	size_t i, k;

	for (i = 0; i < n; i++) {
		k = first_pattern(m, v[i]);
		hits[i] = k == NO_PATTERN ? 0 : look(&s, i, k, constructs);
		step(&s, i);
	}
}

/* Whether escaping a neighbour makes this unit harmless. */
static bool
is_spared(const uint8_t *hits, size_t i, size_t end)
{
	const uint8_t both = BEFORE | AFTER;

	if ((hits[i] & AFTER) != 0 && i + 1 < end && hits[i + 1] != 0 &&
	    (hits[i + 1] & both) == 0)
		return true;
	return (hits[i] & BEFORE) != 0 && i > 0 && hits[i - 1] != 0 &&
	       (hits[i - 1] & both) == 0;
}

/* Writes a stretch; NEXT, what follows it, decides on its last backslash. */
static void
put_stretch(struct md *m, const uint16_t *v, size_t n, uint32_t next)
{
	size_t i, from = 0;

	for (i = 0; i < n; i++) {
		if (v[i] != '\\' || !is_punct(i + 1 < n ? v[i + 1] : next))
			continue;
		md_put(m, v + from, i + 1 - from);
		from = i;
	}
	md_put(m, v + from, n - from);
}

static void
put_escaped(struct md *m, const uint16_t *v, size_t from, size_t end,
    uint32_t next, char encode)
{
	const uint8_t *hits = (const uint8_t *)m->hits.data;
	size_t i, start = from;

	for (i = from; i < end; i++) {
		if (hits[i] == 0 || is_spared(hits, i, end))
			continue;
		put_stretch(m, v + start, i - start, '\\');
		start = i;
		if (is_punct(v[i]) && v[i] != (unsigned char)encode) {
			md_puts(m, "\\");
			continue;
		}
		md_put_reference(m, v[i]);
		start++;
	}
	put_stretch(m, v + start, end - start, next);
}

/* Nothing in the text can be hit. */
static bool
is_plain(const struct md *m, struct str16 text, const struct md_edge *e)
{
	const struct md_side *before = &e->before;
	size_t i, n = text.len;

	if (n == 0)
		return true;
	if ((m->state.place.constructs & LANG) != 0)
		return false;
	if (is_blank(text.p[0]) && before->n > 0 &&
	    md_is_eol(before->units[before->n - 1]))
		return false;
	if (is_blank(text.p[n - 1]) && e->after.n > 0 &&
	    md_is_eol(e->after.units[0]))
		return false;
	for (i = 0; i < n; i++)
		if (first_pattern(m, text.p[i]) != NO_PATTERN &&
		    !is_blank(text.p[i]))
			return false;
	return true;
}

static void
add_units(struct buf *b, const uint16_t *units, size_t n)
{
	buf_add(b, units, n * sizeof(*units));
}

void
md_safe(struct md *m, struct str16 text, const struct md_edge *e, char encode)
{
	const uint16_t *v;
	size_t n = e->before.n + text.len + e->after.n;

	if (is_plain(m, text, e)) {
		md_text(m, text);
		return;
	}
	m->steps += n;
	buf_clear(&m->text);
	add_units(&m->text, e->before.units, e->before.n);
	add_units(&m->text, text.p, text.len);
	add_units(&m->text, e->after.units, e->after.n);
	buf_clear(&m->hits);
	if (buf_reserve(&m->hits, n) == NULL || buf_full(&m->text)) {
		m->out.full = true;
		return;
	}
	v = (const uint16_t *)(const void *)m->text.data;
	find_hits(m, v, n, (uint8_t *)m->hits.data);
	put_escaped(m, v, e->before.n, e->before.n + text.len,
	    e->after.n > 0 ? e->after.units[0] : 0, encode);
}

/* Where a match of P ends that begins with the line end at I; else 0. */
static size_t
match_line(const struct pattern *p, const uint16_t *v, size_t n, size_t i)
{
	size_t digits;

	for (i++; i < n && is_blank(v[i]); i++)
		continue;
	for (digits = i; p->before == NUMBER && i < n && is_digit(v[i]); i++)
		continue;
	if (p->before == NUMBER && i == digits)
		return 0;
	if (i == n || v[i] != (unsigned char)p->unit)
		return 0;
	return match_end(p, v, n, i);
}

/* Puts a space for each line end that P matches, and returns the new length.
 * As in the reference the search goes on where the match ended by its old
 * place: when CR LF became one space, one unit is passed over. */
static size_t
join_matches(const struct pattern *p, uint16_t *v, size_t n)
{
	size_t i, w = 0, from = 0, end;

	for (i = 0; i < n; i++) {
		end = i >= from && md_is_eol(v[i]) ? match_line(p, v, n, i) : 0;
		if (end == 0) {
			v[w++] = v[i];
			continue;
		}
		from = end;
		if (v[i] == '\n' && w > 0 && v[w - 1] == '\r') {
			w--;
			from++;
		}
		v[w++] = ' ';
	}
	return w;
}

void
md_join_lines(struct md *m, size_t start)
{
	size_t i, n = md_len(m) - start;
	uint16_t *v;

	if (n == 0 || !md_has_eol(md_units(m) + start, n))
		return;
	v = md_units(m) + start;
	for (i = 0; i < N_PATTERNS; i++) {
		if (patterns[i].before != LINE && patterns[i].before != NUMBER)
			continue;
		m->steps += n;
		n = join_matches(&patterns[i], v, n);
	}
	md_cut(m, start + n);
}
