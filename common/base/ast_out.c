/* Prints a tree as JSON, as a client would post it.  The keys of each kind of
 * node are a table. */
#include "ast.h"
#include "buf.h"

#include <inttypes.h>
#include <stddef.h>

/* Children, attributes, positions and data are the same for all kinds. */
enum member_form {
	FORM_TEXT,    /* a string, or null */
	FORM_VALUE,   /* a string or number */
	FORM_DEPTH,   /* a number */
	FORM_ORDERED, /* a boolean */
	FORM_SPREAD,
	FORM_START,	/* a number or null */
	FORM_CHECKED,	/* always null */
	FORM_REFERENCE, /* how a reference is written */
	FORM_ATTRIBUTES
};

struct out_member {
	const char *key;
	enum member_form form;
	size_t offset; /* of a text */
};

#define TEXT(field)                                                            \
	{                                                                      \
#field, FORM_TEXT, offsetof(struct node, field)                \
	}
#define VALUE                                                                  \
	{                                                                      \
		"value", FORM_VALUE, 0                                         \
	}

enum { MEMBERS_MAX = 5 };

static const struct out_member members[NODE__MAX][MEMBERS_MAX] = {
    [NODE_YAML] = {VALUE},
    [NODE_HEADING] = {{"depth", FORM_DEPTH, 0}},
    [NODE_LIST] = {{"ordered", FORM_ORDERED, 0}, {"start", FORM_START, 0},
	{"spread", FORM_SPREAD, 0}},
    [NODE_LIST_ITEM] = {{"spread", FORM_SPREAD, 0},
	{"checked", FORM_CHECKED, 0}},
    [NODE_CODE] = {TEXT(lang), TEXT(meta), VALUE},
    [NODE_DEFINITION] = {TEXT(identifier), TEXT(label), TEXT(title), TEXT(url)},
    [NODE_HTML] = {VALUE},
    [NODE_ESM] = {VALUE},
    [NODE_TEXT] = {VALUE},
    [NODE_INLINE_CODE] = {VALUE},
    [NODE_LINK] = {TEXT(title), TEXT(url)},
    [NODE_IMAGE] = {TEXT(title), TEXT(url), TEXT(alt)},
    [NODE_LINK_REFERENCE] = {TEXT(label), TEXT(identifier),
	{"referenceType", FORM_REFERENCE, 0}},
    [NODE_IMAGE_REFERENCE] = {TEXT(alt), TEXT(label), TEXT(identifier),
	{"referenceType", FORM_REFERENCE, 0}},
    [NODE_FLOW_ELEMENT] = {TEXT(name), {"attributes", FORM_ATTRIBUTES, 0}},
    [NODE_TEXT_ELEMENT] = {TEXT(name), {"attributes", FORM_ATTRIBUTES, 0}},
    [NODE_FLOW_EXPRESSION] = {VALUE},
    [NODE_TEXT_EXPRESSION] = {VALUE},
};

struct printer {
	struct arena *a;
	struct buf *b;
};

static void
print_text(const struct printer *p, struct str16 text)
{
	if (text.p == NULL)
		buf_adds(p->b, "null");
	else
		(void)js_stringify(p->a, p->b, js_string(text));
}

static void
print_point(struct buf *b, const char *key, const struct ast_point *at)
{
	buf_addf(b, "\"%s\":{\"line\":%zu,\"column\":%zu,\"offset\":%zu}", key,
	    at->line, at->column, at->offset);
}

static void
print_span(struct buf *b, const struct ast_span *span)
{
	if (span == NULL)
		return;
	buf_adds(b, ",\"position\":{");
	print_point(b, "start", &span->start);
	buf_addc(b, ',');
	print_point(b, "end", &span->end);
	buf_addc(b, '}');
}

