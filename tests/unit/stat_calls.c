/* What common/stat and the summary of an experiment say, asked for in JSON. */
#include "stat_calls.h"

#include "../../common/base/json.h"
#include "../../common/base/xalloc.h"
#include "../../common/run/summary.h"
#include "../../common/stat/bootstrap.h"
#include "../../common/stat/dist.h"
#include "../../common/stat/paired.h"
#include "../../common/stat/pass_k.h"
#include "../../common/stat/power.h"
#include "../../common/stat/quantile.h"
#include "../../common/stat/sequence.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What a function is given: numbers, or lists of numbers. */
struct args {
	const json_t *list;
};

static double
num(const struct args *a, size_t i)
{
	return json_number_value(json_array_get(a->list, i));
}

static uint64_t
whole(const struct args *a, size_t i)
{
	return (uint64_t)num(a, i);
}

static size_t
length(const struct args *a, size_t i)
{
	return json_array_size(json_array_get(a->list, i));
}

static double
at(const struct args *a, size_t i, size_t k)
{
	return json_number_value(json_array_get(json_array_get(a->list, i), k));
}

static json_t *
number(double x)
{
	if (isfinite(x))
		return json_real(x);
	return isnan(x) ? json_null() : json_string(x > 0 ? "inf" : "-inf");
}

static json_t *
pair(double low, double high)
{
	json_t *list = json_array();

	(void)json_array_append_new(list, number(low));
	(void)json_array_append_new(list, number(high));
	return list;
}

/* --- the functions */

static json_t *
f_sum(const struct args *a)
{
	struct sum s = {0};

	for (size_t i = 0; i < length(a, 0); i++)
		sum_add(&s, at(a, 0, i));
	return number(sum_value(&s));
}

static json_t *
f_wilson(const struct args *a)
{
	struct interval i = interval_wilson(
	    num(a, 0), num(a, 1), normal_quantile(1 - (1 - num(a, 2)) / 2));

	return pair(i.low, i.high);
}

/* [sums, sizes, …] */
static struct sample
sample_of(const struct args *a)
{
	struct sample s = {0};

	for (size_t i = 0; i < length(a, 0); i++)
		sample_add(&s, at(a, 0, i), (uint64_t)at(a, 1, i));
	return s;
}

static struct unit *
units_of(const struct args *a)
{
	size_t n = length(a, 0);
	struct unit *u = xcalloc(n + 1, sizeof(*u));

	for (size_t i = 0; i < n; i++)
		u[i] = (struct unit){at(a, 0, i), at(a, 1, i)};
	return u;
}

static json_t *
f_se(const struct args *a)
{
	struct sample s = sample_of(a);

	return number(sample_se(&s));
}

static json_t *
f_interval_mean(const struct args *a)
{
	struct sample s = sample_of(a);
	struct interval i = interval_mean(&s, num(a, 2), num(a, 3) != 0);

	return pair(i.low, i.high);
}

static json_t *
f_interval_rate(const struct args *a)
{
	struct sample s = sample_of(a);
	struct interval i = interval_rate(&s, num(a, 2));

	return pair(i.low, i.high);
}

static json_t *
f_p_mean(const struct args *a)
{
	struct sample s = sample_of(a);

	return number(p_mean(&s, num(a, 2), num(a, 3) != 0));
}

static json_t *
f_p_rate(const struct args *a)
{
	struct sample s = sample_of(a);

	return number(p_rate(&s, num(a, 2)));
}

static json_t *
f_bootstrap(const struct args *a)
{
	struct unit *u = units_of(a);
	struct interval i =
	    bootstrap_mean(u, length(a, 0), num(a, 2), whole(a, 3));

	free(u);
	return pair(i.low, i.high);
}

static json_t *
f_flip(const struct args *a)
{
	struct unit *u = units_of(a);
	double p = flip_p(u, length(a, 0), whole(a, 2));

	free(u);
	return number(p);
}

