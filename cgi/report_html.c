/* The report as one page of HTML without a script and without anything from
 * elsewhere: numbers of the summary, drawn.  It refuses to compute any. */
#include "report_int.h"

#include "../common/base/limits.h"
#include "page.h"
#include "report_svg.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

/* Rows of each eval that are shown as better, and as worse. */
enum { CHANGES = 5 };

static const char head[] = PAGE_HEAD
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src "
    "'none'; style-src 'unsafe-inline'; img-src data:\">\n"
    "<link rel=\"icon\" href=\"data:,\">\n"
    "<style>\n"
    ":root{color-scheme:light dark;--ink:#1b1b1f;--paper:#fff;--dim:#666;"
    "--line:#d5d5da;--bar:#3b6fd4;--band:#3b6fd433;--good:#1a7f37;"
    "--bad:#b3261e;--add:#d7f5df;--cut:#fbdcd9;--mark:#b3261e}\n"
    "@media(prefers-color-scheme:dark){:root{--ink:#e6e6ea;--paper:#131316;"
    "--dim:#a5a5ad;--line:#3a3a42;--bar:#7aa2f7;--band:#7aa2f733;"
    "--good:#6ad08a;--bad:#ff8a80;--add:#123f22;--cut:#4f1a17;"
    "--mark:#ff8a80}}\n"
    "body{font:1rem/1.5 system-ui,sans-serif;color:var(--ink);"
    "background:var(--paper);margin:0 auto;max-width:72rem;padding:1rem}\n"
    "h1{font-size:1.5rem;margin:0}"
    "h2{font-size:1.2rem;margin:2.5rem 0 .5rem;border-bottom:1px solid "
    "var(--line)}"
    "h3{font-size:1rem;margin:1.5rem 0 .25rem}\n"
    ".dim{color:var(--dim)}.good{color:var(--good);font-weight:600}"
    ".bad{color:var(--bad);font-weight:600}.wide{overflow-x:auto}\n"
    "table{border-collapse:collapse;font-size:.9rem;"
    "font-variant-numeric:tabular-nums}\n"
    "th,td{padding:.3rem 1rem .3rem 0;text-align:left;vertical-align:middle;"
    "border-bottom:1px solid var(--line);white-space:nowrap}"
    "td.n,th.n{text-align:right}\n"
    "figure{display:inline-block;margin:.5rem 1.5rem .5rem 0;"
    "max-width:100%}figcaption{font-size:.9rem}\n"
    "svg{max-width:100%;height:auto;vertical-align:middle}"
    "svg text{font-size:11px;fill:var(--dim)}\n"
    ".axis{stroke:var(--line)}.range{stroke:var(--ink);stroke-width:1.5}"
    ".mark{stroke:var(--mark);stroke-dasharray:3 2}.dot{fill:var(--bar)}"
    ".bar{fill:var(--bar)}.band{fill:var(--band)}\n"
    "details{border:1px solid var(--line);border-radius:.4rem;"
    "margin:.4rem 0;padding:.4rem .8rem}summary{cursor:pointer}\n"
    "pre{white-space:pre-wrap;overflow-wrap:anywhere;font-size:.85rem;"
    "margin:.25rem 0 .75rem}"
    "ins{background:var(--add);text-decoration:none}"
    "del{background:var(--cut)}\n"
    "@media print{details{break-inside:avoid}}\n"
    "</style>\n";

double
report_number(const json_t *json, const char *key)
{
	const json_t *value = json_object_get(json, key);

	return json_is_number(value) ? json_number_value(value) : (double)NAN;
}

long long
report_count(const json_t *json, const char *key)
{
	return (long long)json_integer_value(json_object_get(json, key));
}

const char *
report_text(const json_t *json, const char *key)
{
	const char *value = json_string_value(json_object_get(json, key));

	return value != NULL ? value : "";
}

const json_t *
report_find(const json_t *list, const char *name)
{
	for (size_t i = 0; i < json_array_size(list); i++)
		if (strcmp(report_text(json_array_get(list, i), "name"),
			name) == 0)
			return json_array_get(list, i);
	return NULL;
}

int
report_flush(struct buf *b, FILE *out, struct err *err)
{
	size_t n = fwrite(buf_str(b), 1, b->len, out);

	if (n != b->len || ferror(out) != 0)
		return fail(err, ERR_INTERNAL,
		    "the report cannot be written: %s", strerror(errno));
	buf_clear(b);
	return 0;
}

