/* Any bytes as the stream, or the whole reply, of a model, with a tool of every
 * driver that offers some and without one of every driver: exactly one terminal
 * event comes out of the guard, with nothing behind it, and what was called
 * makes a second request that is JSON.  The first byte chooses the driver and
 * whether there is a tool, the second one the kind, the form and the size of
 * the pieces. */
#include "../../common/base/json.h"
#include "../../common/base/limits.h"
#include "../../common/net/frame.h"
#include "../../common/provider/guard.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct watch {
	struct sink sink;
	unsigned ends;
	json_t *calls, *results; /* the next step's parts */
};

static void
add_parts(struct watch *w, const struct event *ev)
{
	json_t *call = json_pack("{ss}", "type", "tool-call");
	json_t *result = json_pack("{ss}", "type", "tool-result");

	json_set_str(call, "toolCallId", ev->tool.id);
	json_set_str(call, "toolName", ev->tool.name);
	json_object_set(call, "args", (json_t *)ev->tool.value);
	if (ev->tool.is_error)
		json_object_set_new(call, "badArgs", json_true());
	if (ev->tool.keep != NULL)
		json_object_set(call, "keep", (json_t *)ev->tool.keep);
	json_set_str(result, "toolCallId", ev->tool.id);
	json_set_str(result, "toolName", ev->tool.name);
	json_object_set(result, "result", (json_t *)ev->tool.value);
	json_object_set_new(result, "isError", json_boolean(ev->tool.is_error));
	json_array_append_new(w->calls, call);
	json_array_append_new(w->results, result);
}

static void
on_event(struct sink *self, const struct event *ev)
{
	struct watch *w = (struct watch *)self;

	if (w->ends != 0)
		abort();
	if (ev->type == EVENT_FINISH || ev->type == EVENT_ERROR)
		w->ends++;
	if (ev->type == EVENT_FINISH &&
	    (ev->finish.usage.input < 0 || ev->finish.usage.output < 0 ||
		ev->finish.usage.total < 0))
		abort();
	if (ev->type == EVENT_TOOL_CALL)
		add_parts(w, ev);
}

/* --- the first step */

struct feed {
	struct call *call;
	struct err err;
};

static int
on_frame(void *arg, struct str event, struct str data)
{
	struct feed *feed = arg;

	return driver_frame(feed->call, event, data, &feed->err);
}

static int
stream(struct feed *feed, struct str text, size_t piece)
{
	static const enum frame_kind kinds[] = {
	    [DRIVER_SSE] = FRAME_SSE,
	    [DRIVER_LINES] = FRAME_LINES,
	    [DRIVER_RECORDS] = FRAME_RECORDS,
	};
	const struct driver *driver = feed->call->ask->provider->driver;
	struct frame frame;
	size_t n;
	int rc = 0;

	frame_init(&frame, kinds[driver->framing], LIMIT_FRAME_BYTES);
	for (; text.len != 0 && rc == 0; text.len -= n) {
		n = text.len < piece ? text.len : piece;
		rc = frame_feed(&frame, (struct str){text.p, n}, on_frame, feed,
		    &feed->err);
		text.p += n;
	}
	if (rc == 0)
		rc = frame_end(&frame, on_frame, feed, &feed->err);
	frame_free(&frame);
	return rc;
}

static void
first_step(
    struct watch *w, const struct ask *ask, struct str text, uint8_t form)
{
	const struct driver *driver = ask->provider->driver;
	struct arena *a = arena_new(NULL);
	struct feed feed = {0};
	struct guard guard;
	int rc;

	guard_init(&guard, &w->sink, ask->kind, ask->stream);
	feed.call = driver_call(a, ask, &guard.sink);
	if (!ask->stream)
		rc = driver->body(feed.call, text, &feed.err);
	else
		rc = stream(&feed, text, (size_t)(form >> 3) + 1);
	if (rc == 0 && ask->stream)
		rc = driver_end(feed.call, (form & 4) != 0, &feed.err);
	if (rc != 0)
		guard_fail(&guard,
		    (struct str){feed.err.msg,
			feed.err.msg != NULL ? strlen(feed.err.msg) : 0});
	if (w->ends != 1)
		abort();
	guard_free(&guard);
	err_free(&feed.err);
	arena_free(a);
}

static void
second_step(const struct watch *w, struct ask *ask)
{
	struct arena *a = arena_new(NULL);
	json_t *messages = json_pack("[{ssss}{sssO}{sssO}]", "role", "user",
	    "content", "Hi", "role", "assistant", "content", w->calls, "role",
	    "tool", "content", w->results);
	struct http_spec spec = {0};
	struct err err = {0};
	json_t *body;

	ask->messages = messages;
	if (ask->provider->driver->build(
		driver_call(a, ask, NULL), &spec, &err) < 0)
		abort();
	body = json_read(spec.body, &err);
	if (body == NULL)
		abort();
	json_decref(body);
	json_decref(messages);
	arena_free(a);
}

/* The Nth, around and around, of those that speak to an address and, with
 * TOOLS, offer some. */
static const struct driver *
choose(unsigned n, bool tools)
{
	size_t i = 0;

	for (;; i = drivers[i + 1] != NULL ? i + 1 : 0) {
		if ((tools && (drivers[i]->abilities & DRIVER_TOOLS) == 0) ||
		    drivers[i]->build == NULL)
			continue;
		if (n-- == 0)
			return drivers[i];
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct tool_decl tool = {.name = "f"};
	struct provider vendor = {.name = "v", .base_url = "https://v.test"};
	struct ask ask = {.provider = &vendor, .model = "m", .tools = &tool};
	struct watch watch = {.sink.event = on_event};

	if (size < 2)
		return 0;
	ask.n_tools = (data[0] & 0x80) == 0;
	vendor.driver = choose(data[0] & 0x7f, ask.n_tools != 0);
	ask.kind = (data[1] & 1) != 0 ? PROMPT_OBJECT : PROMPT_TEXT;
	ask.stream = (data[1] & 2) == 0;
	watch.calls = json_array();
	watch.results = json_array();
	first_step(&watch, &ask, (struct str){(const char *)data + 2, size - 2},
	    data[1]);
	if (ask.n_tools != 0 && json_array_size(watch.calls) != 0)
		second_step(&watch, &ask);
	json_decref(watch.calls);
	json_decref(watch.results);
	return 0;
}
