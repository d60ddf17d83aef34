/* JavaScript's operators on values, as far as templates have them
 * (templatedx.md 3.3, 3.4).  All fail only when text would grow too long. */
#ifndef OPS_H
#define OPS_H

#include "../base/js.h"
#include "expr.h"

/* One evaluation: where its text goes, how much more it may make, and its
 * error. */
struct ops {
	struct arena *arena;
	size_t room; /* bytes */
	struct err *err;
};

/* ToString and ToNumber. */
int ops_string(struct ops *o, struct js v, struct str16 *out) MUST_USE;
int ops_number(struct ops *o, struct js v, double *out) MUST_USE;

/* Array.prototype.join. */
int ops_join(struct ops *o, const struct js_array *array, struct str16 sep,
    struct str16 *out) MUST_USE;

/* An operator that evaluates both operands, but for +. */
int ops_binary(struct ops *o, enum expr_op op, struct js l, struct js r,
    struct js *out) MUST_USE;

/* The operator +.  It keeps the text of a chain of additions in TEXT, which
 * the caller has initialised and frees; a string result may point into it. */
int ops_add(struct ops *o, struct buf *text, struct js l, struct js r,
    struct js *out) MUST_USE;

/* One of - + ! */
int ops_unary(struct ops *o, char op, struct js v, struct js *out) MUST_USE;

/* v[key]: '' when V is no object, has no such member or it is undefined. */
int ops_member(
    struct ops *o, struct js v, struct js key, struct js *out) MUST_USE;

/* What every object inherits under this name; false when nothing. */
bool ops_inherited(struct str16 name, struct js *out);

/* Text of UTF-16 units that grows in a struct buf: an empty one, units added
 * to it, and the text in the arena.  Taking it frees the buffer, and fails
 * when there was no room for all of it. */
void ops_text_init(struct buf *b);
void ops_text_add(struct ops *o, struct buf *b, struct str16 s);
int ops_text_take(struct ops *o, struct buf *b, struct str16 *out) MUST_USE;

#endif
