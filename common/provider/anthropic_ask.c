/* A prompt as a request of Anthropic's messages (protocol.md 6.9): every key
 * of its configuration goes to the vendor or is named as ignored; an
 * attachment that the vendor does not take is an error.  It sends nothing. */
#include "anthropic.h"

#include "media.h"
#include "request.h"
#include "../base/json.h"
#include "../base/utf.h"

#include <string.h>

/* The vendor has no default of its own. */
enum { DEFAULT_MAX_TOKENS = 4096 };

static const struct place places[] = {
    {"max_tokens", "max_tokens"},
    {"temperature", "temperature"},
    {"top_p", "top_p"},
    {"top_k", "top_k"},
    {"stop_sequences", "stop_sequences"},
};

static const char *const of_text[] = {NULL};
static const char *const of_objects[] = {"schema", NULL};

static void
add_config(struct call *call, json_t *body)
{
	bool object = call->ask->kind == PROMPT_OBJECT;

	json_object_set_new(
	    body, "max_tokens", json_integer(DEFAULT_MAX_TOKENS));
	request_config(call, body, places, ARRAY_LEN(places),
	    object ? of_objects : of_text);
}

/* The one tool that must be called: its arguments are the object. */
static void
add_tool(const struct ask *ask, json_t *body)
{
	json_t *schema = json_object_get(ask->config, "schema");
	json_t *tools = json_array(), *tool = json_object();
	json_t *choice = json_object();

	json_object_set_new(tool, "name", json_string(ANTHROPIC_TOOL));
	json_object_set_new(
	    tool, "description", json_string("Respond with a JSON object."));
	if (json_is_object(schema))
		json_object_set(tool, "input_schema", schema);
	else
		json_object_set_new(
		    tool, "input_schema", json_pack("{ss}", "type", "object"));
	json_array_append_new(tools, tool);
	json_object_set_new(body, "tools", tools);
	json_object_set_new(choice, "type", json_string("tool"));
	json_object_set_new(choice, "name", json_string(ANTHROPIC_TOOL));
	json_object_set_new(choice, "disable_parallel_tool_use", json_true());
	json_object_set_new(body, "tool_choice", choice);
}

static json_t *
unsupported(const char *what, struct str type, struct err *err)
{
	(void)request_unsupported(what, type, err);
	return NULL;
}

static json_t *
text_part(struct str text)
{
	json_t *part = json_object();

	json_object_set_new(part, "type", json_string("text"));
	json_set_str(part, "text", text);
	return part;
}

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

/* The six bits that a letter of either alphabet stands for, or -1. */
static int
sextet(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+' || c == '-')
		return 62;
	return c == '/' || c == '_' ? 63 : -1;
}

/* Three bytes for every four letters; broken lines and padding aside. */
static struct str
decode(struct arena *a, struct str base64)
{
	char *s = arena_alloc(a, base64.len / 4 * 3 + 3);
	unsigned bits = 0, n = 0;
	size_t len = 0, i;
	int six;

	for (i = 0; i < base64.len && base64.p[i] != '='; i++) {
		six = sextet(base64.p[i]);
		if (six < 0)
			continue;
		bits = (bits << 6 | (unsigned)six) & 0xffff;
		n += 6;
		if (n < 8)
			continue;
		n -= 8;
		s[len++] = (char)(unsigned char)(bits >> n & 0xff);
	}
	return (struct str){s, len};
}

/* Text has a source of its own kind, which holds it as it reads. */
static json_t *
plain_part(struct arena *a, const struct media *m, struct err *err)
{
	json_t *part, *source;

	if (m->url.p != NULL)
		return unsupported(
		    "text file parts with URLs", (struct str){NULL, 0}, err);
	part = json_object();
	source = json_object();
	json_object_set_new(source, "type", json_string("text"));
	json_object_set_new(source, "media_type", json_string("text/plain"));
	json_set_str(source, "data", decode(a, m->base64));
	json_object_set_new(part, "type", json_string("document"));
	json_object_set_new(part, "source", source);
	return part;
}

