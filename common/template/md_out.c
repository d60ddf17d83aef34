/* The text that the Markdown printer writes: one growing array of UTF-16 units
 * that is changed at its end only.  It counts what it moves, so that the
 * printer can be stopped, and refuses to know any Markdown. */
#include "md.h"

#include "../base/utf.h"

#include <stdio.h>
#include <string.h>
#include <unictype.h>

enum { UNIT = sizeof(uint16_t) };

size_t
md_len(const struct md *m)
{
	return m->out.len / UNIT;
}

uint16_t *
md_units(const struct md *m)
{
	return (uint16_t *)(void *)m->out.data;
}

void
md_put(struct md *m, const uint16_t *units, size_t n)
{
	m->steps += n;
	buf_add(&m->out, units, n * UNIT);
}

void
md_text(struct md *m, struct str16 text)
{
	md_put(m, text.p, text.len);
}

/* N more units, which the caller writes; NULL when there is no room. */
static uint16_t *
more(struct md *m, size_t n)
{
	char *p = buf_reserve(&m->out, n * UNIT);

	if (p == NULL)
		return NULL;
	m->steps += n;
	m->out.len += n * UNIT;
	m->out.data[m->out.len] = '\0';
	return (uint16_t *)(void *)p;
}

void
md_puts(struct md *m, const char *ascii)
{
	size_t i, n = strlen(ascii);
	uint16_t *to = more(m, n);

	for (i = 0; to != NULL && i < n; i++)
		to[i] = (unsigned char)ascii[i];
}

void
md_fill(struct md *m, char c, size_t n)
{
	uint16_t *to = more(m, n);
	size_t i;

	for (i = 0; to != NULL && i < n; i++)
		to[i] = (unsigned char)c;
}

void
md_cut(struct md *m, size_t len)
{
	m->out.len = len * UNIT;
}

/* Puts ASCII text in place of the N units (at most its length) at AT. */
static void
replace(struct md *m, size_t at, size_t n, const char *ascii)
{
	size_t i, len = strlen(ascii), tail = md_len(m) - at - n;
	uint16_t *units;

	if (more(m, len - n) == NULL)
		return;
	units = md_units(m);
	m->steps += tail;
	memmove(units + at + len, units + at + n, tail * UNIT);
	for (i = 0; i < len; i++)
		units[at + i] = (unsigned char)ascii[i];
}

/* No reference is longer than &#x10FFFF; and a NUL. */
enum { REFERENCE_LEN = 11 };

static void
print_reference(char out[REFERENCE_LEN], uint32_t code)
{
	(void)snprintf(out, REFERENCE_LEN, "&#x%X;", (unsigned)code);
}

void
md_put_reference(struct md *m, uint32_t code)
{
	char reference[REFERENCE_LEN];

	print_reference(reference, code);
	md_puts(m, reference);
}

void
md_refer(struct md *m, size_t at)
{
	char reference[REFERENCE_LEN];

	print_reference(reference, md_units(m)[at]);
	replace(m, at, 1, reference);
}

void
md_refer_to_nothing(struct md *m, size_t at)
{
	replace(m, at, 0, "&#xNAN;");
}

bool
md_is_eol(uint32_t unit)
{
	return unit == '\n' || unit == '\r';
}

bool
md_is_pair(const uint16_t *units)
{
	return (units[0] & 0xfc00) == 0xd800 && (units[1] & 0xfc00) == 0xdc00;
}

bool
md_has_eol(const uint16_t *units, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (md_is_eol(units[i]))
			return true;
	return false;
}

enum md_kind
md_kind(uint16_t unit)
{
	if (js_is_space(unit))
		return MD_SPACE;
	if (uc_is_general_category_withtable(
		unit, UC_CATEGORY_MASK_P | UC_CATEGORY_MASK_S))
		return MD_SYMBOL;
	return MD_LETTER;
}

enum md_kind
md_first_kind(const struct md_side *side)
{
	return side->n > 0 ? md_kind(side->units[0]) : MD_LETTER;
}

enum md_kind
md_last_kind(const struct md_side *side)
{
	return side->n > 0 ? md_kind(side->units[side->n - 1]) : MD_LETTER;
}

static size_t
prefix_len(const struct md_prefix *prefix, bool blank)
{
	return blank ? strlen(prefix->blank)
		     : strlen(prefix->text) + prefix->pad;
}

