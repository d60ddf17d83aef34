/* The parts that links and definitions are made of, labels, destinations and
 * titles; and the definitions themselves, which stand at the beginning of a
 * paragraph's text. */
#include "mdx_int.h"

#include "mdx_entity.h"
#include "../base/utf.h"

#include <stdlib.h>
#include <unicase.h>

#define LABEL_MAX 999

static size_t
skip_space(const struct mdx_chunk *c, size_t i)
{
	while (mdx_is_space(mdx_peek(c, i)))
		i++;
	return i;
}

size_t
mdx_skip_white(const struct mdx_chunk *c, size_t i)
{
	while (mdx_is_space(mdx_peek(c, i)) || mdx_is_eol(mdx_peek(c, i)))
		i++;
	return i;
}

static struct str16
decoded(struct mdx *m, const struct mdx_chunk *c, size_t from, size_t to)
{
	return mdx_decode(m->arena, mdx_chunk_slice(m->arena, c, from, to));
}

/* --- destinations */

static bool
is_escape(const struct mdx_chunk *c, size_t i, unsigned open, unsigned close)
{
	unsigned next = mdx_peek(c, i + 1);

	return mdx_peek(c, i) == '\\' &&
	       (next == open || next == close || next == '\\');
}

/* Between angle brackets. */
static size_t
enclosed(struct mdx *m, const struct mdx_chunk *c, size_t i, struct str16 *url)
{
	size_t start = ++i;
	unsigned unit;

	for (;; i++) {
		unit = mdx_peek(c, i);
		if (unit == '>')
			break;
		if (unit == CHUNK_END || unit == '<' || mdx_is_eol(unit))
			return 0;
		if (is_escape(c, i, '<', '>'))
			i++;
	}
	*url = decoded(m, c, start, i);
	return i + 1;
}

static bool
ends_raw(unsigned unit)
{
	return unit == CHUNK_END || unit <= ' ' || unit == 0x7F;
}

/* Parentheses must be balanced, LIMIT of them at most. */
size_t
mdx_destination(struct mdx *m, const struct mdx_chunk *c, size_t i,
    unsigned limit, struct str16 *url)
{
	size_t start = i;
	unsigned unit, balance = 0;

	if (mdx_peek(c, i) == '<')
		return enclosed(m, c, i, url);
	for (;; i++) {
		unit = mdx_peek(c, i);
		if (unit == ')' && balance == 0)
			break;
		if (ends_raw(unit))
			break;
		if (unit == '(' && balance++ == limit)
			return 0;
		if (unit == ')')
			balance--;
		if (is_escape(c, i, '(', ')'))
			i++;
	}
	if (i == start || balance > 0)
		return 0;
	/* Of what is no printable character only white space may end it. */
	if (unit != CHUNK_END && unit != ')' && !mdx_is_space(unit) &&
	    !mdx_is_eol(unit))
		return 0;
	*url = decoded(m, c, start, i);
	return i;
}

/* --- titles */

/* Without the white space that its lines begin with. */
static struct str16
title_text(struct mdx *m, const struct mdx_chunk *c, size_t from, size_t to)
{
	struct str16 text = mdx_chunk_slice(m->arena, c, from, to);
	uint16_t *out = arena_array(m->arena, text.len + 1, sizeof(*out));
	size_t i, n = 0;

	for (i = 0; i < text.len; i++) {
		if (n > 0 && mdx_is_eol(out[n - 1]) && mdx_is_space(text.p[i]))
			continue;
		out[n++] = text.p[i];
	}
	return mdx_decode(m->arena, (struct str16){out, n});
}

void
mdx_forget_titles(struct mdx *m, const struct mdx_chunk *c)
{
	size_t k;

	m->untitled.chunk = c;
	for (k = 0; k < ARRAY_LEN(m->untitled.from); k++)
		m->untitled.from[k] = SIZE_MAX;
}

size_t
mdx_title(
    struct mdx *m, const struct mdx_chunk *c, size_t i, struct str16 *title)
{
	unsigned marker = mdx_peek(c, i), unit;
	size_t start = i + 1;