static void
print_attr(const struct printer *p, const struct attr *attr)
{
	if (attr->kind == ATTR_SPREAD) {
		buf_adds(p->b, "{\"type\":\"mdxJsxExpressionAttribute\","
			       "\"value\":");
		print_text(p, attr->value);
	} else {
		buf_adds(p->b, "{\"type\":\"mdxJsxAttribute\",\"name\":");
		print_text(p, attr->name);
		buf_adds(p->b, ",\"value\":");
		if (attr->kind == ATTR_EXPRESSION)
			buf_adds(p->b,
			    "{\"type\":\"mdxJsxAttributeValueExpression\","
			    "\"value\":");
		print_text(p, attr->value);
		if (attr->kind == ATTR_EXPRESSION)
			buf_addc(p->b, '}');
	}
	print_span(p->b, attr->span);
	buf_addc(p->b, '}');
}

static void
print_attributes(const struct printer *p, const struct node *node)
{
	size_t i;

	buf_addc(p->b, '[');
	for (i = 0; i < node->n_attrs; i++) {
		if (i != 0)
			buf_addc(p->b, ',');
		print_attr(p, &node->attrs[i]);
	}
	buf_addc(p->b, ']');
}

static const char *
boolean(bool b)
{
	return b ? "true" : "false";
}

static void
print_member(const struct printer *p, const struct node *node,
    const struct out_member *m)
{
	const char *field = (const char *)node + m->offset;
	const char *name = ast_reference_names[node->reference];

	buf_addf(p->b, ",\"%s\":", m->key);
	switch (m->form) {
	case FORM_TEXT:
		print_text(p, *(const struct str16 *)(const void *)field);
		break;
	case FORM_VALUE:
		if (!js_stringify(p->a, p->b, node->value))
			buf_adds(p->b, "null");
		break;
	case FORM_DEPTH:
		buf_addf(p->b, "%u", node->depth);
		break;
	case FORM_ORDERED:
		buf_adds(p->b, boolean(node->ordered));
		break;
	case FORM_SPREAD:
		buf_adds(p->b, boolean(node->spread == TRI_TRUE));
		break;
	case FORM_START:
		if (!js_stringify(p->a, p->b, node->start))
			buf_adds(p->b, "null");
		break;
	case FORM_CHECKED:
		buf_adds(p->b, "null");
		break;
	case FORM_REFERENCE:
		if (name != NULL)
			buf_addf(p->b, "\"%s\"", name);
		else
			buf_adds(p->b, "null");
		break;
	case FORM_ATTRIBUTES:
		print_attributes(p, node);
		break;
	}
}

/* Only the parameters matter to anybody (templatedx.md 6). */
static void
print_data(const struct printer *p, const struct arrow *arrow)
{
	size_t i;

	buf_adds(p->b,
	    ",\"data\":{\"estree\":{\"type\":\"Program\",\"body\":[{\"type\":"
	    "\"ExpressionStatement\",\"expression\":{\"type\":"
	    "\"ArrowFunctionExpression\",\"params\":[");
	for (i = 0; i < arrow->n_params; i++) {
		if (i != 0)
			buf_addc(p->b, ',');
		if (arrow->params[i].p == NULL) {
			buf_adds(p->b, "{\"type\":\"ObjectPattern\"}");
			continue;
		}
		buf_adds(p->b, "{\"type\":\"Identifier\",\"name\":");
		print_text(p, arrow->params[i]);
		buf_addc(p->b, '}');
	}
	buf_adds(p->b, "]}}],\"sourceType\":\"module\"}}");
}

/* As deep as trees may be, which whoever made it has seen to. */
static void
print_node(const struct printer *p, const struct node *node)
{
	size_t i;

	buf_adds(p->b, "{\"type\":");
	print_text(p, node->type);
	for (i = 0; i < MEMBERS_MAX && members[node->kind][i].key != NULL; i++)
		print_member(p, node, &members[node->kind][i]);
	if (node->has_children) {
		buf_adds(p->b, ",\"children\":[");
		for (i = 0; i < node->n_children; i++) {
			if (i != 0)
				buf_addc(p->b, ',');
			print_node(p, node->children[i]);
		}
		buf_addc(p->b, ']');
	}
	print_span(p->b, node->span);
	if (node->arrow != NULL && node->arrow->is_arrow)
		print_data(p, node->arrow);
	buf_addc(p->b, '}');
}

void
ast_print(struct arena *a, struct buf *b, const struct node *root)
{
	const struct printer p = {a, b};

	print_node(&p, root);
}
