/* A prompt as a request of Amazon Bedrock's Converse (protocol.md 6.9): system
 * messages stand apart, settings that all models share in one place and those
 * of one family in another, attachments are bytes.  It sends nothing and signs
 * nothing: it says what a signature needs. */
#include "bedrock.h"

#include "media.h"
#include "request.h"
#include "turns.h"
#include "../base/json.h"
#include "../base/utf.h"

#include <string.h>

/* One is read by this file itself. */
static const struct place places[] = {
    {"max_tokens", "maxTokens"},
    {"temperature", "temperature"},
    {"top_p", "topP"},
    {"stop_sequences", "stopSequences"},
    {"top_k", NULL},
};

/* Where families of models take top_k among the fields of their own. */
static const struct {
	const char *family, *outer, *name;
} top_k[] = {
    {"anthropic.", NULL, "top_k"},
    {"amazon.nova", "inferenceConfig", "topK"},
    {"cohere.", NULL, "k"},
    {"mistral.", NULL, "top_k"},
};

/* What attachments may be; the vendor has names of its own. */
static const struct {
	const char *type, *member, *format;
} formats[] = {
    {"image/png", "image", "png"},
    {"image/jpeg", "image", "jpeg"},
    {"image/jpg", "image", "jpeg"},
    {"image/*", "image", "jpeg"},
    {"image/gif", "image", "gif"},
    {"image/webp", "image", "webp"},
    {"application/pdf", "document", "pdf"},
    {"text/csv", "document", "csv"},
    {"application/msword", "document", "doc"},
    {"application/vnd.openxmlformats-officedocument.wordprocessingml.document",
	"document", "docx"},
    {"application/vnd.ms-excel", "document", "xls"},
    {"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
	"document", "xlsx"},
    {"text/html", "document", "html"},
    {"text/plain", "document", "txt"},
    {"text/markdown", "document", "md"},
    {"video/x-matroska", "video", "mkv"},
    {"video/quicktime", "video", "mov"},
    {"video/mp4", "video", "mp4"},
    {"video/webm", "video", "webm"},
    {"video/x-flv", "video", "flv"},
    {"video/mpeg", "video", "mpeg"},
    {"video/x-ms-wmv", "video", "wmv"},
    {"video/3gpp", "video", "three_gp"},
    {"audio/mpeg", "audio", "mp3"},
    {"audio/mp3", "audio", "mp3"},
    {"audio/wav", "audio", "wav"},
    {"audio/x-wav", "audio", "wav"},
    {"audio/aac", "audio", "aac"},
    {"audio/flac", "audio", "flac"},
    {"audio/ogg", "audio", "ogg"},
    {"audio/mp4", "audio", "mp4"},
    {"audio/webm", "audio", "webm"},
};

/* --- settings */

static void
add_top_k(struct call *call, json_t *body)
{
	json_t *value = json_object_get(call->ask->config, "top_k");
	json_t *fields, *inner;
	size_t i;

	if (value == NULL || json_is_null(value) ||
	    traits_refuse(&call->traits, "top_k"))
		return;
	for (i = 0; i < ARRAY_LEN(top_k); i++)
		if (strstr(call->ask->model, top_k[i].family) != NULL)
			break;
	if (i == ARRAY_LEN(top_k)) {
		request_ignore(call, "top_k");
		return;
	}
	fields = inner = json_object();
	json_object_set_new(body, "additionalModelRequestFields", fields);
	if (top_k[i].outer != NULL) {
		inner = json_object();
		json_object_set_new(fields, top_k[i].outer, inner);
	}
	json_object_set(inner, top_k[i].name, value);
}

static void
add_config(struct call *call, json_t *body)
{
	json_t *config = json_object();

	request_config(call, config, places, ARRAY_LEN(places));
	if (json_object_size(config) != 0)
		json_object_set(body, "inferenceConfig", config);
	json_decref(config);
	add_top_k(call, body);
}

/* --- objects */

static bool
is_strict(const struct ask *ask)
{
	return ask->provider->strict_schemas &&
	       json_is_object(json_object_get(ask->config, "schema"));
}

const char *
bedrock_object_tool(struct call *call)
{
	if (call->ask->kind != PROMPT_OBJECT || is_strict(call->ask))
		return NULL;
	return tool_object_name(call);
}

