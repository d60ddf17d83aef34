/* A prompt as a request of Ollama's /api/chat (protocol.md 6.9): content is one
 * text, images lie beside it as base64, settings are options.  What a local
 * model cannot take, as files and URLs, is an error.  It sends nothing. */
#include "ollama.h"

#include "media.h"
#include "request.h"
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

static const char *const of_text[] = {NULL};
static const char *const of_objects[] = {"schema", NULL};

static void
add_config(struct call *call, json_t *body)
{
	const struct ask *ask = call->ask;
	bool object = ask->kind == PROMPT_OBJECT;
	json_t *schema = json_object_get(ask->config, "schema");
	json_t *options = json_object();

	request_config(call, options, places, ARRAY_LEN(places),
	    object ? of_objects : of_text);
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
	json_set_str(
	    message, "content", (struct str){buf_str(&text), text.len});
	if (json_array_size(images) != 0)
		json_object_set(message, "images", images);
	json_decref(images);
	buf_free(&text);
	return rc;
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
		if (add_parts(message, content, err) < 0)
			return -1;
	}
	return 0;
}

int
ollama_build(struct call *call, struct http_spec *spec, struct err *err)
{
	const struct ask *ask = call->ask;
	const char *key = ask->provider->api_key;
	json_t *body = json_object();
	int rc;

	json_set_str(
	    body, "model", (struct str){ask->model, strlen(ask->model)});
	/* A stream is what it sends unless told otherwise. */
	json_object_set_new(body, "stream", json_boolean(ask->stream));
	add_config(call, body);
	rc = add_messages(call, body, err);
	if (rc == 0)
		rc = request_body(call, body, spec, err);
	json_decref(body);
	spec->url =
	    arena_printf(call->arena, "%s/api/chat", ask->provider->base_url);
	spec->headers = request_headers(call, "application/x-ndjson",
	    key != NULL
		? arena_printf(call->arena, "Authorization: Bearer %s", key)
		: NULL);
	return rc;
}
