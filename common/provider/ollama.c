/* The replies of Ollama's /api/chat as events: a line of JSON for each piece,
 * or one whole reply of the same form.  The last one says that it is done; a
 * stream without it was cut.  What is asked is not known here. */
#include "ollama.h"

#include "../base/json.h"
#include "../base/limits.h"
#include "../base/utf.h"

#include <string.h>

/* A call comes whole, often without an id. */
static int
take_tool(struct call *call, const json_t *tool, struct err *err)
{
	struct ollama *ollama = call->state;
	const json_t *function = json_object_get(tool, "function");
	json_t *args = json_object_get(function, "arguments"), *none = NULL;
	struct event ev = {.type = EVENT_TOOL_CALL};

	if (ollama->tools == LIMIT_TOOL_CALLS)
		return fail(err, ERR_PROVIDER,
		    "the model made more than %u tool calls at once",
		    LIMIT_TOOL_CALLS);
	ollama->tools++;
	if (args == NULL)
		args = none = json_object();
	ev.tool.id = driver_string(json_object_get(tool, "id"));
	if (ev.tool.id.len == 0) {
		ev.tool.id.p =
		    arena_printf(call->arena, "call_%zu", ollama->tools);
		ev.tool.id.len = strlen(ev.tool.id.p);
	}
	ev.tool.name = driver_string(json_object_get(function, "name"));
	ev.tool.value = args;
	call->sink->event(call->sink, &ev);
	json_decref(none);
	return 0;
}

static int
take_message(struct call *call, const json_t *message, struct err *err)
{
	const json_t *tools = json_object_get(message, "tool_calls");
	size_t i;

	driver_reasoning(
	    call, driver_string(json_object_get(message, "thinking")));
	driver_text(call, driver_string(json_object_get(message, "content")));
	for (i = 0; i < json_array_size(tools); i++)
		if (take_tool(call, json_array_get(tools, i), err) < 0)
			return -1;
	return 0;
}

/* Servers of before 2024 give no reason; a model that was only loaded has
 * answered nothing. */
static enum finish_reason
reason_of(const struct ollama *ollama, struct str name)
{
	if (name.len == 0 || str_is(name, "stop"))
		return ollama->tools != 0 ? FINISH_TOOL_CALLS : FINISH_STOP;
	if (str_is(name, "length"))
		return FINISH_LENGTH;
	if (str_is(name, "load") || str_is(name, "unload"))
		return FINISH_OTHER;
	return FINISH_UNKNOWN;
}

static void
settle(struct call *call, const json_t *reply)
{
	struct ollama *ollama = call->state;
	struct usage usage = {
	    .input = driver_tokens(json_object_get(reply, "prompt_eval_count")),
	    .output = driver_tokens(json_object_get(reply, "eval_count")),
	    .total = -1,
	};
	struct str name = driver_string(json_object_get(reply, "done_reason"));

	ollama->over = true;
	driver_finish(call, reason_of(ollama, name), &usage);
}

/* A line of a stream, or a whole reply: they look the same. */
static int
take_reply(struct call *call, const json_t *reply, struct err *err)
{
	const json_t *error = json_object_get(reply, "error");

	if (error != NULL && !json_is_null(error))
		return fail_text(
		    err, ERR_PROVIDER, driver_error(call->arena, error));
	if (take_message(call, json_object_get(reply, "message"), err) < 0)
		return -1;
	if (json_is_true(json_object_get(reply, "done")))
		settle(call, reply);
	return 0;
}

static int
ollama_frame(
    struct call *call, struct str event, struct str data, struct err *err)
{
	struct ollama *ollama = call->state;
	struct err why = {0};
	json_t *reply;
	int rc;

	(void)event;
	if (ollama->over)
		return 0;
	ollama->seen = true;
	reply = json_read(data, &why);
	if (json_is_object(reply))
		rc = take_reply(call, reply, err);
	else
		rc = fail(err, ERR_PROVIDER,
		    "bad line in the provider's stream: %s",
		    why.msg != NULL ? why.msg : "no object");
	err_free(&why);
	json_decref(reply);
	return rc;
}

static int
ollama_body(struct call *call, struct str text, struct err *err)
{
	struct ollama *ollama = call->state;
	struct err why = {0};
	json_t *reply = json_read(text, &why);
	int rc;

	err_free(&why);
	rc = json_is_object(reply) ? take_reply(call, reply, err) : 0;
	if (rc == 0 && !ollama->over)
		rc = fail(err, ERR_PROVIDER, "Invalid JSON response");
	json_decref(reply);
	return rc;
}

static int
ollama_end(struct call *call, bool cut, struct err *err)
{
	const struct ollama *ollama = call->state;

	if (ollama->over)
		return 0;
	if (!cut && !ollama->seen)
		return fail(err, ERR_PROVIDER, "the provider's reply is empty");
	return fail(err, ERR_PROVIDER, "%s", driver_cut_text);
}

const struct driver driver_ollama = {
    .name = "ollama",
    .abilities = DRIVER_TEXT | DRIVER_OBJECT,
    .framing = DRIVER_LINES,
    .state_size = sizeof(struct ollama),
    .build = ollama_build,
    .frame = ollama_frame,
    .body = ollama_body,
    .end = ollama_end,
    .explain = driver_explain,
};
