/* A prompt as the request of a chat completion (protocol.md 6.9): every key of
 * its configuration goes to the vendor or is named as ignored; an attachment
 * that the vendor does not take is an error.  It sends nothing. */
#include "chat.h"

#include "media.h"
#include "quirk.h"
#include "request.h"
#include "tool_ask.h"
#include "../base/json.h"
#include "../base/limits.h"
#include "../base/utf.h"

#include <string.h>

/* Keys and the vendor's names for them: of those that have all quirks of WITH
 * and none of WITHOUT. */
static const struct {
	struct place place;
	unsigned with, without;
} forwarded[] = {
    {{"temperature", "temperature"}, 0, 0},
    {{"top_p", "top_p"}, 0, 0},
    {{"top_k", "top_k"}, QUIRK_TOP_K, 0},
    {{"frequency_penalty", "frequency_penalty"}, 0, QUIRK_NO_PENALTIES},
    {{"presence_penalty", "presence_penalty"}, 0, QUIRK_NO_PENALTIES},
    {{"stop_sequences", "stop"}, 0, QUIRK_NO_STOP},
    {{"seed", "seed"}, 0, QUIRK_NO_SEED | QUIRK_RANDOM_SEED},
    {{"seed", "random_seed"}, QUIRK_RANDOM_SEED, 0},
    {{"max_tokens", NULL}, 0, 0},
    {{"schema_name", NULL}, 0, QUIRK_JSON_OBJECT},
    {{"schema_description", NULL}, 0, QUIRK_JSON_OBJECT},
};

static bool
has_quirk(const struct ask *ask, unsigned quirk)
{
	return (ask->provider->quirks & quirk) != 0;
}

static void
add_config(struct call *call, json_t *body)
{
	const struct ask *ask = call->ask;
	unsigned has = ask->provider->quirks;
	struct place places[ARRAY_LEN(forwarded)];
	size_t n = 0, i;

	for (i = 0; i < ARRAY_LEN(forwarded); i++)
		if ((has & forwarded[i].with) == forwarded[i].with &&
		    (has & forwarded[i].without) == 0)
			places[n++] = forwarded[i].place;
	request_forward(body,
	    (call->traits.has & TRAIT_COMPLETION_TOKENS) != 0 ||
		    has_quirk(ask, QUIRK_MAX_COMPLETION_TOKENS)
		? "max_completion_tokens"
		: "max_tokens",
	    ask->config, "max_tokens");
	request_config(call, body, places, n);
}

static void
add_format(const struct ask *ask, json_t *body)
{
	json_t *format = json_object();
	json_t *schema = json_object_get(ask->config, "schema");
	json_t *named;

	if (!json_is_object(schema) || has_quirk(ask, QUIRK_JSON_OBJECT)) {
		json_object_set_new(format, "type", json_string("json_object"));
		json_object_set_new(body, "response_format", format);
		return;
	}
	named = json_object();
	json_object_set(named, "schema", schema);
	if (!has_quirk(ask, QUIRK_NO_STRICT))
		json_object_set_new(named, "strict",
		    json_boolean(ask->provider->strict_schemas));
	json_object_set_new(named, "name", json_string("response"));
	request_forward(named, "name", ask->config, "schema_name");
	request_forward(
	    named, "description", ask->config, "schema_description");
	json_object_set_new(format, "type", json_string("json_schema"));
	json_object_set_new(format, "json_schema", named);
	json_object_set_new(body, "response_format", format);
}

/* Who promises no more than JSON wants to read in the prompt what JSON. */
static int
add_schema_message(struct call *call, json_t *messages, struct err *err)
{
	const struct ask *ask = call->ask;
	struct tool_part schema = {.type = TOOL_PART_CALL,
	    .name = STR("schema"),
	    .value = json_object_get(ask->config, "schema")};
	const char *said = "Answer with one JSON object.";
	struct str text;

	if (ask->kind != PROMPT_OBJECT || !has_quirk(ask, QUIRK_JSON_OBJECT))
		return 0;
	if (json_is_object(schema.value)) {
		if (tool_part_text(call->arena, &schema, &text, err) < 0)
			return -1;
		said = arena_printf(call->arena,
		    "Answer with JSON that is valid against this JSON Schema: "
		    "%.*s",
		    (int)text.len, text.p);
	}
	json_array_append_new(
	    messages, json_pack("{ssss}", "role", "system", "content", said));
	return 0;
}

/* {"type":TYPE, TYPE:inner}, the form of every part but text; takes INNER. */
static json_t *
wrap(const char *type, json_t *inner)
{
	json_t *part = json_object();

	json_object_set_new(part, "type", json_string(type));
	json_object_set_new(part, type, inner);
	return part;
}

