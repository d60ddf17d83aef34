/* A prompt as a request of Anthropic's messages (protocol.md 6.9): every key
 * of its configuration goes to the vendor or is named as ignored; an
 * attachment that the vendor does not take is an error.  It sends nothing. */
#include "anthropic.h"

#include "media.h"
#include "request.h"
#include "turns.h"
#include "../base/json.h"
#include "../base/utf.h"

#include <string.h>

/* The vendor has no default of its own. */
enum { DEFAULT_MAX_TOKENS = 4096, MAX_TEMPERATURE = 1 };

static const struct place places[] = {
    {"max_tokens", "max_tokens"},
    {"temperature", "temperature"},
    {"top_p", "top_p"},
    {"top_k", "top_k"},
    {"stop_sequences", "stop_sequences"},
};

/* A block of TYPE whose bytes the vendor fetches or finds here. */
static json_t *
source_part(const char *type, const struct media *m, struct str media_type)
{
	json_t *part = json_object(), *source = json_object();

	if (m->url.p != NULL) {
		json_object_set_new(source, "type", json_string("url"));
		json_set_str(source, "url", m->url);
	} else {
		json_object_set_new(source, "type", json_string("base64"));
		json_set_str(source, "media_type", media_type);
		json_set_str(source, "data", m->base64);
	}
	json_object_set_new(part, "type", json_string(type));
	json_object_set_new(part, "source", source);
	return part;
}

/* Text has a source of its own kind, which holds it as it reads. */
static json_t *
plain_part(struct call *call, const struct media *m, struct err *err)
{
	json_t *part, *source;

	if (m->url.p != NULL)
		return request_no_part(
		    "text file parts with URLs", (struct str){NULL, 0}, err);
	part = json_object();
	source = json_object();
	json_object_set_new(source, "type", json_string("text"));
	json_object_set_new(source, "media_type", json_string("text/plain"));
	json_set_str(source, "data", media_decode(call->arena, m->base64));
	json_object_set_new(part, "type", json_string("document"));
	json_object_set_new(part, "source", source);
	return part;
}

static json_t *
media_part(struct call *call, const json_t *part, struct err *err)
{
	struct media m;

	if (media_read(part, &m, err) < 0)
		return NULL;
	if (m.is_image)
		return source_part("image", &m,
		    str_is(m.type, "image/*") ? STR("image/jpeg") : m.type);
	if (str_is(m.type, "application/pdf"))
		return source_part("document", &m, m.type);
	if (str_is(m.type, "text/plain"))
		return plain_part(call, &m, err);
	return request_no_part("media type:", m.type, err);
}

/* --- tools */

const char *
anthropic_object_tool(struct call *call)
{
	return call->ask->kind == PROMPT_OBJECT ? tool_object_name(call) : NULL;
}

/* The tool whose arguments are the object. */
static json_t *
object_tool(struct call *call)
{
	const struct tool_decl decl = {
	    .name = call->object_tool,
	    .description = "Respond with a JSON object.",
	};
	json_t *schema = json_object_get(call->ask->config, "schema");
	json_t *tool = json_object();

	tool_decl_add(tool, &decl, "input_schema");
	if (json_is_object(schema))
		json_object_set(tool, "input_schema", schema);
	else
		json_object_set_new(
		    tool, "input_schema", json_pack("{ss}", "type", "object"));
	return tool;
}

/* An object must be answered by the one tool, or first by others: then by one
 * of them at a time, so that none is called beside the object. */
static json_t *
object_choice(struct call *call)
{
	bool forced = (call->traits.has & TRAIT_NO_FORCED_TOOL) == 0;
	bool alone = forced && call->ask->n_tools == 0;
	json_t *out = json_pack("{ss}", "type",
	    alone    ? "tool"
	    : forced ? "any"
		     : "auto");

	if (alone)
		json_object_set_new(
		    out, "name", json_string(call->object_tool));
	json_object_set_new(out, "disable_parallel_tool_use", json_true());
	return out;
}

