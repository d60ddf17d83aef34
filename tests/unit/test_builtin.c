/* Built-in evals: the cases of tests/data/evals, the published values of text
 * metrics, and what no case of a line can show: long texts, and that the
 * documentation is current. */
#include "../../common/base/err.h"
#include "../../common/base/json.h"
#include "../../common/base/utf.h"
#include "../../common/eval/builtin.h"
#include "../../common/eval/metrics.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static FILE *
open_source(const char *name)
{
	const char *dir = getenv("srcdir");
	char path[4096];
	FILE *f;

	(void)snprintf(
	    path, sizeof(path), "%s/%s", dir != NULL ? dir : ".", name);
	f = fopen(path, "r");
	if (f == NULL)
		fail_msg("%s: cannot be read", path);
	return f;
}

/* Calls CHECK with every line of a file, as JSON; all lines must be right. */
static void
each_line(const char *name, bool (*check)(const json_t *line))
{
	FILE *f = open_source(name);
	size_t cap = 0, n = 0, wrong = 0;
	char *line = NULL;
	ssize_t len;

	while ((len = getline(&line, &cap, f)) > 0) {
		struct err err = {0};
		json_t *json = json_read((struct str){line, (size_t)len}, &err);

		if (json == NULL)
			fail_msg("%s: %s", line, err.msg);
		n++;
		if (!check(json)) {
			wrong++;
			print_error("%s:%zu: %s", name, n, line);
		}
		json_decref(json);
	}
	free(line);
	(void)fclose(f);
	assert_int_equal(wrong, 0);
	assert_true(n > 0);
}

static int64_t
count(const json_t *c, const char *name)
{
	const json_t *value = json_object_get(c, name);

	return value != NULL ? json_integer_value(value) : -1;
}

/* The row that a line describes; keys are those of the wire. */
static struct eval_case
read_case(const json_t *c)
{
	return (struct eval_case){
	    .output = json_object_get(c, "output"),
	    .expected = json_object_get(c, "expectedOutput"),
	    .tool_calls = json_object_get(c, "toolCalls"),
	    .latency_ms = count(c, "latencyMs"),
	    .input_tokens = count(c, "inputTokens"),
	    .output_tokens = count(c, "outputTokens"),
	    .total_tokens = count(c, "totalTokens"),
	};
}

static bool
same_text(const char *got, const json_t *want)
{
	if (json_is_null(want) || got == NULL)
		return got == NULL && json_is_null(want);
	return strcmp(got, json_string_value(want)) == 0;
}

static bool
has_text(const char *name, const char *got, const json_t *want)
{
	const json_t *text = json_object_get(want, name);

	if (text == NULL || same_text(got, text))
		return true;
	print_error("%s: %s\n", name, got != NULL ? got : "(none)");
	return false;
}

/* Only what WANT says is looked at. */
static bool
is_as_wanted(const struct score *got, const json_t *want)
{
	const json_t *score = json_object_get(want, "score");
	const json_t *passed = json_object_get(want, "passed");
	bool ok = true;

	if (score != NULL &&
	    !(fabs(got->score - json_number_value(score)) < 1e-6)) {
		print_error("score: %.12f\n", got->score);
		ok = false;
	}
	if (passed != NULL && got->passed != json_is_true(passed)) {
		print_error("passed: %d\n", got->passed);
		ok = false;
	}
	return has_text("label", got->label, want) &&
	       has_text("reason", got->reason, want) && ok;
}

static const struct builtin *
find(const json_t *line)
{
	const char *name = json_string_value(json_object_get(line, "eval"));
	const struct builtin *b = builtin_find(name);

	if (b == NULL)
		fail_msg("there is no eval %s", name);
	return b;
}

/* {eval, options, case, want}; want.error is the text of an error. */
static bool
check_case(const json_t *line)
{
	const json_t *options = json_object_get(line, "options");
	const json_t *want = json_object_get(line, "want");
	struct eval_case c = read_case(json_object_get(line, "case"));
	const struct builtin *b = find(line);
	struct arena *a = arena_new(NULL);
	struct score score = {0};
	struct err err = {0};
	bool ok;

	if (builtin_check(b, options, &err) != 0)
		fail_msg("%s", err.msg);
	if (b->run(&c, options, a, &score, &err) != 0) {
		ok = json_object_get(want, "error") != NULL &&
		     has_text("error", err.msg, want);
		if (!ok)
			print_error("error: %s\n", err.msg);
	} else {
		ok = json_object_get(want, "error") == NULL &&
		     is_as_wanted(&score, want);
		assert_true(score.score >= 0 && score.score <= 1);
		assert_int_equal(err.code, ERR_NONE);
	}
	err_free(&err);
	arena_free(a);
	return ok;
}

static void
test_text(void **state)
{
	(void)state;
	each_line("tests/data/evals/text.jsonl", check_case);
}

static void
test_json(void **state)
{
	(void)state;
	each_line("tests/data/evals/json.jsonl", check_case);
}

static void
test_numbers(void **state)
{
	(void)state;
	each_line("tests/data/evals/numbers.jsonl", check_case);
}

