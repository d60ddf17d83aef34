/* Statistics against worked examples that were published
 * (tests/data/stat/published.jsonl), and summaries: the order of rows, what
 * waits on disk, and what is decided early. */
#include "../../common/base/json.h"
#include "../../common/run/experiment.h"
#include "stat_calls.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static bool
near(const json_t *a, const json_t *b, double within)
{
	if (!json_is_array(b))
		return fabs(json_number_value(a) - json_number_value(b)) <=
		       within;
	for (size_t i = 0; i < json_array_size(b); i++)
		if (!near(json_array_get(a, i), json_array_get(b, i), within))
			return false;
	return json_array_size(a) == json_array_size(b);
}

static void
check_line(const char *text)
{
	struct err err = {0};
	json_t *line = json_read((struct str){text, strlen(text)}, &err);
	json_t *value = line != NULL ? stat_call(line, &err) : NULL;
	char *said;

	if (value == NULL)
		fail_msg("%s: %s", text, err.msg);
	said = json_dumps(value, JSON_ENCODE_ANY);
	if (!near(value, json_object_get(line, "value"),
		json_number_value(json_object_get(line, "within"))))
		fail_msg("%s: %s", text, said);
	free(said);
	json_decref(value);
	json_decref(line);
}

static void
test_published(void **state)
{
	char path[4096], *line = NULL;
	size_t cap = 0, n = 0;
	FILE *f;

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/tests/data/stat/published.jsonl",
	    getenv("srcdir") != NULL ? getenv("srcdir") : ".");
	f = fopen(path, "r");
	assert_non_null(f);
	for (; getline(&line, &cap, f) > 0; n++)
		check_line(line);
	assert_true(n > 30);
	free(line);
	(void)fclose(f);
}

/* --- summaries of rows that are made from their numbers */

struct rows {
	int64_t n, repeat;
	bool clusters;
	bool by_repeat; /* all rows once, then all again */
	bool backwards;
};

static double
score_of(int64_t index, int64_t repeat)
{
	return (double)((index * 7919 + repeat * 104729) % 1009) / 1008;
}

static json_t *
evals_of(double score)
{
	json_t *o = json_object(), *list = json_array();

	(void)json_object_set_new(o, "name", json_string("similar"));
	(void)json_object_set_new(o, "score", json_real(score));
	(void)json_object_set_new(o, "passed", json_boolean(score > 0.3));
	(void)json_array_append_new(list, o);
	return list;
}

static void
add_row(struct summary *s, const struct rows *rows, int64_t at)
{
	struct err err = {0};
	char hash[40], cluster[40];
	struct record r = {
	    .hash = hash, .ms = 10, .input = 1, .output = 1, .cost = 0.1};
	json_t *evals;

	if (rows->backwards)
		at = rows->n * rows->repeat - 1 - at;
	r.index = rows->by_repeat ? at % rows->n : at / rows->repeat;
	r.repeat = rows->by_repeat ? at / rows->n : at % rows->repeat;
	(void)snprintf(hash, sizeof(hash), "%032x", (unsigned)r.index);
	(void)snprintf(
	    cluster, sizeof(cluster), "topic %d", (int)(r.index / 3));
	r.cluster = rows->clusters ? cluster : NULL;
	evals = evals_of(score_of(r.index, r.repeat));
	r.evals = evals;
	if (summary_add(s, &r, &err) < 0)
		fail_msg("%s", err.msg);
	json_decref(evals);
}

static char *
summary_of(const struct rows *rows)
{
	const struct gate gate = {NULL, 0.5, false};
	const struct summary_conf conf = {.confidence = 0.95,
	    .seed = 1,
	    .gates = &gate,
	    .n_gates = 1,
	    .repeat = rows->repeat};
	struct summary *s = summary_new(&conf, NULL);
	json_t *json;
	char *text;

	for (int64_t i = 0; i < rows->n * rows->repeat; i++)
		add_row(s, rows, i);
	json = summary_json(s);
	text = json_dumps(json, 0);
	json_decref(json);
	summary_free(s);
	return text;
}

