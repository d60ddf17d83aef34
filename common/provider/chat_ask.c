/* A prompt as the request of a chat completion (protocol.md 6.9): every key of
 * its configuration goes to the vendor or is named as ignored; an attachment
 * that the vendor does not take is an error.  It sends nothing. */
#include "chat.h"

#include "media.h"
#include "../base/json.h"
#include "../base/limits.h"
#include "../base/utf.h"

#include <stdlib.h>
#include <string.h>

/* Keys that are forwarded under the vendor's name. */
static const struct {
	const char *key, *name;
} forwarded[] = {
    {"temperature", "temperature"},
    {"top_p", "top_p"},
    {"frequency_penalty", "frequency_penalty"},
    {"presence_penalty", "presence_penalty"},
    {"stop_sequences", "stop"},
    {"seed", "seed"},
};

/* Keys that the runner or this driver reads elsewhere. */
static const char *const consumed[] = {
    "model_name",
    "max_tokens",
    "max_calls",
    "max_retries",
    "tools",
    "tool_choice",
};

static const char *const of_objects[] = {
    "schema",
    "schema_name",
    "schema_description",
};

static bool
listed(const char *const *list, size_t n, const char *key)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (strcmp(list[i], key) == 0)
			return true;
	return false;
}

static bool
is_known(enum prompt_kind kind, const char *key)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(forwarded); i++)
		if (strcmp(forwarded[i].key, key) == 0)
			return true;
	if (listed(consumed, ARRAY_LEN(consumed), key))
		return true;
	return kind == PROMPT_OBJECT &&
	       listed(of_objects, ARRAY_LEN(of_objects), key);
}

/* Models that reason refuse max_tokens, others' servers know nothing else:
 * o1, o3, … and gpt-5 and later. */
static bool
reasons(const char *model)
{
	const char *slash = strrchr(model, '/');
	const char *id = slash != NULL ? slash + 1 : model;

	if (id[0] == 'o' && id[1] >= '1' && id[1] <= '9')
		return true;
	return strncmp(id, "gpt-", 4) == 0 && strtol(id + 4, NULL, 10) >= 5;
}

/* Sets NAME to a member of the configuration, unless that says nothing. */
static void
forward(json_t *to, const char *name, const json_t *config, const char *key)
{
	json_t *value = json_object_get(config, key);

	if (value != NULL && !json_is_null(value))
		json_object_set(to, name, value);
}

static void
add_config(struct call *call, json_t *body)
{
	const struct ask *ask = call->ask;
	const char *key;
	json_t *value;
	size_t i;

	forward(body,
	    reasons(ask->model) ? "max_completion_tokens" : "max_tokens",
	    ask->config, "max_tokens");
	for (i = 0; i < ARRAY_LEN(forwarded); i++)
		forward(body, forwarded[i].name, ask->config, forwarded[i].key);
	json_object_foreach((json_t *)ask->config, key, value)
	{
		if (json_is_null(value) || is_known(ask->kind, key))
			continue;
		if (call->ignored.len != 0)
			buf_adds(&call->ignored, ", ");
		buf_adds(&call->ignored, key);
	}
}

