/* Pools of workers: started when there is work, one request at a time each,
 * kept until the pools are freed.  What a request loses when its worker
 * crashes, hangs or loses its place stays that request's loss.  It refuses to
 * know what is asked. */
#include "pool.h"

#include "../base/limits.h"
#include "../base/log.h"
#include "../base/xalloc.h"

#include <stdlib.h>
#include <string.h>

struct worker {
	struct worker *next;
	struct pool *pool;
	struct proc *proc;
	struct pool_request *serving; /* NULL: idle */
	bool served;		      /* has answered before */
	bool speaking;		      /* its request is looking at a line */
	bool ended;		      /* is not to be asked any more */
};

/* One for each command line. */
struct pool {
	struct pool *next;
	struct pools *all;
	struct proc_request proc; /* argv, env, add_env, dir owned */
	struct worker *workers;
	int64_t n_workers;
	struct pool_request *queue;
	struct timer timer;
};

struct pools {
	struct loop *loop;
	struct pool *first;
};

struct pool_request {
	struct pool_request *next;
	struct pool *pool;     /* NULL: it was freed */
	struct worker *worker; /* that has it */
	struct pool_events events;
	struct str lines;
	int64_t n;  /* workers at most */
	bool heard; /* a line of the answer */
	bool retried;
};

/* --- the queue */

static void
put_last(struct pool *pool, struct pool_request *r)
{
	struct pool_request **at = &pool->queue;

	while (*at != NULL)
		at = &(*at)->next;
	*at = r;
}

static void
put_first(struct pool *pool, struct pool_request *r)
{
	r->next = pool->queue;
	pool->queue = r;
}

