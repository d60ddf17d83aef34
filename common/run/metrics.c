/* Gathers what is counted for a moment and writes it into the store in one go.
 * It refuses to know who reads it there. */
#include "../base/clock.h"
#include "../base/limits.h"
#include "../base/xalloc.h"
#include "../store/store.h"
#include "metrics_int.h"

#include <stdlib.h>
#include <string.h>

enum { GATHER_MS = 100, AT_ONCE = 256 /* counters in one transaction */ };

/* The buckets that OpenTelemetry's conventions advise. */
static const double token_bounds[] = {1, 4, 16, 64, 256, 1024, 4096, 16384,
    65536, 262144, 1048576, 4194304, 16777216, 67108864};
static const double second_bounds[] = {0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64,
    1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92};
static const double first_bounds[] = {0.001, 0.005, 0.01, 0.02, 0.04, 0.06,
    0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10};
_Static_assert(ARRAY_LEN(first_bounds) <= METRIC_BOUNDS, "room for all");

#define BOUNDS(of) (of), ARRAY_LEN(of)
const struct metric_kind metric_kinds[METRIC__MAX] = {
    [METRIC_REQUESTS] = {"agentmark_requests_total", "agentmark.requests",
	"{request}", "Requests by method and status.", NULL, 0},
    [METRIC_RUNS] = {"agentmark_runs_total", "agentmark.runs", "{run}",
	"Prompts that were run, by kind and how they ended.", NULL, 0},
    [METRIC_ROWS] = {"agentmark_rows_total", "agentmark.rows", "{row}",
	"Rows of experiments by how they ended.", NULL, 0},
    [METRIC_ANSWERS] = {"agentmark_kept_answers_total",
	"agentmark.kept_answers", "{question}",
	"Questions that were looked for in the cache, by what was found.", NULL,
	0},
    [METRIC_COST] = {"agentmark_cost_usd_total", "agentmark.cost", "USD",
	"US dollars that calls came to, by model.", NULL, 0},
    [METRIC_DROPPED] = {"agentmark_dropped_total", "agentmark.dropped",
	"{item}", "What could not be delivered, by route.", NULL, 0},
    [METRIC_TOKENS] = {"gen_ai_client_token_usage", "gen_ai.client.token.usage",
	"{token}", "Tokens of a call.", BOUNDS(token_bounds)},
    [METRIC_DURATION] = {"gen_ai_client_operation_duration_seconds",
	"gen_ai.client.operation.duration", "s", "Seconds that a call took.",
	BOUNDS(second_bounds)},
    [METRIC_FIRST_TOKEN] = {"gen_ai_server_time_to_first_token_seconds",
	"gen_ai.server.time_to_first_token", "s",
	"Seconds until an answer began.", BOUNDS(first_bounds)},
};

struct count {
	char *name, *labels;
	double value;
};

struct metrics {
	struct timer timer, push;
	struct count counts[AT_ONCE];
	size_t n;
};

/* --- labels */

static void
add_escaped(struct buf *b, const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '\n')
			buf_adds(b, "\\n");
		else if (*text == '"' || *text == '\\')
			buf_addf(b, "\\%c", *text);
		else
			buf_addc(b, *text);
	}
}

static void
print_labels(struct buf *b, const struct metric_label *labels)
{
	for (; labels->key != NULL; labels++) {
		if (labels->value == NULL)
			continue;
		buf_addf(b, "%s%s=\"", b->len == 0 ? "" : ",", labels->key);
		add_escaped(b, labels->value);
		buf_addc(b, '"');
	}
}

void
metric_le(const struct metric_kind *kind, size_t i, char out[METRIC_LE_LEN])
{
	if (i == kind->n_bounds)
		(void)snprintf(out, METRIC_LE_LEN, "+Inf");
	else
		(void)snprintf(out, METRIC_LE_LEN, "%.15g", kind->bounds[i]);
}

/* --- what waits */

