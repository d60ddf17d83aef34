/* The status page: what the store knows, as HTML that needs no script, reads
 * well aloud and fits a phone.  It refuses to know who may see it. */
#include "status.h"

#include "../common/base/clock.h"
#include "../common/run/deliver.h"
#include "../common/run/scope.h"
#include "../common/store/store.h"
#include "page.h"
#include "version.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* Runs that are looked at, and shown of each kind. */
enum { LOOK_AT = 1000, SHOW_RUNS = 50, SHOW_EXPERIMENTS = 10 };

static const char head[] = PAGE_HEAD
    "<title>" PROGRAM "</title>\n"
    "<style>\n"
    ":root{color-scheme:light dark;--line:#8886;--dim:#767676;--bad:#b3261e}\n"
    "@media(prefers-color-scheme:dark){:root{--dim:#a0a0a0;--bad:#ff8a80}}\n"
    "body{font:1rem/1.5 system-ui,sans-serif;margin:0 auto;max-width:80rem;"
    "padding:1rem}\n"
    "h1{font-size:1.4rem;margin:0}h2{font-size:1.1rem;margin:2rem 0 .5rem}\n"
    ".dim{color:var(--dim)}.bad{color:var(--bad);font-weight:600}\n"
    ".wide{overflow-x:auto}\n"
    "table{border-collapse:collapse;font-size:.875rem;"
    "font-variant-numeric:tabular-nums}\n"
    "th,td{padding:.25rem .75rem .25rem 0;text-align:left;"
    "vertical-align:top;border-bottom:1px solid var(--line);"
    "white-space:nowrap}\n"
    "td.n,th.n{text-align:right}td.text{white-space:normal;"
    "min-width:16rem;overflow-wrap:anywhere}\n"
    "meter{width:8rem;vertical-align:middle}\n"
    "</style>\n"
    "</head>\n"
    "<body>\n"
    "<header>\n<h1>" PROGRAM " " PACKAGE_VERSION "</h1>\n"
    "<p class=\"dim\">Renders like " TEMPLATEDX ". ";

/* --- cells */

static void
print_moment(struct buf *b, int64_t ms)
{
	time_t seconds = (time_t)(ms / 1000);
	char machine[32] = "", human[32] = "";
	struct tm tm;

	if (gmtime_r(&seconds, &tm) == NULL)
		return;
	(void)strftime(machine, sizeof(machine), "%Y-%m-%dT%H:%M:%SZ", &tm);
	(void)strftime(human, sizeof(human), "%Y-%m-%d %H:%M:%S", &tm);
	buf_addf(b, "<time datetime=\"%s\">%s</time>", machine, human);
}

static void
print_duration(struct buf *b, int64_t ms)
{
	if (ms < 10000)
		buf_addf(b, "%" PRId64 " ms", ms);
	else if (ms < 600 * 1000)
		buf_addf(b, "%.1f s", (double)ms / 1000);
	else
		buf_addf(b, "%" PRId64 " min", ms / 60000);
}

static void
cell_moment(struct buf *b, int64_t ms)
{
	buf_adds(b, "<td>");
	print_moment(b, ms);
	buf_adds(b, "</td>");
}

static void
cell_duration(struct buf *b, int64_t ms)
{
	buf_adds(b, "<td class=\"n\">");
	print_duration(b, ms);
	buf_adds(b, "</td>");
}

static void
cell_status(struct buf *b, const struct store_run *run)
{
	bool good = strcmp(run->status, "ok") == 0 ||
		    strcmp(run->status, "running") == 0;

	page_cell(b, good ? NULL : "bad", run->status);
}

/* --- runs */

struct rows {
	struct buf running, last, experiments;
	size_t n_running, n_last, n_experiments;
};

static bool
is_experiment(const struct store_run *run)
{
	return strcmp(run->kind, "dataset-run") == 0;
}

static void
add_running(struct buf *b, const struct store_run *run)
{
	buf_adds(b, "<tr>");
	cell_moment(b, run->began);
	page_cell(b, NULL, run->kind);
	page_cell(b, NULL, run->name);
	page_cell(b, NULL, run->model);
	page_cell(b, NULL, run->caller);
	cell_duration(b, clock_wall_ms() - run->began);
	page_number(b, "%.0f", (double)run->pid);
	buf_adds(b, "</tr>\n");
}

static void
add_last(struct buf *b, const struct store_run *run)
{
	buf_adds(b, "<tr>");
	cell_moment(b, run->began);
	cell_status(b, run);
	page_cell(b, NULL, run->kind);
	page_cell(b, NULL, run->name);
	page_cell(b, NULL, run->model);
	page_cell(b, NULL, run->caller);
	page_number(b, "%.0f", (double)run->input);
	page_number(b, "%.0f", (double)run->output);
	page_number(b, "%.4f", run->cost);
	cell_duration(b, run->ended - run->began);
	page_cell(b, "text", run->error);
	buf_adds(b, "</tr>\n");
}

