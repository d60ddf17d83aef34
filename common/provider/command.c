/* An executor that is a program of the user's own (docs/executors.md): one line
 * of JSON tells it of the call, lines of JSON are its events.  Whatever it says
 * out of turn ends the call.  It refuses to know how the program is run. */
#include "driver.h"

#include "../base/json.h"
#include "../base/limits.h"
#include "../base/utf.h"
#include "tool_ask.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

struct command {
	struct buf input, cancel;
	char id[24];
	bool made; /* the image or the speech is there */
};

/* --- what it is told */

static json_t *
tools_of(const struct ask *ask)
{
	json_t *tools = json_array();

	for (size_t i = 0; i < ask->n_tools; i++) {
		json_t *tool = json_object();

		tool_decl_add(tool, &ask->tools[i], "parameters");
		(void)json_array_append_new(tools, tool);
	}
	return tools;
}

static void
set_text(json_t *to, const char *key, const char *text)
{
	if (text != NULL)
		json_set_str(to, key, str_from(text));
}

static void
set_value(json_t *to, const char *key, const json_t *value)
{
	if (value != NULL)
		(void)json_object_set_nocheck(
		    to, key, (json_t *)(uintptr_t)value);
}

static json_t *
describe(const struct call *call)
{
	const struct command *c = call->state;
	const struct ask *ask = call->ask;
	json_t *said = json_object();

	set_text(said, "id", c->id);
	set_text(said, "kind", prompt_kind_name(ask->kind));
	(void)json_object_set_new(said, "stream", json_boolean(ask->stream));
	set_text(said, "name", ask->name);
	set_text(said, "model", ask->model);
	set_value(said, "messages", ask->messages);
	set_value(said, "config", ask->config);
	if (ask->kind == PROMPT_OBJECT)
		set_value(
		    said, "schema", json_object_get(ask->config, "schema"));
	if (ask->n_tools != 0)
		(void)json_object_set_new(said, "tools", tools_of(ask));
	set_value(said, "props", ask->props);
	set_text(said, "traceparent", ask->traceparent);
	return said;
}

static int
command_spawn(struct call *call, struct child_spec *spec, struct err *err)
{
	const struct provider *p = call->ask->provider;
	struct command *c = call->state;
	json_t *said;

	buf_init(&c->input, LIMIT_LINE_BYTES);
	buf_init(&c->cancel, LIMIT_HEAD_BYTES);
	(void)snprintf(c->id, sizeof(c->id), "%" PRIu64, call->number);
	said = describe(call);
	json_print(&c->input, said);
	json_decref(said);
	buf_addc(&c->input, '\n');
	buf_addf(&c->cancel, "{\"id\":\"%s\",\"cancel\":true}\n", c->id);
	if (buf_full(&c->input))
		return fail(err, ERR_PROMPT, "the prompt is too large");
	*spec = (struct child_spec){
	    .argv = p->argv,
	    .env = p->env,
	    .dir = p->dir,
	    .workers = p->workers,
	    .input = {buf_str(&c->input), c->input.len},
	    .cancel = {buf_str(&c->cancel), c->cancel.len},
	    .open = true,
	};
	return 0;
}

static void
command_drop(struct call *call)
{
	struct command *c = call->state;

	buf_free(&c->input);
	buf_free(&c->cancel);
}

static void
command_answer(struct call *call, struct str id, const json_t *result,
    bool is_error, struct buf *line)
{
	const struct command *c = call->state;

	buf_addf(line, "{\"id\":\"%s\",\"toolResult\":{\"toolCallId\":", c->id);
	json_print_string(line, id);
	if (result != NULL) {
		buf_adds(line, ",\"result\":");
		json_print(line, result);
	}
	buf_addf(line, ",\"isError\":%s}}\n", is_error ? "true" : "false");
}

/* --- what it says */

static int
broken(struct call *call, struct err *err, const char *what)
{
	return fail(err, ERR_PROVIDER, "Executor '%s' failed: %s",
	    call->ask->provider->name, what);
}