static void
assert_same(const struct rows *one, const struct rows *two)
{
	char *a = summary_of(one), *b = summary_of(two);

	assert_non_null(strstr(a, "\"rows\""));
	assert_string_equal(a, b);
	free(a);
	free(b);
}

static void
test_order(void **state)
{
	(void)state;
	assert_same(&(struct rows){.n = 300, .repeat = 1},
	    &(struct rows){.n = 300, .repeat = 1, .backwards = true});
	assert_same(&(struct rows){.n = 300, .repeat = 4, .clusters = true},
	    &(struct rows){.n = 300,
		.repeat = 4,
		.clusters = true,
		.by_repeat = true,
		.backwards = true});
}

/* Rows that wait in memory and rows that wait on disk say the same. */
static void
test_disk(void **state)
{
	(void)state;
	assert_same(&(struct rows){.n = 60000, .repeat = 2},
	    &(struct rows){.n = 60000, .repeat = 2, .by_repeat = true});
}

static void
test_refuses(void **state)
{
	const struct summary_conf conf = {.confidence = 0.95};
	struct summary *s = summary_new(&conf, NULL);
	struct record r = {.index = 3, .repeat = 1, .hash = "00"};
	struct err err = {0};

	(void)state;
	assert_int_equal(summary_add(s, &r, &err), -1);
	assert_string_equal(
	    err.msg, "row 3 has repeat 1, and rows run 1 times");
	err_free(&err);
	summary_free(s);
}

/* What a request says reaches the statistics. */
static void
test_request(void **state)
{
	static const char text[] =
	    "{\"repeat\":3,\"summary\":true,\"confidence\":0.9,"
	    "\"gates\":[{\"eval\":\"a\",\"threshold\":0.7,\"rate\":true}]}";
	struct arena *a = arena_new(NULL);
	struct err err = {0};
	json_t *data = json_read(STR(text), &err);
	struct experiment e;

	(void)state;
	assert_int_equal(experiment_read(a, data, &e, &err), 0);
	assert_int_equal(e.statistics.repeat, 3);
	assert_true(e.statistics.confidence == 0.9);
	assert_int_equal(e.statistics.n_gates, 1);
	assert_true(e.statistics.gates[0].rate);
	json_decref(data);
	arena_free(a);
}

/* --- early decisions */

static int
decide(double score, double threshold, unsigned *rows)
{
	const struct gate gate = {"similar", threshold, false};
	const struct summary_conf conf = {
	    .confidence = 0.95, .gates = &gate, .n_gates = 1, .early = true};
	struct summary *s = summary_new(&conf, NULL);
	struct record r = {.hash = "00", .evals = evals_of(score)};
	struct err err = {0};
	double mean = 0, low = 0, high = 0;
	const char *eval;
	int decided;

	for (*rows = 0; *rows < 1000 && summary_decided(s) == 0; ++*rows) {
		r.index = *rows;
		assert_int_equal(summary_add(s, &r, &err), 0);
	}
	decided = summary_decided(s);
	assert_true(summary_glance(s, &eval, &mean, &low, &high));
	assert_string_equal(eval, "similar");
	assert_true(fabs(mean - score) < 1e-9);
	assert_true(low <= score && score <= high && low < high);
	json_decref((json_t *)(uintptr_t)r.evals);
	summary_free(s);
	return decided;
}

static void
test_decides(void **state)
{
	unsigned rows;

	(void)state;
	assert_int_equal(decide(1, 0.9, &rows), 1);
	assert_true(rows > 20 && rows < 80);
	assert_int_equal(decide(0.2, 0.9, &rows), -1);
	assert_true(rows < 20);
	assert_int_equal(decide(0.9, 0.9, &rows), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_published),
	    cmocka_unit_test(test_order),
	    cmocka_unit_test(test_disk),
	    cmocka_unit_test(test_refuses),
	    cmocka_unit_test(test_request),
	    cmocka_unit_test(test_decides),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
