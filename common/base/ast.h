/* The tree of a prompt (templatedx.md 1.2), lean: only what rendering needs.
 *
 * Of `position` one bit stays (it changes error texts, protocol.md D9), of
 * `data` the parameters of an arrow function.  Trees live in an arena. */
#ifndef AST_H
#define AST_H

#include "js.h"

struct buf;
struct json_in;

enum node_kind {
	NODE_UNKNOWN, /* its type is in node.type */
	NODE_ROOT,
	NODE_YAML,
	NODE_PARAGRAPH,
	NODE_HEADING,
	NODE_BLOCKQUOTE,
	NODE_LIST,
	NODE_LIST_ITEM,
	NODE_CODE,
	NODE_DEFINITION,
	NODE_THEMATIC_BREAK,
	NODE_HTML,
	NODE_ESM,
	NODE_TEXT,
	NODE_EMPHASIS,
	NODE_STRONG,
	NODE_INLINE_CODE,
	NODE_BREAK,
	NODE_LINK,
	NODE_IMAGE,
	NODE_LINK_REFERENCE,
	NODE_IMAGE_REFERENCE,
	NODE_FLOW_ELEMENT,
	NODE_TEXT_ELEMENT,
	NODE_FLOW_EXPRESSION,
	NODE_TEXT_EXPRESSION,
	NODE__MAX
};

enum node_reference {
	REF_NONE,
	REF_SHORTCUT,
	REF_COLLAPSED,
	REF_FULL,
	REF__MAX
};
extern const char *const ast_reference_names[]; /* NULL for none */

enum tristate { TRI_ABSENT, TRI_FALSE, TRI_TRUE };

/* Where something stands in its source: lines and columns from 1, offsets from
 * 0, in units of UTF-16; END is behind it. */
struct ast_point {
	size_t line, column, offset;
};

struct ast_span {
	struct ast_point start, end;
};

enum attr_kind {
	ATTR_NULL,	 /* bare: `name` */
	ATTR_STRING,	 /* name="value" */
	ATTR_EXPRESSION, /* name={value} */
	ATTR_SPREAD	 /* {...value} */
};

struct attr {
	enum attr_kind kind;
	bool has_position;
	struct str16 name, value;
	const struct ast_span *span; /* NULL: not known */
};

/* data.estree of an expression node, as far as ForEach asks for it. */
struct arrow {
	bool is_arrow; /* the first statement is an arrow function */
	bool simple;   /* every parameter is an identifier */
	size_t n_params;
	const struct str16 *params;
};

struct node {
	enum node_kind kind;
	bool has_position, has_children, ordered;
	enum tristate spread;
	enum node_reference reference;
	unsigned depth;	   /* of a heading; 0 when absent */
	struct js start;   /* of a list: a number, null or undefined */
	struct js value;   /* string or number (templatedx.md 1.2) */
	struct str16 type; /* as in the JSON */
	struct str16 name; /* .p is NULL for a fragment */
	struct str16 url, title, alt, lang, meta, identifier, label;
	const struct arrow *arrow;   /* NULL when `data` is absent */
	const struct ast_span *span; /* NULL: not known */
	const struct attr *attrs;
	size_t n_attrs;
	struct node **children;
	size_t n_children;
};

/* The kind of a type's name, and back. */
enum node_kind ast_kind(struct str type);
const char *ast_kind_name(enum node_kind kind);

/* Reads the tree that comes next.  *ROOT is NULL when the value is no object.
 * Fails on bad JSON and when it is nested too deep. */
int ast_read(struct json_in *in, struct arena *a, struct node **root,
    struct err *err) MUST_USE;

/* Prints a tree as clients post it, but of `data` only the parameters of arrow
 * functions, and positions where they are known. */
void ast_print(struct arena *a, struct buf *b, const struct node *root);

#endif
