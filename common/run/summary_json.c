/* Prints a summary.  It refuses to count: what is printed is there. */
#include "summary_int.h"

#include "../base/json.h"
#include "../base/limits.h"
#include "../base/utf.h"
#include "../base/xalloc.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
set_exact(json_t *o, const char *key, double x)
{
	if (!isfinite(x))
		return;
	(void)json_object_set_new(o, key,
	    x == floor(x) && fabs(x) < 1e15 ? json_integer((json_int_t)x)
					    : json_real(x));
}

void
set_round(json_t *o, const char *key, double x)
{
	char text[40];

	(void)snprintf(text, sizeof(text), "%.6g", x);
	set_exact(o, key, strtod(text, NULL));
}

void
set_count(json_t *o, const char *key, uint64_t n)
{
	(void)json_object_set_new(o, key, json_integer((json_int_t)n));
}

static void
set_text(json_t *o, const char *key, const char *text)
{
	json_set_str(o, key, str_from(text));
}

static void
set_interval(json_t *o, const struct interval *i)
{
	if (i->method == METHOD_NONE)
		return;
	set_round(o, "low", i->low);
	set_round(o, "high", i->high);
	set_text(o, "method", i->method == METHOD_WILSON ? "wilson" : "t");
}

/* Takes LIST; an empty one is left out. */
static void
set_list(json_t *o, const char *key, json_t *list)
{
	if (json_array_size(list) > 0)
		(void)json_object_set(o, key, list);
	json_decref(list);
}

/* --- evals */

struct interval
score_interval(const struct summary *s, const struct eval_stats *e)
{
	const struct sample *a = &e->score.sample;
	double confidence = s->conf->confidence;

	if (a->n == 0)
		return (struct interval){METHOD_NONE, NAN, NAN};
	return e->graded
		   ? interval_mean(a, confidence, e->min >= 0 && e->max <= 1)
		   : interval_rate(a, confidence);
}

/* Zeros and ones have Wilson's interval, which is better. */
static void
set_bootstrap(const struct summary *s, struct eval_stats *e, json_t *o)
{
	struct measure *m = &e->score;
	struct interval i = {METHOD_NONE, NAN, NAN};
	json_t *b;

	if (e->graded && m->sample.units == m->n_units)
		i = bootstrap_mean(
		    m->units, m->n_units, s->conf->confidence, s->conf->seed);
	if (i.method == METHOD_NONE)
		return;
	b = json_object();
	set_round(b, "low", i.low);
	set_round(b, "high", i.high);
	(void)json_object_set_new(o, "bootstrap", b);
}

static json_t *
score_json(const struct summary *s, struct eval_stats *e)
{
	struct interval i = score_interval(s, e);
	json_t *o = json_object();

	set_count(o, "n", e->n);
	set_exact(o, "mean", sum_value(&e->sum) / (double)e->n);
	set_round(o, "standardError", sample_se(&e->score.sample));
	set_interval(o, &i);
	set_exact(o, "min", e->min);
	set_exact(o, "max", e->max);
	set_bootstrap(s, e, o);
	return o;
}

static json_t *
passes_json(const struct summary *s, const struct eval_stats *e)
{
	struct interval i = interval_rate(&e->rate.sample, s->conf->confidence);
	json_t *o = json_object();

	set_count(o, "n", e->ruled);
	set_count(o, "passed", e->passed);
	set_exact(o, "rate", (double)e->passed / (double)e->ruled);
	set_round(o, "standardError", sample_se(&e->rate.sample));
	set_interval(o, &i);
	return o;
}

static void
set_tries(const struct summary *s, const struct eval_stats *e, const char *key,
    const struct sum *sums, json_t *o)
{
	json_t *list = json_array(), *item = json_object();

	for (int64_t k = 0; sums != NULL && k < s->repeat &&
			    k < LIMIT_SUMMARY_TRIES && e->k_rows[k] > 0;
	     k++) {
		set_round(
		    item, "x", sum_value(&sums[k]) / (double)e->k_rows[k]);
		(void)json_array_append(list, json_object_get(item, "x"));
	}
	set_list(o, key, list);
	json_decref(item);
}

static json_t *
eval_json(const struct summary *s, struct eval_stats *e)
{
	json_t *o = json_object();

	set_text(o, "name", e->name);
	set_count(o, "n", e->n);
	set_count(o, "unscored", s->rows - e->n);
	if (e->score.sample.units < e->n)
		set_count(o, "clusters", e->score.sample.units);
	(void)json_object_set_new(o, "score", score_json(s, e));
	if (e->ruled > 0)
		(void)json_object_set_new(o, "passes", passes_json(s, e));
	set_tries(s, e, "passAtK", e->at_k, o);
	set_tries(s, e, "passHatK", e->hat_k, o);
	return o;
}