static void
add_format(const struct ask *ask, json_t *body)
{
	json_t *format = json_object();
	json_t *schema = json_object_get(ask->config, "schema");
	json_t *named;

	if (!json_is_object(schema)) {
		json_object_set_new(format, "type", json_string("json_object"));
		json_object_set_new(body, "response_format", format);
		return;
	}
	named = json_object();
	json_object_set(named, "schema", schema);
	json_object_set_new(
	    named, "strict", json_boolean(ask->provider->strict_schemas));
	json_object_set_new(named, "name", json_string("response"));
	forward(named, "name", ask->config, "schema_name");
	forward(named, "description", ask->config, "schema_description");
	json_object_set_new(format, "type", json_string("json_schema"));
	json_object_set_new(format, "json_schema", named);
	json_object_set_new(body, "response_format", format);
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

/* In AI SDK's words. */
static json_t *
unsupported(const char *what, struct str type, struct err *err)
{
	(void)fail(err, ERR_PROMPT, "'%s%s%.*s' functionality not supported.",
	    what, type.len != 0 ? " " : "", (int)type.len,
	    type.len != 0 ? type.p : "");
	return NULL;
}

static json_t *
audio_part(const struct media *m, struct err *err)
{
	json_t *audio;
	const char *format;

	if (m->url.p != NULL)
		return unsupported(
		    "audio file parts with URLs", (struct str){NULL, 0}, err);
	if (str_is(m->type, "audio/wav"))
		format = "wav";
	else if (str_is(m->type, "audio/mp3") || str_is(m->type, "audio/mpeg"))
		format = "mp3";
	else
		return unsupported(
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
		return unsupported("file part media type", m->type, err);
	if (m->url.p != NULL)
		return unsupported(
		    "PDF file parts with URLs", (struct str){NULL, 0}, err);
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
			part = unsupported("content part", type, err);
		if (part == NULL)
			return -1;
		json_array_append_new(out, part);
	}
	return 0;
}

static int
add_messages(struct call *call, json_t *body, struct err *err)
{
	json_t *messages = json_array();
	size_t i;

	json_object_set_new(body, "messages", messages);
	for (i = 0; i < json_array_size(call->ask->messages); i++) {
		json_t *from = json_array_get(call->ask->messages, i);
		json_t *content = json_object_get(from, "content");
		json_t *message;

		if (!json_is_array(content)) {
			json_array_append(messages, from);
			continue;
		}
		message = json_copy(from);
		json_array_append_new(messages, message);
		json_object_set_new(message, "content", json_array());
		if (add_parts(call->arena, json_object_get(message, "content"),
			content, err) < 0)
			return -1;
	}
	return 0;
}

static const char *
accept_line(const struct ask *ask)
{
	if (ask->stream)
		return "Accept: text/event-stream";
	if (ask->kind == PROMPT_SPEECH)
		return "Accept: */*";
	return "Accept: application/json";
}

static const char **
make_headers(struct call *call)
{
	const struct provider *p = call->ask->provider;
	size_t n = 0, i = 0;
	const char **headers;

	while (p->headers != NULL && p->headers[n] != NULL)
		n++;
	headers = arena_array(call->arena, n + 4, sizeof(*headers));
	headers[i++] = "Content-Type: application/json";
	headers[i++] = accept_line(call->ask);
	if (p->api_key != NULL)
		headers[i++] = arena_printf(
		    call->arena, "Authorization: Bearer %s", p->api_key);
	if (n != 0)
		memcpy(headers + i, p->headers, n * sizeof(*headers));
	headers[i + n] = NULL;
	return headers;
}

static int
make_body(struct call *call, json_t *body, struct err *err)
{
	const struct ask *ask = call->ask;
	json_t *options;

	json_set_str(
	    body, "model", (struct str){ask->model, strlen(ask->model)});
	add_config(call, body);
	if (ask->kind == PROMPT_OBJECT)
		add_format(ask, body);
	if (add_messages(call, body, err) < 0)
		return -1;
	if (!ask->stream)
		return 0;
	options = json_object();
	json_object_set_new(options, "include_usage", json_true());
	json_object_set_new(body, "stream", json_true());
	json_object_set_new(body, "stream_options", options);
	return 0;
}

static void
free_body(void *body)
{
	buf_free(body);
}

int
chat_request(struct call *call, const char *path, const json_t *body,
    struct http_spec *spec, struct err *err)
{
	struct buf *text = arena_alloc(call->arena, sizeof(*text));

	buf_init(text, LIMIT_RENDER_BYTES);
	arena_on_free(call->arena, free_body, text);
	json_print(text, body);
	if (buf_full(text))
		return fail(err, ERR_PROMPT,
		    "the request is larger than %u bytes", LIMIT_RENDER_BYTES);
	spec->url = arena_printf(
	    call->arena, "%s%s", call->ask->provider->base_url, path);
	spec->headers = make_headers(call);
	spec->body = (struct str){buf_str(text), text->len};
	return 0;
}

int
chat_build(struct call *call, struct http_spec *spec, struct err *err)
{
	json_t *body = json_object();
	int rc = make_body(call, body, err);

	if (rc == 0)
		rc = chat_request(call, "/chat/completions", body, spec, err);
	json_decref(body);
	return rc;
}
