/* A reader for the head of `(item, i) => body`: parameters and the arrow, with
 * the strings, comments and brackets that may stand among them.  It refuses to
 * know what the body is, and it does not check that the rest is JavaScript. */
#include "arrow.h"

#include "../base/limits.h"
#include "../base/utf.h"

struct head {
	struct arena *arena;
	struct str16 text;
	size_t i;
	struct str16 *params; /* those of the arrow that is being read */
};

static unsigned
peek(const struct head *h, size_t ahead)
{
	return h->i + ahead < h->text.len ? h->text.p[h->i + ahead] : 0;
}

static bool
at(const struct head *h, char first, char second)
{
	return peek(h, 0) == (unsigned char)first &&
	       peek(h, 1) == (unsigned char)second;
}

static bool
is_line_end(unsigned c)
{
	return c == '\n' || c == '\r' || c == 0x2028 || c == 0x2029;
}

static void
skip_comment(struct head *h)
{
	bool block = peek(h, 1) == '*';

	h->i += 2;
	while (h->i < h->text.len) {
		if (block && at(h, '*', '/')) {
			h->i += 2;
			return;
		}
		if (!block && is_line_end(peek(h, 0)))
			return;
		h->i++;
	}
}

static void
skip_blank(struct head *h)
{
	while (h->i < h->text.len) {
		if (at(h, '/', '*') || at(h, '/', '/'))
			skip_comment(h);
		else if (js_is_space(peek(h, 0)))
			h->i++;
		else
			return;
	}
}

/* A string or template that begins here. */
static void
skip_quoted(struct head *h)
{
	unsigned quote = peek(h, 0);

	for (h->i++; h->i < h->text.len; h->i++) {
		if (peek(h, 0) == '\\') {
			h->i++;
		} else if (peek(h, 0) == quote) {
			h->i++;
			return;
		}
	}
}

/* Passes over one unit, or the comment or text that begins with it; the result
 * is the bracket that it was, or 0. */
static unsigned
skip_one(struct head *h)
{
	unsigned c = peek(h, 0);

	if (at(h, '/', '*') || at(h, '/', '/')) {
		skip_comment(h);
		return 0;
	}
	if (c == '"' || c == '\'' || c == '`') {
		skip_quoted(h);
		return 0;
	}
	h->i++;
	return c == '(' || c == ')' || c == '[' || c == ']' || c == '{' ||
		       c == '}' || c == ','
		   ? c
		   : 0;
}

/* Any unit beyond ASCII counts as a letter: the text was accepted by a parser
 * of JavaScript already. */
static bool
is_name_unit(unsigned c, bool first)
{
	return c == '$' || c == '_' || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z') || (!first && c >= '0' && c <= '9') ||
	       (c >= 0x80 && !js_is_space(c));
}

static struct str16
read_name(struct head *h)
{
	size_t start = h->i;

	while (is_name_unit(peek(h, 0), h->i == start))
		h->i++;
	return (struct str16){h->text.p + start, h->i - start};
}

static bool
read_arrow(struct head *h)
{
	skip_blank(h);
	if (!at(h, '=', '>'))
		return false;
	h->i += 2;
	return true;
}

static void
add_param(struct head *h, struct arrow *arrow, struct str16 name)
{
	size_t n = arrow->n_params;
	struct str16 *params;

	/* Room doubles whenever a power of two is reached. */
	if ((n & (n - 1)) == 0) {
		params = arena_grow(h->arena, arrow->params, n,
		    n != 0 ? 2 * n : 1, sizeof(*params));
		h->params = params;
		arrow->params = params;
	}
	h->params[arrow->n_params++] = name;
}

/* One parameter up to the `,` or `)` behind it. */
static bool
read_param(struct head *h, struct arrow *arrow)
{
	struct str16 name = read_name(h);
	unsigned c, depth = 0;
	size_t start;

	skip_blank(h);
	c = peek(h, 0);
	if (name.len == 0 || (c != ',' && c != ')'))
		arrow->simple = false;
	add_param(h, arrow, name);
	while (h->i < h->text.len) {
		start = h->i;
		c = skip_one(h);
		if (depth == 0 && (c == ',' || c == ')')) {
			h->i = start;
			return true;
		}
		if (c == '(' || c == '[' || c == '{')
			depth++;
		if (depth > 0 && (c == ')' || c == ']' || c == '}'))
			depth--;
	}
	return false;
}

/* The parameters between parentheses; behind `(`. */
static bool
read_params(struct head *h, struct arrow *arrow)
{
	for (;;) {
		skip_blank(h);
		if (peek(h, 0) == ')') {
			h->i++;
			return true;
		}
		if (!read_param(h, arrow))
			return false;
		if (peek(h, 0) == ',')
			h->i++;
	}
}

/* A function at the place of H.  When it is none, H is behind a parenthesis
 * that may surround one, or where it was. */
static bool
read_function(struct head *h, struct arrow *arrow)
{
	struct str16 name;
	size_t start;

	*arrow = (struct arrow){.simple = true};
	skip_blank(h);
	start = h->i;
	name = read_name(h);
	if (str16_is(name, "async")) {
		skip_blank(h);
		if (!at(h, '=', '>')) {
			start = h->i;
			name = read_name(h);
		}
	}
	if (name.len > 0) {
		add_param(h, arrow, name);
		return read_arrow(h);
	}
	if (peek(h, 0) != '(')
		return false;
	h->i++;
	if (read_params(h, arrow) && read_arrow(h))
		return true;
	h->i = start + 1;
	return false;
}

const struct arrow *
arrow_find(struct arena *a, struct str16 source)
{
	struct head head = {.arena = a, .text = source};
	struct arrow *arrow = arena_zalloc(a, sizeof(*arrow));
	unsigned depth;

	for (depth = 0; depth < LIMIT_EXPR_DEPTH; depth++) {
		if (read_function(&head, arrow)) {
			arrow->is_arrow = true;
			return arrow;
		}
		if (head.i == 0 || source.p[head.i - 1] != '(')
			break;
	}
	*arrow = (struct arrow){0};
	return arrow;
}
