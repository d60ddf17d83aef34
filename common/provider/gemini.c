/* The replies of Google's generateContent and streamGenerateContent as events.
 * A stream has no last word of its own: it has ended when its connection was
 * closed in order after a reason to finish; older models repeat that reason in
 * every event.  What is asked is not known here. */
#include "gemini.h"

#include "../base/json.h"
#include "../base/limits.h"
#include "../base/utf.h"

static const struct reason_name reasons[] = {
    {"STOP", FINISH_STOP},
    {"MAX_TOKENS", FINISH_LENGTH},
    {"SAFETY", FINISH_CONTENT_FILTER},
    {"RECITATION", FINISH_CONTENT_FILTER},
    {"BLOCKLIST", FINISH_CONTENT_FILTER},
    {"PROHIBITED_CONTENT", FINISH_CONTENT_FILTER},
    {"SPII", FINISH_CONTENT_FILTER},
    {"IMAGE_SAFETY", FINISH_CONTENT_FILTER},
    {"IMAGE_PROHIBITED_CONTENT", FINISH_CONTENT_FILTER},
    {"IMAGE_RECITATION", FINISH_CONTENT_FILTER},
    {"MALFORMED_FUNCTION_CALL", FINISH_ERROR},
    {"MALFORMED_RESPONSE", FINISH_ERROR},
    {"MISSING_THOUGHT_SIGNATURE", FINISH_ERROR},
    {"TOO_MANY_TOOL_CALLS", FINISH_ERROR},
    {"UNEXPECTED_TOOL_CALL", FINISH_ERROR},
    {"LANGUAGE", FINISH_OTHER},
    {"OTHER", FINISH_OTHER},
    {"IMAGE_OTHER", FINISH_OTHER},
    {"NO_IMAGE", FINISH_OTHER},
    {"FINISH_REASON_UNSPECIFIED", FINISH_OTHER},
};

/* Thoughts are counted apart from the answer, but they are output: that is what
 * they cost and what the total says. */
struct usage
gemini_usage(const json_t *usage)
{
	const json_t *total = json_object_get(usage, "totalTokenCount");
	int64_t thoughts =
	    driver_tokens(json_object_get(usage, "thoughtsTokenCount"));

	return (struct usage){
	    .input = driver_tokens(json_object_get(usage, "promptTokenCount")),
	    .output =
		driver_tokens(json_object_get(usage, "candidatesTokenCount")) +
		thoughts,
	    .total = json_is_number(total) ? driver_tokens(total) : -1,
	    .cached = driver_tokens(
		json_object_get(usage, "cachedContentTokenCount")),
	    .reasoning = thoughts,
	};
}

/* What of a part that calls is to come back with it.  It is there even when
 * nothing is in it: it tells our calls from those of other vendors. */
static json_t *
keep_of(const json_t *part, bool own_id)
{
	json_t *keep = json_pack("{ss}", "driver", driver_gemini.name);
	json_t *proof = json_object_get(part, GEMINI_PROOF);

	if (json_is_string(proof))
		json_object_set(keep, GEMINI_PROOF, proof);
	if (own_id)
		json_object_set_new(keep, GEMINI_OWN_ID, json_true());
	return keep;
}

/* A call comes whole; most models give it no id.  The object is the first call
 * of its function. */
static int
take_tool(struct call *call, const json_t *part, struct err *err)
{
	struct gemini *gemini = call->state;
	const json_t *function = json_object_get(part, "functionCall");
	struct told told = {
	    .id = driver_string(json_object_get(function, "id")),
	    .name = driver_string(json_object_get(function, "name")),
	    .n = gemini->tools,
	};
	json_t *keep;

	if (tool_args_text(call->arena, json_object_get(function, "args"),
		&told.args, err) < 0)
		return -1;
	if (call->object_tool != NULL && str_is(told.name, call->object_tool)) {
		if (!gemini->answered)
			driver_text(call, told.args);
		gemini->answered = true;
		return 0;
	}
	if (tool_call_count(&gemini->tools, err) < 0)
		return -1;
	keep = keep_of(part, told.id.len != 0);
	told.keep = keep;
	tool_call_emit(call, &told);
	json_decref(keep);
	return 0;
}

static void
take_words(struct call *call, const json_t *part)
{
	struct str text = driver_string(json_object_get(part, "text"));

	if (json_is_true(json_object_get(part, "thought")))
		driver_reasoning(call, text);
	else
		driver_words(call, text);
}

