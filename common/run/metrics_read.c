/* Shows what was counted: as Prometheus reads it, and as it is sent by OTLP. It
 * refuses to know how it was counted. */
#include "../base/clock.h"
#include "../base/limits.h"
#include "../base/log.h"
#include "../base/utf.h"
#include "../store/store.h"
#include "metrics_int.h"
#include "telemetry.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

enum { PUSH_MS = 60000, SLACK_MS = 5000, ATTRS = 16 };

/* --- from the store */

/* Counts since when there is something. */
static const char since[] = "agentmark_counting_since_seconds";

/* One line of numbers, of all that the store has. */
struct metric_series {
	const struct metric_kind *kind;
	const char *labels; /* as Prometheus writes them */
	double value;	    /* the sum of a histogram */
	uint64_t counts[METRIC_BOUNDS + 1];
};

struct metric_table {
	struct arena *arena;
	struct metric_series *items;
	size_t n, cap;
	int64_t since; /* ms since 1970; 0: nobody knows */
};

static struct metric_series *
series_of(
    struct metric_table *t, const struct metric_kind *kind, struct str labels)
{
	struct metric_series *s;
	size_t i;

	for (i = t->n; i > 0; i--) {
		s = &t->items[i - 1];
		if (s->kind == kind && strlen(s->labels) == labels.len &&
		    memcmp(s->labels, labels.p, labels.len) == 0)
			return s;
	}
	if (t->n == t->cap) {
		t->cap = 2 * t->cap + 16;
		t->items = arena_grow(
		    t->arena, t->items, t->n, t->cap, sizeof(*t->items));
	}
	s = &t->items[t->n++];
	*s = (struct metric_series){.kind = kind};
	s->labels = arena_strndup(t->arena, labels.p, labels.len);
	return s;
}

static void
take_bucket(struct metric_table *t, const struct metric_kind *kind,
    const char *labels, double value)
{
	const char *le = strstr(labels, "le=\""), *next;
	char bound[METRIC_LE_LEN];
	struct metric_series *s;
	size_t i, len;

	while (le != NULL && (next = strstr(le + 1, "le=\"")) != NULL)
		le = next;
	if (le == NULL)
		return;
	len = (size_t)(le - labels);
	s = series_of(t, kind, (struct str){labels, len > 0 ? len - 1 : 0});
	for (i = 0; i <= kind->n_bounds; i++) {
		metric_le(kind, i, bound);
		if (strncmp(le + 4, bound, strlen(bound)) == 0 &&
		    le[4 + strlen(bound)] == '"')
			s->counts[i] += (uint64_t)value;
	}
}

static void
take(void *arg, const char *name, const char *labels, double value)
{
	struct metric_table *t = arg;
	struct str all = str_from(labels);
	size_t i, len;

	if (strcmp(name, since) == 0)
		t->since = (int64_t)value * 1000;
	for (i = 0; i < METRIC__MAX; i++) {
		const struct metric_kind *kind = &metric_kinds[i];

		len = strlen(kind->name);
		if (strncmp(name, kind->name, len) != 0)
			continue;
		if (kind->bounds == NULL && name[len] == '\0')
			series_of(t, kind, all)->value += value;
		else if (kind->bounds != NULL &&
			 strcmp(name + len, "_sum") == 0)
			series_of(t, kind, all)->value += value;
		else if (kind->bounds != NULL &&
			 strcmp(name + len, "_bucket") == 0)
			take_bucket(t, kind, labels, value);
	}
}

static void
read_all(struct engine *engine, struct metric_table *t)
{
	metrics_flush(engine);
	store_counters(engine->store, take, t);
	if (t->since != 0)
		return;
	t->since = clock_wall_ms() / 1000 * 1000;
	store_count(engine->store, since, "", (double)(t->since / 1000));
}

/* --- for Prometheus */

static void
print_counts(struct buf *b, const struct metric_series *s)
{
	const char *comma = *s->labels != '\0' ? "," : "";
	const char *name = s->kind->name;
	char le[METRIC_LE_LEN];
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i <= s->kind->n_bounds; i++) {
		sum += s->counts[i];
		metric_le(s->kind, i, le);
		buf_addf(b, "%s_bucket{%s%sle=\"%s\"} %" PRIu64 "\n", name,
		    s->labels, comma, le, sum);
	}
	buf_addf(b, "%s_sum{%s} %.15g\n", name, s->labels, s->value);
	buf_addf(b, "%s_count{%s} %" PRIu64 "\n", name, s->labels, sum);
}

static void
print_kind(
    struct buf *b, const struct metric_table *t, const struct metric_kind *kind)
{
	bool told = false;
	size_t i;

	for (i = 0; i < t->n; i++) {
		const struct metric_series *s = &t->items[i];

		if (s->kind != kind)
			continue;
		if (!told)
			buf_addf(b, "# HELP %s %s\n# TYPE %s %s\n", kind->name,
			    kind->help, kind->name,
			    kind->bounds != NULL ? "histogram" : "counter");
		told = true;
		if (kind->bounds != NULL)
			print_counts(b, s);
		else
			buf_addf(b, "%s{%s} %.15g\n", kind->name, s->labels,
			    s->value);
	}
}