	if (marker != '"' && marker != '\'' && marker != '(')
		return 0;
	if (marker == '(')
		marker = ')';
	if (c == m->untitled.chunk && start >= m->untitled.from[marker & 3])
		return 0;
	for (i = start; (unit = mdx_peek(c, i)) != marker; i++) {
		if (unit == CHUNK_END) {
			m->untitled.from[marker & 3] = start;
			return 0;
		}
		if (is_escape(c, i, marker, marker))
			i++;
	}
	*title = title_text(m, c, start, i);
	return i + 1;
}

/* --- labels */

/* The label whose `[` is at I: behind its `]`, or 0. */
size_t
mdx_label(const struct mdx_chunk *c, size_t i)
{
	size_t size = 0;
	bool seen = false;
	unsigned unit;

	for (i++; size <= LABEL_MAX; i++) {
		unit = mdx_peek(c, i);
		if (unit == CHUNK_END || unit == '[')
			return 0;
		if (unit == ']')
			return seen ? i + 1 : 0;
		if (mdx_is_eol(unit))
			continue;
		size++;
		seen = seen || !mdx_is_space(unit);
		if (is_escape(c, i, '[', ']')) {
			i++;
			size++;
		}
	}
	return 0;
}

static bool
is_label_space(unsigned c)
{
	return mdx_is_space(c) || mdx_is_eol(c);
}

static uint16_t *
scratch(struct mdx *m, size_t n)
{
	if (n > m->cap_scratch) {
		m->cap_scratch = 2 * n;
		m->scratch =
		    arena_array(m->work, m->cap_scratch, sizeof(*m->scratch));
	}
	return m->scratch;
}

/* White space collapsed and trimmed; .p is NULL when it is longer than MAX
 * units.  Valid until the next call. */
static struct str16
collapse(struct mdx *m, struct str16 label, size_t max)
{
	size_t i, n = 0, size = label.len < max ? label.len : max;
	uint16_t *out = scratch(m, size + 1);

	for (i = 0; i < label.len; i++) {
		if (is_label_space(label.p[i]) && (n == 0 || out[n - 1] == ' '))
			continue;
		if (n == size)
			break;
		out[n++] = is_label_space(label.p[i]) ? ' ' : label.p[i];
	}
	while (i < label.len && is_label_space(label.p[i]))
		i++;
	if (i < label.len)
		return (struct str16){0};
	if (n > 0 && out[n - 1] == ' ')
		n--;
	return (struct str16){out, n};
}

typedef uint16_t *case_fn(const uint16_t *s, size_t n, const char *language,
    uninorm_t form, uint16_t *out, size_t *len);

static struct str16
map_case(struct arena *a, struct str16 s, case_fn *fn)
{
	size_t len = 0;
	uint16_t *mapped = fn(s.p, s.len, NULL, NULL, NULL, &len);
	struct str16 out = {arena_dup(a, mapped, len * sizeof(*mapped)), len};

	free(mapped);
	return out;
}

static bool
is_ascii(struct str16 s)
{
	size_t i;

	for (i = 0; i < s.len; i++)
		if (s.p[i] >= 0x80)
			return false;
	return true;
}

/* Folds what collapse() left, in its place when that is possible. */
static struct str16
fold(struct mdx *m, struct arena *a, struct str16 s)
{
	size_t i;

	if (!is_ascii(s))
		return map_case(a, map_case(a, s, u16_tolower), u16_toupper);
	for (i = 0; i < s.len; i++)
		if (s.p[i] >= 'a' && s.p[i] <= 'z')
			m->scratch[i] = (uint16_t)(s.p[i] - 0x20);
	return s;
}

/* As it is shown in the tree: the folded label in lower case. */
struct str16
mdx_shown_id(struct mdx *m, struct str16 id)
{
	return map_case(m->arena, id, u16_tolower);
}

/* --- the table of definitions */

