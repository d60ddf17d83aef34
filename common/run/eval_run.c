/* What all evals have in common, whatever kind they are: their way from start
 * to result, the time limit, and what the configuration makes of an answer
 * (`not`, threshold, weight).  It refuses to know how an answer is found. */
#include "eval_int.h"

#include "../base/json.h"
#include "../base/limits.h"
#include "../base/utf.h"
#include "trace.h"

#include <math.h>

/* How much of a wrong answer is quoted. */
enum { QUOTE_BYTES = 120 };

static int
start_builtin(struct eval_run *e, struct err *err)
{
	const struct eval_conf *conf = e->conf;
	struct score score = {0};

	if (conf->builtin->run(&e->c, conf->options, e->arena, &score, err) < 0)
		return -1;
	eval_score(e, &score);
	return 0;
}

static const struct eval_ops kinds[] = {
    [EVAL_BUILTIN] = {start_builtin, NULL},
    [EVAL_COMMAND] = {eval_command_start, eval_command_free},
    [EVAL_HTTP] = {eval_http_start, eval_http_free},
    [EVAL_JUDGE] = {eval_judge_start, eval_judge_free},
    [EVAL_SIMILAR] = {eval_similar_start, eval_similar_free},
};
_Static_assert(ARRAY_LEN(kinds) == EVAL__MAX, "a row for every kind");

/* --- the end */

static void
release(struct eval_run *e)
{
	struct loop *loop = e->engine->loop;
	bool held = e->held;

	timer_clear(loop, &e->clock);
	timer_clear(loop, &e->end);
	e->held = false;
	if (held && kinds[e->conf->kind].free != NULL)
		kinds[e->conf->kind].free(e);
}

static void
conclude(void *arg)
{
	struct eval_run *e = arg;

	release(e);
	e->ended = true;
	e->done(e->arg);
}

static void
trace_result(struct eval_run *e)
{
	const json_t *score, *passed, *label, *reason;
	struct span *s = e->c.span;

	if (s == NULL)
		return;
	score = json_object_get(e->result, "score");
	passed = json_object_get(e->result, "passed");
	label = json_object_get(e->result, "label");
	reason = json_object_get(e->result, "reason");
	if (json_is_number(score))
		span_double(
		    s, "agentmark.eval.score", json_number_value(score));
	if (json_is_boolean(passed))
		span_bool(s, "agentmark.eval.passed", json_is_true(passed));
	span_string(s, "agentmark.eval.label", json_string_value(label));
	span_string(s, "agentmark.eval.reason", json_string_value(reason));
	if (e->failed)
		span_fail_of(s, json_str(reason));
	span_end(s);
}

/* Takes RESULT. */
static void
set_result(struct eval_run *e, json_t *result)
{
	struct loop *loop = e->engine->loop;

	e->result = result;
	trace_result(e);
	if (!e->starting)
		timer_set(loop, &e->end, loop_now(loop), conclude, e);
}

/* --- results */

static void
set_number(json_t *object, const char *key, double value)
{
	json_t *number = isfinite(value) ? json_real(value) : json_null();

	(void)json_object_set_new_nocheck(object, key, number);
}

static void
set_text(json_t *object, const char *key, const char *text)
{
	if (text != NULL)
		json_set_str(object, key, str_from(text));
}

static json_t *
new_result(const struct eval_run *e)
{
	json_t *result = json_object();

	set_text(result, "name", e->conf->name);
	return result;
}

static void
add_weight(const struct eval_conf *conf, json_t *result)
{
	if (!isnan(conf->weight))
		set_number(result, "weight", conf->weight);
}

/* The threshold decides about the score that was given, `not` turns what came
 * of it. */
static void
apply_rules(const struct eval_conf *conf, json_t *result)
{
	const json_t *score = json_object_get(result, "score"), *passed;
	double value = json_number_value(score);

	if (json_is_number(score) && !isnan(conf->threshold))
		(void)json_object_set_new_nocheck(
		    result, "passed", json_boolean(value >= conf->threshold));
	if (conf->negate && json_is_number(score))
		set_number(result, "score", 1 - value);
	passed = json_object_get(result, "passed");
	if (conf->negate && json_is_boolean(passed))
		(void)json_object_set_new_nocheck(
		    result, "passed", json_boolean(json_is_false(passed)));
	add_weight(conf, result);
}

/* As {name, ...answer} does it: a name in it is the one that stays (3.6). */
static void
take(struct eval_run *e, json_t *answer)
{
	json_t *result = new_result(e), *value;
	const char *key;
	size_t len;

	json_object_keylen_foreach(answer, key, len, value)
	{
		(void)json_object_setn_nocheck(result, key, len, value);
	}
	apply_rules(e->conf, result);
	set_result(e, result);
}

