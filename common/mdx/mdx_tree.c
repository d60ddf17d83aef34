/* Makes nodes of tokens, in one walk with a stack: emphasis, links and tags
 * must lie inside each other. */
#include "mdx_inline.h"

#include <string.h>

struct builder {
	struct mdx_inline *in;
	struct mdx *m;
	size_t n;	 /* frames */
	size_t n_units;	 /* of text that is not a node yet, */
	size_t from, to; /* where it is, */
	bool seen;	 /* and whether its last line end was seen */
	bool broken;	 /* the tags do not match */
	size_t number;
};

/* --- text */

/* Text that stands at FROM up to TO. */
static void
add_units(
    struct builder *b, const uint16_t *p, size_t n, size_t from, size_t to)
{
	struct mdx_inline *in = b->in;

	if (n == 0)
		return;
	if (b->n_units == 0)
		b->from = from;
	b->to = to;
	b->seen = false;
	if (b->n_units + n > in->cap_units) {
		in->cap_units = 2 * (b->n_units + n) + 64;
		in->units = arena_grow(b->m->work, in->units, b->n_units,
		    in->cap_units, sizeof(*in->units));
	}
	memcpy(in->units + b->n_units, p, n * sizeof(*p));
	b->n_units += n;
}

static struct mdx_frame *
top(const struct builder *b)
{
	return &b->in->frames[b->n - 1];
}

static struct mdx_place
place(const struct builder *b, size_t i)
{
	return mdx_chunk_place(&b->in->c, i);
}

/* The same for the end of something, which may be a line end: that ends before
 * the prefixes of the next line, unless the reference had looked at that line
 * before, for a construct that was none: then it knows of them. */
static struct mdx_place
end_place(const struct builder *b, size_t i, bool seen)
{
	if (i == 0 || seen || !mdx_is_eol(mdx_peek(&b->in->c, i - 1)))
		return place(b, i);
	return (struct mdx_place){place(b, i - 1).line + 1, 1};
}

/* Nodes are located in the order of the text, where that is cheap. */
static const struct ast_span *
locate(const struct builder *b, size_t from, size_t to, bool seen)
{
	struct mdx_place start;

	if (!b->m->is_file)
		return NULL;
	start = place(b, from);
	return mdx_locate(b->m, start, end_place(b, to, seen));
}

static void
flush(struct builder *b)
{
	struct node *node;

	if (b->n_units == 0)
		return;
	node = mdx_node(b->m, NODE_TEXT);
	node->value =
	    js_string(mdx_unexpand(b->m->arena, b->in->units, b->n_units));
	node->span = locate(b, b->from, b->to, b->seen);
	mdx_adopt(b->m, top(b)->node, node);
	b->n_units = 0;
}

/* --- frames */

static int
push(struct builder *b, struct mdx_frame frame)
{
	struct mdx_inline *in = b->in;

	flush(b);
	if (b->in->pending->depth + b->n + 1 >= LIMIT_AST_DEPTH)
		return mdx_too_deep(b->m);
	if (b->n == in->cap_frames) {
		in->cap_frames = in->cap_frames != 0 ? 2 * in->cap_frames : 16;
		in->frames = arena_grow(b->m->work, in->frames, b->n,
		    in->cap_frames, sizeof(*in->frames));
	}
	if (frame.tag == NULL && b->n > 0)
		frame.tag = top(b)->tag;
	in->frames[b->n++] = frame;
	return 0;
}

static void
break_off(struct builder *b, struct mdx_place at, const char *fault)
{
	mdx_mismatch(b->m, b->number, at, fault);
	b->broken = true;
}

/* Ends what is not a tag; a tag that is still open is an error. */
static void
pop(struct builder *b)
{
	const struct mdx_frame *frame = top(b);
	const char *before;

	flush(b);
	if (frame->kind == FRAME_SPAN && b->m->is_file)
		frame->node->span =
		    mdx_locate(b->m, frame->start, place(b, frame->to));
	if (frame->kind != FRAME_TAG) {
		b->n--;
		return;
	}
	while (frame->kind == FRAME_TAG)
		frame--;
	before = frame->name;
	break_off(b, top(b)->tag->start,
	    mdx_unclosed_text(b->m, top(b)->tag, before));
}

/* --- images */

static size_t
alt_length(const struct node *node)
{
	size_t i, n = 0;

	if (node->value.type == JS_STRING)
		return node->value.string.len;
	if (node->alt.len > 0)
		return node->alt.len;
	for (i = 0; i < node->n_children; i++)
		n += alt_length(node->children[i]);
	return n;
}

static size_t
alt_copy(const struct node *node, uint16_t *out)
{
	struct str16 text = node->alt;
	size_t i, n = 0;

	if (node->value.type == JS_STRING)
		text = node->value.string;
	if (text.len > 0)
		memcpy(out, text.p, text.len * sizeof(*out));
	if (node->value.type == JS_STRING || text.len > 0)
		return text.len;
	for (i = 0; i < node->n_children; i++)
		n += alt_copy(node->children[i], out + n);
	return n;
}

/* The plain text of what it holds. */
static void
finish_image(struct builder *b, struct node *node)
{
	size_t len = alt_length(node);
	uint16_t *out = arena_array(b->m->arena, len + 1, sizeof(*out));

	(void)alt_copy(node, out);
	node->alt = (struct str16){out, len};
	node->children = NULL;
	node->n_children = 0;
}