static void
test_graded(void **state)
{
	(void)state;
	each_line("tests/data/evals/graded.jsonl", check_case);
}

static void
test_tools(void **state)
{
	(void)state;
	each_line("tests/data/evals/tools.jsonl", check_case);
}

/* {eval, options, error}: what builtin_check() says; null: nothing. */
static bool
check_options(const json_t *line)
{
	const json_t *want = json_object_get(line, "error");
	struct err err = {0};
	int ret =
	    builtin_check(find(line), json_object_get(line, "options"), &err);
	bool ok = same_text(err.msg, want) && (ret == 0) == json_is_null(want);

	if (!ok)
		print_error("error: %s\n", ret != 0 ? err.msg : "(none)");
	err_free(&err);
	return ok;
}

static void
test_options(void **state)
{
	(void)state;
	each_line("tests/data/evals/options.jsonl", check_options);
}

/* What was published has fewer digits than our own computation. */
static bool
agrees(const char *published, double score, bool percent)
{
	const char *point = strchr(published, '.');
	size_t digits = point != NULL ? strspn(point + 1, "0123456789") : 0;
	double unit = pow(10, -(double)digits);

	score = percent ? score * 100 : score;
	return fabs(strtod(published, NULL) - score) <=
	       fmax(unit * 1.000001, 1e-12);
}

/* {metric, options, output, expected, score, published, percent, source}. */
static bool
check_metric(const json_t *line)
{
	const char *name = json_string_value(json_object_get(line, "metric"));
	const json_t *published = json_object_get(line, "published");
	const json_t *want = json_object_get(line, "score");
	struct eval_case c = {.output = json_object_get(line, "output"),
	    .expected = json_object_get(line, "expected")};
	const struct builtin *b = builtin_find(name);
	struct arena *a = arena_new(NULL);
	struct score score = {0};
	struct err err = {0};
	bool ok;

	if (b == NULL ||
	    b->run(&c, json_object_get(line, "options"), a, &score, &err) != 0)
		fail_msg("%s: %s", name, err.msg);
	ok = fabs(score.score - json_number_value(want)) < 1e-6;
	if (published != NULL)
		ok = ok && agrees(json_string_value(published), score.score,
			       json_is_true(json_object_get(line, "percent")));
	if (!ok)
		print_error("score: %.12f\n", score.score);
	arena_free(a);
	return ok;
}

static void
test_metrics(void **state)
{
	(void)state;
	each_line("tests/data/evals/metrics.jsonl", check_metric);
}

/* --- what lines do not show */

/* Bit-parallel results against the plain table, for lengths around those of a
 * band. */
static void
plain(struct ids a, struct ids b, size_t *distance, size_t *lcs)
{
	static size_t d[260][260], l[260][260];

	for (size_t i = 0; i <= a.n; i++) {
		for (size_t j = 0; j <= b.n; j++) {
			if (i == 0 || j == 0) {
				d[i][j] = i + j;
				l[i][j] = 0;
			} else if (a.p[i - 1] == b.p[j - 1]) {
				d[i][j] = d[i - 1][j - 1];
				l[i][j] = l[i - 1][j - 1] + 1;
			} else {
				size_t least = d[i - 1][j] < d[i][j - 1]
						   ? d[i - 1][j]
						   : d[i][j - 1];

				if (d[i - 1][j - 1] < least)
					least = d[i - 1][j - 1];
				d[i][j] = least + 1;
				l[i][j] = l[i - 1][j] > l[i][j - 1]
					      ? l[i - 1][j]
					      : l[i][j - 1];
			}
		}
	}
	*distance = d[a.n][b.n];
	*lcs = l[a.n][b.n];
}

static uint32_t
random_next(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 16;
}

static void
test_edits(void **state)
{
	uint32_t seed = 7, a[256], b[256];

	(void)state;
	for (unsigned round = 0; round < 400; round++) {
		size_t steps = 1u << 20, want[2], got[2];
		uint32_t letters = 2 + random_next(&seed) % 6;
		struct ids x = {a, random_next(&seed) % 257};
		struct ids y = {b, random_next(&seed) % 257};

		for (size_t i = 0; i < 256; i++) {
			a[i] = random_next(&seed) % letters;
			b[i] = random_next(&seed) % 4 == 0
				   ? random_next(&seed) % letters
				   : a[i];
		}
		plain(x, y, &want[0], &want[1]);
		assert_true(metric_distance(x, y, &steps, &got[0]));
		assert_true(metric_lcs(x, y, &steps, &got[1]));
		assert_int_equal(got[0], want[0]);
		assert_int_equal(got[1], want[1]);
	}
}

/* LEN bytes of words that FIRST and the place decide. */
static json_t *
long_text(size_t len, uint32_t seed)
{
	char *text = malloc(len + 1);
	json_t *json;

	assert_non_null(text);
	for (size_t i = 0; i < len; i++)
		text[i] =
		    i % 6 == 5 ? ' ' : (char)('a' + random_next(&seed) % 26);
	text[len] = '\0';
	json = json_stringn(text, len);
	free(text);
	return json;
}

