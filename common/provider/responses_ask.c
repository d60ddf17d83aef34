/* A prompt as a request of OpenAI's Responses API (protocol.md 6.9): every key
 * of its configuration goes to the vendor or is named as ignored; an attachment
 * that the vendor does not take is an error.  It sends nothing. */
#include "responses.h"

#include "chat.h"
#include "media.h"
#include "request.h"
#include "tool_ask.h"
#include "../base/json.h"
#include "../base/utf.h"

#include <string.h>

/* Penalties, stop sequences, seeds and top_k have no place in this API. */
static const struct place places[] = {
    {"max_tokens", "max_output_tokens"},
    {"temperature", "temperature"},
    {"top_p", "top_p"},
    {"schema_name", NULL},
    {"schema_description", NULL},
};

static json_t *
typed(const char *type)
{
	json_t *out = json_object();

	json_object_set_new(out, "type", json_string(type));
	return out;
}

static void
add_format(const struct ask *ask, json_t *body)
{
	json_t *schema = json_object_get(ask->config, "schema");
	bool has_schema = json_is_object(schema);
	json_t *format = typed(has_schema ? "json_schema" : "json_object");
	json_t *text = json_object();

	json_object_set_new(text, "format", format);
	json_object_set_new(body, "text", text);
	if (!has_schema)
		return;
	json_object_set(format, "schema", schema);
	json_object_set_new(
	    format, "strict", json_boolean(ask->provider->strict_schemas));
	json_object_set_new(format, "name", json_string("response"));
	request_forward(format, "name", ask->config, "schema_name");
	request_forward(
	    format, "description", ask->config, "schema_description");
}

/* The INDEXth part of its message: a file has no name of its own. */
static json_t *
file_part(struct arena *a, const struct media *m, size_t index, struct err *err)
{
	json_t *out;

	if (!str_is(m->type, "application/pdf"))
		return request_no_part("file part media type", m->type, err);
	out = typed("input_file");
	if (m->url.p != NULL) {
		json_set_str(out, "file_url", m->url);
		return out;
	}
	json_object_set_new(out, "filename",
	    json_string(arena_printf(a, "part-%zu.pdf", index)));
	json_set_str(out, "file_data", media_data_url(a, m));
	return out;
}

/* The vendor fetches URLs by itself. */
static json_t *
media_part(struct arena *a, const json_t *part, size_t index, struct err *err)
{
	struct media m;
	json_t *out;

	if (media_read(part, &m, err) < 0)
		return NULL;
	if (!m.is_image)
		return file_part(a, &m, index, err);
	out = typed("input_image");
	json_set_str(
	    out, "image_url", m.url.p != NULL ? m.url : media_data_url(a, &m));
	return out;
}

static json_t *
input_part(struct arena *a, const json_t *from, const char *said, size_t index,
    struct err *err)
{
	struct str type = driver_string(json_object_get(from, "type"));

	if (str_is(type, "text"))
		return request_text(
		    said, driver_string(json_object_get(from, "text")));
	if (str_is(type, "image") || str_is(type, "file"))
		return media_part(a, from, index, err);
	return request_no_part("content part", type, err);
}

/* Empty text is left out beside attachments, as AI SDK does. */
static bool
is_empty(const json_t *part)
{
	struct str type = driver_string(json_object_get(part, "type"));
	struct str text = driver_string(json_object_get(part, "text"));

	return str_is(type, "text") && text.len == 0;
}

static int
add_parts(struct arena *a, json_t *out, const json_t *parts, const char *said,
    struct err *err)
{
	size_t i;

	for (i = 0; i < json_array_size(parts); i++) {
		const json_t *from = json_array_get(parts, i);
		json_t *part;

		if (is_empty(from))
			continue;
		part = input_part(a, from, said, json_array_size(out), err);
		if (part == NULL)
			return -1;
		json_array_append_new(out, part);
	}
	return 0;
}

/* Instructions are plain text; what the two sides said are parts, whose type
 * tells who said them. */
static json_t *
input_item(struct arena *a, const json_t *from, struct err *err)
{
	struct str role = driver_string(json_object_get(from, "role"));
	const json_t *content = json_object_get(from, "content");
	const char *said =
	    str_is(role, "assistant") ? "output_text" : "input_text";
	json_t *item = json_object(), *parts;

	json_set_str(item, "role", role);
	if (str_is(role, "system") && json_is_string(content)) {
		json_object_set(item, "content", (json_t *)content);
		return item;
	}
	parts = json_array();
	json_object_set_new(item, "content", parts);
	if (json_is_string(content)) {
		json_array_append_new(
		    parts, request_text(said, driver_string(content)));
	} else if (add_parts(a, parts, content, said, err) < 0) {
		json_decref(item);
		return NULL;
	}
	return item;
}

/* --- tools */

static void
add_reference(json_t *input, const json_t *id)
{
	json_t *item = typed("item_reference");

	json_object_set(item, "id", (json_t *)id);
	json_array_append_new(input, item);
}

/* A call that the vendor stored is named, with what must be named with it. */
static int
add_call(struct arena *a, json_t *input, const struct tool_part *part,
    struct err *err)
{
	const json_t *before = json_object_get(part->keep, RESPONSES_BEFORE);
	const json_t *id = json_object_get(part->keep, "id");
	struct str args;
	json_t *item;
	size_t i;

