/* From a verified request to the code that answers it: the table of jobs. */
#ifndef DISPATCH_H
#define DISPATCH_H

#include "../base/arena.h"
#include "../base/buf.h"
#include "../wire/job.h"
#include "reply.h"
#include "settings.h"

/* What lives as long as the process: the loop and its connections. */
struct runner;
struct runner *runner_new(const struct settings *settings) MUST_USE;
void runner_configure(struct runner *r, const struct settings *settings);
struct loop *runner_loop(struct runner *r);
struct engine *runner_engine(struct runner *r);
/* From now on, what waits for a model, a dataset or a tool fails instead. */
void runner_stop(struct runner *r) NONNULL;
void runner_free(struct runner *r);

/* Whether something waits to be delivered (deliver.h) and is due. */
bool runner_owes(struct runner *r);
/* Whether some of it would be lost with the runner: no store has it. */
bool runner_holds(const struct runner *r);
/* Delivers what is due for at most MAX_MS. */
void runner_deliver(struct runner *r, int64_t max_ms);
/* The same, unless some other processes do already. */
void runner_linger(struct runner *r, int64_t max_ms);

/* Counts a request that was answered; what was counted, for Prometheus. */
void runner_count(struct runner *r, const char *method, int status);
void runner_metrics(struct runner *r, struct buf *b);

/* Answers one request completely: a failure is answered too.  TRACEPARENT is
 * what the request says of its own trace, or NULL. */
void dispatch(struct runner *r, struct arena *a, const struct verified *body,
    const char *traceparent, struct reply *reply);

/* The same for a job that is there already; its tree may be found by name. */
void runner_run(
    struct runner *r, struct arena *a, struct job *job, struct reply *reply);

#endif