static int
run(const char *name, const json_t *output, const json_t *expected,
    const json_t *options, struct score *score, struct err *err)
{
	struct eval_case c = {.output = output, .expected = expected};
	struct arena *a = arena_new(NULL);
	int ret = builtin_find(name)->run(&c, options, a, score, err);

	score->reason = NULL;
	arena_free(a);
	return ret;
}

static const char *const text_metrics[] = {"levenshtein", "rouge_1", "rouge_2",
    "rouge_l", "bleu", "gleu", "chrf", "f1"};

static void
test_long(void **state)
{
	json_t *one = long_text(100000, 1), *other = long_text(100000, 2);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(text_metrics); i++) {
		struct score score = {0};
		struct err err = {0};

		assert_int_equal(
		    run(text_metrics[i], one, other, NULL, &score, &err), 0);
		assert_true(score.score < 0.8);
	}
	json_decref(one);
	json_decref(other);
}

static void
test_too_long(void **state)
{
	json_t *one = long_text(1000000, 1), *other = long_text(1000000, 2);
	json_t *huge = long_text(3000000, 3);
	struct score score = {0};
	struct err err = {0};

	(void)state;
	assert_int_equal(
	    run("levenshtein", one, other, NULL, &score, &err), -1);
	assert_string_equal(
	    err.msg, "the texts are too long to be compared by this metric");
	err_free(&err);
	for (size_t i = 0; i < ARRAY_LEN(text_metrics); i++) {
		err = (struct err){0};
		assert_int_equal(
		    run(text_metrics[i], huge, one, NULL, &score, &err), -1);
		assert_string_equal(err.msg,
		    "a text of 3000000 bytes is too long for this metric "
		    "(limit: 1048576)");
		err_free(&err);
	}
	json_decref(one);
	json_decref(other);
	json_decref(huge);
}

/* Patterns that try for ever, over a text that makes them. */
static void
test_slow_patterns(void **state)
{
	static const char *const patterns[] = {
	    "(a+)+$", "(a|aa)+$", "(?:a*+b)", "^(a?){50}a{50}$", "\\s+$|a+x"};
	size_t len = 200000;
	char *text = malloc(len + 1);
	json_t *output;

	(void)state;
	assert_non_null(text);
	memset(text, 'a', len);
	text[len] = '!';
	output = json_stringn(text, len + 1);
	free(text);
	for (size_t i = 0; i < ARRAY_LEN(patterns); i++) {
		json_t *options = json_pack("{s:s}", "pattern", patterns[i]);
		struct score score = {0};
		struct err err = {0};
		int ret = run("regex", output, NULL, options, &score, &err);

		if (ret != 0)
			assert_string_equal(err.msg,
			    "the pattern takes too long for this output");
		else
			assert_false(score.passed);
		err_free(&err);
		json_decref(options);
	}
	json_decref(output);
}

/* Brackets that never close. */
static void
test_brackets(void **state)
{
	size_t len = 1000000;
	char *text = malloc(len + 1);
	struct score score = {0};
	struct err err = {0};
	json_t *output;

	(void)state;
	assert_non_null(text);
	memset(text, '[', len);
	output = json_stringn(text, len);
	free(text);
	assert_int_equal(
	    run("contains_json", output, NULL, NULL, &score, &err), 0);
	assert_false(score.passed);
	json_decref(output);
}

static void
test_names(void **state)
{
	(void)state;
	for (size_t i = 0; i < n_builtins; i++) {
		assert_ptr_equal(builtin_find(builtins[i].name), &builtins[i]);
		assert_true(strlen(builtins[i].help) > 20);
	}
	assert_null(builtin_find("no_such_eval"));
}

/* docs/evals.md is what the table says. */
static void
test_docs(void **state)
{
	FILE *f = open_source("docs/evals.md");
	struct buf want, got;
	char part[4096];
	size_t n;

	(void)state;
	buf_init(&want, 1u << 20);
	buf_init(&got, 1u << 20);
	while ((n = fread(part, 1, sizeof(part), f)) > 0)
		buf_add(&got, part, n);
	(void)fclose(f);
	builtin_print_docs(&want);
	if (strcmp(buf_str(&want), buf_str(&got)) != 0)
		fail_msg("docs/evals.md is not current: agentmark-fcgi evals");
	buf_free(&want);
	buf_free(&got);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_text),
	    cmocka_unit_test(test_json),
	    cmocka_unit_test(test_numbers),
	    cmocka_unit_test(test_graded),
	    cmocka_unit_test(test_tools),
	    cmocka_unit_test(test_options),
	    cmocka_unit_test(test_metrics),
	    cmocka_unit_test(test_edits),
	    cmocka_unit_test(test_long),
	    cmocka_unit_test(test_too_long),
	    cmocka_unit_test(test_slow_patterns),
	    cmocka_unit_test(test_brackets),
	    cmocka_unit_test(test_names),
	    cmocka_unit_test(test_docs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
