/* The replies of a Mastra server as events: the agent has run its tools when
 * they are told of.  A stream of version 1 is made of envelopes, {type,
 * payload}, of which most tell of things that no client of ours asks about.
 * What is asked is not known here. */
#include "mastra.h"

#include "../base/json.h"
#include "../base/limits.h"
#include "../base/utf.h"

#include <string.h>

/* AI SDK's names, and what Mastra's own guards say when they stop an answer. */
static const struct reason_name reasons[] = {
    {"stop", FINISH_STOP},
    {"length", FINISH_LENGTH},
    {"content-filter", FINISH_CONTENT_FILTER},
    {"tripwire", FINISH_CONTENT_FILTER},
    {"tool-calls", FINISH_TOOL_CALLS},
    {"error", FINISH_ERROR},
    {"other", FINISH_OTHER},
    {"retry", FINISH_OTHER},
};

void
mastra_reason(struct call *call, struct str name)
{
	driver_reason(call, reasons, ARRAY_LEN(reasons), name);
}

/* The first of the names that has a value. */
static const json_t *
member(const json_t *json, const char *const *names)
{
	const json_t *value = NULL;

	for (; *names != NULL && value == NULL; names++)
		value = json_object_get(json, *names);
	return value;
}

void
mastra_usage(struct mastra *mastra, const json_t *usage)
{
	static const char *const input[] = {
	    "inputTokens", "promptTokens", "input_tokens", NULL};
	static const char *const output[] = {
	    "outputTokens", "completionTokens", "output_tokens", NULL};
	const json_t *total = json_object_get(usage, "totalTokens");

	if (!json_is_object(usage))
		return;
	mastra->usage = (struct usage){
	    .input = driver_tokens(member(usage, input)),
	    .output = driver_tokens(member(usage, output)),
	    .total = json_is_number(total) ? driver_tokens(total) : -1,
	    .cached =
		driver_tokens(json_object_get(usage, "cachedInputTokens")),
	    .reasoning =
		driver_tokens(json_object_get(usage, "reasoningTokens")),
	};
}

void
mastra_settle(struct call *call)
{
	const struct mastra *mastra = call->state;

	driver_finish(call, call->reason, &mastra->usage);
}

static struct str
keep(struct call *call, struct str text)
{
	if (text.p == NULL)
		return (struct str){"", 0};
	return (struct str){
	    arena_strndup(call->arena, text.p, text.len), text.len};
}

int
mastra_tool_call(struct call *call, const json_t *tool, struct err *err)
{
	static const char *const args[] = {"args", "input", NULL};
	struct mastra *mastra = call->state;
	struct mastra_tool *known;
	struct event ev = {.type = EVENT_TOOL_CALL};
	json_t *none = NULL;

	if (mastra->n_tools == LIMIT_TOOL_CALLS)
		return fail(err, ERR_PROVIDER,
		    "the agent made more than %u tool calls", LIMIT_TOOL_CALLS);
	mastra->n_tools++;
	known = arena_alloc(call->arena, sizeof(*known));
	*known = (struct mastra_tool){
	    .id =
		keep(call, driver_string(json_object_get(tool, "toolCallId"))),
	    .name =
		keep(call, driver_string(json_object_get(tool, "toolName"))),
	    .next = mastra->tools,
	};
	mastra->tools = known;
	ev.tool.id = known->id;
	ev.tool.name = known->name;
	ev.tool.value = member(tool, args);
	if (ev.tool.value == NULL)
		ev.tool.value = none = json_object();
	call->sink->event(call->sink, &ev);
	json_decref(none);
	return 0;
}

static struct str
name_of(const struct mastra *mastra, const json_t *tool, struct str id)
{
	const json_t *name = json_object_get(tool, "toolName");
	const struct mastra_tool *known = mastra->tools;

	if (json_is_string(name))
		return driver_string(name);
	while (known != NULL && !str_eq(known->id, id))
		known = known->next;
	return known != NULL ? known->name : (struct str){"", 0};
}

static void
emit_result(
    struct call *call, const json_t *tool, const json_t *value, bool is_error)
{
	struct str id = driver_string(json_object_get(tool, "toolCallId"));
	struct event ev = {.type = EVENT_TOOL_RESULT};

