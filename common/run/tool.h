/* Tools: what a prompt's `tools` name, offered to a model and run for it
 * (protocol.md 6.10).  A tool cannot fail a run: what goes wrong is its result
 * (D10). */
#ifndef TOOL_H
#define TOOL_H

#include "mcp.h"

enum tool_kind {
	TOOL_COMMAND, /* argv; arguments on stdin, one line of JSON on stdout */
	TOOL_HTTP,    /* a signed POST of {name, arguments} */
	TOOL__MAX
};

/* One declared tool, from the configuration. */
struct tool_conf {
	const char *name;
	enum tool_kind kind;
	const char *description; /* NULL: none */
	const json_t *parameters;
	const char *const *argv;  /* of a command, NULL-ended */
	const char *const *env;	  /* added to a clean one; or NULL */
	int64_t workers;	  /* long-lived ones; 0: a process a call */
	const char *url, *secret; /* of HTTP; secret NULL: not signed */
	int64_t timeout_ms;
};

/* The tools of one prompt. */
struct toolset;

enum {
	TOOLSET_OTHERS = 1, /* unknown names are somebody else's: an agent's */
	TOOLSET_OURS = 2    /* a prompt of ours: the caller's scope is not
			     * asked */
};

/* Finds what NAMES (the config's `tools`) say: names of declared tools,
 * mcp://server/tool, or mcp://server/ and a star for all of a server's; a list,
 * or an object whose values {description, parameters} overrule ours.
 * ERR_PROMPT for an unknown one lists what there is, ERR_SCOPE for one that the
 * caller may not use.  Servers that are not known yet are asked: turn the
 * engine until it is ready. */
struct toolset *toolset_open(struct engine *engine, struct arena *a,
    const json_t *names, unsigned flags, struct err *err) MUST_USE;

/* 1: ready; 0: not yet; -1: a server could not be asked, or lacks a tool. */
int toolset_ready(struct toolset *set, struct err *err) MUST_USE NONNULL;

/* When it is ready.  Names are what vendors accept: those of the prompt with
 * other characters replaced, without clashes. */
const struct tool_decl *toolset_decls(
    const struct toolset *set, size_t *n) NONNULL;

/* The name that the wire shows for a vendor's name: the declared one, or an MCP
 * tool's own; NAME itself when it is none of them. */
struct str toolset_wire_name(const struct toolset *set, struct str name);

/* One call of a tool.  NAME is the vendor's, which may be none of them; BAD
 * says that ARGS is text that is no JSON.  Arguments are checked against the
 * tool's schema.  DONE(ARG) is called from a later engine_turn(). */
struct tool_run;
struct tool_run *tool_start(struct toolset *set, struct arena *a,
    struct str name, const json_t *args, bool bad, void (*done)(void *arg),
    void *arg) MUST_USE;
/* What it gave, or with *IS_ERROR the text why not; borrowed. */
const json_t *tool_result(const struct tool_run *r, bool *is_error) NONNULL;
/* Cancels it when it runs. */
void tool_free(struct tool_run *r);

#endif
