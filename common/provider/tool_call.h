/* Calls of tools as models make them: gathered while their arguments arrive in
 * pieces, told as events when they are complete. */
#ifndef TOOL_CALL_H
#define TOOL_CALL_H

#include "driver.h"

/* A call that is being made. */
struct tool_call {
	json_int_t index; /* what the vendor calls it by */
	struct buf id, name, args;
	json_t *keep; /* owned; NULL: nothing.  See struct event */
};

/* The calls of one answer, in order; all zero is none. */
struct tool_calls {
	struct tool_call *all; /* in the call's arena */
	size_t n, cap;
	size_t out;  /* how many of them were told */
	size_t left; /* bytes that arguments may still grow by */
};

/* The call with this index, which may be a new one; NULL when the answer has
 * too many of them. */
struct tool_call *tool_calls_at(struct call *call, struct tool_calls *calls,
    json_int_t index, struct err *err) MUST_USE;

/* An id and a name count once: servers that repeat them repeat them whole. */
void tool_call_name(
    struct tool_call *made, struct str id, struct str name) NONNULL;

/* One more piece of the arguments. */
int tool_call_add(struct tool_calls *calls, struct tool_call *made,
    struct str piece, struct err *err);

/* Tells all that were not told yet, and frees what they hold. */
void tool_calls_emit(struct call *call, struct tool_calls *calls) NONNULL;
void tool_calls_free(struct tool_calls *calls) NONNULL;

/* Tells one call, whose arguments are ARGS: none are {}, and text that is no
 * JSON goes on as the text that it is.  One without an id gets the Nth of the
 * answer's, unlike any of earlier steps. */
struct told {
	struct str id, name, args;
	size_t n;
	const json_t *keep; /* or NULL */
};
void tool_call_emit(struct call *call, const struct told *told) NONNULL;

/* Counts a call of an answer in *N; fails when there are too many. */
int tool_call_count(size_t *n, struct err *err);

/* The arguments of a call that came whole as text, in the arena: {} for none;
 * fails when they are larger than LIMIT_OBJECT_BYTES. */
int tool_args_text(struct arena *a, const json_t *args, struct str *out,
    struct err *err) MUST_USE;

#endif
