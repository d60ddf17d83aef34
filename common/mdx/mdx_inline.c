/* Cuts text into tokens (templatedx.md 6.5).  It decides what each character
 * begins; links, emphasis and code have their own files. */
#include "mdx_inline.h"

#include "mdx_entity.h"

struct mdx_token *
mdx_push(
    struct mdx_inline *in, enum mdx_token_kind kind, size_t from, size_t to)
{
	struct mdx_token *token;

	if (in->n == in->cap) {
		in->cap = in->cap != 0 ? 2 * in->cap : 64;
		in->tokens = arena_grow(in->m->work, in->tokens, in->n, in->cap,
		    sizeof(*in->tokens));
	}
	token = &in->tokens[in->n++];
	token->kind = kind;
	token->seen = false;
	token->from = from;
	token->to = to;
	return token;
}

void
mdx_flush(struct mdx_inline *in, size_t end)
{
	if (end > in->text)
		mdx_push(in, TOKEN_TEXT, in->text, end)->escaped = in->escaped;
	in->escaped = false;
	in->text = end;
}

static void
push_node(struct mdx_inline *in, size_t from, size_t to, struct node *node)
{
	mdx_push(in, TOKEN_NODE, from, to)->node = node;
}

static size_t
skip_space(const struct mdx_inline *in, size_t i)
{
	while (mdx_is_space(mdx_peek(&in->c, i)))
		i++;
	return i;
}

/* White space around a line end goes away; two spaces make it a break. */
static void
read_eol(struct mdx_inline *in)
{
	size_t start = in->i, end = mdx_skip_eol(&in->c, start), n = 0, i;
	bool tabs = false;

	for (i = start; i > in->text && mdx_is_space(in->c.p[i - 1]); i--) {
		tabs = tabs || in->c.p[i - 1] == '\t';
		n += in->c.p[i - 1] != VIRTUAL;
	}
	mdx_flush(in, i);
	if (n >= 2 && !tabs)
		push_node(in, i, end, mdx_node(in->m, NODE_BREAK));
	else
		mdx_push(in, TOKEN_TEXT, start, end)->escaped = false;
	in->tokens[in->n - 1].seen = start < in->seen;
	in->i = in->text = skip_space(in, end);
}

static void
read_escape(struct mdx_inline *in)
{
	unsigned next = mdx_peek(&in->c, in->i + 1);
	size_t start = in->i++, end;

	if (mdx_is_eol(next)) {
		end = mdx_skip_eol(&in->c, start + 1);
		mdx_flush(in, start);
		push_node(in, start, end, mdx_node(in->m, NODE_BREAK));
		in->tokens[in->n - 1].seen = start + 1 < in->seen;
		in->i = in->text = skip_space(in, end);
	} else if (mdx_is_punctuation(next)) {
		mdx_flush(in, start);
		in->text = start + 1;
		in->escaped = true;
		in->i = start + 2;
	}
}

static void
read_reference(struct mdx_inline *in)
{
	struct str16 text = {in->c.p, in->c.n};
	struct mdx_token *token;
	uint16_t units[2];
	size_t start = in->i, n, end = mdx_reference(text, start, units, &n);

	in->i++;
	if (end == 0)
		return;
	mdx_flush(in, start);
	token = mdx_push(in, TOKEN_UNITS, start, end);
	token->units[0] = units[0];
	token->units[1] = units[1];
	token->n_units = n;
	in->i = in->text = end;
}

static int
read_tag(struct mdx_inline *in)
{
	struct mdx_tag *tag;
	size_t start = in->i, end = start;
	int rc = mdx_tag(in->m, &in->c, &end, &tag);

	if (rc != 1) {
		in->i++;
		return rc;
	}
	mdx_flush(in, start);
	mdx_push(in, TOKEN_TAG, start, end)->tag = tag;
	in->i = in->text = end;
	return 0;
}

/* A comment that is dropped still divides the text around it. */
static int
read_expression(struct mdx_inline *in)
{
	size_t start = in->i, end = start;
	struct node *node = NULL;
	struct str16 value;

	if (mdx_expr(in->m, &in->c, &end, EXPR_PLAIN, &value) == -1)
		return -1;
	if (!in->m->is_file || !mdx_is_comment(value))
		node = mdx_expression(in->m, NODE_TEXT_EXPRESSION, value);
	mdx_flush(in, start);
	push_node(in, start, end, node);
	in->i = in->text = end;
	return 0;
}

static void
read_mark(struct mdx_inline *in)
{
	if (mdx_peek(&in->c, in->i + 1) == '[')
		mdx_open_label(in);
	else
		in->i++;
}

/* What begins at the current unit. */
static int
read_token(struct mdx_inline *in)
{
	switch (in->c.p[in->i]) {
	case '\\':
		read_escape(in);
		return 0;
	case '\n':
	case '\r':
		read_eol(in);
		return 0;
	case '&':
		read_reference(in);
		return 0;
	case '`':
		(void)mdx_read_code(in);
		return 0;
	case '*':
	case '_':
		mdx_read_run(in);
		return 0;
	case '!':
		read_mark(in);
		return 0;
	case '[':
		mdx_open_label(in);
		return 0;
	case ']':
		mdx_close_label(in);
		return 0;
	case '<':
		return read_tag(in);
	case '{':
		return read_expression(in);
	default:
		in->i++;
		return 0;
	}
}

/* White space at either end does not count. */
static void
trim(struct mdx_inline *in)
{
	struct mdx_chunk *c = &in->c;

	in->i = skip_space(in, in->i);
	while (c->n > in->i &&
	       (mdx_is_space(c->p[c->n - 1]) || mdx_is_eol(c->p[c->n - 1])))
		c->n--;
	in->text = in->i;
}

static int
read_tokens(struct mdx_inline *in)
{
	trim(in);
	mdx_forget_titles(in->m, &in->c);
	while (in->i < in->c.n)
		if (read_token(in) == -1)
			return -1;
	mdx_flush(in, in->c.n);
	mdx_pair_runs(in, NONE);
	return 0;
}

int
mdx_inlines(struct mdx *m)
{
	struct mdx_inline in = {.m = m};
	size_t k;

	for (k = 0; k < m->n_pending; k++) {
		in.pending = &m->pending[k];
		in.c = in.pending->text;
		in.i = in.pending->from;
		in.n = in.n_marks = in.n_labels = in.seen = 0;
		in.last_link = in.first_run = in.last_run = NONE;
		in.code_heads = NULL;
		if (read_tokens(&in) == -1 || mdx_build(&in, k) == -1)
			return -1;
	}
	return 0;
}
