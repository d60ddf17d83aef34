/* Reads what a request says of its experiment.  It refuses to know what
 * becomes of it. */
#include "experiment.h"

#include "../base/limits.h"
#include "journal.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* null is as good as nothing. */
static const json_t *
member(const json_t *data, const char *key)
{
	const json_t *json = json_object_get(data, key);

	return json_is_null(json) ? NULL : json;
}

static int
wrong(const char *key, const char *wanted, struct err *err)
{
	return fail(err, ERR_REQUEST, "data.%s must be %s", key, wanted);
}

static int
read_bool(const json_t *data, const char *key, bool *to, struct err *err)
{
	const json_t *json = member(data, key);

	if (json != NULL && !json_is_boolean(json))
		return wrong(key, "true or false", err);
	*to = json_is_true(json);
	return 0;
}

static int
read_number(const json_t *data, const char *key, double *to, struct err *err)
{
	const json_t *json = member(data, key);

	if (json == NULL)
		return 0;
	*to = json_is_number(json) ? json_number_value(json) : (double)NAN;
	return isfinite(*to) ? 0 : wrong(key, "a number", err);
}

static int
read_count(const json_t *data, const char *key, double max, int64_t *to,
    struct err *err)
{
	double d = (double)*to;

	if (read_number(data, key, &d, err) < 0)
		return -1;
	if (d < 0 || d > max || d != floor(d))
		return fail(err, ERR_REQUEST,
		    "data.%s must be a whole number up to %.0f", key, max);
	*to = (int64_t)d;
	return 0;
}

static int
read_text(const json_t *data, const char *key, const char *wanted,
    const char **to, struct err *err)
{
	const json_t *json = member(data, key);

	*to = json_string_value(json);
	return json == NULL || *to != NULL ? 0 : wrong(key, wanted, err);
}

/* --- the members that need more */

static int
read_repeat(const json_t *data, struct experiment *e, struct err *err)
{
	if (read_count(data, "repeat", LIMIT_REPEATS, &e->repeat, err) < 0)
		return -1;
	return e->repeat > 0 ? 0 : wrong("repeat", "1 or more", err);
}

static bool
whole(const char *s, char end, int64_t *n)
{
	char *behind;

	if (*s < '1' || *s > '9')
		return false;
	*n = strtoll(s, &behind, 10);
	return *behind == end && *n <= LIMIT_SHARDS;
}

static int
read_shard(const json_t *data, struct experiment *e, struct err *err)
{
	const char *text, *slash;
	int64_t i = 1, n = 1;

	if (read_text(data, "shard", "\"I/N\"", &text, err) < 0)
		return -1;
	slash = text != NULL ? strchr(text, '/') : NULL;
	if (text != NULL && (slash == NULL || !whole(text, '/', &i) ||
				!whole(slash + 1, '\0', &n) || i > n))
		return fail(err, ERR_REQUEST,
		    "data.shard must be \"I/N\", the I-th of N parts, not "
		    "\"%.40s\"",
		    text);
	e->shard = i - 1;
	e->shards = n;
	return 0;
}

static int
read_run(const json_t *data, const char *key, const char **to, struct err *err)
{
	if (read_text(data, key, "a run's id", to, err) < 0)
		return -1;
	if (*to != NULL && !journal_is_id(*to))
		return wrong(key, "a run's id", err);
	return 0;
}

static int
read_resume(const json_t *data, struct experiment *e, struct err *err)
{
	if (read_run(data, "resume", &e->resume, err) < 0 ||
	    read_bool(data, "retryErrors", &e->retry_errors, err) < 0)
		return -1;
	if (e->retry_errors && e->resume == NULL)
		return fail(
		    err, ERR_REQUEST, "data.retryErrors goes with data.resume");
	return 0;
}

/* The rest of it is that of every request (scope.h). */
static int
read_cost(const json_t *data, struct experiment *e, struct err *err)
{
	e->max_cost = INFINITY;
	if (read_number(data, "maxCostUsd", &e->max_cost, err) < 0)
		return -1;
	return e->max_cost >= 0 ? 0 : wrong("maxCostUsd", "0 or more", err);
}

static int
read_cluster(const json_t *data, struct experiment *e, struct err *err)
{
	static const char wanted[] = "a JSON pointer into the row";

	if (read_text(data, "cluster", wanted, &e->cluster, err) < 0)
		return -1;
	if (e->cluster != NULL && e->cluster[0] != '/')
		return wrong("cluster", wanted, err);
	return 0;
}

/* --- gates and statistics */

static int
read_gate(const json_t *json, struct gate *gate, struct err *err)
{
	static const char wanted[] =
	    "a list of {eval, threshold, rate} with thresholds from 0 to 1";
	const json_t *threshold = json_object_get(json, "threshold");
	const json_t *eval = member(json, "eval"), *rate = member(json, "rate");

	gate->threshold = json_number_value(threshold);
	gate->eval = json_string_value(eval);
	gate->rate = json_is_true(rate);
	if (!json_is_number(threshold) || !(gate->threshold >= 0) ||
	    gate->threshold > 1 || (eval != NULL && gate->eval == NULL) ||
	    (rate != NULL && !json_is_boolean(rate)))
		return wrong("gates", wanted, err);
	return 0;
}

static int
read_gates(struct arena *a, const json_t *data, struct summary_conf *conf,
    struct err *err)
{
	const json_t *list = member(data, "gates");
	size_t n = json_array_size(list);
	struct gate *gates;

	if (list != NULL && !json_is_array(list))
		return wrong("gates", "a list", err);
	if (n > LIMIT_GATES)
		return fail(err, ERR_REQUEST,
		    "data.gates may have %u items, not %zu", LIMIT_GATES, n);
	gates = arena_array(a, n, sizeof(*gates));
	for (size_t i = 0; i < n; i++)
		if (read_gate(json_array_get(list, i), &gates[i], err) < 0)
			return -1;
	conf->gates = gates;
	conf->n_gates = n;
	return 0;
}

static int
read_statistics(struct arena *a, const json_t *data, struct summary_conf *conf,
    struct err *err)
{
	int64_t seed = 1;

	conf->confidence = 0.95;
	if (read_gates(a, data, conf, err) < 0 ||
	    read_bool(data, "stopEarly", &conf->early, err) < 0 ||
	    read_number(data, "confidence", &conf->confidence, err) < 0 ||
	    read_count(data, "statisticsSeed", 0x1p53, &seed, err) < 0)
		return -1;
	conf->seed = (uint64_t)seed;
	if (!(conf->confidence > 0) || !(conf->confidence < 1))
		return wrong("confidence", "between 0 and 1", err);
	if (conf->early && conf->n_gates == 0)
		return fail(err, ERR_REQUEST,
		    "data.stopEarly needs data.gates, which decide");
	return 0;
}

int
experiment_read(
    struct arena *a, const json_t *data, struct experiment *e, struct err *err)
{
	*e = (struct experiment){.repeat = 1};
	if (read_repeat(data, e, err) < 0 || read_shard(data, e, err) < 0 ||
	    read_resume(data, e, err) < 0 || read_cost(data, e, err) < 0 ||
	    read_run(data, "baseline", &e->baseline, err) < 0 ||
	    read_cluster(data, e, err) < 0 ||
	    read_bool(data, "summary", &e->summary, err) < 0 ||
	    read_bool(data, "details", &e->details, err) < 0)
		return -1;
	e->statistics.repeat = e->repeat;
	return read_statistics(a, data, &e->statistics, err);
}
