/* The replies of OpenAI's chat completions, and of the many servers that speak
 * alike, as events: chunks of a stream or one whole reply.  Lenient about what
 * such servers leave out, strict about what would lose an answer: a stream
 * that is none, that breaks off or that holds an error fails.  How bytes
 * become events of a stream is not known here. */
#include "chat.h"

#include "../base/json.h"
#include "../base/limits.h"
#include "../base/utf.h"

#include <string.h>

static const struct reason_name reasons[] = {
    {"stop", FINISH_STOP},
    {"length", FINISH_LENGTH},
    {"model_length", FINISH_LENGTH}, /* of the context, says Mistral */
    {"content_filter", FINISH_CONTENT_FILTER},
    {"tool_calls", FINISH_TOOL_CALLS},
    {"function_call", FINISH_TOOL_CALLS},
};

static void
take_usage(struct chat *chat, const json_t *usage)
{
	const json_t *in, *out, *total;

	if (!json_is_object(usage))
		return;
	in = json_object_get(usage, "prompt_tokens_details");
	out = json_object_get(usage, "completion_tokens_details");
	total = json_object_get(usage, "total_tokens");
	chat->usage = (struct usage){
	    .input = driver_tokens(json_object_get(usage, "prompt_tokens")),
	    .output =
		driver_tokens(json_object_get(usage, "completion_tokens")),
	    .total = json_is_number(total) ? driver_tokens(total) : -1,
	    .cached = driver_tokens(json_object_get(in, "cached_tokens")),
	    .reasoning =
		driver_tokens(json_object_get(out, "reasoning_tokens")),
	};
}

/* Content in parts, as servers of models that think send it. */
static void
take_part(struct call *call, const json_t *part)
{
	struct str type = driver_string(json_object_get(part, "type"));

	if (str_is(type, "text"))
		driver_text(call, driver_string(json_object_get(part, "text")));
	else if (str_is(type, "refusal"))
		driver_refusal(
		    call, driver_string(json_object_get(part, "refusal")));
}

static void
keep_thought(struct chat *chat, const char *key, struct str thought)
{
	if (chat->thought.max == 0)
		buf_init(&chat->thought, LIMIT_OBJECT_BYTES);
	chat->thought_key = key;
	buf_add(&chat->thought, thought.p, thought.len);
}

static void
take_thought(struct call *call, const json_t *message)
{
	const char *key = CHAT_THOUGHT;
	struct str thought = driver_string(json_object_get(message, key));

	if (thought.p == NULL) {
		key = CHAT_THOUGHT_TOO;
		thought = driver_string(json_object_get(message, key));
	}
	driver_reasoning(call, thought);
	if (thought.len != 0 && call->ask->n_tools != 0)
		keep_thought(call->state, key, thought);
}

static void
take_text(struct call *call, const json_t *message)
{
	const json_t *content = json_object_get(message, "content");
	size_t i;

	driver_text(call, driver_string(content));
	for (i = 0; i < json_array_size(content); i++)
		take_part(call, json_array_get(content, i));
	driver_refusal(
	    call, driver_string(json_object_get(message, "refusal")));
}

static int
take_tool(
    struct call *call, const json_t *piece, size_t position, struct err *err)
{
	struct chat *chat = call->state;
	const json_t *index = json_object_get(piece, "index");
	const json_t *function = json_object_get(piece, "function");
	const json_t *extra = json_object_get(piece, "extra_content");
	struct tool_call *tool;

	tool = tool_calls_at(call, &chat->tools,
	    json_is_integer(index) ? json_integer_value(index)
				   : (json_int_t)position,
	    err);
	if (tool == NULL)
		return -1;
	tool_call_name(tool, driver_string(json_object_get(piece, "id")),
	    driver_string(json_object_get(function, "name")));
	if (json_is_object(extra) && tool->keep == NULL)
		tool->keep = json_pack(
		    "{sssO}", "driver", driver_chat.name, CHAT_EXTRA, extra);
	return tool_call_add(&chat->tools, tool,
	    driver_string(json_object_get(function, "arguments")), err);
}

