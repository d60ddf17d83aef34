/* The replies of OpenAI's Responses API as events: named events of a stream or
 * one whole reply.  A stream is over when it says so (completed, incomplete,
 * failed); one that breaks off before, that is none or that holds an error
 * fails.  How bytes become events of a stream is not known here. */
#include "responses.h"

#include "chat.h"
#include "tool_call.h"
#include "../base/json.h"
#include "../base/limits.h"
#include "../base/utf.h"

#include <string.h>

static const char no_reason[] = "the provider failed and did not say why";

static struct usage
read_usage(const json_t *usage)
{
	const json_t *in, *out, *total;

	if (!json_is_object(usage))
		return (struct usage){0};
	in = json_object_get(usage, "input_tokens_details");
	out = json_object_get(usage, "output_tokens_details");
	total = json_object_get(usage, "total_tokens");
	return (struct usage){
	    .input = driver_tokens(json_object_get(usage, "input_tokens")),
	    .output = driver_tokens(json_object_get(usage, "output_tokens")),
	    .total = json_is_number(total) ? driver_tokens(total) : -1,
	    .cached = driver_tokens(json_object_get(in, "cached_tokens")),
	    .reasoning =
		driver_tokens(json_object_get(out, "reasoning_tokens")),
	};
}

/* Why the model stopped (protocol.md 2.9).  Nothing is said of it when the
 * answer is complete, and neither that it asks for tools. */
static enum finish_reason
read_reason(const struct call *call, const json_t *response)
{
	const struct responses *r = call->state;
	const json_t *details = json_object_get(response, "incomplete_details");
	struct str status = driver_string(json_object_get(response, "status"));
	struct str why = driver_string(json_object_get(details, "reason"));

	if (str_is(why, "max_output_tokens"))
		return FINISH_LENGTH;
	if (str_is(why, "content_filter"))
		return FINISH_CONTENT_FILTER;
	if (r->n_tools != 0)
		return FINISH_TOOL_CALLS;
	if (why.p != NULL || (status.p != NULL && !str_is(status, "completed")))
		return FINISH_UNKNOWN;
	return call->refused ? FINISH_CONTENT_FILTER : FINISH_STOP;
}

static void
take_text(struct call *call, struct str text)
{
	struct responses *r = call->state;

	r->spoken = r->spoken || text.len != 0;
	driver_text(call, text);
}

static void
take_refusal(struct call *call, struct str text)
{
	struct responses *r = call->state;

	r->spoken = r->spoken || text.len != 0;
	driver_refusal(call, text);
}

/* What a message or the reasoning before it says, part by part. */
static void
take_parts(struct call *call, const json_t *parts)
{
	size_t i;

	for (i = 0; i < json_array_size(parts); i++) {
		const json_t *part = json_array_get(parts, i);
		struct str type = driver_string(json_object_get(part, "type"));
		struct str text = driver_string(json_object_get(part, "text"));

		if (str_is(type, "output_text"))
			take_text(call, text);
		else if (str_is(type, "refusal"))
			take_refusal(call,
			    driver_string(json_object_get(part, "refusal")));
		else if (str_is(type, "summary_text") ||
			 str_is(type, "reasoning_text"))
			driver_reasoning(call, text);
	}
}

static bool
is_tool(const json_t *item)
{
	struct str type = driver_string(json_object_get(item, "type"));

	return str_is(type, "function_call");
}

/* What the next step must name beside a call that it names: the reasoning and
 * the messages that came before it (the vendor refuses either without the
 * other).  Nothing can be named that the vendor did not store. */
static void
note_item(struct responses *r, const json_t *item)
{
	json_t *id = json_object_get(item, "id");
	struct str type = driver_string(json_object_get(item, "type"));

	if (driver_string(id).len == 0)
		return;
	if (r->before == NULL)
		r->before = json_array();
	json_array_append(r->before, id);
	if (str_is(type, "message"))
		r->said = true;
}