static json_t *
audio_part(const struct media *m, struct err *err)
{
	json_t *audio;
	const char *format;

	if (m->url.p != NULL)
		return request_no_part(
		    "audio file parts with URLs", STR(""), err);
	if (str_is(m->type, "audio/wav"))
		format = "wav";
	else if (str_is(m->type, "audio/mp3") || str_is(m->type, "audio/mpeg"))
		format = "mp3";
	else
		return request_no_part(
		    "audio content parts with media type", m->type, err);
	audio = json_object();
	json_set_str(audio, "data", m->base64);
	json_object_set_new(audio, "format", json_string(format));
	return wrap("input_audio", audio);
}

/* The INDEXth part of its message: a file has no name of its own. */
static json_t *
file_part(struct arena *a, const struct media *m, size_t index, struct err *err)
{
	json_t *file;

	if (!str_is(m->type, "application/pdf"))
		return request_no_part("file part media type", m->type, err);
	if (m->url.p != NULL)
		return request_no_part(
		    "PDF file parts with URLs", STR(""), err);
	file = json_object();
	json_object_set_new(file, "filename",
	    json_string(arena_printf(a, "part-%zu.pdf", index)));
	json_set_str(file, "file_data", media_data_url(a, m));
	return wrap("file", file);
}

static json_t *
media_part(struct arena *a, const json_t *part, size_t index, struct err *err)
{
	struct media m;
	json_t *image;

	if (media_read(part, &m, err) < 0)
		return NULL;
	if (m.is_image) {
		image = json_object();
		json_set_str(image, "url",
		    m.url.p != NULL ? m.url : media_data_url(a, &m));
		return wrap("image_url", image);
	}
	if (m.type.len > 6 && memcmp(m.type.p, "audio/", 6) == 0)
		return audio_part(&m, err);
	return file_part(a, &m, index, err);
}

/* Empty text is left out beside attachments, as AI SDK does. */
static int
add_parts(struct arena *a, json_t *out, const json_t *parts, struct err *err)
{
	size_t i;

	for (i = 0; i < json_array_size(parts); i++) {
		json_t *part = json_array_get(parts, i);
		struct str type = driver_string(json_object_get(part, "type"));
		struct str text = driver_string(json_object_get(part, "text"));

		if (str_is(type, "text") && text.len == 0)
			continue;
		if (str_is(type, "text"))
			part = json_incref(part);
		else if (str_is(type, "image") || str_is(type, "file"))
			part = media_part(a, part, json_array_size(out), err);
		else
			part = request_no_part("content part", type, err);
		if (part == NULL)
			return -1;
		json_array_append_new(out, part);
	}
	return 0;
}

/* --- tools */

static json_t *
tool_call(struct arena *a, const struct tool_part *part, struct err *err)
{
	json_t *inner, *out;
	struct str args;

	if (tool_part_text(a, part, &args, err) < 0)
		return NULL;
	inner = json_object();
	json_set_str(inner, "name", part->name);
	json_set_str(inner, "arguments", args);
	out = wrap("function", inner);
	json_set_str(out, "id", part->id);
	request_forward(out, CHAT_EXTRA, part->keep, CHAT_EXTRA);
	return out;
}

/* What the model said and called: its text is one, its calls are a list. */
static int
add_calls(struct arena *a, json_t *message, const json_t *parts,
    struct buf *said, struct err *err)
{
	json_t *calls = json_array();
	size_t i;

	json_object_set_new(message, "content", json_null());
	json_object_set_new(message, "tool_calls", calls);
	for (i = 0; i < json_array_size(parts); i++) {
		const json_t *from = json_array_get(parts, i);
		struct str text = driver_string(json_object_get(from, "text"));
		struct tool_part part;
		json_t *made;

		tool_part_read(from, &driver_chat, &part);
		if (part.type != TOOL_PART_CALL) {
			buf_add(said, text.p, text.len);
			continue;
		}
		made = tool_call(a, &part, err);
		if (made == NULL)
			return -1;
		json_array_append_new(calls, made);
		request_forward(message, CHAT_THOUGHT, part.keep, CHAT_THOUGHT);
		request_forward(
		    message, CHAT_THOUGHT_TOO, part.keep, CHAT_THOUGHT_TOO);
	}
	return 0;
}

static int
add_caller(
    struct arena *a, json_t *messages, const json_t *from, struct err *err)
{
	json_t *message = json_object();
	struct buf said;
	int rc;

	buf_init(&said, LIMIT_RENDER_BYTES);
	json_array_append_new(messages, message);
	json_object_set(message, "role", json_object_get(from, "role"));
	rc =
	    add_calls(a, message, json_object_get(from, "content"), &said, err);
	if (said.len != 0)
		json_set_str(message, "content", buf_text(&said));
	buf_free(&said);
	return rc;
}

/* Every result is a message of its own. */
static int
add_results(
    struct arena *a, json_t *messages, const json_t *parts, struct err *err)
{
	size_t i;