static void
add_experiment(struct buf *b, const struct store_run *run)
{
	buf_adds(b, "<tr>");
	cell_moment(b, run->began);
	cell_status(b, run);
	page_cell(b, NULL, run->name);
	page_cell(b, NULL, run->model);
	page_number(b, "%.0f", (double)run->rows);
	page_number(b, "%.0f", (double)run->failed);
	page_number(b, "%.4f", run->cost);
	cell_duration(b, run->ended - run->began);
	page_cell(b, NULL, run->id);
	buf_adds(b, "</tr>\n");
}

static void
add_run(void *arg, const struct store_run *run)
{
	struct rows *rows = arg;

	if (strcmp(run->status, "running") == 0) {
		add_running(&rows->running, run);
		rows->n_running++;
		return;
	}
	if (rows->n_last < SHOW_RUNS) {
		add_last(&rows->last, run);
		rows->n_last++;
	}
	if (is_experiment(run) && rows->n_experiments < SHOW_EXPERIMENTS) {
		add_experiment(&rows->experiments, run);
		rows->n_experiments++;
	}
}

static void
print_rows(struct buf *b, const char *id, const char *title, const char *none,
    const char *const *columns, const struct buf *rows)
{
	buf_addf(b, "<section>\n<h2 id=\"%s\">%s</h2>\n", id, title);
	if (rows->len == 0) {
		buf_addf(b, "<p class=\"dim\">%s</p>\n", none);
	} else {
		page_table(b, id, columns);
		buf_add(b, buf_str(rows), rows->len);
		page_table_end(b);
	}
	buf_adds(b, "</section>\n");
}

static void
print_runs(struct buf *b, struct engine *engine)
{
	static const char *const running[] = {"Began, UTC", "Event", "Name",
	    "Model", "Secret", "#For", "#Process", NULL};
	static const char *const last[] = {"Began, UTC", "Status", "Event",
	    "Name", "Model", "Secret", "#Tokens in", "#Tokens out", "#US$",
	    "#Took", "Error", NULL};
	static const char *const experiments[] = {"Began, UTC", "Status",
	    "Name", "Model", "#Rows", "#Failed", "#US$", "#Took", "Run", NULL};
	struct rows rows = {0};

	buf_init(&rows.running, b->max);
	buf_init(&rows.last, b->max);
	buf_init(&rows.experiments, b->max);
	store_runs(engine->store, LOOK_AT, add_run, &rows);
	print_rows(b, "running", "In progress", "Nothing runs.", running,
	    &rows.running);
	print_rows(
	    b, "last", "Last runs", "Nothing has run yet.", last, &rows.last);
	print_rows(b, "experiments", "Last experiments", "None has run yet.",
	    experiments, &rows.experiments);
	buf_free(&rows.running);
	buf_free(&rows.last);
	buf_free(&rows.experiments);
}

/* --- budgets and deliveries */

static void
add_budget(void *arg, const struct budget_state *state)
{
	struct buf *b = arg;
	double used = state->spent + state->reserved;

	buf_adds(b, "<tr>");
	page_cell(b, NULL, state->secret);
	page_cell(b, NULL, state->period);
	buf_addf(b,
	    "<td><meter min=\"0\" max=\"%.6f\" high=\"%.6f\" "
	    "value=\"%.6f\">%.0f %%</meter></td>",
	    state->most, state->most * 0.8, used,
	    state->most > 0 ? 100 * used / state->most : 100);
	page_number(b, "%.4f", state->spent);
	page_number(b, "%.4f", state->reserved);
	page_number(b, "%.4f", state->most);
	cell_moment(b, state->resets);
	buf_adds(b, "</tr>\n");
}

static void
print_budgets(struct buf *b, struct engine *engine)
{
	static const char *const columns[] = {"Secret", "Period", "Used",
	    "#Spent, US$", "#Held", "#Limit", "Resets, UTC", NULL};
	struct buf rows;

	buf_init(&rows, b->max);
	spend_budgets(engine, add_budget, &rows);
	print_rows(
	    b, "budgets", "Budgets", "No secret has a budget.", columns, &rows);
	buf_free(&rows);
}

static void
print_deliveries(struct buf *b, struct engine *engine)
{
	static const char *const columns[] = {"Route", "#Waiting", NULL};
	const struct settings *s = engine->settings;
	struct buf rows;

	buf_init(&rows, b->max);
	for (size_t i = 0; i < s->n_routes; i++) {
		buf_adds(&rows, "<tr>");
		page_cell(&rows, NULL, s->routes[i]->name);
		page_number(&rows, "%.0f",
		    (double)store_outbox_waiting(
			engine->store, s->routes[i]->name, NULL));
		buf_adds(&rows, "</tr>\n");
	}
	if (rows.len != 0)
		print_rows(b, "deliveries", "Deliveries", "", columns, &rows);
	buf_free(&rows);
}

void
status_page(struct buf *b, struct engine *engine)
{
	buf_adds(b, head);
	buf_adds(b, "As of ");
	print_moment(b, clock_wall_ms());
	buf_adds(b, " UTC, for all processes.</p>\n</header>\n<main>\n");
	if (engine->settings->store == NULL)
		buf_adds(b, "<p class=\"bad\">There is no store: nothing is "
			    "remembered.</p>\n");
	print_runs(b, engine);
	print_budgets(b, engine);
	print_deliveries(b, engine);
	buf_adds(b, "</main>\n</body>\n</html>\n");
}
