/* Pools of long-lived child processes that serve one request at a time each:
 * lines in, lines out.  Started when there is work, kept until the pools are
 * freed.  A worker that crashes, hangs or loses its place in the conversation
 * costs the request that it has; the next one gets a new worker.  Bytes only:
 * what a line means the request says. */
#ifndef POOL_H
#define POOL_H

#include "proc.h"

struct pools;
struct pools *pools_new(struct loop *loop) MUST_USE;
/* Requests that are still there fail: "the workers were ended". */
void pools_free(struct pools *p);

/* Whether LINE says nothing, whatever its protocol. */
bool pool_is_blank(struct str line);

/* What a line was to a request. */
enum pool_said {
	POOL_MORE,  /* more will come */
	POOL_DONE,  /* it was the last one: the worker is free */
	POOL_BROKEN /* it breaks the protocol: the worker is ended */
};

/* Called from loop_turn(), or START and FAIL from pool_ask().  The request may
 * be dropped in any of them but START; blank lines are no lines. */
struct pool_events {
	/* A worker has it now: its clock starts.  Comes again when a worker
	 * ended in order before it answered. */
	void (*start)(void *arg);
	enum pool_said (*line)(void *arg, struct str line);
	/* The worker ended before it was done. */
	void (*end)(
	    void *arg, enum proc_end how, int code, struct str err_text);
	/* No worker could be started, or the pools are freed. */
	void (*fail)(void *arg, const char *reason);
	void *arg;
};

struct pool_request;

/* Queues LINES, which end in a line break and must stay until the request is
 * dropped, for one of at most N workers (LIMIT_POOL_WORKERS) that PROC
 * describes; requests with the same argv, environment and dir share their
 * workers. */
struct pool_request *pool_ask(struct pools *p, const struct proc_request *proc,
    int64_t n, struct str lines, const struct pool_events *events) MUST_USE;

/* More lines for its worker; nothing when it has none. */
void pool_write(struct pool_request *r, struct str lines);

/* Once for every request.  A worker that is not done with it is ended: what it
 * says would be taken for the next one's.  CANCEL is written to it first. */
void pool_drop(struct pool_request *r, struct str cancel);

#endif
