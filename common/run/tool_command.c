/* Tools that are a command: the arguments go to its standard input as one line
 * of JSON, its first line of output is the answer.  It refuses to know what the
 * answer says. */
#include "../base/json.h"
#include "../base/limits.h"
#include "child_call.h"
#include "tool_int.h"

struct command {
	struct buf line;
	struct child_call *call;
};

static void
on_clock(void *arg, bool runs)
{
	struct tool_run *r = arg;

	if (runs)
		tool_clock_start(r);
	else
		tool_clock_stop(r);
}

static bool
on_answer(void *arg, struct str line)
{
	return tool_answer_text(arg, line) == 0;
}

static void
on_fail(void *arg, const char *reason)
{
	tool_fail(arg, reason);
}

int
tool_command_start(struct tool_run *r, struct err *err)
{
	const struct tool_conf *conf = r->tool->conf;
	const struct child_call_events events = {
	    on_clock, on_answer, on_fail, r};
	struct command *c = arena_zalloc(r->arena, sizeof(*c));
	struct child_ask ask = {
	    .argv = conf->argv,
	    .env = conf->env,
	    .workers = conf->workers,
	    .max_answer = LIMIT_TOOL_ANSWER_BYTES,
	    .max_output = LIMIT_TOOL_OUTPUT_BYTES,
	};

	r->state = c;
	buf_init(&c->line, LIMIT_LINE_BYTES);
	json_print(&c->line, r->args);
	buf_addc(&c->line, '\n');
	if (buf_full(&c->line))
		return fail(err, ERR_INTERNAL, "the arguments are too large");
	ask.line = buf_text(&c->line);
	c->call = child_call_start(r->engine, r->arena, &ask, &events, err);
	return c->call != NULL ? 0 : -1;
}

void
tool_command_free(struct tool_run *r)
{
	struct command *c = r->state;

	child_call_free(c->call);
	buf_free(&c->line);
}
