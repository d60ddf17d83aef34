/* Brings what waits in the outbox to where it is to go, one batch at a time for
 * each route, when nobody waits for it.  It refuses to know what is delivered
 * and how. */
#include "deliver.h"

#include "../base/clock.h"
#include "../base/limits.h"
#include "../base/log.h"
#include "../base/xalloc.h"
#include "../store/store.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
	GATHER_MS = 200, /* what comes soon after goes with it */
	LOOK_MS = 30000, /* for what other processes left */
	FIRST_LOOK_MS = 1000,
	SLACK_MS = 5000,       /* an item is ours until then, at least */
	FIRST_WAIT_MS = 1000,  /* before a second attempt */
	MOST_WAIT_MS = 300000, /* between two attempts */
	WARN_MS = 60000	       /* between two warnings of one route */
};

/* An item that is delivered, or waits in memory where there is no store. */
struct parcel {
	struct parcel *next;
	int64_t id; /* in the store; 0: in memory alone */
	int attempts;
	int64_t queued, due; /* wall clock */
	struct buf body;
};

/* A route at work. */
struct lane {
	struct deliver *deliver;
	const struct route *route;
	struct timer look;
	struct delivery *delivery; /* on its way, or NULL */
	struct parcel *waiting;	   /* in memory */
	size_t n_waiting, n_bytes;
	int64_t dropped, warned_at;
	int failures; /* in a row */
};

struct delivery {
	struct lane *lane;
	struct arena *arena;
	void *state;
	struct parcel *parcels;
	struct buf body;
	struct timer clock, end;
	enum delivered how;
	int64_t retry_after;
	const char *reason;
	bool sent, ended;
};

struct deliver {
	struct engine *engine;
	struct lane *lanes;
	size_t n;
	bool hurried; /* the process is about to end */
};

/* --- parcels */

static struct parcel *
parcel_new(struct str body)
{
	struct parcel *p = xcalloc(1, sizeof(*p));

	buf_init(&p->body, LIMIT_STORE_ITEM_BYTES);
	buf_add(&p->body, body.p, body.len);
	return p;
}

static void
parcel_free(struct parcel *p)
{
	buf_free(&p->body);
	free(p);
}

/* --- losses */

static void
warn(struct lane *lane, const char *event, const char *reason)
{
	int64_t now = loop_now(lane->deliver->engine->loop);

	if (lane->warned_at != 0 && now - lane->warned_at < WARN_MS)
		return;
	lane->warned_at = now != 0 ? now : 1;
	log_line(LEVEL_WARNING, event,
	    "route=%s dropped=%" PRId64 " reason=\"%s\"", lane->route->name,
	    lane->dropped, reason);
}

static void
lose(struct lane *lane, int64_t n, const char *reason)
{
	char labels[128];

	if (n <= 0)
		return;
	lane->dropped += n;
	(void)snprintf(
	    labels, sizeof(labels), "route=\"%s\"", lane->route->name);
	store_count(lane->deliver->engine->store, "agentmark_dropped_total",
	    labels, (double)n);
	warn(lane, "delivery_dropped", reason);
}

/* --- what waits in memory */

static void
remember(struct lane *lane, struct parcel *p)
{
	struct parcel **at = &lane->waiting, *oldest;

	while (*at != NULL)
		at = &(*at)->next;
	p->next = NULL;
	*at = p;
	lane->n_waiting++;
	lane->n_bytes += p->body.len;
	while (lane->n_waiting > LIMIT_DELIVER_ITEMS ||
	       lane->n_bytes > LIMIT_DELIVER_BYTES) {
		oldest = lane->waiting;
		lane->waiting = oldest->next;
		lane->n_waiting--;
		lane->n_bytes -= oldest->body.len;
		parcel_free(oldest);
		lose(lane, 1, "too many wait in memory");
	}
}

static struct parcel *
recall(struct lane *lane, int64_t now)
{
	struct parcel **at = &lane->waiting, *p;

	while (*at != NULL && (*at)->due > now && !lane->deliver->hurried)
		at = &(*at)->next;
	p = *at;
	if (p == NULL)
		return NULL;
	*at = p->next;
	lane->n_waiting--;
	lane->n_bytes -= p->body.len;
	return p;
}

/* --- taking */

static struct parcel *
take(struct lane *lane)
{
	const struct route *route = lane->route;
	struct store *store = lane->deliver->engine->store;
	struct parcel *p = recall(lane, clock_wall_ms());
	struct store_item item;

	if (p != NULL) {
		p->attempts++;
		return p;
	}
	if (store_outbox_take(
		store, route->name, route->timeout_ms + SLACK_MS, &item) != 1)
		return NULL;
	p = parcel_new(item.body);
	p->id = item.id;
	p->attempts = item.attempts + 1;
	p->queued = item.queued;
	return p;
}

