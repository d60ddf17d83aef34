/* The replies of Anthropic's messages as events: the events of a stream or one
 * whole reply.  Blocks and events that are new to it are passed over, as the
 * vendor asks; a stream that is none, that breaks off or that holds an error
 * fails.  How bytes become events of a stream is not known here. */
#include "anthropic.h"

#include "../base/json.h"
#include "../base/limits.h"
#include "../base/utf.h"

static const struct reason_name reasons[] = {
    {"end_turn", FINISH_STOP},
    {"stop_sequence", FINISH_STOP},
    {"pause_turn", FINISH_STOP},
    {"max_tokens", FINISH_LENGTH},
    {"model_context_window_exceeded", FINISH_LENGTH},
    {"refusal", FINISH_CONTENT_FILTER},
    {"tool_use", FINISH_TOOL_CALLS},
};

static void
take_count(int64_t *to, const json_t *usage, const char *key)
{
	const json_t *count = json_object_get(usage, key);

	if (json_is_number(count))
		*to = driver_tokens(count);
}

static void
take_usage(struct anthropic *st, const json_t *usage)
{
	take_count(&st->fresh, usage, "input_tokens");
	take_count(&st->written, usage, "cache_creation_input_tokens");
	take_count(&st->cached, usage, "cache_read_input_tokens");
	take_count(&st->output, usage, "output_tokens");
}

/* The vendor counts the tokens that it reads from its cache or writes to it
 * apart; everybody else's input has them all. */
static struct usage
sum_usage(const struct anthropic *st)
{
	return (struct usage){
	    .input = st->fresh + st->written + st->cached,
	    .output = st->output,
	    .total = -1,
	    .cached = st->cached,
	};
}

static void
take_json(struct call *call, struct str text)
{
	struct anthropic *st = call->state;

	if (text.len == 0)
		return;
	st->has_json = true;
	driver_text(call, text);
}

/* --- thoughts: the vendor wants those before calls of tools again, whole and
 * signed; what is not signed it did not make */

static void
keep_thought(struct call *call, struct buf *to, struct str text)
{
	if (call->ask->n_tools == 0)
		return;
	if (to->max == 0)
		buf_init(to, LIMIT_OBJECT_BYTES);
	buf_add(to, text.p, text.len);
}

static void
keep_block(struct anthropic *st, json_t *block)
{
	if (st->thoughts == NULL)
		st->thoughts = json_array();
	json_array_append_new(st->thoughts, block);
}

static void
close_thought(struct anthropic *st)
{
	struct buf *text = &st->thought, *sign = &st->signature;
	json_t *block;

	if (sign->len != 0 && !buf_full(text) && !buf_full(sign)) {
		block = json_pack("{ss}", "type", "thinking");
		json_set_str(block, "thinking", buf_text(text));
		json_set_str(block, "signature", buf_text(sign));
		keep_block(st, block);
	}
	buf_free(text);
	buf_free(sign);
}

/* What was thought before a call goes with it. */
static json_t *
take_thoughts(struct anthropic *st)
{
	json_t *thoughts = st->thoughts;

	st->thoughts = NULL;
	if (thoughts == NULL)
		return NULL;
	return json_pack("{ssso}", "driver", driver_anthropic.name,
	    ANTHROPIC_THOUGHTS, thoughts);
}

/* --- blocks */

/* A piece of the arguments of the open block. */
static int
take_piece(struct call *call, struct str text, struct err *err)
{
	struct anthropic *st = call->state;

	if (st->open == ANTHROPIC_OBJECT)
		take_json(call, text);
	if (st->open == ANTHROPIC_CALL)
		return tool_call_add(&st->calls, st->made, text, err);
	return 0;
}

/* The arguments as far as a block holds them whole.  A stream begins with an
 * empty object, which pieces follow. */
static int
take_input(struct call *call, const json_t *input, struct err *err)
{
	struct str text;

	if (json_is_object(input) && json_object_size(input) == 0)
		return 0;
	if (tool_args_text(call->arena, input, &text, err) < 0)
		return -1;
	return take_piece(call, text, err);
}

/* The object is the first call of its tool, a second one says nothing. */
static int
open_call(struct call *call, const json_t *block, struct err *err)
{
	struct anthropic *st = call->state;
	struct str name = driver_string(json_object_get(block, "name"));

	if (call->object_tool != NULL && str_is(name, call->object_tool)) {
		if (st->answered)
			return 0;
		st->answered = true;
		st->open = ANTHROPIC_OBJECT;
	} else {
		st->made = tool_calls_at(
		    call, &st->calls, (json_int_t)st->calls.n, err);
		if (st->made == NULL)
			return -1;
		st->open = ANTHROPIC_CALL;
		st->made->keep = take_thoughts(st);
		tool_call_name(st->made,
		    driver_string(json_object_get(block, "id")), name);
	}
	return take_input(call, json_object_get(block, "input"), err);
}

/* A tool that is called without arguments may stream none. */
static void
close_block(struct call *call)
{
	struct anthropic *st = call->state;

	if (st->open == ANTHROPIC_OBJECT && !st->has_json)
		take_json(call, STR("{}"));
	else if (st->open == ANTHROPIC_CALL)
		tool_calls_emit(call, &st->calls);
	else if (st->open == ANTHROPIC_THOUGHT)
		close_thought(st);
	st->open = ANTHROPIC_OTHER;
}

/* The start of a block of a stream, or a block of a whole reply, as far as it
 * is of calls. */
