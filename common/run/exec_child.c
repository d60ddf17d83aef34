/* Carries one attempt to a program of ours, a process of its own or a worker of
 * a pool, and its lines to the driver.  It refuses to know what they say and
 * what follows from a failure. */
#include "exec_int.h"

#include "../base/limits.h"
#include "child_reason.h"

/* From the last word of a process of our own to its end. */
enum { EXIT_MS = 500 };

static const struct driver *
driver_of(const struct exec *x)
{
	return x->ask.provider->driver;
}

/* --- clocks, as those of HTTP */

static const char *const no_worker =
    "no worker was free within %lld ms (connect)";
static const char *const no_line = "no answer within %lld ms (first line)";
static const char *const no_more = "silent for %lld ms (idle)";
static const char *const no_end = "not complete within %lld ms (total)";

struct limit {
	int64_t due, ms;
	const char *text; /* NULL: no clock runs */
};

static void
earlier(struct limit *l, int64_t from, int64_t ms, const char *text)
{
	if (ms > 0 && (l->text == NULL || from + ms < l->due))
		*l = (struct limit){from + ms, ms, text};
}

/* While we run a tool for it, it need not say anything. */
static struct limit
next_limit(const struct exec *x)
{
	const struct http_clocks *clocks = &x->engine->settings->clocks;
	const struct exec_child *c = &x->child;
	struct limit l = {0};

	if (c->began == 0)
		earlier(&l, c->asked, clocks->connect, no_worker);
	else if (!c->heard)
		earlier(&l, c->began, clocks->first, no_line);
	else if (c->pending == 0)
		earlier(&l, c->last, clocks->idle, no_more);
	earlier(&l, c->asked, clocks->total, no_end);
	return l;
}

static void on_clock(void *arg);

static void
set_clock(struct exec *x)
{
	struct limit l = next_limit(x);

	if (l.text != NULL)
		timer_set(x->engine->loop, &x->child.clock, l.due, on_clock, x);
	else
		timer_clear(x->engine->loop, &x->child.clock);
}

static void
end(struct exec *x)
{
	struct loop *loop = x->engine->loop;

	x->child.over = true;
	timer_clear(loop, &x->child.clock);
	timer_clear(loop, &x->child.grace);
	exec_ready(x, EXEC_ENDED);
}

/* The timer is not moved for every line that comes: it looks again here. */
static void
on_clock(void *arg)
{
	struct exec *x = arg;
	struct limit l = next_limit(x);

	if (l.text == NULL || l.due > loop_now(x->engine->loop)) {
		set_clock(x);
		return;
	}
	x->how = HTTP_CLOCK;
	(void)fail(&x->err, ERR_PROVIDER, l.text, (long long)l.ms);
	end(x);
}

/* --- what it says */

static enum pool_said
take_line(struct exec *x, struct str line)
{
	struct exec_child *c = &x->child;
	bool first = !c->heard;
	int rc;

	c->heard = true;
	c->last = loop_now(x->engine->loop);
	rc = driver_frame(x->call, STR(""), line, &x->err);
	if (rc == 0 && !x->guard.done) {
		if (first)
			set_clock(x);
		return POOL_MORE;
	}
	x->status = x->call->status;
	x->asked_wait = x->call->retry_after;
	if (rc < 0)
		return x->call->over ? POOL_DONE : POOL_BROKEN;
	return POOL_DONE;
}

/* --- a worker of a pool */

static void
on_start(void *arg)
{
	struct exec *x = arg;

	x->child.began = x->child.last = loop_now(x->engine->loop);
	set_clock(x);
}

static enum pool_said
on_pool_line(void *arg, struct str line)
{
	struct exec *x = arg;
	enum pool_said said;

	if (x->child.over)
		return POOL_BROKEN;
	said = take_line(x, line);
	if (said != POOL_MORE)
		end(x);
	return said;
}

static void
on_end(void *arg, enum proc_end how, int code, struct str err_text)
{
	struct exec *x = arg;

	if (x->child.over)
		return;
	x->how = how == PROC_EXIT && code == 0 ? HTTP_OK : HTTP_CUT;
	x->child.reason = child_reason(x->attempt, how, code, err_text);
	end(x);
}