	ev.tool.id = id.p != NULL ? id : (struct str){"", 0};
	ev.tool.name = name_of(call->state, tool, ev.tool.id);
	ev.tool.value = value;
	ev.tool.is_error = is_error;
	call->sink->event(call->sink, &ev);
}

void
mastra_tool_result(struct call *call, const json_t *tool)
{
	static const char *const result[] = {"result", "output", NULL};

	emit_result(call, tool, member(tool, result),
	    json_is_true(json_object_get(tool, "isError")));
}

/* Why a tool failed: the cause is what the tool said, the rest is Mastra's. */
static void
tool_error(struct call *call, const json_t *tool)
{
	const json_t *error = json_object_get(tool, "error");
	const json_t *cause = json_object_get(error, "cause");
	struct str text =
	    driver_error(call->arena, json_is_object(cause) ? cause : error);
	json_t *value = json_object();

	json_set_str(value, "text", text);
	emit_result(call, tool, json_object_get(value, "text"), true);
	json_decref(value);
}

/* --- one-shot replies */

/* Items are {type, payload} in version 1, and what is in it in version 0. */
static const json_t *
payload_of(const json_t *item)
{
	const json_t *payload = json_object_get(item, "payload");

	return json_is_object(payload) ? payload : item;
}

static int
take_calls(struct call *call, const json_t *from, struct err *err)
{
	const json_t *calls = json_object_get(from, "toolCalls");
	size_t i;

	for (i = 0; i < json_array_size(calls); i++)
		if (mastra_tool_call(
			call, payload_of(json_array_get(calls, i)), err) < 0)
			return -1;
	return 0;
}

/* A tool that failed is no result of version 1; it stands among what the model
 * was told. */
static void
take_failures(struct call *call, const json_t *content)
{
	size_t i;

	for (i = 0; i < json_array_size(content); i++) {
		const json_t *part = json_array_get(content, i);
		const json_t *output = json_object_get(part, "output");
		struct str type =
		    driver_string(json_object_get(output, "type"));

		if (str_is(type, "error-text") || str_is(type, "error-json"))
			emit_result(
			    call, part, json_object_get(output, "value"), true);
	}
}

static void
take_results(struct call *call, const json_t *from)
{
	const json_t *results = json_object_get(from, "toolResults");
	size_t i;

	for (i = 0; i < json_array_size(results); i++)
		mastra_tool_result(
		    call, payload_of(json_array_get(results, i)));
	take_failures(call, json_object_get(from, "content"));
}

/* Those of all steps: all calls, then all results (protocol.md 10.2). */
static int
take_tools(struct call *call, const json_t *reply, struct err *err)
{
	const json_t *steps = json_object_get(reply, "steps");
	size_t i, n = json_array_size(steps);

	if (n == 0) {
		if (take_calls(call, reply, err) < 0)
			return -1;
		take_results(call, reply);
		return 0;
	}
	for (i = 0; i < n; i++)
		if (take_calls(call, json_array_get(steps, i), err) < 0)
			return -1;
	for (i = 0; i < n; i++)
		take_results(call, json_array_get(steps, i));
	return 0;
}

static void
take_answer(struct call *call, const json_t *reply)
{
	struct event ev = {.type = EVENT_OBJECT_FINAL};

	ev.object = json_object_get(reply, "object");
	if (call->ask->kind == PROMPT_OBJECT && ev.object != NULL)
		call->sink->event(call->sink, &ev);
	else
		driver_text(
		    call, driver_string(json_object_get(reply, "text")));
}

static int
take_whole(struct call *call, const json_t *reply, struct err *err)
{
	static const char *const usage[] = {"totalUsage", "usage", NULL};
	struct str reason =
	    driver_string(json_object_get(reply, "finishReason"));

	if (driver_check(call, reply, err) < 0)
		return -1;
	if (str_is(reason, "suspended"))
		return fail(err, ERR_PROVIDER,
		    "the agent waits for a decision, which cannot be made "
		    "here");
	if (take_tools(call, reply, err) < 0)
		return -1;
	take_answer(call, reply);
	mastra_usage(call->state, member(reply, usage));
	mastra_reason(call, reason);
	mastra_settle(call);
	return 0;
}

int
mastra_body(struct call *call, struct str text, struct err *err)
{
	const json_t *reply = driver_reply(call, text, err);

	return reply != NULL ? take_whole(call, reply, err) : -1;
}

