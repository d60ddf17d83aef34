/* Tools of an MCP server.  It refuses to know how a server is spoken to. */
#include "tool_int.h"

static void
on_done(void *arg)
{
	struct tool_run *r = arg;
	bool is_error;
	const json_t *result = mcp_call_result(r->state, &is_error);

	tool_answer(r, json_incref((json_t *)result), is_error);
}

int
tool_mcp_start(struct tool_run *r, struct err *err)
{
	(void)err;
	r->state = mcp_call(r->engine, r->arena, r->tool->server,
	    r->tool->remote, r->args, on_done, r);
	return 0;
}

void
tool_mcp_free(struct tool_run *r)
{
	mcp_call_free(r->state);
}
