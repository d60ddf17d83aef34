/* Prints events as the wire wants them.  Lines are printed straight from the
 * event, without a tree in between: this is what runs once per token. */
#include "chunk.h"

#include "../base/json.h"
#include "../base/limits.h"

#include <inttypes.h>
#include <string.h>

static void
print_text_chunk(struct buf *b, const char *head, struct str text)
{
	buf_adds(b, head);
	json_print_string(b, text);
	buf_adds(b, "}\n");
}

static void
print_tool_members(struct buf *b, const struct event *ev)
{
	bool call = ev->type == EVENT_TOOL_CALL;

	buf_adds(b, "{\"toolCallId\":");
	json_print_string(b, ev->tool.id);
	buf_adds(b, ",\"toolName\":");
	json_print_string(b, ev->tool.name);
	if (ev->tool.value != NULL) {
		buf_adds(b, call ? ",\"args\":" : ",\"result\":");
		json_print(b, ev->tool.value);
	}
	buf_addc(b, '}');
}

static void
print_tool_chunk(struct buf *b, const struct event *ev)
{
	buf_adds(b, ev->type == EVENT_TOOL_CALL
			? "{\"type\":\"text\",\"toolCall\":"
			: "{\"type\":\"text\",\"toolResult\":");
	print_tool_members(b, ev);
	buf_adds(b, "}\n");
}

static int64_t
usage_total(const struct usage *u)
{
	return u->total >= 0 ? u->total : u->input + u->output;
}

/* Both families (2.7). */
static void
print_usage(struct buf *b, const struct usage *u)
{
	if (u->unknown)
		return;
	buf_addf(b,
	    ",\"usage\":{\"inputTokens\":%" PRId64 ",\"outputTokens\":%" PRId64
	    ",\"totalTokens\":%" PRId64 ",\"promptTokens\":%" PRId64
	    ",\"completionTokens\":%" PRId64 "}",
	    u->input, u->output, usage_total(u), u->input, u->output);
}

/* Of an object nothing is left where the usage is not known (2.5). */
static void
print_finish_chunk(struct buf *b, bool object, const struct event *ev)
{
	const struct usage *usage = &ev->finish.usage;

	if (object && usage->unknown)
		return;
	if (object)
		buf_adds(b, "{\"type\":\"object\"");
	else
		buf_addf(b, "{\"type\":\"text\",\"finishReason\":\"%s\"",
		    finish_name(ev->finish.reason));
	print_usage(b, usage);
	buf_adds(b, "}\n");
}

static void
print_object_chunk(struct buf *b, const json_t *value)
{
	buf_adds(b, "{\"type\":\"object\"");
	if (value != NULL) {
		buf_adds(b, ",\"result\":");
		json_print(b, value);
	}
	buf_adds(b, "}\n");
}

void
chunk_print(struct buf *b, bool object, const struct event *ev)
{
	switch (ev->type) {
	case EVENT_TEXT_DELTA:
		if (!object)
			print_text_chunk(
			    b, "{\"type\":\"text\",\"result\":", ev->text);
		break;
	case EVENT_TOOL_CALL:
	case EVENT_TOOL_RESULT:
		if (!object)
			print_tool_chunk(b, ev);
		break;
	case EVENT_OBJECT_DELTA:
	case EVENT_OBJECT_FINAL:
		if (object)
			print_object_chunk(b, ev->object);
		break;
	case EVENT_FINISH:
		print_finish_chunk(b, object, ev);
		break;
	case EVENT_ERROR:
		print_text_chunk(b, "{\"type\":\"error\",\"error\":", ev->text);
		break;
	case EVENT_REASONING_DELTA: /* has no wire form (2.10) */
	case EVENT_TOOL_REQUEST:
	case EVENT__MAX:
		break;
	}
}

void
chunk_print_done(struct buf *b, const char *trace_id)
{
	buf_addf(b, "{\"type\":\"done\",\"traceId\":\"%s\"}\n", trace_id);
}

void
result_init(struct result *r, const char *type)
{
	bool object = strcmp(type, "object") == 0;
	bool text = strcmp(type, "text") == 0;

	*r = (struct result){
	    .type = type, .object = !text, .media = !text && !object};
	buf_init(&r->text, LIMIT_REPLY_BYTES);
	buf_init(&r->error, LIMIT_ERR_BYTES);
	r->calls = json_array();
	r->results = json_array();
}

void
result_free(struct result *r)
{
	buf_free(&r->text);
	buf_free(&r->error);
	json_decref(r->value);
	json_decref(r->calls);
	json_decref(r->results);
}

static void
add_tool(json_t *list, const struct event *ev, const char *value_key)
{
	json_t *item = json_object();

	json_set_str(item, "toolCallId", ev->tool.id);
	json_set_str(item, "toolName", ev->tool.name);
	if (ev->tool.value != NULL)
		(void)json_object_set_new(
		    item, value_key, json_deep_copy(ev->tool.value));
	(void)json_array_append_new(list, item);
}

void
result_add(struct result *r, const struct event *ev)
{
	switch (ev->type) {
	case EVENT_TEXT_DELTA:
		buf_add(&r->text, ev->text.p, ev->text.len);
		break;
	case EVENT_TOOL_CALL:
		add_tool(r->calls, ev, "args");
		break;
	case EVENT_TOOL_RESULT:
		add_tool(r->results, ev, "result");
		break;
	case EVENT_OBJECT_DELTA: /* is all there is of a failed stream */
	case EVENT_OBJECT_FINAL:
		json_decref(r->value);
		/* Shared, as images are large; nobody changes it. */
		r->value = json_incref((json_t *)ev->object);
		break;
	case EVENT_FINISH:
		r->finished = true;
		r->reason = ev->finish.reason;
		r->usage = ev->finish.usage;
		break;
	case EVENT_ERROR:
		r->failed = true;
		buf_clear(&r->error);
		buf_add(&r->error, ev->text.p, ev->text.len);
		break;
	case EVENT_REASONING_DELTA:
	case EVENT_TOOL_REQUEST:
	case EVENT__MAX:
		break;
	}
}

static void
print_result_value(struct buf *b, const struct result *r)
{
	if (!r->object) {
		buf_adds(b, ",\"result\":");
		json_print_string(b, (struct str){r->text.data, r->text.len});
	} else if (r->value != NULL) {
		buf_adds(b, ",\"result\":");
		json_print(b, r->value);
	}
}

void
result_print(struct buf *b, const struct result *r, const char *trace_id)
{
	buf_addf(b, "{\"type\":\"%s\"", r->type);
	print_result_value(b, r);
	if (r->finished && !r->media) {
		print_usage(b, &r->usage);
		buf_addf(b, ",\"finishReason\":\"%s\"", finish_name(r->reason));
	}
	if (!r->object) {
		buf_adds(b, ",\"toolCalls\":");
		json_print(b, r->calls);
		buf_adds(b, ",\"toolResults\":");
		json_print(b, r->results);
	}
	if (trace_id != NULL)
		buf_addf(b, ",\"traceId\":\"%s\"", trace_id);
	buf_addc(b, '}');
}