static json_t *
f_flip_many(const struct args *a)
{
	return number(flip_p_many(num(a, 0), num(a, 1)));
}

static json_t *
f_mcnemar(const struct args *a)
{
	return number(mcnemar_p(whole(a, 0), whole(a, 1)));
}

static json_t *
f_holm(const struct args *a)
{
	size_t n = length(a, 0);
	double *p = xcalloc(n + 1, sizeof(*p));
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		p[i] = at(a, 0, i);
	holm(p, n);
	for (size_t i = 0; i < n; i++)
		(void)json_array_append_new(list, number(p[i]));
	free(p);
	return list;
}

static json_t *
f_normal_cdf(const struct args *a)
{
	return number(normal_cdf(num(a, 0)));
}

static json_t *
f_normal_quantile(const struct args *a)
{
	return number(normal_quantile(num(a, 0)));
}

static json_t *
f_t_cdf(const struct args *a)
{
	return number(t_cdf(num(a, 0), num(a, 1)));
}

static json_t *
f_t_quantile(const struct args *a)
{
	return number(t_quantile(num(a, 0), num(a, 1)));
}

static json_t *
f_beta_inc(const struct args *a)
{
	return number(beta_inc(num(a, 0), num(a, 1), num(a, 2)));
}

static json_t *
f_binomial_cdf(const struct args *a)
{
	return number(binomial_cdf(num(a, 0), num(a, 1), num(a, 2)));
}

static json_t *
f_pass_at_k(const struct args *a)
{
	return number(pass_at_k(whole(a, 0), whole(a, 1), whole(a, 2)));
}

static json_t *
f_pass_hat_k(const struct args *a)
{
	return number(pass_hat_k(whole(a, 0), whole(a, 1), whole(a, 2)));
}

static json_t *
f_quantile(const struct args *a)
{
	struct quantile *q = xcalloc(1, sizeof(*q));
	double x;

	for (size_t i = 0; i < length(a, 0); i++)
		quantile_add(q, (uint64_t)at(a, 0, i));
	x = quantile_at(q, num(a, 1));
	free(q);
	return number(x);
}

/* [values, alpha] */
static json_t *
f_sequence(const struct args *a)
{
	struct sequence_interval q = {0};

	for (size_t i = 0; i < length(a, 0); i++)
		sequence_interval_add(&q, at(a, 0, i), num(a, 1));
	return pair(q.low, q.high);
}

/* [values, threshold] */
static json_t *
f_bet(const struct args *a)
{
	struct sequence_bet q = {0};

	for (size_t i = 0; i < length(a, 0); i++)
		sequence_bet_add(&q, at(a, 0, i), num(a, 1));
	return pair(q.above, q.below);
}

/* [kind, alpha, power, numbers…] */
static json_t *
f_power(const struct args *a)
{
	static const struct {
		const char *name;
		double (*fn)(const struct power *, double, double);
	} kinds[] = {
	    {"mean", power_mean},
	    {"rate", power_rate},
	    {"paired mean", power_mean},
	    {"paired rate", power_paired_rate},
	    {"two means", power_two_means},
	    {"two rates", power_two_rates},
	};
	const char *name = json_string_value(json_array_get(a->list, 0));
	struct power w = {num(a, 1), num(a, 2)};

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (name != NULL && strcmp(kinds[i].name, name) == 0)
			return number(kinds[i].fn(&w, num(a, 3), num(a, 4)));
	return json_null();
}

/* --- summaries */

static int64_t
int_or(const json_t *o, const char *key, int64_t otherwise)
{
	const json_t *x = json_object_get(o, key);

	return json_is_integer(x) ? json_integer_value(x) : otherwise;
}

static double
real_or(const json_t *o, const char *key, double otherwise)
{
	const json_t *x = json_object_get(o, key);

	return json_is_number(x) ? json_number_value(x) : otherwise;
}

