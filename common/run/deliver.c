/* Brings what waits in the outbox to where it is to go, one batch at a time for
 * each route, when nobody waits for it.  It refuses to know what is delivered
 * and how. */
#include "deliver_int.h"

#include "../base/clock.h"
#include "../base/limits.h"
#include "../base/xalloc.h"
#include "../store/store.h"

#include <stdlib.h>

enum {
	GATHER_MS = 200, /* what comes soon after goes with it */
	FIRST_LOOK_MS = 1000,
	HURRIED_LOOK_MS = 250, /* of a process that is about to end */
	SOONEST_LOOK_MS = 20,
	GRACE_MS = 200,		/* a way's own clock says more than ours */
	FIRST_WAIT_MS = 1000,	/* before a second attempt */
	MOST_WAIT_MS = 300000,	/* between two attempts */
	MOST_ASKED_MS = 3600000 /* when the other side asks for it */
};

static void
take_batch(struct delivery *d)
{
	const struct route *route = d->lane->route;
	struct parcel **at = &d->parcels;
	int64_t n;

	for (n = 0; n < (route->join != NULL ? route->batch : 1); n++) {
		if (d->body.len > LIMIT_DELIVER_BATCH_BYTES)
			break;
		*at = lane_take(d->lane);
		if (*at == NULL)
			break;
		if (route->join != NULL)
			route->join(&d->body, buf_text(&(*at)->body), n == 0);
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

	if (due < lane->not_before)
		due = lane->not_before;
	if (lane->look.set && lane->look.due <= due)
		return;
	timer_set(loop, &lane->look, due, look, lane);
}

/* Doubles with every failure. */
static int64_t
backoff(const struct delivery *d, int attempts)
{
	int64_t wait = FIRST_WAIT_MS, asked = d->retry_after;

	while (--attempts > 0 && wait < MOST_WAIT_MS)
		wait *= 2;
	if (wait > MOST_WAIT_MS)
		wait = MOST_WAIT_MS;
	wait += (int64_t)((double)wait * d->chance / 4);
	if (asked > MOST_ASKED_MS)
		asked = MOST_ASKED_MS;
	return asked > wait ? asked : wait;
}

static bool
is_spent(const struct route *route, const struct parcel *p)
{
	return route->max_age_ms > 0 &&
	       clock_wall_ms() - p->queued > route->max_age_ms;
}

/* Takes P. */
static void
settle_parcel(struct delivery *d, struct parcel *p)
{
	struct lane *lane = d->lane;
	struct store *store = lane->deliver->engine->store;
	bool again = d->how == DELIVERED_RETRY && !is_spent(lane->route, p);
	int64_t wait = backoff(d, p->attempts);

	if (d->how != DELIVERED_OK && !again)
		lane_lose(lane, 1, d->reason);
	if (d->how != DELIVERED_OK || p->attempts > 1)
		lane_note(lane, p, d->how != DELIVERED_OK ? d->reason : NULL);
	if (again && p->id == 0) {
		p->due = clock_wall_ms() + wait;
		lane_remember(lane, p);
		return;
	}
	if (again)
		store_outbox_retry(store, p->id, wait);
	else if (p->id != 0)
		store_outbox_done(store, p->id);
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

/* After the turn in which it was told.  The route waits a little longer than
 * what failed, which is to go first then. */
static void
settle(void *arg)
{
	struct delivery *d = arg;
	struct lane *lane = d->lane;
	struct engine *engine = lane->deliver->engine;
	bool failed = d->how == DELIVERED_RETRY;
	struct parcel *p;

	lane->failures = failed ? lane->failures + 1 : 0;
	if (engine->random != NULL)
		d->chance = engine->random();
	if (failed)
		lane_warn(lane, TROUBLE_FAILED, d->reason);
	while ((p = d->parcels) != NULL) {
		d->parcels = p->next;
		settle_parcel(d, p);
	}
	lane->not_before = 0;
	if (failed)
		lane->not_before =
		    loop_now(engine->loop) + backoff(d, lane->failures) + 1;
	free_delivery(d);
	look_in(lane, 0);
}

/* It stands between quotes in the log. */
static const char *
unquoted(struct arena *a, const char *text)
{
	char *copy = arena_strdup(a, text), *p;

	for (p = copy; *p != '\0'; p++)
		if (*p == '"' || *p == '\\')
			*p = '\'';
	return copy;
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
	d->reason = unquoted(d->arena, reason != NULL ? reason : "");
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

/* Nothing is due: what failed will be, and what others have when they die. */
static void
rest(struct lane *lane)
{
	int64_t wait = lane->deliver->look_ms, due;

	lane_trim(lane);
	due = lane_due_in(lane);
	if (due != -1 && due < wait)
		wait = due > SOONEST_LOOK_MS ? due : SOONEST_LOOK_MS;
	look_in(lane, wait);
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
		rest(lane);
		return;
	}
	timer_set(engine->loop, &d->clock,
	    loop_now(engine->loop) + lane->route->timeout_ms + GRACE_MS,
	    take_too_long, d);
	d->sent = true;
	lane->route->send(d, engine, lane->route->arg, buf_text(&d->body));
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
		lane_remember(&deliver->lanes[i], p);
	}
	look_in(&deliver->lanes[i], route->batch > 1 ? GATHER_MS : 0);
}

/* What is on its way is ours no more: its lease ends. */
static void
stop_lane(struct lane *lane)
{
	struct delivery *d = lane->delivery;
	struct parcel *p;

	if (d != NULL && d->ended) {
		settle(d);
		d = NULL;
	}
	timer_clear(lane->deliver->engine->loop, &lane->look);
	while (d != NULL && (p = d->parcels) != NULL) {
		d->parcels = p->next;
		lane_give_back(lane, p);
	}
	if (d != NULL)
		free_delivery(d);
	while ((p = lane->waiting) != NULL) {
		lane->waiting = p->next;
		lane_give_back(lane, p);
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
	deliver->look_ms = DELIVER_LOOK_MS;
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

	for (i = 0; deliver != NULL && i < deliver->n; i++)
		if (deliver->lanes[i].delivery != NULL ||
		    lane_due_in(&deliver->lanes[i]) == 0)
			return true;
	return false;
}

bool
deliver_holds(const struct engine *engine)
{
	const struct deliver *deliver = engine->deliver;
	size_t i;

	for (i = 0; deliver != NULL && i < deliver->n; i++)
		if (deliver->lanes[i].waiting != NULL)
			return true;
	return false;
}

/* Whether something is on its way, or will be in this turn. */
static bool
is_at_work(const struct deliver *deliver, int64_t now)
{
	const struct lane *lane;
	size_t i;

	for (i = 0; i < deliver->n; i++) {
		lane = &deliver->lanes[i];
		if (lane->delivery != NULL ||
		    (lane->look.set && lane->look.due <= now))
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
	deliver->look_ms = HURRIED_LOOK_MS;
	for (i = 0; i < deliver->n; i++)
		look_in(&deliver->lanes[i], 0);
	while ((now = loop_now(engine->loop)) < end && is_at_work(deliver, now))
		loop_turn(engine->loop, (int)(end - now));
	deliver->look_ms = DELIVER_LOOK_MS;
}
