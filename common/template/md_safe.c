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
enum before { ANY, EOL, LF, BRACKET, LINE, NUMBER };
enum after {
	ALWAYS,
	AT_EOL,
	AT_EOL_END,
	AT_CR,
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
#define TITLE MD_IN(C_TITLE)
#define NAME (MD_IN(C_LABEL) | MD_IN(C_REFERENCE))
#define LINE_ENDS (LANG | META | LITERAL | MD_IN(C_ATX))
/* In these, prose is no longer read as such. */
#define SPANS (LITERAL | RAW | MD_IN(C_REFERENCE) | TITLE)

struct pattern {
	char unit;
	enum before before;
	enum after after;
	uint32_t in;	 /* one of these is needed; 0: everywhere */
	uint32_t not_in; /* none of these */
	uint8_t styles;
};

enum { OLD = 1 << MARKDOWN_2_1, NEW = 1 << MARKDOWN_2_2, BOTH = OLD | NEW };

/* Sorted by unit. */
static const struct pattern patterns[] = {
    {'\t', ANY, AT_EOL, PROSE, 0, BOTH},
    {'\t', EOL, ALWAYS, PROSE, 0, BOTH},
    {'\t', ANY, ALWAYS, LANG, 0, BOTH},
    {'\n', ANY, ALWAYS, LINE_ENDS, 0, BOTH},
    {'\n', LF, ALWAYS, PROSE, 0, NEW},
    {'\n', ANY, AT_EOL, PROSE, 0, NEW},
    {'\r', ANY, ALWAYS, LINE_ENDS, 0, BOTH},
    {'\r', EOL, ALWAYS, PROSE, 0, NEW},
    {'\r', ANY, AT_CR, PROSE, 0, NEW},
    {' ', ANY, AT_EOL, PROSE, 0, BOTH},
    {' ', EOL, ALWAYS, PROSE, 0, BOTH},
    {' ', ANY, ALWAYS, LANG, 0, BOTH},
    {'!', ANY, AT_OPEN, PROSE, SPANS, BOTH},
    {'"', ANY, ALWAYS, TITLE, 0, BOTH},
    {'#', LINE, ALWAYS, 0, 0, BOTH},
    {'#', ANY, AT_EOL_END, MD_IN(C_ATX), 0, BOTH},
    {'&', ANY, AT_NAME, PROSE, 0, OLD},
    {'&', ANY, AT_NAME, PROSE | LANG | META | LITERAL | RAW | TITLE, 0, NEW},
    {'(', ANY, ALWAYS, RAW, 0, BOTH},
    {'(', BRACKET, ALWAYS, PROSE, SPANS, BOTH},
    {')', NUMBER, ALWAYS, 0, 0, BOTH},
    {')', ANY, ALWAYS, RAW, 0, BOTH},
    {'*', LINE, AT_STAR, 0, 0, BOTH},
    {'*', ANY, ALWAYS, PROSE, SPANS, BOTH},
    {'+', LINE, AT_SPACE, 0, 0, BOTH},
    {'-', LINE, AT_DASH, 0, 0, BOTH},
    {'.', NUMBER, AT_SPACE_END, 0, 0, BOTH},
    {'<', LINE, AT_TAG, 0, 0, BOTH},
    {'<', ANY, AT_TAG, PROSE, SPANS, BOTH},
    {'<', ANY, ALWAYS, LITERAL, 0, BOTH},
    {'<', ANY, ALWAYS, PROSE, 0, BOTH},
    {'<', LINE, ALWAYS, 0, 0, BOTH},
    {'=', LINE, ALWAYS, 0, 0, BOTH},
    {'>', LINE, ALWAYS, 0, 0, BOTH},
    {'>', ANY, ALWAYS, LITERAL, 0, BOTH},
    {'[', LINE, ALWAYS, 0, 0, BOTH},
    {'[', ANY, ALWAYS, PROSE, SPANS, BOTH},
    {'[', ANY, ALWAYS, NAME, 0, BOTH},
    {'\\', ANY, AT_EOL, PROSE, 0, BOTH},
    {']', ANY, ALWAYS, NAME, 0, BOTH},
    {'_', LINE, ALWAYS, 0, 0, BOTH},
    {'_', ANY, ALWAYS, PROSE, SPANS, BOTH},
    {'`', LINE, ALWAYS, 0, 0, BOTH},
    {'`', ANY, ALWAYS, LANG | META, 0, BOTH},
    {'`', ANY, ALWAYS, PROSE, SPANS, BOTH},
    {'{', ANY, ALWAYS, PROSE, 0, BOTH},
    {'{', LINE, ALWAYS, 0, 0, BOTH},
    {'~', LINE, ALWAYS, 0, 0, BOTH},
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
	case AT_CR:
		yes = next == '\r';
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
	case LF:
		*start = i - 1;
		return i > 0 && s->v[i - 1] == '\n';
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
look(const struct md *m, struct scan *s, size_t i, size_t k)
{
	uint32_t constructs = m->state.place.constructs;
	const struct pattern *p;
	uint8_t all = 0, one;
	size_t start, end;

	for (; k < N_PATTERNS; k++) {
		p = &patterns[k];
		if ((unsigned char)p->unit != s->v[i])
			break;
		if ((p->styles >> m->style & 1) == 0 ||
		    (p->in != 0 && (p->in & constructs) == 0) ||
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
	size_t i, k;

	for (i = 0; i < n; i++) {
		k = first_pattern(m, v[i]);
		hits[i] = k == NO_PATTERN ? 0 : look(m, &s, i, k);
		step(&s, i);
	}
}

/* A text between its edges, and what was found. */
struct found {
	const uint16_t *v;
	const uint8_t *hits;
	size_t from, end, n; /* of the text, and with its edges */
	enum markdown_style style;
};

/* Whether escaping a neighbour makes this unit harmless. */
static bool
is_spared(const struct found *f, size_t i)
{
	const uint8_t both = BEFORE | AFTER, *hits = f->hits;
	size_t from = f->style == MARKDOWN_2_2 ? f->from : 0;

	if ((hits[i] & AFTER) != 0 && i + 1 < f->end && hits[i + 1] != 0 &&
	    (hits[i + 1] & both) == 0)
		return true;
	return (hits[i] & BEFORE) != 0 && i > from && hits[i - 1] != 0 &&
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

static bool
is_sign(uint16_t unit)
{
	return unit == '*' || unit == '_';
}

/* Whether the unit at I stands fast as a letter beside a run of underscores: a
 * letter beside a marker, which is beyond it at EDGE, may become a reference.
 */
static bool
is_letter_of_word(const struct found *f, size_t i, size_t edge)
{
	return md_kind(f->v[i]) == MD_LETTER && f->hits[i] == 0 &&
	       !(edge < f->n && is_sign(f->v[edge]));
}

/* Where the underscores from I on end, which need no escape when they are
 * within a word; else I.  Style 2.2. */
static size_t
skip_underscores(const struct found *f, size_t i)
{
	const size_t none = f->n;
	size_t end = i;

	if (f->style != MARKDOWN_2_2 || f->v[i] != '_' || i == 0)
		return i;
	if (!is_letter_of_word(
		f, i - 1, i - 1 == f->from && i > 1 ? i - 2 : none))
		return i;
	for (; end < f->end && f->v[end] == '_'; end++)
		if (f->hits[end] == 0)
			return i;
	if (end == f->n ||
	    !is_letter_of_word(f, end, end + 1 == f->end ? end + 1 : none))
		return i;
	return end;
}

static void
put_escaped(struct md *m, const struct found *f, char encode)
{
	size_t i, start = f->from, end;

	for (i = f->from; i < f->end; i++) {
		if (f->hits[i] == 0)
			continue;
		end = skip_underscores(f, i);
		if (end > i) {
			i = end - 1;
			continue;
		}
		if (is_spared(f, i))
			continue;
		put_stretch(m, f->v + start, i - start, '\\');
		start = i + 1;
		if (is_punct(f->v[i]) && f->v[i] != (unsigned char)encode) {
			md_puts(m, "\\");
			md_put(m, &f->v[i], 1);
		} else {
			md_put_reference(m, f->v[i]);
		}
	}
	put_stretch(
	    m, f->v + start, f->end - start, f->end < f->n ? f->v[f->end] : 0);
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
	put_escaped(m,
	    &(struct found){.v = v,
		.hits = (const uint8_t *)m->hits.data,
		.from = e->before.n,
		.end = e->before.n + text.len,
		.n = n,
		.style = m->style},
	    encode);
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
