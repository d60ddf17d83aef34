/* The replies of Amazon Bedrock's Converse as events: the events of a stream,
 * each with its type, or one whole reply.  Its last event says what was used;
 * the one before says why the model stopped.  Blocks and events that are new to
 * it are passed over.  How bytes become events is not known here. */
#include "bedrock.h"

#include "../base/json.h"
#include "../base/limits.h"
#include "../base/utf.h"

#include <string.h>

static const struct reason_name reasons[] = {
    {"end_turn", FINISH_STOP},
    {"stop_sequence", FINISH_STOP},
    {"max_tokens", FINISH_LENGTH},
    {"model_context_window_exceeded", FINISH_LENGTH},
    {"content_filtered", FINISH_CONTENT_FILTER},
    {"guardrail_intervened", FINISH_CONTENT_FILTER},
    {"tool_use", FINISH_TOOL_CALLS},
    {"malformed_model_output", FINISH_ERROR},
    {"malformed_tool_use", FINISH_ERROR},
};

/* The vendor counts the tokens that it reads from its cache or writes to it
 * apart; everybody else's input has them all. */
static void
take_usage(struct bedrock *st, const json_t *usage)
{
	const struct {
		const char *key;
		int64_t *to;
	} counts[] = {
	    {"inputTokens", &st->fresh},
	    {"outputTokens", &st->output},
	    {"cacheReadInputTokens", &st->cached},
	    {"cacheWriteInputTokens", &st->written},
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(counts); i++)
		*counts[i].to =
		    driver_tokens(json_object_get(usage, counts[i].key));
}

/* --- reasoning, which the model wants to see again beside its calls */

static void
add_thought(struct bedrock *st, json_t *block)
{
	if (st->thoughts == NULL)
		st->thoughts = json_array();
	json_array_append_new(st->thoughts, block);
}

static void
keep_text(struct call *call, struct buf *to, struct str text)
{
	if (call->ask->n_tools == 0)
		return;
	if (to->max == 0)
		buf_init(to, LIMIT_OBJECT_BYTES);
	buf_add(to, text.p, text.len);
}

/* A piece of a stream, or the whole of a reply, whose text and signature lie
 * one level deeper. */
static void
keep_thought(struct call *call, const json_t *content)
{
	struct bedrock *st = call->state;
	const json_t *whole = json_object_get(content, "reasoningText");
	json_t *hidden = json_object_get(content, "redactedContent");
	json_t *block;

	if (json_is_string(hidden) && call->ask->n_tools != 0) {
		block = json_object();
		json_object_set(block, "redactedContent", hidden);
		add_thought(st, block);
	}
	if (whole != NULL)
		content = whole;
	keep_text(call, &st->thought,
	    driver_string(json_object_get(content, "text")));
	keep_text(call, &st->proof,
	    driver_string(json_object_get(content, "signature")));
}

/* Reasoning without a signature is not wanted back. */
static void
end_thought(struct bedrock *st)
{
	json_t *block, *inner;

	if (st->proof.len != 0 && !buf_full(&st->thought) &&
	    !buf_full(&st->proof)) {
		inner = json_object();
		json_set_str(inner, "text", buf_text(&st->thought));
		json_set_str(inner, "signature", buf_text(&st->proof));
		block = json_object();
		json_object_set_new(block, "reasoningText", inner);
		add_thought(st, block);
	}
	buf_free(&st->thought);
	buf_free(&st->proof);
}

/* What was thought before a call goes with it. */
static json_t *
take_thoughts(struct bedrock *st)
{
	json_t *thoughts = st->thoughts;

	st->thoughts = NULL;
	if (thoughts == NULL)
		return NULL;
	return json_pack("{ssso}", "driver", driver_bedrock.name,
	    BEDROCK_THOUGHTS, thoughts);
}

/* --- tools, of which one is the object */

static int
start_tool(
    struct call *call, json_int_t index, const json_t *use, struct err *err)
{
	struct bedrock *st = call->state;
	struct str name = driver_string(json_object_get(use, "name"));
	struct tool_call *made;

