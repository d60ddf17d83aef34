/* ECMAScript expressions with JSX: whether a text is one, and where it ends.
 * Values are not kept: templates evaluate the text themselves.
 *
 * The grammar is that of 2024 in a module, without most early errors: names
 * are not resolved, patterns of regular expressions not read. */
#ifndef MDX_JS_H
#define MDX_JS_H

#include "mdx_int.h"

/* Moves *END from behind `{` to its `}`, which the text need not have yet. */
int mdx_js_end(
    struct mdx *m, struct mdx_chunk *c, size_t *end, enum mdx_expr_kind kind);

/* --- what follows is for the parts of it */

enum scan_kind {
	SCAN_END,
	SCAN_NUMBER,
	SCAN_STRING,
	SCAN_NAME, /* or a word of the language */
	SCAN_PRIVATE,
	SCAN_SIGN,
	SCAN_TEMPLATE /* its opening backtick */
};

/* Where a piece of code stands. */
struct scan_scope {
	bool in_function, in_async, in_generator, in_loop, in_switch;
};

struct scan {
	struct mdx *m;
	struct mdx_chunk *c;
	enum scan_kind kind;
	size_t start, end; /* of the current token */
	unsigned first;	   /* its first unit */
	bool new_line;	   /* before it */
	bool escaped;	   /* a name written with \u */
	unsigned depth;
	struct scan_scope scope;
};

/* What an expression could be other than a value. */
enum scan_form {
	FORM_VALUE,
	FORM_NAME,
	FORM_MEMBER,
	FORM_PATTERN, /* an array or an object */
	FORM_DEFAULT  /* target = value */
};

struct scan_expr {
	enum scan_form form;
	bool parens;
	bool no_target;	 /* nothing can be assigned to a part of it */
	bool no_binding; /* a part of it is no name of a variable */
	bool no_value;	 /* `{a = 1}`, which only a pattern can be */
	bool optional;	 /* a chain with `?.` */
	bool arrow;	 /* a function that nothing can follow */
};

/* --- mdx_scan.c: tokens */

int scan_fail(struct scan *s);
int scan_next(struct scan *s);

/* Reads the rest of a regular expression, whose first sign is current. */
int scan_regex(struct scan *s);

/* Reads a template behind its backtick. */
int scan_template(struct scan *s, bool tagged);

/* The comment at s->end. */
int scan_comment(struct scan *s);

bool scan_equals(const struct scan *s, const char *text);

/* The token is that sign, or that word.  Most differ in the first unit. */
static inline bool
scan_is(const struct scan *s, const char *sign)
{
	return s->first == (unsigned char)sign[0] && s->kind == SCAN_SIGN &&
	       scan_equals(s, sign);
}

static inline bool
scan_is_word(const struct scan *s, const char *word)
{
	return s->first == (unsigned char)word[0] && s->kind == SCAN_NAME &&
	       !s->escaped && scan_equals(s, word);
}

/* A name that is no reserved word. */
bool scan_is_identifier(const struct scan *s);

/* Steps over a sign, which must be there. */
int scan_expect(struct scan *s, const char *sign);

int scan_enter(struct scan *s);

/* --- mdx_js.c: expressions */

int scan_expression(struct scan *s, bool with_in);
int scan_assignment(struct scan *s, bool with_in, struct scan_expr *out);
int scan_value(struct scan *s, bool with_in);

/* As far as calls and members. */
int scan_left_hand(struct scan *s, struct scan_expr *out);

/* --- mdx_literal.c: what begins an expression */

int scan_primary(struct scan *s, struct scan_expr *out);
int scan_property_name(struct scan *s);
int scan_arguments(struct scan *s);

/* --- mdx_function.c: bindings, functions and classes */

int scan_function(struct scan *s, bool is_async);
int scan_method(struct scan *s, bool is_async, bool is_generator);
int scan_class(struct scan *s);
int scan_body(struct scan *s, struct scan_scope scope);

/* A name or a pattern, with and without a default. */
int scan_binding(struct scan *s);
int scan_binding_target(struct scan *s);

/* --- mdx_statement.c */

int scan_block(struct scan *s);
int scan_statement(struct scan *s);

/* A semicolon, a new line or the end of a block. */
int scan_end_statement(struct scan *s);

/* --- mdx_jsx.c */

int scan_element(struct scan *s);

#endif
