/* The replaying of transcripts.  It knows no vendor. */
#include "transcript.h"

#include "../../common/base/json.h"
#include "../../common/base/limits.h"
#include "../../common/base/utf.h"
#include "../../common/base/xalloc.h"
#include "../../common/provider/quirk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void
each_file(const struct transcripts *t, const char *kind, const char *suffix,
    void (*fn)(const struct transcripts *t, const char *name))
{
	struct arena *a = arena_new(NULL);
	const char **names = transcript_names(a, t, kind, suffix);
	size_t i;

	assert_non_null(names[0]);
	for (i = 0; names[i] != NULL; i++)
		fn(t, names[i]);
	arena_free(a);
}

/* --- what comes out */

struct record {
	struct sink sink;
	struct buf lines;
};

static json_t *
usage_json(const struct usage *u)
{
	const struct {
		const char *key;
		int64_t n;
	} all[] = {
	    {"input", u->input},
	    {"output", u->output},
	    {"total", u->total},
	    {"cached", u->cached},
	    {"reasoning", u->reasoning},
	};
	json_t *out = json_object();
	size_t i;

	for (i = 0; i < ARRAY_LEN(all); i++)
		json_object_set_new(out, all[i].key, json_integer(all[i].n));
	return out;
}

static json_t *
tool_json(const struct event *ev)
{
	json_t *out = json_object();

	json_set_str(out, "id", ev->tool.id);
	json_set_str(out, "name", ev->tool.name);
	json_object_set(out, ev->tool.is_error ? "badArgs" : "args",
	    (json_t *)ev->tool.value);
	if (ev->tool.keep != NULL)
		json_object_set(out, "keep", (json_t *)ev->tool.keep);
	return out;
}

static json_t *
result_json(const struct event *ev)
{
	json_t *out = json_object();

	json_set_str(out, "id", ev->tool.id);
	json_set_str(out, "name", ev->tool.name);
	json_object_set(out, "result", (json_t *)ev->tool.value);
	if (ev->tool.is_error)
		json_object_set_new(out, "isError", json_true());
	return out;
}

static void
on_event(struct sink *self, const struct event *ev)
{
	struct record *r = (struct record *)self;
	json_t *line = json_object();

	if (ev->type == EVENT_TEXT_DELTA)
		json_set_str(line, "text", ev->text);
	else if (ev->type == EVENT_REASONING_DELTA)
		json_set_str(line, "reasoning", ev->text);
	else if (ev->type == EVENT_ERROR)
		json_set_str(line, "error", ev->text);
	else if (ev->type == EVENT_TOOL_CALL)
		json_object_set_new(line, "toolCall", tool_json(ev));
	else if (ev->type == EVENT_TOOL_RESULT)
		json_object_set_new(line, "toolResult", result_json(ev));
	else if (ev->type == EVENT_OBJECT_DELTA)
		json_object_set(line, "object", (json_t *)ev->object);
	else if (ev->type == EVENT_OBJECT_FINAL)
		json_object_set(line, "final", (json_t *)ev->object);
	if (ev->type == EVENT_FINISH) {
		json_object_set_new(line, "finish",
		    json_string(finish_name(ev->finish.reason)));
		json_object_set_new(
		    line, "usage", usage_json(&ev->finish.usage));
	}
	json_print(&r->lines, line);
	buf_addc(&r->lines, '\n');
	json_decref(line);
}

/* --- one call */

struct run {
	const struct driver *driver;
	struct call *call;
	struct guard guard;
	struct record record;
	struct err err;
};

static void
run_begin(struct run *r, struct arena *a, const struct ask *ask)
{
	*r = (struct run){
	    .driver = ask->provider->driver,
	    .record.sink.event = on_event,
	};
	buf_init(&r->record.lines, LIMIT_LINE_BYTES);
	guard_init(&r->guard, &r->record.sink, ask->kind, ask->stream);
	r->call = driver_call(a, ask, &r->guard.sink);
}

static void
run_start(struct run *r, struct arena *a, const struct transcripts *t,
    const char *name, bool stream)
{
	struct provider vendor = {
	    .name = "vendor",
	    .driver = t->driver,
	    .base_url = t->base_url,
	    .api_key = t->key,
	};
	static const struct tool_decl tool = {.name = "get_weather"};
	struct ask ask = {
	    .provider = arena_dup(a, &vendor, sizeof(vendor)),
	    .model = "m",
	    .kind =
		strstr(name, "object") != NULL ? PROMPT_OBJECT : PROMPT_TEXT,
	    .stream = stream,
	    .tools = &tool,
	    .n_tools = strstr(name, "tool") != NULL,
	};

	run_begin(r, a, &ask);
}

/* What the runner does with an error of a driver. */
static void
run_fail(struct run *r)
{
	assert_int_not_equal(r->err.code, ERR_NONE);
	guard_fail(&r->guard, str_from(r->err.msg));
	err_free(&r->err);
}