	if (call->object_tool != NULL && str_is(name, call->object_tool)) {
		st->in_object = !st->answered;
		st->answered = true;
		return 0;
	}
	made = tool_calls_at(call, &st->calls, index, err);
	if (made == NULL)
		return -1;
	tool_call_name(
	    made, driver_string(json_object_get(use, "toolUseId")), name);
	if (made->keep == NULL)
		made->keep = take_thoughts(st);
	return 0;
}

/* Pieces of the object's second version, if a model makes one, are dropped. */
static int
add_input(
    struct call *call, json_int_t index, struct str piece, struct err *err)
{
	struct bedrock *st = call->state;
	struct tool_calls *calls = &st->calls;

	if (st->in_object) {
		st->has_json = st->has_json || piece.len != 0;
		driver_text(call, piece);
		return 0;
	}
	if (calls->out == calls->n || calls->all[calls->n - 1].index != index)
		return 0;
	return tool_call_add(calls, &calls->all[calls->n - 1], piece, err);
}

/* A tool that is called without arguments may stream none. */
static void
end_block(struct call *call)
{
	struct bedrock *st = call->state;

	if (st->in_object && !st->has_json)
		driver_text(call, STR("{}"));
	st->in_object = false;
	end_thought(st);
	tool_calls_emit(call, &st->calls);
}

/* --- the two forms of an answer */

static json_int_t
index_of(const json_t *event)
{
	return json_integer_value(json_object_get(event, "contentBlockIndex"));
}

/* Words, in a piece of a stream or a block of a reply. */
static void
take_words(struct call *call, const json_t *block)
{
	const json_t *thought = json_object_get(block, "reasoningContent");
	const json_t *whole = json_object_get(thought, "reasoningText");

	driver_words(call, driver_string(json_object_get(block, "text")));
	driver_reasoning(call, driver_string(json_object_get(
				   whole != NULL ? whole : thought, "text")));
}

static int
take_delta(struct call *call, const json_t *event, struct err *err)
{
	const json_t *delta = json_object_get(event, "delta");
	const json_t *use = json_object_get(delta, "toolUse");

	take_words(call, delta);
	keep_thought(call, json_object_get(delta, "reasoningContent"));
	return add_input(call, index_of(event),
	    driver_string(json_object_get(use, "input")), err);
}

static int
settle(struct call *call, struct err *err)
{
	struct bedrock *st = call->state;
	struct usage usage = {
	    .input = st->fresh + st->written + st->cached,
	    .output = st->output,
	    .total = -1,
	    .cached = st->cached,
	};

	return driver_settle(call, st->answered, &usage, err);
}

static int
take_event(
    struct call *call, struct str type, const json_t *event, struct err *err)
{
	const json_t *use;

	if (str_is(type, "contentBlockStart")) {
		use =
		    json_object_get(json_object_get(event, "start"), "toolUse");
		if (use != NULL)
			return start_tool(call, index_of(event), use, err);
	} else if (str_is(type, "contentBlockDelta")) {
		return take_delta(call, event, err);
	} else if (str_is(type, "contentBlockStop")) {
		end_block(call);
	} else if (str_is(type, "messageStop")) {
		driver_reason(call, reasons, ARRAY_LEN(reasons),
		    driver_string(json_object_get(event, "stopReason")));
	} else if (str_is(type, "metadata")) {
		take_usage(call->state, json_object_get(event, "usage"));
		if (call->has_reason)
			return settle(call, err);
	}
	return 0;
}

static bool
begins(struct str s, const char *prefix)
{
	return s.len >= strlen(prefix) &&
	       memcmp(s.p, prefix, strlen(prefix)) == 0;
}

/* What an exception says, or its type when it says nothing. */
static int
take_exception(
    struct call *call, struct str type, struct str data, struct err *err)
{
	const size_t skip = strlen("exception/");
	struct err ignored = {0};
	json_t *event = json_read(data, &ignored);

