/* How many workers there should be: starts them on demand, ends those that are
 * too many, served enough, or are of a configuration that was replaced.  It
 * refuses to know how a worker is started and how its reports arrive. */
#include "pool_int.h"

#include "../common/base/log.h"

#include <inttypes.h>

/* Idle workers wake together for one connection, and all but one find it taken:
 * what lasts no longer than this is no lack.  A surplus ends one by one. */
enum { LACK_MS = 5, SURPLUS_MS = 1000 };

/* Workers that are started together at most, and how long a rush lasts. */
enum { BATCH_MAX = 16, RUSH_MS = 2000 };

/* Two signals that come closer to each other are one. */
enum { TWICE_MS = 500 };

/* How often is said that --max is reached. */
enum { FULL_MS = 60000 };

void
pool_wake_at(struct pool *pool, int64_t at)
{
	if (at < pool->wake)
		pool->wake = at;
}

static bool
is_fresh(const struct pool *pool, const struct worker *w)
{
	return !w->told && w->generation == pool->generation;
}

struct tally
pool_count(const struct pool *pool)
{
	struct tally t = {.all = (int64_t)pool->n};

	for (size_t i = 0; i < pool->n; i++) {
		const struct worker *w = &pool->workers[i];

		t.busy += w->state == WORKER_BUSY;
		if (!is_fresh(pool, w))
			continue;
		t.fresh++;
		t.idle += w->state == WORKER_IDLE;
		t.starting += w->state == WORKER_STARTING;
	}
	return t;
}

/* --- growth */

static bool
somebody_waits(const struct pool *pool)
{
	struct pollfd fd = {.fd = pool->listen_fd, .events = POLLIN};

	return poll(&fd, 1, 0) == 1 && (fd.revents & POLLIN) != 0;
}

/* Workers that are missing: below --min at once, below --min-spare when that
 * lasts.  While connections wait, twice as many as the last time. */
static int64_t
missing(struct pool *pool, const struct tally *t)
{
	const struct pool_options *o = &pool->options;
	int64_t few = o->min - t->fresh;
	int64_t spare = o->min_spare - t->idle - t->starting;

	if (spare <= 0) {
		pool->short_since = 0;
		return few;
	}
	if (few >= spare)
		return few;
	if (pool->short_since == 0)
		pool->short_since = pool->now;
	if (pool->now < pool->short_since + LACK_MS) {
		pool_wake_at(pool, pool->short_since + LACK_MS);
		return few;
	}
	if (pool->now - pool->grown_at > RUSH_MS || !somebody_waits(pool))
		pool->batch = 1;
	else if (pool->batch < BATCH_MAX)
		pool->batch *= 2;
	return spare > (int64_t)pool->batch ? spare : (int64_t)pool->batch;
}

static void
tell_full(struct pool *pool, bool full)
{
	bool was = pool->full;

	pool->full = full;
	if (!full || was || pool->now < pool->full_at)
		return;
	pool->full_at = pool->now + FULL_MS;
	log_line(LEVEL_WARNING, "pool_full",
	    "workers=%zu reason=\"--max is reached, requests may wait\"",
	    pool->n);
}

/* When all places are taken by workers that are to be replaced, the first of
 * the new ones is one more. */
static int64_t
room(const struct pool *pool, const struct tally *t)
{
	int64_t more = pool->replacing && t->fresh == 0 ? 1 : 0;

	return pool->options.max + more - t->all;
}

static void
grow(struct pool *pool)
{
	struct tally t = pool_count(pool);
	int64_t n, places = room(pool, &t);

	n = missing(pool, &t);
	tell_full(pool, n > 0 && places <= 0 && t.busy == t.all);
	if (n > places)
		n = places;
	if (n <= 0)
		return;
	if (pool->now < pool->not_before) {
		pool_wake_at(pool, pool->not_before);
		return;
	}
	pool->grown_at = pool->now;
	pool->short_since = 0;
	while (n-- > 0)
		if (!worker_start(pool)) {
			pool_wake_at(pool, pool->not_before);
			return;
		}
}

/* --- ends */

static struct worker *
longest_idle(struct pool *pool)
{
	struct worker *found = NULL;

	for (size_t i = 0; i < pool->n; i++) {
		struct worker *w = &pool->workers[i];

		if (is_fresh(pool, w) && w->state == WORKER_IDLE &&
		    (found == NULL || w->since < found->since))
			found = w;
	}
	return found;
}

static void
shrink(struct pool *pool)
{
	const struct pool_options *o = &pool->options;
	struct tally t = pool_count(pool);
	struct worker *w;

	if (t.idle <= o->max_spare || t.fresh <= o->min) {
		pool->many_since = 0;
		return;
	}
	if (pool->many_since == 0)
		pool->many_since = pool->now;
	if (pool->now >= pool->many_since + SURPLUS_MS) {
		w = longest_idle(pool);
		worker_tell(w, pool->now + o->reload_ms);
		pool->many_since = pool->now;
	}
	pool_wake_at(pool, pool->many_since + SURPLUS_MS);
}

static void
retire_worn(struct pool *pool)
{
	for (size_t i = 0; i < pool->n; i++)
		if (pool->workers[i].worn && !pool->workers[i].told)
			worker_tell(&pool->workers[i],
			    pool->now + pool->options.reload_ms);
}

static bool
is_replaced(const struct pool *pool)
{
	for (size_t i = 0; i < pool->n; i++)
		if (is_fresh(pool, &pool->workers[i]) &&
		    pool->workers[i].state != WORKER_STARTING)
			return true;
	return false;
}

/* The old ones stay until a new one serves. */
static void
replace(struct pool *pool)
{
	if (!pool->replacing || !is_replaced(pool))
		return;
	pool->replacing = false;
	for (size_t i = 0; i < pool->n; i++)
		if (!is_fresh(pool, &pool->workers[i]))
			worker_tell(&pool->workers[i],
			    pool->now + pool->options.reload_ms);
	log_line(LEVEL_INFO, "pool_reloaded", "workers=%zu", pool->n);
}

/* --- all of it */

void
pool_plan(struct pool *pool)
{
	workers_kill(pool);
	if (pool->stopping)
		return;
	replace(pool);
	retire_worn(pool);
	shrink(pool);
	grow(pool);
}

/* Those that were to replace others and have not begun make room for the next
 * that are. */
void
pool_replace(struct pool *pool)
{
	replace(pool);
	for (size_t i = 0; i < pool->n && pool->replacing; i++)
		if (pool->workers[i].state == WORKER_STARTING)
			worker_tell(&pool->workers[i],
			    pool->now + pool->options.reload_ms);
	pool->generation++;
	pool->replacing = true;
	pool->failures = 0;
	pool->not_before = 0;
}

void
pool_stop(struct pool *pool)
{
	int64_t kill_at = pool->now + pool->options.stop_ms;

	/* Whoever asks twice does not want to wait, unless it is one who
	 * signals a process and its group. */
	if (!pool->stopping)
		pool->stopped_at = pool->now;
	else if (pool->now >= pool->stopped_at + TWICE_MS)
		kill_at = pool->now;
	pool->stopping = true;
	for (size_t i = 0; i < pool->n; i++)
		worker_tell(&pool->workers[i], kill_at);
}
