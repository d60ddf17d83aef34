/* `experiment --power`: how many rows it takes to see a difference, from what
 * is known of the scores.  It refuses to run anything. */
#include "study.h"

#include "../common/base/json.h"
#include "../common/stat/power.h"
#include "grid.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { COUNTS = 3 };

/* In that order: one run against a number, two runs of the same rows, two of
 * different ones. */
static const char *const heads[] = {"eval", "one run, a threshold",
    "two runs, the same rows", "two runs, other rows"};
static const char *const members[] = {"threshold", "sameRows", "otherRows"};

struct eval {
	const char *name; /* NULL: nothing is known */
	bool rate;	  /* scores are 0 and 1 */
	double mean, sd;
	double rows[COUNTS];
};

/* Without a second run nobody knows how much two of them have in common: as if
 * it were nothing, so that no fewer rows are told than it may take. */
static void
count(struct eval *e, double delta, const struct power *w)
{
	double down = e->mean - delta, up = e->mean + delta;
	double other = down >= 0 ? down : up <= 1 ? up : e->mean < 0.5 ? 1 : 0;
	double changed = e->mean * (1 - other) + other * (1 - e->mean);

	if (e->rate) {
		e->rows[0] = power_rate(w, e->mean, other);
		e->rows[1] = power_paired_rate(w, delta, changed);
		e->rows[2] = power_two_rates(w, e->mean, other);
	} else {
		e->rows[0] = power_mean(w, delta, e->sd);
		e->rows[1] = power_mean(w, delta, sqrt(2) * e->sd);
		e->rows[2] = power_two_means(w, delta, e->sd);
	}
}

/* From what the summary of a run says of an eval; false when it is nothing. */
static bool
read_eval(const json_t *json, struct eval *e)
{
	const json_t *score = json_object_get(json, "score"), *method;
	const json_t *error = json_object_get(score, "standardError");
	double n = json_number_value(json_object_get(score, "n"));

	method = json_object_get(score, "method");
	*e = (struct eval){
	    .name = json_string_value(json_object_get(json, "name")),
	    .rate = method != NULL &&
		    strcmp(json_string_value(method), "wilson") == 0,
	    .mean = json_number_value(json_object_get(score, "mean")),
	    .sd = json_number_value(error) * sqrt(n),
	};
	return e->name != NULL && n >= 2 && json_is_number(error) &&
	       (e->rate || e->sd > 0);
}

static json_t *
to_json(const struct eval *e)
{
	json_t *json = json_object();

	if (e->name != NULL)
		(void)json_object_set_new(
		    json, "name", json_string_nocheck(e->name));
	for (int i = 0; i < COUNTS; i++)
		(void)json_object_set_new(json, members[i],
		    isfinite(e->rows[i]) ? json_real(e->rows[i]) : json_null());
	return json;
}

static json_t *
compute(struct study *s, const json_t *summary)
{
	const double confidence = s->experiment.statistics.confidence;
	const struct power w = {1 - confidence, 0.8};
	const json_t *evals = json_object_get(summary, "evals");
	json_t *list = json_array();
	struct eval e = {.rate = true, .mean = 0.5};

	for (size_t i = 0; i < json_array_size(evals); i++) {
		if (!read_eval(json_array_get(evals, i), &e))
			continue;
		count(&e, s->o.power, &w);
		(void)json_array_append_new(list, to_json(&e));
	}
	if (summary == NULL) {
		count(&e, s->o.power, &w);
		(void)json_array_append_new(list, to_json(&e));
	}
	return json_pack("{s:s,s:f,s:f,s:f,s:o}", "type", "power", "difference",
	    s->o.power, "confidence", confidence, "power", 0.8, "evals", list);
}

static void
print_table(struct study *s, FILE *out, const json_t *power)
{
	const json_t *evals = json_object_get(power, "evals"), *eval, *name;
	struct grid g;

	(void)fprintf(out,
	    "rows to see a difference of %g, at a confidence of %g with a "
	    "chance of 80%%%s:\n\n",
	    s->o.power, s->experiment.statistics.confidence,
	    s->baseline == NULL ? ", where half of them pass" : "");
	grid_init(&g, s->arena, heads, ARRAY_LEN(heads));
	for (size_t i = 0; i < json_array_size(evals); i++) {
		eval = json_array_get(evals, i);
		name = json_object_get(eval, "name");
		grid_row(&g);
		grid_cell(&g, GRID_PLAIN, "%s",
		    name != NULL ? json_string_value(name) : "any");
		for (int k = 0; k < COUNTS; k++) {
			name = json_object_get(eval, members[k]);
			grid_cell(
			    &g, GRID_PLAIN, "%.0f", json_number_value(name));
		}
	}
	grid_print(out, &g, grid_color(out));
}

static void
print(struct study *s, const struct study_output *out, const json_t *power)
{
	struct buf b;

	if (out->format == FORMAT_TABLE) {
		print_table(s, out->file, power);
		return;
	}
	buf_init(&b, LIMIT_LINE_BYTES);
	json_print(&b, power);
	(void)fprintf(out->file, "%s\n", buf_str(&b));
	buf_free(&b);
}

int
study_power(struct study *s, struct err *err)
{
	json_t *summary = NULL, *power;
	struct summary *pilot;

	if (s->baseline != NULL) {
		pilot = summary_new(&s->experiment.statistics, NULL);
		if (study_add_rows(pilot, s->baseline, err) == -1) {
			summary_free(pilot);
			return -1;
		}
		summary = summary_json(pilot);
		summary_free(pilot);
	}
	power = compute(s, summary);
	for (size_t i = 0; i < s->n_outputs; i++)
		print(s, &s->outputs[i], power);
	json_decref(power);
	json_decref(summary);
	return 0;
}
