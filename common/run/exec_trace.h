/* What traces and metrics are told of a call's attempts.  Private to exec. */
#ifndef EXEC_TRACE_H
#define EXEC_TRACE_H

#include "../provider/driver.h"
#include "trace.h"

struct answer;
struct exec;

/* One attempt, as it is measured. */
struct exec_trace {
	struct span *span;    /* NULL: none, or it has ended */
	int64_t began, first; /* ns of the fixed clock; 0: not yet */
	int tried;	      /* attempts of this call so far */
	bool open;	      /* it has begun and not ended */
	double cost;	      /* US dollars */
};

/* Before its request is made; sets x->ask.traceparent. */
void exec_trace_start(struct exec *x) NONNULL;

/* Something that the attempt says, before anybody hears of it. */
void exec_trace_event(struct exec *x, const struct event *ev) NONNULL;

/* It has failed (x->err) and this follows: another attempt after WAIT ms, or
 * one of NEXT, or nothing. */
void exec_trace_retry(struct exec *x, int64_t wait) NONNULL;
void exec_trace_move(struct exec *x, const struct target *next) NONNULL;
void exec_trace_fail(struct exec *x) NONNULL;

/* No call: the answer was given before, and is given again. */
void exec_trace_kept(struct arena *a, const struct ask *ask,
    const struct answer *answer) NONNULL;

/* The call is given up while it runs; nothing, when it has ended. */
void exec_trace_stop(struct exec *x) NONNULL;

#endif