static int
take_tools(struct call *call, const json_t *message, struct err *err)
{
	const json_t *pieces = json_object_get(message, "tool_calls");
	size_t i;

	for (i = 0; i < json_array_size(pieces); i++)
		if (take_tool(call, json_array_get(pieces, i), i, err) < 0)
			return -1;
	return 0;
}

/* Servers whose models think before they call want to see the thought again,
 * under the name that they gave it. */
static void
emit_tools(struct call *call)
{
	struct chat *chat = call->state;
	struct tool_call *first;

	if (chat->tools.out < chat->tools.n && chat->thought.len != 0 &&
	    !buf_full(&chat->thought)) {
		first = &chat->tools.all[chat->tools.out];
		if (first->keep == NULL)
			first->keep =
			    json_pack("{ss}", "driver", driver_chat.name);
		json_set_str(
		    first->keep, chat->thought_key, buf_text(&chat->thought));
	}
	tool_calls_emit(call, &chat->tools);
}

static int
settle(struct call *call, struct err *err)
{
	const struct chat *chat = call->state;

	if (call->said.len != 0)
		return driver_refused(call, err);
	if (call->refused && call->reason == FINISH_STOP)
		call->reason = FINISH_CONTENT_FILTER;
	emit_tools(call);
	driver_finish(call, call->reason, &chat->usage);
	return 0;
}

/* What a chunk says that counts.  A stream has many, and most of each is the
 * same every time, so only these members become trees. */
struct chunk {
	json_t *delta, *usage, *error, *model;
	bool is_error; /* it says so of itself */
};

static int
read_member(struct json_in *in, json_t **out)
{
	json_decref(*out);
	*out = json_in_tree(in);
	return *out != NULL ? 0 : -1;
}

static int
read_choice(struct json_in *in, struct call *call, struct chunk *chunk)
{
	struct str key, reason;
	int more, rc;

	if (json_in_peek(in) != JSON_IN_OBJECT)
		return json_in_skip(in);
	if (json_in_enter(in) < 0)
		return -1;
	while ((more = json_in_key(in, &key)) > 0) {
		if (str_is(key, "delta")) {
			rc = read_member(in, &chunk->delta);
		} else if (str_is(key, "finish_reason") &&
			   json_in_peek(in) == JSON_IN_STRING) {
			rc = json_in_string(in, &reason);
			if (rc == 0)
				driver_reason(
				    call, reasons, ARRAY_LEN(reasons), reason);
		} else {
			rc = json_in_skip(in);
		}
		if (rc < 0)
			return -1;
	}
	return more;
}

/* Only the first choice is asked for, and so only that one is read. */
static int
read_choices(struct json_in *in, struct call *call, struct chunk *chunk)
{
	bool first = true;
	int more, rc;

	if (json_in_peek(in) != JSON_IN_ARRAY)
		return json_in_skip(in);
	if (json_in_enter(in) < 0)
		return -1;
	while ((more = json_in_item(in)) > 0) {
		rc = first ? read_choice(in, call, chunk) : json_in_skip(in);
		if (rc < 0)
			return -1;
		first = false;
	}
	return more;
}

static int
read_chunk(struct json_in *in, struct call *call, struct chunk *chunk)
{
	struct chat *chat = call->state;
	struct str key, object;
	int more, rc;

	if (json_in_peek(in) != JSON_IN_OBJECT || json_in_enter(in) < 0)
		return -1;
	while ((more = json_in_key(in, &key)) > 0) {
		if (str_is(key, "choices")) {
			rc = read_choices(in, call, chunk);
		} else if (str_is(key, "usage")) {
			rc = read_member(in, &chunk->usage);
		} else if (str_is(key, "error")) {
			rc = read_member(in, &chunk->error);
		} else if (str_is(key, "model") && !chat->named) {
			rc = read_member(in, &chunk->model);
			chat->named = true;
		} else if (str_is(key, "object") &&
			   json_in_peek(in) == JSON_IN_STRING) {
			rc = json_in_string(in, &object);
			chunk->is_error = rc == 0 && str_is(object, "error");
		} else {
			rc = json_in_skip(in);
		}
		if (rc < 0)
			return -1;
	}
	return more < 0 ? -1 : json_in_finish(in);
}

