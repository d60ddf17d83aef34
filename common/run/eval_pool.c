/* Pools of workers: started when there is work, one request at a time each,
 * kept until the configuration or the process ends.  A worker that crashes,
 * hangs or loses its place in the conversation costs the request that it has;
 * the next one gets a new worker.  It refuses to know what is asked. */
#include "eval_pool.h"

#include "../base/limits.h"
#include "../base/log.h"
#include "../base/xalloc.h"

#include <stdlib.h>
#include <string.h>

struct worker {
	struct worker *next;
	struct pool *pool;
	struct proc *proc;
	struct eval_request *serving; /* NULL: idle */
	bool served;		      /* has answered before */
};

/* One for each command line. */
struct pool {
	struct pool *next;
	struct engine *engine;
	const char **argv; /* owned, NULL-ended */
	struct worker *workers;
	int64_t n_workers;
	struct eval_request *queue;
	struct timer timer;
};

struct eval_pools {
	struct pool *first;
};

struct eval_request {
	struct eval_request *next;
	struct eval_run *e;
	struct pool *pool;     /* NULL: it was freed */
	struct worker *worker; /* that has it */
	struct str line;
	bool retried;
};

/* --- the queue */

static void
put_last(struct pool *pool, struct eval_request *r)
{
	struct eval_request **at = &pool->queue;

	while (*at != NULL)
		at = &(*at)->next;
	*at = r;
}

static void
put_first(struct pool *pool, struct eval_request *r)
{
	r->next = pool->queue;
	pool->queue = r;
}

static void
unqueue(struct pool *pool, struct eval_request *r)
{
	struct eval_request **at = &pool->queue;

	while (*at != NULL && *at != r)
		at = &(*at)->next;
	if (*at == NULL)
		return;
	*at = r->next;
	r->next = NULL;
}

/* --- workers */

static void pump_later(struct pool *pool);

/* Its request, if it has one, is the caller's. */
static void
remove_worker(struct worker *w)
{
	struct worker **at = &w->pool->workers;

	while (*at != w)
		at = &(*at)->next;
	*at = w->next;
	w->pool->n_workers--;
	pump_later(w->pool);
	proc_free(w->proc);
	free(w);
}

static struct eval_request *
take_request(struct worker *w)
{
	struct eval_request *r = w->serving;

	w->serving = NULL;
	if (r != NULL)
		r->worker = NULL;
	return r;
}

/* The next request waits for a later turn: until then a line too many is seen
 * as what it is, and is not taken for the next answer. */
static void
on_line(void *arg, struct str line)
{
	struct worker *w = arg;
	struct eval_request *r;

	if (eval_line_blank(line))
		return;
	r = take_request(w);
	w->served = true;
	if (r != NULL && eval_answer_text(r->e, line) == 0) {
		pump_later(w->pool);
		return;
	}
	log_line(LEVEL_WARNING, "eval_worker_restarted",
	    "command=%s reason=\"%s\"", w->pool->argv[0],
	    r != NULL ? "a line that is not JSON" : "a line too many");
	remove_worker(w);
}

/* One that ends in order between two requests has done nothing wrong, and
 * neither has the request that just missed it. */
static void
on_end(void *arg, enum proc_end how, int code, struct str err_text)
{
	struct worker *w = arg;
	struct pool *pool = w->pool;
	struct eval_request *r = take_request(w);

	if (r != NULL && how == PROC_EXIT && code == 0 && w->served &&
	    !r->retried) {
		r->retried = true;
		eval_clock_stop(r->e);
		put_first(pool, r);
	} else if (r != NULL) {
		eval_fail(
		    r->e, eval_child_reason(r->e->arena, how, code, err_text));
	}
	remove_worker(w);
}

static struct worker *
new_worker(struct pool *pool, struct err *err)
{
	struct worker *w = xcalloc(1, sizeof(*w));
	const struct proc_request request = {
	    .argv = pool->argv,
	    .max_line = LIMIT_EVAL_ANSWER_BYTES,
	    .max_output = LIMIT_EVAL_OUTPUT_BYTES,
	};
	const struct proc_events events = {on_line, on_end, w};

	w->pool = pool;
	w->proc = proc_start(pool->engine->loop, &request, &events, err);
	if (w->proc == NULL) {
		free(w);
		return NULL;
	}
	w->next = pool->workers;
	pool->workers = w;
	pool->n_workers++;
	return w;
}

static struct worker *
idle_worker(const struct pool *pool)
{
	struct worker *w = pool->workers;

	while (w != NULL && w->serving != NULL)
		w = w->next;
	return w;
}

