/* The rows of a run in its report: how scores are spread, and the rows that
 * failed or scored least, with what was expected and what came.  Looks at each
 * row once.  It refuses to judge. */
#include "report_int.h"

#include "../common/base/html.h"
#include "../common/base/limits.h"
#include "../common/base/xalloc.h"
#include "report_diff.h"
#include "report_svg.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Rows that are shown whole. */
enum { WORST = 10 };

struct low_row {
	size_t place;
	double score; /* the mean of its evals; below all others: it failed */
};

struct spread {
	const struct report_run *run;
	const json_t *names; /* of evals */
	struct svg_histogram *histograms;
	struct low_row worst[WORST];
	size_t n_worst;
};

/* --- one look at all rows */

static double
eval_score(const json_t *eval)
{
	const json_t *score = json_object_get(eval, "score");
	const json_t *passed = json_object_get(eval, "passed");

	if (json_is_number(score))
		return json_number_value(score);
	if (json_is_boolean(passed))
		return json_is_true(passed) ? 1 : 0;
	return (double)NAN;
}

/* The mean, whatever has no score left out; NAN: nothing has one. */
static double
row_score(const struct record *row)
{
	double sum = 0, score;
	size_t n = 0;

	for (size_t i = 0; i < json_array_size(row->evals); i++) {
		score = eval_score(json_array_get(row->evals, i));
		if (isnan(score))
			continue;
		sum += score;
		n++;
	}
	return n > 0 ? sum / (double)n : (double)NAN;
}

/* Kept in order, the lowest first; of equals those that came first. */
static void
keep_low(struct spread *s, size_t place, double score)
{
	size_t at = s->n_worst;

	if (at == WORST && score >= s->worst[WORST - 1].score)
		return;
	if (at < WORST)
		s->n_worst++;
	else
		at--;
	for (; at > 0 && s->worst[at - 1].score > score; at--)
		s->worst[at] = s->worst[at - 1];
	s->worst[at] = (struct low_row){place, score};
}

static void
count_scores(struct spread *s, const struct record *row)
{
	for (size_t i = 0; i < json_array_size(s->names); i++) {
		struct svg_histogram *h = &s->histograms[i];
		double score = eval_score(report_find(row->evals,
		    json_string_value(json_array_get(s->names, i))));

		if (!isnan(score))
			h->counts[svg_bin(h, score)]++;
	}
}

static int
look(struct spread *s, struct err *err)
{
	struct record row;
	double score;

	for (size_t i = 0; i < rows_n(s->run->rows); i++) {
		if (rows_get(s->run->rows, i, &row, err) < 0)
			return -1;
		count_scores(s, &row);
		score = row.failed ? (double)-INFINITY : row_score(&row);
		if (score < 1)
			keep_low(s, i, score);
	}
	return 0;
}

/* --- histograms */

static void
set_axis(struct svg_histogram *h, const json_t *eval)
{
	const json_t *score = json_object_get(eval, "score");
	const json_t *passes = json_object_get(eval, "passes");

	*h = (struct svg_histogram){
	    .from = fmin(0, report_number(score, "min")),
	    .to = fmax(1, report_number(score, "max")),
	    .value = report_number(score, "mean"),
	    .low = report_number(score, "low"),
	    .high = report_number(score, "high"),
	};
	if (score != NULL)
		return;
	h->value = report_number(passes, "rate");
	h->low = report_number(passes, "low");
	h->high = report_number(passes, "high");
}

static void
print_histograms(struct buf *b, struct spread *s)
{
	char text[160];

	for (size_t i = 0; i < json_array_size(s->names); i++) {
		struct svg_histogram *h = &s->histograms[i];

		(void)snprintf(text, sizeof(text),
		    "scores from %.4g to %.4g; mean %.3f, interval %.3f to "
		    "%.3f",
		    h->from, h->to, h->value, h->low, h->high);
		h->text = text;
		buf_adds(b, "<figure>");
		svg_histogram(b, h);
		buf_adds(b, "<figcaption>");
		html_puts(b, json_string_value(json_array_get(s->names, i)));
		buf_adds(b, "</figcaption></figure>\n");
	}
}

/* --- a row in words */

/* A text as it is, anything else as JSON; an end is told of what is long. */
struct shown {
	char *owned;
	struct str text;
	size_t left_out;
};

static struct shown
show(const json_t *value)
{
	struct shown s = {0};

	if (json_is_string(value)) {
		s.text = (struct str){
		    json_string_value(value), json_string_length(value)};
	} else if (value != NULL) {
		s.owned = json_dumps(value, JSON_INDENT(2) | JSON_ENCODE_ANY);
		s.text.p = s.owned;
		s.text.len = s.owned != NULL ? strlen(s.owned) : 0;
	}
	if (s.text.len > LIMIT_REPORT_TEXT_BYTES) {
		s.left_out = s.text.len - LIMIT_REPORT_TEXT_BYTES;
		s.text.len = LIMIT_REPORT_TEXT_BYTES;
	}
	return s;
}

static void
begin_text(struct buf *b, const char *title)
{
	buf_addf(b, "<div class=\"dim\">%s</div>\n<pre>", title);
}

static void
end_text(struct buf *b, size_t left_out)
{
	if (left_out > 0)
		buf_addf(b, "… (%zu bytes more)", left_out);
	buf_adds(b, "</pre>\n");
}

static void
print_text(struct buf *b, const char *title, const json_t *value)
{
	struct shown s = show(value);

	if (value != NULL) {
		begin_text(b, title);
		html_print(b, s.text);
		end_text(b, s.left_out);
	}
	free(s.owned);
}

