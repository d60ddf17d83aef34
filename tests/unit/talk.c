/* The replaying of conversations.  It knows no vendor, and runs no tool. */
#include "talk.h"

#include "../../common/base/json.h"
#include "../../common/base/limits.h"
#include "../../common/base/utf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* One event of a stream as vendors send it: servers that name their events
 * call them by their type. */
static void
print_event(const struct transcripts *t, struct buf *b, const json_t *event)
{
	const char *type = json_string_value(json_object_get(event, "type"));

	if (t->kind == FRAME_SSE && type != NULL)
		buf_addf(b, "event: %s\n", type);
	if (t->kind == FRAME_SSE)
		buf_adds(b, "data: ");
	if (json_is_string(event))
		buf_adds(b, json_string_value(event));
	else
		json_print(b, event);
	buf_adds(b, t->kind == FRAME_SSE ? "\n\n" : "\n");
}

static struct str
reply_bytes(struct arena *a, const struct transcripts *t, const json_t *reply,
    bool stream)
{
	struct buf text, bytes;
	struct str out;
	size_t i;

	buf_init(&text, LIMIT_FRAME_BYTES);
	buf_init(&bytes, LIMIT_FRAME_BYTES);
	if (!stream)
		json_print(&text, reply);
	else
		for (i = 0; i < json_array_size(reply); i++)
			print_event(t, &text, json_array_get(reply, i));
	out = buf_text(&text);
	if (stream && t->encode != NULL) {
		t->encode(&bytes, out);
		out = buf_text(&bytes);
	}
	out.p = arena_strndup(a, out.p, out.len);
	buf_free(&text);
	buf_free(&bytes);
	return out;
}

static void
check_body(const struct transcripts *t, struct arena *a, const struct ask *ask,
    const char *name, const json_t *expect)
{
	struct http_spec spec = {0};
	struct err err = {0};
	json_t *body;

	if (t->driver->build(driver_call(a, ask, NULL), &spec, &err) < 0)
		fail_msg("%s: %s", name, err.msg);
	body = json_read(spec.body, &err);
	if (!json_equal(body, expect))
		fail_msg("%s: got %s", name, spec.body.p);
	json_decref(body);
}

static void
check_events(const struct transcripts *t, const struct ask *ask,
    const char *name, struct str bytes, const json_t *events)
{
	struct buf want;
	size_t i;

	buf_init(&want, LIMIT_LINE_BYTES);
	for (i = 0; i < json_array_size(events); i++) {
		json_print(&want, json_array_get(events, i));
		buf_addc(&want, '\n');
	}
	transcript_play(t, name, ask, bytes, &want);
	buf_free(&want);
}

static json_t *
call_part(const json_t *call)
{
	json_t *part = json_pack("{ss}", "type", "tool-call");
	json_t *bad = json_object_get(call, "badArgs");
	json_t *keep = json_object_get(call, "keep");

	json_object_set(part, "toolCallId", json_object_get(call, "id"));
	json_object_set(part, "toolName", json_object_get(call, "name"));
	json_object_set(
	    part, "args", bad != NULL ? bad : json_object_get(call, "args"));
	if (bad != NULL)
		json_object_set_new(part, "badArgs", json_true());
	if (keep != NULL)
		json_object_set(part, "keep", keep);
	return part;
}

/* What the model said, as the message that the next step begins with. */
static json_t *
said(const json_t *events)
{
	json_t *parts = json_array(), *text = json_object();
	struct buf words;
	size_t i;

	buf_init(&words, LIMIT_LINE_BYTES);
	for (i = 0; i < json_array_size(events); i++) {
		const json_t *ev = json_array_get(events, i);
		const json_t *call = json_object_get(ev, "toolCall");
		struct str piece = driver_string(json_object_get(ev, "text"));

		buf_add(&words, piece.p, piece.len);
		if (call != NULL)
			json_array_append_new(parts, call_part(call));
	}
	json_object_set_new(text, "type", json_string("text"));
	json_set_str(text, "text", buf_text(&words));
	if (words.len != 0)
		json_array_insert(parts, 0, text);
	json_decref(text);
	buf_free(&words);
	return json_pack("{ssso}", "role", "assistant", "content", parts);
}

static void
add_results(json_t *messages, const json_t *step)
{
	json_t *results = json_object_get(step, "results");

	if (results == NULL)
		return;
	json_array_append_new(messages, said(json_object_get(step, "events")));
	json_array_append_new(
	    messages, json_pack("{sssO}", "role", "tool", "content", results));
}

static void
talk_case(const struct transcripts *t, const char *name)
{
	struct arena *a = arena_new(NULL);
	json_t *test = transcript_json(a, t, "talks", name);
	json_t *messages = json_deep_copy(json_object_get(test, "messages"));
	const json_t *steps = json_object_get(test, "steps");
	const char *kind = json_string_value(json_object_get(test, "kind"));
	struct provider p = {.driver = t->driver,
	    .name = "vendor",
	    .base_url = t->base_url,
	    .api_key = t->key};
	struct ask ask = {.provider = &p, .messages = messages};
	size_t i;

	ask.kind = strcmp(kind, "object") == 0 ? PROMPT_OBJECT : PROMPT_TEXT;
	ask.model = json_string_value(json_object_get(test, "model"));
	ask.stream = json_is_true(json_object_get(test, "stream"));
	ask.config = json_object_get(test, "config");
	transcript_tools(a, json_object_get(test, "tools"), &ask);
	for (i = 0; i < json_array_size(steps); i++) {
		const json_t *step = json_array_get(steps, i);

		check_body(t, a, &ask, name, json_object_get(step, "expect"));
		check_events(t, &ask, name,
		    reply_bytes(
			a, t, json_object_get(step, "reply"), ask.stream),
		    json_object_get(step, "events"));
		add_results(messages, step);
	}
	json_decref(messages);
	json_decref(test);
	arena_free(a);
}

void
talk_all(const struct transcripts *t)
{
	struct arena *a = arena_new(NULL);
	const char **names = transcript_names(a, t, "talks", ".json");
	size_t i;

	assert_non_null(names[0]);
	for (i = 0; names[i] != NULL; i++)
		talk_case(t, names[i]);
	arena_free(a);
}
