/* Runs the steps of an answer: a call, the tools that it asks for, the next
 * call.  What follows from an event is decided in a later turn.  It refuses to
 * know how tools are run and what is said of them. */
#include "../base/json.h"
#include "../base/limits.h"
#include "../base/utf.h"
#include "steps_int.h"
#include "trace.h"

#include <math.h>

/* Steps where the prompt has no max_calls: a text is one call whose tools are
 * run and not answered; an object needs a step for itself (the reference's
 * defaults). */
enum { TEXT_STEPS = 1, OBJECT_STEPS = 10 };

static void
go_on(struct steps *s, void (*fn)(void *arg))
{
	struct loop *loop = s->engine->loop;

	timer_set(loop, &s->timer, loop_now(loop), fn, s);
}

static void
fail_run(struct steps *s, const struct err *err)
{
	steps_say_error(s, str_from(err->msg));
}

static void
drop_call(void *arg)
{
	struct steps *s = arg;

	exec_free(s->exec);
	s->exec = NULL;
}

/* The model goes too far: nothing more is wanted of it. */
static void
give_up(struct steps *s, struct str why)
{
	steps_say_error(s, why);
	go_on(s, drop_call);
}

/* --- the next call */

void
steps_begin(struct steps *s)
{
	buf_clear(&s->text);
	json_decref(s->object);
	s->object = NULL;
	s->step = NULL;
	s->n_calls = 0;
}

static int
start_step(struct steps *s, struct err *err)
{
	steps_begin(s);
	answer_add(s->answer, &(struct piece){.step = true});
	s->exec = exec_start(s->engine, s->arena, &s->ask, &s->sink, err);
	return s->exec != NULL ? 0 : -1;
}

static void
next_step(void *arg)
{
	struct steps *s = arg;
	struct err err = {0};

	steps_add_messages(s);
	s->ask.messages = s->messages;
	if (start_step(s, &err) < 0)
		fail_run(s, &err);
	err_free(&err);
}

/* --- tools */

/* The fourth AI SDK ends a run when a tool fails (10.2). */
static bool
ends_run(const struct steps *s, const struct step_call *c)
{
	return s->ask.v4 && c->is_error && !c->asked;
}

static void
start_tool_span(struct step_call *c)
{
	struct span *parent = c->steps->ask.span;

	if (parent == NULL)
		return;
	c->span = span_start(
	    parent, arena_printf(c->steps->arena, "execute_tool %.*s",
			(int)c->name.len, c->name.p));
	span_string(c->span, "gen_ai.operation.name", "execute_tool");
	span_text(c->span, "gen_ai.tool.name", c->name);
	span_text(c->span, "gen_ai.tool.call.id", c->id);
	span_string(c->span, "gen_ai.tool.type", "function");
	span_json(c->span, "gen_ai.tool.call.arguments", c->args);
}

static void
end_tool_span(struct step_call *c)
{
	if (c->span == NULL)
		return;
	span_json(c->span, "gen_ai.tool.call.result", c->result);
	if (c->is_error)
		span_fail_of(c->span, json_str(c->result));
	span_end(c->span);
}

static void
note_result(const struct step_call *c)
{
	struct piece piece = {.ours = true};

	piece.event.type = EVENT_TOOL_RESULT;
	piece.event.tool.id = c->id;
	piece.event.tool.name = toolset_wire_name(c->steps->tools, c->name);
	piece.event.tool.value = c->result;
	piece.event.tool.is_error = c->is_error;
	answer_add(c->steps->answer, &piece);
}

static void
end_call(struct step_call *c)
{
	const json_t *result = tool_result(c->run, &c->is_error);

	c->result = json_incref((json_t *)result);
	tool_free(c->run);
	c->run = NULL;
	end_tool_span(c);
	note_result(c);
}

static void
tool_ended(void *arg)
{
	struct step_call *c = arg;
	struct steps *s = c->steps;

	end_call(c);
	s->n_running--;
	if (ends_run(s, c)) {
		steps_say_error(s, json_str(c->result));
		return;
	}
	steps_say_results(s, false);
	if (c->asked)
		exec_answer(s->exec, c->id, c->result, c->is_error);
	else if (s->n_running == 0 && s->n_steps < s->max_steps)
		go_on(s, next_step);
	else if (s->n_running == 0)
		steps_say_end(s);
}

static void
run_tool(struct step_call *c)
{
	struct steps *s = c->steps;

	s->n_running++;
	start_tool_span(c);
	c->run = tool_start(
	    s->tools, s->arena, c->name, c->args, c->bad, tool_ended, c);
}

/* The call stays a step longer: its connection is free for the next one when
 * its reply has ended. */
static void
run_tools(void *arg)
{
	struct steps *s = arg;

	exec_free(s->before);
	s->before = s->exec;
	s->exec = NULL;
	for (struct step_call *c = s->step; c != NULL; c = c->next)
		run_tool(c);
}

