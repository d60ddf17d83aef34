/* Servers of the Model Context Protocol: their tools, listed once, and calls of
 * them.  A server is connected when it is first asked for and stays so for the
 * life of the process; one that died is started again.  Standard input and
 * output, streamable HTTP, and SSE (the protocol of 2024-11-05). */
#ifndef MCP_H
#define MCP_H

#include "exec.h"

enum mcp_transport {
	MCP_AUTO, /* streamable HTTP, then SSE where that is refused */
	MCP_HTTP,
	MCP_SSE
};

/* One declared server, from the configuration. */
struct mcp_conf {
	const char *name;
	const char *url;	    /* NULL: a program */
	const char *const *headers; /* "Name: value", NULL-ended, or NULL */
	enum mcp_transport transport;
	const char *const *argv, *const *env; /* NULL-ended; env added to a
					       * clean one */
	const char *dir;
	int64_t timeout_ms; /* of every answer */
};

struct mcp_server;

/* The server that CONF describes, connecting when it is not. */
struct mcp_server *mcp_get(
    struct engine *engine, const struct mcp_conf *conf) MUST_USE NONNULL;

/* Its tools as {name, description, inputSchema}: 1 and *TOOLS, an array,
 * borrowed until the next turn; 0: not yet, turn the engine; -1: the server
 * cannot be asked; the next mcp_get() tries anew. */
int mcp_tools(
    struct mcp_server *s, const json_t **tools, struct err *err) MUST_USE;

/* Calls a tool; DONE(ARG) comes from a later engine_turn(). */
struct mcp_call;
struct mcp_call *mcp_call(struct engine *engine, struct arena *a,
    const struct mcp_conf *conf, const char *tool, const json_t *args,
    void (*done)(void *arg), void *arg) MUST_USE;
/* structuredContent where it is, else the text where that is all, else the list
 * of content; with *IS_ERROR the text why not.  Borrowed. */
const json_t *mcp_call_result(const struct mcp_call *c, bool *is_error) NONNULL;
/* Cancels it when it runs: notifications/cancelled. */
void mcp_call_free(struct mcp_call *c);

/* Ends all servers, for the end of the engine or a new configuration. */
void mcp_free_all(struct engine *engine) NONNULL;

#endif