static bool
is_image(const struct node *node)
{
	return node->kind == NODE_IMAGE || node->kind == NODE_IMAGE_REFERENCE;
}

/* --- tokens */

static int
open_span(struct builder *b, struct node *node, const char *name, size_t from,
    size_t to)
{
	struct mdx_frame frame = {.kind = FRAME_SPAN,
	    .node = node,
	    .name = name,
	    .from = from,
	    .to = to};

	flush(b);
	mdx_adopt(b->m, top(b)->node, node);
	if (b->m->is_file)
		frame.start = place(b, from);
	return push(b, frame);
}

static int
open_emphasis(struct builder *b, const struct mdx_mark *mark)
{
	struct node *node =
	    mdx_node(b->m, mark->strong ? NODE_STRONG : NODE_EMPHASIS);

	return open_span(b, node, mark->strong ? "strong" : "emphasis",
	    mark->from, mark->to);
}

static void
add_text(struct builder *b, const struct mdx_token *token, size_t from)
{
	add_units(b, b->in->c.p + token->from, token->to - token->from, from,
	    token->to);
	b->seen = b->seen || token->seen;
}

static int
add_run(struct builder *b, const struct mdx_token *token)
{
	const struct mdx_run *run = &token->run;
	size_t k;

	for (k = run->closes; k != NONE && !b->broken; k = b->in->marks[k].next)
		pop(b);
	add_text(b, token, token->from);
	for (k = run->opens; k != NONE && !b->broken; k = b->in->marks[k].next)
		if (open_emphasis(b, &b->in->marks[k]) == -1)
			return -1;
	return 0;
}

static void
close_span(struct builder *b, struct node *node)
{
	pop(b);
	if (!b->broken && is_image(node))
		finish_image(b, node);
}

static void
close_tag(struct builder *b, const struct mdx_tag *tag)
{
	const struct mdx_frame *frame = top(b);
	const char *fault = mdx_closing_fault(b->m, tag, frame->tag);
	struct mdx_place from, to;

	if (fault == NULL && frame->kind != FRAME_TAG) {
		from = place(b, frame->from);
		to = place(b, frame->to);
		if (frame->kind == FRAME_TEXT && b->in->pending->end.line != 0)
			to = b->in->pending->end;
		fault = arena_printf(b->m->work,
		    "Expected the closing tag `%s` either after the end of "
		    "`%s` (%zu:%zu) or another opening tag after the start of "
		    "`%s` (%zu:%zu)",
		    mdx_tag_text(b->m, tag), frame->name, to.line, to.column,
		    frame->name, from.line, from.column);
	}
	if (fault != NULL) {
		break_off(b, tag->start, fault);
		return;
	}
	frame->node->span = mdx_locate(b->m, frame->tag->start, tag->end);
	b->n--;
}

static int
add_tag(struct builder *b, const struct mdx_token *token)
{
	struct mdx_tag *tag = token->tag;
	struct node *node;

	flush(b);
	if (tag->close) {
		close_tag(b, tag);
		return 0;
	}
	node = mdx_element(b->m, NODE_TEXT_ELEMENT, tag);
	mdx_adopt(b->m, top(b)->node, node);
	tag->use = mdx_note(b->m, node, tag->start, top(b)->tag);
	node->span = mdx_locate(b->m, tag->start, tag->end);
	if (tag->self_closing)
		return 0;
	return push(b, (struct mdx_frame){.kind = FRAME_TAG,
			   .node = node,
			   .tag = tag,
			   .name = "mdxJsxTextTag",
			   .from = token->from,
			   .to = token->to});
}

static int
add_token(struct builder *b, const struct mdx_token *token)
{
	switch (token->kind) {
	case TOKEN_TEXT:
		add_text(b, token, token->from - token->escaped);
		return 0;
	case TOKEN_LABEL:
		add_text(b, token, token->from);
		return 0;
	case TOKEN_UNITS:
		add_units(
		    b, token->units, token->n_units, token->from, token->to);
		return 0;
	case TOKEN_RUN:
		return add_run(b, token);
	case TOKEN_OPEN:
		return open_span(b, token->node,
		    is_image(token->node) ? "image" : "link", token->from,
		    token->to);
	case TOKEN_CLOSE:
		close_span(b, token->node);
		return 0;
	case TOKEN_TAG:
		return add_tag(b, token);
	case TOKEN_NODE:
		break;
	}
	flush(b);
	if (token->node == NULL)
		return 0;
	token->node->span = locate(b, token->from, token->to, token->seen);
	mdx_adopt(b->m, top(b)->node, token->node);
	return 0;
}

/* NUMBER is that of the text, of which an earlier one may have tags that do
 * not match: then there is no tree to make. */
int
mdx_build(struct mdx_inline *in, size_t number)
{
	struct builder b = {.in = in, .m = in->m, .number = number};
	const struct mdx_pending *pending = in->pending;
	size_t k;

	if (in->m->mismatch != NULL && number >= in->m->mismatch_after)
		return 0;
	if (push(&b, (struct mdx_frame){.kind = FRAME_TEXT,
			 .node = pending->node,
			 .tag = pending->tag,
			 .name = pending->kind,
			 .from = pending->from,
			 .to = in->c.n}) == -1)
		return -1;
	for (k = 0; k < in->n && !b.broken; k++)
		if (add_token(&b, &in->tokens[k]) == -1)
			return -1;
	if (!b.broken)
		pop(&b);
	return 0;
}
