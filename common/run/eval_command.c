/* Evals that are a command: the row goes to its standard input as one line of
 * JSON, its first line of output is the answer.  Either a process a call,
 * which is here, or a worker of a pool.  It refuses to know what the answer
 * says. */
#include "../base/limits.h"
#include "../net/proc.h"
#include "eval_int.h"
#include "eval_pool.h"

#include <string.h>

/* A command that has answered may do what it does at its end. */
enum { EXIT_MS = 1000 };

struct command {
	struct eval_run *e;
	struct buf line, answer;
	struct proc *proc;
	struct timer timer; /* EXIT_MS */
	struct eval_request *request;
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

bool
eval_line_blank(struct str line)
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

	if (c->answer.len > 0 || eval_line_blank(line))
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
		eval_fail(
		    c->e, eval_child_reason(c->e->arena, how, code, err_text));
}

static int
start_process(struct command *c, struct err *err)
{
	const struct proc_request request = {
	    .argv = c->e->conf->argv,
	    .max_line = LIMIT_EVAL_ANSWER_BYTES,
	    .max_output = LIMIT_EVAL_OUTPUT_BYTES,
	};
	const struct proc_events events = {on_line, on_end, c};

	c->proc = proc_start(c->e->engine->loop, &request, &events, err);
	if (c->proc == NULL)
		return -1;
	proc_write(c->proc, text_of(&c->line));
	proc_close_input(c->proc);
	return 0;
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
	c->request = eval_pool_ask(e, text_of(&c->line));
	return 0;
}

void
eval_command_free(struct eval_run *e)
{
	struct command *c = e->state;

	timer_clear(e->engine->loop, &c->timer);
	proc_free(c->proc);
	eval_pool_drop(c->request);
	buf_free(&c->line);
	buf_free(&c->answer);
}

/* --- words */

static bool
is_end(char c)
{
	return c == '\n' || c == '\r' || c == ' ' || c == '\t';
}

static struct str
last_line(struct str text)
{
	size_t start;

	while (text.len > 0 && is_end(text.p[text.len - 1]))
		text.len--;
	start = text.len;
	while (start > 0 && text.p[start - 1] != '\n')
		start--;
	return (struct str){text.p + start, text.len - start};
}

const char *
eval_child_reason(
    struct arena *a, enum proc_end how, int code, struct str err_text)
{
	struct str last = last_line(err_text);
	const char *what;

	if (how == PROC_FLOOD)
		return "the command wrote too much";
	if (how == PROC_SIGNAL)
		what = arena_printf(a, "the command died of signal %d (%s)",
		    code, strsignal(code));
	else if (code != 0)
		what =
		    arena_printf(a, "the command ended with status %d", code);
	else
		what = "the command gave no answer";
	if (last.len == 0)
		return what;
	return arena_printf(a, "%s: %.*s", what, (int)last.len, last.p);
}