static json_t *
media_part(struct arena *a, const json_t *part, struct err *err)
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
		return plain_part(a, &m, err);
	return unsupported("media type:", m.type, err);
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
			part = text_part(text);
		else if (str_is(type, "image") || str_is(type, "file"))
			part = media_part(a, part, err);
		else
			part = unsupported("content part:", type, err);
		if (part == NULL)
			return -1;
		json_array_append_new(out, part);
	}
	return 0;
}

static int
add_content(
    struct arena *a, json_t *out, const json_t *content, struct err *err)
{
	if (json_is_array(content))
		return add_parts(a, out, content, err);
	json_array_append_new(out, text_part(driver_string(content)));
	return 0;
}

/* The parts of the last message when it is ROLE's, else of a new one: turns
 * alternate. */
static json_t *
parts_of(json_t *messages, struct str role)
{
	size_t n = json_array_size(messages);
	json_t *last = json_array_get(messages, n != 0 ? n - 1 : 0);
	struct str before = driver_string(json_object_get(last, "role"));

	if (before.p == NULL || before.len != role.len ||
	    memcmp(before.p, role.p, role.len) != 0) {
		last = json_object();
		json_set_str(last, "role", role);
		json_object_set_new(last, "content", json_array());
		json_array_append_new(messages, last);
	}
	return json_object_get(last, "content");
}

static int
add_messages(struct call *call, json_t *body, struct err *err)
{
	const json_t *from = call->ask->messages;
	json_t *system = json_array(), *messages = json_array();
	int rc = 0;
	size_t i;

	for (i = 0; i < json_array_size(from) && rc == 0; i++) {
		json_t *message = json_array_get(from, i);
		struct str role =
		    driver_string(json_object_get(message, "role"));
		json_t *to =
		    str_is(role, "system") ? system : parts_of(messages, role);

		rc = add_content(
		    call->arena, to, json_object_get(message, "content"), err);
	}
	if (json_array_size(system) != 0)
		json_object_set(body, "system", system);
	json_object_set_new(body, "messages", messages);
	json_decref(system);
	return rc;
}

static const char **
make_headers(struct call *call)
{
	const struct provider *p = call->ask->provider;
	size_t n = 0, i = 0;
	const char **headers;

	while (p->headers != NULL && p->headers[n] != NULL)
		n++;
	headers = arena_array(call->arena, n + 5, sizeof(*headers));
	headers[i++] = "Content-Type: application/json";
	headers[i++] = call->ask->stream ? "Accept: text/event-stream"
					 : "Accept: application/json";
	headers[i++] = "anthropic-version: 2023-06-01";
	if (p->api_key != NULL)
		headers[i++] =
		    arena_printf(call->arena, "x-api-key: %s", p->api_key);
	if (n != 0)
		memcpy(headers + i, p->headers, n * sizeof(*headers));
	headers[i + n] = NULL;
	return headers;
}

static int
make_body(struct call *call, json_t *body, struct err *err)
{
	const struct ask *ask = call->ask;

	json_set_str(
	    body, "model", (struct str){ask->model, strlen(ask->model)});
	add_config(call, body);
	if (add_messages(call, body, err) < 0)
		return -1;
	if (ask->kind == PROMPT_OBJECT)
		add_tool(ask, body);
	if (ask->stream)
		json_object_set_new(body, "stream", json_true());
	return 0;
}

int
anthropic_build(struct call *call, struct http_spec *spec, struct err *err)
{
	json_t *body = json_object();
	int rc = make_body(call, body, err);

	if (rc == 0)
		rc = request_body(call, body, spec, err);
	json_decref(body);
	spec->url = arena_printf(
	    call->arena, "%s/messages", call->ask->provider->base_url);
	spec->headers = make_headers(call);
	return rc;
}
