/* Markers of list items and rules, which look alike: `* * *` is a rule, `* a`
 * an item. */
#include "mdx_int.h"

bool
mdx_thematic_break(const struct mdx *m, size_t p, size_t end)
{
	uint16_t marker = m->text.p[p];
	size_t n = 0;

	if (marker != '*' && marker != '-' && marker != '_')
		return false;
	for (; p < end; p++) {
		if (m->text.p[p] == marker)
			n++;
		else if (!mdx_is_space(m->text.p[p]))
			return false;
	}
	return n >= 3;
}

static bool
is_digit(unsigned c)
{
	return c >= '0' && c <= '9';
}

/* Up to nine digits and a point or parenthesis; only 1 may interrupt. */
static bool
read_ordered(const struct mdx *m, size_t *p, size_t end, bool interrupt,
    struct mdx_marker *out)
{
	size_t start = *p;
	double value = 0;

	while (*p < end && is_digit(m->text.p[*p]) && *p - start < 9)
		value = value * 10 + (m->text.p[(*p)++] - '0');
	if (*p == end || (m->text.p[*p] != '.' && m->text.p[*p] != ')'))
		return false;
	if (interrupt && (*p - start > 1 || m->text.p[start] != '1'))
		return false;
	out->ordered = true;
	out->start = value;
	out->marker = m->text.p[(*p)++];
	return true;
}

static bool
read_marker(const struct mdx *m, size_t *p, size_t end, bool interrupt,
    struct mdx_marker *out)
{
	uint16_t c = m->text.p[*p];

	if (is_digit(c))
		return read_ordered(m, p, end, interrupt, out);
	if (c != '*' && c != '+' && c != '-')
		return false;
	if (mdx_thematic_break(m, *p, end))
		return false;
	out->ordered = false;
	out->marker = c;
	++*p;
	return true;
}

bool
mdx_list_marker(const struct mdx *m, struct mdx_span rest, bool interrupt,
    const struct mdx_container *same, struct mdx_marker *out)
{
	size_t end = rest.end, start = rest.p, p;

	p = mdx_skip_space(m, start, end);
	*out = (struct mdx_marker){0};
	if (p == end || !read_marker(m, &p, end, interrupt, out))
		return false;
	if (same != NULL && (same->list->ordered != out->ordered ||
				same->marker != out->marker))
		return false;
	out->blank = mdx_is_blank(m, p, end);
	if (out->blank) {
		out->next = p;
		out->size = p - start + 1;
		return !interrupt;
	}
	if (!mdx_is_space(m->text.p[p]))
		return false;
	out->next = mdx_skip_space(m, p, end);
	out->size = out->next - start;
	return true;
}
