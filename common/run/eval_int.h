/* What the kinds of evals share behind eval_run.h.  A kind is a row in the
 * table of eval_run.c: how it starts, and how it gives back what it holds.
 * Time limits, transforms, `not`, thresholds and weights are none of its
 * business: it sees a finished case and gives an answer. */
#ifndef EVAL_INT_H
#define EVAL_INT_H

#include "../base/buf.h"
#include "eval_run.h"

struct eval_run {
	struct engine *engine;
	struct arena *arena; /* its own; freed with it */
	const struct eval_conf *conf;
	struct eval_case c; /* with the output as this eval is to see it */
	void *state;	    /* of the kind, in the arena */

	/* The rest is for eval_run.c alone. */
	void (*done)(void *arg);
	void *arg;
	struct timer clock, end;
	json_t *result; /* NULL until there is one */
	bool starting, held, ended, failed;
};

struct eval_ops {
	/* Starts it, and may answer at once.  Else one of the answers below
	 * must come, or the time limit gives it.  -1: a failed eval. */
	int (*start)(struct eval_run *e, struct err *err);

	/* Gives back what `start` took: transfers, children, trees; NULL for a
	 * kind that always answers at once, which has no clock.  Called once
	 * whenever `start` was called, even if that failed: after the answer,
	 * at the time limit, or when the eval is cancelled.  Never called in a
	 * callback of the network. */
	void (*free)(struct eval_run *e);
};

/* The answers.  The first one counts; each may be given in any callback, what
 * follows from it happens in a later turn.
 *
 * An object of JSON as the eval gave it: anything else and {"error": text} are
 * failures; -1 when it is no JSON. */
int eval_answer_text(struct eval_run *e, struct str text);
void eval_score(struct eval_run *e, const struct score *score) NONNULL;
/* REASON goes behind "eval error: ". */
void eval_fail(struct eval_run *e, const char *reason) NONNULL;

/* The time limit runs from the start.  A kind that queues stops it, and starts
 * it again when the work begins. */
void eval_clock_start(struct eval_run *e) NONNULL;
void eval_clock_stop(struct eval_run *e) NONNULL;

/* Makes e->c from C: the output without its fences, or the part of it that
 * the pointer names. */
int eval_case_make(struct eval_run *e, const struct eval_case *c,
    struct err *err) MUST_USE NONNULL;

/* The case as evals outside of this process get it: one JSON object, without
 * an end of line. */
void eval_case_print(struct buf *b, const struct eval_case *c) NONNULL;

/* The kinds. */
int eval_command_start(struct eval_run *e, struct err *err) MUST_USE NONNULL;
void eval_command_free(struct eval_run *e) NONNULL;
int eval_http_start(struct eval_run *e, struct err *err) MUST_USE NONNULL;
void eval_http_free(struct eval_run *e) NONNULL;
int eval_judge_start(struct eval_run *e, struct err *err) MUST_USE NONNULL;
void eval_judge_free(struct eval_run *e) NONNULL;
int eval_similar_start(struct eval_run *e, struct err *err) MUST_USE NONNULL;
void eval_similar_free(struct eval_run *e) NONNULL;

#endif
