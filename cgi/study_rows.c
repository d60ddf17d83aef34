/* What rows say: the statistics of each run, and what a run is compared with.
 * It refuses to know where rows come from. */
#include "study.h"

#include "../common/base/json.h"
#include "../common/run/journal.h"
#include "../common/stat/paired.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int
study_read_data(struct study *s, struct err *err)
{
	int rc = experiment_read(s->arena, s->o.data, &s->experiment, err);

	s->experiment.statistics.repeat = s->experiment.repeat;
	return rc;
}

/* --- one run */

static int
add_rows(struct summary *summary,
    int (*add)(struct summary *, const struct record *, struct err *),
    struct rows *rows, struct err *err)
{
	struct record r;

	for (size_t i = 0; i < rows_n(rows); i++)
		if (rows_get(rows, i, &r, err) == -1 ||
		    add(summary, &r, err) == -1)
			return -1;
	return 0;
}

int
study_add_rows(struct summary *summary, struct rows *rows, struct err *err)
{
	return add_rows(summary, summary_add, rows, err);
}

/* Whom a cell is compared with, or NULL. */
static struct rows *
baseline_of(const struct study *s, const struct cell *cell)
{
	if (s->baseline != NULL)
		return s->baseline;
	return cell != s->cells && s->cells[0].started && s->o.baseline == NULL
		   ? s->cells[0].run.rows
		   : NULL;
}

int
study_begin(struct study *s, struct cell *cell, struct err *err)
{
	struct rows *baseline = baseline_of(s, cell);

	if (cell->run.rows == NULL)
		cell->run.rows = rows_new(err);
	if (cell->run.rows == NULL)
		return -1;
	cell->summary = summary_new(&s->experiment.statistics, NULL);
	if (baseline == NULL)
		return 0;
	return add_rows(cell->summary, summary_baseline, baseline, err);
}

/* Ours is the same as theirs, but that they may know a baseline that we do
 * not. */
void
study_finish(struct study *s, struct cell *cell, const json_t *theirs)
{
	const json_t *gates, *passed;
	size_t doubles = rows_sort(cell->run.rows), i;

	if (doubles > 0)
		(void)json_array_append_new(cell->run.problems,
		    json_sprintf("%zu rows came twice: the last answer counts",
			doubles));
	if (theirs != NULL && json_object_get(theirs, "comparison") != NULL &&
	    s->baseline == NULL)
		cell->run.summary = json_deep_copy(theirs);
	else
		cell->run.summary = summary_json(cell->summary);
	gates = json_object_get(cell->run.summary, "gates");
	for (i = 0; i < json_array_size(gates); i++) {
		passed = json_object_get(json_array_get(gates, i), "passed");
		if (!json_is_true(passed))
			cell->gate_failed = true;
	}
}

/* --- all of them */

/* All p values at once: with many comparisons one looks good by chance. */
struct tests {
	json_t **evals;
	double *p;
	size_t n, cap;
};

static void
collect(struct study *s, struct tests *tests, const json_t *comparison)
{
	const json_t *evals = json_object_get(comparison, "evals"), *p;
	size_t i, n = json_array_size(evals);

	tests->evals = arena_grow(s->arena, tests->evals, tests->n,
	    tests->n + n, sizeof(*tests->evals));
	tests->p = arena_grow(
	    s->arena, tests->p, tests->n, tests->n + n, sizeof(*tests->p));
	for (i = 0; i < n; i++) {
		p = json_object_get(json_array_get(evals, i), "p");
		if (!json_is_number(p))
			continue;
		tests->evals[tests->n] = json_array_get(evals, i);
		tests->p[tests->n++] = json_number_value(p);
	}
}

static double
six_digits(double d)
{
	char text[32];

	(void)snprintf(text, sizeof(text), "%.6g", d);
	return strtod(text, NULL);
}