void
metrics_print(struct engine *engine, struct buf *b)
{
	struct metric_table t = {.arena = arena_new(NULL)};
	size_t i;

	read_all(engine, &t);
	for (i = 0; i < METRIC__MAX; i++)
		print_kind(b, &t, &metric_kinds[i]);
	arena_free(t.arena);
}

/* --- for collectors */

/* Prometheus's names of labels have no dots. */
static const struct {
	const char *label, *attribute;
} names[] = {
    {"error_type", "error.type"},
    {"gen_ai_operation_name", "gen_ai.operation.name"},
    {"gen_ai_provider_name", "gen_ai.provider.name"},
    {"gen_ai_request_model", "gen_ai.request.model"},
    {"gen_ai_response_finish_reason", "gen_ai.response.finish_reason"},
    {"gen_ai_token_type", "gen_ai.token.type"},
};

static const char *
attribute_name(struct arena *a, struct str label)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(names); i++)
		if (strlen(names[i].label) == label.len &&
		    memcmp(names[i].label, label.p, label.len) == 0)
			return names[i].attribute;
	return arena_strndup(a, label.p, label.len);
}

/* The text up to the quote that ends it; returns what is behind that. */
static const char *
read_text(struct arena *a, const char *p, struct str *out)
{
	char *to = arena_strndup(a, p, strlen(p));
	size_t n = 0;

	for (; *p != '\0' && *p != '"'; p++) {
		if (*p == '\\' && p[1] != '\0')
			to[n++] = *++p == 'n' ? '\n' : *p;
		else
			to[n++] = *p;
	}
	*out = (struct str){to, n};
	return *p == '"' ? p + 1 : p;
}

static void
read_labels(struct arena *a, const char *labels, struct otlp_point *point)
{
	struct otlp_attr *attrs = arena_array(a, ATTRS, sizeof(*attrs));
	const char *p = labels, *equals;

	point->attrs = attrs;
	while (point->n_attrs < ATTRS && (equals = strstr(p, "=\"")) != NULL) {
		struct otlp_attr *attr = &attrs[point->n_attrs++];

		*attr = (struct otlp_attr){.type = OTLP_TEXT};
		attr->key =
		    attribute_name(a, (struct str){p, (size_t)(equals - p)});
		p = read_text(a, equals + 2, &attr->text);
		p += *p == ',';
	}
}

/* In the order of the kinds, so that points of one name stand together. */
static const struct otlp_point *
make_points(const struct metric_table *t)
{
	struct otlp_point *points =
	    arena_array(t->arena, t->n + 1, sizeof(*points));
	size_t i, k, n = 0;

	for (k = 0; k < METRIC__MAX; k++)
		for (i = 0; i < t->n; i++) {
			const struct metric_series *s = &t->items[i];

			if (s->kind != &metric_kinds[k])
				continue;
			points[n] = (struct otlp_point){
			    .name = s->kind->otlp,
			    .unit = s->kind->unit,
			    .value = s->value,
			    .bounds = s->kind->bounds,
			    .counts = s->counts,
			    .n_bounds = s->kind->n_bounds,
			};
			read_labels(t->arena, s->labels, &points[n++]);
		}
	return points;
}

bool
metrics_wanted(const struct engine *engine)
{
	const struct telemetry *conf = engine->settings->telemetry;
	size_t i;

	for (i = 0; conf != NULL && i < conf->n_collectors; i++)
		if (conf->collectors[i].wants_metrics)
			return true;
	return false;
}

static void
send(struct engine *engine, const struct metric_table *t)
{
	const struct telemetry *conf = engine->settings->telemetry;
	const struct otlp_point *points = make_points(t);
	const int64_t ms = 1000000;
	struct buf b;
	size_t i;

	for (i = 0; i < conf->n_collectors; i++) {
		const struct collector *c = &conf->collectors[i];

		if (!c->wants_metrics)
			continue;
		buf_init(&b, LIMIT_STORE_ITEM_BYTES);
		otlp_print_metrics(&b, c->encoding, conf->resource,
		    conf->n_resource, points, t->n, t->since * ms,
		    clock_wall_ns());
		if (!buf_full(&b))
			deliver_put(engine, &c->metrics, NULL, buf_text(&b));
		buf_free(&b);
	}
}

/* One process does it for all. */
void
metrics_push(struct engine *engine)
{
	static const char key[] = "metrics:push";
	struct metric_table t = {0};

	if (store_cooling(engine->store, key) != 0)
		return;
	store_cool(engine->store, key, clock_wall_ms() + PUSH_MS - SLACK_MS);
	t.arena = arena_new(NULL);
	read_all(engine, &t);
	if (t.n != 0)
		send(engine, &t);
	arena_free(t.arena);
}
