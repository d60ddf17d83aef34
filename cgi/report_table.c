/* The report for a person at a terminal: the numbers of the summary and what
 * they are worth.  It refuses to compute any. */
#include "report_int.h"

#include "../common/base/json.h"
#include "../common/base/limits.h"
#include "../common/base/width.h"
#include "grid.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

enum { ERRORS_SHOWN = 3, ERROR_COLUMNS = 200 };

static struct str
text_str(const json_t *json)
{
	return (struct str){json_string_value(json), json_string_length(json)};
}

/* --- evals and their gates */

static void
passes_cell(struct grid *g, const json_t *passes)
{
	double rate = report_number(passes, "rate");

	if (isnan(rate))
		grid_cell(g, GRID_PLAIN, "-");
	else
		grid_cell(g, GRID_PLAIN, "%.1f%% [%.1f, %.1f]", 100 * rate,
		    100 * report_number(passes, "low"),
		    100 * report_number(passes, "high"));
}

/* A number, with its interval where there is one. */
static void
interval_cell(struct grid *g, const json_t *json, const char *key,
    const char *alone, const char *between)
{
	double value = report_number(json, key),
	       low = report_number(json, "low");

	if (isnan(value))
		grid_cell(g, GRID_PLAIN, "-");
	else if (isnan(low))
		grid_cell(g, GRID_PLAIN, alone, value);
	else
		grid_cell(g, GRID_PLAIN, between, value, low,
		    report_number(json, "high"));
}

static void
gate_cell(struct grid *g, const json_t *gate)
{
	bool passed = json_is_true(json_object_get(gate, "passed"));
	bool rate = strcmp(report_text(gate, "of"), "rate") == 0;
	double threshold = report_number(gate, "threshold");
	const char *sure = "";

	if (json_is_false(json_object_get(gate, "certain")))
		sure = ", not for certain";
	grid_cell(g, passed ? GRID_GOOD : GRID_BAD, ">= %g%s %s%s",
	    rate ? 100 * threshold : threshold, rate ? "%" : "",
	    passed ? "passed" : "failed", sure);
}

/* One line a gate, where an eval has several. */
static void
eval_rows(struct grid *g, const json_t *eval, const json_t *gates)
{
	const char *name = report_text(eval, "name");
	size_t i, n = 0;

	grid_row(g);
	grid_cell(g, GRID_PLAIN, "%s", name);
	grid_cell(g, GRID_PLAIN, "%lld", report_count(eval, "n"));
	passes_cell(g, json_object_get(eval, "passes"));
	interval_cell(g, json_object_get(eval, "score"), "mean", "%.3f",
	    "%.3f [%.3f, %.3f]");
	for (i = 0; i < json_array_size(gates); i++) {
		const json_t *gate = json_array_get(gates, i);

		if (strcmp(report_text(gate, "eval"), name) != 0)
			continue;
		if (n++ > 0) {
			grid_row(g);
			for (int k = 0; k < 4; k++)
				grid_cell(g, GRID_PLAIN, "%s", "");
		}
		gate_cell(g, gate);
	}
}

/* A gate whose eval no row has. */
static void
lonely_gates(struct grid *g, const json_t *gates, const json_t *evals)
{
	for (size_t i = 0; i < json_array_size(gates); i++) {
		const json_t *gate = json_array_get(gates, i);
		const char *name = report_text(gate, "eval");

		if (report_find(evals, name) != NULL)
			continue;
		grid_row(g);
		grid_cell(g, GRID_PLAIN, "%s", *name ? name : "every eval");
		grid_cell(g, GRID_PLAIN, "0");
		grid_cell(g, GRID_PLAIN, "-");
		grid_cell(g, GRID_PLAIN, "-");
		gate_cell(g, gate);
	}
}