/* {outer: inner}; takes INNER. */
static json_t *
wrap(const char *outer, json_t *inner)
{
	json_t *json = json_object();

	json_object_set_new(json, outer, inner);
	return json;
}

/* The vendor wants the schema as text. */
static int
add_format(struct call *call, json_t *body, struct err *err)
{
	json_t *schema = json_object_get(call->ask->config, "schema");
	json_t *inner = json_object();
	struct tool_part part = {.type = TOOL_PART_CALL, .value = schema};
	struct str text;

	part.name = STR("schema");
	if (tool_part_text(call->arena, &part, &text, err) < 0) {
		json_decref(inner);
		return -1;
	}
	json_set_str(inner, "schema", text);
	inner = wrap("structure", wrap("jsonSchema", inner));
	json_object_set_new(inner, "type", json_string("json_schema"));
	json_object_set_new(body, "outputConfig", wrap("textFormat", inner));
	return 0;
}

/* --- attachments */

/* The name of a document is neutral, because models read it, and unlike all
 * others. */
static json_t *
make_block(struct call *call, size_t format, struct str base64)
{
	struct bedrock *st = call->state;
	const char *member = formats[format].member;
	json_t *source = json_object(), *block = json_object();

	json_set_str(source, "bytes", base64);
	json_object_set_new(
	    block, "format", json_string(formats[format].format));
	if (strcmp(member, "document") == 0)
		json_object_set_new(block, "name",
		    json_string(arena_printf(
			call->arena, "document-%zu", ++st->documents)));
	json_object_set_new(block, "source", source);
	return wrap(member, block);
}

static json_t *
media_part(struct call *call, const json_t *part, struct err *err)
{
	struct media m;
	size_t i;

	if (media_read(part, &m, err) < 0)
		return NULL;
	if (m.url.p != NULL)
		return request_no_part(m.is_image ? "image parts with URLs"
						  : "file parts with URLs",
		    STR(""), err);
	for (i = 0; i < ARRAY_LEN(formats); i++)
		if (str_is(m.type, formats[i].type))
			return make_block(call, i, m.base64);
	return request_no_part("media type:", m.type, err);
}

/* --- tools */

static void
declare(json_t *tools, const struct tool_decl *decl, json_t *schema)
{
	json_t *spec = json_object();

	tool_decl_add(spec, decl, "inputSchema");
	json_object_set_new(spec, "inputSchema", wrap("json", schema));
	json_array_append_new(tools, wrap("toolSpec", spec));
}

static json_t *
schema_of(const json_t *schema)
{
	if (json_is_object(schema))
		return json_incref((json_t *)schema);
	return json_pack("{ss}", "type", "object");
}

/* An object must be answered by the one tool, or first by others. */
static json_t *
object_choice(const struct call *call)
{
	if ((call->traits.has & TRAIT_NO_FORCED_TOOL) != 0)
		return wrap("auto", json_object());
	if (call->ask->n_tools != 0)
		return wrap("any", json_object());
	return wrap("tool", json_pack("{ss}", "name", call->object_tool));
}

static json_t *
choice(const struct tool_choice *chosen)
{
	if (chosen->mode == TOOL_MODE_ONE)
		return wrap("tool", json_pack("{ss}", "name", chosen->name));
	return wrap(
	    chosen->mode == TOOL_MODE_REQUIRED ? "any" : "auto", json_object());
}

/* Whether a step before this one has called tools: the vendor wants to know
 * them then. */
static bool
has_called(const struct ask *ask)
{
	size_t i;

	for (i = 0; i < json_array_size(ask->messages); i++)
		if (tool_part_any(json_object_get(
			json_array_get(ask->messages, i), "content")))
			return true;
	return false;
}