/* --- what a call says */

static bool
is_agent(const struct provider *p)
{
	return (p->driver->abilities & DRIVER_AGENT) != 0;
}

static void
take_call(struct steps *s, const struct event *ev)
{
	struct step_call *c;

	steps_say_call(s, ev->tool.id, ev->tool.name, ev);
	if (s->agent && ev->type == EVENT_TOOL_CALL)
		return;
	if (++s->n_calls > LIMIT_TOOL_CALLS) {
		give_up(s, STR("the model called too many tools"));
		return;
	}
	c = steps_add_call(s, ev);
	if (s->step == NULL)
		s->step = c;
	c->asked = ev->type == EVENT_TOOL_REQUEST;
	if (c->asked && !answer_found(s->answer))
		run_tool(c);
}

/* An executor has run a tool by itself. */
static void
take_result(struct steps *s, const struct event *ev)
{
	struct step_call *c = steps_add_call(s, ev);

	c->result = c->args;
	c->args = NULL;
	c->is_error = ev->tool.is_error;
	steps_say_results(s, false);
}

/* Streamed text sums all steps, all else reports the last one (D3). */
static void
add_usage(struct steps *s, const struct usage *u)
{
	struct usage *sum = &s->usage;
	bool all = s->ask.kind == PROMPT_TEXT && (s->ask.stream || s->ask.v4);

	if (!all || s->n_steps == 1) {
		*sum = *u;
		return;
	}
	sum->input += u->input;
	sum->output += u->output;
	sum->total += u->total;
	sum->cached += u->cached;
	sum->reasoning += u->reasoning;
	sum->unknown = sum->unknown && u->unknown;
	sum->has_cost = sum->has_cost || u->has_cost;
	sum->cost += u->cost;
}

static void
take_finish(struct steps *s, const struct event *ev)
{
	s->n_steps++;
	s->reason = ev->finish.reason;
	add_usage(s, &ev->finish.usage);
	if (answer_found(s->answer))
		return; /* results may follow */
	if (s->step != NULL && !s->agent)
		go_on(s, run_tools);
	else
		steps_say_end(s);
}

static void
take_text(struct steps *s, const struct event *ev)
{
	buf_add(&s->text, ev->text.p, ev->text.len);
	if (s->ask.stream)
		s->out->event(s->out, ev);
	if (buf_full(&s->text))
		give_up(s, STR("the answer is too large"));
}

static void
take_object(struct steps *s, const struct event *ev)
{
	json_decref(s->object);
	s->object = json_incref((json_t *)ev->object);
	if (s->ask.stream)
		s->out->event(s->out, ev);
}

/* Tools are known by the names of the wire: a replay connects to no server that
 * could tell others. */
static void
note_event(struct steps *s, const struct event *ev)
{
	struct piece piece = {.event = *ev, .agent = s->agent};

	if (ev->type == EVENT_TOOL_CALL || ev->type == EVENT_TOOL_REQUEST ||
	    ev->type == EVENT_TOOL_RESULT)
		piece.event.tool.name =
		    toolset_wire_name(s->tools, ev->tool.name);
	answer_add(s->answer, &piece);
}

static void
step_event(struct sink *self, const struct event *ev)
{
	struct steps *s = (struct steps *)self;

	if (s->over)
		return;
	/* A fallback may be another one. */
	if (s->exec != NULL)
		s->agent = is_agent(exec_ask(s->exec)->provider);
	note_event(s, ev);
	switch (ev->type) {
	case EVENT_TEXT_DELTA:
		take_text(s, ev);
		break;
	case EVENT_TOOL_CALL:
	case EVENT_TOOL_REQUEST:
		take_call(s, ev);
		break;
	case EVENT_TOOL_RESULT:
		take_result(s, ev);
		break;
	case EVENT_OBJECT_FINAL:
		take_object(s, ev);
		break;
	case EVENT_FINISH:
		take_finish(s, ev);
		break;
	case EVENT_ERROR:
		steps_say_error(s, ev->text);
		break;
	case EVENT_REASONING_DELTA:
	case EVENT_OBJECT_DELTA:
		s->out->event(s->out, ev);
		break;
	case EVENT__MAX:
		break;
	}
}

/* --- the whole */

static unsigned
steps_allowed(const struct ask *ask)
{
	const json_t *max = json_object_get(ask->config, "max_calls");
	double n = json_number_value(max);

	if (!json_is_number(max))
		return ask->kind == PROMPT_OBJECT ? OBJECT_STEPS : TEXT_STEPS;
	if (!(n >= 1))
		return 1;
	return n < LIMIT_STEPS ? (unsigned)n : LIMIT_STEPS;
}

