/* The eval that is a prompt itself: it is rendered with the row and asked of
 * one model or several, side by side.  It refuses to know how prompts are
 * rendered, models are reached and votes are counted. */
#include "eval_int.h"

#include "../base/utf.h"

#include "../template/prompt.h"
#include "../wire/chunk.h"
#include "ask.h"
#include "judge_props.h"
#include "steps.h"
#include "prompt_file.h"
#include "verdict.h"

#include <math.h>

/* Where no threshold is configured. */
#define DEFAULT_THRESHOLD 0.5

/* Between two looks whether a server has told its tools. */
enum { LOOK_MS = 10 };

/* One question to one model. */
struct judge_call {
	struct sink sink; /* first */
	struct judge *judge;
	struct ask ask;
	struct toolset *tools; /* NULL: none */
	struct timer timer;    /* until they are there */
	struct steps *steps;
	struct result result;
	struct verdict verdict;
};

struct judge {
	struct eval_run *eval;
	struct prompt prompt;
	struct js props[2], messages[2]; /* compiled; the second with swapped
					  * sides */
	struct judge_call *calls;
	size_t n_models, n_calls, left;
	bool swap;
	double threshold;
};

/* --- the answer */

static struct verdict *
join_orders(struct judge *j)
{
	struct arena *a = j->eval->arena;
	struct verdict *all = arena_array(a, j->n_models, sizeof(*all));
	size_t i;

	for (i = 0; i < j->n_models; i++) {
		if (j->swap)
			verdict_join(a, &j->calls[2 * i].verdict,
			    &j->calls[2 * i + 1].verdict, j->threshold,
			    &all[i]);
		else
			all[i] = j->calls[i].verdict;
	}
	return all;
}

static void
conclude(struct judge *j)
{
	struct eval_run *e = j->eval;
	struct err err = {0};
	struct score score;

	if (verdict_vote(e->arena, join_orders(j), j->n_models, &score, &err) <
	    0)
		eval_fail(e, err.msg);
	else
		eval_score(e, &score);
	err_free(&err);
}

static void
call_over(struct judge_call *c)
{
	if (--c->judge->left == 0)
		conclude(c->judge);
}

static void
call_failed(struct judge_call *c, const char *why)
{
	c->verdict.failure = arena_strdup(c->judge->eval->arena, why);
	call_over(c);
}

static void
read_answer(struct judge_call *c)
{
	const struct judge *j = c->judge;
	const struct buf *text = &c->result.text;
	json_t *answer;

	if (c->ask.kind == PROMPT_OBJECT)
		answer = json_incref(c->result.value);
	else
		answer = verdict_find(buf_text(text));
	verdict_read(j->eval->arena, answer, j->threshold, &c->verdict);
	json_decref(answer);
}

static void
judge_event(struct sink *self, const struct event *ev)
{
	struct judge_call *c = (struct judge_call *)self;

	result_add(&c->result, ev);
	if (ev->type == EVENT_ERROR) {
		call_failed(c, buf_str(&c->result.error));
	} else if (ev->type == EVENT_FINISH) {
		read_answer(c);
		call_over(c);
	}
}

/* --- the question */

static int
render(struct judge *j, struct err *err)
{
	struct eval_run *e = j->eval;
	struct node *ast;
	size_t i, n = j->swap ? 2 : 1;

	if (prompt_file_read_path(e->arena, e->conf->judge, &ast, err) < 0) {
		err_prefix(err, "the judge");
		return -1;
	}
	if (prompt_check(e->arena, ast, e->engine->settings->markdown,
		PROMPT_FOR_RUN, &j->prompt, err) < 0)
		return -1;
	for (i = 0; i < n; i++) {
		j->props[i] =
		    judge_props(e->arena, &e->c, e->conf->options, i == 1);
		if (prompt_format(e->arena, &j->prompt, j->props[i],
			&j->messages[i], err) < 0)
			return -1;
	}
	return 0;
}

/* The prompt's model becomes MODEL.  The frontmatter was read for this eval
 * alone. */
static void
use_model(struct judge *j, const char *model)
{
	struct arena *a = j->eval->arena;
	struct js config =
	    js_get(j->prompt.frontmatter, template_config_key(j->prompt.kind));

	if (model != NULL && config.type == JS_OBJECT)
		js_set_lit(a, config.object, "model_name",
		    js_string_utf8(a, str_from(model)));
}