static void
put_evals(FILE *out, struct arena *a, const json_t *summary, bool color)
{
	static const char *const heads[] = {
	    "eval", "rows", "passed", "mean score", "gate"};
	const json_t *evals = json_object_get(summary, "evals");
	const json_t *gates = json_object_get(summary, "gates");
	size_t n = ARRAY_LEN(heads) - (json_array_size(gates) == 0);
	struct grid g;

	if (json_array_size(evals) == 0 && json_array_size(gates) == 0)
		return;
	grid_init(&g, a, heads, n);
	for (size_t i = 0; i < json_array_size(evals); i++)
		eval_rows(&g, json_array_get(evals, i), gates);
	lonely_gates(&g, gates, evals);
	(void)fputc('\n', out);
	grid_print(out, &g, color);
	(void)fputc('\n', out);
}

/* --- what it took */

static void
put_usage(FILE *out, const json_t *usage, long long rows)
{
	double cost = report_number(usage, "costUsd");

	if (report_count(usage, "rowsWithoutTokens") < rows)
		(void)fprintf(out, "  tokens: %lld in, %lld out\n",
		    report_count(usage, "inputTokens"),
		    report_count(usage, "outputTokens"));
	if (isnan(cost) || report_count(usage, "rowsWithoutCost") == rows)
		return;
	(void)fprintf(out, "  cost: $%.4f", cost);
	if (!isnan(report_number(usage, "costPerRowUsd")))
		(void)fprintf(out, ", $%.6f a row",
		    report_number(usage, "costPerRowUsd"));
	if (report_count(usage, "rowsWithoutCost") > 0)
		(void)fprintf(out, ", of %lld rows it is not known",
		    report_count(usage, "rowsWithoutCost"));
	(void)fputc('\n', out);
}

static void
put_ms(FILE *out, const char *what, double ms)
{
	if (isnan(ms))
		return;
	if (ms < 1000)
		(void)fprintf(out, " %s %.0f ms", what, ms);
	else
		(void)fprintf(out, " %s %.2f s", what, ms / 1000);
}

static void
put_times(FILE *out, const json_t *times)
{
	if (!isnan(report_number(times, "p50Ms"))) {
		(void)fputs("  latency:", out);
		put_ms(out, "p50", report_number(times, "p50Ms"));
		put_ms(out, "p95", report_number(times, "p95Ms"));
		put_ms(out, "p99", report_number(times, "p99Ms"));
		(void)fputc('\n', out);
	}
	if (report_count(times, "cached") > 0)
		(void)fprintf(out, "  from the cache: %lld rows\n",
		    report_count(times, "cached"));
}

static void
put_line(FILE *out, const char *what, const char *line)
{
	(void)fprintf(out, "  %s: ", what);
	grid_put(out, false, GRID_PLAIN, line);
	(void)fputc('\n', out);
}

static void
put_warnings(FILE *out, const json_t *summary)
{
	const json_t *warnings = json_object_get(summary, "warnings");
	const json_t *gates = json_object_get(summary, "gates");
	const char *warning;
	size_t i;

	for (i = 0; i < json_array_size(warnings); i++) {
		warning = json_string_value(json_array_get(warnings, i));
		if (warning != NULL)
			put_line(out, "warning", warning);
	}
	for (i = 0; i < json_array_size(gates); i++) {
		const json_t *gate = json_array_get(gates, i);

		if (*report_text(gate, "warning") == '\0')
			continue;
		(void)fputs("  warning: ", out);
		grid_put(out, false, GRID_PLAIN, report_text(gate, "eval"));
		(void)fputs(": ", out);
		grid_put(out, false, GRID_PLAIN, report_text(gate, "warning"));
		(void)fputc('\n', out);
	}
}

/* The first rows that failed. */
static int
put_errors(FILE *out, struct rows *rows, struct err *err)
{
	struct record r;
	struct buf b;
	size_t i, n = 0;

	for (i = rows_failed(rows, 0); i < rows_n(rows) && n < ERRORS_SHOWN;
	     i = rows_failed(rows, i + 1), n++) {
		if (rows_get(rows, i, &r, err) == -1)
			return -1;
		buf_init(&b, LIMIT_LINE_BYTES);
		width_fit(&b, text_str(json_object_get(r.line, "error")),
		    ERROR_COLUMNS);
		(void)fprintf(out, "  row %" PRId64 " failed: %s\n", r.index,
		    buf_str(&b));
		buf_free(&b);
	}
	return 0;
}