static bool
has_call(const json_t *part)
{
	return json_is_object(json_object_get(part, "functionCall"));
}

/* Calls of a whole reply are told first, as of all one-shot replies
 * (protocol.md 2.4); those of a stream as they come. */
static int
take_parts(struct call *call, const json_t *parts, struct err *err)
{
	bool stream = call->ask->stream;
	const json_t *part;
	size_t i;

	for (i = 0; i < json_array_size(parts); i++) {
		part = json_array_get(parts, i);
		if (stream)
			take_words(call, part);
		if (has_call(part) && take_tool(call, part, err) < 0)
			return -1;
	}
	for (i = 0; !stream && i < json_array_size(parts); i++)
		take_words(call, json_array_get(parts, i));
	return 0;
}

/* A prompt that was not let through has no answer at all. */
static int
check_prompt(const json_t *reply, struct err *err)
{
	const json_t *feedback = json_object_get(reply, "promptFeedback");
	struct str why =
	    driver_string(json_object_get(feedback, "blockReason"));
	struct str text =
	    driver_string(json_object_get(feedback, "blockReasonMessage"));

	if (why.len == 0)
		return 0;
	return fail(err, ERR_PROVIDER, "the prompt was blocked: %.*s%s%.*s",
	    (int)why.len, why.p, text.len != 0 ? ": " : "", (int)text.len,
	    text.len != 0 ? text.p : "");
}

/* One event of a stream, or a whole reply: they look the same. */
static int
take_reply(struct call *call, const json_t *reply, struct err *err)
{
	struct gemini *gemini = call->state;
	const json_t *candidate =
	    json_array_get(json_object_get(reply, "candidates"), 0);
	const json_t *content = json_object_get(candidate, "content");
	const json_t *usage = json_object_get(reply, "usageMetadata");

	if (driver_check(call, reply, err) < 0)
		return -1;
	if (candidate == NULL && check_prompt(reply, err) < 0)
		return -1;
	driver_model(call, json_object_get(reply, "modelVersion"));
	if (json_is_object(usage))
		gemini->usage = gemini_usage(usage);
	driver_reason(call, reasons, ARRAY_LEN(reasons),
	    driver_string(json_object_get(candidate, "finishReason")));
	return take_parts(call, json_object_get(content, "parts"), err);
}

static int
settle(struct call *call, struct err *err)
{
	const struct gemini *gemini = call->state;

	(void)err;
	/* Where the object did not come, what was said is the answer. */
	if (!gemini->answered && gemini->tools == 0)
		driver_text(call, buf_text(&call->said));
	if (gemini->tools != 0 && call->reason == FINISH_STOP)
		call->reason = FINISH_TOOL_CALLS;
	driver_finish(call, call->reason, &gemini->usage);
	return 0;
}

static int
gemini_frame(
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
gemini_body(struct call *call, struct str text, struct err *err)
{
	const json_t *reply = driver_reply(call, text, err);

	if (reply == NULL || take_reply(call, reply, err) < 0)
		return -1;
	if (json_array_size(json_object_get(reply, "candidates")) == 0)
		return driver_bad_reply(err);
	return settle(call, err);
}

/* The refusal of a stream may come as a list of one. */
static struct str
gemini_explain(struct call *call, int status, struct str text)
{
	struct err ignored = {0};
	json_t *json = json_read(text, &ignored);
	struct str out;

	err_free(&ignored);
	if (json_is_object(json_array_get(json, 0)))
		out = driver_error(call->arena, json_array_get(json, 0));
	else
		out = driver_explain(call, status, text);
	json_decref(json);
	return out;
}

const json_t *
gemini_reply(struct call *call, struct str text, struct err *err)
{
	const json_t *reply = driver_reply(call, text, err);

	if (reply == NULL || driver_check(call, reply, err) < 0 ||
	    check_prompt(reply, err) < 0)
		return NULL;
	return reply;
}

const struct driver driver_gemini = {
    .name = "gemini",
    .abilities = DRIVER_TEXT | DRIVER_OBJECT | DRIVER_TOOLS | DRIVER_IMAGE |
		 DRIVER_SPEECH,
    .state_size = sizeof(struct gemini),
    .object_tool = gemini_object_tool,
    .build = gemini_build,
    .probe = gemini_probe,
    .frame = gemini_frame,
    .body = gemini_body,
    .end = settle,
    .explain = gemini_explain,
    .media_build = gemini_media_build,
    .media_body = gemini_media_body,
    .images_at_once = gemini_images_at_once,
};
