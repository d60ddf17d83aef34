/* Where an expression between braces ends, and what its value is. */
#include "mdx_int.h"

#include "mdx_js.h"

/* The text between the braces, without up to two columns of white space at the
 * beginning of each further line (templatedx.md 6.1). */
static struct str16
expression_value(struct mdx *m, struct mdx_chunk *c, size_t from, size_t to)
{
	uint16_t *out;
	size_t i = from, n = 0, end;

	for (; i < to && !mdx_is_eol(c->p[i]); i++)
		;
	if (i == to)
		return mdx_chunk_slice(m->arena, c, from, to);
	out = arena_array(m->work, to - from, sizeof(*out));
	for (i = from; i < to; i++) {
		out[n++] = c->p[i];
		if (!mdx_is_eol(c->p[i]))
			continue;
		end = mdx_skip_eol(c, i);
		if (end == i + 2)
			out[n++] = c->p[i + 1];
		for (i = end; i < to && i < end + 2 && mdx_is_space(c->p[i]);
		     i++)
			;
		i--;
	}
	return mdx_unexpand(m->arena, out, n);
}

int
mdx_expr(struct mdx *m, struct mdx_chunk *c, size_t *i, enum mdx_expr_kind kind,
    struct str16 *value)
{
	size_t start = *i + 1, end = start;

	int rc;

	m->in_expression = true;
	rc = mdx_js_end(m, c, &end, kind);
	m->in_expression = false;
	if (rc == -1)
		return -1;
	*value = expression_value(m, c, start, end);
	*i = end + 1;
	return 0;
}
