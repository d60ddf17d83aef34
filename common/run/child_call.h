/* One line to a command, and the line that it answers: by a process of its own,
 * or by one of the workers that stay. */
#ifndef CHILD_CALL_H
#define CHILD_CALL_H

#include "exec.h"

struct child_ask {
	const char *const *argv;
	const char *const *env; /* added to a clean one; or NULL */
	int64_t workers;	/* 0: a process for this call */
	struct str line; /* with its end; must stay until the call is freed */
	size_t max_answer, max_output;
};

/* One of ANSWER and FAIL comes, from loop_turn(). */
struct child_call_events {
	/* Whether the time counts: not while it waits for a worker, and not
	 * once it has answered.  It does from the start. */
	void (*clock)(void *arg, bool runs);
	/* False when the line is no answer, and the worker to be ended. */
	bool (*answer)(void *arg, struct str line);
	void (*fail)(void *arg, const char *reason);
	void *arg;
};

struct child_call;
struct child_call *child_call_start(struct engine *engine, struct arena *a,
    const struct child_ask *ask, const struct child_call_events *events,
    struct err *err) MUST_USE;

/* Cancels it when it runs. */
void child_call_free(struct child_call *c);

#endif
