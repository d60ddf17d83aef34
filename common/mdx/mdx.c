/* The parser as a whole: frontmatter, blocks, text, and the errors of all. */
#include "mdx.h"

#include "mdx_int.h"
#include "../base/utf.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int
mdx_fail(struct mdx *m, struct mdx_place at, const char *fmt, ...)
{
	char text[1024];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (m->err->code == ERR_NONE)
		m->failed = at;
	return fail(m->err, ERR_PROMPT, "%s", text);
}

int
mdx_too_deep(struct mdx *m)
{
	return mdx_fail(m, (struct mdx_place){m->line + 1, 1},
	    "the text is nested more than %d deep", LIMIT_AST_DEPTH);
}

/* --- frontmatter */

static bool
is_fence(const struct mdx *m, size_t line)
{
	size_t p = m->lines[line].start, end = m->lines[line].end;

	return end - p >= 3 && m->text.p[p] == '-' && m->text.p[p + 1] == '-' &&
	       m->text.p[p + 2] == '-' && mdx_is_blank(m, p + 3, end);
}

/* Between two fences of which one is the first line.  When there is no second
 * one, the search has gone to the end, and nothing opens containers. */
static void
take_frontmatter(struct mdx *m)
{
	struct node *node;
	size_t line, from, to;

	if (m->n_lines < 2 || !is_fence(m, 0))
		return;
	for (line = 1; line < m->n_lines && !is_fence(m, line); line++)
		;
	m->plain_until = line;
	if (line == m->n_lines)
		return;
	from = m->lines[1].start;
	to = line > 1 ? m->lines[line - 1].end : from;
	node = mdx_node(m, NODE_YAML);
	node->value =
	    js_string(mdx_unexpand(m->arena, m->text.p + from, to - from));
	node->span = mdx_locate(m, mdx_line_start(m, 0), mdx_line_end(m, line));
	mdx_adopt(m, m->open[0].node, node);
	m->line = line + 1;
}

/* --- the whole */

static void
name_types(struct mdx *m)
{
	enum node_kind kind;

	for (kind = NODE_ROOT; kind < NODE__MAX; kind++)
		m->types[kind] = utf16_lit(m->arena, ast_kind_name(kind));
}

static int
parse(struct mdx *m, struct str16 text, struct node **root)
{
	name_types(m);
	mdx_split(m, text);
	*root = mdx_node(m, NODE_ROOT);
	if (mdx_push_open(
		m, (struct mdx_open){OPEN_ROOT, *root, NULL, {1, 1}}) == -1)
		return -1;
	(*root)->span =
	    mdx_locate(m, mdx_line_start(m, 0), mdx_line_start(m, m->n_lines));
	take_frontmatter(m);
	if (mdx_blocks(m) == -1 || mdx_inlines(m) == -1)
		return -1;
	if (m->mismatch != NULL)
		return mdx_fail(m, m->mismatch_at, "%s", m->mismatch);
	return 0;
}

int
mdx_parse(
    struct arena *a, struct str16 text, struct node **root, struct err *err)
{
	struct mdx m = {.arena = a, .err = err};
	int rc;

	m.work = arena_new(a);
	rc = parse(&m, text, root);
	arena_free(m.work);
	return rc;
}

int
mdx_read(struct arena *a, struct str text, struct mdx_doc *out,
    struct mdx_place *failed, struct err *err)
{
	struct mdx m = {.arena = a, .err = err, .is_file = true};
	int rc;

	m.work = arena_new(a);
	rc =
	    parse(&m, utf16_from(m.work, utf8_clean(m.work, text)), &out->root);
	out->uses = m.uses;
	out->n_uses = m.n_uses;
	*failed = m.failed;
	arena_free(m.work);
	return rc;
}

int
mdx_document(
    struct arena *a, struct str text, struct node **root, struct err *err)
{
	struct mdx_place failed;
	struct mdx_doc doc;
	int rc = mdx_read(a, text, &doc, &failed, err);

	*root = doc.root;
	if (rc == -1 && failed.line != 0)
		err_prefix(err, "%zu:%zu", failed.line, failed.column);
	return rc;
}