/* --- cells */

/* An estimate with its interval, in numbers and drawn. */
static void
cells_interval(struct buf *b, const json_t *from, double value, double mark,
    double least, double most)
{
	struct svg_interval i = {
	    .from = least,
	    .to = most,
	    .value = value,
	    .low = report_number(from, "low"),
	    .high = report_number(from, "high"),
	    .mark = mark,
	};
	char text[80];

	if (isnan(value)) {
		buf_adds(b, "<td></td><td></td>");
		return;
	}
	if (isnan(i.low))
		(void)snprintf(text, sizeof(text), "%.3f", value);
	else
		(void)snprintf(text, sizeof(text), "%.3f [%.3f, %.3f]", value,
		    i.low, i.high);
	i.text = text;
	buf_addf(b, "<td class=\"n\">%s</td><td>", text);
	svg_interval(b, &i);
	buf_adds(b, "</td>");
}

/* --- sections */

static void
print_names(struct buf *b, const struct report *r)
{
	for (size_t i = 0; i < r->n; i++) {
		if (i > 0)
			buf_adds(b, " · ");
		html_puts(b, r->runs[i].name);
	}
}

static void
print_title(struct buf *b, const struct report *r)
{
	const struct report_run *first = &r->runs[0];

	buf_adds(b, "<title>");
	print_names(b, r);
	buf_adds(b, " – experiment</title>\n</head>\n<body>\n<header>\n<h1>");
	print_names(b, r);
	buf_adds(b, "</h1>\n<p class=\"dim\">");
	if (first->dataset != NULL) {
		buf_adds(b, "Dataset ");
		html_puts(b, first->dataset);
		buf_adds(b, ". ");
	}
	buf_addf(b, "%lld rows%s.</p>\n</header>\n<main>\n",
	    report_count(first->summary, "rows"), r->n > 1 ? " a run" : "");
}

static void
print_problem(struct buf *b, const struct report *r,
    const struct report_run *run, const char *text)
{
	buf_adds(b, "<li class=\"bad\">");
	if (r->n > 1) {
		html_puts(b, run->name);
		buf_adds(b, ": ");
	}
	html_puts(b, text);
	buf_adds(b, "</li>\n");
}

static void
print_problems(struct buf *b, const struct report *r)
{
	char failed[80];

	buf_adds(b, "<ul>\n");
	for (size_t i = 0; i < r->n; i++) {
		const struct report_run *run = &r->runs[i];
		const json_t *lists[] = {
		    run->problems, json_object_get(run->summary, "warnings")};
		long long n = report_count(run->summary, "failed");

		(void)snprintf(failed, sizeof(failed), "%lld row%s failed", n,
		    n == 1 ? "" : "s");
		if (n > 0)
			print_problem(b, r, run, failed);
		for (size_t k = 0; k < ARRAY_LEN(lists); k++)
			for (size_t m = 0; m < json_array_size(lists[k]); m++)
				print_problem(b, r, run,
				    json_string_value(
					json_array_get(lists[k], m)));
	}
	buf_adds(b, "</ul>\n");
}

/* The axis of scores: 0 to 1, or wider where scores are. */
static void
score_axis(const struct report *r, double *least, double *most)
{
	*least = 0;
	*most = 1;
	for (size_t i = 0; i < r->n; i++) {
		const json_t *evals =
		    json_object_get(r->runs[i].summary, "evals");

		for (size_t k = 0; k < json_array_size(evals); k++) {
			const json_t *score =
			    json_object_get(json_array_get(evals, k), "score");

			*least = fmin(*least, report_number(score, "min"));
			*most = fmax(*most, report_number(score, "max"));
		}
	}
}

