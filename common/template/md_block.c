/* Blocks as Markdown (templatedx.md 5.7): one function for each kind of node.
 * It refuses to know what surrounds them, but for lists, whose bullets depend
 * on the lists around and before them. */
#include "md.h"

#include "../base/limits.h"

#include <string.h>

int
md_paragraph(struct md *m, const struct node *n, const struct node *parent,
    const struct md_edge *e)
{
	(void)parent;
	md_enter(m, C_OTHER);
	md_enter(m, C_PHRASING);
	return md_phrasing(m, n, e);
}

int
md_thematic_break(struct md *m, const struct node *n, const struct node *parent,
    const struct md_edge *e)
{
	(void)n;
	(void)parent;
	(void)e;
	md_puts(m, "***");
	return 0;
}

int
md_verbatim(struct md *m, const struct node *n, const struct node *parent,
    const struct md_edge *e)
{
	(void)parent;
	(void)e;
	md_text(m, md_value(m, n));
	return 0;
}

int
md_blockquote(struct md *m, const struct node *n, const struct node *parent,
    const struct md_edge *e)
{
	const struct md_prefix prefix = {">", ">", 1};
	size_t start = md_len(m);

	(void)parent;
	(void)e;
	md_enter(m, C_BLOCKQUOTE);
	if (md_flow(m, n, false) != 0)
		return -1;
	md_indent(m, start, &prefix, &prefix);
	return 0;
}

/* Whether a node's plain text is empty.  These two look no deeper than
 * md_handle(), which ends deeper trees with an error. */
static bool
is_empty(struct md *m, const struct node *n, unsigned depth)
{
	size_t i;

	m->steps++;
	if (n->value.type == JS_NUMBER)
		return false;
	if (n->value.type != JS_UNDEFINED)
		return n->value.type != JS_STRING || n->value.string.len == 0;
	if (n->alt.len > 0)
		return false;
	for (i = 0; i < n->n_children && depth < LIMIT_PRINT_DEPTH; i++)
		if (!is_empty(m, n->children[i], depth + 1))
			return false;
	return true;
}

static bool
has_break(struct md *m, const struct node *n, unsigned depth)
{
	size_t i;

	m->steps++;
	if (n->kind == NODE_BREAK)
		return true;
	if (n->value.type == JS_STRING) {
		m->steps += n->value.string.len;
		if (md_has_eol(n->value.string.p, n->value.string.len))
			return true;
	}
	for (i = 0; i < n->n_children && depth < LIMIT_PRINT_DEPTH; i++)
		if (has_break(m, n->children[i], depth + 1))
			return true;
	return false;
}

bool
md_is_setext(struct md *m, const struct node *heading)
{
	return heading->depth < 3 && !is_empty(m, heading, 0) &&
	       has_break(m, heading, 0);
}

static int
setext_heading(struct md *m, const struct node *n)
{
	const struct md_edge lines = {md_side("\n"), md_side("\n")};
	size_t begin, start = md_len(m), end;

	md_enter(m, C_OTHER);
	md_enter(m, C_PHRASING);
	if (md_phrasing(m, n, &lines) != 0)
		return -1;
	end = md_len(m);
	for (begin = end; begin > start; begin--)
		if (md_is_eol(md_units(m)[begin - 1]))
			break;
	md_puts(m, "\n");
	md_fill(m, n->depth < 2 ? '=' : '-', end - begin);
	return 0;
}

static int
atx_heading(struct md *m, const struct node *n)
{
	const struct md_edge edge = {md_side("# "), md_side("\n")};
	unsigned rank = n->depth == 0 ? 1 : n->depth > 6 ? 6 : n->depth;
	size_t start;

	md_enter(m, C_ATX);
	md_enter(m, C_PHRASING);
	md_fill(m, '#', rank);
	md_puts(m, " ");
	start = md_len(m);
	if (md_phrasing(m, n, &edge) != 0)
		return -1;
	if (md_len(m) == start) {
		md_cut(m, start - 1);
		return 0;
	}
	if (md_units(m)[start] == ' ' || md_units(m)[start] == '\t')
		md_refer(m, start);
	return 0;
}

int
md_heading(struct md *m, const struct node *n, const struct node *parent,
    const struct md_edge *e)
{
	(void)parent;
	(void)e;
	return md_is_setext(m, n) ? setext_heading(m, n) : atx_heading(m, n);
}