static json_t *
choice(const struct tool_choice *chosen)
{
	static const char *const types[] = {
	    [TOOL_MODE_AUTO] = "auto",
	    [TOOL_MODE_NONE] = "none",
	    [TOOL_MODE_REQUIRED] = "any",
	    [TOOL_MODE_ONE] = "tool",
	};
	json_t *out = json_pack("{ss}", "type", types[chosen->mode]);

	_Static_assert(ARRAY_LEN(types) == TOOL_MODE__MAX, "all modes");
	if (chosen->mode == TOOL_MODE_ONE)
		json_object_set_new(out, "name", json_string(chosen->name));
	return out;
}

static int
add_tools(struct call *call, json_t *body, struct err *err)
{
	const struct ask *ask = call->ask;
	bool object = ask->kind == PROMPT_OBJECT;
	struct tool_choice chosen = {0};
	json_t *tools, *tool;
	size_t i;

	if (ask->n_tools == 0 && !object)
		return 0;
	if (!object && tool_choice_read(call, &chosen, err) < 0)
		return -1;
	tools = json_array();
	json_object_set_new(body, "tools", tools);
	for (i = 0; i < ask->n_tools; i++) {
		tool = json_object();
		tool_decl_add(tool, &ask->tools[i], "input_schema");
		json_array_append_new(tools, tool);
	}
	if (object)
		json_array_append_new(tools, object_tool(call));
	json_object_set_new(body, "tool_choice",
	    object ? object_choice(call) : choice(&chosen));
	return 0;
}

static void
add_thoughts(json_t *out, const struct tool_part *part)
{
	const json_t *thoughts =
	    json_object_get(part->keep, ANTHROPIC_THOUGHTS);
	size_t i;

	for (i = 0; i < json_array_size(thoughts); i++)
		json_array_append(out, json_array_get(thoughts, i));
}

static void
add_call(json_t *out, const struct tool_part *part)
{
	json_t *block = json_pack("{ss}", "type", "tool_use");

	json_set_str(block, "id", part->id);
	json_set_str(block, "name", part->name);
	json_object_set_new(block, "input", tool_part_input(part));
	json_array_append_new(out, block);
}

/* The vendor takes no failure that says nothing. */
static int
add_result(struct call *call, json_t *out, const struct tool_part *part,
    struct err *err)
{
	struct str text;
	json_t *block;

	if (tool_part_text(call->arena, part, &text, err) < 0)
		return -1;
	block = json_pack("{ss}", "type", "tool_result");
	json_set_str(block, "tool_use_id", part->id);
	json_set_str(block, "content", text);
	if (part->bad && text.len != 0)
		json_object_set_new(block, "is_error", json_true());
	json_array_append_new(out, block);
	return 0;
}

static const struct turn_blocks blocks = {
    .driver = &driver_anthropic,
    .text_type = "text",
    .thoughts = add_thoughts,
    .call = add_call,
    .result = add_result,
    .media = media_part,
};

static int
make_body(struct call *call, json_t *body, struct err *err)
{
	const struct ask *ask = call->ask;
	const struct traits *traits = &call->traits;

	json_set_str(body, "model", str_from(ask->model));
	json_object_set_new(body, "max_tokens",
	    json_integer(traits->max_tokens != 0 ? traits->max_tokens
						 : DEFAULT_MAX_TOKENS));
	request_config(call, body, places, ARRAY_LEN(places));
	if (traits->max_tokens != 0 && !traits->guessed)
		request_at_most(call, body, "max_tokens", traits->max_tokens);
	request_at_most(call, body, "temperature", MAX_TEMPERATURE);
	if (turns_add(call, &blocks, body, err) < 0)
		return -1;
	if (add_tools(call, body, err) < 0)
		return -1;
	if (ask->stream)
		json_object_set_new(body, "stream", json_true());
	return 0;
}

static void
address(struct call *call, const char *path, struct http_spec *spec)
{
	spec->url = arena_printf(
	    call->arena, "%s%s", call->ask->provider->base_url, path);
	spec->headers = request_headers(call, "text/event-stream",
	    "anthropic-version: 2023-06-01", request_key(call, "x-api-key: "));
}

int
anthropic_build(struct call *call, struct http_spec *spec, struct err *err)
{
	address(call, "/messages", spec);
	return request_body(call, make_body, spec, err);
}

void
anthropic_probe(struct call *call, struct http_spec *spec)
{
	address(call, "/models?limit=1", spec);
}
