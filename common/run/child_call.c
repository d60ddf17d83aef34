/* Calls a command with one line of text for one line of text.  A process that
 * has answered may do what it does at its end.  It refuses to know what the
 * lines say. */
#include "child_call.h"

#include "../net/pool.h"
#include "child_reason.h"

/* From the answer of a process to its end. */
enum { EXIT_MS = 1000 };

struct child_call {
	struct engine *engine;
	struct arena *arena;
	struct child_ask ask;
	struct child_call_events events;
	struct buf answer;
	struct proc *proc;
	struct timer timer; /* EXIT_MS */
	struct pool_request *request;
};

static void
on_end(void *arg, enum proc_end how, int code, struct str err_text)
{
	struct child_call *c = arg;

	c->events.fail(
	    c->events.arg, child_reason(c->arena, how, code, err_text));
}

static struct proc_request
describe(const struct child_call *c)
{
	return (struct proc_request){
	    .argv = c->ask.argv,
	    .add_env = c->ask.env,
	    .max_line = c->ask.max_answer,
	    .max_output = c->ask.max_output,
	};
}

/* --- a process of its own */

static void
take_answer(void *arg)
{
	struct child_call *c = arg;
	struct str line = buf_text(&c->answer);

	timer_clear(c->engine->loop, &c->timer);
	(void)c->events.answer(c->events.arg, line);
}

static void
on_line(void *arg, struct str line)
{
	struct child_call *c = arg;
	struct loop *loop = c->engine->loop;

	if (c->answer.len > 0 || pool_is_blank(line))
		return;
	buf_add(&c->answer, line.p, line.len);
	c->events.clock(c->events.arg, false);
	timer_set(loop, &c->timer, loop_now(loop) + EXIT_MS, take_answer, c);
}

static void
on_process_end(void *arg, enum proc_end how, int code, struct str err_text)
{
	struct child_call *c = arg;

	if (c->answer.len > 0)
		take_answer(c);
	else
		on_end(c, how, code, err_text);
}

static int
start_process(struct child_call *c, struct err *err)
{
	const struct proc_request request = describe(c);
	const struct proc_events events = {on_line, on_process_end, c};

	c->proc = proc_start(c->engine->loop, &request, &events, err);
	if (c->proc == NULL)
		return -1;
	proc_write(c->proc, c->ask.line);
	proc_close_input(c->proc);
	return 0;
}

/* --- a worker of a pool */

static void
on_worker(void *arg)
{
	struct child_call *c = arg;

	c->events.clock(c->events.arg, true);
}

static enum pool_said
on_answer(void *arg, struct str line)
{
	struct child_call *c = arg;

	return c->events.answer(c->events.arg, line) ? POOL_DONE : POOL_BROKEN;
}

static void
on_fail(void *arg, const char *reason)
{
	struct child_call *c = arg;

	c->events.fail(c->events.arg, reason);
}

static void
ask_worker(struct child_call *c)
{
	const struct proc_request proc = describe(c);
	const struct pool_events events = {
	    on_worker, on_answer, on_end, on_fail, c};

	c->events.clock(c->events.arg, false);
	c->request = pool_ask(engine_workers(c->engine), &proc, c->ask.workers,
	    c->ask.line, &events);
}

struct child_call *
child_call_start(struct engine *engine, struct arena *a,
    const struct child_ask *ask, const struct child_call_events *events,
    struct err *err)
{
	struct child_call *c = arena_zalloc(a, sizeof(*c));

	c->engine = engine;
	c->arena = a;
	c->ask = *ask;
	c->events = *events;
	buf_init(&c->answer, ask->max_answer);
	if (ask->workers != 0) {
		ask_worker(c);
		return c;
	}
	if (start_process(c, err) == 0)
		return c;
	child_call_free(c);
	return NULL;
}

void
child_call_free(struct child_call *c)
{
	if (c == NULL)
		return;
	timer_clear(c->engine->loop, &c->timer);
	proc_free(c->proc);
	pool_drop(c->request, STR(""));
	buf_free(&c->answer);
}
