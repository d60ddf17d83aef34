/* The driver of chat completions: requests by value against
 * tests/data/requests/chat, replies against tests/data/transcripts/chat, every
 * stream at every split size. */
#include "../../common/base/json.h"
#include "../../common/base/limits.h"
#include "../../common/base/utf.h"
#include "../../common/base/xalloc.h"
#include "../../common/net/frame.h"
#include "../../common/provider/guard.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct provider vendor = {
    .name = "vendor",
    .driver = &driver_chat,
    .base_url = "https://vendor.test/v1",
    .api_key = "key",
};

static struct str
read_file(struct arena *a, const char *dir, const char *name)
{
	const char *srcdir = getenv("srcdir");
	char *path = arena_printf(
	    a, "%s/tests/data/%s/%s", srcdir != NULL ? srcdir : ".", dir, name);
	FILE *f = fopen(path, "rb");
	struct str text;
	long size;

	if (f == NULL)
		fail_msg("cannot open %s", path);
	assert_int_equal(fseek(f, 0, SEEK_END), 0);
	size = ftell(f);
	assert_true(size >= 0);
	rewind(f);
	text.len = (size_t)size;
	text.p = arena_alloc(a, text.len + 1);
	assert_int_equal(
	    fread((void *)(uintptr_t)text.p, 1, text.len, f), text.len);
	fclose(f);
	return text;
}

static void
each_file(const char *dir, const char *suffix, void (*fn)(const char *name))
{
	struct arena *a = arena_new(NULL);
	const char *srcdir = getenv("srcdir");
	char *path = arena_printf(
	    a, "%s/tests/data/%s", srcdir != NULL ? srcdir : ".", dir);
	struct dirent **list;
	int n = scandir(path, &list, NULL, alphasort), i, used = 0;

	assert_true(n > 0);
	for (i = 0; i < n; i++) {
		const char *dot = strrchr(list[i]->d_name, '.');

		if (dot != NULL && strcmp(dot, suffix) == 0) {
			fn(list[i]->d_name);
			used++;
		}
		free(list[i]);
	}
	free(list);
	assert_true(used > 0);
	arena_free(a);
}

/* Writes down what comes out of the guard, one event a line. */
struct record {
	struct sink sink;
	struct buf lines;
};

static void
set_number(json_t *to, const char *key, int64_t n)
{
	json_object_set_new(to, key, json_integer(n));
}

