/* Traces as they are recorded: what may be seen, what is too much, links, and
 * what is large. */
#include "../../common/base/json.h"
#include "../../common/base/limits.h"
#include "../../common/run/telemetry.h"
#include "../../common/run/trace_media.h"
#include "../../common/run/trace_root.h"
#include "../../common/run/trace_send.h"
#include "../../common/store/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct fixture {
	struct collector collector;
	struct telemetry telemetry;
	struct settings settings;
	const struct route *routes[1];
	struct engine engine;
	struct arena *arena;
	json_t *spans; /* of what arrived */
};

/* In place of the network. */
static void catch (
    struct delivery *d, struct engine *engine, void *arg, struct str body)
{
	struct fixture *f = arg;
	struct err err = {0};
	struct buf b;

	(void)engine;
	buf_init(&b, body.len + 2);
	buf_addf(&b, "[%.*s]", (int)body.len, body.p);
	json_decref(f->spans);
	f->spans = json_read((struct str){buf_str(&b), b.len}, &err);
	assert_non_null(f->spans);
	buf_free(&b);
	delivery_end(d, DELIVERED_OK, 0, NULL);
}

static void
nothing(struct delivery *d)
{
	(void)d;
}

static void
start(struct fixture *f)
{
	*f = (struct fixture){.collector = {.name = "test", .url = ""}};
	telemetry_routes(&f->collector, "traces", "metrics");
	f->collector.traces.send = catch;
	f->collector.traces.drop = nothing;
	f->collector.traces.arg = f;
	f->telemetry = (struct telemetry){
	    .collectors = &f->collector, .n_collectors = 1, .media_bytes = 40};
	f->settings.telemetry = &f->telemetry;
	f->routes[0] = &f->collector.traces;
	f->engine.settings = &f->settings;
	f->engine.loop = loop_new();
	f->engine.store = store_new(NULL);
	f->arena = arena_new(NULL);
	deliver_configure(&f->engine, f->routes, 1);
}

/* What a collector gets of T. */
static const json_t *
sent(struct fixture *f, struct trace *t)
{
	trace_end(&f->engine, t);
	for (int i = 0; i < 50 && f->spans == NULL; i++)
		loop_turn(f->engine.loop, 100);
	assert_non_null(f->spans);
	return f->spans;
}

static void
stop(struct fixture *f)
{
	traces_free(&f->engine);
	assert_null(f->engine.traces);
	deliver_free(&f->engine);
	store_free(f->engine.store);
	loop_free(f->engine.loop);
	arena_free(f->arena);
	json_decref(f->spans);
}

static struct trace *
new_trace(struct fixture *f)
{
	char id[TRACE_ID_LEN + 1];
	struct trace *t = trace_start(&f->engine, f->arena, "root", id);

	assert_int_equal(strlen(id), TRACE_ID_LEN);
	assert_int_equal(strspn(id, "0123456789abcdef"), TRACE_ID_LEN);
	return t;
}

/* The value of KEY of the span at I, or NULL. */
static const json_t *
attribute(const json_t *spans, size_t i, const char *key)
{
	const json_t *attrs =
	    json_object_get(json_array_get(spans, i), "attributes");
	const json_t *attr;
	size_t n;

	json_array_foreach(attrs, n, attr)
	{
		if (strcmp(json_string_value(json_object_get(attr, "key")),
			key) == 0)
			return json_object_get(attr, "value");
	}
	return NULL;
}

static const char *
text(const json_t *spans, size_t i, const char *key)
{
	return json_string_value(
	    json_object_get(attribute(spans, i, key), "stringValue"));
}

static void
test_nobody(void **state)
{
	struct fixture f;
	char parent[TRACEPARENT_LEN + 1];
	struct trace *t;
	struct span *s;

	(void)state;
	start(&f);
	f.settings.telemetry = NULL;
	t = new_trace(&f);
	assert_null(t);
	s = span_start(trace_root(t), "child");
	assert_null(s);
	span_name(s, "x");
	span_kind(s, OTLP_CLIENT);
	span_string(s, "a", "b");
	span_text(s, "a", STR("b"));
	span_texts(s, "a", "[]");
	span_json(s, "a", NULL);
	span_int(s, "a", 1);
	span_double(s, "a", 1);
	span_bool(s, "a", true);
	span_event(s, "e", NULL, NULL);
	span_fail(s, STR("no"));
	span_link(s, "x");
	assert_false(span_traceparent(s, parent));
	span_end(s);
	trace_end(&f.engine, t);
	assert_null(f.engine.traces);
	stop(&f);
}