static void
print_evals(struct buf *b, const struct report *r)
{
	static const char *const titles[] = {
	    "Run", "Eval", "#Rows", "#Mean score", "", "#Pass rate", "", NULL};
	double least, most;

	score_axis(r, &least, &most);
	buf_adds(b, "<section>\n<h2>Scores</h2>\n");
	page_table(b, NULL, titles);
	for (size_t i = 0; i < r->n; i++) {
		const json_t *evals =
		    json_object_get(r->runs[i].summary, "evals");

		for (size_t k = 0; k < json_array_size(evals); k++) {
			const json_t *eval = json_array_get(evals, k);
			const json_t *score = json_object_get(eval, "score");
			const json_t *passes = json_object_get(eval, "passes");

			buf_adds(b, "<tr>");
			page_cell(b, NULL, r->runs[i].name);
			page_cell(b, NULL, report_text(eval, "name"));
			page_number(b, "%.0f", report_number(eval, "n"));
			cells_interval(b, score, report_number(score, "mean"),
			    (double)NAN, least, most);
			cells_interval(b, passes, report_number(passes, "rate"),
			    (double)NAN, 0, 1);
			buf_adds(b, "</tr>\n");
		}
	}
	page_table_end(b);
	buf_adds(b, "</section>\n");
}

static void
print_gate(struct buf *b, const struct report_run *run, const json_t *gate)
{
	bool passed = json_is_true(json_object_get(gate, "passed"));
	bool certain = json_is_true(json_object_get(gate, "certain"));

	buf_adds(b, "<tr>");
	page_cell(b, NULL, run->name);
	page_cell(b, NULL, report_text(gate, "eval"));
	page_cell(b, NULL, report_text(gate, "of"));
	page_cell(b, passed ? "good" : "bad", passed ? "passed" : "failed");
	cells_interval(b, gate, report_number(gate, "value"),
	    report_number(gate, "threshold"), 0, 1);
	page_number(b, "%g", report_number(gate, "threshold"));
	page_number(b, "%.3g", report_number(gate, "pHolm"));
	page_cell(b, NULL, certain ? "certain" : report_text(gate, "warning"));
	buf_adds(b, "</tr>\n");
}

static void
print_gates(struct buf *b, const struct report *r)
{
	static const char *const titles[] = {"Run", "Eval", "Of", "Gate",
	    "#Value", "", "#Threshold", "#p", "", NULL};
	bool any = false;

	for (size_t i = 0; i < r->n; i++) {
		const json_t *gates =
		    json_object_get(r->runs[i].summary, "gates");

		for (size_t k = 0; k < json_array_size(gates); k++) {
			if (!any) {
				buf_adds(b, "<section>\n<h2>Gates</h2>\n");
				page_table(b, NULL, titles);
			}
			any = true;
			print_gate(b, &r->runs[i], json_array_get(gates, k));
		}
	}
	if (!any)
		return;
	page_table_end(b);
	buf_adds(b, "</section>\n");
}

static void
print_usage(struct buf *b, const struct report *r)
{
	static const char *const titles[] = {"Run", "Model", "#Rows", "#Failed",
	    "#Tokens in", "#Tokens out", "#US$", "#US$ a row", "#p50, ms",
	    "#p95, ms", "#p99, ms", NULL};

	buf_adds(b, "<section>\n<h2>Cost and time</h2>\n");
	page_table(b, NULL, titles);
	for (size_t i = 0; i < r->n; i++) {
		const struct report_run *run = &r->runs[i];
		const json_t *usage = json_object_get(run->summary, "usage");
		const json_t *times = json_object_get(run->summary, "times");

		buf_adds(b, "<tr>");
		page_cell(b, NULL, run->name);
		page_cell(b, NULL, run->model);
		page_number(b, "%.0f", report_number(run->summary, "rows"));
		page_number(b, "%.0f", report_number(run->summary, "failed"));
		page_number(b, "%.0f", report_number(usage, "inputTokens"));
		page_number(b, "%.0f", report_number(usage, "outputTokens"));
		page_number(b, "%.4f", report_number(usage, "costUsd"));
		page_number(b, "%.6f", report_number(usage, "costPerRowUsd"));
		page_number(b, "%.0f", report_number(times, "p50Ms"));
		page_number(b, "%.0f", report_number(times, "p95Ms"));
		page_number(b, "%.0f", report_number(times, "p99Ms"));
		buf_adds(b, "</tr>\n");
	}
	page_table_end(b);
	buf_adds(b, "</section>\n");
}

/* --- comparisons */

static const struct report_run *
find_run(const struct report *r, const char *name)
{
	for (size_t i = 0; i < r->n; i++)
		if (strcmp(r->runs[i].name, name) == 0)
			return &r->runs[i];
	return NULL;
}