static struct record
record_of(const json_t *o)
{
	return (struct record){.index = int_or(o, "index", 0),
	    .repeat = int_or(o, "repeat", 0),
	    .hash = json_string_value(json_object_get(o, "hash")),
	    .cluster = json_string_value(json_object_get(o, "cluster")),
	    .failed = json_is_true(json_object_get(o, "failed")),
	    .cached = json_is_true(json_object_get(o, "cached")),
	    .ms = int_or(o, "ms", -1),
	    .input = int_or(o, "inputTokens", -1),
	    .output = int_or(o, "outputTokens", -1),
	    .cost = real_or(o, "costUsd", NAN),
	    .evals = json_object_get(o, "evals")};
}

static int
put_all(struct summary *s, const json_t *rows, struct err *err,
    int (*put)(struct summary *, const struct record *, struct err *))
{
	for (size_t i = 0; i < json_array_size(rows); i++) {
		struct record r = record_of(json_array_get(rows, i));

		if (r.hash == NULL)
			return fail(err, ERR_REQUEST, "row %zu has no hash", i);
		if (put(s, &r, err) < 0)
			return -1;
	}
	return 0;
}

static json_t *
summarise(const json_t *line, struct err *err)
{
	const json_t *c = json_object_get(line, "conf"), *list;
	struct gate gates[16];
	struct summary_conf conf = {.confidence = real_or(c, "confidence", .95),
	    .seed = (uint64_t)int_or(c, "seed", 1),
	    .gates = gates,
	    .early = json_is_true(json_object_get(c, "early")),
	    .repeat = int_or(c, "repeat", 1)};
	struct summary *s;
	json_t *out = NULL;

	list = json_object_get(c, "gates");
	for (size_t i = 0; i < json_array_size(list) && i < 16; i++) {
		const json_t *g = json_array_get(list, i);

		gates[conf.n_gates++] =
		    (struct gate){json_string_value(json_object_get(g, "eval")),
			real_or(g, "threshold", 0.5),
			json_is_true(json_object_get(g, "rate"))};
	}
	s = summary_new(&conf, NULL);
	if (put_all(s, json_object_get(line, "baseline"), err,
		summary_baseline) == 0 &&
	    put_all(s, json_object_get(line, "rows"), err, summary_add) == 0)
		out = summary_json(s);
	summary_free(s);
	return out;
}

/* --- lines */

json_t *
stat_call(const json_t *line, struct err *err)
{
	static const struct {
		const char *name;
		json_t *(*fn)(const struct args *);
	} table[] = {
	    {"sum", f_sum},
	    {"wilson", f_wilson},
	    {"se", f_se},
	    {"intervalMean", f_interval_mean},
	    {"intervalRate", f_interval_rate},
	    {"pMean", f_p_mean},
	    {"pRate", f_p_rate},
	    {"bootstrap", f_bootstrap},
	    {"flip", f_flip},
	    {"flipMany", f_flip_many},
	    {"mcnemar", f_mcnemar},
	    {"holm", f_holm},
	    {"normalCdf", f_normal_cdf},
	    {"normalQuantile", f_normal_quantile},
	    {"tCdf", f_t_cdf},
	    {"tQuantile", f_t_quantile},
	    {"betaInc", f_beta_inc},
	    {"binomialCdf", f_binomial_cdf},
	    {"passAtK", f_pass_at_k},
	    {"passHatK", f_pass_hat_k},
	    {"quantile", f_quantile},
	    {"sequence", f_sequence},
	    {"bet", f_bet},
	    {"power", f_power},
	};
	const char *f = json_string_value(json_object_get(line, "f"));
	struct args args = {json_object_get(line, "args")};

	if (f != NULL && strcmp(f, "summary") == 0)
		return summarise(line, err);
	for (size_t i = 0; f != NULL && i < ARRAY_LEN(table); i++)
		if (strcmp(table[i].name, f) == 0)
			return table[i].fn(&args);
	(void)fail(
	    err, ERR_REQUEST, "no such function: %s", f != NULL ? f : "");
	return NULL;
}
