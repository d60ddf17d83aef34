/* Code in text: from a run of backticks to the next of the same length.  All
 * runs are put into lists by length when the first is met, so that runs
 * without a partner cost nothing. */
#include "mdx_inline.h"

static size_t
run_end(const struct mdx_inline *in, size_t i)
{
	while (mdx_peek(&in->c, i) == '`')
		i++;
	return i;
}

/* How many runs there are, and the length of the longest. */
static size_t
count_runs(struct mdx_inline *in, size_t from)
{
	size_t i = from, end, n = 0;

	in->longest_code = 0;
	while (i < in->c.n) {
		end = run_end(in, i);
		if (end == i) {
			i++;
			continue;
		}
		if (end - i > in->longest_code)
			in->longest_code = end - i;
		n++;
		i = end;
	}
	return n;
}

static void
index_runs(struct mdx_inline *in)
{
	size_t n = count_runs(in, in->i), i = in->c.n, start, k, len;
	struct arena *work = in->m->work;

	in->code_at = arena_array(work, n, sizeof(*in->code_at));
	in->code_next = arena_array(work, n, sizeof(*in->code_next));
	in->code_heads =
	    arena_array(work, in->longest_code + 1, sizeof(*in->code_heads));
	for (k = 0; k <= in->longest_code; k++)
		in->code_heads[k] = NONE;
	while (n > 0) {
		while (in->c.p[i - 1] != '`')
			i--;
		for (start = i; start > in->i && in->c.p[start - 1] == '`';
		     start--)
			;
		len = i - start;
		in->code_at[--n] = start;
		in->code_next[n] = in->code_heads[len];
		in->code_heads[len] = n;
		i = start;
	}
}

/* The next run of LEN that begins at AFTER or behind, or NONE. */
static size_t
next_run(struct mdx_inline *in, size_t len, size_t after)
{
	size_t k;

	if (in->code_heads == NULL)
		index_runs(in);
	if (len > in->longest_code)
		return NONE;
	k = in->code_heads[len];
	while (k != NONE && in->code_at[k] < after)
		k = in->code_next[k];
	in->code_heads[len] = k;
	return k != NONE ? in->code_at[k] : NONE;
}

static bool
is_pad(unsigned c)
{
	return c == ' ' || mdx_is_eol(c);
}

/* One space or line end on either side is padding, unless there is nothing
 * else. */
static void
strip_padding(struct mdx_inline *in, size_t *from, size_t *to)
{
	const uint16_t *p = in->c.p;
	size_t i;

	if (*from == *to || !is_pad(p[*from]) || !is_pad(p[*to - 1]))
		return;
	for (i = *from; i < *to && is_pad(p[i]); i++)
		;
	if (i == *to)
		return;
	*from = mdx_skip_eol(&in->c, *from);
	*to -= p[*to - 1] == '\n' && p[*to - 2] == '\r' ? 2 : 1;
}

bool
mdx_read_code(struct mdx_inline *in)
{
	size_t start = in->i, from = run_end(in, start);
	size_t len = from - start, to = next_run(in, len, from), end;
	struct node *node;

	if (to == NONE) {
		in->i = from;
		in->seen = in->c.n;
		return false;
	}
	end = to + len;
	mdx_flush(in, start);
	strip_padding(in, &from, &to);
	node = mdx_node(in->m, NODE_INLINE_CODE);
	node->value =
	    js_string(mdx_chunk_slice(in->m->arena, &in->c, from, to));
	mdx_push(in, TOKEN_NODE, start, end)->node = node;
	in->i = in->text = end;
	return true;
}