/* Somebody may ask for tools even when the prompt names none. */
static bool
may_ask(const struct ask *ask)
{
	bool any = is_agent(ask->provider);

	for (size_t i = 0; i < ask->n_fallbacks; i++)
		any = any || is_agent(ask->fallbacks[i].provider);
	return any;
}

static struct toolset *
no_tools(struct engine *engine, struct arena *a)
{
	struct err err = {0};
	struct toolset *set = toolset_open(engine, a, NULL, 0, &err);

	(void)!toolset_ready(set, &err);
	err_free(&err);
	return set;
}

/* The first step, when what it needs has been fetched. */
static void
fetched(void *arg, struct str error)
{
	struct steps *s = arg;
	struct err err = {0};

	if (error.len != 0) {
		steps_say_error(s, error);
		return;
	}
	s->ask.messages = fetch_messages(s->fetch);
	if (start_step(s, &err) < 0)
		fail_run(s, &err);
	err_free(&err);
}

/* Nothing is to be done beside the one call. */
static bool
is_plain(
    const struct engine *engine, const struct ask *ask, const struct toolset *t)
{
	bool checked =
	    engine->settings->validate_objects && ask->kind == PROMPT_OBJECT;

	return t == NULL && !checked && !may_ask(ask) &&
	       !fetch_wanted(engine, ask);
}

static void
plain_event(struct sink *self, const struct event *ev)
{
	struct steps *s = (struct steps *)self;

	answer_add(s->answer, &(struct piece){.event = *ev});
	if (ev->type == EVENT_FINISH)
		answer_keep(s->answer, s->exec, ev->finish.reason);
	else if (ev->type == EVENT_ERROR)
		answer_close(s->answer);
	s->out->event(s->out, ev);
}

static int
start_plain(struct steps *s, struct err *err)
{
	s->sink.event = plain_event;
	s->exec = exec_start(s->engine, s->parent, &s->ask,
	    s->answer != NULL ? &s->sink : s->out, err);
	return s->exec != NULL ? 0 : -1;
}

static void
prepare(struct steps *s, struct toolset *tools)
{
	s->arena = arena_new(s->parent);
	s->tools = tools != NULL ? tools : no_tools(s->engine, s->arena);
	s->ask.tools = toolset_decls(s->tools, &s->ask.n_tools);
	s->max_steps = steps_allowed(&s->ask);
	s->sink.event = step_event;
	s->end = &s->calls;
	buf_init(&s->text, LIMIT_REPLY_BYTES);
}

static int
start_asking(struct steps *s, struct err *err)
{
	if (s->plain)
		return start_plain(s, err);
	if (!fetch_wanted(s->engine, &s->ask))
		return start_step(s, err);
	s->fetch = fetch_start(s->engine, s->arena, &s->ask, fetched, s);
	return 0;
}

static int
answer_or_ask(struct steps *s, struct err *err)
{
	if (!answer_found(s->answer))
		return start_asking(s, err);
	if (s->ask.bill != NULL)
		s->ask.bill->cached++;
	go_on(s, steps_replay);
	return 0;
}

/* Who asked the same has ended. */
static void
look_again(void *arg)
{
	struct steps *s = arg;
	struct err err = {0};

	answer_look(s->answer);
	if (answer_or_ask(s, &err) < 0)
		fail_run(s, &err);
	err_free(&err);
}

static void
wake(void *arg)
{
	go_on(arg, look_again);
}

struct steps *
steps_start(struct engine *engine, struct arena *parent, const struct ask *ask,
    struct toolset *tools, struct sink *out, struct err *err)
{
	struct steps *s = arena_zalloc(parent, sizeof(*s));

	s->engine = engine;
	s->parent = parent;
	s->ask = *ask;
	s->out = out;
	s->plain = is_plain(engine, ask, tools);
	if (!s->plain)
		prepare(s, tools);
	if (answer_open(engine, parent, ask, tools, &s->answer, err) == 0 &&
	    (answer_wait(s->answer, wake, s) || answer_or_ask(s, err) == 0))
		return s;
	steps_free(s);
	return NULL;
}

bool
steps_done(const struct steps *s)
{
	if (s->plain && s->exec != NULL)
		return exec_done(s->exec);
	return s->over && (s->exec == NULL || exec_done(s->exec));
}

static void
free_calls(struct steps *s)
{
	for (struct step_call *c = s->calls; c != NULL; c = c->next) {
		tool_free(c->run);
		json_decref(c->args);
		json_decref(c->keep);
		json_decref(c->result);
	}
}

void
steps_free(struct steps *s)
{
	if (s == NULL)
		return;
	answer_close(s->answer);
	exec_free(s->exec);
	s->exec = NULL;
	timer_clear(s->engine->loop, &s->timer);
	if (s->plain)
		return;
	exec_free(s->before);
	fetch_free(s->fetch);
	free_calls(s);
	buf_free(&s->text);
	json_decref(s->messages);
	json_decref(s->object);
	arena_free(s->arena);
}
