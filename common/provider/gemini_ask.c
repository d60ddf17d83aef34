/* A prompt as a request of generateContent (protocol.md 6.9): system messages
 * stand apart, the assistant is called model, settings lie in generationConfig,
 * and the model's name in the URL.  It sends nothing. */
#include "gemini.h"

#include "media.h"
#include "request.h"
#include "../base/json.h"
#include "../base/limits.h"
#include "../base/utf.h"

#include <string.h>

static const struct place places[] = {
    {"max_tokens", "maxOutputTokens"},
    {"temperature", "temperature"},
    {"top_p", "topP"},
    {"top_k", "topK"},
    {"stop_sequences", "stopSequences"},
    {"seed", "seed"},
    {"frequency_penalty", "frequencyPenalty"},
    {"presence_penalty", "presencePenalty"},
};

static const char *const of_text[] = {NULL};
static const char *const of_objects[] = {"schema", NULL};

static void
add_config(struct call *call, json_t *body)
{
	const struct ask *ask = call->ask;
	bool object = ask->kind == PROMPT_OBJECT;
	json_t *config = json_object();
	json_t *schema = json_object_get(ask->config, "schema");

	request_config(call, config, places, ARRAY_LEN(places),
	    object ? of_objects : of_text);
	if (object)
		json_object_set_new(config, "responseMimeType",
		    json_string("application/json"));
	if (object && json_is_object(schema))
		json_object_set(config, "responseJsonSchema", schema);
	if (json_object_size(config) != 0)
		json_object_set(body, "generationConfig", config);
	json_decref(config);
}

static json_t *
text_part(struct str text)
{
	json_t *part = json_object();

	json_set_str(part, "text", text);
	return part;
}

/* A URL is for Google to fetch; images of an unknown type are called what AI
 * SDK calls them. */
static json_t *
media_part(const json_t *from, struct err *err)
{
	json_t *part, *inner;
	struct media m;

	if (media_read(from, &m, err) < 0)
		return NULL;
	if (m.type.len == 0 && m.is_image)
		m.type = STR("image/jpeg");
	if (m.type.len == 0 && m.url.p == NULL) {
		(void)request_unsupported(
		    "file parts without a media type", m.type, err);
		return NULL;
	}
	inner = json_object();
	if (m.type.len != 0)
		json_set_str(inner, "mimeType", m.type);
	if (m.url.p != NULL)
		json_set_str(inner, "fileUri", m.url);
	else
		json_set_str(inner, "data", m.base64);
	part = json_object();
	json_object_set_new(
	    part, m.url.p != NULL ? "fileData" : "inlineData", inner);
	return part;
}

/* Empty text is left out beside attachments: Google refuses it. */
static int
add_part(json_t *out, const json_t *from, struct err *err)
{
	struct str type = driver_string(json_object_get(from, "type"));
	struct str text = driver_string(json_object_get(from, "text"));
	json_t *part;

	if (str_is(type, "text")) {
		if (text.len != 0)
			json_array_append_new(out, text_part(text));
		return 0;
	}
	if (!str_is(type, "image") && !str_is(type, "file"))
		return request_unsupported("content part", type, err);
	part = media_part(from, err);
	if (part == NULL)
		return -1;
	json_array_append_new(out, part);
	return 0;
}

static int
add_parts(json_t *out, const json_t *content, struct err *err)
{
	size_t i;

	if (!json_is_array(content)) {
		json_array_append_new(out, text_part(driver_string(content)));
		return 0;
	}
	for (i = 0; i < json_array_size(content); i++)
		if (add_part(out, json_array_get(content, i), err) < 0)
			return -1;
	return 0;
}

/* The list of parts of a new message. */
static json_t *
add_content(json_t *contents, const char *role)
{
	json_t *content = json_object(), *parts = json_array();

	json_object_set_new(content, "role", json_string(role));
	json_object_set_new(content, "parts", parts);
	json_array_append_new(contents, content);
	return parts;
}

static int
add_message(
    json_t *system, json_t *contents, const json_t *message, struct err *err)
{
	struct str role = driver_string(json_object_get(message, "role"));
	const json_t *content = json_object_get(message, "content");

	if (!str_is(role, "system"))
		return add_parts(
		    add_content(
			contents, str_is(role, "assistant") ? "model" : "user"),
		    content, err);
	if (json_array_size(contents) != 0)
		return request_unsupported(
		    "system messages are only supported at the beginning of "
		    "the conversation",
		    (struct str){NULL, 0}, err);
	return add_parts(system, content, err);
}

static int
add_messages(struct call *call, json_t *body, struct err *err)
{
	const json_t *messages = call->ask->messages;
	json_t *contents = json_array(), *system = json_array(), *instruction;
	int rc = 0;
	size_t i;

	json_object_set_new(body, "contents", contents);
	for (i = 0; i < json_array_size(messages) && rc == 0; i++)
		rc = add_message(
		    system, contents, json_array_get(messages, i), err);
	if (json_array_size(system) == 0) {
		json_decref(system);
		return rc;
	}
	instruction = json_object();
	json_object_set_new(instruction, "parts", system);
	json_object_set_new(body, "systemInstruction", instruction);
	return rc;
}

/* A model's name stays one segment of the path, whatever is in it; tuned models
 * have a collection of their own. */
static const char *
make_url(struct call *call)
{
	static const char *const known[] = {"models/", "tunedModels/"};
	const struct ask *ask = call->ask;
	const char *id = ask->model, *collection = known[0];
	size_t i;

	for (i = 0; i < ARRAY_LEN(known); i++) {
		if (strncmp(ask->model, known[i], strlen(known[i])) != 0)
			continue;
		collection = known[i];
		id = ask->model + strlen(known[i]);
	}
	return arena_printf(call->arena, "%s/%s%s:%s", ask->provider->base_url,
	    collection, request_segment(call, id),
	    ask->stream ? "streamGenerateContent?alt=sse" : "generateContent");
}

int
gemini_build(struct call *call, struct http_spec *spec, struct err *err)
{
	const char *key = call->ask->provider->api_key;
	json_t *body = json_object();
	int rc = add_messages(call, body, err);

	add_config(call, body);
	if (rc == 0)
		rc = request_body(call, body, spec, err);
	json_decref(body);
	spec->url = make_url(call);
	spec->headers = request_headers(call, "text/event-stream",
	    key != NULL ? arena_printf(call->arena, "x-goog-api-key: %s", key)
			: NULL);
	return rc;
}