static int
take_text(struct call *call, const json_t *said, struct err *err)
{
	const json_t *text = json_object_get(said, "text");

	if (!json_is_string(text))
		return broken(call, err, "a text-delta without a text");
	driver_text(call, driver_string(text));
	return 0;
}

static int
take_reasoning(struct call *call, const json_t *said, struct err *err)
{
	const json_t *text = json_object_get(said, "text");

	if (!json_is_string(text))
		return broken(call, err, "a reasoning-delta without a text");
	driver_reasoning(call, driver_string(text));
	return 0;
}

static int
take_tool(struct call *call, const json_t *said, struct event *ev,
    const char *value, struct err *err)
{
	const json_t *id = json_object_get(said, "toolCallId");
	const json_t *name = json_object_get(said, "name");

	if (!json_is_string(id) || !json_is_string(name))
		return broken(
		    call, err, "a tool event without toolCallId or name");
	ev->tool.id = driver_string(id);
	ev->tool.name = driver_string(name);
	ev->tool.value = json_object_get(said, value);
	call->sink->event(call->sink, ev);
	return 0;
}

static int
take_call(struct call *call, const json_t *said, struct err *err)
{
	struct event ev = {.type = EVENT_TOOL_CALL};

	return take_tool(call, said, &ev, "args", err);
}

static int
take_result(struct call *call, const json_t *said, struct err *err)
{
	struct event ev = {.type = EVENT_TOOL_RESULT};

	ev.tool.is_error = json_is_true(json_object_get(said, "isError"));
	return take_tool(call, said, &ev, "result", err);
}

/* What was not offered cannot be asked for: nobody would answer. */
static int
take_request(struct call *call, const json_t *said, struct err *err)
{
	struct event ev = {.type = EVENT_TOOL_REQUEST};

	if (call->ask->n_tools == 0)
		return broken(call, err,
		    "a tool-request, and there are no "
		    "tools");
	return take_tool(call, said, &ev, "args", err);
}

static int
pass_object(struct call *call, enum event_type type, const json_t *object)
{
	struct event ev = {.type = type};

	ev.object = object;
	call->sink->event(call->sink, &ev);
	return 0;
}

static int
take_partial(struct call *call, const json_t *said, struct err *err)
{
	const json_t *partial = json_object_get(said, "partial");

	if (call->ask->kind != PROMPT_OBJECT || partial == NULL)
		return broken(call, err, "an object-delta out of place");
	if (!call->ask->stream)
		return 0;
	return pass_object(call, EVENT_OBJECT_DELTA, partial);
}

static int
take_final(struct call *call, const json_t *said, struct err *err)
{
	if (call->ask->kind != PROMPT_OBJECT)
		return broken(call, err, "an object-final out of place");
	return pass_object(
	    call, EVENT_OBJECT_FINAL, json_object_get(said, "value"));
}

static bool
is_media(const json_t *item)
{
	return json_is_string(json_object_get(item, "mimeType")) &&
	       json_is_string(json_object_get(item, "base64"));
}

static int
take_images(struct call *call, const json_t *said, struct err *err)
{
	struct command *c = call->state;
	const json_t *images = json_object_get(said, "images");
	bool good =
	    call->ask->kind == PROMPT_IMAGE && json_array_size(images) > 0;

	for (size_t i = 0; good && i < json_array_size(images); i++)
		good = is_media(json_array_get(images, i));
	if (!good || c->made)
		return broken(call, err,
		    "an image out of place, or not a list "
		    "of mimeType and base64");
	c->made = true;
	return pass_object(call, EVENT_OBJECT_FINAL, images);
}

static int
take_speech(struct call *call, const json_t *said, struct err *err)
{
	struct command *c = call->state;
	const json_t *speech = json_object_get(said, "speech");

	if (call->ask->kind != PROMPT_SPEECH || !is_media(speech) || c->made)
		return broken(call, err,
		    "a speech out of place, or without "
		    "mimeType and base64");
	c->made = true;
	return pass_object(call, EVENT_OBJECT_FINAL, speech);
}

/* --- how it ends */