static size_t
hash(struct str16 id)
{
	uint32_t h = 2166136261u;
	size_t i;

	for (i = 0; i < id.len; i++)
		h = (h ^ id.p[i]) * 16777619u;
	return (h ^ h >> 16) & (MDX_DEF_BUCKETS - 1);
}

static bool
has_id(const struct mdx *m, struct str16 id)
{
	const struct mdx_def *def;

	for (def = m->defs[hash(id)]; def != NULL; def = def->next)
		if (str16_eq(def->id, id))
			return true;
	return false;
}

static void
define(struct mdx *m, struct str16 id)
{
	struct mdx_def *def;

	if (id.len > m->longest_def)
		m->longest_def = id.len;
	m->n_defs++;
	if (has_id(m, id))
		return;
	id.p = arena_dup(m->work, id.p, id.len * sizeof(*id.p));
	def = arena_alloc(m->work, sizeof(*def));
	*def = (struct mdx_def){id, m->defs[hash(id)]};
	m->defs[hash(id)] = def;
}

bool
mdx_is_defined(struct mdx *m, struct str16 label, struct str16 *id)
{
	struct arena *a;
	struct str16 text;
	bool found;

	if (m->n_defs == 0)
		return false;
	/* Folding makes a text at most three times as long. */
	text = collapse(m, label, 3 * m->longest_def + 3);
	if (text.p == NULL)
		return false;
	a = arena_new(m->work);
	*id = fold(m, a, text);
	found = has_id(m, *id);
	if (found)
		id->p = arena_dup(m->work, id->p, id->len * sizeof(*id->p));
	arena_free(a);
	return found;
}

/* --- definitions */

struct definition {
	size_t label, end;
	struct str16 url, title;
};

static bool
at_line_end(const struct mdx_chunk *c, size_t i)
{
	return i >= c->n || mdx_is_eol(c->p[i]);
}

/* A title takes a line of its own, or the rest of one. */
static size_t
read_title(
    struct mdx *m, const struct mdx_chunk *c, size_t i, struct str16 *title)
{
	size_t start = mdx_skip_white(c, i), end;

	if (start == i)
		return 0;
	end = mdx_title(m, c, start, title);
	if (end == 0)
		return 0;
	end = skip_space(c, end);
	return at_line_end(c, end) ? end : 0;
}

static bool
read_definition(
    struct mdx *m, const struct mdx_chunk *c, size_t i, struct definition *out)
{
	size_t end, titled;

	*out = (struct definition){0};
	if (mdx_peek(c, i) != '[' || (end = mdx_label(c, i)) == 0 ||
	    mdx_peek(c, end) != ':')
		return false;
	out->label = end;
	end = mdx_skip_white(c, end + 1);
	end = mdx_destination(m, c, end, UINT32_MAX, &out->url);
	if (end == 0)
		return false;
	titled = read_title(m, c, end, &out->title);
	if (titled == 0)
		out->title = (struct str16){0};
	out->end = titled != 0 ? titled : skip_space(c, end);
	return at_line_end(c, out->end);
}

size_t
mdx_take_definitions(struct mdx *m, struct mdx_chunk *c, struct node *parent)
{
	struct definition def;
	struct node *node;
	struct str16 label, id;
	size_t i = skip_space(c, 0);

	mdx_forget_titles(m, c);
	while (read_definition(m, c, i, &def)) {
		label = mdx_chunk_slice(m->arena, c, i + 1, def.label - 1);
		id = fold(m, m->work, collapse(m, label, SIZE_MAX));
		define(m, id);
		node = mdx_node(m, NODE_DEFINITION);
		node->label = mdx_decode(m->arena, label);
		node->identifier = mdx_shown_id(m, id);
		node->url = def.url;
		node->title = def.title;
		node->span = mdx_locate(
		    m, mdx_chunk_place(c, i), mdx_chunk_place(c, def.end));
		mdx_adopt(m, parent, node);
		i = mdx_skip_white(c, def.end);
	}
	return i;
}