static void look_again(void *arg);

/* Asks when its tools are there. */
static int
ask_judge(struct judge_call *c, struct err *err)
{
	struct eval_run *e = c->judge->eval;
	struct loop *loop = e->engine->loop;
	int ready = c->tools != NULL ? toolset_ready(c->tools, err) : 1;

	if (ready == 0)
		timer_set(
		    loop, &c->timer, loop_now(loop) + LOOK_MS, look_again, c);
	if (ready <= 0)
		return ready;
	c->steps =
	    steps_start(e->engine, e->arena, &c->ask, c->tools, &c->sink, err);
	return c->steps != NULL ? 0 : -1;
}

static void
look_again(void *arg)
{
	struct judge_call *c = arg;
	struct err err = {0};

	if (ask_judge(c, &err) < 0)
		call_failed(c, err.msg);
	err_free(&err);
}

static int
start_call(struct judge_call *c, size_t order, struct err *err)
{
	struct judge *j = c->judge;
	struct eval_run *e = j->eval;

	if (j->prompt.kind != TEMPLATE_OBJECT &&
	    j->prompt.kind != TEMPLATE_TEXT)
		return fail(err, ERR_PROMPT,
		    "a judge must be a text or an object prompt");
	if (ask_prepare_own(e->engine, e->arena, &j->prompt, &c->ask, err) <
		0 ||
	    ask_messages(e->arena, j->messages[order], &c->ask, err) < 0 ||
	    ask_tools(
		e->engine, e->arena, &c->ask, TOOLSET_OURS, &c->tools, err) < 0)
		return -1;
	c->ask.span = e->c.span;
	c->ask.row = &j->props[order];
	c->ask.bill = e->c.bill;
	return ask_judge(c, err);
}

/* A judge that cannot be asked has no vote. */
static void
start_calls(struct judge *j, const char *const *models)
{
	size_t per_model = j->swap ? 2 : 1, i;

	for (i = 0; i < j->n_calls; i++) {
		struct judge_call *c = &j->calls[i];
		struct err err = {0};

		if (models != NULL)
			use_model(j, models[i / per_model]);
		if (start_call(c, i % per_model, &err) < 0)
			call_failed(c, err.msg);
		err_free(&err);
	}
}

static void
prepare(struct judge *j, const char *const *models)
{
	struct eval_run *e = j->eval;
	size_t per_model = j->swap ? 2 : 1, i;

	while (models != NULL && models[j->n_models] != NULL)
		j->n_models++;
	if (j->n_models == 0)
		j->n_models = 1;
	j->n_calls = j->n_models * per_model;
	j->calls = arena_array(e->arena, j->n_calls, sizeof(*j->calls));
	for (i = 0; i < j->n_calls; i++) {
		struct judge_call *c = &j->calls[i];

		*c = (struct judge_call){.sink.event = judge_event, .judge = j};
		result_init(&c->result,
		    j->prompt.kind == TEMPLATE_OBJECT ? "object" : "text");
		if (j->n_models > 1)
			c->verdict.judge = models[i / per_model];
	}
	j->left = j->n_calls;
}

int
eval_judge_start(struct eval_run *e, struct err *err)
{
	const char *const *models = e->conf->models;
	struct judge *j = arena_zalloc(e->arena, sizeof(*j));

	e->state = j;
	j->eval = e;
	j->swap = json_is_true(json_object_get(e->conf->options, "swap"));
	j->threshold =
	    isnan(e->conf->threshold) ? DEFAULT_THRESHOLD : e->conf->threshold;
	if (models != NULL && models[0] == NULL)
		models = NULL;
	if (j->swap && e->c.expected == NULL)
		return fail(err, ERR_PROMPT,
		    "the row has no expected_output to compare with");
	if (render(j, err) < 0)
		return -1;
	prepare(j, models);
	start_calls(j, models);
	return 0;
}

void
eval_judge_free(struct eval_run *e)
{
	struct judge *j = e->state;
	size_t i;

	for (i = 0; j != NULL && i < j->n_calls; i++) {
		timer_clear(e->engine->loop, &j->calls[i].timer);
		steps_free(j->calls[i].steps);
		result_free(&j->calls[i].result);
	}
}
