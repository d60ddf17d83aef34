/* Answers that were given before are given again: a cache of whole answers,
 * tools included, keyed by everything that determines them.  It refuses to
 * know what is asked for and who asks. */
#ifndef ANSWERS_H
#define ANSWERS_H

#include "exec.h"

struct toolset;

enum answers_mode {
	ANSWERS_OFF,
	ANSWERS_KEEP,  /* what is there is used, what is not is kept */
	ANSWERS_STRICT /* nobody is ever asked: what is not there fails, with
			* what is nearest and how it differs */
};

/* What a request's `data` says: cache, replay. */
int answers_read(
    const json_t *data, enum answers_mode *mode, struct err *err) MUST_USE;

/* For the request that is answered; until answers_end().  Before its tools are
 * opened: a replay connects to no server.  Where the configuration says so
 * ANSWERS_OFF is ANSWERS_KEEP.  -1: there can be no cache here, ERR says why.
 */
int answers_begin(
    struct engine *engine, enum answers_mode mode, struct err *err) MUST_USE;
/* Both of them. */
int answers_use(
    struct engine *engine, const json_t *data, struct err *err) MUST_USE;
void answers_end(struct engine *engine) NONNULL;

/* Whether nobody may be asked. */
bool answers_strict(const struct engine *engine) NONNULL;

/* --- one answer, for steps.c */

struct answer;

/* Looks for the answer to ASK, which may have TOOLS.  *ANSWER: found, or to be
 * told what is answered now; NULL: neither.  -1: it must be there and is not.
 * It lives in the arena, and is to be closed. */
int answer_open(struct engine *engine, struct arena *a, const struct ask *ask,
    const struct toolset *tools, struct answer **answer,
    struct err *err) MUST_USE;

/* Whether the same is asked already: then WAKE(ARG) comes when that has ended,
 * in any callback, and in a later turn answer_look() is to be called, after
 * which A is found or to be told.  A may be NULL. */
bool answer_wait(struct answer *a, void (*wake)(void *arg), void *arg) MUST_USE;
void answer_look(struct answer *a) NONNULL;

/* It was given before, in these pieces.  A may be NULL. */
bool answer_found(const struct answer *a);

/* What was said of a call or by a tool of ours. */
struct piece {
	struct event event; /* of a call, as it came */
	bool step;	    /* no event: a step begins */
	bool agent;	    /* who says it runs its steps by itself */
	bool ours;	    /* a result of a tool that we ran */
};
/* The next piece, valid until the arena is freed; false behind the last. */
bool answer_next(struct answer *a, struct piece *piece) NONNULL;
/* Who gave it, and how the last of its calls ended. */
struct answer_source {
	const char *provider, *model;
	const struct event *finish; /* NULL: nothing says it */
};
struct answer_source answer_source(const struct answer *a) NONNULL;

/* Notes a piece of what is answered now; A may be NULL. */
void answer_add(struct answer *a, const struct piece *piece);
/* It has ended without an error: X was its last call. */
void answer_keep(
    struct answer *a, const struct exec *x, enum finish_reason reason);

/* Nothing more will be told: nobody waits for it any longer.  May come often;
 * A may be NULL. */
void answer_close(struct answer *a);

#endif