static void
test_children(void **state)
{
	struct fixture f;
	char parent[TRACEPARENT_LEN + 1];
	const json_t *spans, *root, *child;
	struct span *s;
	struct trace *t;

	(void)state;
	start(&f);
	t = new_trace(&f);
	s = span_start(trace_root(t), "child");
	assert_true(span_traceparent(s, parent));
	assert_int_equal(strlen(parent), TRACEPARENT_LEN);
	span_string(s, "twice", "first");
	span_string(s, "twice", "last");
	span_text(s, "broken", STR("a\xff\xc3z"));
	span_fail(s, STR("first"));
	span_fail(s, STR("second"));
	span_end(s);
	spans = sent(&f, t);
	assert_int_equal(json_array_size(spans), 2);
	root = json_array_get(spans, 0);
	child = json_array_get(spans, 1);
	assert_string_equal(text(spans, 0, "agentmark.trace_name"), "root");
	assert_string_equal(text(spans, 1, "twice"), "last");
	assert_string_equal(
	    text(spans, 1, "broken"), "a\xef\xbf\xbd\xef\xbf\xbdz");
	assert_string_equal(
	    json_string_value(json_object_get(child, "parentSpanId")),
	    json_string_value(json_object_get(root, "spanId")));
	assert_memory_equal(parent + 3,
	    json_string_value(json_object_get(root, "traceId")), 32);
	assert_memory_equal(parent + 36,
	    json_string_value(json_object_get(child, "spanId")), 16);
	assert_string_equal(json_string_value(json_object_get(
				json_object_get(child, "status"), "message")),
	    "first");
	assert_int_equal(json_integer_value(json_object_get(
			     json_object_get(root, "status"), "code")),
	    OTLP_OK);
	stop(&f);
}

/* More than there may be is left out, and nothing else. */
static void
test_limits(void **state)
{
	struct fixture f;
	char key[LIMIT_SPAN_ATTRS + 10][16];
	const json_t *spans, *child;
	struct span *s;
	struct trace *t;

	(void)state;
	start(&f);
	t = new_trace(&f);
	s = span_start(trace_root(t), "child");
	for (size_t i = 0; i < LIMIT_SPAN_ATTRS + 10; i++) {
		(void)snprintf(key[i], sizeof(key[i]), "k%zu", i);
		span_int(s, key[i], 1);
	}
	for (size_t i = 0; i < LIMIT_SPAN_EVENTS + 10; i++)
		span_event(s, "e", "k", "v");
	for (size_t i = 0; i < LIMIT_TRACE_SPANS; i++)
		span_end(span_start(s, "more"));
	assert_null(span_start(s, "more"));
	spans = sent(&f, t);
	child = json_array_get(spans, 1);
	assert_int_equal(json_array_size(spans), LIMIT_TRACE_SPANS);
	assert_int_equal(json_array_size(json_object_get(child, "attributes")),
	    LIMIT_SPAN_ATTRS);
	assert_int_equal(json_array_size(json_object_get(child, "events")),
	    LIMIT_SPAN_EVENTS);
	stop(&f);
}

static bool
links(const char *traceparent)
{
	const json_t *spans;
	struct fixture f;
	struct trace *t;
	bool there;

	start(&f);
	t = new_trace(&f);
	span_link(trace_root(t), traceparent);
	spans = sent(&f, t);
	there = json_object_get(json_array_get(spans, 0), "links") != NULL;
	stop(&f);
	return there;
}