static int
open_block(struct call *call, const json_t *block, struct err *err)
{
	struct anthropic *st = call->state;
	struct str type = driver_string(json_object_get(block, "type"));

	close_block(call);
	if (str_is(type, "tool_use"))
		return open_call(call, block, err);
	if (str_is(type, "thinking")) {
		st->open = ANTHROPIC_THOUGHT;
		keep_thought(call, &st->thought,
		    driver_string(json_object_get(block, "thinking")));
		keep_thought(call, &st->signature,
		    driver_string(json_object_get(block, "signature")));
	} else if (str_is(type, "redacted_thinking") &&
		   call->ask->n_tools != 0) {
		keep_block(st, json_incref((json_t *)block));
	}
	return 0;
}

/* The same, as far as it is of words. */
static void
take_words(struct call *call, const json_t *block)
{
	struct str type = driver_string(json_object_get(block, "type"));

	if (str_is(type, "text"))
		driver_words(
		    call, driver_string(json_object_get(block, "text")));
	else if (str_is(type, "thinking"))
		driver_reasoning(
		    call, driver_string(json_object_get(block, "thinking")));
}

static int
take_delta(struct call *call, const json_t *delta, struct err *err)
{
	struct anthropic *st = call->state;
	struct str type = driver_string(json_object_get(delta, "type"));
	struct str thought = driver_string(json_object_get(delta, "thinking"));

	if (str_is(type, "text_delta")) {
		driver_words(
		    call, driver_string(json_object_get(delta, "text")));
	} else if (str_is(type, "thinking_delta")) {
		driver_reasoning(call, thought);
		keep_thought(call, &st->thought, thought);
	} else if (str_is(type, "signature_delta")) {
		keep_thought(call, &st->signature,
		    driver_string(json_object_get(delta, "signature")));
	} else if (str_is(type, "input_json_delta")) {
		return take_piece(call,
		    driver_string(json_object_get(delta, "partial_json")), err);
	}
	return 0;
}

static int
settle(struct call *call, struct err *err)
{
	struct anthropic *st = call->state;
	struct usage usage = sum_usage(st);

	close_block(call);
	return driver_settle(call, st->answered, &usage, err);
}

static int
take_event(struct call *call, const json_t *event, struct err *err)
{
	struct anthropic *st = call->state;
	struct str type = driver_string(json_object_get(event, "type"));
	const json_t *delta = json_object_get(event, "delta");
	const json_t *message = json_object_get(event, "message");

	if (str_is(type, "message_start")) {
		driver_model(call, json_object_get(message, "model"));
		take_usage(st, json_object_get(message, "usage"));
	} else if (str_is(type, "content_block_start")) {
		take_words(call, json_object_get(event, "content_block"));
		return open_block(
		    call, json_object_get(event, "content_block"), err);
	} else if (str_is(type, "content_block_delta")) {
		return take_delta(call, delta, err);
	} else if (str_is(type, "content_block_stop")) {
		close_block(call);
	} else if (str_is(type, "message_delta")) {
		driver_reason(call, reasons, ARRAY_LEN(reasons),
		    driver_string(json_object_get(delta, "stop_reason")));
		take_usage(st, json_object_get(event, "usage"));
	} else if (str_is(type, "message_stop")) {
		return settle(call, err);
	}
	return 0;
}

/* An error is an event, or what a server sends with status 200. */
static bool
is_error(const json_t *json)
{
	const json_t *error = json_object_get(json, "error");

	return str_is(driver_string(json_object_get(json, "type")), "error") ||
	       (error != NULL && !json_is_null(error));
}

static int
anthropic_frame(
    struct call *call, struct str event, struct str data, struct err *err)
{
	json_t *json = driver_event(data, err);
	int rc;

	if (json == NULL)
		return -1;
	if (str_is(event, "error") || is_error(json))
		rc = driver_fail(call, json, err);
	else
		rc = take_event(call, json, err);
	json_decref(json);
	return rc;
}

static int
anthropic_body(struct call *call, struct str text, struct err *err)
{
	const json_t *reply = driver_reply(call, text, err);
	const json_t *content = json_object_get(reply, "content");
	size_t i;

	if (reply == NULL)
		return -1;
	driver_model(call, json_object_get(reply, "model"));
	if (is_error(reply))
		return driver_fail(call, reply, err);
	if (!json_is_array(content))
		return driver_bad_reply(err);
	/* Calls first, as all one-shot replies are told (protocol.md 2.4). */
	for (i = 0; i < json_array_size(content); i++)
		if (open_block(call, json_array_get(content, i), err) < 0)
			return -1;
	close_block(call);
	for (i = 0; i < json_array_size(content); i++)
		take_words(call, json_array_get(content, i));
	driver_reason(call, reasons, ARRAY_LEN(reasons),
	    driver_string(json_object_get(reply, "stop_reason")));
	take_usage(call->state, json_object_get(reply, "usage"));
	return settle(call, err);
}

static void
anthropic_drop(struct call *call)
{
	struct anthropic *st = call->state;

	tool_calls_free(&st->calls);
	json_decref(st->thoughts);
	buf_free(&st->thought);
	buf_free(&st->signature);
}

const struct driver driver_anthropic = {
    .name = "anthropic",
    .abilities = DRIVER_TEXT | DRIVER_OBJECT | DRIVER_TOOLS,
    .bytes_only = DRIVER_BYTES_TEXTS,
    .state_size = sizeof(struct anthropic),
    .object_tool = anthropic_object_tool,
    .build = anthropic_build,
    .probe = anthropic_probe,
    .frame = anthropic_frame,
    .body = anthropic_body,
    .end = settle,
    .explain = driver_explain,
    .drop = anthropic_drop,
};