static int
by_name(const void *a, const void *b)
{
	const struct eval_stats *const *x = a, *const *y = b;

	return strcmp((*x)->name, (*y)->name);
}

static json_t *
evals_json(const struct summary *s)
{
	json_t *list = json_array();
	struct eval_stats **sorted;

	if (s->n_evals == 0)
		return list;
	sorted = xmalloc(xmul(s->n_evals, sizeof(struct eval_stats *)));
	memcpy(sorted, s->evals, s->n_evals * sizeof(struct eval_stats *));
	qsort(sorted, s->n_evals, sizeof(struct eval_stats *), by_name);
	for (size_t i = 0; i < s->n_evals; i++)
		if (sorted[i]->n > 0)
			(void)json_array_append_new(
			    list, eval_json(s, sorted[i]));
	free(sorted);
	return list;
}

/* --- the rest */

static json_t *
usage_json(const struct summary *s)
{
	json_t *o = json_object();

	set_count(o, "inputTokens", s->input);
	set_count(o, "outputTokens", s->output);
	if (s->token_rows < s->rows)
		set_count(o, "rowsWithoutTokens", s->rows - s->token_rows);
	if (s->cost_rows > 0) {
		double cost = sum_value(&s->cost);

		set_exact(o, "costUsd", cost);
		set_round(o, "costPerRowUsd", cost / (double)s->cost_rows);
	}
	if (s->cost_rows < s->rows)
		set_count(o, "rowsWithoutCost", s->rows - s->cost_rows);
	return o;
}

static json_t *
times_json(const struct summary *s)
{
	json_t *o = json_object();
	uint64_t n = s->times.n;

	set_count(o, "cached", s->cached);
	set_count(o, "rows", n);
	if (n == 0)
		return o;
	set_round(o, "meanMs", sum_value(&s->ms) / (double)n);
	set_round(o, "p50Ms", quantile_at(&s->times, 0.5));
	set_round(o, "p95Ms", quantile_at(&s->times, 0.95));
	set_round(o, "p99Ms", quantile_at(&s->times, 0.99));
	set_count(o, "maxMs", s->times.max);
	return o;
}

static void warn(json_t *list, const char *fmt, ...) PRINTF_LIKE(2, 3);

static void
warn(json_t *list, const char *fmt, ...)
{
	char text[500];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	(void)json_array_append_new(list, json_string(text));
}

static void
set_warnings(const struct summary *s, const char *failure, json_t *o)
{
	json_t *list = json_array();

	if (s->failed > 0)
		warn(list,
		    "%" PRIu64 " of %" PRIu64
		    " rows failed: they are in no mean, and count as 0 in "
		    "gates",
		    s->failed, s->rows);
	if (s->units == 1 && s->rows > 1)
		warn(list, "all rows are of one cluster, which says nothing of "
			   "others: there are no intervals");
	else if (s->clustered && s->units < 20)
		warn(list,
		    "there are only %" PRIu64
		    " clusters: intervals are rough below 20",
		    s->units);
	if (s->clustered && s->conf->early)
		warn(list, "rows of clusters decide nothing early");
	if (failure != NULL)
		warn(list, "%s", failure);
	set_list(o, "warnings", list);
}

static json_t *
make_json(struct summary *s, struct err *err)
{
	json_t *o = json_object(), *comparison = NULL;

	if (summary_finish(s, err) == 0 && s->baseline)
		comparison = compare_json(s, err);
	set_text(o, "type", "summary");
	set_count(o, "rows", s->rows);
	set_count(o, "failed", s->failed);
	if (s->repeat > 1)
		set_count(o, "repeat", (uint64_t)s->repeat);
	set_exact(o, "confidence", s->conf->confidence);
	(void)json_object_set_new(o, "evals", evals_json(s));
	set_list(o, "gates", gates_json(s));
	if (s->conf->early)
		set_text(o, "decided",
		    s->decided > 0   ? "passed"
		    : s->decided < 0 ? "failed"
				     : "open");
	(void)json_object_set_new(o, "usage", usage_json(s));
	if (comparison != NULL)
		(void)json_object_set_new(o, "comparison", comparison);
	set_warnings(s, err->msg, o);
	(void)json_object_set_new(o, "times", times_json(s));
	return o;
}

json_t *
summary_json(struct summary *s)
{
	struct err err = {0};

	if (s->json == NULL)
		s->json = make_json(s, &err);
	err_free(&err);
	return json_incref(s->json);
}