static void
run_end(struct run *r, bool cut)
{
	if (!r->guard.done && driver_end(r->call, cut, &r->err) < 0)
		run_fail(r);
	assert_true(r->guard.done);
}

static void
run_free(struct run *r)
{
	guard_free(&r->guard);
	buf_free(&r->record.lines);
}

static int
on_frame(void *arg, struct str event, struct str data)
{
	struct run *r = arg;

	return driver_frame(r->call, event, data, &r->err);
}

/* Feeds TEXT in pieces of SIZE bytes, each in memory of its own so that a
 * reader beyond its end is found. */
static void
run_stream(
    struct run *r, enum frame_kind kind, struct str text, size_t size, bool cut)
{
	struct err err = {0};
	struct frame frame;
	size_t at, n;
	int rc = 0;
	char *piece;

	frame_init(&frame, kind, LIMIT_FRAME_BYTES);
	for (at = 0; at < text.len && rc == 0; at += n) {
		n = text.len - at < size ? text.len - at : size;
		piece = xmalloc(n);
		memcpy(piece, text.p + at, n);
		rc = frame_feed(
		    &frame, (struct str){piece, n}, on_frame, r, &err);
		free(piece);
	}
	if (rc == 0 && !cut)
		rc = frame_end(&frame, on_frame, r, &err);
	frame_free(&frame);
	assert_int_equal(err.code, ERR_NONE);
	if (rc != 0)
		run_fail(r);
	run_end(r, cut);
}

static void
run_body(struct run *r, struct str text)
{
	if (r->driver->body(r->call, text, &r->err) < 0)
		run_fail(r);
	assert_true(r->guard.done);
}

/* --- the cases */

/* The same lines, printed as the record prints them. */
static void
expected(struct arena *a, const struct transcripts *t, const char *name,
    struct buf *out)
{
	json_t *events = transcript_events(a, t, name);
	size_t i;

	buf_init(out, LIMIT_LINE_BYTES);
	for (i = 0; i < json_array_size(events); i++) {
		json_print(out, json_array_get(events, i));
		buf_addc(out, '\n');
	}
	json_decref(events);
}

static void
compare(
    const char *name, size_t size, const struct buf *want, const struct run *r)
{
	const char *w = buf_str(want), *g = buf_str(&r->record.lines);

	if (strcmp(w, g) != 0)
		fail_msg(
		    "%s in pieces of %zu:\nwant\n%sgot\n%s", name, size, w, g);
}

static void
stream_case(const struct transcripts *t, const char *name)
{
	struct arena *a = arena_new(NULL);
	struct str text = transcript_bytes(a, t, name);
	bool cut = strstr(name, "cut") != NULL;
	struct buf want;
	size_t size;

	expected(a, t, name, &want);
	for (size = 1; size <= text.len; size++) {
		struct arena *inner = arena_new(a);
		struct run r;

		run_start(&r, inner, t, name, true);
		run_stream(&r, t->kind, text, size, cut);
		compare(name, size, &want, &r);
		run_free(&r);
		arena_free(inner);
	}
	buf_free(&want);
	arena_free(a);
}

/* A stream that is cut after LEN bytes says what it would have said, up to a
 * place, and then that it was cut; unless it was over by then. */
static void
cut_at(const struct transcripts *t, const char *name, struct str text,
    const struct buf *want)
{
	static const char last[] =
	    "{\"error\":\"Failed to process successful response\"}\n";
	struct arena *a = arena_new(NULL);
	const char *got;
	struct run r;
	size_t len;

	run_start(&r, a, t, name, true);
	run_stream(&r, t->kind, text, text.len + 1, true);
	got = buf_str(&r.record.lines);
	len = r.record.lines.len;
	if (strcmp(got, buf_str(want)) != 0) {
		assert_true(len >= strlen(last));
		len -= strlen(last);
		assert_string_equal(got + len, last);
		assert_memory_equal(got, buf_str(want), len);
	}
	run_free(&r);
	arena_free(a);
}

static void
cut_case(const struct transcripts *t, const char *name)
{
	struct arena *a = arena_new(NULL);
	struct str text = transcript_bytes(a, t, name);
	struct buf want;
	size_t len;

	expected(a, t, name, &want);
	for (len = 0; len < text.len; len++)
		if (strstr(buf_str(&want), "\"finish\"") != NULL)
			cut_at(t, name, (struct str){text.p, len}, &want);
	buf_free(&want);
	arena_free(a);
}

static void
reply_case(const struct transcripts *t, const char *name)
{
	struct arena *a = arena_new(NULL);
	struct str text = transcript_file(a, t, "transcripts", name);
	struct buf want;
	struct run r;

	expected(a, t, name, &want);
	run_start(&r, a, t, name, false);
	run_body(&r, text);
	compare(name, text.len, &want, &r);
	run_free(&r);
	buf_free(&want);
	arena_free(a);
}

