/* What stands in a line, as Markdown (templatedx.md 5.6): one function for each
 * kind of node, and the destinations that links and definitions share. */
#include "md.h"

#include "../mdx/mdx_entity.h"

#include <string.h>

int
md_plain(struct md *m, const struct node *n, const struct node *parent,
    const struct md_edge *e)
{
	(void)parent;
	md_safe(m, md_value(m, n), e, 0);
	return 0;
}

int
md_break(struct md *m, const struct node *n, const struct node *parent,
    const struct md_edge *e)
{
	const uint32_t one_line =
	    MD_IN(C_ATX) | MD_IN(C_LITERAL) | MD_IN(C_LANG) | MD_IN(C_META);
	unsigned i;

	(void)n;
	(void)parent;
	if ((m->state.place.constructs & one_line) == 0) {
		md_puts(m, "\\\n");
		return 0;
	}
	for (i = 0; i < e->before.n; i++)
		if (e->before.units[i] == ' ' || e->before.units[i] == '\t')
			return 0;
	md_puts(m, " ");
	return 0;
}

/* The smallest number of backticks that no run in the code has.  Runs of 1, 2,
 * … n backticks take more than n * n / 2 units, which bounds what must be
 * remembered. */
static size_t
free_run(struct md *m, struct str16 code)
{
	size_t i, run, max = 1;
	bool *seen;

	while (max * max / 2 <= code.len)
		max *= 2;
	seen = arena_zalloc(m->arena, max + 1);
	for (i = 0; i < code.len; i++) {
		for (run = 0; i < code.len && code.p[i] == '`'; i++)
			run++;
		if (run <= max)
			seen[run] = true;
	}
	for (run = 1; run < max && seen[run]; run++)
		continue;
	return run;
}

static bool
is_space_or_eol(uint16_t unit)
{
	return unit == ' ' || md_is_eol(unit);
}

/* A reader strips one space on both sides, and stops at a backtick. */
static bool
needs_padding(struct str16 code)
{
	size_t i;

	for (i = 0; i < code.len && is_space_or_eol(code.p[i]); i++)
		continue;
	if (i == code.len)
		return false;
	if (code.p[0] == '`' || code.p[code.len - 1] == '`')
		return true;
	return is_space_or_eol(code.p[0]) &&
	       is_space_or_eol(code.p[code.len - 1]);
}

int
md_inline_code(struct md *m, const struct node *n, const struct node *parent,
    const struct md_edge *e)
{
	struct str16 code = md_value(m, n);
	const char *pad = needs_padding(code) ? " " : "";
	size_t start, run = 1;

	(void)parent;
	(void)e;
	if (code.len > 0)
		run = free_run(m, code);
	md_fill(m, '`', run);
	start = md_len(m);
	md_puts(m, pad);
	md_text(m, code);
	md_puts(m, pad);
	md_join_lines(m, start);
	md_fill(m, '`', run);
	return 0;
}

/* Prints a text after what the node has printed from START on. */
static void
safe_after(struct md *m, struct str16 text, size_t start, struct md_side after)
{
	const struct md_edge edge = {md_before(m, start), after};

	md_safe(m, text, &edge, 0);
}

/* The same within a construct that ends with it. */
static void
safe_in(struct md *m, enum md_construct construct, struct str16 text,
    size_t start, const char *after)
{
	struct md_place place = m->state.place;

	md_enter(m, construct);
	safe_after(m, text, start, md_side(after));
	m->state.place = place;
}

static bool
needs_brackets(const struct node *n, bool has_title)
{
	size_t i;

	if (n->url.len == 0)
		return n->kind == NODE_DEFINITION || has_title;
	for (i = 0; i < n->url.len; i++)
		if (n->url.p[i] <= ' ' || n->url.p[i] == 0x7f)
			return true;
	return false;
}

/* The destination and title; CLOSE is what follows. */
static void
put_resource(struct md *m, const struct node *n, size_t start, bool has_title,
    const char *close)
{
	if (needs_brackets(n, has_title)) {
		md_puts(m, "<");
		safe_in(m, C_LITERAL, n->url, start, ">");
		md_puts(m, ">");
	} else {
		safe_in(m, C_RAW, n->url, start, has_title ? " " : close);
	}
	if (!has_title)
		return;
	md_puts(m, " \"");
	safe_in(m, C_TITLE, n->title, start, "\"");
	md_puts(m, "\"");
}