static void
fail_with(struct eval_run *e, struct str reason)
{
	json_t *result;
	struct buf b;

	if (e->result != NULL)
		return;
	e->failed = true;
	result = new_result(e);
	buf_init(&b, LIMIT_ERR_BYTES + sizeof("eval error: "));
	buf_adds(&b, "eval error: ");
	if (reason.len > LIMIT_ERR_BYTES)
		reason.len = LIMIT_ERR_BYTES;
	buf_add(&b, reason.p, reason.len);
	(void)json_object_set_new_nocheck(result, "score", json_integer(0));
	(void)json_object_set_new_nocheck(result, "passed", json_false());
	json_set_str(result, "reason", buf_text(&b));
	add_weight(e->conf, result);
	buf_free(&b);
	set_result(e, result);
}

void
eval_fail(struct eval_run *e, const char *reason)
{
	fail_with(e, str_from(reason));
}

/* "WHAT: the first bytes of TEXT" */
static void
fail_quoting(struct eval_run *e, const char *what, struct str text)
{
	bool cut = text.len > QUOTE_BYTES;
	struct buf b;

	buf_init(&b, LIMIT_ERR_BYTES);
	buf_addf(&b, "%s: ", what);
	buf_add(&b, text.p, cut ? QUOTE_BYTES : text.len);
	buf_adds(&b, cut ? "…" : "");
	fail_with(e, buf_text(&b));
	buf_free(&b);
}

/* The text of {"error": "text"} and of {"error": {"message": "text"}}. */
static const json_t *
error_text(const json_t *answer)
{
	const json_t *error = json_object_get(answer, "error");

	if (json_is_object(error))
		error = json_object_get(error, "message");
	return json_is_string(error) ? error : NULL;
}

static void
refuse_value(struct eval_run *e, const json_t *answer)
{
	struct buf b;

	buf_init(&b, LIMIT_LINE_BYTES);
	if (answer != NULL)
		json_print(&b, answer);
	fail_quoting(e, "the answer is no object", buf_text(&b));
	buf_free(&b);
}

/* Takes OBJECT. */
static void
take_answer(struct eval_run *e, json_t *object)
{
	const json_t *error = error_text(object);

	if (e->result != NULL)
		;
	else if (!json_is_object(object))
		refuse_value(e, object);
	else if (error != NULL)
		fail_with(e, json_str(error));
	else
		take(e, object);
	json_decref(object);
}

int
eval_answer_text(struct eval_run *e, struct str text)
{
	struct err err = {0};
	json_t *answer = json_read(text, &err);

	err_free(&err);
	if (answer == NULL) {
		fail_quoting(e, "the answer is not JSON", text);
		return -1;
	}
	take_answer(e, answer);
	return 0;
}

void
eval_score(struct eval_run *e, const struct score *score)
{
	json_t *result;

	if (e->result != NULL)
		return;
	result = new_result(e);
	set_number(result, "score", score->score);
	(void)json_object_set_new_nocheck(
	    result, "passed", json_boolean(score->passed));
	set_text(result, "label", score->label);
	set_text(result, "reason", score->reason);
	apply_rules(e->conf, result);
	set_result(e, result);
}

/* --- the way there */

static void
on_clock(void *arg)
{
	struct eval_run *e = arg;

	eval_fail(e, arena_printf(e->arena, "timed out after %lld ms",
			 (long long)e->conf->timeout_ms));
}

void
eval_clock_start(struct eval_run *e)
{
	struct loop *loop = e->engine->loop;

	if (e->conf->timeout_ms > 0)
		timer_set(loop, &e->clock, loop_now(loop) + e->conf->timeout_ms,
		    on_clock, e);
}

void
eval_clock_stop(struct eval_run *e)
{
	timer_clear(e->engine->loop, &e->clock);
}

static int
start(struct eval_run *e, const struct eval_case *c, struct err *err)
{
	if (eval_case_make(e, c, err) < 0)
		return -1;
	e->held = true;
	if (kinds[e->conf->kind].free != NULL)
		eval_clock_start(e);
	return kinds[e->conf->kind].start(e, err);
}

struct eval_run *
eval_start(struct engine *engine, struct arena *a, const struct eval_conf *conf,
    const struct eval_case *c, void (*done)(void *arg), void *arg)
{
	struct eval_run *e = arena_zalloc(a, sizeof(*e));
	struct span *span = NULL;
	struct err err = {0};

	e->engine = engine;
	e->arena = a;
	e->conf = conf;
	e->done = done;
	e->arg = arg;
	e->starting = true;
	if (c->span != NULL)
		span =
		    span_start(c->span, arena_printf(a, "eval %s", conf->name));
	e->c.span = span;
	if (start(e, c, &err) < 0)
		eval_fail(e, err.msg);
	e->starting = false;
	if (e->result != NULL) {
		release(e);
		e->ended = true;
	}
	err_free(&err);
	return e;
}

bool
eval_done(const struct eval_run *e)
{
	return e->ended;
}

const json_t *
eval_result(const struct eval_run *e)
{
	return e->result;
}

void
eval_free(struct eval_run *e)
{
	if (e == NULL)
		return;
	release(e);
	json_decref(e->result);
}
