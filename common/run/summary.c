/* Takes an experiment's rows, one at a time, and knows what they say so far.
 * Whatever is summed is summed exactly, so that the order of rows is no part of
 * the result.  It refuses to know how intervals are made. */
#include "summary_int.h"

#include "../base/limits.h"
#include "../base/xalloc.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct summary *
summary_new(const struct summary_conf *conf, const char *dir)
{
	struct summary *s = xcalloc(1, sizeof(*s));

	s->conf = conf;
	s->dir = dir != NULL ? xstrdup(dir) : NULL;
	s->repeat = conf->repeat > 1 ? conf->repeat : 1;
	gates_find(s, NULL);
	return s;
}

void
summary_free(struct summary *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < s->n_evals; i++)
		eval_stats_free(s->evals[i]);
	free(s->evals);
	free(s->results);
	free(s->gates);
	parts_free(&s->waiting);
	parts_free(&s->clusters);
	free(s->one.tallies);
	spool_close(s->spool);
	json_decref(s->json);
	free(s->dir);
	free(s);
}

int
summary_spool(struct summary *s, struct err *err)
{
	if (s->spool == NULL)
		s->spool = spool_open(s->dir, err);
	return s->spool != NULL ? 0 : -1;
}

/* --- evals */

static struct eval_stats *
add_eval(struct summary *s, const char *name)
{
	struct eval_stats *e = xcalloc(1, sizeof(*e));

	e->name = xstrdup(name);
	e->min = INFINITY;
	e->max = -INFINITY;
	s->evals = xrealloc(
	    s->evals, xmul(s->n_evals + 1, sizeof(struct eval_stats *)));
	s->results =
	    xrealloc(s->results, xmul(s->n_evals + 1, sizeof(*s->results)));
	s->results[s->n_evals] = (struct result){0};
	s->evals[s->n_evals++] = e;
	return e;
}

/* Results come in the same order nearly always. */
static size_t
find_eval(struct summary *s, const char *name, size_t guess)
{
	for (size_t i = 0; i < s->n_evals; i++) {
		size_t at = (guess + i) % s->n_evals;

		if (strcmp(s->evals[at]->name, name) == 0)
			return at;
	}
	if (s->n_evals < LIMIT_SUMMARY_EVALS)
		(void)add_eval(s, name);
	else
		return SIZE_MAX;
	return s->n_evals - 1;
}

/* One without a score has 1 or 0, as it has passed (docs/scores.md). */
static struct result
read_result(const json_t *json)
{
	const json_t *score = json_object_get(json, "score");
	const json_t *passed = json_object_get(json, "passed");
	struct result r = {.ruled = json_is_boolean(passed),
	    .passed = json_is_true(passed),
	    .score = NAN};

	if (json_is_number(score))
		r.score = json_number_value(score);
	else if (r.ruled)
		r.score = r.passed;
	r.there = fabs(r.score) <= LIMIT_SUMMARY_SCORE;
	r.ruled = r.ruled && r.there;
	r.passed = r.passed && r.there;
	return r;
}

void
summary_results(struct summary *s, const struct record *r)
{
	size_t n = json_array_size(r->evals);

	for (size_t i = 0; i < s->n_evals; i++)
		s->results[i].there = false;
	for (size_t i = 0; i < n; i++) {
		const json_t *json = json_array_get(r->evals, i);
		const char *name =
		    json_string_value(json_object_get(json, "name"));
		size_t at = name != NULL ? find_eval(s, name, i) : SIZE_MAX;

		if (at != SIZE_MAX && !s->results[at].there)
			s->results[at] = read_result(json);
	}
}

static void
count_result(struct summary *s, struct eval_stats *e, const struct result *r)
{
	if (e->n++ == 0)
		gates_find(s, e);
	e->ruled += r->ruled;
	e->passed += r->passed;
	sum_add(&e->sum, r->score);
	e->min = fmin(e->min, r->score);
	e->max = fmax(e->max, r->score);
	if (r->score != 0 && r->score != 1)
		e->graded = true;
}

/* --- rows */

/* How long an answer takes that is in the cache says nothing. */
static void
count_usage(struct summary *s, const struct record *r)
{
	s->cached += r->cached;
	if (r->ms >= 0 && !r->cached) {
		quantile_add(&s->times, (uint64_t)r->ms);
		sum_add(&s->ms, (double)r->ms);
	}
	if (r->input >= 0 || r->output >= 0) {
		s->token_rows++;
		s->input += r->input > 0 ? (uint64_t)r->input : 0;
		s->output += r->output > 0 ? (uint64_t)r->output : 0;
	}
	if (r->cost >= 0 && r->cost <= LIMIT_SUMMARY_SCORE) {
		s->cost_rows++;
		sum_add(&s->cost, r->cost);
	}
}

static struct part *
row_of(struct summary *s, const struct record *r)
{
	uint8_t key[SPOOL_KEY_LEN] = {0};

	if (s->repeat > 1) {
		memcpy(key, &r->index, sizeof(r->index));
		return parts_find(&s->waiting, key);
	}
	part_clear(&s->one);
	return &s->one;
}

int
summary_add(struct summary *s, const struct record *r, struct err *err)
{
	struct part *row;

	if (r->repeat < 0 || r->repeat >= s->repeat)
		return fail(err, ERR_REQUEST,
		    "row %" PRId64 " has repeat %" PRId64
		    ", and rows run %" PRId64 " times",
		    r->index, r->repeat, s->repeat);
	summary_results(s, r);
	if (s->baseline && compare_put(s, SHELF_AFTER, r, err) < 0)
		return -1;
	s->rows++;
	s->failed += r->failed;
	count_usage(s, r);
	row = row_of(s, r);
	row->n++;
	for (size_t i = 0; i < s->n_evals; i++)
		if (s->results[i].there) {
			count_result(s, s->evals[i], &s->results[i]);
			part_add(row, i, &s->results[i]);
		}
	if (r->cluster != NULL && !row->clustered) {
		row->clustered = true;
		cluster_key(row->cluster, r->cluster);
	}
	if (row->n < s->repeat)
		return s->waiting.n > LIMIT_SUMMARY_PARTS
			   ? parts_spill(s, &s->waiting, SHELF_ROWS, err)
			   : 0;
	if (row_end(s, row, err) < 0)
		return -1;
	if (row != &s->one)
		parts_remove(&s->waiting, row);
	return 0;
}

int
summary_baseline(struct summary *s, const struct record *r, struct err *err)
{
	s->baseline = true;
	summary_results(s, r);
	return compare_put(s, SHELF_BEFORE, r, err);
}

/* --- while it runs */

int
summary_decided(const struct summary *s)
{
	return s->decided;
}

bool
summary_glance(const struct summary *s, const char **eval, double *mean,
    double *low, double *high)
{
	const struct gate_state *g = s->n_gates > 0 ? &s->gates[0] : NULL;
	const struct eval_stats *e = s->n_evals > 0 ? s->evals[0] : NULL;
	struct interval i;

	if (g != NULL && g->eval != NULL) {
		*eval = g->name;
		*mean = gate_value(s, g);
		i = gate_interval(s, g);
		if (s->conf->early && s->glance.seen.n > 0)
			i = (struct interval){
			    METHOD_NONE, s->glance.low, s->glance.high};
	} else if (e != NULL && e->n > 0) {
		*eval = e->name;
		*mean = sum_value(&e->sum) / (double)e->n;
		i = score_interval(s, e);
	} else {
		return false;
	}
	*low = i.low;
	*high = i.high;
	return true;
}