/* Writes a prefix that ends at TO, and returns where it begins. */
static uint16_t *
write_prefix(uint16_t *to, const struct md_prefix *prefix, bool blank)
{
	const char *text = blank ? prefix->blank : prefix->text;
	size_t i, pad = blank ? 0 : prefix->pad;

	for (i = 0; i < pad; i++)
		*--to = ' ';
	for (i = strlen(text); i > 0; i--)
		*--to = (unsigned char)text[i - 1];
	return to;
}

/* How many units the prefixes of N units of text need. */
static size_t
prefixes_len(const uint16_t *units, size_t n, const struct md_prefix *first,
    const struct md_prefix *rest)
{
	const struct md_prefix *prefix = first;
	size_t i, begin = 0, len = 0;

	for (i = 0; i <= n; i++) {
		if (i < n && !md_is_eol(units[i]))
			continue;
		len += prefix_len(prefix, i == begin);
		prefix = rest;
		if (i + 1 < n && units[i] == '\r' && units[i + 1] == '\n')
			i++;
		begin = i + 1;
	}
	return len;
}

/* Works from the end to the start, so that every unit moves once. */
void
md_indent(struct md *m, size_t start, const struct md_prefix *first,
    const struct md_prefix *rest)
{
	size_t n = md_len(m) - start;
	size_t begin, end, len;
	uint16_t *units, *to;

	if (m->out.data == NULL && more(m, 0) == NULL)
		return;
	len = prefixes_len(md_units(m) + start, n, first, rest);
	m->steps += n;
	if (more(m, len) == NULL)
		return;
	units = md_units(m) + start;
	to = units + n + len;
	for (end = n;; end = begin) {
		begin = end;
		while (begin > 0 && !md_is_eol(units[begin - 1]))
			begin--;
		to -= end - begin;
		memmove(to, units + begin, (end - begin) * UNIT);
		to = write_prefix(to, begin == 0 ? first : rest, begin == end);
		if (begin == 0)
			return;
		*--to = units[--begin];
		if (*to == '\n' && begin > 0 && units[begin - 1] == '\r')
			*--to = units[--begin];
	}
}

struct md_side
md_side(const char *ascii)
{
	struct md_side side = {{0, 0}, 0};

	while (*ascii != '\0' && side.n < ARRAY_LEN(side.units))
		side.units[side.n++] = (unsigned char)*ascii++;
	return side;
}

struct md_side
md_before(const struct md *m, size_t start)
{
	struct md_side side = {{0, 0}, 0};
	size_t i, end = md_len(m);

	i = end - start > ARRAY_LEN(side.units) ? end - ARRAY_LEN(side.units)
						: start;
	for (; i < end; i++)
		side.units[side.n++] = md_units(m)[i];
	return side;
}

struct md_side
md_first(const struct md *m, size_t start)
{
	size_t n = md_len(m) - start;
	const uint16_t *units;

	if (n == 0)
		return (struct md_side){{0, 0}, 0};
	units = md_units(m) + start;
	if (m->style == MARKDOWN_2_2 && n > 1 && md_is_pair(units))
		return (struct md_side){{units[0], units[1]}, 2};
	return (struct md_side){{units[0], 0}, 1};
}

struct md_side
md_last(const struct md *m, size_t start)
{
	size_t n = md_len(m) - start;
	const uint16_t *end;

	if (n == 0)
		return (struct md_side){{0, 0}, 0};
	end = md_units(m) + md_len(m);
	if (m->style == MARKDOWN_2_2 && n > 1 && md_is_pair(end - 2))
		return (struct md_side){{end[-2], end[-1]}, 2};
	return (struct md_side){{end[-1], 0}, 1};
}

void
md_enter(struct md *m, enum md_construct construct)
{
	struct md_place *place = &m->state.place;

	place->constructs |= MD_IN(construct);
	place->newest = place->newest << 8 | (uint32_t)construct;
	if (construct == C_FLOW_ELEMENT)
		place->jsx++;
	if (construct == C_BLOCKQUOTE || construct == C_LIST_ITEM)
		place->jsx = 0;
}

struct str16
md_value(struct md *m, const struct node *n)
{
	if (n->value.type == JS_STRING)
		return n->value.string;
	if (n->value.type == JS_NUMBER && js_truthy(n->value))
		return js_to_string(m->arena, n->value);
	return (struct str16){NULL, 0};
}
