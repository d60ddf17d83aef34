/* What is to arrive elsewhere, after the reply and never in its way: traces,
 * scores, alerts.  Each goes through the store's outbox, so that a restart or
 * the end of a CGI process loses nothing; without a store it is kept in memory.
 * Retries with backoff and jitter; what gets too old or too many is dropped,
 * counted and logged.  Works on the loop's timers alone. */
#ifndef DELIVER_H
#define DELIVER_H

#include "exec.h"

struct deliver;
struct delivery; /* one item on its way */

/* How a delivery ended. */
enum delivered {
	DELIVERED_OK,
	DELIVERED_RETRY, /* the other side may take it later */
	DELIVERED_NEVER	 /* it will not: dropped, counted, logged */
};

/* Where things go: one for each collector, route of alerts and so on. */
struct route {
	const char *name; /* "otlp:agentmark", "alert:slack" */
	/* What the journal of runs calls a thing that did not arrive at once;
	 * NULL: it is not told. */
	const char *kind;
	/* Sends BODY, not in a callback of the network; ends by
	 * delivery_end(), perhaps at once. */
	void (*send)(struct delivery *d, struct engine *engine, void *arg,
	    struct str body);
	/* Gives back what send() took; called once after it, whether the
	 * delivery ended or was cancelled.  Its state is delivery_state(). */
	void (*drop)(struct delivery *d);
	void *arg; /* the route's own */
	size_t state_size;
	int64_t timeout_ms;	  /* of one attempt */
	int64_t max_age_ms, most; /* of what waits */
	int64_t batch;		  /* items that are sent together, joined by
				   * `join`; 1: each alone */
	/* Joins bodies of one batch, or NULL. */
	void (*join)(struct buf *to, struct str body, bool first);
};

/* Routes must stay as long as the engine has them. */
void deliver_configure(
    struct engine *engine, const struct route *const *routes, size_t n);
void deliver_free(struct engine *engine) NONNULL;

/* Queues BODY for a route; with a KEY the same thing only once (store.h). */
void deliver_put(struct engine *engine, const struct route *route,
    const char *key, struct str body);

void delivery_end(struct delivery *d, enum delivered how,
    int64_t retry_after_ms, const char *reason);
void *delivery_state(struct delivery *d);
struct arena *delivery_arena(struct delivery *d);

/* Something is on its way, or due. */
bool deliver_busy(const struct engine *engine) NONNULL;

/* Something waits in memory alone: the store did not take it. */
bool deliver_holds(const struct engine *engine) NONNULL;

/* Turns the loop until nothing is due any more or MAX_MS have passed: for a
 * process that is about to end. */
void deliver_finish(struct engine *engine, int64_t max_ms) NONNULL;

#endif
