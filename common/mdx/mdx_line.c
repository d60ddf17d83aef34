/* Cuts a text into lines and expands its tabs, so that everything behind it
 * can count columns by counting units. */
#include "mdx_int.h"

#include "../base/utf.h"

/* Units of the text when its tabs are expanded, and its lines. */
static void
measure(struct str16 text, size_t *n, size_t *n_lines)
{
	size_t i, column = 0;

	*n = 0;
	*n_lines = 1;
	for (i = 0; i < text.len; i++) {
		++*n;
		column++;
		if (text.p[i] == '\t') {
			*n += (4 - column % 4) % 4;
			column += (4 - column % 4) % 4;
		} else if (mdx_is_eol(text.p[i])) {
			column = 0;
			++*n_lines;
		}
	}
}

static void
end_line(struct mdx *m, size_t end, size_t eol)
{
	m->lines[m->n_lines].end = end;
	m->lines[m->n_lines].eol = eol;
	m->n_lines++;
}

/* Copies the text and notes where its lines are. */
static size_t
expand(struct mdx *m, struct str16 text, uint16_t *out)
{
	size_t i, n = 0, start = 0;

	m->lines[0] = (struct mdx_line){0};
	for (i = 0; i < text.len; i++) {
		out[n++] = text.p[i] != 0 ? text.p[i] : 0xFFFD;
		if (text.p[i] == '\t') {
			while ((n - start) % 4 != 0)
				out[n++] = VIRTUAL;
			continue;
		}
		if (!mdx_is_eol(text.p[i]))
			continue;
		if (text.p[i] == '\r' && i + 1 < text.len &&
		    text.p[i + 1] == '\n') {
			out[n++] = '\n';
			i++;
			end_line(m, n - 2, 2);
		} else {
			end_line(m, n - 1, 1);
		}
		start = n;
		m->lines[m->n_lines] =
		    (struct mdx_line){.start = n, .at = i + 1};
	}
	return n;
}

void
mdx_split(struct mdx *m, struct str16 text)
{
	size_t n, n_lines;
	uint16_t *out;

	if (text.len > 0 && text.p[0] == 0xFEFF) {
		text.p++;
		text.len--;
	}
	measure(text, &n, &n_lines);
	out = arena_array(m->work, n + 1, sizeof(*out));
	m->lines = arena_array(m->work, n_lines + 1, sizeof(*m->lines));
	n = expand(m, text, out);
	out[n] = '\n';
	m->text = (struct str16){out, n};
	/* What is behind the last line end counts only when there is some. */
	if (m->lines[m->n_lines].start < n)
		end_line(m, n, 0);
}

size_t
mdx_skip_space(const struct mdx *m, size_t p, size_t end)
{
	while (p < end && mdx_is_space(m->text.p[p]))
		p++;
	return p;
}

bool
mdx_is_blank(const struct mdx *m, size_t p, size_t end)
{
	return mdx_skip_space(m, p, end) == end;
}

struct mdx_place
mdx_place_at(const struct mdx *m, size_t line, size_t p)
{
	struct mdx_place place = {line + 1, 1};
	size_t i;

	for (i = m->lines[line].start; i < p; i++)
		if (m->text.p[i] != VIRTUAL)
			place.column++;
	return place;
}

struct mdx_place
mdx_line_end(const struct mdx *m, size_t line)
{
	return mdx_place_at(m, line, m->lines[line].end);
}

struct mdx_place
mdx_line_start(const struct mdx *m, size_t line)
{
	if (line > 0 && m->lines[line - 1].eol == 0)
		return mdx_line_end(m, line - 1);
	return (struct mdx_place){line + 1, 1};
}