	for (i = 0; i < json_array_size(parts); i++) {
		json_t *message = json_object();
		struct tool_part part;
		struct str text;

		json_array_append_new(messages, message);
		tool_part_read(json_array_get(parts, i), &driver_chat, &part);
		if (tool_part_text(a, &part, &text, err) < 0)
			return -1;
		json_object_set_new(message, "role", json_string("tool"));
		json_set_str(message, "tool_call_id", part.id);
		json_set_str(message, "content", text);
	}
	return 0;
}

static json_t *
choice(const struct tool_choice *chosen)
{
	static const char *const words[] = {
	    [TOOL_MODE_AUTO] = "auto",
	    [TOOL_MODE_NONE] = "none",
	    [TOOL_MODE_REQUIRED] = "required",
	    [TOOL_MODE_ONE] = "",
	};
	_Static_assert(ARRAY_LEN(words) == TOOL_MODE__MAX, "all modes");

	if (chosen->mode != TOOL_MODE_ONE)
		return json_string(words[chosen->mode]);
	return wrap("function", json_pack("{ss}", "name", chosen->name));
}

/* Never strict: the vendor would refuse most schemas, and arguments are checked
 * before a tool runs. */
static json_t *
declare(const struct ask *ask, const struct tool_decl *decl)
{
	json_t *out = json_object();

	tool_decl_add(out, decl, "parameters");
	if (!has_quirk(ask, QUIRK_NO_STRICT))
		json_object_set_new(out, "strict", json_false());
	return wrap("function", out);
}

static int
add_tools(struct call *call, json_t *body, struct err *err)
{
	const struct ask *ask = call->ask;
	struct tool_choice chosen;
	json_t *tools;
	size_t i;

	if (ask->n_tools == 0)
		return 0;
	if (tool_choice_read(call, &chosen, err) < 0)
		return -1;
	tools = json_array();
	json_object_set_new(body, "tools", tools);
	for (i = 0; i < ask->n_tools; i++)
		json_array_append_new(tools, declare(ask, &ask->tools[i]));
	json_object_set_new(body, "tool_choice", choice(&chosen));
	return 0;
}

/* --- the body */

static int
add_message(struct arena *a, json_t *messages, json_t *from, struct err *err)
{
	const json_t *content = json_object_get(from, "content");
	struct str role = driver_string(json_object_get(from, "role"));
	json_t *message;

	if (!json_is_array(content)) {
		json_array_append(messages, from);
		return 0;
	}
	if (tool_part_any(content))
		return str_is(role, "tool")
			   ? add_results(a, messages, content, err)
			   : add_caller(a, messages, from, err);
	message = json_copy(from);
	json_array_append_new(messages, message);
	json_object_set_new(message, "content", json_array());
	return add_parts(a, json_object_get(message, "content"), content, err);
}

static int
add_messages(struct call *call, json_t *body, struct err *err)
{
	const json_t *from = call->ask->messages;
	json_t *messages = json_array();
	size_t i;

	json_object_set_new(body, "messages", messages);
	if (add_schema_message(call, messages, err) < 0)
		return -1;
	for (i = 0; i < json_array_size(from); i++)
		if (add_message(call->arena, messages, json_array_get(from, i),
			err) < 0)
			return -1;
	return 0;
}

static int
make_body(struct call *call, json_t *body, struct err *err)
{
	const struct ask *ask = call->ask;

	json_set_str(body, "model", str_from(ask->model));
	add_config(call, body);
	if (ask->kind == PROMPT_OBJECT)
		add_format(ask, body);
	if (add_messages(call, body, err) < 0 || add_tools(call, body, err) < 0)
		return -1;
	if (!ask->stream)
		return 0;
	json_object_set_new(body, "stream", json_true());
	if (!has_quirk(ask, QUIRK_NO_STREAM_OPTIONS))
		json_object_set_new(body, "stream_options",
		    json_pack("{sb}", "include_usage", 1));
	return 0;
}

static void
address(struct call *call, const char *path, struct http_spec *spec)
{
	const struct provider *p = call->ask->provider;
	const char *head = REQUEST_BEARER;

	if (p->key_header != NULL)
		head = arena_printf(call->arena, "%s: ", p->key_header);
	spec->url = arena_printf(call->arena, "%s%s", p->base_url, path);
	spec->headers = request_headers(
	    call, "text/event-stream", request_key(call, head), NULL);
}

void
chat_probe(struct call *call, struct http_spec *spec)
{
	address(call, "/models", spec);
}

int
chat_request(struct call *call, const char *path,
    int (*make)(struct call *call, json_t *body, struct err *err),
    struct http_spec *spec, struct err *err)
{
	address(call, path, spec);
	return request_body(call, make, spec, err);
}

int
chat_build(struct call *call, struct http_spec *spec, struct err *err)
{
	return chat_request(call, "/chat/completions", make_body, spec, err);
}