/* How many backticks make a fence that the code does not close. */
static size_t
fence_len(struct str16 code)
{
	size_t i, run = 0, longest = 2;

	for (i = 0; i < code.len; i++) {
		run = code.p[i] == '`' ? run + 1 : 0;
		if (run > longest)
			longest = run;
	}
	return longest + 1;
}

/* A part of the line that opens code; START is where the node began. */
static void
put_info(
    struct md *m, enum md_construct construct, struct str16 text, size_t start)
{
	struct md_place place = m->state.place;
	struct md_edge edge;

	edge.before = md_before(m, start);
	edge.after = md_side(construct == C_LANG ? " " : "\n");
	md_enter(m, construct);
	md_safe(m, text, &edge, '`');
	m->state.place = place;
}

int
md_code(struct md *m, const struct node *n, const struct node *parent,
    const struct md_edge *e)
{
	struct str16 code = md_value(m, n);
	size_t fence = fence_len(code), start = md_len(m);

	(void)parent;
	(void)e;
	md_enter(m, C_OTHER);
	md_fill(m, '`', fence);
	if (n->lang.len > 0)
		put_info(m, C_LANG, n->lang, start);
	if (n->lang.len > 0 && n->meta.len > 0) {
		md_puts(m, " ");
		put_info(m, C_META, n->meta, start);
	}
	md_puts(m, "\n");
	md_text(m, code);
	if (code.len > 0)
		md_puts(m, "\n");
	md_fill(m, '`', fence);
	return 0;
}

static bool
begins_with_break(const struct node *item)
{
	return item->kind == NODE_LIST_ITEM && item->n_children > 0 &&
	       item->children[0]->kind == NODE_THEMATIC_BREAK;
}

/* Whether a bulleted list, printed with asterisks, could be read as a thematic
 * break: `* ***`, or `* * *`. */
static bool
is_like_break(const struct md *m, const struct node *list)
{
	const uint32_t nested =
	    C_LIST_ITEM << 24 | C_LIST << 16 | C_LIST_ITEM << 8 | C_LIST;
	size_t i;

	if (list->n_children == 0)
		return false;
	if (list->children[0]->n_children == 0 &&
	    m->state.place.newest == nested && m->state.place.zeros == 7)
		return true;
	for (i = 0; i < list->n_children; i++)
		if (begins_with_break(list->children[i]))
			return true;
	return false;
}

static char
choose_bullet(const struct md *m, const struct node *list)
{
	if (list->ordered)
		return m->state.bullet_used == '.' ? ')' : '.';
	if (m->state.bullet_used == '*' || is_like_break(m, list))
		return '-';
	return '*';
}

int
md_list(struct md *m, const struct node *n, const struct node *parent,
    const struct md_edge *e)
{
	char outer = m->state.bullet, bullet;

	(void)parent;
	(void)e;
	md_enter(m, C_LIST);
	bullet = choose_bullet(m, n);
	m->state.bullet = bullet;
	if (md_flow(m, n, false) != 0)
		return -1;
	m->state.bullet_used = bullet;
	m->state.bullet = outer;
	return 0;
}

/* The number of an item (JavaScript's arithmetic: `start` may be a fraction)
 * and its bullet. */
static void
print_marker(char *out, const struct md *m, const struct node *list)
{
	double first = 1;
	size_t len = 0;

	if (list != NULL && list->kind == NODE_LIST && list->ordered) {
		if (list->start.type == JS_NUMBER && list->start.number > -1)
			first = list->start.number;
		len = js_number_print(out, first + (double)m->index);
	}
	out[len] = m->state.bullet != 0 ? m->state.bullet : '*';
	out[len + 1] = '\0';
}

int
md_list_item(struct md *m, const struct node *n, const struct node *parent,
    const struct md_edge *e)
{
	char marker[JS_NUMBER_LEN + 2];
	struct md_prefix first = {marker, marker, 1}, rest = {"", "", 0};
	size_t start = md_len(m);

	(void)e;
	print_marker(marker, m, parent);
	rest.pad = strlen(marker) + 1;
	md_enter(m, C_LIST_ITEM);
	if (md_flow(m, n, false) != 0)
		return -1;
	md_indent(m, start, &first, &rest);
	return 0;
}
