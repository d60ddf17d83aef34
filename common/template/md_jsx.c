/* Elements and expressions as JSX (templatedx.md 5.9): what no tag took and
 * what stands in a Raw is printed back. */
#include "md.h"

int
md_expression(struct md *m, const struct node *n, const struct node *parent,
    const struct md_edge *e)
{
	const struct md_prefix first = {"", "", 0}, rest = {"", "", 2};
	size_t start;

	(void)parent;
	(void)e;
	md_puts(m, "{");
	start = md_len(m);
	md_text(m, md_value(m, n));
	md_indent(m, start, &first, &rest);
	md_puts(m, "}");
	return 0;
}

static void
put_quoted(struct md *m, struct str16 value)
{
	size_t i, from = 0;

	md_puts(m, "\"");
	for (i = 0; i < value.len; i++) {
		if (value.p[i] != '"')
			continue;
		md_put(m, value.p + from, i - from);
		md_put_reference(m, '"');
		from = i + 1;
	}
	md_put(m, value.p + from, value.len - from);
	md_puts(m, "\"");
}

/* What is put before the further lines of an attribute's expression, since
 * mdast-util-mdx-jsx 3.2.1. */
static size_t
expression_pad(const struct md *m, const struct node *n)
{
	if (m->style == MARKDOWN_2_1)
		return 0;
	return n->kind == NODE_FLOW_ELEMENT || m->state.place.jsx == 0 ? 2 : 0;
}

static void
put_attribute(struct md *m, const struct node *n, const struct attr *attr)
{
	const struct md_prefix first = {"", "", 0};
	const struct md_prefix rest = {"", "", expression_pad(m, n)};
	size_t start;

	md_text(m, attr->name);
	if (attr->kind == ATTR_NULL)
		return;
	if (attr->kind != ATTR_SPREAD)
		md_puts(m, "=");
	if (attr->kind == ATTR_STRING) {
		put_quoted(m, attr->value);
		return;
	}
	md_puts(m, "{");
	start = md_len(m);
	md_text(m, attr->value);
	md_indent(m, start, &first, &rest);
	md_puts(m, "}");
}

/* All in one line; returns false when they have more lines themselves. */
static bool
put_in_line(struct md *m, const struct node *n)
{
	size_t i, start = md_len(m);

	md_puts(m, " ");
	for (i = 0; i < n->n_attrs; i++) {
		if (i > 0)
			md_puts(m, " ");
		put_attribute(m, n, &n->attrs[i]);
	}
	if (md_len(m) == start + 1)
		md_cut(m, start);
	return !md_has_eol(md_units(m) + start, md_len(m) - start);
}

static void
put_in_lines(struct md *m, const struct node *n, size_t pad)
{
	size_t i;

	for (i = 0; i < n->n_attrs; i++) {
		md_puts(m, "\n");
		md_fill(m, ' ', pad + 2);
		put_attribute(m, n, &n->attrs[i]);
	}
	md_puts(m, "\n");
	md_fill(m, ' ', pad);
}

static void
put_opening(struct md *m, const struct node *n, bool closed, size_t pad)
{
	size_t start;
	bool own_lines = false;

	md_puts(m, "<");
	md_text(m, n->name);
	start = md_len(m);
	if (!put_in_line(m, n) && n->kind == NODE_FLOW_ELEMENT) {
		own_lines = true;
		md_cut(m, start);
		put_in_lines(m, n, pad);
	}
	if (closed)
		md_puts(m, own_lines ? "/" : " /");
	md_puts(m, ">");
}

static int
put_children(struct md *m, const struct node *n)
{
	const struct md_edge edge = {md_side(">"), md_side("<")};

	if (n->kind == NODE_TEXT_ELEMENT)
		return md_phrasing(m, n, &edge);
	md_puts(m, "\n");
	if (md_flow(m, n, true) != 0)
		return -1;
	md_puts(m, "\n");
	return 0;
}

/* The reference prints neither. */
static int
check_names(struct md *m, const struct node *n)
{
	size_t i;

	if (n->n_attrs > 0 && n->name.len == 0)
		return fail(m->err, ERR_PROMPT,
		    "Cannot serialize fragment w/ attributes");
	for (i = 0; i < n->n_attrs; i++)
		if (n->attrs[i].kind != ATTR_SPREAD &&
		    n->attrs[i].name.len == 0)
			return fail(m->err, ERR_PROMPT,
			    "Cannot serialize attribute w/o name");
	return 0;
}

int
md_element(struct md *m, const struct node *n, const struct node *parent,
    const struct md_edge *e)
{
	bool flow = n->kind == NODE_FLOW_ELEMENT;
	bool closed = n->name.len > 0 && n->n_children == 0;
	size_t pad = flow ? 2 * (size_t)m->state.place.jsx : 0;

	(void)parent;
	(void)e;
	if (check_names(m, n) != 0)
		return -1;
	md_enter(m, flow ? C_FLOW_ELEMENT : C_OTHER);
	md_fill(m, ' ', pad);
	put_opening(m, n, closed, pad);
	if (closed)
		return 0;
	if (n->n_children > 0 && put_children(m, n) != 0)
		return -1;
	md_fill(m, ' ', pad);
	md_puts(m, "</");
	md_text(m, n->name);
	md_puts(m, ">");
	return 0;
}
