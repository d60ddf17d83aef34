/* Links and images: `[` and `![` wait on a stack until a `]` comes, which may
 * be followed by a destination or a label, or be the name of a definition. */
#include "mdx_inline.h"

#include "mdx_entity.h"

#define PARENTHESES 32
#define LABEL_MAX 999

void
mdx_open_label(struct mdx_inline *in)
{
	bool image = in->c.p[in->i] == '!';
	size_t from = in->i, to = from + (image ? 2 : 1);
	struct mdx_start *start;

	mdx_flush(in, from);
	start = &mdx_push(in, TOKEN_LABEL, from, to)->start;
	*start = (struct mdx_start){.image = image,
	    .text = to,
	    .last_run = in->last_run,
	    .link = in->last_link};
	if (in->n_labels == in->cap_labels) {
		in->cap_labels = in->cap_labels != 0 ? 2 * in->cap_labels : 16;
		in->labels = arena_grow(in->m->work, in->labels, in->n_labels,
		    in->cap_labels, sizeof(*in->labels));
	}
	in->labels[in->n_labels++] = in->n - 1;
	if (!image)
		in->last_link = in->n - 1;
	in->i = in->text = to;
}

/* What a `]` turned out to be the middle of. */
struct media {
	enum node_reference reference;
	struct str16 url, title, label, id;
	size_t end;
};

static bool
is_quote(unsigned c)
{
	return c == '"' || c == '\'' || c == '(';
}

/* What looked as far as I was none. */
static bool
look_in_vain(struct mdx_inline *in, size_t i)
{
	if (i > in->seen)
		in->seen = i;
	return false;
}

/* `(destination "title")`; the end, or 0. */
static bool
read_resource(struct mdx_inline *in, size_t i, struct media *out)
{
	const struct mdx_chunk *c = &in->c;
	size_t end;

	i = mdx_skip_white(c, i + 1);
	if (mdx_peek(c, i) == ')') {
		out->end = i + 1;
		return true;
	}
	end = mdx_destination(in->m, c, i, PARENTHESES, &out->url);
	if (end == 0)
		return look_in_vain(in, i);
	i = mdx_skip_white(c, end);
	if (i > end && mdx_peek(c, i) != ')') {
		end = mdx_title(in->m, c, i, &out->title);
		if (end == 0)
			return look_in_vain(
			    in, is_quote(mdx_peek(c, i)) ? c->n : i);
		i = mdx_skip_white(c, end);
	}
	out->end = i + 1;
	return mdx_peek(c, i) == ')' || look_in_vain(in, i);
}

static struct str16
raw(const struct mdx_inline *in, size_t from, size_t to)
{
	return (struct str16){in->c.p + from, to - from};
}

/* Where a label at I, which is none, ceases to be one. */
static size_t
label_reach(const struct mdx_chunk *c, size_t i)
{
	size_t last = i + LABEL_MAX;

	for (i++; i < last && i < c->n && c->p[i] != '[' && c->p[i] != ']'; i++)
		if (c->p[i] == '\\')
			i++;
	return i;
}

/* `[label]` behind the text. */
static bool
read_full(struct mdx_inline *in, size_t i, struct media *out)
{
	size_t end = mdx_label(&in->c, i);

	if (end == 0)
		return look_in_vain(in, label_reach(&in->c, i));
	if (!mdx_is_defined(in->m, raw(in, i + 1, end - 1), &out->id))
		return look_in_vain(in, end);
	out->reference = REF_FULL;
	out->label = mdx_chunk_slice(in->m->arena, &in->c, i + 1, end - 1);
	out->end = end;
	return true;
}

/* The text itself is the label. */
static bool
read_short(struct mdx_inline *in, const struct mdx_start *start, size_t i,
    struct media *out)
{
	unsigned next = mdx_peek(&in->c, i + 1);

	if (!mdx_is_defined(in->m, raw(in, start->text, i), &out->id))
		return false;
	out->reference = REF_SHORTCUT;
	out->end = i + 1;
	if (next == '[') {
		if (mdx_peek(&in->c, i + 2) != ']')
			return false;
		out->reference = REF_COLLAPSED;
		out->end = i + 3;
	}
	out->label = mdx_chunk_slice(in->m->arena, &in->c, start->text, i);
	return true;
}

static bool
read_media(struct mdx_inline *in, const struct mdx_start *start, size_t i,
    struct media *out)
{
	unsigned next = mdx_peek(&in->c, i + 1);

	*out = (struct media){0};
	if (next == '(' && read_resource(in, i + 1, out))
		return true;
	*out = (struct media){0};
	if (next == '[' && read_full(in, i + 1, out))
		return true;
	return read_short(in, start, i, out);
}

static struct node *
media_node(struct mdx_inline *in, bool image, const struct media *media)
{
	bool reference = media->reference != REF_NONE;
	struct node *node;

	if (image)
		node = mdx_node(
		    in->m, reference ? NODE_IMAGE_REFERENCE : NODE_IMAGE);
	else
		node = mdx_node(
		    in->m, reference ? NODE_LINK_REFERENCE : NODE_LINK);
	if (reference) {
		node->reference = media->reference;
		node->identifier = mdx_shown_id(in->m, media->id);
		node->label = mdx_decode(in->m->arena, media->label);
		return node;
	}
	node->url = media->url;
	if (node->url.p == NULL)
		node->url = mdx_chunk_slice(in->m->arena, &in->c, 0, 0);
	node->title = media->title;
	return node;
}

/* There are no links in links: those around this one are off. */
static void
disarm(struct mdx_inline *in, size_t label)
{
	struct mdx_start *start;

	for (; label != NONE; label = start->link) {
		start = &in->tokens[label].start;
		if (start->inactive)
			return;
		start->inactive = true;
	}
}

void
mdx_close_label(struct mdx_inline *in)
{
	size_t label, i = in->i;
	struct mdx_start start;
	struct media media;
	struct node *node;

	in->i++;
	if (in->n_labels == 0)
		return;
	label = in->labels[--in->n_labels];
	start = in->tokens[label].start;
	if (!start.image)
		in->last_link = start.link;
	if (start.inactive || !read_media(in, &start, i, &media))
		return;
	mdx_flush(in, i);
	mdx_pair_runs(in, start.last_run);
	node = media_node(in, start.image, &media);
	in->tokens[label].kind = TOKEN_OPEN;
	in->tokens[label].to = media.end;
	in->tokens[label].node = node;
	mdx_push(in, TOKEN_CLOSE, i, media.end)->node = node;
	if (!start.image)
		disarm(in, start.link);
	in->i = in->text = media.end;
}
