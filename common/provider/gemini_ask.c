/* A prompt as a request of generateContent (protocol.md 6.9): system messages
 * stand apart, the assistant is called model, settings lie in generationConfig,
 * and the model's name in the URL.  It sends nothing. */
#include "gemini.h"

#include "media.h"
#include "request.h"
#include "tool_ask.h"
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

static void
add_config(struct call *call, json_t *body)
{
	const struct ask *ask = call->ask;
	bool object = ask->kind == PROMPT_OBJECT && call->object_tool == NULL;
	json_t *config = json_object();
	json_t *schema = json_object_get(ask->config, "schema");

	request_config(call, config, places, ARRAY_LEN(places));
	if (object)
		json_object_set_new(config, "responseMimeType",
		    json_string("application/json"));
	if (object && json_is_object(schema))
		json_object_set(config, "responseJsonSchema", schema);
	if (json_object_size(config) != 0)
		json_object_set(body, "generationConfig", config);
	json_decref(config);
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
	if (m.type.len == 0 && m.url.p == NULL)
		return request_no_part(
		    "file parts without a media type", m.type, err);
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

/* --- tools */

/* What Google takes in place of a proof that only another vendor's model could
 * have made. */
static const char foreign_proof[] = "skip_thought_signature_validator";

static bool
is_old(const char *model)
{
	static const char *const old[] = {"gemini-1", "gemini-2"};
	const char *slash = strrchr(model, '/');
	size_t i;

	model = slash != NULL ? slash + 1 : model;
	for (i = 0; i < ARRAY_LEN(old); i++)
		if (strncmp(model, old[i], strlen(old[i])) == 0)
			return true;
	return false;
}

const char *
gemini_object_tool(struct call *call)
{
	const struct ask *ask = call->ask;

	if (ask->kind != PROMPT_OBJECT || ask->n_tools == 0 ||
	    !is_old(ask->model))
		return NULL;
	return tool_object_name(call);
}

/* A failure has a key of its own; what is no object is the output. */
static json_t *
response_of(const struct tool_part *part)
{
	json_t *value = (json_t *)part->value, *out;

	if (!part->bad && json_is_object(value))
		return json_incref(value);
	out = json_object();
	json_object_set_new(out, part->bad ? "error" : "output",
	    value != NULL ? json_incref(value) : json_null());
	return out;
}

/* Whether the call with this id got it from the model. */
static bool
is_own_id(const json_t *messages, struct str id)
{
	struct tool_part part;
	size_t i, k;

	for (i = json_array_size(messages); i-- > 0;) {
		const json_t *parts =
		    json_object_get(json_array_get(messages, i), "content");

		for (k = 0; k < json_array_size(parts); k++) {
			tool_part_read(
			    json_array_get(parts, k), &driver_gemini, &part);
			if (part.type == TOOL_PART_CALL &&
			    part.id.len == id.len &&
			    memcmp(part.id.p, id.p, id.len) == 0)
				return json_is_true(
				    json_object_get(part.keep, GEMINI_OWN_ID));
		}
	}
	return false;
}

/* Proofs stand beside the calls that they came with; of a step's calls the
 * first one needs one. */
static void
add_call(json_t *out, const struct tool_part *from, bool first)
{
	json_t *part = json_object(), *inner = json_object();
	json_t *proof = json_object_get(from->keep, GEMINI_PROOF);

	if (json_is_true(json_object_get(from->keep, GEMINI_OWN_ID)))
		json_set_str(inner, "id", from->id);
	json_set_str(inner, "name", from->name);
	json_object_set_new(inner, "args", tool_part_input(from));
	json_object_set_new(part, "functionCall", inner);
	if (proof != NULL)
		json_object_set(part, GEMINI_PROOF, proof);
	else if (first && from->keep == NULL)
		json_object_set_new(
		    part, GEMINI_PROOF, json_string(foreign_proof));
	json_array_append_new(out, part);
}

static void
add_result(json_t *out, const json_t *messages, const struct tool_part *from)
{
	json_t *part = json_object(), *inner = json_object();

	if (is_own_id(messages, from->id))
		json_set_str(inner, "id", from->id);
	json_set_str(inner, "name", from->name);
	json_object_set_new(inner, "response", response_of(from));
	json_object_set_new(part, "functionResponse", inner);
	json_array_append_new(out, part);
}

/* Whether a schema asks for an object and says nothing of what is in it: Google
 * wants to hear of arguments only where there are some. */
static bool
is_empty(const json_t *schema)
{
	static const char *const idle[] = {"type", "properties", "required",
	    "additionalProperties", "$schema", "title"};
	size_t n = json_object_size(schema), i;

	if (json_object_size(json_object_get(schema, "properties")) != 0 ||
	    json_is_object(json_object_get(schema, "additionalProperties")))
		return false;
	for (i = 0; i < ARRAY_LEN(idle); i++)
		n -= json_object_get(schema, idle[i]) != NULL;
	return n == 0;
}

static json_t *
declare(const struct tool_decl *decl)
{
	static const char key[] = "parametersJsonSchema";
	json_t *out = json_object();

	tool_decl_add(out, decl, key);
	if (is_empty(json_object_get(out, key)))
		json_object_del(out, key);
	return out;
}

static json_t *
choice(const struct tool_choice *chosen)
{
	static const char *const modes[] = {
	    [TOOL_MODE_AUTO] = "AUTO",
	    [TOOL_MODE_NONE] = "NONE",
	    [TOOL_MODE_REQUIRED] = "ANY",
	    [TOOL_MODE_ONE] = "ANY",
	};
	json_t *inner = json_pack("{ss}", "mode", modes[chosen->mode]);
	json_t *out = json_object();

	_Static_assert(ARRAY_LEN(modes) == TOOL_MODE__MAX, "all modes");
	if (chosen->mode == TOOL_MODE_ONE)
		json_object_set_new(inner, "allowedFunctionNames",
		    json_pack("[s]", chosen->name));
	json_object_set_new(out, "functionCallingConfig", inner);
	return out;
}

/* The function whose arguments are the object, of which one must be called. */
static void
add_object_tool(struct call *call, json_t *list, struct tool_choice *chosen)
{
	const struct tool_decl decl = {
	    .name = call->object_tool,
	    .description = "Respond with a JSON object.",
	    .schema = json_object_get(call->ask->config, "schema"),
	};

	if (decl.name == NULL)
		return;
	json_array_append_new(list, declare(&decl));
	chosen->mode = TOOL_MODE_REQUIRED;
}

static int
add_tools(struct call *call, json_t *body, struct err *err)
{
	const struct ask *ask = call->ask;
	struct tool_choice chosen;
	json_t *list, *tools;
	size_t i;

	if (ask->n_tools == 0)
		return 0;
	if (tool_choice_read(call, &chosen, err) < 0)
		return -1;
	list = json_array();
	for (i = 0; i < ask->n_tools; i++)
		json_array_append_new(list, declare(&ask->tools[i]));
	add_object_tool(call, list, &chosen);
	tools = json_array();
	json_array_append_new(
	    tools, json_pack("{so}", "functionDeclarations", list));
	json_object_set_new(body, "tools", tools);
	json_object_set_new(body, "toolConfig", choice(&chosen));
	return 0;
}

/* --- messages */

/* Empty text is left out beside attachments: Google refuses it. */
static int
add_part(json_t *out, const json_t *messages, const json_t *from, bool first,
    struct err *err)
{
	struct str type = driver_string(json_object_get(from, "type"));
	struct str text = driver_string(json_object_get(from, "text"));
	struct tool_part tool;
	json_t *part;

	tool_part_read(from, &driver_gemini, &tool);
	if (tool.type == TOOL_PART_CALL)
		add_call(out, &tool, first);
	else if (tool.type == TOOL_PART_RESULT)
		add_result(out, messages, &tool);
	if (tool.type != TOOL_PART_OTHER ||
	    (str_is(type, "text") && text.len == 0))
		return 0;
	if (str_is(type, "text"))
		part = request_text(NULL, text);
	else if (str_is(type, "image") || str_is(type, "file"))
		part = media_part(from, err);
	else
		part = request_no_part("content part", type, err);
	if (part == NULL)
		return -1;
	json_array_append_new(out, part);
	return 0;
}

static int
add_parts(
    json_t *out, const json_t *messages, const json_t *content, struct err *err)
{
	const json_t *first;
	struct tool_part tool;
	size_t i;

	if (!json_is_array(content)) {
		json_array_append_new(
		    out, request_text(NULL, driver_string(content)));
		return 0;
	}
	first = tool_part_first(content, &driver_gemini, &tool);
	for (i = 0; i < json_array_size(content); i++) {
		const json_t *part = json_array_get(content, i);

		if (add_part(out, messages, part, part == first, err) < 0)
			return -1;
	}
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
add_message(struct call *call, json_t *system, json_t *contents,
    const json_t *message, struct err *err)
{
	struct str role = driver_string(json_object_get(message, "role"));
	const json_t *content = json_object_get(message, "content");

	if (!str_is(role, "system"))
		return add_parts(
		    add_content(
			contents, str_is(role, "assistant") ? "model" : "user"),
		    call->ask->messages, content, err);
	if (json_array_size(contents) != 0)
		return request_unsupported(
		    "system messages are only supported at the beginning of "
		    "the conversation",
		    (struct str){NULL, 0}, err);
	return add_parts(system, call->ask->messages, content, err);
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
		    call, system, contents, json_array_get(messages, i), err);
	if (json_array_size(system) == 0) {
		json_decref(system);
		return rc;
	}
	instruction = json_object();
	json_object_set_new(instruction, "parts", system);
	json_object_set_new(body, "systemInstruction", instruction);
	return rc;
}

static void
authorize(struct call *call, struct http_spec *spec)
{
	spec->headers = request_headers(call, "text/event-stream",
	    request_key(call, "x-goog-api-key: "), NULL);
}

/* A model's name stays one segment of the path, whatever is in it; tuned models
 * have a collection of their own. */
void
gemini_address(struct call *call, struct http_spec *spec, const char *method)
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
	spec->url =
	    arena_printf(call->arena, "%s/%s%s:%s", ask->provider->base_url,
		collection, request_segment(call, id), method);
	authorize(call, spec);
}

void
gemini_probe(struct call *call, struct http_spec *spec)
{
	spec->url = arena_printf(
	    call->arena, "%s/models?pageSize=1", call->ask->provider->base_url);
	authorize(call, spec);
}

static int
make_body(struct call *call, json_t *body, struct err *err)
{
	add_config(call, body);
	if (add_messages(call, body, err) < 0)
		return -1;
	return add_tools(call, body, err);
}

int
gemini_build(struct call *call, struct http_spec *spec, struct err *err)
{
	gemini_address(call, spec,
	    call->ask->stream ? "streamGenerateContent?alt=sse"
			      : "generateContent");
	return request_body(call, make_body, spec, err);
}
