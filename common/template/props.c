/* Replaces `props.name` in the text of expressions.  It refuses to know what
 * an expression means: a name that was not given stays as it is, to be looked
 * up among the props of the prompt. */
#include "props.h"

#include "../base/json.h"
#include "../base/utf.h"

void
props_adopt(struct arena *a, struct node *parent, struct node *child)
{
	size_t n = parent->n_children;

	/* Room doubles whenever a power of two is reached. */
	if ((n & (n - 1)) == 0)
		parent->children = arena_grow(a, parent->children, n,
		    n != 0 ? 2 * n : 1, sizeof(struct node *));
	parent->children[n] = child;
	parent->n_children++;
}

static struct node *
text_node(struct arena *a, struct js value)
{
	struct node *node = arena_zalloc(a, sizeof(*node));

	node->kind = NODE_TEXT;
	node->type = utf16_lit(a, "text");
	node->value = value;
	return node;
}

/* --- substitution */

static bool
is_name_unit(unsigned c)
{
	return c == '$' || c == '_' || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c >= 0x80;
}

/* `props.name` at I: the length of it, or 0; NAME is what follows the point. */
static size_t
prop_at(struct str16 s, size_t i, struct str16 *name)
{
	static const char prefix[] = "props.";
	size_t len = sizeof(prefix) - 1, end;

	if (s.len - i <= len ||
	    (i > 0 && (is_name_unit(s.p[i - 1]) || s.p[i - 1] == '.')))
		return 0;
	if (!str16_is((struct str16){s.p + i, len}, prefix))
		return 0;
	for (end = i + len; end < s.len && is_name_unit(s.p[end]); end++)
		;
	*name = (struct str16){s.p + i + len, end - i - len};
	return name->len > 0 ? end - i : 0;
}

static bool
asks(struct str16 s)
{
	struct str16 name;
	size_t i;

	for (i = 0; i < s.len; i++)
		if (s.p[i] == 'p' && prop_at(s, i, &name) > 0)
			return true;
	return false;
}

static const struct attr *
find(const struct props *props, struct str16 name)
{
	size_t i;

	for (i = props->n_attrs; i-- > 0;)
		if (str16_eq(props->attrs[i].name, name))
			return &props->attrs[i];
	return NULL;
}

/* As it stands in the text of an expression. */
static void
add_value(struct arena *a, struct buf *b, const struct attr *attr)
{
	if (attr->kind == ATTR_EXPRESSION)
		utf8_add16(b, attr->value);
	else
		(void)js_stringify(a, b, js_string(attr->value));
}

static struct str16
substitute(struct arena *a, const struct props *props, struct str16 s)
{
	const struct attr *attr;
	struct str16 name, out;
	size_t i = 0, len;
	struct buf b;

	buf_init(&b, SIZE_MAX);
	while (i < s.len) {
		len = s.p[i] == 'p' ? prop_at(s, i, &name) : 0;
		attr = len > 0 ? find(props, name) : NULL;
		if (attr != NULL)
			add_value(a, &b, attr);
		else
			utf8_add16(
			    &b, (struct str16){s.p + i, len > 0 ? len : 1});
		i += len > 0 ? len : 1;
	}
	out = utf16_from(a, (struct str){buf_str(&b), b.len});
	buf_free(&b);
	return out;
}

const struct attr *
props_substitute(struct arena *a, const struct props *props,
    const struct attr *attrs, size_t n)
{
	struct attr *out;
	size_t i;

	if (props == NULL)
		return attrs;
	out = arena_array(a, n, sizeof(*out));
	for (i = 0; i < n; i++) {
		out[i] = attrs[i];
		if (attrs[i].kind == ATTR_EXPRESSION && asks(attrs[i].value))
			out[i].value = substitute(a, props, attrs[i].value);
	}
	return out;
}

/* --- expressions */

/* A number without a sign and an exponent. */
static bool
read_number(struct arena *a, struct str16 s, double *out)
{
	bool point = false;
	size_t i;

	for (i = 0; i < s.len; i++) {
		if (s.p[i] == '.' && !point && i > 0 && i + 1 < s.len) {
			point = true;
			continue;
		}
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	}
	*out = js_to_number(a, js_string(s));
	return s.len > 0;
}

/* A value that is written out: a text in double quotes, or a number. */
static bool
read_literal(struct arena *a, struct str16 s, struct js *out)
{
	struct err err = {0};
	struct json_in in;
	double number;
	bool ok;

	if (read_number(a, s, &number)) {
		*out = js_number(number);
		return true;
	}
	if (s.len < 2 || s.p[0] != '"' || s.p[s.len - 1] != '"')
		return false;
	json_in_init(&in, utf8_from(a, s), &err);
	ok = json_in_js(&in, a, out) == 0 && json_in_finish(&in) == 0;
	json_in_free(&in);
	err_free(&err);
	return ok && out->type == JS_STRING;
}

/* What stands in a tag, as one paragraph with line ends between its parts. */
static void
add_children(struct arena *a, const struct node *from, struct node *to)
{
	struct node *paragraph;
	const struct node *part;
	size_t i, k;

	if (from->n_children == 0)
		return;
	paragraph = arena_zalloc(a, sizeof(*paragraph));
	paragraph->kind = NODE_PARAGRAPH;
	paragraph->type = utf16_lit(a, "paragraph");
	paragraph->has_children = true;
	for (i = 0; i < from->n_children; i++) {
		part = from->children[i];
		if (i > 0)
			props_adopt(
			    a, paragraph, text_node(a, js_string_lit(a, "\n")));
		if (part->kind != NODE_PARAGRAPH && part->kind != NODE_LIST)
			props_adopt(a, paragraph, from->children[i]);
		else
			for (k = 0; k < part->n_children; k++)
				props_adopt(a, paragraph, part->children[k]);
	}
	props_adopt(a, to, paragraph);
}

bool
props_expression(struct arena *a, const struct props *props,
    const struct node *from, struct node *to)
{
	struct node *node;
	struct str16 text;
	struct js value;

	if (from->value.type != JS_STRING || !asks(from->value.string))
		return false;
	if (str16_is(from->value.string, "props.children")) {
		add_children(a, props->children, to);
		return true;
	}
	text = substitute(a, props, from->value.string);
	if (read_literal(a, text, &value)) {
		props_adopt(a, to, text_node(a, value));
		return true;
	}
	node = arena_zalloc(a, sizeof(*node));
	node->kind = from->kind;
	node->type = from->type;
	node->value = js_string(text);
	props_adopt(a, to, node);
	return true;
}
