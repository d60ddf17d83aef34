/* Promises and their jobs, run in the order in which a JavaScript engine would
 * run them (templatedx.md 8): the order of messages depends on it.  Everything
 * lives in an arena; nothing here ever waits. */
#ifndef QUEUE_H
#define QUEUE_H

#include "../base/arena.h"

struct job;
struct promise;

struct queue {
	struct arena *arena;
	struct job *first, *last;
};

enum promise_state { PROMISE_PENDING, PROMISE_FULFILLED, PROMISE_REJECTED };

/* What a promise came to: a value, or the reason of its rejection. */
struct outcome {
	enum promise_state state;
	const void *value;
};

typedef void promise_fn(void *arg, struct outcome outcome);

void queue_init(struct queue *q, struct arena *a) NONNULL;

/* Runs jobs until none is left, those included that jobs add. */
void queue_run(struct queue *q) NONNULL;

/* Adds a job that calls FN(ARG) with OUTCOME. */
void queue_add(
    struct queue *q, promise_fn *fn, void *arg, struct outcome outcome);

struct promise *promise_new(struct queue *q) MUST_USE NONNULL;

/* A promise that is fulfilled, or rejected, already. */
struct promise *promise_of(struct queue *q, const void *value) MUST_USE;
struct promise *promise_failed(struct queue *q, const void *reason) MUST_USE;

/* Settles a promise; only the first time counts. */
void promise_settle(struct queue *q, struct promise *p, struct outcome outcome);
void promise_fulfil(struct queue *q, struct promise *p, const void *value);
void promise_reject(struct queue *q, struct promise *p, const void *reason);

/* Calls FN(ARG) in a job of its own once P is settled. */
void promise_then(
    struct queue *q, struct promise *p, promise_fn *fn, void *arg) NONNULL;

/* Settles TO as P is settled, one job later. */
void promise_follow(struct queue *q, struct promise *p, struct promise *to);

/* Fulfilled with an array of the N values (const void *const *) when all are;
 * rejected with the first reason. */
struct promise *promise_all(
    struct queue *q, struct promise *const *list, size_t n) MUST_USE;

#endif
