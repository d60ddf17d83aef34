/* Evals that are a command: the row goes to its standard input as one line of
 * JSON, its first line of output is the answer.  It refuses to know what the
 * answer says. */
#include "../base/limits.h"
#include "child_call.h"
#include "eval_int.h"

struct command {
	struct buf line;
	struct child_call *call;
};

static void
on_clock(void *arg, bool runs)
{
	struct eval_run *e = arg;

	if (runs)
		eval_clock_start(e);
	else
		eval_clock_stop(e);
}

static bool
on_answer(void *arg, struct str line)
{
	return eval_answer_text(arg, line) == 0;
}

static void
on_fail(void *arg, const char *reason)
{
	eval_fail(arg, reason);
}

int
eval_command_start(struct eval_run *e, struct err *err)
{
	const struct child_call_events events = {
	    on_clock, on_answer, on_fail, e};
	struct command *c = arena_zalloc(e->arena, sizeof(*c));
	struct child_ask ask = {
	    .argv = e->conf->argv,
	    .workers = e->conf->workers,
	    .max_answer = LIMIT_EVAL_ANSWER_BYTES,
	    .max_output = LIMIT_EVAL_OUTPUT_BYTES,
	};

	e->state = c;
	buf_init(&c->line, LIMIT_LINE_BYTES);
	eval_case_print(&c->line, &e->c);
	buf_addc(&c->line, '\n');
	if (buf_full(&c->line))
		return fail(err, ERR_INTERNAL, "the row is too large");
	ask.line = buf_text(&c->line);
	c->call = child_call_start(e->engine, e->arena, &ask, &events, err);
	return c->call != NULL ? 0 : -1;
}

void
eval_command_free(struct eval_run *e)
{
	struct command *c = e->state;

	child_call_free(c->call);
	buf_free(&c->line);
}
