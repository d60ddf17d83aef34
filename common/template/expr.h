/* Template expressions as trees: what jsep 1.4.0 with its object plugin makes
 * of a source text (templatedx.md 3.1, 3.2). */
#ifndef EXPR_H
#define EXPR_H

#include "../base/js.h"

enum expr_kind {
	EXPR_LITERAL,
	EXPR_IDENTIFIER,
	EXPR_MEMBER,
	EXPR_UNARY,
	EXPR_BINARY,
	EXPR_CALL,
	EXPR_ARRAY,
	EXPR_OBJECT,
	EXPR_COMPOUND,
	EXPR_SEQUENCE,
	EXPR_CONDITIONAL,
	EXPR_THIS,
	EXPR__MAX
};

enum expr_op {
	OP_OR,
	OP_NULLISH,
	OP_AND,
	OP_BIT_OR,
	OP_BIT_XOR,
	OP_BIT_AND,
	OP_EQ,
	OP_NE,
	OP_STRICT_EQ,
	OP_STRICT_NE,
	OP_LT,
	OP_GT,
	OP_LE,
	OP_GE,
	OP_SHL,
	OP_SHR,
	OP_USHR,
	OP_ADD,
	OP_SUB,
	OP_MUL,
	OP_DIV,
	OP_MOD,
	OP_POW,
	OP__MAX
};

/* `{key: value}`.  KEY is NULL when brackets held a hole, `{[,]: value}`, and
 * when there was no key at all, as in `{f()}`. */
struct expr_prop {
	const struct expr *key, *value;
	bool hole;
};

/* Of sequences, compounds and conditionals only the kind is kept: they cannot
 * be evaluated. */
struct expr {
	enum expr_kind kind;
	enum expr_op op;	   /* binary */
	char unary;		   /* one of - + ! ~ */
	struct js value;	   /* literal */
	struct str16 name;	   /* identifier; member when not computed */
	const struct expr *left;   /* binary; object of a member; callee */
	const struct expr *right;  /* binary; unary; computed property */
	const struct expr **items; /* arguments, elements; NULL is a hole */
	const struct expr_prop *props; /* object */
	size_t n;		       /* of items or props */
};

/* Parses SOURCE, trimmed; the tree borrows from it.  NULL and the error of 3.1
 * when that fails or when it is nested deeper than LIMIT_EXPR_DEPTH. */
const struct expr *expr_parse(
    struct arena *a, struct str16 source, struct err *err) MUST_USE;

/* "BinaryExpression", "&&". */
const char *expr_kind_name(enum expr_kind kind);
const char *expr_op_text(enum expr_op op);

#endif
