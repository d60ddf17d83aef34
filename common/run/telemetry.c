/* Sends traces and metrics to collectors by OTLP/HTTP.  It refuses to know what
 * happened that they tell of. */
#include "telemetry.h"

#include "deliver_post.h"

enum {
	TIMEOUT_MS = 10000,
	BATCH_SPANS = 200, /* traces that are sent together */
	DAY_MS = 24 * 3600 * 1000,
	WAITING = 100000 /* traces */
};

/* Pieces of JSON are put together with commas, those of protobuf as they are.
 */
static void
join_json(struct buf *to, struct str body, bool first)
{
	if (!first)
		buf_addc(to, ',');
	buf_add(to, body.p, body.len);
}

static void
join_protobuf(struct buf *to, struct str body, bool first)
{
	(void)first;
	buf_add(to, body.p, body.len);
}

static const char *
content_type(const struct collector *c)
{
	return c->encoding == OTLP_JSON ? "application/json"
					: "application/x-protobuf";
}

static void
free_buf(void *b)
{
	buf_free(b);
}

static void
post(struct delivery *d, struct engine *engine, const struct collector *c,
    const char *path, struct str body)
{
	const struct delivery_post what = {
	    .url = arena_printf(delivery_arena(d), "%s%s", c->url, path),
	    .type = content_type(c),
	    .headers = c->headers,
	    .body = body,
	    .gzip = c->gzip,
	    .timeout_ms = TIMEOUT_MS,
	};

	delivery_post(d, engine, &what);
}

static void
send_traces(
    struct delivery *d, struct engine *engine, void *arg, struct str spans)
{
	const struct telemetry *t = engine->settings->telemetry;
	const struct collector *c = arg;
	struct buf *b = arena_alloc(delivery_arena(d), sizeof(*b));

	buf_init(b, spans.len + 64 * 1024);
	arena_on_free(delivery_arena(d), free_buf, b);
	otlp_print_traces(b, c->encoding, t->resource, t->n_resource, spans);
	post(d, engine, c, "/v1/traces", buf_text(b));
}

/* A request that is whole already. */
static void
send_metrics(
    struct delivery *d, struct engine *engine, void *arg, struct str body)
{
	post(d, engine, arg, "/v1/metrics", body);
}

void
telemetry_routes(struct collector *c, const char *traces, const char *metrics)
{
	c->traces = (struct route){
	    .name = traces,
	    .send = send_traces,
	    .drop = delivery_post_drop,
	    .arg = c,
	    .state_size = delivery_posting_size,
	    .timeout_ms = TIMEOUT_MS,
	    .max_age_ms = DAY_MS,
	    .most = WAITING,
	    .batch = BATCH_SPANS,
	    .join = c->encoding == OTLP_JSON ? join_json : join_protobuf,
	};
	c->metrics = c->traces;
	c->metrics.name = metrics;
	c->metrics.send = send_metrics;
	c->metrics.max_age_ms = 2 * TIMEOUT_MS;
	c->metrics.batch = 1;
	c->metrics.join = NULL;
}