/* Compares what build made with "expect" or "error", and "ignored". */
static void
check_request(const char *name, const json_t *test, struct call *call, int rc,
    const struct http_spec *spec, struct err *err)
{
	const json_t *error = json_object_get(test, "error");
	const json_t *ignored = json_object_get(test, "ignored");
	struct err bad = {0};
	json_t *body;

	if (error != NULL) {
		assert_int_equal(rc, -1);
		assert_string_equal(err->msg, json_string_value(error));
		return;
	}
	if (rc != 0)
		fail_msg("%s: %s", name, err->msg);
	body = json_read(spec->body, &bad);
	if (!json_equal(body, json_object_get(test, "expect")))
		fail_msg("%s: got %s", name, spec->body.p);
	json_decref(body);
	assert_string_equal(
	    spec->url, json_string_value(json_object_get(test, "url")));
	assert_string_equal(buf_str(&call->ignored),
	    ignored != NULL ? json_string_value(ignored) : "");
}

void
transcript_tools(struct arena *a, const json_t *list, struct ask *ask)
{
	size_t n = json_array_size(list), i;
	struct tool_decl *tools = arena_array(a, n, sizeof(*tools));

	for (i = 0; i < n; i++) {
		const json_t *tool = json_array_get(list, i);

		tools[i] = (struct tool_decl){
		    json_string_value(json_object_get(tool, "name")),
		    json_string_value(json_object_get(tool, "description")),
		    json_object_get(tool, "schema"),
		};
	}
	ask->tools = tools;
	ask->n_tools = n;
}

static unsigned
read_quirks(const json_t *names)
{
	unsigned bits = 0;
	size_t i;

	for (i = 0; i < json_array_size(names); i++) {
		const char *name = json_string_value(json_array_get(names, i));
		unsigned bit = quirk_find(name);

		if (bit == 0)
			fail_msg("no quirk %s", name);
		bits |= bit;
	}
	return bits;
}

static void
request_case(const struct transcripts *t, const char *name)
{
	struct arena *a = arena_new(NULL);
	struct err err = {0};
	json_t *test = transcript_json(a, t, "requests", name);
	struct provider p = {.driver = t->driver, .base_url = t->base_url};
	struct http_spec spec = {0};
	struct ask ask = {.provider = &p};
	struct call *call;
	const char *kind;
	int rc;

	assert_non_null(test);
	kind = json_string_value(json_object_get(test, "kind"));
	ask.kind = strcmp(kind, "object") == 0 ? PROMPT_OBJECT : PROMPT_TEXT;
	ask.model = json_string_value(json_object_get(test, "model"));
	ask.stream = json_is_true(json_object_get(test, "stream"));
	ask.messages = json_object_get(test, "messages");
	ask.config = json_object_get(test, "config");
	transcript_tools(a, json_object_get(test, "tools"), &ask);
	p.strict_schemas = json_is_true(json_object_get(test, "strict"));
	p.quirks = read_quirks(json_object_get(test, "quirks"));
	ask.traceparent =
	    json_string_value(json_object_get(test, "traceparent"));
	p.options = json_object_get(test, "options");
	call = driver_call(a, &ask, NULL);
	rc = t->driver->build(call, &spec, &err);
	check_request(name, test, call, rc, &spec, &err);
	err_free(&err);
	json_decref(test);
	arena_free(a);
}

void
transcript_streams(const struct transcripts *t)
{
	each_file(t, "transcripts", t->suffix, stream_case);
}

void
transcript_cuts(const struct transcripts *t)
{
	each_file(t, "transcripts", t->suffix, cut_case);
}

void
transcript_replies(const struct transcripts *t)
{
	each_file(t, "transcripts", ".json", reply_case);
}

void
transcript_requests(const struct transcripts *t)
{
	each_file(t, "requests", ".json", request_case);
}

void
transcript_run(const struct transcripts *t, struct str text, bool stream,
    struct buf *events)
{
	struct arena *a = arena_new(NULL);
	struct run r;

	run_start(&r, a, t, "text", stream);
	if (stream)
		run_stream(&r, t->kind, text, text.len + 1, false);
	else
		run_body(&r, text);
	buf_clear(events);
	buf_add(events, r.record.lines.data, r.record.lines.len);
	run_free(&r);
	arena_free(a);
}

void
transcript_play(const struct transcripts *t, const char *name,
    const struct ask *ask, struct str bytes, struct buf *want)
{
	size_t size = ask->stream ? 1 : bytes.len, at;
	struct arena *a;
	struct run r;

	for (at = size; at <= bytes.len; at++) {
		a = arena_new(NULL);
		run_begin(&r, a, ask);
		if (ask->stream)
			run_stream(&r, t->kind, bytes, at, false);
		else
			run_body(&r, bytes);
		compare(name, at, want, &r);
		run_free(&r);
		arena_free(a);
	}
}