static void
take_batch(struct delivery *d)
{
	const struct route *route = d->lane->route;
	struct parcel **at = &d->parcels;
	int64_t n;

	for (n = 0; n < (route->join != NULL ? route->batch : 1); n++) {
		if (d->body.len > LIMIT_DELIVER_BATCH_BYTES)
			break;
		*at = take(d->lane);
		if (*at == NULL)
			break;
		if (route->join != NULL)
			route->join(&d->body,
			    (struct str){
				buf_str(&(*at)->body), (*at)->body.len},
			    n == 0);
		else
			buf_add(&d->body, (*at)->body.data, (*at)->body.len);
		at = &(*at)->next;
	}
}

/* --- delivering */

static void look(void *arg);

static void
look_in(struct lane *lane, int64_t ms)
{
	struct loop *loop = lane->deliver->engine->loop;
	int64_t due = loop_now(loop) + ms;

	if (lane->look.set && lane->look.due <= due)
		return;
	timer_set(loop, &lane->look, due, look, lane);
}

/* Doubles with every failure. */
static int64_t
backoff(const struct engine *engine, int attempts, int64_t asked)
{
	int64_t wait = FIRST_WAIT_MS;
	double more = engine->random != NULL ? engine->random() / 4 : 0;

	while (--attempts > 0 && wait < MOST_WAIT_MS)
		wait *= 2;
	if (wait > MOST_WAIT_MS)
		wait = MOST_WAIT_MS;
	wait += (int64_t)((double)wait * more);
	return asked > wait && asked <= MOST_WAIT_MS ? asked : wait;
}

static bool
is_spent(const struct route *route, const struct parcel *p)
{
	if (route->attempts != 0 && p->attempts >= route->attempts)
		return true;
	return route->max_age_ms > 0 &&
	       clock_wall_ms() - p->queued > route->max_age_ms;
}

/* Takes P. */
static void
settle_parcel(struct delivery *d, struct parcel *p)
{
	struct lane *lane = d->lane;
	struct engine *engine = lane->deliver->engine;
	bool again = d->how == DELIVERED_RETRY && !is_spent(lane->route, p);
	int64_t wait;

	if (d->how != DELIVERED_OK && !again)
		lose(lane, 1, d->reason);
	if (again)
		wait = backoff(engine, p->attempts, d->retry_after);
	if (again && p->id == 0) {
		p->due = clock_wall_ms() + wait;
		remember(lane, p);
		return;
	}
	if (again)
		store_outbox_retry(engine->store, p->id, wait);
	else if (p->id != 0)
		store_outbox_done(engine->store, p->id);
	parcel_free(p);
}

static void
free_delivery(struct delivery *d)
{
	struct loop *loop = d->lane->deliver->engine->loop;

	timer_clear(loop, &d->clock);
	timer_clear(loop, &d->end);
	if (d->sent)
		d->lane->route->drop(d);
	buf_free(&d->body);
	d->lane->delivery = NULL;
	arena_free(d->arena);
}

/* After the turn in which it was told. */
static void
settle(void *arg)
{
	struct delivery *d = arg;
	struct lane *lane = d->lane;
	struct parcel *p;

	if (d->how == DELIVERED_OK)
		lane->failures = 0;
	else
		lane->failures++;
	if (d->how == DELIVERED_RETRY)
		warn(lane, "delivery_failed", d->reason);
	while ((p = d->parcels) != NULL) {
		d->parcels = p->next;
		settle_parcel(d, p);
	}
	look_in(lane,
	    d->how == DELIVERED_RETRY
		? backoff(lane->deliver->engine, lane->failures, d->retry_after)
		: 0);
	free_delivery(d);
}

void
delivery_end(struct delivery *d, enum delivered how, int64_t retry_after_ms,
    const char *reason)
{
	struct loop *loop = d->lane->deliver->engine->loop;

	if (d->ended)
		return;
	d->ended = true;
	d->how = how;
	d->retry_after = retry_after_ms;
	d->reason = arena_strdup(d->arena, reason != NULL ? reason : "");
	timer_set(loop, &d->end, loop_now(loop), settle, d);
}

static void
take_too_long(void *arg)
{
	delivery_end(arg, DELIVERED_RETRY, 0, "it took too long");
}

static struct delivery *
delivery_new(struct lane *lane)
{
	struct arena *a = arena_new(NULL);
	struct delivery *d = arena_zalloc(a, sizeof(*d));
	size_t size = lane->route->state_size;

	d->lane = lane;
	d->arena = a;
	d->state = arena_zalloc(a, size != 0 ? size : 1);
	buf_init(&d->body, LIMIT_DELIVER_BATCH_BYTES + LIMIT_STORE_ITEM_BYTES);
	return d;
}

