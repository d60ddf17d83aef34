/* A prompt as a request of Ollama's /api/chat (protocol.md 6.9): content is one
 * text, images lie beside it as base64, settings are options.  What a local
 * model cannot take, as files and URLs, is an error.  It sends nothing. */
#include "ollama.h"

#include "media.h"
#include "request.h"
#include "tool_ask.h"
#include "../base/json.h"
#include "../base/limits.h"
#include "../base/utf.h"

#include <string.h>

static const struct place places[] = {
    {"max_tokens", "num_predict"},
    {"temperature", "temperature"},
    {"top_p", "top_p"},
    {"top_k", "top_k"},
    {"seed", "seed"},
    {"stop_sequences", "stop"},
    {"frequency_penalty", "frequency_penalty"},
    {"presence_penalty", "presence_penalty"},
};

static void
add_config(struct call *call, json_t *body)
{
	const struct ask *ask = call->ask;
	bool object = ask->kind == PROMPT_OBJECT && call->object_tool == NULL;
	json_t *schema = json_object_get(ask->config, "schema");
	json_t *options = json_object();

	request_config(call, options, places, ARRAY_LEN(places));
	if (object && json_is_object(schema))
		json_object_set(body, "format", schema);
	else if (object)
		json_object_set_new(body, "format", json_string("json"));
	if (json_object_size(options) != 0)
		json_object_set(body, "options", options);
	json_decref(options);
}

static int
add_image(json_t *images, const json_t *part, struct err *err)
{
	json_t *wrapped;
	struct media m;

	if (media_read(part, &m, err) < 0)
		return -1;
	if (!m.is_image)
		return request_unsupported("file part media type", m.type, err);
	if (m.url.p != NULL)
		return request_unsupported(
		    "image parts with URLs", (struct str){NULL, 0}, err);
	wrapped = json_object();
	json_set_str(wrapped, "image", m.base64);
	json_array_append(images, json_object_get(wrapped, "image"));
	json_decref(wrapped);
	return 0;
}

/* Texts between attachments become lines of one text. */
static int
add_part(struct buf *text, json_t *images, const json_t *part, struct err *err)
{
	struct str type = driver_string(json_object_get(part, "type"));
	struct str more = driver_string(json_object_get(part, "text"));

	if (str_is(type, "image") || str_is(type, "file"))
		return add_image(images, part, err);
	if (str_is(type, "tool-call"))
		return 0; /* which lies beside the text */
	if (!str_is(type, "text"))
		return request_unsupported("content part", type, err);
	if (text->len != 0 && more.len != 0)
		buf_addc(text, '\n');
	buf_add(text, more.p, more.len);
	return 0;
}

static int
add_parts(json_t *message, const json_t *parts, struct err *err)
{
	json_t *images = json_array();
	struct buf text;
	int rc = 0;
	size_t i;

	buf_init(&text, LIMIT_RENDER_BYTES);
	for (i = 0; i < json_array_size(parts) && rc == 0; i++)
		rc = add_part(&text, images, json_array_get(parts, i), err);
	if (rc == 0 && buf_full(&text))
		rc = fail(err, ERR_PROMPT,
		    "the message is larger than %u bytes", LIMIT_RENDER_BYTES);
	json_set_str(message, "content", buf_text(&text));
	if (json_array_size(images) != 0)
		json_object_set(message, "images", images);
	json_decref(images);
	buf_free(&text);
	return rc;
}

/* --- tools */

const char *
ollama_object_tool(struct call *call)
{
	const struct ask *ask = call->ask;

	if (ask->kind != PROMPT_OBJECT || ask->n_tools == 0)
		return NULL;
	return tool_object_name(call);
}

/* The server wants to find properties in every schema. */
static void
declare(json_t *tools, const struct tool_decl *decl)
{
	json_t *function = json_object(), *schema;

	tool_decl_add(function, decl, "parameters");
	schema = json_object_get(function, "parameters");
	schema = json_is_object(schema) ? json_copy(schema) : json_object();
	if (json_object_get(schema, "type") == NULL)
		json_object_set_new(schema, "type", json_string("object"));
	if (json_object_get(schema, "properties") == NULL)
		json_object_set_new(schema, "properties", json_object());
	json_object_set_new(function, "parameters", schema);
	json_array_append_new(tools,
	    json_pack("{ssso}", "type", "function", "function", function));
}