static void
correct(const struct study *s, json_t *eval, double p)
{
	double difference =
	    json_number_value(json_object_get(eval, "difference"));
	const char *verdict = "unclear";

	if (p < 1 - s->experiment.statistics.confidence)
		verdict = difference > 0 ? "better" : "worse";
	(void)json_object_set_new(eval, "pHolm", json_real(six_digits(p)));
	(void)json_object_set_new(eval, "verdict", json_string(verdict));
}

static void
set_regressed(json_t *comparison)
{
	const json_t *evals = json_object_get(comparison, "evals");
	const char *verdict;
	bool worse = false;

	for (size_t i = 0; i < json_array_size(evals); i++) {
		verdict = json_string_value(
		    json_object_get(json_array_get(evals, i), "verdict"));
		if (verdict != NULL && strcmp(verdict, "worse") == 0)
			worse = true;
	}
	(void)json_object_set_new(comparison, "regressed", json_boolean(worse));
}

static void
note(struct study *s, const struct cell *cell, json_t *comparison)
{
	const char *with = s->baseline_name;
	json_t *item = json_object();

	set_regressed(comparison);
	if (with == NULL)
		with = s->cells[0].run.name;
	(void)json_object_set_new(
	    item, "run", json_string_nocheck(cell->run.name));
	(void)json_object_set_new(item, "baseline", json_string_nocheck(with));
	(void)json_object_update(item, comparison);
	(void)json_array_append_new(s->comparisons, item);
}

void
study_compare(struct study *s)
{
	struct tests tests = {.n = 0};
	json_t *comparison;
	size_t i;

	for (i = 0; i < s->n_cells; i++)
		collect(s, &tests,
		    json_object_get(s->cells[i].run.summary, "comparison"));
	if (s->n_cells > 1 && tests.n > 0) {
		holm(tests.p, tests.n);
		for (i = 0; i < tests.n; i++)
			correct(s, tests.evals[i], tests.p[i]);
	}
	for (i = 0; i < s->n_cells; i++) {
		comparison =
		    json_object_get(s->cells[i].run.summary, "comparison");
		if (comparison != NULL)
			note(s, &s->cells[i], comparison);
	}
}

/* --- runs that are over */

struct reading {
	struct rows *rows;
	json_t *head;
};

static int
take(void *arg, const json_t *line, struct str text, struct err *err)
{
	struct reading *reading = arg;
	const char *type;
	struct record r;
	int rc;

	if (reading->head == NULL) {
		reading->head = json_deep_copy(line);
		return 0;
	}
	rc = rows_take(reading->rows, line, text, &r, err);
	type = json_string_value(json_object_get(line, "type"));
	if (rc == 0 && type != NULL && strcmp(type, "end") == 0)
		(void)json_object_set(
		    reading->head, "end", json_object_get(line, "reason"));
	return rc == -1 ? -1 : 0;
}

int
study_read_run(struct study *s, const char *run, struct rows *rows,
    json_t **head, struct err *err)
{
	struct reading reading = {.rows = rows};
	int rc =
	    journal_read(s->conf->settings.journals, run, take, &reading, err);

	*head = reading.head;
	return rc;
}

/* A journal of this machine, or else one that the endpoint knows. */
int
study_find_baseline(struct study *s, struct err *err)
{
	const char *run = s->o.baseline;
	struct err none = {0};
	json_t *head = NULL;

	if (run == NULL)
		return 0;
	s->baseline_name = run;
	s->baseline = rows_new(err);
	if (s->baseline == NULL)
		return -1;
	if (study_read_run(s, run, s->baseline, &head, &none) == 0) {
		(void)rows_sort(s->baseline);
	} else {
		rows_free(s->baseline);
		s->baseline = NULL;
		if (s->o.url == NULL || !journal_is_id(run))
			err_move(err, &none);
		else
			(void)json_object_set_new(
			    s->o.data, "baseline", json_string(run));
	}
	json_decref(head);
	err_free(&none);
	return err->code == ERR_NONE ? 0 : -1;
}
