/* JSON-RPC as the Model Context Protocol has it: what is written, and what a
 * result comes to.  It refuses to know who carries it and in which state a
 * session is. */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "../base/limits.h"
#include "mcp_int.h"

#include <string.h>

#ifndef PACKAGE_VERSION
#define PACKAGE_VERSION "0"
#endif

/* Codes of JSON-RPC, and what a server that knows no sessions answers to
 * initialize (the last one was that of drafts). */
enum { NO_METHOD = -32601, NO_VERSION = -32022, NO_VERSION_DRAFT = -32004 };

#define META "io.modelcontextprotocol/"

const char *const mcp_versions[] = {
    "2025-06-18", "2025-11-25", "2025-03-26", "2024-11-05", NULL};

static const char *const methods[] = {
    [MCP_INITIALIZE] = "initialize",
    [MCP_LIST] = "tools/list",
    [MCP_CALL] = "tools/call",
};
_Static_assert(ARRAY_LEN(methods) == MCP_METHOD__MAX, "a name for every one");

const char *
mcp_method_name(enum mcp_method method)
{
	return methods[method];
}

static json_t *
client_info(void)
{
	return json_pack(
	    "{s:s, s:s}", "name", "agentmark-fcgi", "version", PACKAGE_VERSION);
}

json_t *
mcp_initialize_params(void)
{
	return json_pack("{s:s, s:{}, s:o}", "protocolVersion", mcp_versions[0],
	    "capabilities", "clientInfo", client_info());
}

/* What a session would have agreed on, in every request. */
static json_t *
stateless_params(const struct mcp_request *r)
{
	json_t *params = json_copy(r->params);
	json_t *meta = json_pack("{s:s, s:o, s:{}}", META "protocolVersion",
	    r->server->version, META "clientInfo", client_info(),
	    META "clientCapabilities");

	(void)json_object_set_new(params, "_meta", meta);
	return params;
}

void
mcp_print_request(struct buf *b, const struct mcp_request *r)
{
	json_t *params =
	    r->server->stateless ? stateless_params(r) : json_incref(r->params);

	buf_addf(b, "{\"jsonrpc\":\"2.0\",\"id\":%lld,\"method\":\"%s\"",
	    (long long)r->id, methods[r->method]);
	if (json_object_size(params) != 0) {
		buf_adds(b, ",\"params\":");
		json_print(b, params);
	}
	buf_addc(b, '}');
	json_decref(params);
}

void
mcp_print_greeting(struct buf *b)
{
	buf_adds(b, "{\"jsonrpc\":\"2.0\","
		    "\"method\":\"notifications/initialized\"}");
}

void
mcp_print_cancel(struct buf *b, int64_t id, const char *why)
{
	buf_addf(b,
	    "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\","
	    "\"params\":{\"requestId\":%lld,\"reason\":\"%s\"}}",
	    (long long)id, why);
}

/* No capability was declared, so a proper server asks for nothing but ping;
 * others get an answer that lets them go on. */
void
mcp_print_answer(struct buf *b, const json_t *id, const char *method)
{
	buf_adds(b, "{\"jsonrpc\":\"2.0\",\"id\":");
	json_print(b, id);
	if (strcmp(method, "ping") == 0) {
		buf_adds(b, ",\"result\":{}}");
		return;
	}
	if (strcmp(method, "roots/list") == 0) {
		buf_adds(b, ",\"result\":{\"roots\":[]}}");
		return;
	}
	buf_addf(b, ",\"error\":{\"code\":%d,\"message\":", NO_METHOD);
	json_print_string(b, STR("method not found"));
	buf_adds(b, "}}");
}

bool
mcp_is_stateless(const json_t *error)
{
	json_int_t code = json_integer_value(json_object_get(error, "code"));

	return code == NO_METHOD || code == NO_VERSION ||
	       code == NO_VERSION_DRAFT;
}

bool
mcp_has_no_method(const json_t *error)
{
	return json_integer_value(json_object_get(error, "code")) == NO_METHOD;
}

const char *
mcp_error_text(const json_t *error)
{
	const char *text = json_string_value(json_object_get(error, "message"));

	return text != NULL && *text != '\0' ? text : "an error without a text";
}

/* The text of one item of content, or NULL when it is something else. */
static const json_t *
text_of(const json_t *item)
{
	const char *type = json_string_value(json_object_get(item, "type"));
	const json_t *text = json_object_get(item, "text");

	if (type == NULL || strcmp(type, "text") != 0 || !json_is_string(text))
		return NULL;
	return text;
}

/* The texts of the content, with line breaks between them; ALL says that there
 * was nothing else. */
static json_t *
join_texts(const json_t *content, bool *all)
{
	size_t n = json_array_size(content);
	struct buf b;
	json_t *joined;

	*all = n > 0;
	buf_init(&b, LIMIT_MCP_MESSAGE_BYTES);
	for (size_t i = 0, texts = 0; i < n; i++) {
		const json_t *text = text_of(json_array_get(content, i));

		if (text == NULL) {
			*all = false;
			continue;
		}
		if (texts++ > 0)
			buf_addc(&b, '\n');
		buf_add(&b, json_string_value(text), json_string_length(text));
	}
	joined = json_stringn_nocheck(buf_str(&b), b.len);
	buf_free(&b);
	return joined;
}

static json_t *
error_value(const json_t *content)
{
	bool all;
	json_t *text = join_texts(content, &all);

	if (json_string_length(text) > 0)
		return text;
	json_decref(text);
	return json_string("the tool failed without a text");
}

json_t *
mcp_result_value(const json_t *result, bool *is_error)
{
	const json_t *content = json_object_get(result, "content");
	const char *type =
	    json_string_value(json_object_get(result, "resultType"));
	json_t *own = json_object_get(result, "structuredContent");
	json_t *text;
	bool all;

	*is_error = json_is_true(json_object_get(result, "isError"));
	if (type != NULL && strcmp(type, "input_required") == 0) {
		*is_error = true;
		return json_string("the tool asks for input of the user, "
				   "which nobody can give here");
	}
	if (*is_error)
		return error_value(content);
	if (own != NULL && !json_is_null(own))
		return json_incref(own);
	text = join_texts(content, &all);
	if (all)
		return text;
	json_decref(text);
	if (json_is_array(content))
		return json_incref((json_t *)(uintptr_t)content);
	/* The first servers of 2024-11-05 had a toolResult of any form. */
	own = json_object_get(result, "toolResult");
	return own != NULL ? json_incref(own) : json_array();
}