static void
unqueue(struct pool *pool, struct pool_request *r)
{
	struct pool_request **at = &pool->queue;

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

static struct pool_request *
take_request(struct worker *w)
{
	struct pool_request *r = w->serving;

	w->serving = NULL;
	if (r != NULL)
		r->worker = NULL;
	return r;
}

bool
pool_is_blank(struct str line)
{
	size_t i = 0;

	while (i < line.len && (line.p[i] == ' ' || line.p[i] == '\t'))
		i++;
	return i == line.len;
}

/* What LINE was to the worker's request, which may be dropped meanwhile. */
static enum pool_said
show_line(struct worker *w, struct str line)
{
	struct pool_request *r = w->serving;
	enum pool_said said;

	r->heard = true;
	w->speaking = true;
	said = r->events.line(r->events.arg, line);
	w->speaking = false;
	return said;
}

static void
restart(struct worker *w, const char *reason)
{
	log_line(LEVEL_WARNING, "worker_restarted", "command=%s reason=\"%s\"",
	    w->pool->proc.argv[0], reason);
	(void)take_request(w);
	remove_worker(w);
}

/* The next request waits for a later turn: until then a line too many is seen
 * as what it is, and is not taken for the next answer. */
static void
on_line(void *arg, struct str line)
{
	struct worker *w = arg;
	enum pool_said said;

	if (pool_is_blank(line))
		return;
	if (w->serving == NULL) {
		restart(w, "a line too many");
		return;
	}
	said = show_line(w, line);
	if (w->ended) {
		remove_worker(w);
	} else if (said == POOL_BROKEN) {
		restart(w, "a line that breaks the protocol");
	} else if (said == POOL_DONE) {
		(void)take_request(w);
		w->served = true;
		pump_later(w->pool);
	}
}

/* One that ends in order between two requests has done nothing wrong, and
 * neither has the request that just missed it. */
static bool
just_missed(const struct worker *w, enum proc_end how, int code)
{
	const struct pool_request *r = w->serving;

	return how == PROC_EXIT && code == 0 && w->served && !r->heard &&
	       !r->retried;
}

static void
on_end(void *arg, enum proc_end how, int code, struct str err_text)
{
	struct worker *w = arg;
	struct pool_request *r;
	bool missed;

	w->ended = true;
	missed = w->serving != NULL && just_missed(w, how, code);
	r = take_request(w);
	if (missed) {
		r->retried = true;
		put_first(w->pool, r);
	} else if (r != NULL) {
		r->events.end(r->events.arg, how, code, err_text);
	}
	remove_worker(w);
}

static struct worker *
new_worker(struct pool *pool, struct err *err)
{
	struct worker *w = xcalloc(1, sizeof(*w));
	const struct proc_events events = {on_line, on_end, w};

	w->pool = pool;
	w->proc = proc_start(pool->all->loop, &pool->proc, &events, err);
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

	while (w != NULL && (w->serving != NULL || w->ended))
		w = w->next;
	return w;
}

static bool
may_grow(const struct pool *pool, const struct pool_request *r)
{
	int64_t max = r->n;

	if (max > LIMIT_POOL_WORKERS)
		max = LIMIT_POOL_WORKERS;
	return pool->n_workers < max;
}

static void
serve(struct worker *w, struct pool_request *r)
{
	unqueue(w->pool, r);
	w->serving = r;
	r->worker = w;
	r->events.start(r->events.arg);
	proc_write(w->proc, r->lines);
}

/* A worker that cannot be started fails the request, unless others are there
 * that will have time for it. */
static bool
serve_next(struct pool *pool)
{
	struct pool_request *r = pool->queue;
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
		r->events.fail(r->events.arg, err.msg);
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
	struct loop *loop = pool->all->loop;

	if (pool->queue != NULL)
		timer_set(loop, &pool->timer, loop_now(loop), pump, pool);
}

/* --- pools */

static bool
same_list(const char *const *a, const char *const *b)
{
	size_t i = 0;

	if (a == NULL || b == NULL)
		return a == b;
	while (a[i] != NULL && b[i] != NULL && strcmp(a[i], b[i]) == 0)
		i++;
	return a[i] == NULL && b[i] == NULL;
}

static bool
same_text(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static const char *const *
copy_list(const char *const *list)
{
	const char **copy;
	size_t n = 0;

	if (list == NULL)
		return NULL;
	while (list[n] != NULL)
		n++;
	copy = xcalloc(n + 1, sizeof(*copy));
	for (size_t i = 0; i < n; i++)
		copy[i] = xstrdup(list[i]);
	return copy;
}

static void
free_list(const char *const *list)
{
	if (list == NULL)
		return;
	for (size_t i = 0; list[i] != NULL; i++)
		free((void *)(uintptr_t)list[i]);
	free((void *)(uintptr_t)list);
}

static struct pool *
get_pool(struct pools *all, const struct proc_request *proc)
{
	struct pool *pool;

	for (pool = all->first; pool != NULL; pool = pool->next)
		if (same_list(pool->proc.argv, proc->argv) &&
		    same_list(pool->proc.env, proc->env) &&
		    same_list(pool->proc.add_env, proc->add_env) &&
		    same_text(pool->proc.dir, proc->dir))
			return pool;
	pool = xcalloc(1, sizeof(*pool));
	pool->all = all;
	pool->proc = *proc;
	pool->proc.argv = copy_list(proc->argv);
	pool->proc.env = copy_list(proc->env);
	pool->proc.add_env = copy_list(proc->add_env);
	pool->proc.dir = proc->dir == NULL ? NULL : xstrdup(proc->dir);
	pool->next = all->first;
	all->first = pool;
	return pool;
}

struct pool_request *
pool_ask(struct pools *p, const struct proc_request *proc, int64_t n,
    struct str lines, const struct pool_events *events)
{
	struct pool_request *r = xcalloc(1, sizeof(*r));

	r->events = *events;
	r->lines = lines;
	r->n = n;
	r->pool = get_pool(p, proc);
	put_last(r->pool, r);
	pump(r->pool);
	return r;
}

void
pool_write(struct pool_request *r, struct str lines)
{
	if (r->worker != NULL)
		proc_write(r->worker->proc, lines);
}

static void
end_worker(struct worker *w, struct str cancel)
{
	(void)take_request(w);
	if (cancel.len > 0)
		proc_write(w->proc, cancel);
	w->ended = true;
	if (!w->speaking)
		remove_worker(w);
}

void
pool_drop(struct pool_request *r, struct str cancel)
{
	if (r == NULL)
		return;
	if (r->pool != NULL)
		unqueue(r->pool, r);
	if (r->worker != NULL)
		end_worker(r->worker, cancel);
	free(r);
}

/* Requests that are still there fail: nobody would answer them. */
static void
abandon(struct pool_request *r)
{
	if (r == NULL)
		return;
	r->pool = NULL;
	r->events.fail(r->events.arg, "the workers were ended");
}

static void
free_pool(struct pool *pool)
{
	struct pool_request *r;

	while ((r = pool->queue) != NULL) {
		unqueue(pool, r);
		abandon(r);
	}
	while (pool->workers != NULL) {
		abandon(take_request(pool->workers));
		remove_worker(pool->workers);
	}
	timer_clear(pool->all->loop, &pool->timer);
	free_list(pool->proc.argv);
	free_list(pool->proc.env);
	free_list(pool->proc.add_env);
	free((void *)(uintptr_t)pool->proc.dir);
	free(pool);
}

struct pools *
pools_new(struct loop *loop)
{
	struct pools *all = xcalloc(1, sizeof(*all));

	all->loop = loop;
	return all;
}

void
pools_free(struct pools *p)
{
	struct pool *pool, *next;

	if (p == NULL)
		return;
	for (pool = p->first; pool != NULL; pool = next) {
		next = pool->next;
		free_pool(pool);
	}
	free(p);
}