static struct metrics *
metrics_of(struct engine *engine)
{
	if (engine->metrics == NULL)
		engine->metrics = xcalloc(1, sizeof(*engine->metrics));
	return engine->metrics;
}

void
metrics_flush(struct engine *engine)
{
	struct metrics *m = engine->metrics;
	struct store_count counts[AT_ONCE];
	size_t i;

	if (m == NULL)
		return;
	timer_clear(engine->loop, &m->timer);
	for (i = 0; i < m->n; i++)
		counts[i] = (struct store_count){
		    m->counts[i].name, m->counts[i].labels, m->counts[i].value};
	store_count_all(engine->store, counts, m->n);
	for (i = 0; i < m->n; i++) {
		free(m->counts[i].name);
		free(m->counts[i].labels);
	}
	m->n = 0;
}

static void
on_timer(void *arg)
{
	metrics_flush(arg);
}

static void
count(struct engine *engine, const char *name, const char *labels, double value)
{
	struct metrics *m = metrics_of(engine);
	size_t i;

	for (i = 0; i < m->n; i++)
		if (strcmp(m->counts[i].name, name) == 0 &&
		    strcmp(m->counts[i].labels, labels) == 0) {
			m->counts[i].value += value;
			return;
		}
	if (m->n == AT_ONCE)
		metrics_flush(engine);
	m->counts[m->n++] =
	    (struct count){xstrdup(name), xstrdup(labels), value};
	if (!m->timer.set)
		timer_set(engine->loop, &m->timer,
		    loop_now(engine->loop) + GATHER_MS, on_timer, engine);
}

/* A bucket of its own for each value; they are added up when they are read. */
static void
observe(struct engine *engine, const struct metric_kind *kind,
    const struct buf *labels, double value)
{
	char name[128], le[METRIC_LE_LEN];
	struct buf b;
	size_t i = 0;

	while (i < kind->n_bounds && value > kind->bounds[i])
		i++;
	metric_le(kind, i, le);
	buf_init(&b, LIMIT_STORE_TEXT_BYTES);
	buf_addf(&b, "%s%sle=\"%s\"", buf_str(labels),
	    labels->len == 0 ? "" : ",", le);
	(void)snprintf(name, sizeof(name), "%s_bucket", kind->name);
	if (!buf_full(&b))
		count(engine, name, buf_str(&b), 1);
	(void)snprintf(name, sizeof(name), "%s_sum", kind->name);
	count(engine, name, buf_str(labels), value);
	buf_free(&b);
}

void
metric_add(struct engine *engine, enum metric metric,
    const struct metric_label *labels, double value)
{
	const struct metric_kind *kind = &metric_kinds[metric];
	struct buf b;

	if (!engine->settings->metrics)
		return;
	buf_init(&b, LIMIT_STORE_TEXT_BYTES / 2);
	print_labels(&b, labels);
	if (buf_full(&b))
		; /* a model's name that no vendor has */
	else if (kind->bounds == NULL)
		count(engine, kind->name, buf_str(&b), value);
	else
		observe(engine, kind, &b, value);
	buf_free(&b);
}

void
metrics_free(struct engine *engine)
{
	if (engine->metrics == NULL)
		return;
	metrics_flush(engine);
	timer_clear(engine->loop, &engine->metrics->push);
	free(engine->metrics);
	engine->metrics = NULL;
}

/* --- once a minute */

enum { PUSH_MS = 60000, MOMENT_MS = 1000 };

static void
push_later(void *arg)
{
	struct engine *engine = arg;

	metrics_flush(engine);
	metrics_push(engine);
	timer_set(engine->loop, &metrics_of(engine)->push,
	    loop_now(engine->loop) + PUSH_MS, push_later, engine);
}

void
metrics_start(struct engine *engine)
{
	if (metrics_wanted(engine))
		timer_set(engine->loop, &metrics_of(engine)->push,
		    loop_now(engine->loop) + MOMENT_MS, push_later, engine);
}
