/* The list of a server's tools, which may come in pages.  It refuses to know
 * what a tool is for. */
#include "../base/limits.h"
#include "mcp_int.h"

#include <string.h>

struct mcp_request *
mcp_first_page(struct mcp_server *s)
{
	json_decref(s->pages);
	s->pages = json_array();
	s->n_pages = 0;
	s->page_bytes = 0;
	s->listing = MCP_LISTING;
	s->stale = false;
	return mcp_ask(s, MCP_LIST, json_object());
}

static bool
has_tool(const json_t *tools, const char *name)
{
	for (size_t i = 0; i < json_array_size(tools); i++) {
		const json_t *tool = json_array_get(tools, i);

		if (strcmp(json_string_value(json_object_get(tool, "name")),
			name) == 0)
			return true;
	}
	return false;
}

/* What a model is told of a tool, and nothing else. */
static void
add_tool(struct mcp_server *s, const json_t *from)
{
	json_t *schema = json_object_get(from, "inputSchema");
	json_t *text = json_object_get(from, "description");
	json_t *name = json_object_get(from, "name");
	json_t *tool;

	if (!json_is_string(name) || json_string_length(name) == 0 ||
	    json_string_length(name) != strlen(json_string_value(name)) ||
	    has_tool(s->pages, json_string_value(name)))
		return;
	tool = json_pack("{s:O}", "name", name);
	if (json_is_string(text))
		(void)json_object_set(tool, "description", text);
	(void)json_object_set_new(tool, "inputSchema",
	    json_is_object(schema) ? json_incref(schema)
				   : json_pack("{s:s}", "type", "object"));
	s->page_bytes += json_dumpb(tool, NULL, 0, JSON_COMPACT);
	(void)json_array_append_new(s->pages, tool);
}

static void
end_list(struct mcp_server *s)
{
	json_decref(s->tools);
	s->tools = s->pages;
	s->pages = NULL;
	s->listing = MCP_LISTED;
	s->listed = loop_now(s->engine->loop);
	s->failures = 0;
}

static void
next_page(struct mcp_server *s, const json_t *cursor)
{
	json_t *params = json_object();

	(void)json_object_set(params, "cursor", (json_t *)(uintptr_t)cursor);
	mcp_start(mcp_ask(s, MCP_LIST, params));
}

void
mcp_page(struct mcp_request *r, const json_t *result, const json_t *error)
{
	struct mcp_server *s = r->server;
	const json_t *tools = json_object_get(result, "tools");
	const json_t *cursor = json_object_get(result, "nextCursor");

	mcp_drop(r, false);
	if (error != NULL && (s->n_pages > 0 || !mcp_has_no_method(error))) {
		mcp_failed(
		    s, "cannot list its tools: %s", mcp_error_text(error));
		return;
	}
	if (error == NULL && !json_is_array(tools)) {
		mcp_failed(s, "answers tools/list without a list");
		return;
	}
	for (size_t i = 0; i < json_array_size(tools); i++) {
		add_tool(s, json_array_get(tools, i));
		if (json_array_size(s->pages) <= LIMIT_MCP_TOOLS &&
		    s->page_bytes <= LIMIT_MCP_MESSAGE_BYTES)
			continue;
		mcp_failed(s, "has more than %u tools, or %u bytes of them",
		    LIMIT_MCP_TOOLS, LIMIT_MCP_MESSAGE_BYTES);
		return;
	}
	if (json_string_length(cursor) == 0)
		end_list(s);
	else if (++s->n_pages < LIMIT_MCP_PAGES)
		next_page(s, cursor);
	else
		mcp_failed(s, "lists its tools in more than %u pages",
		    LIMIT_MCP_PAGES);
}
