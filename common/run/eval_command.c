/* Evals that are a command: the row goes to its standard input as one line of
 * JSON, its first line of output is the answer.  Either a process a call,
 * which is here, or a worker of a pool.  It refuses to know what the answer
 * says. */
#include "../base/limits.h"
#include "../net/pool.h"
#include "child_reason.h"
#include "eval_int.h"

#include <string.h>

/* A command that has answered may do what it does at its end. */
enum { EXIT_MS = 1000 };

struct command {
	struct eval_run *e;
	struct buf line, answer;
	struct proc *proc;
	struct timer timer; /* EXIT_MS */
	struct pool_request *request;
};

static struct str
text_of(const struct buf *b)
{
	return (struct str){buf_str(b), b->len};
}

static void
take_answer(void *arg)
{
	struct command *c = arg;

	(void)eval_answer_text(c->e, text_of(&c->answer));
}

static bool
is_blank(struct str line)
{
	size_t i = 0;

	while (i < line.len && (line.p[i] == ' ' || line.p[i] == '\t'))
		i++;
	return i == line.len;
}

static void
on_line(void *arg, struct str line)
{
	struct command *c = arg;
	struct loop *loop = c->e->engine->loop;

	if (c->answer.len > 0 || is_blank(line))
		return;
	buf_add(&c->answer, line.p, line.len);
	eval_clock_stop(c->e);
	timer_set(loop, &c->timer, loop_now(loop) + EXIT_MS, take_answer, c);
}

static void
on_end(void *arg, enum proc_end how, int code, struct str err_text)
{
	struct command *c = arg;

	if (c->answer.len > 0)
		take_answer(c);
	else
		eval_fail(c->e, child_reason(c->e->arena, how, code, err_text));
}

/* --- a process a call */

static struct proc_request
describe(const struct command *c)
{
	return (struct proc_request){
	    .argv = c->e->conf->argv,
	    .max_line = LIMIT_EVAL_ANSWER_BYTES,
	    .max_output = LIMIT_EVAL_OUTPUT_BYTES,
	};
}

static int
start_process(struct command *c, struct err *err)
{
	const struct proc_request request = describe(c);
	const struct proc_events events = {on_line, on_end, c};

	c->proc = proc_start(c->e->engine->loop, &request, &events, err);
	if (c->proc == NULL)
		return -1;
	proc_write(c->proc, text_of(&c->line));
	proc_close_input(c->proc);
	return 0;
}

/* --- a worker of a pool */

static void
on_start(void *arg)
{
	struct command *c = arg;

	eval_clock_start(c->e);
}

static enum pool_said
on_answer(void *arg, struct str line)
{
	struct command *c = arg;

	return eval_answer_text(c->e, line) == 0 ? POOL_DONE : POOL_BROKEN;
}

static void
on_fail(void *arg, const char *reason)
{
	struct command *c = arg;

	eval_fail(c->e, reason);
}

static void
ask_worker(struct command *c)
{
	const struct proc_request proc = describe(c);
	const struct pool_events events = {
	    on_start, on_answer, on_end, on_fail, c};

	eval_clock_stop(c->e);
	c->request = pool_ask(engine_workers(c->e->engine), &proc,
	    c->e->conf->workers, text_of(&c->line), &events);
}

int
eval_command_start(struct eval_run *e, struct err *err)
{
	struct command *c = arena_zalloc(e->arena, sizeof(*c));

	e->state = c;
	c->e = e;
	buf_init(&c->line, LIMIT_LINE_BYTES);
	buf_init(&c->answer, LIMIT_EVAL_ANSWER_BYTES);
	eval_case_print(&c->line, &e->c);
	buf_addc(&c->line, '\n');
	if (buf_full(&c->line))
		return fail(err, ERR_INTERNAL, "the row is too large");
	if (e->conf->workers == 0)
		return start_process(c, err);
	ask_worker(c);
	return 0;
}

void
eval_command_free(struct eval_run *e)
{
	struct command *c = e->state;

	timer_clear(e->engine->loop, &c->timer);
	proc_free(c->proc);
	pool_drop(c->request, STR(""));
	buf_free(&c->line);
	buf_free(&c->answer);
}
