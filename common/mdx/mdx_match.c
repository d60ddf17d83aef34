/* Tags that do not match, in the words of the reference (templatedx.md 6.7).
 * The first one in the document counts, but only when all of it could be read:
 * so it is remembered. */
#include "mdx_int.h"

#include "../base/utf.h"

void
mdx_mismatch(
    struct mdx *m, size_t number, struct mdx_place at, const char *fault)
{
	if (m->mismatch != NULL && number >= m->mismatch_after)
		return;
	m->mismatch = fault;
	m->mismatch_at = at;
	m->mismatch_after = number;
}

const char *
mdx_tag_text(struct mdx *m, const struct mdx_tag *tag)
{
	struct str name = utf8_from(m->work, tag->name);
	size_t len = name.len < LIMIT_ERR_BYTES ? name.len : LIMIT_ERR_BYTES;

	return arena_printf(m->work, "<%s%.*s>", tag->close ? "/" : "",
	    (int)len, len > 0 ? name.p : "");
}

static const char *
span_text(struct mdx *m, struct mdx_place start, struct mdx_place end)
{
	return arena_printf(m->work, "%zu:%zu-%zu:%zu", start.line,
	    start.column, end.line, end.column);
}

const char *
mdx_unclosed_text(struct mdx *m, const struct mdx_tag *tag, const char *before)
{
	return arena_printf(m->work,
	    "Expected a closing tag for `%s` (%s)%s%s%s", mdx_tag_text(m, tag),
	    span_text(m, tag->start, tag->end),
	    before != NULL ? " before the end of `" : "",
	    before != NULL ? before : "", before != NULL ? "`" : "");
}

void
mdx_unclosed(struct mdx *m, const struct mdx_open *open, const char *before)
{
	if (open->kind == OPEN_TAG)
		mdx_mismatch(m, m->n_pending, open->start,
		    mdx_unclosed_text(m, open->tag, before));
}

const char *
mdx_closing_fault(
    struct mdx *m, const struct mdx_tag *tag, const struct mdx_tag *open)
{
	if (open == NULL)
		return "Unexpected closing slash `/` in tag, expected an open "
		       "tag first";
	if (tag->n_attrs > 0)
		return "Unexpected attribute in closing tag, expected the end "
		       "of the tag";
	if (tag->self_closing)
		return "Unexpected self-closing slash `/` in closing tag, "
		       "expected the end of the tag";
	if (str16_eq(tag->name, open->name))
		return NULL;
	return arena_printf(m->work,
	    "Unexpected closing tag `%s`, expected corresponding closing tag "
	    "for `%s` (%s)",
	    mdx_tag_text(m, tag), mdx_tag_text(m, open),
	    span_text(m, open->start, open->end));
}