static bool
may_grow(const struct pool *pool, const struct eval_request *r)
{
	int64_t max = r->e->conf->workers;

	if (max > LIMIT_EVAL_WORKERS)
		max = LIMIT_EVAL_WORKERS;
	return pool->n_workers < max;
}

static void
serve(struct worker *w, struct eval_request *r)
{
	unqueue(w->pool, r);
	w->serving = r;
	r->worker = w;
	eval_clock_start(r->e);
	proc_write(w->proc, r->line);
}

/* A worker that cannot be started fails the request, unless others are there
 * that will have time for it. */
static bool
serve_next(struct pool *pool)
{
	struct eval_request *r = pool->queue;
	struct worker *w = idle_worker(pool);
	struct err err = {0};

	if (w == NULL && may_grow(pool, r))
		w = new_worker(pool, &err);
	if (w == NULL && (err.code == ERR_NONE || pool->n_workers > 0)) {
		err_free(&err);
		return false;
	}
	if (w != NULL) {
		serve(w, r);
	} else {
		unqueue(pool, r);
		eval_fail(r->e, err.msg);
	}
	err_free(&err);
	return true;
}

static void
pump(void *arg)
{
	struct pool *pool = arg;

	while (pool->queue != NULL && serve_next(pool))
		;
}

static void
pump_later(struct pool *pool)
{
	struct loop *loop = pool->engine->loop;

	if (pool->queue != NULL)
		timer_set(loop, &pool->timer, loop_now(loop), pump, pool);
}

/* --- pools */

static bool
same_argv(const char *const *a, const char *const *b)
{
	size_t i = 0;

	while (a[i] != NULL && b[i] != NULL && strcmp(a[i], b[i]) == 0)
		i++;
	return a[i] == NULL && b[i] == NULL;
}

static const char **
copy_argv(const char *const *argv)
{
	const char **copy;
	size_t n = 0;

	while (argv[n] != NULL)
		n++;
	copy = xcalloc(n + 1, sizeof(*copy));
	for (size_t i = 0; i < n; i++)
		copy[i] = xstrdup(argv[i]);
	return copy;
}

static void
free_argv(const char **argv)
{
	for (size_t i = 0; argv[i] != NULL; i++)
		free((void *)(uintptr_t)argv[i]);
	free(argv);
}

static struct pool *
get_pool(struct engine *engine, const char *const *argv)
{
	struct pool *pool;

	if (engine->pools == NULL)
		engine->pools = xcalloc(1, sizeof(*engine->pools));
	for (pool = engine->pools->first; pool != NULL; pool = pool->next)
		if (same_argv(pool->argv, argv))
			return pool;
	pool = xcalloc(1, sizeof(*pool));
	pool->engine = engine;
	pool->argv = copy_argv(argv);
	pool->next = engine->pools->first;
	engine->pools->first = pool;
	return pool;
}

struct eval_request *
eval_pool_ask(struct eval_run *e, struct str line)
{
	struct eval_request *r = arena_zalloc(e->arena, sizeof(*r));

	r->e = e;
	r->line = line;
	r->pool = get_pool(e->engine, e->conf->argv);
	eval_clock_stop(e);
	put_last(r->pool, r);
	pump(r->pool);
	return r;
}

void
eval_pool_drop(struct eval_request *r)
{
	struct worker *w;

	if (r == NULL || r->pool == NULL)
		return;
	unqueue(r->pool, r);
	w = r->worker;
	if (w == NULL)
		return;
	(void)take_request(w);
	remove_worker(w);
}

/* Requests that are still there fail: nobody would answer them. */
static void
abandon(struct eval_request *r)
{
	if (r == NULL)
		return;
	r->pool = NULL;
	eval_fail(r->e, "the workers were ended");
}

static void
free_pool(struct pool *pool)
{
	struct eval_request *r;

	while ((r = pool->queue) != NULL) {
		unqueue(pool, r);
		abandon(r);
	}
	while (pool->workers != NULL) {
		abandon(take_request(pool->workers));
		remove_worker(pool->workers);
	}
	timer_clear(pool->engine->loop, &pool->timer);
	free_argv(pool->argv);
	free(pool);
}

void
eval_pools_free(struct engine *engine)
{
	struct pool *pool, *next;

	if (engine->pools == NULL)
		return;
	for (pool = engine->pools->first; pool != NULL; pool = next) {
		next = pool->next;
		free_pool(pool);
	}
	free(engine->pools);
	engine->pools = NULL;
}
