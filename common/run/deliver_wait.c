/* What waits to be delivered, in the store and in memory, and what is said of
 * what does not arrive.  It refuses to know how things are delivered. */
#include "deliver_int.h"

#include "../base/clock.h"
#include "../base/limits.h"
#include "../base/log.h"
#include "../base/xalloc.h"
#include "../store/store.h"

#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	LEASE_MS = 5000, /* an item is ours for so much longer than an attempt
			  * may take */
	WARN_MS = 60000	 /* between two warnings of one route */
};

static const char *const trouble_names[] = {
    [TROUBLE_FAILED] = "delivery_failed",
    [TROUBLE_DROPPED] = "delivery_dropped",
};
_Static_assert(
    ARRAY_LEN(trouble_names) == TROUBLE__MAX, "a name for every trouble");

/* --- parcels */

struct parcel *
parcel_new(struct str body)
{
	struct parcel *p = xcalloc(1, sizeof(*p));

	buf_init(&p->body, LIMIT_STORE_ITEM_BYTES);
	buf_add(&p->body, body.p, body.len);
	return p;
}

void
parcel_free(struct parcel *p)
{
	buf_free(&p->body);
	free(p);
}

/* --- losses */

void
lane_warn(struct lane *lane, enum trouble trouble, const char *reason)
{
	int64_t now = loop_now(lane->deliver->engine->loop);
	int64_t *at = &lane->warned[trouble];

	if (*at != 0 && now - *at < WARN_MS)
		return;
	*at = now != 0 ? now : 1;
	log_line(LEVEL_WARNING, trouble_names[trouble],
	    "route=%s dropped=%" PRId64 " reason=\"%s\"", lane->route->name,
	    lane->dropped, reason);
}

void
lane_lose(struct lane *lane, int64_t n, const char *reason)
{
	char labels[LIMIT_DELIVER_NAME_BYTES + sizeof("route=\"\"")];

	if (n <= 0)
		return;
	lane->dropped += n;
	(void)snprintf(
	    labels, sizeof(labels), "route=\"%s\"", lane->route->name);
	store_count(lane->deliver->engine->store, "agentmark_dropped_total",
	    labels, (double)n);
	lane_warn(lane, TROUBLE_DROPPED, reason);
}

void
lane_note(struct lane *lane, const struct parcel *p, const char *error)
{
	char id[LIMIT_DELIVER_NAME_BYTES + 32];
	const struct store_run run = {
	    .id = id,
	    .kind = lane->route->kind,
	    .name = lane->route->name,
	    .status = error != NULL ? "error" : "ok",
	    .error = error,
	    .began = p->queued,
	    .ended = clock_wall_ms(),
	    .pid = (int64_t)getpid(),
	};

	if (run.kind == NULL || p->id == 0)
		return;
	(void)snprintf(id, sizeof(id), "%s/%" PRId64, lane->route->name, p->id);
	store_run_put(lane->deliver->engine->store, &run);
}

/* --- what waits in memory */

void
lane_remember(struct lane *lane, struct parcel *p)
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
		lane_lose(lane, 1, "too many wait in memory");
	}
}

static struct parcel *
recall(struct lane *lane, int64_t now)
{
	struct parcel **at = &lane->waiting, *p;

	while (*at != NULL && (*at)->due > now)
		at = &(*at)->next;
	p = *at;
	if (p == NULL)
		return NULL;
	*at = p->next;
	p->next = NULL;
	lane->n_waiting--;
	lane->n_bytes -= p->body.len;
	return p;
}

/* --- taking */

struct parcel *
lane_take(struct lane *lane)
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
		store, route->name, route->timeout_ms + LEASE_MS, &item) != 1)
		return NULL;
	p = parcel_new(item.body);
	p->id = item.id;
	p->attempts = item.attempts + 1;
	p->queued = item.queued;
	return p;
}

void
lane_give_back(struct lane *lane, struct parcel *p)
{
	struct store *store = lane->deliver->engine->store;
	const struct str body = buf_text(&p->body);

	if (p->id != 0)
		store_outbox_retry(store, p->id, 0);
	else if (store_outbox_put(store, lane->route->name, NULL, body) == -1)
		lane_lose(lane, 1, "the process ends, and there is no store");
	parcel_free(p);
}

void
lane_trim(struct lane *lane)
{
	const struct route *route = lane->route;
	int64_t now = loop_now(lane->deliver->engine->loop);

	if (route->most <= 0 && route->max_age_ms <= 0)
		return;
	if (lane->trimmed != 0 && now - lane->trimmed < DELIVER_LOOK_MS)
		return;
	lane->trimmed = now != 0 ? now : 1;
	lane_lose(lane,
	    store_outbox_trim(lane->deliver->engine->store, route->name,
		route->most > 0 ? route->most : INT64_MAX,
		route->max_age_ms > 0 ? route->max_age_ms : INT64_MAX),
	    "too old, or too many");
}

int64_t
lane_due_in(const struct lane *lane)
{
	const struct parcel *p;
	int64_t due, now = clock_wall_ms(), left;

	(void)store_outbox_waiting(
	    lane->deliver->engine->store, lane->route->name, &due);
	for (p = lane->waiting; p != NULL; p = p->next) {
		left = p->due > now ? p->due - now : 0;
		if (due == -1 || left < due)
			due = left;
	}
	return due;
}