/* W3C Trace Context, 3.2. */
static void
test_links(void **state)
{
#define TRACE "0af7651916cd43dd8448eb211c80319c"
#define SPAN "b7ad6b7169203331"
	static const char *const good[] = {
	    "00-" TRACE "-" SPAN "-01",
	    "00-" TRACE "-" SPAN "-00",
	    "cc-" TRACE "-" SPAN "-01",
	    "cc-" TRACE "-" SPAN "-01-what-the-future-will-be-like",
	};
	static const char *const bad[] = {
	    NULL,
	    "",
	    "00",
	    "00-" TRACE "-" SPAN "-1",
	    "00-" TRACE "-" SPAN "-01-more",
	    "cc-" TRACE "-" SPAN "-01.more",
	    "ff-" TRACE "-" SPAN "-01",
	    "00-00000000000000000000000000000000-" SPAN "-01",
	    "00-" TRACE "-0000000000000000-01",
	    "00_" TRACE "-" SPAN "-01",
	    "00-" TRACE "_" SPAN "-01",
	    "0x-" TRACE "-" SPAN "-01",
	    "00-" TRACE "-" SPAN "-0x",
	    "00-xaf7651916cd43dd8448eb211c80319c-" SPAN "-01",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		assert_true(links(good[i]));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(links(bad[i]));
}

static void
test_hidden(void **state)
{
	static const struct {
		const char *key;
		bool input;
	} keys[] = {
	    {"agentmark.input", true},
	    {"agentmark.props", true},
	    {"agentmark.dataset_input", true},
	    {"agentmark.dataset_expected_output", true},
	    {"gen_ai.tool.call.arguments", true},
	    {"agentmark.output", false},
	    {"gen_ai.tool.call.result", false},
	    {"agentmark.eval.reason", false},
	};
	const json_t *spans;
	struct fixture f;
	struct trace *t;

	(void)state;
	for (int hide = 0; hide < 4; hide++) {
		start(&f);
		f.telemetry.hide_inputs = (hide & 1) != 0;
		f.telemetry.hide_outputs = (hide & 2) != 0;
		t = new_trace(&f);
		for (size_t i = 0; i < ARRAY_LEN(keys); i++)
			span_string(trace_root(t), keys[i].key, "content");
		span_fail_of(trace_root(t), STR("content"));
		spans = sent(&f, t);
		for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
			bool hidden = keys[i].input ? f.telemetry.hide_inputs
						    : f.telemetry.hide_outputs;

			assert_int_equal(
			    attribute(spans, 0, keys[i].key) == NULL, hidden);
		}
		assert_int_equal(
		    json_object_get(
			json_object_get(json_array_get(spans, 0), "status"),
			"message") == NULL,
		    f.telemetry.hide_outputs);
		stop(&f);
	}
}

static void
strips(const char *from, const char *to)
{
	struct err err = {0};
	json_t *value = json_read((struct str){from, strlen(from)}, &err);
	json_t *stripped = trace_strip(value, 8);
	struct buf b;

	assert_non_null(value);
	buf_init(&b, 1000);
	json_print(&b, stripped);
	assert_string_equal(buf_str(&b), to);
	buf_free(&b);
	json_decref(stripped);
	json_decref(value);
}

static void
test_media(void **state)
{
	(void)state;
	strips("{\"data\":\"iVBORw0K\"}", "{\"data\":\"iVBORw0K\"}");
	strips("{\"data\":\"iVBORw0Kx\"}",
	    "{\"data\":\"[9 bytes of base64 left out]\"}");
	strips("{\"data\":\"iVBORw0K x\"}", "{\"data\":\"iVBORw0K x\"}");
	strips("{\"role\":\"assistant\"}", "{\"role\":\"assistant\"}");
	strips("[{\"base64\":\"iVBORw0Kxx==\",\"mimeType\":\"image/png\"},7]",
	    "[{\"base64\":\"[12 bytes of base64 left out]\","
	    "\"mimeType\":\"image/png\"},7]");
	strips("{\"url\":\"data:image/png;base64,iVBORw0Kxx==\"}",
	    "{\"url\":\"data:image/png;base64,[12 bytes of base64 left "
	    "out]\"}");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_nobody),
	    cmocka_unit_test(test_children),
	    cmocka_unit_test(test_limits),
	    cmocka_unit_test(test_links),
	    cmocka_unit_test(test_hidden),
	    cmocka_unit_test(test_media),
	};

	return cmocka_run_group_tests_name("trace", tests, NULL, NULL);
}