/* The children of a link, in its brackets. */
static int
put_label(struct md *m, const struct node *n, const char *after)
{
	const struct md_edge edge = {md_side("["), md_side(after)};
	struct md_place place = m->state.place;

	md_enter(m, C_LABEL);
	md_puts(m, "[");
	if (md_phrasing(m, n, &edge) != 0)
		return -1;
	m->state.place = place;
	return 0;
}

/* Whether the label from START on, at the start of a line, has a colon after
 * its first bracket, so that a definition would be read. */
static bool
is_like_definition(const struct md *m, size_t start, const struct md_edge *e)
{
	const struct md_side *before = &e->before;
	const uint16_t *v = md_units(m);
	size_t i = start, n = md_len(m);

	if (before->n == 0 || !md_is_eol(before->units[before->n - 1]))
		return false;
	while (i < n && v[i] != ']')
		i += v[i] == '\\' ? 2 : 1;
	return i + 1 < n && v[i + 1] == ':';
}

int
md_link(struct md *m, const struct node *n, const struct node *parent,
    const struct md_edge *e)
{
	size_t start = md_len(m);
	bool has_title = n->title.len > 0;

	(void)parent;
	md_enter(m, C_OTHER);
	if (put_label(m, n, "](") != 0)
		return -1;
	if (m->style == MARKDOWN_2_2 && !has_title && !needs_brackets(n, false))
		has_title = is_like_definition(m, start + 1, e);
	md_puts(m, "](");
	put_resource(m, n, start, has_title, ")");
	md_puts(m, ")");
	return 0;
}

int
md_image(struct md *m, const struct node *n, const struct node *parent,
    const struct md_edge *e)
{
	size_t start = md_len(m);

	(void)parent;
	(void)e;
	md_enter(m, C_OTHER);
	md_puts(m, "![");
	safe_in(m, C_LABEL, n->alt, start, "]");
	md_puts(m, "](");
	put_resource(m, n, start, n->title.len > 0, ")");
	md_puts(m, ")");
	return 0;
}

static struct str16
association(const struct md *m, const struct node *n)
{
	return n->label.len > 0 ? n->label
				: mdx_decode(m->arena, n->identifier);
}

int
md_definition(struct md *m, const struct node *n, const struct node *parent,
    const struct md_edge *e)
{
	size_t start = md_len(m);

	(void)parent;
	(void)e;
	md_enter(m, C_OTHER);
	md_puts(m, "[");
	safe_in(m, C_LABEL, association(m, n), start, "]");
	md_puts(m, "]: ");
	put_resource(m, n, start, n->title.len > 0, "\n");
	return 0;
}

/* Ends a reference whose text stands from TEXT on; START is where the node
 * began.  The name is left out where the text says it already. */
static void
put_reference(struct md *m, const struct node *n, size_t start, size_t text)
{
	struct md_place place = m->state.place;
	size_t len = md_len(m) - text, name;
	const uint16_t *units;

	md_puts(m, "][");
	name = md_len(m);
	if (m->style == MARKDOWN_2_2)
		m->state.place.constructs &= ~MD_IN(C_PHRASING);
	else
		m->state.place.constructs = 0;
	md_enter(m, C_REFERENCE);
	safe_after(m, association(m, n), start, md_side("]"));
	m->state.place = place;
	md_puts(m, "]");
	units = md_units(m);
	if (n->reference == REF_FULL || len == 0 || buf_full(&m->out) ||
	    md_len(m) - name != len + 1 ||
	    memcmp(units + text, units + name, len * sizeof(*units)) != 0)
		return;
	md_cut(m, name - 1);
	if (n->reference != REF_SHORTCUT)
		md_puts(m, "[]");
}

int
md_link_reference(struct md *m, const struct node *n, const struct node *parent,
    const struct md_edge *e)
{
	size_t start = md_len(m);

	(void)parent;
	(void)e;
	md_enter(m, C_OTHER);
	if (put_label(m, n, "]") != 0)
		return -1;
	put_reference(m, n, start, start + 1);
	return 0;
}

int
md_image_reference(struct md *m, const struct node *n,
    const struct node *parent, const struct md_edge *e)
{
	size_t start = md_len(m);

	(void)parent;
	(void)e;
	md_enter(m, C_OTHER);
	md_puts(m, "![");
	safe_in(m, C_LABEL, n->alt, start, "]");
	put_reference(m, n, start, start + 2);
	return 0;
}