static void
forget_items(struct responses *r)
{
	json_decref(r->before);
	r->before = NULL;
	r->said = false;
}

/* Who has another key may see nothing of what was stored for this one. */
static bool
keys_take_turns(const struct provider *p)
{
	return p->pool != NULL && p->pool[0] != NULL && p->pool[1] != NULL;
}

static json_t *
make_keep(struct call *call, const json_t *item)
{
	const struct provider *p = call->ask->provider;
	json_t *id = json_object_get(item, "id"), *keep;
	struct responses *r = call->state;

	if (r->unstored || driver_string(id).len == 0 || keys_take_turns(p))
		return NULL;
	keep = json_pack("{sssssO}", "driver", driver_responses.name,
	    RESPONSES_PROVIDER, p->name != NULL ? p->name : "", "id", id);
	if (r->before != NULL)
		json_object_set(keep, RESPONSES_BEFORE, r->before);
	if (r->said)
		json_object_set_new(keep, RESPONSES_SAID, json_true());
	return keep;
}

/* A call of a tool is told when its arguments are complete. */
static int
take_tool(struct call *call, const json_t *item, struct err *err)
{
	struct responses *r = call->state;
	struct told told = {
	    .id = driver_string(json_object_get(item, "call_id")),
	    .name = driver_string(json_object_get(item, "name")),
	    .args = driver_string(json_object_get(item, "arguments")),
	    .n = r->n_tools,
	};
	json_t *keep;

	if (tool_call_count(&r->n_tools, err) < 0)
		return -1;
	r->spoken = true;
	keep = make_keep(call, item);
	told.keep = keep;
	tool_call_emit(call, &told);
	json_decref(keep);
	forget_items(r);
	return 0;
}

static int
take_item(struct call *call, const json_t *item, struct err *err)
{
	if (is_tool(item))
		return take_tool(call, item, err);
	note_item(call->state, item);
	return 0;
}

/* All that a whole answer holds, calls of tools first, as one-shot replies
 * are told (protocol.md 2.4). */
static int
take_output(struct call *call, const json_t *output, struct err *err)
{
	size_t i;

	for (i = 0; i < json_array_size(output); i++) {
		if (take_item(call, json_array_get(output, i), err) < 0)
			return -1;
	}
	for (i = 0; i < json_array_size(output); i++) {
		const json_t *item = json_array_get(output, i);

		take_parts(call, json_object_get(item, "summary"));
		take_parts(call, json_object_get(item, "content"));
	}
	return 0;
}

static void
take_stored(struct responses *r, const json_t *response)
{
	if (json_is_false(json_object_get(response, "store")))
		r->unstored = true;
}

/* The error of a response, which may come with status 200. */
static int
check_error(struct call *call, const json_t *response, struct err *err)
{
	struct str status = driver_string(json_object_get(response, "status"));

	if (driver_check(call, response, err) < 0)
		return -1;
	if (str_is(status, "failed"))
		return fail(err, ERR_PROVIDER, "%s", no_reason);
	if (str_is(status, "cancelled"))
		return fail(err, ERR_PROVIDER, "the answer was cancelled");
	return 0;
}

static int
take_failure(struct call *call, const json_t *response, struct err *err)
{
	if (check_error(call, response, err) < 0)
		return -1;
	return fail(err, ERR_PROVIDER, "%s", no_reason);
}

/* RESPONSE is the whole answer; what a stream has told of it already is not
 * told again. */
static int
settle(struct call *call, const json_t *response, struct err *err)
{
	struct responses *r = call->state;
	struct usage usage = read_usage(json_object_get(response, "usage"));

	if (check_error(call, response, err) < 0)
		return -1;
	take_stored(r, response);
	driver_model(call, json_object_get(response, "model"));
	if (!r->spoken &&
	    take_output(call, json_object_get(response, "output"), err) < 0)
		return -1;
	if (call->said.len != 0)
		return driver_refused(call, err);
	driver_finish(call, read_reason(call, response), &usage);
	return 0;
}

