/* A prompt as a request to an agent of a Mastra server: the prompt's system
 * messages take the place of the agent's instructions (protocol.md 10.3), its
 * settings lie side by side in version 0 and in modelSettings in version 1.
 * The model, the tools and what they may do are the agent's own.  It sends
 * nothing. */
#include "mastra.h"

#include "request.h"
#include "../base/json.h"
#include "../base/limits.h"
#include "../base/utf.h"

#include <string.h>

/* Version 1 has all of these, version 0 those behind the first. */
static const struct place places[] = {
    {"max_tokens", "maxOutputTokens"},
    {"max_tokens", "maxTokens"},
    {"temperature", "temperature"},
    {"top_p", "topP"},
    {"top_k", "topK"},
    {"presence_penalty", "presencePenalty"},
    {"frequency_penalty", "frequencyPenalty"},
    {"stop_sequences", "stopSequences"},
    {"seed", "seed"},
    {"max_retries", "maxRetries"},
};

/* Which tool must be called, in AI SDK's words. */
static void
add_tool_choice(const struct ask *ask, json_t *body)
{
	json_t *choice = json_object_get(ask->config, "tool_choice");
	const json_t *tool = json_object_get(choice, "tool_name");
	json_t *out;

	if (json_is_string(choice)) {
		json_object_set(body, "toolChoice", choice);
		return;
	}
	if (!json_is_string(tool))
		return;
	out = json_object();
	json_object_set_new(out, "type", json_string("tool"));
	json_object_set(out, "toolName", (json_t *)tool);
	json_object_set_new(body, "toolChoice", out);
}

static void
add_limits(const struct ask *ask, json_t *body)
{
	json_t *calls = json_object_get(ask->config, "max_calls");

	if (json_is_number(calls))
		json_object_set(body, "maxSteps", calls);
	add_tool_choice(ask, body);
}

/* The text of a message, and of parts the text among them. */
static void
add_text(struct buf *to, const json_t *content)
{
	struct str text = driver_string(content);
	size_t i;

	if (text.len != 0) {
		if (to->len != 0)
			buf_adds(to, "\n\n");
		buf_add(to, text.p, text.len);
	}
	for (i = 0; i < json_array_size(content); i++) {
		const json_t *part = json_array_get(content, i);

		add_text(to, json_object_get(part, "text"));
	}
}

static bool
is_system(const json_t *message)
{
	return str_is(
	    driver_string(json_object_get(message, "role")), "system");
}

static void
add_messages(const struct ask *ask, json_t *body)
{
	json_t *messages = json_array(), *message;
	struct buf system;
	size_t i;

	buf_init(&system, LIMIT_RENDER_BYTES);
	json_object_set_new(body, "messages", messages);
	for (i = 0; i < json_array_size(ask->messages); i++) {
		message = json_array_get(ask->messages, i);
		if (is_system(message))
			add_text(&system, json_object_get(message, "content"));
		else
			json_array_append(messages, message);
	}
	if (system.len != 0)
		json_set_str(body, "instructions", buf_text(&system));
	buf_free(&system);
}

/* "00-TRACE-SPAN-FLAGS" as Mastra's own spans want to be told their parent. */
static void
add_trace(const struct ask *ask, json_t *body)
{
	enum { TRACE = 3, TRACE_LEN = 32, SPAN = 36, SPAN_LEN = 16, ALL = 55 };
	const char *parent = ask->traceparent;
	json_t *trace;

	if (parent == NULL || strlen(parent) < ALL)
		return;
	trace = json_object();
	json_set_str(trace, "traceId", (struct str){parent + TRACE, TRACE_LEN});
	json_set_str(
	    trace, "parentSpanId", (struct str){parent + SPAN, SPAN_LEN});
	json_object_set_new(body, "tracingOptions", trace);
}

/* The agent is the option's, or the one that the model's name says; its name
 * stays one segment of the path, whatever is in it.  A base URL may end with
 * the server's own prefix. */
static const char *
agent_path(struct call *call, const char *verb)
{
	const struct ask *ask = call->ask;
	const json_t *option = json_object_get(ask->provider->options, "agent");
	const char *id =
	    json_is_string(option) ? json_string_value(option) : ask->model;

	return arena_printf(
	    call->arena, "/%s/%s", request_segment(call, id), verb);
}

/* PATH is what follows /api/agents. */
static void
address(struct call *call, const char *path, struct http_spec *spec)
{
	const char *base = call->ask->provider->base_url, *prefix = "/api";
	size_t len = strlen(base);

	if (len >= strlen(prefix) &&
	    strcmp(base + len - strlen(prefix), prefix) == 0)
		prefix = "";
	spec->url =
	    arena_printf(call->arena, "%s%s/agents%s", base, prefix, path);
	spec->headers = request_headers(
	    call, "text/event-stream", request_key(call, REQUEST_BEARER), NULL);
}

void
mastra_probe(struct call *call, struct http_spec *spec)
{
	address(call, "", spec);
}

static int
make_body(struct call *call, json_t *body, struct err *err)
{
	const struct ask *ask = call->ask;
	json_t *schema = json_object_get(ask->config, "schema");
	json_t *settings = json_object();

	(void)err;
	add_messages(ask, body);
	request_config(call, settings, places, ARRAY_LEN(places));
	if (json_object_size(settings) != 0)
		json_object_set(body, "modelSettings", settings);
	json_decref(settings);
	add_limits(ask, body);
	if (ask->kind == PROMPT_OBJECT && json_is_object(schema))
		json_object_set_new(body, "structuredOutput",
		    json_pack("{sO}", "schema", schema));
	add_trace(ask, body);
	return 0;
}

int
mastra_build(struct call *call, struct http_spec *spec, struct err *err)
{
	address(call,
	    agent_path(call, call->ask->stream ? "stream" : "generate"), spec);
	return request_body(call, make_body, spec, err);
}

static int
make_v0_body(struct call *call, json_t *body, struct err *err)
{
	const struct ask *ask = call->ask;
	json_t *schema = json_object_get(ask->config, "schema");

	(void)err;
	add_messages(ask, body);
	request_config(call, body, places + 1, ARRAY_LEN(places) - 1);
	add_limits(ask, body);
	if (ask->kind == PROMPT_OBJECT && json_is_object(schema))
		json_object_set(body, "output", schema);
	return 0;
}

/* Version 0 streams an object as bare text, without usage and without a word
 * when it fails, so a whole reply is asked for. */
int
mastra_v0_build(struct call *call, struct http_spec *spec, struct err *err)
{
	bool stream = call->ask->stream && call->ask->kind != PROMPT_OBJECT;

	address(call, agent_path(call, stream ? "stream" : "generate"), spec);
	return request_body(call, make_v0_body, spec, err);
}
