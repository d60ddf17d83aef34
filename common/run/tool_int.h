/* What the kinds of tools share behind tool.h.  A kind starts a call and gives
 * one answer in a later callback; names, schemas and the time limit are none of
 * its business. */
#ifndef TOOL_INT_H
#define TOOL_INT_H

#include "tool.h"

/* One of a prompt's tools. */
struct tool {
	struct tool_decl decl;	      /* as vendors see it */
	const char *wire;	      /* as the wire shows it */
	const struct tool_conf *conf; /* NULL: it is a server's */
	const struct mcp_conf *server;
	const char *remote; /* its name there */
};

/* One entry of `tools`. */
struct wanted {
	const char *name;	      /* as the prompt has it */
	const json_t *own;	      /* {description, parameters}, or NULL */
	const struct tool_conf *conf; /* NULL: a server's */
	const struct mcp_conf *server;
	struct mcp_server *connection;
	const char *remote;   /* its name there; NULL: all of them */
	const json_t *listed; /* the server's tools, while it is ready */
};

struct toolset {
	struct engine *engine;
	struct arena *arena;
	struct wanted *wanted; /* what the prompt names */
	size_t n_wanted;
	struct tool *tools;
	struct tool_decl *decls;
	size_t n, cap;
	unsigned flags;
	bool ready;
};

/* What the prompt itself says about a tool overrules what we know. */
void wanted_overrule(const struct wanted *w, struct tool_decl *decl) NONNULL;

/* The tool of a vendor's name, or NULL. */
const struct tool *toolset_find(const struct toolset *set, struct str name);

/* The names of all, "a, b, c"; in the arena. */
const char *toolset_names(const struct toolset *set, struct arena *a);

struct tool_run {
	struct engine *engine;
	struct arena *arena; /* its own; freed with it */
	const struct tool *tool;
	json_t *args;
	void *state; /* of the kind, in the arena */

	/* The rest is for tool.c alone. */
	void (*done)(void *arg);
	void *arg;
	struct timer clock, end;
	json_t *result;
	bool held, is_error;
};

/* The answers.  The first one counts; each may be given in any callback, what
 * follows from it happens in a later turn.  RESULT is taken. */
void tool_answer(struct tool_run *r, json_t *result, bool is_error);
/* What a tool of ours printed or replied: JSON, where {"error": text} is a
 * failure.  -1 when it is no JSON. */
int tool_answer_text(struct tool_run *r, struct str text);
void tool_fail(struct tool_run *r, const char *reason) NONNULL;

/* The time limit runs from the start.  A kind that queues stops it, and starts
 * it again when the work begins. */
void tool_clock_start(struct tool_run *r) NONNULL;
void tool_clock_stop(struct tool_run *r) NONNULL;

/* The kinds.  `start` may fail, or answer at once; `free` comes once after
 * every `start`, never in a callback of the network. */
int tool_command_start(struct tool_run *r, struct err *err) MUST_USE NONNULL;
void tool_command_free(struct tool_run *r) NONNULL;
int tool_http_start(struct tool_run *r, struct err *err) MUST_USE NONNULL;
void tool_http_free(struct tool_run *r) NONNULL;
int tool_mcp_start(struct tool_run *r, struct err *err) MUST_USE NONNULL;
void tool_mcp_free(struct tool_run *r) NONNULL;

#endif
