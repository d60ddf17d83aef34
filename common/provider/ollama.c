/* The replies of Ollama's /api/chat as events: a line of JSON for each piece,
 * or one whole reply of the same form.  The last one says that it is done; a
 * stream without it was cut.  What is asked is not known here. */
#include "ollama.h"

#include "../base/json.h"
#include "../base/limits.h"
#include "../base/utf.h"

/* Text beside an object is no part of it, if the object comes. */
static void
take_text(struct call *call, struct str text)
{
	struct ollama *ollama = call->state;

	if (ollama->tool == NULL) {
		driver_text(call, text);
		return;
	}
	if (ollama->said.max == 0)
		buf_init(&ollama->said, LIMIT_OBJECT_BYTES);
	buf_add(&ollama->said, text.p, text.len);
}

static void
keep_thought(struct call *call, struct str text)
{
	struct ollama *ollama = call->state;

	if (call->ask->n_tools == 0 || ollama->tools != 0)
		return;
	if (ollama->thought.max == 0)
		buf_init(&ollama->thought, LIMIT_OBJECT_BYTES);
	buf_add(&ollama->thought, text.p, text.len);
}

static json_t *
take_thought(struct ollama *ollama)
{
	struct buf *b = &ollama->thought;
	json_t *keep;

	if (b->len == 0 || buf_full(b))
		return NULL;
	keep = json_pack("{ss}", "driver", driver_ollama.name);
	json_set_str(keep, OLLAMA_THOUGHT, buf_text(b));
	buf_free(b);
	return keep;
}

/* A call comes whole, often without an id. */
static int
tell_tool(
    struct call *call, const json_t *tool, struct str args, struct err *err)
{
	struct ollama *ollama = call->state;
	const json_t *function = json_object_get(tool, "function");
	struct told told = {
	    .id = driver_string(json_object_get(tool, "id")),
	    .name = driver_string(json_object_get(function, "name")),
	    .args = args,
	    .n = ollama->tools,
	};
	json_t *keep;

	if (ollama->tool != NULL && str_is(told.name, ollama->tool)) {
		if (!ollama->answered)
			driver_text(call, args);
		ollama->answered = true;
		return 0;
	}
	if (tool_call_count(&ollama->tools, err) < 0)
		return -1;
	keep = take_thought(ollama);
	told.keep = keep;
	tool_call_emit(call, &told);
	json_decref(keep);
	return 0;
}

static int
take_tool(struct call *call, const json_t *tool, struct err *err)
{
	const json_t *args =
	    json_object_get(json_object_get(tool, "function"), "arguments");
	struct buf b;
	int rc = 0;

	buf_init(&b, LIMIT_OBJECT_BYTES);
	if (args == NULL || json_is_null(args))
		buf_adds(&b, "{}");
	else
		rc = tool_args_print(&b, args, err);
	if (rc == 0)
		rc = tell_tool(call, tool, buf_text(&b), err);
	buf_free(&b);
	return rc;
}

/* Calls of a whole reply are told first, as of all one-shot replies
 * (protocol.md 2.4); those of a stream come after what was said. */
static int
take_message(struct call *call, const json_t *message, struct err *err)
{
	const json_t *tools = json_object_get(message, "tool_calls");
	struct str thought =
	    driver_string(json_object_get(message, "thinking"));
	struct str text = driver_string(json_object_get(message, "content"));
	bool stream = call->ask->stream;
	size_t i;

	keep_thought(call, thought);
	if (stream) {
		driver_reasoning(call, thought);
		take_text(call, text);
	}
	for (i = 0; i < json_array_size(tools); i++)
		if (take_tool(call, json_array_get(tools, i), err) < 0)
			return -1;
	if (!stream) {
		driver_reasoning(call, thought);
		take_text(call, text);
	}
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
	if (!ollama->answered && ollama->tools == 0 && ollama->said.len != 0)
		driver_text(call, buf_text(&ollama->said));
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
	driver_model(call, json_object_get(reply, "model"));
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
	if (!ollama->seen)
		ollama->tool = ollama_object_tool(call);
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
	ollama->tool = ollama_object_tool(call);
	rc = json_is_object(reply) ? take_reply(call, reply, err) : 0;
	if (rc == 0 && !ollama->over)
		rc = driver_bad_reply(err);
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

static void
ollama_drop(struct call *call)
{
	struct ollama *ollama = call->state;

	buf_free(&ollama->said);
	buf_free(&ollama->thought);
}

const struct driver driver_ollama = {
    .name = "ollama",
    .abilities = DRIVER_TEXT | DRIVER_OBJECT | DRIVER_TOOLS,
    .bytes_only = DRIVER_BYTES_IMAGES | DRIVER_BYTES_FILES | DRIVER_BYTES_TEXTS,
    .framing = DRIVER_LINES,
    .state_size = sizeof(struct ollama),
    .build = ollama_build,
    .probe = ollama_probe,
    .frame = ollama_frame,
    .body = ollama_body,
    .end = ollama_end,
    .explain = driver_explain,
    .drop = ollama_drop,
};