	err_free(&ignored);
	if (json_object_size(event) != 0)
		(void)driver_fail(call, event, err);
	else
		(void)fail_text(err, ERR_PROVIDER,
		    (struct str){type.p + skip, type.len - skip});
	json_decref(event);
	return -1;
}

static int
bedrock_frame(
    struct call *call, struct str event, struct str data, struct err *err)
{
	json_t *json;
	int rc;

	if (begins(event, "error/"))
		return fail_text(err, ERR_PROVIDER,
		    data.len != 0 ? data : STR("Unknown error"));
	if (begins(event, "exception/"))
		return take_exception(call, event, data, err);
	json = driver_event(data, err);
	if (json == NULL)
		return -1;
	rc = take_event(call, event, json, err);
	json_decref(json);
	return rc;
}

/* The arguments of a whole call, as the pieces of a stream would be. */
static int
take_input(
    struct call *call, json_int_t index, const json_t *input, struct err *err)
{
	struct str text;

	if (json_object_size(input) == 0)
		return 0;
	if (tool_args_text(call->arena, input, &text, err) < 0)
		return -1;
	return add_input(call, index, text, err);
}

static int
take_block(
    struct call *call, json_int_t index, const json_t *block, struct err *err)
{
	const json_t *use = json_object_get(block, "toolUse");

	keep_thought(call, json_object_get(block, "reasoningContent"));
	if (use != NULL && start_tool(call, index, use, err) < 0)
		return -1;
	if (use != NULL &&
	    take_input(call, index, json_object_get(use, "input"), err) < 0)
		return -1;
	end_block(call);
	return 0;
}

static int
bedrock_body(struct call *call, struct str text, struct err *err)
{
	const json_t *reply = driver_reply(call, text, err);
	const json_t *message =
	    json_object_get(json_object_get(reply, "output"), "message");
	const json_t *content = json_object_get(message, "content");
	size_t i;

	if (reply == NULL)
		return -1;
	if (!json_is_array(content))
		return driver_bad_reply(err);
	/* Calls first, as all one-shot replies are told (protocol.md 2.4). */
	for (i = 0; i < json_array_size(content); i++)
		if (take_block(call, (json_int_t)i, json_array_get(content, i),
			err) < 0)
			return -1;
	for (i = 0; i < json_array_size(content); i++)
		take_words(call, json_array_get(content, i));
	driver_reason(call, reasons, ARRAY_LEN(reasons),
	    driver_string(json_object_get(reply, "stopReason")));
	take_usage(call->state, json_object_get(reply, "usage"));
	return settle(call, err);
}

/* Those who ask without permission are told so in another spelling. */
static struct str
bedrock_explain(struct call *call, int status, struct str text)
{
	struct err ignored = {0};
	json_t *json = json_read(text, &ignored);
	struct str said = driver_string(json_object_get(json, "Message"));

	err_free(&ignored);
	if (said.len != 0)
		said =
		    driver_error(call->arena, json_object_get(json, "Message"));
	else
		said = driver_explain(call, status, text);
	json_decref(json);
	return said;
}

static void
bedrock_drop(struct call *call)
{
	struct bedrock *st = call->state;

	buf_free(&st->thought);
	buf_free(&st->proof);
	json_decref(st->thoughts);
	tool_calls_free(&st->calls);
}

const struct driver driver_bedrock = {
    .name = "bedrock",
    .abilities = DRIVER_TEXT | DRIVER_OBJECT | DRIVER_TOOLS,
    .bytes_only = DRIVER_BYTES_IMAGES | DRIVER_BYTES_FILES | DRIVER_BYTES_TEXTS,
    .framing = DRIVER_RECORDS,
    .state_size = sizeof(struct bedrock),
    .object_tool = bedrock_object_tool,
    .build = bedrock_build,
    .probe = bedrock_probe,
    .frame = bedrock_frame,
    .body = bedrock_body,
    .end = settle, /* it lacks only what was used */
    .explain = bedrock_explain,
    .drop = bedrock_drop,
};