static void
on_fail(void *arg, const char *reason)
{
	struct exec *x = arg;

	if (x->child.over)
		return;
	(void)fail(&x->err, ERR_PROVIDER, "%s", reason);
	end(x);
}

/* --- a process of its own */

static void
on_grace(void *arg)
{
	end(arg);
}

/* One that is done may exit in its own time, but not in ours. */
static void
on_line(void *arg, struct str line)
{
	struct exec *x = arg;
	struct exec_child *c = &x->child;
	struct loop *loop = x->engine->loop;
	enum pool_said said;

	if (c->over || x->guard.done || x->err.code != ERR_NONE ||
	    pool_is_blank(line))
		return;
	said = take_line(x, line);
	if (said == POOL_BROKEN) {
		end(x);
	} else if (said == POOL_DONE) {
		timer_clear(loop, &c->clock);
		proc_close_input(c->proc);
		timer_set(
		    loop, &c->grace, loop_now(loop) + EXIT_MS, on_grace, x);
	}
}

/* --- the attempt */

static int
build(struct exec *x)
{
	struct child_spec *spec = &x->child.spec;

	*spec = (struct child_spec){0};
	return driver_of(x)->spawn(x->call, spec, &x->err);
}

static int
start_process(struct exec *x, const struct proc_request *request)
{
	const struct proc_events events = {on_line, on_end, x};
	struct exec_child *c = &x->child;

	c->proc = proc_start(x->engine->loop, request, &events, &x->err);
	if (c->proc == NULL)
		return -1;
	c->began = c->last = c->asked;
	proc_write(c->proc, c->spec.input);
	if (!c->spec.open)
		proc_close_input(c->proc);
	return 0;
}

static void
start(struct exec *x)
{
	struct exec_child *c = &x->child;
	const struct proc_request request = {
	    .argv = c->spec.argv,
	    .add_env = c->spec.env,
	    .dir = c->spec.dir,
	    .max_line = LIMIT_REPLY_BYTES,
	};
	const struct pool_events events = {
	    on_start, on_pool_line, on_end, on_fail, x};

	c->asked = loop_now(x->engine->loop);
	c->began = c->last = 0;
	c->pending = 0;
	c->heard = c->over = false;
	c->reason = NULL;
	if (c->spec.workers > 0)
		c->request = pool_ask(engine_workers(x->engine), &request,
		    c->spec.workers, c->spec.input, &events);
	else if (start_process(x, &request) < 0)
		end(x);
	if (!c->over)
		set_clock(x);
}

static void
settle(struct exec *x)
{
	(void)fail(&x->err, ERR_PROVIDER, "Executor '%s' failed: %s",
	    x->ask.provider->name,
	    x->child.reason != NULL ? x->child.reason : "it gave no answer");
}

static void
stop(struct exec *x)
{
	struct exec_child *c = &x->child;
	struct loop *loop = x->engine->loop;

	pool_drop(c->request, c->spec.cancel);
	c->request = NULL;
	if (c->proc != NULL && !x->guard.done && c->spec.cancel.len > 0)
		proc_write(c->proc, c->spec.cancel);
	proc_free(c->proc);
	c->proc = NULL;
	timer_clear(loop, &c->clock);
	timer_clear(loop, &c->grace);
}

static void
answer(struct exec *x, struct str id, const json_t *result, bool is_error)
{
	struct exec_child *c = &x->child;
	struct buf line;
	struct str text;

	if (c->over || driver_of(x)->answer == NULL)
		return;
	buf_init(&line, LIMIT_LINE_BYTES);
	driver_of(x)->answer(x->call, id, result, is_error, &line);
	text = buf_text(&line);
	if (buf_full(&line)) {
		(void)fail(
		    &x->err, ERR_PROVIDER, "the result of a tool is too large");
		end(x);
	} else if (c->request != NULL) {
		pool_write(c->request, text);
	} else if (c->proc != NULL) {
		proc_write(c->proc, text);
	}
	buf_free(&line);
	if (c->pending > 0)
		c->pending--;
	c->last = loop_now(x->engine->loop);
	if (!c->over)
		set_clock(x);
}

const struct exec_source exec_child = {
    .build = build,
    .start = start,
    .settle = settle,
    .stop = stop,
    .answer = answer,
};