static json_t *
usage_json(const struct usage *u)
{
	json_t *out = json_object();

	set_number(out, "input", u->input);
	set_number(out, "output", u->output);
	set_number(out, "total", u->total);
	set_number(out, "cached", u->cached);
	set_number(out, "reasoning", u->reasoning);
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

/* The same lines, printed as the record prints them. */
static void
read_events(struct str text, struct buf *out)
{
	const char *p = text.p, *end = text.p + text.len, *nl;
	struct err err = {0};

	while (p < end && (nl = memchr(p, '\n', (size_t)(end - p))) != NULL) {
		json_t *line =
		    json_read((struct str){p, (size_t)(nl - p)}, &err);

		assert_non_null(line);
		json_print(out, line);
		buf_addc(out, '\n');
		json_decref(line);
		p = nl + 1;
	}
}

struct run {
	struct call *call;
	struct guard guard;
	struct record record;
};

static void
run_start(struct run *r, struct arena *a, const struct ask *ask)
{
	r->record.sink.event = on_event;
	buf_init(&r->record.lines, LIMIT_LINE_BYTES);
	guard_init(&r->guard, &r->record.sink, ask->kind, ask->stream);
	r->call = driver_call(a, ask, &r->guard.sink);
}

/* What the runner does with an error of a driver. */
static void
run_fail(struct run *r, struct err *err)
{
	assert_int_not_equal(err->code, ERR_NONE);
	guard_fail(&r->guard, (struct str){err->msg, strlen(err->msg)});
	err_free(err);
}

static void
run_end(struct run *r, bool cut)
{
	struct err err = {0};

	if (!r->guard.done && driver_chat.end(r->call, cut, &err) < 0)
		run_fail(r, &err);
	assert_true(r->guard.done);
}

static void
run_free(struct run *r)
{
	guard_free(&r->guard);
	buf_free(&r->record.lines);
}

struct feed {
	struct run *run;
	struct err err;
};

static int
on_frame(void *arg, struct str event, struct str data)
{
	struct feed *feed = arg;

	return driver_chat.frame(feed->run->call, event, data, &feed->err);
}

/* Feeds TEXT in pieces of SIZE bytes, each in memory of its own so that a
 * reader beyond its end is found. */
static void
run_stream(struct run *r, struct str text, size_t size, bool cut)
{
	struct feed feed = {.run = r};
	struct err err = {0};
	struct frame frame;
	size_t at, n;
	int rc = 0;
	char *piece;

	frame_init(&frame, FRAME_SSE, LIMIT_FRAME_BYTES);
	for (at = 0; at < text.len && rc == 0; at += n) {
		n = text.len - at < size ? text.len - at : size;
		piece = xmalloc(n);
		memcpy(piece, text.p + at, n);
		rc = frame_feed(
		    &frame, (struct str){piece, n}, on_frame, &feed, &err);
		free(piece);
	}
	if (rc == 0 && !cut)
		rc = frame_end(&frame, on_frame, &feed, &err);
	frame_free(&frame);
	assert_int_equal(err.code, ERR_NONE);
	if (rc != 0)
		run_fail(r, &feed.err);
	run_end(r, cut);
}

static struct ask
ask_for(const char *name, bool stream)
{
	return (struct ask){
	    .provider = &vendor,
	    .model = "m",
	    .kind =
		strstr(name, "object") != NULL ? PROMPT_OBJECT : PROMPT_TEXT,
	    .stream = stream,
	};
}

static void
expected(struct arena *a, const char *name, struct buf *out)
{
	char *file = arena_strdup(a, name);

	*strrchr(file, '.') = '\0';
	file = arena_printf(a, "%s.events", file);
	buf_init(out, LIMIT_LINE_BYTES);
	read_events(read_file(a, "transcripts/chat", file), out);
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
stream_case(const char *name)
{
	struct arena *a = arena_new(NULL);
	struct str text = read_file(a, "transcripts/chat", name);
	struct ask ask = ask_for(name, true);
	bool cut = strstr(name, "cut") != NULL;
	struct buf want;
	size_t size;

	expected(a, name, &want);
	for (size = 1; size <= text.len; size++) {
		struct arena *inner = arena_new(a);
		struct run r;

		run_start(&r, inner, &ask);
		run_stream(&r, text, size, cut);
		compare(name, size, &want, &r);
		run_free(&r);
		arena_free(inner);
	}
	buf_free(&want);
	arena_free(a);
}

static void
once_case(const char *name)
{
	struct arena *a = arena_new(NULL);
	struct str text = read_file(a, "transcripts/chat", name);
	struct ask ask = ask_for(name, false);
	struct err err = {0};
	struct buf want;
	struct run r;

	expected(a, name, &want);
	run_start(&r, a, &ask);
	if (driver_chat.body(r.call, text, &err) < 0)
		run_fail(&r, &err);
	run_end(&r, false);
	compare(name, text.len, &want, &r);
	run_free(&r);
	buf_free(&want);
	arena_free(a);
}

static void
test_streams(void **state)
{
	(void)state;
	each_file("transcripts/chat", ".sse", stream_case);
}

static void
test_replies(void **state)
{
	(void)state;
	each_file("transcripts/chat", ".json", once_case);
}

static void
test_cut_reply(void **state)
{
	struct arena *a = arena_new(NULL);
	struct ask ask = ask_for("text", false);
	struct run r;

	(void)state;
	run_start(&r, a, &ask);
	run_end(&r, true);
	assert_string_equal(buf_str(&r.record.lines),
	    "{\"error\":\"Failed to process successful response\"}\n");
	run_free(&r);
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
	    spec->url, "https://vendor.test/v1/chat/completions");
	assert_string_equal(spec->headers[0], "Content-Type: application/json");
	assert_string_equal(spec->headers[2], "Authorization: Bearer key");
	assert_null(spec->headers[3]);
	assert_string_equal(buf_str(&call->ignored),
	    ignored != NULL ? json_string_value(ignored) : "");
}

static void
request_case(const char *name)
{
	struct arena *a = arena_new(NULL);
	struct err err = {0};
	json_t *test = json_read(read_file(a, "requests/chat", name), &err);
	struct provider p = vendor;
	struct http_spec spec;
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
	p.strict_schemas = json_is_true(json_object_get(test, "strict"));
	call = driver_call(a, &ask, NULL);
	rc = driver_chat.build(call, &spec, &err);
	check_request(name, test, call, rc, &spec, &err);
	err_free(&err);
	json_decref(test);
	arena_free(a);
}

static void
test_requests(void **state)
{
	(void)state;
	each_file("requests/chat", ".json", request_case);
}

static void
test_headers(void **state)
{
	static const char *const extra[] = {"OpenAI-Project: p", "X: y", NULL};
	struct arena *a = arena_new(NULL);
	struct provider p = vendor;
	struct ask ask = {.provider = &p, .model = "m", .stream = true};
	struct err err = {0};
	struct http_spec spec;
	struct call *call;

	(void)state;
	p.api_key = NULL;
	p.headers = extra;
	call = driver_call(a, &ask, NULL);
	assert_int_equal(driver_chat.build(call, &spec, &err), 0);
	assert_string_equal(spec.headers[1], "Accept: text/event-stream");
	assert_string_equal(spec.headers[2], "OpenAI-Project: p");
	assert_string_equal(spec.headers[3], "X: y");
	assert_null(spec.headers[4]);
	arena_free(a);
}

static void
test_explain(void **state)
{
	static const struct {
		const char *body, *text;
	} cases[] = {
	    {"{\"error\":{\"message\":\"no\"}}", "no"},
	    {"{\"message\":\"a\",\"error\":{\"message\":\"b\"}}", "a"},
	    {"{\"data\":{\"error\":{\"message\":\"c\"}}}", "c"},
	    {"{\"error\":\"plain\"}", "plain"},
	    {"{\"detail\":[1]}", "{\"detail\":[1]}"},
	    {"\"text\"", "text"},
	    {"", "the provider answered with status 502"},
	    {"{}", "the provider answered with status 502"},
	    {"<html>", "the provider answered with status 502"},
	};
	struct arena *a = arena_new(NULL);
	struct ask ask = ask_for("text", false);
	struct call *call = driver_call(a, &ask, NULL);
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(cases); i++) {
		struct str body = {cases[i].body, strlen(cases[i].body)};

		assert_string_equal(
		    driver_chat.explain(call, 502, body).p, cases[i].text);
	}
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_requests),
	    cmocka_unit_test(test_headers),
	    cmocka_unit_test(test_streams),
	    cmocka_unit_test(test_replies),
	    cmocka_unit_test(test_cut_reply),
	    cmocka_unit_test(test_explain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