/* A model is free to choose; it can only be given nothing to choose from. */
static int
add_tools(struct call *call, json_t *body, struct err *err)
{
	const struct ask *ask = call->ask;
	const struct tool_decl object = {
	    .name = call->object_tool,
	    .description = "Respond with a JSON object.",
	    .schema = json_object_get(ask->config, "schema"),
	};
	struct tool_choice chosen;
	json_t *tools;
	size_t i;

	if (ask->n_tools == 0)
		return 0;
	if (tool_choice_read(call, &chosen, err) < 0)
		return -1;
	if (chosen.mode == TOOL_MODE_NONE && object.name == NULL)
		return 0;
	if (chosen.mode != TOOL_MODE_AUTO)
		request_ignore(call, "tool_choice");
	tools = json_array();
	for (i = 0; i < ask->n_tools; i++)
		declare(tools, &ask->tools[i]);
	if (object.name != NULL)
		declare(tools, &object);
	json_object_set_new(body, "tools", tools);
	return 0;
}

static void
add_call(json_t *message, json_t *calls, const struct tool_part *part)
{
	json_t *call = json_object(), *function = json_object();
	json_t *thought = json_object_get(part->keep, OLLAMA_THOUGHT);

	json_set_str(call, "id", part->id);
	json_set_str(function, "name", part->name);
	json_object_set_new(function, "arguments", tool_part_input(part));
	json_object_set_new(call, "function", function);
	json_array_append_new(calls, call);
	if (thought != NULL)
		json_object_set(message, OLLAMA_THOUGHT, thought);
}

static void
add_calls(json_t *message, const json_t *parts)
{
	json_t *calls = json_array();
	struct tool_part part;
	size_t i;

	for (i = 0; i < json_array_size(parts); i++) {
		tool_part_read(json_array_get(parts, i), &driver_ollama, &part);
		if (part.type == TOOL_PART_CALL)
			add_call(message, calls, &part);
	}
	if (json_array_size(calls) != 0)
		json_object_set(message, "tool_calls", calls);
	json_decref(calls);
}

/* Every result is a message of its own. */
static int
add_results(
    struct arena *a, json_t *messages, const json_t *parts, struct err *err)
{
	struct tool_part part;
	struct str text;
	size_t i;

	for (i = 0; i < json_array_size(parts); i++) {
		json_t *message = json_pack("{ss}", "role", "tool");

		json_array_append_new(messages, message);
		tool_part_read(json_array_get(parts, i), &driver_ollama, &part);
		if (tool_part_text(a, &part, &text, err) < 0)
			return -1;
		json_set_str(message, "content", text);
		json_set_str(message, "tool_name", part.name);
		json_set_str(message, "tool_call_id", part.id);
	}
	return 0;
}

/* --- messages */

static int
add_message(struct call *call, json_t *messages, json_t *from, struct err *err)
{
	json_t *content = json_object_get(from, "content"), *message;

	if (!json_is_array(content)) {
		json_array_append(messages, from);
		return 0;
	}
	if (str_is(driver_string(json_object_get(from, "role")), "tool"))
		return add_results(call->arena, messages, content, err);
	message = json_copy(from);
	json_array_append_new(messages, message);
	add_calls(message, content);
	return add_parts(message, content, err);
}

static int
add_messages(struct call *call, json_t *body, struct err *err)
{
	json_t *messages = json_array();
	size_t i;

	json_object_set_new(body, "messages", messages);
	for (i = 0; i < json_array_size(call->ask->messages); i++)
		if (add_message(call, messages,
			json_array_get(call->ask->messages, i), err) < 0)
			return -1;
	return 0;
}

static void
address(struct call *call, const char *path, struct http_spec *spec)
{
	spec->url = arena_printf(
	    call->arena, "%s%s", call->ask->provider->base_url, path);
	spec->headers = request_headers(call, "application/x-ndjson",
	    request_key(call, REQUEST_BEARER), NULL);
}

void
ollama_probe(struct call *call, struct http_spec *spec)
{
	address(call, "/api/tags", spec);
}

static int
make_body(struct call *call, json_t *body, struct err *err)
{
	const struct ask *ask = call->ask;

	json_set_str(body, "model", str_from(ask->model));
	/* A stream is what it sends unless told otherwise. */
	json_object_set_new(body, "stream", json_boolean(ask->stream));
	add_config(call, body);
	if (add_messages(call, body, err) < 0)
		return -1;
	return add_tools(call, body, err);
}

int
ollama_build(struct call *call, struct http_spec *spec, struct err *err)
{
	address(call, "/api/chat", spec);
	return request_body(call, make_body, spec, err);
}
