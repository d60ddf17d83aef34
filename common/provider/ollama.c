/* The replies of Ollama's /api/chat as events: a line of JSON for each piece,
 * or one whole reply of the same form.  The last one says that it is done; a
 * stream without it was cut.  What is asked is not known here. */
#include "ollama.h"

#include "../base/json.h"
#include "../base/limits.h"
#include "../base/utf.h"

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
take_tool(struct call *call, const json_t *tool, struct err *err)
{
	struct ollama *ollama = call->state;
	const json_t *function = json_object_get(tool, "function");
	struct told told = {
	    .id = driver_string(json_object_get(tool, "id")),
	    .name = driver_string(json_object_get(function, "name")),
	    .n = ollama->tools,
	};
	json_t *keep;

	if (tool_args_text(call->arena, json_object_get(function, "arguments"),
		&told.args, err) < 0)
		return -1;
	if (call->object_tool != NULL && str_is(told.name, call->object_tool)) {
		if (!ollama->answered)
			driver_text(call, told.args);
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
		driver_words(call, text);
	}
	for (i = 0; i < json_array_size(tools); i++)
		if (take_tool(call, json_array_get(tools, i), err) < 0)
			return -1;
	if (!stream) {
		driver_reasoning(call, thought);
		driver_words(call, text);
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

	/* Where the object did not come, what was said is the answer. */
	if (!ollama->answered && ollama->tools == 0)
		driver_text(call, buf_text(&call->said));
	driver_finish(call, reason_of(ollama, name), &usage);
}

/* A line of a stream, or a whole reply: they look the same. */
static int
take_reply(struct call *call, const json_t *reply, struct err *err)
{
	if (driver_check(call, reply, err) < 0)
		return -1;
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
	json_t *reply = driver_event(data, err);
	int rc;

	(void)event;
	if (reply == NULL)
		return -1;
	rc = take_reply(call, reply, err);
	json_decref(reply);
	return rc;
}

static int
ollama_body(struct call *call, struct str text, struct err *err)
{
	const json_t *reply = driver_reply(call, text, err);

	if (reply == NULL || take_reply(call, reply, err) < 0)
		return -1;
	return call->over ? 0 : driver_bad_reply(err);
}

static void
ollama_drop(struct call *call)
{
	struct ollama *ollama = call->state;

	buf_free(&ollama->thought);
}

const struct driver driver_ollama = {
    .name = "ollama",
    .abilities = DRIVER_TEXT | DRIVER_OBJECT | DRIVER_TOOLS,
    .bytes_only = DRIVER_BYTES_IMAGES | DRIVER_BYTES_FILES | DRIVER_BYTES_TEXTS,
    .framing = DRIVER_LINES,
    .state_size = sizeof(struct ollama),
    .object_tool = ollama_object_tool,
    .build = ollama_build,
    .probe = ollama_probe,
    .frame = ollama_frame,
    .body = ollama_body,
    .explain = driver_explain,
    .drop = ollama_drop,
};