static enum finish_reason
reason_of(struct str name)
{
	if (name.p == NULL)
		return FINISH_STOP;
	for (int i = 0; i < FINISH__MAX; i++)
		if (str_is(name, finish_name((enum finish_reason)i)))
			return (enum finish_reason)i;
	return FINISH_UNKNOWN;
}

static struct usage
usage_of(const json_t *said)
{
	const json_t *cost = json_object_get(said, "costUsd");
	const json_t *total = json_object_get(said, "totalTokens");
	double dollars = json_number_value(cost);
	struct usage usage = {
	    .input = driver_tokens(json_object_get(said, "inputTokens")),
	    .output = driver_tokens(json_object_get(said, "outputTokens")),
	    .cached = driver_tokens(json_object_get(said, "cachedInputTokens")),
	    .reasoning =
		driver_tokens(json_object_get(said, "reasoningTokens")),
	    .total = json_is_number(total) ? driver_tokens(total) : -1,
	    .unknown = !json_is_object(said),
	};

	if (json_is_number(cost) && isfinite(dollars) && dollars >= 0) {
		usage.has_cost = true;
		usage.cost = dollars;
	}
	return usage;
}

static int
take_finish(struct call *call, const json_t *said, struct err *err)
{
	struct usage usage = usage_of(json_object_get(said, "usage"));
	const struct command *c = call->state;

	if (prompt_kind_is_media(call->ask->kind) && !c->made)
		return broken(call, err, "it finished and made nothing");
	driver_finish(call,
	    reason_of(driver_string(json_object_get(said, "reason"))), &usage);
	return 0;
}

static int
take_error(struct call *call, const json_t *said, struct err *err)
{
	const json_t *status = json_object_get(said, "status");
	const json_t *after = json_object_get(said, "retryAfter");
	double seconds = json_number_value(after);
	struct str text;

	call->over = true;
	if (json_is_integer(status) && json_integer_value(status) >= 400 &&
	    json_integer_value(status) <= 599)
		call->status = (int)json_integer_value(status);
	if (json_is_number(after) && seconds >= 0 && seconds < 1e9)
		call->retry_after = (int64_t)(seconds * 1000);
	text = driver_error(call->arena, json_object_get(said, "error"));
	return fail_text(
	    err, ERR_PROVIDER, text.len > 0 ? text : STR("Unknown error"));
}

static const struct {
	const char *type;
	int (*take)(struct call *call, const json_t *said, struct err *err);
} types[] = {
    {"text-delta", take_text},
    {"reasoning-delta", take_reasoning},
    {"tool-call", take_call},
    {"tool-result", take_result},
    {"tool-request", take_request},
    {"object-delta", take_partial},
    {"object-final", take_final},
    {"image", take_images},
    {"speech", take_speech},
    {"finish", take_finish},
    {"error", take_error},
};

static int
take(struct call *call, const json_t *said, struct err *err)
{
	const struct command *c = call->state;
	struct str type = driver_string(json_object_get(said, "type"));

	if (!str_is(driver_string(json_object_get(said, "id")), c->id))
		return broken(call, err, "a line with another id");
	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (str_is(type, types[i].type))
			return types[i].take(call, said, err);
	return broken(call, err, "a line of an unknown type");
}

static int
command_frame(
    struct call *call, struct str event, struct str line, struct err *err)
{
	struct err why = {0};
	json_t *said = json_read(line, &why);
	int rc;

	(void)event;
	err_free(&why);
	if (json_is_object(said))
		rc = take(call, said, err);
	else
		rc = broken(call, err, "a line that is no JSON object");
	json_decref(said);
	return rc;
}

const struct driver driver_command = {
    .name = "command",
    .abilities = DRIVER_AGENT | DRIVER_CHILD | DRIVER_TEXT | DRIVER_OBJECT |
		 DRIVER_IMAGE | DRIVER_SPEECH | DRIVER_TOOLS,
    .state_size = sizeof(struct command),
    .spawn = command_spawn,
    .answer = command_answer,
    .frame = command_frame,
    .drop = command_drop,
};
