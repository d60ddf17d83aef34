/* Evaluation of template expressions (templatedx.md 3.3, 3.5, 3.6). */
#ifndef EVAL_H
#define EVAL_H

#include "../base/js.h"

enum condition { COND_UNSET, COND_FALSE, COND_TRUE };

/* Variables by name: a chain of maps (3.5). */
struct scope {
	const struct scope *parent;   /* looked up after the own variables */
	const struct js_object *vars; /* may be NULL */
	enum condition condition_met; /* visible as `conditionMet` when set */
};

/* One rendering. */
struct eval {
	struct arena *arena;
	struct js_object *shared; /* looked up last; may be NULL */
};

/* Evaluates SOURCE, which is trimmed here, in SCOPE (NULL: only what is
 * shared).  An error is the reason alone (3.1 to 3.3, 3.7), of ERR_PROMPT; the
 * caller says which expression it was. */
int eval_source(const struct eval *ev, const struct scope *scope,
    struct str16 source, struct js *out, struct err *err) MUST_USE;

/* The text that a value renders to (stringifyValue, 3.6).  Its .p is NULL when
 * it would be longer than LIMIT_RENDER_BYTES, else not. */
struct str16 eval_text(const struct eval *ev, struct js value);

#endif
