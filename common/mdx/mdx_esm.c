/* Imports and exports: lines that begin with either word at the first column,
 * up to a blank one.  They must be such statements and no others; what they
 * say is for those who bundle files. */
#include "mdx_int.h"

#include "mdx_js.h"

/* --- the statements */

static int
read_from(struct scan *s)
{
	if (!scan_is_word(s, "from") || scan_next(s) == -1 ||
	    s->kind != SCAN_STRING)
		return scan_fail(s);
	return scan_next(s);
}

/* `name`, or `name as name`; outer names may be any word or a string. */
static int
read_specifier(struct scan *s, bool imports)
{
	bool identifier = scan_is_identifier(s);

	if (s->kind != SCAN_NAME && s->kind != SCAN_STRING)
		return scan_fail(s);
	if (scan_next(s) == -1)
		return -1;
	if (!scan_is_word(s, "as"))
		return identifier || !imports ? 0 : scan_fail(s);
	if (scan_next(s) == -1 || (imports && !scan_is_identifier(s)) ||
	    (s->kind != SCAN_NAME && s->kind != SCAN_STRING))
		return scan_fail(s);
	return scan_next(s);
}

static int
read_specifiers(struct scan *s, bool imports)
{
	if (scan_expect(s, "{") == -1)
		return -1;
	while (!scan_is(s, "}")) {
		if (read_specifier(s, imports) == -1)
			return -1;
		if (!scan_is(s, "}") && scan_expect(s, ",") == -1)
			return -1;
	}
	return scan_next(s);
}

/* `* as name`, or `* ` of an export. */
static int
read_star(struct scan *s, bool imports)
{
	if (scan_next(s) == -1)
		return -1;
	if (!scan_is_word(s, "as"))
		return imports ? scan_fail(s) : 0;
	if (scan_next(s) == -1 || s->kind != SCAN_NAME)
		return scan_fail(s);
	return scan_next(s);
}

static int
read_import(struct scan *s)
{
	if (s->kind == SCAN_STRING)
		return scan_next(s) == -1 ? -1 : scan_end_statement(s);
	if (scan_is_identifier(s)) {
		if (scan_next(s) == -1)
			return -1;
		if (scan_is(s, ",")) {
			if (scan_next(s) == -1)
				return -1;
		} else {
			return read_from(s) == -1 ? -1 : scan_end_statement(s);
		}
	}
	if (scan_is(s, "*") ? read_star(s, true) == -1
			    : read_specifiers(s, true) == -1)
		return -1;
	return read_from(s) == -1 ? -1 : scan_end_statement(s);
}

static int
read_export_default(struct scan *s)
{
	if (scan_next(s) == -1)
		return -1;
	if (scan_is_word(s, "function"))
		return scan_function(s, false);
	if (scan_is_word(s, "class"))
		return scan_class(s);
	return scan_value(s, true) == -1 ? -1 : scan_end_statement(s);
}

static int
read_export(struct scan *s)
{
	static const char *const declarations[] = {
	    "var", "let", "const", "function", "class", "async"};
	size_t k;

	if (scan_is_word(s, "default"))
		return read_export_default(s);
	if (scan_is(s, "*")) {
		if (read_star(s, false) == -1 || read_from(s) == -1)
			return -1;
		return scan_end_statement(s);
	}
	if (scan_is(s, "{")) {
		if (read_specifiers(s, false) == -1)
			return -1;
		if (scan_is_word(s, "from") && read_from(s) == -1)
			return -1;
		return scan_end_statement(s);
	}
	for (k = 0; k < ARRAY_LEN(declarations); k++)
		if (scan_is_word(s, declarations[k]))
			return scan_statement(s);
	return scan_fail(s);
}

/* All of a text: 1 when a statement is something else, -1 when it is no
 * code. */
static int
read_statements(struct scan *s)
{
	bool imports;

	if (scan_next(s) == -1)
		return -1;
	while (s->kind != SCAN_END) {
		imports = scan_is_word(s, "import");
		if (!imports && !scan_is_word(s, "export"))
			return 1;
		if (scan_next(s) == -1 ||
		    (imports ? read_import(s) == -1 : read_export(s) == -1))
			return -1;
	}
	return 0;
}

/* --- their lines */

static bool
begins_with(const struct mdx *m, size_t p, const char *word)
{
	size_t end = m->lines[m->line].end;

	for (; *word != '\0'; word++, p++)
		if (p == end || m->text.p[p] != (unsigned char)*word)
			return false;
	return true;
}

static bool
is_blank_line(const struct mdx *m, size_t line)
{
	return mdx_is_blank(m, m->lines[line].start, m->lines[line].end);
}

/* The lines from FIRST to LAST, at whose end a statement may be unfinished:
 * then more are taken. */
static int
check(struct mdx *m, size_t first, size_t last)
{
	const struct mdx_line *line;
	struct mdx_chunk c = {.arena = m->work};
	struct scan s = {.m = m, .c = &c};
	size_t k;
	int rc;

	for (k = first; k <= last; k++) {
		line = &m->lines[k];
		mdx_chunk_add(&c, m->text.p + line->start,
		    line->end + line->eol - line->start, k, 1);
	}
	rc = read_statements(&s);
	if (rc == 0 || m->err->code != ERR_NONE)
		return rc;
	if (rc == 1)
		return mdx_fail(m, mdx_chunk_place(&c, s.start),
		    "Unexpected statement in code: only import/exports are "
		    "supported");
	if (s.start >= c.n && last + 1 < m->n_lines)
		return 1;
	return mdx_fail(m, mdx_chunk_place(&c, s.start),
	    "Could not parse import/exports with acorn");
}

int
mdx_esm(struct mdx *m, size_t p)
{
	size_t first = m->line, last = m->line, end;
	struct node *node;
	int rc;

	if (m->leaf.kind != LEAF_NONE || p != m->lines[first].start ||
	    (!begins_with(m, p, "import ") && !begins_with(m, p, "export ")))
		return 0;
	do {
		while (last + 1 < m->n_lines && !is_blank_line(m, last + 1))
			last++;
		rc = check(m, first, last);
		m->steps += m->lines[last].end - p;
		if (rc == 1)
			last++;
	} while (rc == 1 && m->steps / LIMIT_MDX_LOOKAHEAD <= m->text.len);
	if (rc != 0)
		return rc == -1 ? -1
				: mdx_fail(m, mdx_place_at(m, first, p),
				      "the text is too tangled");
	m->line = last;
	end = m->lines[last].end;
	node = mdx_node(m, NODE_ESM);
	node->value = js_string(mdx_unexpand(m->arena, m->text.p + p, end - p));
	node->span =
	    mdx_locate(m, mdx_line_start(m, first), mdx_line_end(m, last));
	mdx_adopt(m, mdx_parent(m), node);
	(void)mdx_note(m, node, mdx_place_at(m, first, p), NULL);
	return 1;
}