int
chat_error_event(struct call *call, struct str data, struct err *err)
{
	json_t *error = driver_event(data, err);

	if (error == NULL)
		return -1;
	(void)driver_fail(call, error, err);
	json_decref(error);
	return -1;
}

static int
take_chunk(struct call *call, const struct chunk *chunk, struct err *err)
{
	if (chunk->error != NULL && !json_is_null(chunk->error))
		return driver_fail(call, chunk->error, err);
	driver_model(call, chunk->model);
	take_usage(call->state, chunk->usage);
	take_thought(call, chunk->delta);
	take_text(call, chunk->delta);
	return take_tools(call, chunk->delta, err);
}

static int
chat_frame(
    struct call *call, struct str event, struct str data, struct err *err)
{
	struct chunk chunk = {0};
	struct err why = {0};
	struct json_in in;
	int rc;

	if (str_is(data, "[DONE]"))
		return settle(call, err);
	json_in_init(&in, data, &why);
	if (read_chunk(&in, call, &chunk) < 0)
		rc = driver_bad_event(&why, err);
	else if (chunk.error == NULL &&
		 (chunk.is_error || str_is(event, "error")))
		rc = chat_error_event(call, data, err);
	else
		rc = take_chunk(call, &chunk, err);
	json_in_free(&in);
	json_decref(chunk.delta);
	json_decref(chunk.usage);
	json_decref(chunk.model);
	json_decref(chunk.error);
	return rc;
}

const json_t *
chat_reply(struct call *call, struct str text, struct err *err)
{
	const json_t *reply = driver_reply(call, text, err);
	struct str object = driver_string(json_object_get(reply, "object"));

	if (reply == NULL || driver_check(call, reply, err) < 0)
		return NULL;
	if (!str_is(object, "error"))
		return reply;
	(void)driver_fail(call, reply, err);
	return NULL;
}

static int
chat_body(struct call *call, struct str text, struct err *err)
{
	const json_t *reply = chat_reply(call, text, err), *choice, *message;

	if (reply == NULL)
		return -1;
	choice = json_array_get(json_object_get(reply, "choices"), 0);
	message = json_object_get(choice, "message");
	if (!json_is_object(message))
		return driver_bad_reply(err);
	driver_model(call, json_object_get(reply, "model"));
	take_usage(call->state, json_object_get(reply, "usage"));
	driver_reason(call, reasons, ARRAY_LEN(reasons),
	    driver_string(json_object_get(choice, "finish_reason")));
	if (take_tools(call, message, err) < 0)
		return -1;
	take_thought(call, message);
	emit_tools(call);
	take_text(call, message);
	return settle(call, err);
}

static void
chat_drop(struct call *call)
{
	struct chat *chat = call->state;

	tool_calls_free(&chat->tools);
	buf_free(&chat->thought);
}

const struct driver driver_chat = {
    .name = "chat",
    .abilities = DRIVER_TEXT | DRIVER_OBJECT | DRIVER_IMAGE | DRIVER_SPEECH |
		 DRIVER_TOOLS,
    .bytes_only = DRIVER_BYTES_FILES | DRIVER_BYTES_TEXTS,
    .state_size = sizeof(struct chat),
    .build = chat_build,
    .probe = chat_probe,
    .frame = chat_frame,
    .body = chat_body,
    .end = settle, /* servers forget [DONE] */
    .explain = driver_explain,
    .embed_build = chat_embed_build,
    .embed_body = chat_embed_body,
    .media_build = chat_media_build,
    .media_body = chat_media_body,
    .images_at_once = chat_images_at_once,
    .drop = chat_drop,
};