static void
trim(struct lane *lane)
{
	const struct route *route = lane->route;

	if (route->most > 0 || route->max_age_ms > 0)
		lose(lane,
		    store_outbox_trim(lane->deliver->engine->store, route->name,
			route->most > 0 ? route->most : INT64_MAX,
			route->max_age_ms > 0 ? route->max_age_ms : INT64_MAX),
		    "too old, or too many");
}

/* Sends the next batch, when there is one. */
static void
look(void *arg)
{
	struct lane *lane = arg;
	struct engine *engine = lane->deliver->engine;
	struct delivery *d;

	if (lane->delivery != NULL)
		return;
	d = lane->delivery = delivery_new(lane);
	take_batch(d);
	if (d->parcels == NULL) {
		free_delivery(d);
		trim(lane);
		look_in(lane, LOOK_MS);
		return;
	}
	timer_set(engine->loop, &d->clock,
	    loop_now(engine->loop) + lane->route->timeout_ms, take_too_long, d);
	d->sent = true;
	lane->route->send(d, engine, lane->route->arg,
	    (struct str){buf_str(&d->body), d->body.len});
}

void *
delivery_state(struct delivery *d)
{
	return d->state;
}

struct arena *
delivery_arena(struct delivery *d)
{
	return d->arena;
}

/* --- from outside */

void
deliver_put(struct engine *engine, const struct route *route, const char *key,
    struct str body)
{
	struct deliver *deliver = engine->deliver;
	struct parcel *p;
	size_t i = 0;
	int rc;

	if (deliver == NULL)
		return;
	while (i < deliver->n && deliver->lanes[i].route != route)
		i++;
	if (i == deliver->n)
		return;
	rc = store_outbox_put(engine->store, route->name, key, body);
	if (rc == 1)
		return;
	if (rc == -1) {
		p = parcel_new(body);
		p->queued = clock_wall_ms();
		remember(&deliver->lanes[i], p);
	}
	look_in(&deliver->lanes[i], route->batch > 1 ? GATHER_MS : 0);
}

/* What is on its way is ours no more: its lease ends. */
static void
stop_lane(struct lane *lane)
{
	struct delivery *d = lane->delivery;
	struct parcel *p;

	timer_clear(lane->deliver->engine->loop, &lane->look);
	while (d != NULL && (p = d->parcels) != NULL) {
		d->parcels = p->next;
		if (p->id != 0)
			store_outbox_retry(
			    lane->deliver->engine->store, p->id, 0);
		else
			lose(lane, 1, "the process ends");
		parcel_free(p);
	}
	if (d != NULL)
		free_delivery(d);
	while ((p = lane->waiting) != NULL) {
		lane->waiting = p->next;
		parcel_free(p);
		lose(lane, 1, "the process ends, and there is no store");
	}
}

void
deliver_free(struct engine *engine)
{
	struct deliver *deliver = engine->deliver;
	size_t i;

	if (deliver == NULL)
		return;
	for (i = 0; i < deliver->n; i++)
		stop_lane(&deliver->lanes[i]);
	free(deliver->lanes);
	free(deliver);
	engine->deliver = NULL;
}

void
deliver_configure(
    struct engine *engine, const struct route *const *routes, size_t n)
{
	struct deliver *deliver;
	size_t i;

	deliver_free(engine);
	if (n == 0)
		return;
	deliver = engine->deliver = xcalloc(1, sizeof(*deliver));
	deliver->engine = engine;
	deliver->lanes = xcalloc(n, sizeof(*deliver->lanes));
	deliver->n = n;
	for (i = 0; i < n; i++) {
		deliver->lanes[i].deliver = deliver;
		deliver->lanes[i].route = routes[i];
		look_in(&deliver->lanes[i], FIRST_LOOK_MS);
	}
}

bool
deliver_busy(const struct engine *engine)
{
	const struct deliver *deliver = engine->deliver;
	size_t i;

	for (i = 0; deliver != NULL && i < deliver->n; i++) {
		const struct lane *lane = &deliver->lanes[i];

		if (lane->delivery != NULL || lane->waiting != NULL)
			return true;
		if (store_outbox_waiting(
			engine->store, lane->route->name, NULL) > 0)
			return true;
	}
	return false;
}

void
deliver_finish(struct engine *engine, int64_t max_ms)
{
	struct deliver *deliver = engine->deliver;
	int64_t end = loop_now(engine->loop) + max_ms, now;
	size_t i;

	if (deliver == NULL)
		return;
	deliver->hurried = true;
	for (i = 0; i < deliver->n; i++)
		if (deliver->lanes[i].failures == 0)
			look_in(&deliver->lanes[i], 0);
	while ((now = loop_now(engine->loop)) < end) {
		for (i = 0; i < deliver->n; i++)
			if (deliver->lanes[i].delivery != NULL ||
			    (deliver->lanes[i].look.set &&
				deliver->lanes[i].look.due <= now))
				break;
		if (i == deliver->n)
			break;
		loop_turn(engine->loop, (int)(end - now));
	}
	deliver->hurried = false;
}