static double
widest(const json_t *evals)
{
	double most = 0.01;

	for (size_t i = 0; i < json_array_size(evals); i++) {
		const json_t *eval = json_array_get(evals, i);

		most = fmax(most, fabs(report_number(eval, "low")));
		most = fmax(most, fabs(report_number(eval, "high")));
		most = fmax(most, fabs(report_number(eval, "difference")));
	}
	return most;
}

static void
print_difference(struct buf *b, const json_t *eval, double axis)
{
	const char *verdict = report_text(eval, "verdict");

	buf_adds(b, "<tr>");
	page_cell(b, NULL, report_text(eval, "name"));
	page_number(b, "%.0f", report_number(eval, "n"));
	page_number(b, "%.3f", report_number(eval, "before"));
	page_number(b, "%.3f", report_number(eval, "after"));
	cells_interval(
	    b, eval, report_number(eval, "difference"), 0, -axis, axis);
	page_cell(b, NULL, report_text(eval, "test"));
	page_number(b, "%.3g", report_number(eval, "pHolm"));
	if (strcmp(verdict, "unclear") == 0)
		page_cell(b, NULL, verdict);
	else
		page_cell(b, strcmp(verdict, "better") == 0 ? "good" : "bad",
		    verdict);
	buf_adds(b, "</tr>\n");
}

static int
print_changes(struct buf *b, const struct report *r, const json_t *comparison,
    const json_t *eval, const char *which, struct err *err)
{
	const json_t *changes = json_object_get(eval, which);
	const struct report_run *before, *after;

	before = find_run(r, report_text(comparison, "baseline"));
	after = find_run(r, report_text(comparison, "run"));
	if (json_array_size(changes) == 0 || after == NULL)
		return 0;
	buf_adds(b, "<h3>");
	html_puts(b, report_text(eval, "name"));
	buf_addf(b, ": what changed for the %s</h3>\n",
	    strcmp(which, "worst") == 0 ? "worse" : "better");
	for (size_t i = 0; i < json_array_size(changes) && i < CHANGES; i++)
		if (report_html_pair(
			b, before, after, json_array_get(changes, i), err) < 0)
			return -1;
	return 0;
}

static int
print_comparison(struct buf *b, const struct report *r,
    const json_t *comparison, struct err *err)
{
	static const char *const titles[] = {"Eval", "#Pairs", "#Before",
	    "#After", "#Difference", "", "Test", "#p (Holm)", "", NULL};
	const json_t *evals = json_object_get(comparison, "evals");
	double axis = widest(evals);

	buf_adds(b, "<section>\n<h2>");
	html_puts(b, report_text(comparison, "run"));
	buf_adds(b, " against ");
	html_puts(b, report_text(comparison, "baseline"));
	buf_adds(b, "</h2>\n");
	page_table(b, NULL, titles);
	for (size_t i = 0; i < json_array_size(evals); i++)
		print_difference(b, json_array_get(evals, i), axis);
	page_table_end(b);
	for (size_t i = 0; i < json_array_size(evals); i++) {
		const json_t *eval = json_array_get(evals, i);

		if (print_changes(b, r, comparison, eval, "worst", err) < 0 ||
		    print_changes(b, r, comparison, eval, "best", err) < 0)
			return -1;
	}
	buf_adds(b, "</section>\n");
	return 0;
}

static int
print_all(struct buf *b, FILE *out, const struct report *r, struct err *err)
{
	buf_adds(b, head);
	print_title(b, r);
	print_problems(b, r);
	print_evals(b, r);
	print_gates(b, r);
	print_usage(b, r);
	if (report_flush(b, out, err) < 0)
		return -1;
	for (size_t i = 0; i < json_array_size(r->comparisons); i++)
		if (print_comparison(
			b, r, json_array_get(r->comparisons, i), err) < 0 ||
		    report_flush(b, out, err) < 0)
			return -1;
	for (size_t i = 0; i < r->n; i++)
		if (report_html_rows(b, out, &r->runs[i], err) < 0)
			return -1;
	buf_adds(b, "</main>\n</body>\n</html>\n");
	return report_flush(b, out, err);
}

int
report_html(FILE *out, const struct report *r, struct err *err)
{
	struct buf b;
	int rc;

	buf_init(&b, LIMIT_LINE_BYTES);
	rc = print_all(&b, out, r, err);
	buf_free(&b);
	return rc;
}
