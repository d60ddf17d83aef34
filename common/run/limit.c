/* Lets calls wait until their provider's limits allow them, and deals its keys
 * out.  What is counted is in the store, for all processes.  It refuses to know
 * what is asked and what a failure means. */
#include "limit.h"

#include "../base/clock.h"
#include "../store/store.h"

#include <string.h>

enum {
	LOOK_MS = 50,	    /* whether another call has ended */
	MESSAGE_TOKENS = 4, /* around each message */
	TEXT_BYTES = 4,	    /* of a token, in most languages */
	PART_TOKENS = 1000, /* an image or a file */
	DEPTH = 8	    /* of a message's content */
};

struct turn {
	struct store *store;
	int64_t lease;	   /* 0: none */
	double tokens;	   /* that were estimated; 0: not counted */
	const char *rate;  /* key of the tokens */
	const char *cools; /* key of the provider's key */
};

/* --- estimates, corrected when the call has ended */

/* Of a text, a list of parts or of results, or an object of them. */
static int64_t
count_text(const json_t *json, int depth)
{
	const json_t *value;
	const char *key;
	int64_t n = 0;
	size_t i;

	if (json_is_string(json))
		return (int64_t)json_string_length(json) / TEXT_BYTES + 1;
	if (depth == DEPTH)
		return 0;
	if (json_is_array(json)) {
		json_array_foreach(json, i, value)
		{
			n += count_text(value, depth + 1);
		}
		return n;
	}
	if (json_object_get(json, "image") != NULL ||
	    json_object_get(json, "data") != NULL)
		return PART_TOKENS;
	json_object_foreach((json_t *)(uintptr_t)json, key, value)
	{
		n += count_text(value, depth + 1);
	}
	return n;
}

/* What the answer may be at most is reserved, as vendors do it. */
static int64_t
estimate(const struct ask *ask)
{
	const json_t *most = json_object_get(ask->config, "max_tokens");
	int64_t n = count_text(ask->messages, 0);

	n += (int64_t)json_array_size(ask->messages) * MESSAGE_TOKENS;
	n += count_text(json_object_get(ask->config, "schema"), 0);
	for (size_t i = 0; i < ask->n_tools; i++)
		n += count_text(ask->tools[i].schema, 0);
	if (json_is_integer(most) && json_integer_value(most) > 0)
		n += (int64_t)json_integer_value(most);
	return n;
}

/* --- keys */

static size_t
count_keys(const struct provider *p)
{
	size_t n = 0;

	while (p->pool != NULL && p->pool[n] != NULL)
		n++;
	return n;
}

/* Keys are secret: the store knows them by their number. */
static const char *
cool_key(struct arena *a, const struct provider *p, size_t i)
{
	return arena_printf(a, "cool:%s:%zu", p->name, i);
}

/* The next one in turn that is not cooling, else the one that is over first;
 * returns ms until that. */
static int64_t
choose_key(
    struct engine *e, struct arena *a, const struct provider *p, size_t *chosen)
{
	size_t n = count_keys(p), first;
	int64_t soonest = INT64_MAX, now = clock_wall_ms();

	*chosen = 0;
	if (n == 0)
		n = 1;
	first = (size_t)(e->calls % n);
	for (size_t i = 0; i < n; i++) {
		size_t at = (first + i) % n;
		int64_t until = store_cooling(e->store, cool_key(a, p, at));

		if (until >= soonest)
			continue;
		soonest = until;
		*chosen = at;
		if (until <= now)
			return 0;
	}
	return soonest - now;
}

bool
turn_has_key(struct engine *engine, const struct provider *p)
{
	struct arena *a;
	size_t chosen;
	bool has;

	if (count_keys(p) < 2 || engine->store == NULL)
		return false;
	a = arena_new(NULL);
	has = choose_key(engine, a, p, &chosen) == 0;
	arena_free(a);
	return has;
}

/* --- turns */

/* Requests first: they are given back when there is no room for the tokens. */
static int64_t
take_rates(
    struct store *s, struct arena *a, const struct ask *ask, struct turn *turn)
{
	const struct provider *p = ask->provider;
	const struct provider_limits *limits = p->limits;
	const char *key = arena_printf(a, "requests:%s", p->name);
	int64_t ms = 0;

	if (limits->requests_per_minute > 0)
		ms = store_rate(s, key, 1, limits->requests_per_minute);
	if (ms > 0 || limits->tokens_per_minute <= 0)
		return ms;
	turn->rate = arena_printf(a, "tokens:%s", p->name);
	turn->tokens = (double)estimate(ask);
	ms = store_rate(s, turn->rate, turn->tokens, limits->tokens_per_minute);
	if (ms > 0 && limits->requests_per_minute > 0)
		store_rate_add(s, key, -1);
	return ms;
}

static int64_t
take_limits(
    struct store *s, struct arena *a, const struct ask *ask, struct turn *turn)
{
	const struct provider *p = ask->provider;
	int64_t lease = 0, ms;

	if (p->limits->concurrent > 0) {
		lease = store_lease(s, arena_printf(a, "calls:%s", p->name),
		    p->limits->concurrent);
		if (lease == 0)
			return LOOK_MS;
	}
	ms = take_rates(s, a, ask, turn);
	if (lease > 0 && ms > 0)
		store_lease_end(s, lease);
	else if (lease > 0)
		turn->lease = lease;
	return ms;
}

int64_t
turn_take(struct engine *engine, struct arena *a, const struct ask *ask,
    struct turn **turn, const char **key)
{
	const struct provider *p = ask->provider;
	struct turn *t;
	size_t chosen;
	int64_t ms;

	*turn = NULL;
	if (p->limits == NULL || engine->store == NULL)
		return 0;
	t = arena_zalloc(a, sizeof(*t));
	t->store = engine->store;
	ms = choose_key(engine, a, p, &chosen);
	if (ms == 0)
		ms = take_limits(engine->store, a, ask, t);
	if (ms > 0)
		return ms;
	if (p->pool != NULL)
		*key = p->pool[chosen];
	t->cools = cool_key(a, p, chosen);
	*turn = t;
	return 0;
}

void
turn_end(struct turn *turn, int64_t tokens, int64_t cool_ms)
{
	if (turn->lease > 0)
		store_lease_end(turn->store, turn->lease);
	if (turn->tokens > 0 && tokens >= 0)
		store_rate_add(
		    turn->store, turn->rate, (double)tokens - turn->tokens);
	if (cool_ms > 0)
		store_cool(turn->store, turn->cools, clock_wall_ms() + cool_ms);
}
