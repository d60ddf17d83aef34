/* A queue of jobs, first in, first out, and promises that add to it.  It keeps
 * the one rule that the order of messages rests on: nothing that waits for a
 * promise runs at once, it always takes a job.  It refuses to know what the
 * jobs do. */
#include "queue.h"

struct job {
	struct job *next;
	promise_fn *fn;
	void *arg;
	struct outcome outcome;
};

/* Somebody who waits for a promise. */
struct reaction {
	struct reaction *next;
	promise_fn *fn;
	void *arg;
};

struct promise {
	struct outcome outcome;
	struct reaction *first, *last;
};

/* What promise_all() waits for. */
struct gather {
	struct queue *queue;
	struct promise *promise;
	const void **values;
	size_t missing;
};

struct gather_item {
	struct gather *gather;
	size_t i;
};

void
queue_init(struct queue *q, struct arena *a)
{
	*q = (struct queue){.arena = a};
}

void
queue_add(struct queue *q, promise_fn *fn, void *arg, struct outcome outcome)
{
	struct job *job = arena_alloc(q->arena, sizeof(*job));

	*job = (struct job){.fn = fn, .arg = arg, .outcome = outcome};
	if (q->last != NULL)
		q->last->next = job;
	else
		q->first = job;
	q->last = job;
}

void
queue_run(struct queue *q)
{
	struct job *job;

	while ((job = q->first) != NULL) {
		q->first = job->next;
		if (q->first == NULL)
			q->last = NULL;
		job->fn(job->arg, job->outcome);
	}
}

struct promise *
promise_new(struct queue *q)
{
	return arena_zalloc(q->arena, sizeof(struct promise));
}

struct promise *
promise_of(struct queue *q, const void *value)
{
	struct promise *p = promise_new(q);

	promise_fulfil(q, p, value);
	return p;
}

struct promise *
promise_failed(struct queue *q, const void *reason)
{
	struct promise *p = promise_new(q);

	promise_reject(q, p, reason);
	return p;
}

void
promise_settle(struct queue *q, struct promise *p, struct outcome outcome)
{
	struct reaction *r;

	if (p->outcome.state != PROMISE_PENDING)
		return;
	p->outcome = outcome;
	for (r = p->first; r != NULL; r = r->next)
		queue_add(q, r->fn, r->arg, outcome);
}

void
promise_fulfil(struct queue *q, struct promise *p, const void *value)
{
	promise_settle(q, p, (struct outcome){PROMISE_FULFILLED, value});
}

void
promise_reject(struct queue *q, struct promise *p, const void *reason)
{
	promise_settle(q, p, (struct outcome){PROMISE_REJECTED, reason});
}

void
promise_then(struct queue *q, struct promise *p, promise_fn *fn, void *arg)
{
	struct reaction *r;

	if (p->outcome.state != PROMISE_PENDING) {
		queue_add(q, fn, arg, p->outcome);
		return;
	}
	r = arena_alloc(q->arena, sizeof(*r));
	*r = (struct reaction){.fn = fn, .arg = arg};
	if (p->last != NULL)
		p->last->next = r;
	else
		p->first = r;
	p->last = r;
}

/* The promise that follows, with its queue. */
struct follower {
	struct queue *queue;
	struct promise *promise;
};

static void
follow(void *arg, struct outcome outcome)
{
	struct follower *f = arg;

	promise_settle(f->queue, f->promise, outcome);
}

void
promise_follow(struct queue *q, struct promise *p, struct promise *to)
{
	struct follower *f = arena_alloc(q->arena, sizeof(*f));

	*f = (struct follower){q, to};
	promise_then(q, p, follow, f);
}

static void
gather_done(struct gather *g)
{
	if (--g->missing == 0)
		promise_fulfil(g->queue, g->promise, g->values);
}

static void
gather_one(void *arg, struct outcome outcome)
{
	struct gather_item *item = arg;
	struct gather *g = item->gather;

	if (outcome.state == PROMISE_REJECTED) {
		promise_reject(g->queue, g->promise, outcome.value);
		return;
	}
	g->values[item->i] = outcome.value;
	gather_done(g);
}

struct promise *
promise_all(struct queue *q, struct promise *const *list, size_t n)
{
	struct gather *g = arena_alloc(q->arena, sizeof(*g));
	struct gather_item *items = arena_array(q->arena, n, sizeof(*items));
	size_t i;

	/* One more than there are: with an empty list it is settled at once. */
	*g = (struct gather){.queue = q, .missing = n + 1};
	g->promise = promise_new(q);
	g->values = arena_array(q->arena, n, sizeof(*g->values));
	for (i = 0; i < n; i++) {
		items[i] = (struct gather_item){g, i};
		promise_then(q, list[i], gather_one, &items[i]);
	}
	gather_done(g);
	return g->promise;
}