	for (i = 0; i < json_array_size(before); i++)
		add_reference(input, json_array_get(before, i));
	if (id != NULL) {
		add_reference(input, id);
		return 0;
	}
	if (tool_part_text(a, part, &args, err) < 0)
		return -1;
	item = typed("function_call");
	json_set_str(item, "call_id", part->id);
	json_set_str(item, "name", part->name);
	json_set_str(item, "arguments", args);
	json_array_append_new(input, item);
	return 0;
}

static int
add_result(struct arena *a, json_t *input, const struct tool_part *part,
    struct err *err)
{
	struct str text;
	json_t *item;

	if (tool_part_text(a, part, &text, err) < 0)
		return -1;
	item = typed("function_call_output");
	json_set_str(item, "call_id", part->id);
	json_set_str(item, "output", text);
	json_array_append_new(input, item);
	return 0;
}

/* Another provider knows nothing of what this one stored. */
static void
read_part(const struct ask *ask, const json_t *from, struct tool_part *part)
{
	const char *here = ask->provider->name;
	struct str there;

	tool_part_read(from, &driver_responses, part);
	there = driver_string(json_object_get(part->keep, RESPONSES_PROVIDER));
	if (!str_is(there, here != NULL ? here : ""))
		part->keep = NULL;
}

/* Whether what was said beside the calls is among what they name. */
static bool
is_said(const struct ask *ask, const json_t *parts)
{
	struct tool_part part;
	size_t i;

	for (i = 0; i < json_array_size(parts); i++) {
		read_part(ask, json_array_get(parts, i), &part);
		if (json_is_true(json_object_get(part.keep, RESPONSES_SAID)))
			return true;
	}
	return false;
}

static void
add_said(json_t *input, const json_t *from)
{
	struct str text = driver_string(json_object_get(from, "text"));

	json_array_append_new(
	    input, json_pack("{sss[o]}", "role", "assistant", "content",
		       request_text("output_text", text)));
}

/* Calls and results are items of their own. */
static int
add_tool_items(
    struct call *call, json_t *input, const json_t *parts, struct err *err)
{
	bool said = is_said(call->ask, parts);
	struct tool_part part;
	int rc = 0;
	size_t i;

	for (i = 0; i < json_array_size(parts) && rc == 0; i++) {
		const json_t *from = json_array_get(parts, i);

		read_part(call->ask, from, &part);
		if (part.type == TOOL_PART_CALL)
			rc = add_call(call->arena, input, &part, err);
		else if (part.type == TOOL_PART_RESULT)
			rc = add_result(call->arena, input, &part, err);
		else if (!said && !is_empty(from))
			add_said(input, from);
	}
	return rc;
}

static json_t *
choice(const struct tool_choice *chosen)
{
	json_t *out;

	switch (chosen->mode) {
	case TOOL_MODE_NONE:
		return json_string("none");
	case TOOL_MODE_REQUIRED:
		return json_string("required");
	case TOOL_MODE_ONE:
		out = typed("function");
		json_object_set_new(out, "name", json_string(chosen->name));
		return out;
	case TOOL_MODE_AUTO:
	case TOOL_MODE__MAX:
		break;
	}
	return json_string("auto");
}

/* Never strict: the vendor would refuse most schemas, and arguments are checked
 * before a tool runs. */
static int
add_tools(struct call *call, json_t *body, struct err *err)
{
	const struct ask *ask = call->ask;
	struct tool_choice chosen;
	json_t *tools, *tool;
	size_t i;

	if (ask->n_tools == 0)
		return 0;
	if (tool_choice_read(call, &chosen, err) < 0)
		return -1;
	tools = json_array();
	json_object_set_new(body, "tools", tools);
	for (i = 0; i < ask->n_tools; i++) {
		tool = typed("function");
		tool_decl_add(tool, &ask->tools[i], "parameters");
		json_object_set_new(tool, "strict", json_false());
		json_array_append_new(tools, tool);
	}
	json_object_set_new(body, "tool_choice", choice(&chosen));
	return 0;
}

/* --- the body */

static int
add_input(struct call *call, json_t *body, struct err *err)
{
	const json_t *messages = call->ask->messages;
	json_t *input = json_array(), *item;
	size_t i;

	json_object_set_new(body, "input", input);
	for (i = 0; i < json_array_size(messages); i++) {
		const json_t *from = json_array_get(messages, i);
		const json_t *content = json_object_get(from, "content");

		if (tool_part_any(content)) {
			if (add_tool_items(call, input, content, err) < 0)
				return -1;
			continue;
		}
		item = input_item(call->arena, from, err);
		if (item == NULL)
			return -1;
		json_array_append_new(input, item);
	}
	return 0;
}

static int
make_body(struct call *call, json_t *body, struct err *err)
{
	const struct ask *ask = call->ask;

	json_set_str(body, "model", str_from(ask->model));
	request_config(call, body, places, ARRAY_LEN(places));
	if (ask->kind == PROMPT_OBJECT)
		add_format(ask, body);
	if (ask->stream)
		json_object_set_new(body, "stream", json_true());
	if (add_input(call, body, err) < 0)
		return -1;
	return add_tools(call, body, err);
}

int
responses_build(struct call *call, struct http_spec *spec, struct err *err)
{
	return chat_request(call, "/responses", make_body, spec, err);
}