/* There is no choice of none: no tools are declared. */
static int
add_tools(struct call *call, json_t *body, struct err *err)
{
	const struct ask *ask = call->ask;
	const struct tool_decl object = {
	    .name = call->object_tool,
	    .description = "Respond with a JSON object.",
	};
	struct tool_choice chosen;
	json_t *tools, *config;
	size_t i;

	if (tool_choice_read(call, &chosen, err) < 0)
		return -1;
	if (object.name == NULL &&
	    (ask->n_tools == 0 ||
		(chosen.mode == TOOL_MODE_NONE && !has_called(ask))))
		return 0;
	tools = json_array();
	for (i = 0; i < ask->n_tools; i++)
		declare(tools, &ask->tools[i], schema_of(ask->tools[i].schema));
	if (object.name != NULL)
		declare(tools, &object,
		    schema_of(json_object_get(ask->config, "schema")));
	config = wrap("tools", tools);
	json_object_set_new(config, "toolChoice",
	    object.name != NULL ? object_choice(call) : choice(&chosen));
	json_object_set_new(body, "toolConfig", config);
	return 0;
}

static void
add_thoughts(json_t *out, const struct tool_part *part)
{
	const json_t *thoughts = json_object_get(part->keep, BEDROCK_THOUGHTS);
	size_t i;

	for (i = 0; i < json_array_size(thoughts); i++)
		json_array_append_new(
		    out, wrap("reasoningContent",
			     json_incref(json_array_get(thoughts, i))));
}

static void
add_call(json_t *out, const struct tool_part *part)
{
	json_t *use = json_object();

	json_set_str(use, "toolUseId", part->id);
	json_set_str(use, "name", part->name);
	json_object_set_new(use, "input", tool_part_input(part));
	json_array_append_new(out, wrap("toolUse", use));
}

static int
add_result(struct call *call, json_t *out, const struct tool_part *part,
    struct err *err)
{
	json_t *result, *content;
	struct str text;

	if (tool_part_text(call->arena, part, &text, err) < 0)
		return -1;
	result = json_object();
	content = json_array();
	if (!turn_is_blank(text))
		json_array_append_new(content, request_text(NULL, text));
	json_set_str(result, "toolUseId", part->id);
	json_object_set_new(result, "content", content);
	if (part->bad)
		json_object_set_new(result, "status", json_string("error"));
	json_array_append_new(out, wrap("toolResult", result));
	return 0;
}

static const struct turn_blocks blocks = {
    .driver = &driver_bedrock,
    .thoughts = add_thoughts,
    .call = add_call,
    .result = add_result,
    .media = media_part,
};

/* --- the request */

static int
make_body(struct call *call, json_t *body, struct err *err)
{
	const struct ask *ask = call->ask;

	if (turns_add(call, &blocks, body, err) < 0)
		return -1;
	add_config(call, body);
	if (ask->kind == PROMPT_OBJECT && is_strict(ask) &&
	    add_format(call, body, err) < 0)
		return -1;
	return add_tools(call, body, err);
}

static const char *
option(const struct ask *ask, const char *name)
{
	return json_string_value(json_object_get(ask->provider->options, name));
}

/* A key of two parts signs, one of one part is a bearer's. */
static void
authorize(struct call *call, struct http_spec *spec)
{
	const char *key = call->ask->provider->api_key;
	const char *token = option(call->ask, "session_token");
	const char *region = option(call->ask, "region"), *line;

	spec->sigv4 = spec->sigv4_key = line = NULL;
	if (key == NULL || strchr(key, ':') == NULL) {
		line = request_key(call, REQUEST_BEARER);
	} else {
		spec->sigv4 = arena_printf(call->arena, "aws:amz:%s:bedrock",
		    region != NULL ? region : "us-east-1");
		spec->sigv4_key = key;
		if (token != NULL)
			line = arena_printf(
			    call->arena, "X-Amz-Security-Token: %s", token);
	}
	spec->headers = request_headers(
	    call, "application/vnd.amazon.eventstream", line, NULL);
}

int
bedrock_build(struct call *call, struct http_spec *spec, struct err *err)
{
	const struct ask *ask = call->ask;

	spec->url = arena_printf(call->arena, "%s/model/%s/%s",
	    ask->provider->base_url, request_segment(call, ask->model),
	    ask->stream ? "converse-stream" : "converse");
	authorize(call, spec);
	return request_body(call, make_body, spec, err);
}

/* Models are listed by another service, so these are tasks, of which there may
 * be none. */
void
bedrock_probe(struct call *call, struct http_spec *spec)
{
	spec->url = arena_printf(call->arena, "%s/async-invoke?maxResults=1",
	    call->ask->provider->base_url);
	authorize(call, spec);
}