/* What an event says that counts.  Most of each is the same every time, so
 * only these members become trees. */
struct said {
	json_t *type, *delta, *item, *response, *error;
};

static json_t **
member(struct said *said, struct str key)
{
	if (str_is(key, "type"))
		return &said->type;
	if (str_is(key, "delta"))
		return &said->delta;
	if (str_is(key, "item"))
		return &said->item;
	if (str_is(key, "response"))
		return &said->response;
	return str_is(key, "error") ? &said->error : NULL;
}

static int
read_event(struct json_in *in, struct said *said)
{
	struct str key;
	json_t **to;
	int more;

	if (json_in_peek(in) != JSON_IN_OBJECT || json_in_enter(in) < 0)
		return -1;
	while ((more = json_in_key(in, &key)) > 0) {
		to = member(said, key);
		if (to == NULL) {
			if (json_in_skip(in) < 0)
				return -1;
			continue;
		}
		json_decref(*to);
		*to = json_in_tree(in);
		if (*to == NULL)
			return -1;
	}
	return more < 0 ? -1 : json_in_finish(in);
}

static int
take_event(struct call *call, struct str type, const struct said *said,
    struct err *err)
{
	struct str delta = driver_string(said->delta);

	if (str_is(type, "response.output_text.delta"))
		take_text(call, delta);
	else if (str_is(type, "response.refusal.delta"))
		take_refusal(call, delta);
	else if (str_is(type, "response.reasoning_text.delta") ||
		 str_is(type, "response.reasoning_summary_text.delta"))
		driver_reasoning(call, delta);
	else if (str_is(type, "response.created"))
		take_stored(call->state, said->response);
	else if (str_is(type, "response.output_item.done"))
		return take_item(call, said->item, err);
	else if (str_is(type, "response.completed") ||
		 str_is(type, "response.incomplete"))
		return settle(call, said->response, err);
	else if (str_is(type, "response.failed"))
		return take_failure(call, said->response, err);
	return 0;
}

static int
responses_frame(
    struct call *call, struct str event, struct str data, struct err *err)
{
	struct said said = {0};
	struct err why = {0};
	struct json_in in;
	struct str type;
	int rc;

	/* Servers that also speak chat completions may end all streams so. */
	if (str_is(data, "[DONE]"))
		return 0;
	json_in_init(&in, data, &why);
	rc = read_event(&in, &said);
	type = driver_string(said.type);
	if (type.p == NULL)
		type = event;
	if (rc < 0)
		rc = driver_bad_event(&why, err);
	else if (said.error != NULL && !json_is_null(said.error))
		rc = driver_fail(call, said.error, err);
	else if (str_is(type, "error"))
		rc = chat_error_event(call, data, err);
	else
		rc = take_event(call, type, &said, err);
	json_in_free(&in);
	json_decref(said.type);
	json_decref(said.delta);
	json_decref(said.item);
	json_decref(said.response);
	json_decref(said.error);
	return rc;
}

static int
responses_body(struct call *call, struct str text, struct err *err)
{
	const json_t *reply = chat_reply(call, text, err);

	if (reply == NULL || check_error(call, reply, err) < 0)
		return -1;
	if (!json_is_array(json_object_get(reply, "output")))
		return driver_bad_reply(err);
	return settle(call, reply, err);
}

static void
responses_drop(struct call *call)
{
	forget_items(call->state);
}

const struct driver driver_responses = {
    .name = "responses",
    .abilities = DRIVER_TEXT | DRIVER_OBJECT | DRIVER_IMAGE | DRIVER_SPEECH |
		 DRIVER_TOOLS,
    .state_size = sizeof(struct responses),
    .build = responses_build,
    .probe = chat_probe,
    .frame = responses_frame,
    .body = responses_body,
    .explain = driver_explain,
    .embed_build = chat_embed_build,
    .embed_body = chat_embed_body,
    .media_build = chat_media_build,
    .media_body = chat_media_body,
    .images_at_once = chat_images_at_once,
    .drop = responses_drop,
};
