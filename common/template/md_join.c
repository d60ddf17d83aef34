/* What is put between two blocks, so that they are not read as one, and how
 * HTML is read there.  It refuses to know how a block is printed. */
#include "md.h"

#include "../base/utf.h"

#include <string.h>

/* How HTML begins as a block: the numbers are those of CommonMark 0.31, 4.6. */
enum html_kind {
	HTML_NONE,
	HTML_RAW,
	HTML_COMMENT,
	HTML_INSTRUCTION,
	HTML_DECLARATION,
	HTML_CDATA,
	HTML_BASIC,
	HTML_COMPLETE
};

static const char *const raw_names[] = {"pre", "script", "style", "textarea"};

static const char *const basic_names[] = {"address", "article", "aside", "base",
    "basefont", "blockquote", "body", "caption", "center", "col", "colgroup",
    "dd", "details", "dialog", "dir", "div", "dl", "dt", "fieldset",
    "figcaption", "figure", "footer", "form", "frame", "frameset", "h1", "h2",
    "h3", "h4", "h5", "h6", "head", "header", "hr", "html", "iframe", "legend",
    "li", "link", "main", "menu", "menuitem", "nav", "noframes", "ol",
    "optgroup", "option", "p", "param", "search", "section", "summary", "table",
    "tbody", "td", "tfoot", "th", "thead", "title", "tr", "track", "ul"};

/* The unit at I; a NUL behind the end. */
static uint16_t
unit_at(struct str16 s, size_t i)
{
	return i < s.len ? s.p[i] : 0;
}

static bool
is_letter(uint16_t unit)
{
	return (unit | 0x20) >= 'a' && (unit | 0x20) <= 'z';
}

static bool
is_name_unit(uint16_t unit)
{
	return is_letter(unit) || (unit >= '0' && unit <= '9') || unit == '-';
}

/* NAME is made of ASCII. */
static bool
is_one_of(struct str16 name, const char *const *names, size_t n)
{
	size_t i, k;

	for (i = 0; i < n; i++) {
		for (k = 0; k < name.len && names[i][k] != '\0'; k++)
			if ((name.p[k] >= 'A' && name.p[k] <= 'Z'
				    ? name.p[k] | 0x20
				    : name.p[k]) != (unsigned char)names[i][k])
				break;
		if (k == name.len && names[i][k] == '\0')
			return true;
	}
	return false;
}

static enum html_kind
tag_kind(struct str16 html)
{
	bool closing = unit_at(html, 1) == '/';
	size_t start = closing ? 2 : 1, end = start;
	struct str16 name;

	if (!is_letter(unit_at(html, start)))
		return HTML_NONE;
	while (is_name_unit(unit_at(html, end)))
		end++;
	name = (struct str16){html.p + start, end - start};
	if (!closing && unit_at(html, end) != '/' &&
	    is_one_of(name, raw_names, ARRAY_LEN(raw_names)))
		return HTML_RAW;
	return is_one_of(name, basic_names, ARRAY_LEN(basic_names))
		   ? HTML_BASIC
		   : HTML_COMPLETE;
}

static enum html_kind
html_kind(struct str16 html)
{
	if (unit_at(html, 0) != '<')
		return HTML_NONE;
	if (unit_at(html, 1) == '?')
		return HTML_INSTRUCTION;
	if (unit_at(html, 1) != '!')
		return tag_kind(html);
	if (unit_at(html, 2) == '-')
		return HTML_COMMENT;
	if (unit_at(html, 2) == '[')
		return HTML_CDATA;
	return is_letter(unit_at(html, 2)) ? HTML_DECLARATION : HTML_NONE;
}

void
md_join_html(
    struct md *m, const struct node *n, size_t start, struct md_side *before)
{
	size_t end = md_len(m);
	const uint16_t *units = md_units(m);

	if (n->kind != NODE_HTML || before->n == 0 || end == start ||
	    !md_is_eol(before->units[0]))
		return;
	if (m->style == MARKDOWN_2_2 &&
	    html_kind(md_value(m, n)) == HTML_COMPLETE)
		return;
	end--;
	if (units[end] == '\n' && end > start && units[end - 1] == '\r')
		end--;
	md_cut(m, end);
	md_puts(m, " ");
	*before = md_side(" ");
}

/* Whether RIGHT would go on with a paragraph before it. */
static bool
goes_on(struct md *m, const struct node *right)
{
	return right->kind == NODE_PARAGRAPH ||
	       right->kind == NODE_DEFINITION ||
	       (right->kind == NODE_HEADING && md_is_setext(m, right));
}

/* A paragraph can be followed by a list only if that begins with 1 and with
 * some text. */
static bool
is_weak_list(const struct node *list)
{
	if (list->kind != NODE_LIST)
		return false;
	if (list->ordered && list->start.type == JS_NUMBER &&
	    list->start.number != 1)
		return true;
	return list->n_children > 0 && list->children[0]->n_children == 0;
}

static const struct node *
last_leaf(struct md *m, const struct node *n)
{
	while ((n->kind == NODE_BLOCKQUOTE || n->kind == NODE_LIST ||
		   n->kind == NODE_LIST_ITEM) &&
	       n->n_children > 0) {
		n = n->children[n->n_children - 1];
		m->steps++;
	}
	return n;
}

/* Style 2.2. */
static bool
must_part(struct md *m, const struct node *left, const struct node *right)
{
	const struct node *tail = last_leaf(m, left);
	enum html_kind kind;

	if (left->kind == NODE_HTML) {
		kind = html_kind(md_value(m, left));
		return kind == HTML_NONE || kind == HTML_BASIC ||
		       kind == HTML_COMPLETE;
	}
	if (left->kind == NODE_BLOCKQUOTE && right->kind == NODE_BLOCKQUOTE)
		return true;
	if (tail->kind != NODE_DEFINITION && tail->kind != NODE_PARAGRAPH)
		return false;
	if (left == tail && is_weak_list(right))
		return true;
	if (right->kind == NODE_HTML) {
		kind = html_kind(md_value(m, right));
		return kind == HTML_NONE || kind == HTML_COMPLETE;
	}
	return (left->kind == NODE_PARAGRAPH || left != tail) &&
	       goes_on(m, right);
}

const char *
md_separator(struct md *m, const struct node *parent, size_t i)
{
	const struct node *left = parent->children[i];
	const struct node *right = parent->children[i + 1];
	bool part;

	if (parent->spread != TRI_FALSE)
		return "\n\n";
	if (m->style == MARKDOWN_2_2)
		part = must_part(m, left, right);
	else
		part = left->kind == NODE_PARAGRAPH && goes_on(m, right);
	return part ? "\n\n" : "\n";
}
