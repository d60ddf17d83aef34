/* JSX inside of expressions: elements, their attributes and their text.  It
 * has tokens of its own, names with dashes and text up to the next tag or
 * brace, so it reads units rather than tokens. */
#include "mdx_js.h"

#include "../base/utf.h"

#include <string.h>

static unsigned
at(const struct scan *s)
{
	return mdx_at(s->c, s->end);
}

/* White space and comments. */
static int
skip(struct scan *s)
{
	size_t start;
	unsigned c;

	for (;;) {
		c = at(s);
		if (c != '/' || (mdx_at(s->c, s->end + 1) != '*' &&
				    mdx_at(s->c, s->end + 1) != '/')) {
			if (c == CHUNK_END || (c != VIRTUAL && !js_is_space(c)))
				return 0;
			s->end++;
			continue;
		}
		start = s->end;
		if (scan_comment(s) == -1 || s->end == start)
			return scan_fail(s);
	}
}

static int
fail_here(struct scan *s)
{
	s->start = s->end;
	return scan_fail(s);
}

static int
read_part(struct scan *s)
{
	if (!mdx_is_id_start(at(s)))
		return fail_here(s);
	while (mdx_is_id_part(at(s)) || at(s) == '-')
		s->end++;
	return 0;
}

/* `name`, `prefix:name` or `name.member.member`. */
static int
read_name(struct scan *s, bool with_members, struct str16 *out)
{
	size_t start = s->end;
	unsigned by;

	if (read_part(s) == -1 || skip(s) == -1)
		return -1;
	by = at(s);
	while ((by == ':' || (by == '.' && with_members)) && at(s) == by) {
		s->end++;
		if (skip(s) == -1 || read_part(s) == -1 || skip(s) == -1)
			return -1;
		if (by == ':')
			break;
	}
	*out = (struct str16){s->c->p + start, s->end - start};
	return 0;
}

/* An expression between braces; behind the closing one. */
static int
read_braces(struct scan *s, bool may_be_empty)
{
	s->end++;
	if (scan_next(s) == -1)
		return -1;
	if (scan_is(s, "}"))
		return may_be_empty ? 0 : scan_fail(s);
	if (scan_is(s, "...") && may_be_empty && scan_next(s) == -1)
		return -1;
	if (scan_expression(s, true) == -1)
		return -1;
	return scan_is(s, "}") ? 0 : scan_fail(s);
}

static int
read_spread(struct scan *s)
{
	s->end++;
	if (scan_next(s) == -1 || scan_expect(s, "...") == -1 ||
	    scan_value(s, true) == -1)
		return -1;
	return scan_is(s, "}") ? 0 : scan_fail(s);
}

static int
read_quoted(struct scan *s)
{
	unsigned quote = at(s);

	for (s->end++; at(s) != quote; s->end++)
		if (at(s) == CHUNK_END)
			return fail_here(s);
	s->end++;
	return 0;
}

static int read_element(struct scan *s);

static int
read_attribute(struct scan *s)
{
	struct str16 name;

	if (at(s) == '{')
		return read_spread(s);
	if (read_name(s, false, &name) == -1)
		return -1;
	if (at(s) != '=')
		return 0;
	s->end++;
	if (skip(s) == -1)
		return -1;
	if (at(s) == '{')
		return read_braces(s, false);
	if (at(s) == '<')
		return read_element(s);
	if (at(s) == '"' || at(s) == '\'')
		return read_quoted(s);
	return fail_here(s);
}

/* From behind `<` to behind `>`; *CLOSED when it has no content. */
static int
read_opening(struct scan *s, struct str16 *name, bool *closed)
{
	*name = (struct str16){0};
	*closed = false;
	if (skip(s) == -1)
		return -1;
	if (at(s) != '>' && read_name(s, true, name) == -1)
		return -1;
	for (;;) {
		if (skip(s) == -1)
			return -1;
		if (at(s) == '>' || at(s) == '/')
			break;
		if (name->p == NULL || read_attribute(s) == -1)
			return fail_here(s);
	}
	if (at(s) == '/') {
		*closed = true;
		s->end++;
		if (skip(s) == -1)
			return -1;
	}
	if (at(s) != '>' || (*closed && name->p == NULL))
		return fail_here(s);
	s->end++;
	return 0;
}

static bool
is_ignored(unsigned c)
{
	return c == VIRTUAL || js_is_space(c);
}

/* Names are equal but for white space in them. */
static bool
same_name(struct str16 a, struct str16 b)
{
	size_t i = 0, j = 0;

	for (;;) {
		while (i < a.len && is_ignored(a.p[i]))
			i++;
		while (j < b.len && is_ignored(b.p[j]))
			j++;
		if (i == a.len || j == b.len)
			return i == a.len && j == b.len;
		if (a.p[i++] != b.p[j++])
			return false;
	}
}

/* From behind `</`. */
static int
read_closing(struct scan *s, struct str16 opened)
{
	struct str16 name = {0};

	s->end++;
	if (skip(s) == -1)
		return -1;
	if (at(s) != '>' && read_name(s, true, &name) == -1)
		return -1;
	if (at(s) != '>' || !same_name(name, opened))
		return fail_here(s);
	s->end++;
	return 0;
}

/* A `<` that closes the element (1) or begins another (0). */
static int
read_tag(struct scan *s, struct str16 name)
{
	size_t start = s->end++;

	if (skip(s) == -1)
		return -1;
	if (at(s) == '/')
		return read_closing(s, name) == -1 ? -1 : 1;
	s->end = start;
	return read_element(s);
}

static int
read_content(struct scan *s, struct str16 name)
{
	unsigned c;
	int rc = 0;

	while (rc == 0) {
		c = at(s);
		if (c == CHUNK_END || c == '>' || c == '}')
			return fail_here(s);
		if (c == '{')
			rc = read_braces(s, true);
		else if (c == '<')
			rc = read_tag(s, name);
		else
			s->end++;
	}
	return rc == -1 ? -1 : 0;
}

/* From `<` to behind the last `>`. */
static int
read_element(struct scan *s)
{
	struct str16 name;
	bool closed;

	s->start = s->end;
	if (scan_enter(s) == -1)
		return -1;
	s->end++;
	if (read_opening(s, &name, &closed) == -1)
		return -1;
	if (!closed && read_content(s, name) == -1)
		return -1;
	s->depth--;
	return 0;
}

int
scan_element(struct scan *s)
{
	s->end = s->start;
	if (read_element(s) == -1 || scan_next(s) == -1)
		return -1;
	/* Two elements side by side are no comparison. */
	return scan_is(s, "<") ? scan_fail(s) : 0;
}