static void
print_difference(
    struct buf *b, const char *title, const json_t *before, const json_t *after)
{
	struct shown x = show(before), y = show(after);

	begin_text(b, title);
	diff_print(b, x.text, y.text);
	end_text(b, x.left_out + y.left_out);
	free(x.owned);
	free(y.owned);
}

static void
print_eval(struct buf *b, const json_t *eval)
{
	const char *reason = report_text(eval, "reason");
	double score = report_number(eval, "score");
	const json_t *passed = json_object_get(eval, "passed");

	buf_adds(b, "<li><b>");
	html_puts(b, report_text(eval, "name"));
	buf_adds(b, "</b>");
	if (!isnan(score))
		buf_addf(b, " %.4g", score);
	if (json_is_boolean(passed))
		buf_adds(b, json_is_true(passed)
				? " <span class=\"good\">passed</span>"
				: " <span class=\"bad\">failed</span>");
	if (*reason != '\0') {
		buf_adds(b, ": ");
		html_puts(b, reason);
	}
	buf_adds(b, "</li>\n");
}

static void
print_evals(struct buf *b, const json_t *evals)
{
	if (json_array_size(evals) == 0)
		return;
	buf_adds(b, "<ul>\n");
	for (size_t i = 0; i < json_array_size(evals); i++)
		print_eval(b, json_array_get(evals, i));
	buf_adds(b, "</ul>\n");
}

static void
begin_row(struct buf *b, const struct record *row)
{
	buf_addf(b, "<details>\n<summary>Row %" PRId64, row->index);
	if (row->repeat > 0)
		buf_addf(b, ", repeat %" PRId64, row->repeat);
}

static const json_t *
result_of(const struct record *row)
{
	return json_object_get(row->line, "result");
}

static void
print_row(struct buf *b, const struct record *row, double score)
{
	const json_t *result = result_of(row);
	const json_t *expected = json_object_get(result, "expectedOutput");
	const json_t *actual = json_object_get(result, "actualOutput");

	begin_row(b, row);
	if (row->failed)
		buf_adds(b, ": <span class=\"bad\">failed</span>");
	else
		buf_addf(b, ": %.4g", score);
	buf_adds(b, "</summary>\n");
	print_text(b, "Error", json_object_get(row->line, "error"));
	print_text(b, "Input",
	    json_object_get(row->failed ? row->line : result, "input"));
	print_text(b, "Expected", expected);
	print_text(b, "Actual", actual);
	if (expected != NULL && actual != NULL)
		print_difference(
		    b, "From expected to actual", expected, actual);
	print_evals(b, row->evals);
	buf_adds(b, "</details>\n");
}

static int
print_worst(struct buf *b, const struct spread *s, struct err *err)
{
	struct record row;

	if (s->n_worst == 0)
		return 0;
	buf_adds(b, "<h3>Worst rows</h3>\n");
	for (size_t i = 0; i < s->n_worst; i++) {
		if (rows_get(s->run->rows, s->worst[i].place, &row, err) < 0)
			return -1;
		print_row(b, &row, s->worst[i].score);
	}
	return 0;
}

int
report_html_rows(
    struct buf *b, FILE *out, const struct report_run *run, struct err *err)
{
	const json_t *evals = json_object_get(run->summary, "evals");
	struct spread s = {.run = run, .names = rows_evals(run->rows)};
	size_t n = json_array_size(s.names);
	int rc;

	s.histograms = xcalloc(n + 1, sizeof(*s.histograms));
	for (size_t i = 0; i < n; i++)
		set_axis(&s.histograms[i],
		    report_find(
			evals, json_string_value(json_array_get(s.names, i))));
	buf_adds(b, "<section>\n<h2>Rows of ");
	html_puts(b, run->name);
	buf_adds(b, "</h2>\n");
	rc = look(&s, err);
	if (rc == 0) {
		print_histograms(b, &s);
		rc = print_worst(b, &s, err);
	}
	buf_adds(b, "</section>\n");
	free(s.histograms);
	return rc < 0 ? -1 : report_flush(b, out, err);
}

/* --- a row of two runs */

static json_t *
answer(const struct report_run *run, int64_t index, int64_t repeat,
    json_t **input, struct err *err)
{
	struct record row;
	const json_t *result;
	size_t place;

	if (run == NULL)
		return NULL;
	place = rows_find(run->rows, index, repeat);
	if (place == rows_n(run->rows) ||
	    rows_get(run->rows, place, &row, err) < 0)
		return NULL;
	result = result_of(&row);
	if (input != NULL)
		*input = json_incref(json_object_get(result, "input"));
	return json_incref(json_object_get(result, "actualOutput"));
}

int
report_html_pair(struct buf *b, const struct report_run *before,
    const struct report_run *after, const json_t *change, struct err *err)
{
	int64_t index = report_count(change, "index");
	int64_t repeat = report_count(change, "repeat");
	json_t *input = NULL, *was, *is;

	was = answer(before, index, repeat, NULL, err);
	is = answer(after, index, repeat, &input, err);
	begin_row(b, &(struct record){.index = index, .repeat = repeat});
	buf_addf(b, ": %.4g, was %.4g</summary>\n",
	    report_number(change, "after"), report_number(change, "before"));
	print_text(b, "Input", input);
	if (was != NULL && is != NULL)
		print_difference(b, "From before to after", was, is);
	else
		print_text(b, "Answer", is);
	buf_adds(b, "</details>\n");
	json_decref(input);
	json_decref(was);
	json_decref(is);
	return err->code == ERR_NONE ? 0 : -1;
}