/* --- streams of version 1 */

/* An agent that asks its user something cannot go on here. */
static int
take_question(struct call *call, const json_t *payload, struct err *err)
{
	struct str name = driver_string(json_object_get(payload, "toolName"));

	(void)call;
	return fail(err, ERR_PROVIDER,
	    "the agent waits for a decision about the tool '%.*s', which "
	    "cannot be made here",
	    (int)name.len, name.p != NULL ? name.p : "");
}

static int
take_error(struct call *call, const json_t *payload, struct err *err)
{
	return driver_fail(call, json_object_get(payload, "error"), err);
}

static int
take_abort(struct call *call, const json_t *payload, struct err *err)
{
	(void)call;
	(void)payload;
	return fail(err, ERR_PROVIDER, "the agent was stopped");
}

/* An object's text is told of twice, once as the object. */
static int
take_text(struct call *call, const json_t *payload, struct err *err)
{
	(void)err;
	if (call->ask->kind != PROMPT_OBJECT)
		driver_text(
		    call, driver_string(json_object_get(payload, "text")));
	return 0;
}

static int
take_reasoning(struct call *call, const json_t *payload, struct err *err)
{
	(void)err;
	driver_reasoning(call, driver_string(json_object_get(payload, "text")));
	return 0;
}

static int
take_result(struct call *call, const json_t *payload, struct err *err)
{
	(void)err;
	mastra_tool_result(call, payload);
	return 0;
}

static int
take_failure(struct call *call, const json_t *payload, struct err *err)
{
	(void)err;
	tool_error(call, payload);
	return 0;
}

static int
take_finish(struct call *call, const json_t *payload, struct err *err)
{
	const json_t *step = json_object_get(payload, "stepResult");
	const json_t *output = json_object_get(payload, "output");

	(void)err;
	mastra_usage(call->state, json_object_get(output, "usage"));
	mastra_reason(call, driver_string(json_object_get(step, "reason")));
	mastra_settle(call);
	return 0;
}

static const struct {
	const char *type;
	int (*take)(struct call *call, const json_t *payload, struct err *err);
} chunks[] = {
    {"text-delta", take_text},
    {"reasoning-delta", take_reasoning},
    {"tool-call", mastra_tool_call},
    {"tool-result", take_result},
    {"tool-error", take_failure},
    {"tool-call-approval", take_question},
    {"tool-call-suspended", take_question},
    {"error", take_error},
    {"abort", take_abort},
    {"finish", take_finish},
};

/* Objects lie beside the payload, not in it. */
static void
take_object(struct call *call, const json_t *chunk, struct str type)
{
	struct event ev = {.type = EVENT_OBJECT_DELTA};

	ev.object = json_object_get(chunk, "object");
	if (str_is(type, "object-result"))
		ev.type = EVENT_OBJECT_FINAL;
	else if (!str_is(type, "object"))
		return;
	if (call->ask->kind == PROMPT_OBJECT && ev.object != NULL)
		call->sink->event(call->sink, &ev);
}

static int
take_chunk(struct call *call, const json_t *chunk, struct err *err)
{
	struct str type = driver_string(json_object_get(chunk, "type"));
	size_t i;

	take_object(call, chunk, type);
	for (i = 0; i < ARRAY_LEN(chunks); i++)
		if (str_is(type, chunks[i].type))
			return chunks[i].take(
			    call, json_object_get(chunk, "payload"), err);
	return 0;
}

static int
mastra_frame(
    struct call *call, struct str event, struct str data, struct err *err)
{
	json_t *chunk;
	int rc;

	(void)event;
	if (str_is(data, "[DONE]"))
		return 0;
	chunk = driver_event(data, err);
	if (chunk == NULL)
		return -1;
	rc = take_chunk(call, chunk, err);
	json_decref(chunk);
	return rc;
}

const struct driver driver_mastra = {
    .name = "mastra",
    .executor = "mastra-v0",
    .abilities = DRIVER_TEXT | DRIVER_OBJECT | DRIVER_AGENT,
    .state_size = sizeof(struct mastra),
    .build = mastra_build,
    .probe = mastra_probe,
    .frame = mastra_frame,
    .body = mastra_body,
    .explain = driver_explain,
};