static void
put_head(FILE *out, const struct report_run *run, bool color)
{
	const json_t *s = run->summary;

	grid_put(out, color, GRID_BOLD, run->name);
	(void)fprintf(out, ": %lld rows", report_count(s, "rows"));
	if (report_count(s, "failed") > 0)
		(void)fprintf(out, ", %lld failed", report_count(s, "failed"));
	if (report_count(s, "repeat") > 1)
		(void)fprintf(
		    out, ", each %lld times", report_count(s, "repeat"));
	(void)fputc('\n', out);
}

static int
put_run(FILE *out, struct arena *a, const struct report_run *run, bool color,
    struct err *err)
{
	put_head(out, run, color);
	put_evals(out, a, run->summary, color);
	put_usage(out, json_object_get(run->summary, "usage"),
	    report_count(run->summary, "rows"));
	put_times(out, json_object_get(run->summary, "times"));
	if (*report_text(run->summary, "decided") != '\0')
		put_line(out, "gates", report_text(run->summary, "decided"));
	put_warnings(out, run->summary);
	if (put_errors(out, run->rows, err) == -1)
		return -1;
	if (run->ended != NULL)
		put_line(out, "ended early", run->ended);
	if (run->run_id != NULL)
		put_line(out, "run", run->run_id);
	return 0;
}

/* --- comparisons */

static void
comparison_row(struct grid *g, const json_t *c, const json_t *eval)
{
	const char *verdict = report_text(eval, "verdict");
	enum grid_style style = GRID_PLAIN;

	if (strcmp(verdict, "better") == 0)
		style = GRID_GOOD;
	else if (strcmp(verdict, "worse") == 0)
		style = GRID_BAD;
	grid_row(g);
	grid_cell(g, GRID_PLAIN, "%s", report_text(c, "run"));
	grid_cell(g, GRID_PLAIN, "%s", report_text(eval, "name"));
	grid_cell(g, GRID_PLAIN, "%lld", report_count(eval, "n"));
	grid_cell(g, GRID_PLAIN, "%.3f", report_number(eval, "before"));
	grid_cell(g, GRID_PLAIN, "%.3f", report_number(eval, "after"));
	interval_cell(g, eval, "difference", "%+.3f", "%+.3f [%+.3f, %+.3f]");
	grid_cell(g, GRID_PLAIN, "%.3g", report_number(eval, "pHolm"));
	grid_cell(g, style, "%s", verdict);
}

static void
put_comparisons(
    FILE *out, struct arena *a, const json_t *comparisons, bool color)
{
	static const char *const heads[] = {"run", "eval", "pairs", "before",
	    "after", "difference", "p (Holm)", "verdict"};
	const json_t *c = json_array_get(comparisons, 0), *evals;
	struct grid g;
	size_t i, k;

	if (c == NULL)
		return;
	(void)fprintf(out, "\ncompared with ");
	grid_put(out, color, GRID_BOLD, report_text(c, "baseline"));
	(void)fputs(", row by row:\n\n", out);
	grid_init(&g, a, heads, ARRAY_LEN(heads));
	for (i = 0; i < json_array_size(comparisons); i++) {
		c = json_array_get(comparisons, i);
		evals = json_object_get(c, "evals");
		for (k = 0; k < json_array_size(evals); k++)
			comparison_row(&g, c, json_array_get(evals, k));
	}
	grid_print(out, &g, color);
}

int
report_table(FILE *out, const struct report *report, struct err *err)
{
	struct arena *a = arena_new(NULL);
	bool color = grid_color(out);
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < report->n; i++) {
		if (i > 0)
			(void)fputc('\n', out);
		rc = put_run(out, a, &report->runs[i], color, err);
	}
	put_comparisons(out, a, report->comparisons, color);
	arena_free(a);
	return rc;
}
