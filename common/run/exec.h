/* One answer from a model: the call, its clocks, its retries (protocol.md D1).
 * What happens next is decided in engine_turn(), never in a callback of the
 * network; many of these may run side by side. */
#ifndef EXEC_H
#define EXEC_H

#include "../provider/driver.h"
#include "settings.h"

struct answers;
struct deliver;
struct exec;
struct mcp_servers;
struct metrics;
struct pools;
struct spend;
struct store;
struct traces;

/* What all calls of a process share. */
struct engine {
	struct loop *loop;
	const struct settings *settings;
	struct exec *ready;	 /* those that have something to decide */
	char *logged;		 /* what was logged last as ignored */
	bool stopping;		 /* what runs ends now, with an error */
	uint64_t throttled;	 /* refusals with status 429 so far */
	uint64_t calls;		 /* attempts so far */
	double (*random)(void);	 /* 0 to 1, for waits; NULL: always 0 */
	struct pools *workers;	 /* engine_workers(); NULL: none yet */
	struct mcp_servers *mcp; /* NULL: none yet */
	struct store *store;	 /* what all processes share; never NULL */
	struct spend *spend;	 /* of the request that is answered, or NULL */
	struct deliver *deliver; /* deliver.h; NULL: nothing is delivered */
	struct traces *traces;	 /* trace_send.h; NULL: none wait */
	struct metrics *metrics; /* metrics.h; NULL: none wait */
	struct answers *answers; /* answers.h; NULL: nothing is kept */
	/* W3C, of the request that is answered; NULL: it brought none. */
	const char *traceparent;
	/* For ids: asking the kernel for each would cost more than the id. */
	unsigned char drawn[512]; /* random bytes */
	size_t n_drawn;		  /* those that no id has yet */
};

/* Starts a call whose events go to OUT, exactly one of them terminal.  ASK is
 * copied, what it points to must stay.  Fails before anything is sent when the
 * request cannot be made. */
struct exec *exec_start(struct engine *engine, struct arena *parent,
    const struct ask *ask, struct sink *out, struct err *err) MUST_USE;

bool exec_done(const struct exec *x) NONNULL;

/* What is asked, and of whom: the prompt's provider, or a fallback. */
const struct ask *exec_ask(const struct exec *x) NONNULL;

/* Answers an EVENT_TOOL_REQUEST. */
void exec_answer(
    struct exec *x, struct str id, const json_t *result, bool is_error);

/* Ends it; a call that runs is closed at once and says nothing more. */
void exec_free(struct exec *x);

/* The workers that calls, tools and evals share; and their end, for the end of
 * the engine or a new configuration. */
struct pools *engine_workers(struct engine *engine) NONNULL;
void engine_workers_free(struct engine *engine) NONNULL;

/* Waits at most MAX_WAIT milliseconds and moves every call on. */
void engine_turn(struct engine *engine, int max_wait) NONNULL;

#endif
