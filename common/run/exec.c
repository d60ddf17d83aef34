/* Decides about the attempts of a call: when each may start, what is tried
 * again and when, who else is asked.  It refuses to know how an attempt is
 * carried, any vendor's format and what becomes of the events. */
#include "exec.h"

#include "../base/limits.h"
#include "../base/log.h"
#include "../base/utf.h"
#include "../base/xalloc.h"
#include "exec_int.h"
#include "images.h"

#include <stdlib.h>
#include <string.h>

/* Our own waits are longer by up to so much, so that calls that failed together
 * do not come back together. */
static const double JITTER = 0.25;

enum {
	COOL_REFUSED_MS = 60 * 1000, /* a key of several that is not accepted */
	COOL_MAX_MS = 60 * 60 * 1000 /* whatever a vendor asks for */
};

void
exec_ready(struct exec *x, enum exec_state state)
{
	x->state = state;
	if (x->queued)
		return;
	x->queued = true;
	x->next_ready = x->engine->ready;
	x->engine->ready = x;
}

static void
unqueue(struct exec *x)
{
	struct exec **p = &x->engine->ready;

	if (!x->queued)
		return;
	while (*p != x)
		p = &(*p)->next_ready;
	*p = x->next_ready;
	x->queued = false;
}

/* --- what an attempt holds of limits and budgets */

static void
end_charge(struct exec *x, const struct usage *usage, bool sent)
{
	if (x->charge != NULL)
		x->trace.cost = spend_end(x->charge, usage, sent);
	x->charge = NULL;
}

static void
end_turn(struct exec *x, int64_t tokens, int64_t cool_ms)
{
	if (x->turn != NULL)
		turn_end(x->turn, tokens, cool_ms);
	x->turn = NULL;
}

/* Money is counted before anybody hears that the call has ended. */
static void
tap_event(struct sink *self, const struct event *ev)
{
	struct exec *x = ((struct exec_tap *)self)->exec;
	const struct usage *usage = &ev->finish.usage;

	if (ev->type == EVENT_FINISH) {
		end_charge(x, usage->unknown ? NULL : usage, true);
		end_turn(
		    x, usage->unknown ? -1 : usage->input + usage->output, 0);
	} else if (ev->type == EVENT_TOOL_REQUEST) {
		x->child.pending++;
	}
	exec_trace_event(x, ev);
	x->out->event(x->out, ev);
}

/* --- judging an attempt */

/* The rows of an experiment have a trace each. */
static void
log_failure(const struct exec *x, const struct target *next)
{
	char *outer = xstrdup(log_context(LOG_TRACE_ID));
	char own[TRACEPARENT_LEN + 1];

	if (span_traceparent(x->asked.span, own)) {
		own[3 + TRACE_ID_LEN] = '\0';
		log_context_set(LOG_TRACE_ID, own + 3);
	}
	log_line(LEVEL_WARNING, "attempt_failed",
	    "provider=%s model=%s attempt=%d status=%d fallback=%s%s%s",
	    x->asked.provider->name, x->asked.model, x->tried, x->status,
	    next != NULL ? next->provider->name : "", next != NULL ? "/" : "",
	    next != NULL ? next->model : "");
	log_context_set(LOG_TRACE_ID, outer);
	free(outer);
}

static bool
status_may_pass(int status)
{
	return status == 408 || status == 409 || status == 429 || status >= 500;
}

/* D1: network errors, 408, 409, 429, 500 and above, and a one-shot reply that
 * is cut; never once something has gone out.  An agent that failed may have
 * used its tools: it is not run a second time. */
static bool
may_retry(const struct exec *x)
{
	unsigned kind =
	    x->ask.provider->driver->abilities & (DRIVER_AGENT | DRIVER_CHILD);
	bool agent = kind == DRIVER_AGENT;

	if (x->guard.emitted || x->unmade)
		return false;
	if ((kind & DRIVER_CHILD) != 0)
		return x->status != 0 && status_may_pass(x->status);
	if (x->how == HTTP_NO_REPLY)
		return true;
	if (agent && (x->status == 500 || x->how == HTTP_CUT))
		return false;
	if (x->status == 0)
		return x->how == HTTP_CLOCK;
	if (x->status >= 300)
		return status_may_pass(x->status);
	return x->how == HTTP_CUT;
}

/* A refusal that another key of the same provider may not get. */
static bool
is_about_key(const struct exec *x)
{
	return x->status == 401 || x->status == 403 || x->status == 429;
}

/* What another provider may not say as well. */
static bool
may_move(const struct exec *x)
{
	if (x->guard.emitted || x->unmade)
		return false;
	return x->status < 400 || x->status == 404 || is_about_key(x) ||
	       status_may_pass(x->status);
}

static int64_t
own_wait(const struct exec *x)
{
	return INT64_C(2000) << (x->tried - 1 < 20 ? x->tried - 1 : 20);
}

/* D1, with the jitter on top where the wait is our own. */
static int64_t
wait_before_next(const struct exec *x)
{
	const struct engine *e = x->engine;
	int64_t wait = own_wait(x);

	if (x->asked_wait >= 0 &&
	    (x->asked_wait < 60000 || x->asked_wait < wait))
		return x->asked_wait;
	if (e->random != NULL)
		wait += (int64_t)((double)wait * JITTER * e->random());
	return wait;
}

static void
give_up(struct exec *x, bool retryable)
{
	struct err last = {0};

	exec_trace_fail(x);
	if (x->tried > 1 && retryable)
		(void)fail(&last, ERR_PROVIDER,
		    "Failed after %d attempts. Last error: %s", x->tried,
		    x->err.msg);
	else if (x->tried > 1)
		(void)fail(&last, ERR_PROVIDER,
		    "Failed after %d attempts with non-retryable error: '%s'",
		    x->tried, x->err.msg);
	else
		err_move(&last, &x->err);
	guard_fail(&x->guard, str_from(last.msg));
	err_free(&last);
	x->state = EXEC_DONE;
}

static void
wait_is_over(void *arg)
{
	exec_ready(arg, EXEC_DUE);
}

static void
wait_for(struct exec *x, int64_t ms)
{
	struct loop *loop = x->engine->loop;

	x->state = EXEC_WAITING;
	timer_set(loop, &x->timer, loop_now(loop) + ms, wait_is_over, x);
}

/* The next one that is asked, or NULL. */
static const struct target *
next_target(const struct exec *x)
{
	if (x->n_tried >= x->asked.n_fallbacks || !may_move(x))
		return NULL;
	return &x->asked.fallbacks[x->n_tried];
}

static void
move_to(struct exec *x, const struct target *next)
{
	exec_trace_move(x, next);
	x->n_tried++;
	x->asked.provider = next->provider;
	x->asked.model = next->model;
	x->tried = 0;
	x->turn_until = 0;
	wait_for(x, 0);
}

/* For how long this key is not to be used. */
static int64_t
cool_ms(const struct exec *x)
{
	if (!is_about_key(x))
		return 0;
	if (x->status != 429)
		return x->provider.pool != NULL ? COOL_REFUSED_MS : 0;
	if (x->asked_wait < 0)
		return own_wait(x);
	return x->asked_wait < COOL_MAX_MS ? x->asked_wait : COOL_MAX_MS;
}

/* The attempt failed: x->err says why. */
static void
fail_attempt(struct exec *x)
{
	bool retryable = may_retry(x), spare;
	const struct target *next;
	int64_t wait;

	spare = !x->guard.emitted && is_about_key(x) &&
		turn_has_key(x->engine, x->asked.provider);
	if ((retryable || spare) && x->tried < x->allowed) {
		log_failure(x, NULL);
		wait = spare ? 0 : wait_before_next(x);
		exec_trace_retry(x, wait);
		wait_for(x, wait);
		return;
	}
	next = next_target(x);
	log_failure(x, next);
	if (next != NULL)
		move_to(x, next);
	else
		give_up(x, retryable);
}

static void
end_attempt(struct exec *x)
{
	const struct exec_source *source = x->source;
	bool sent;

	if (x->err.code == ERR_NONE && !x->guard.done && source->settle != NULL)
		source->settle(x);
	source->stop(x);
	sent = x->how != HTTP_NO_REPLY && x->status < 300 && !x->unmade;
	end_charge(x, NULL, sent);
	end_turn(x, -1, cool_ms(x));
	if (x->err.code == ERR_NONE || x->guard.done) {
		x->state = EXEC_DONE;
		return;
	}
	if (x->status == 429)
		x->engine->throttled++;
	fail_attempt(x);
}

/* --- attempts */

static const struct exec_source *
source_of(const struct driver *driver)
{
	if ((driver->abilities & DRIVER_CHILD) != 0)
		return &exec_child;
	if ((driver->abilities & DRIVER_LOCAL) != 0)
		return &exec_local;
	return &exec_http;
}

static void
reset(struct exec *x)
{
	err_free(&x->err);
	guard_restart(&x->guard);
	arena_free(x->attempt);
	x->attempt = arena_new(x->arena);
	x->ask = x->asked;
	x->provider = *x->asked.provider;
	x->ask.provider = &x->provider;
	x->call = NULL;
	x->source = source_of(x->provider.driver);
	x->how = HTTP_OK;
	x->status = 0;
	x->asked_wait = -1;
	x->unmade = false;
}

/* A fresh state for the driver, and its request. */
static int
build(struct exec *x)
{
	x->call = driver_call(x->attempt, &x->ask, &x->guard.sink);
	x->call->number = ++x->engine->calls;
	x->call->retry_after = -1;
	if (x->ask.kind == PROMPT_EMBED &&
	    x->provider.driver->embed_build == NULL)
		return fail(&x->err, ERR_UNSUPPORTED,
		    "the provider %s makes no embeddings", x->provider.name);
	return x->source->build(x);
}

/* 0: it has its turn; 1: it waits for it; -1: it has waited long enough. */
static int
take_turn(struct exec *x)
{
	const struct provider_limits *limits = x->provider.limits;
	int64_t now = loop_now(x->engine->loop), ms;
	const char *key = x->provider.api_key;

	ms = turn_take(x->engine, x->attempt, &x->ask, &x->turn, &key);
	x->provider.api_key = key;
	if (ms == 0)
		return 0;
	if (x->turn_until == 0)
		x->turn_until = now + limits->wait_ms;
	if (now + ms > x->turn_until)
		return fail(&x->err, ERR_BUSY, "rate limit of provider %s",
		    x->provider.name);
	wait_for(x, ms);
	return 1;
}

/* Money and the request: both may refuse. */
static int
prepare(struct exec *x)
{
	exec_trace_start(x);
	if (spend_begin(x->engine, x->attempt, &x->ask, &x->charge, &x->err) ==
		0 &&
	    build(x) == 0)
		return 0;
	x->unmade = true;
	return -1;
}

static void
start_attempt(struct exec *x)
{
	x->turn_until = 0;
	x->tried++;
	x->state = EXEC_CALLING;
	x->source->start(x);
}

/* Gives back what an attempt that was not sent has taken. */
static void
unprepare(struct exec *x)
{
	end_charge(x, NULL, false);
	end_turn(x, 0, 0);
}

/* Nothing was sent, and nobody waits any longer for that.  What a fallback is
 * not made for does not hold the next one up. */
static void
fail_unsent(struct exec *x)
{
	const struct target *next;

	unprepare(x);
	if (x->n_tried > 0)
		x->unmade = false;
	next = next_target(x);
	log_failure(x, next);
	if (next != NULL)
		move_to(x, next);
	else
		give_up(x, false);
}

/* A fallback may make fewer images at once than the first did. */
static void
split(struct exec *x)
{
	struct ask rest = x->asked;

	rest.fallbacks += x->n_tried;
	rest.n_fallbacks -= x->n_tried;
	x->images = images_start(x->engine, x->arena, &rest, x->out, &x->err);
	if (x->images == NULL)
		give_up(x, false);
}

static void
next_attempt(struct exec *x)
{
	int turn;

	reset(x);
	if (images_calls(&x->ask) > 1) {
		split(x);
		return;
	}
	turn = take_turn(x);
	if (turn > 0)
		return;
	if (turn < 0 || prepare(x) < 0)
		fail_unsent(x);
	else
		start_attempt(x);
}

static void
step(struct exec *x)
{
	switch (x->state) {
	case EXEC_CALLING:
		x->source->step(x);
		break;
	case EXEC_ENDED:
		end_attempt(x);
		break;
	case EXEC_DUE:
		next_attempt(x);
		break;
	case EXEC_WAITING:
	case EXEC_DONE:
		break;
	}
}

static int
attempts_allowed(const struct ask *ask, const struct settings *settings)
{
	const json_t *own = json_object_get(ask->config, "max_retries");
	double retries = (double)settings->max_retries;

	if (json_is_number(own))
		retries = json_number_value(own);
	if (!(retries > 0))
		return 1;
	return retries < LIMIT_ATTEMPTS - 1 ? (int)retries + 1 : LIMIT_ATTEMPTS;
}

/* Once for every prompt that is new to this process: nothing is dropped
 * silently. */
static void
log_ignored(struct exec *x)
{
	struct engine *e = x->engine;
	const char *keys = buf_str(&x->call->ignored);

	if (keys[0] == '\0' ||
	    (e->logged != NULL && strcmp(e->logged, keys) == 0))
		return;
	free(e->logged);
	e->logged = xstrdup(keys);
	log_line(LEVEL_WARNING, "keys_ignored", "provider=%s model=%s keys=%s",
	    x->ask.provider->name, x->ask.model, keys);
}

/* Where it must wait for its turn the request is made all the same, so that
 * what is wrong with it is said at once. */
static int
begin(struct exec *x)
{
	int turn;

	reset(x);
	turn = take_turn(x);
	if (turn == 0) {
		if (prepare(x) < 0) {
			exec_trace_fail(x);
			unprepare(x);
			return -1;
		}
		log_ignored(x);
		start_attempt(x);
		return 0;
	}
	err_free(&x->err);
	if (build(x) < 0)
		return -1;
	log_ignored(x);
	if (turn < 0)
		wait_for(x, 0);
	return 0;
}

static int
start(struct exec *x, const struct ask *ask, struct err *err)
{
	if (images_calls(ask) > 1) {
		x->images = images_start(x->engine, x->arena, ask, x->out, err);
		return x->images != NULL ? 0 : -1;
	}
	if (begin(x) == 0)
		return 0;
	err_move(err, &x->err);
	return -1;
}

struct exec *
exec_start(struct engine *engine, struct arena *parent, const struct ask *ask,
    struct sink *out, struct err *err)
{
	struct arena *a = arena_new(parent);
	struct exec *x = arena_zalloc(a, sizeof(*x));

	x->engine = engine;
	x->arena = a;
	x->asked = x->ask = *ask;
	x->out = out;
	x->tap = (struct exec_tap){{tap_event}, x};
	x->allowed = attempts_allowed(ask, engine->settings);
	guard_init(&x->guard, &x->tap.sink, ask->kind, ask->stream);
	if (start(x, ask, err) == 0)
		return x;
	exec_free(x);
	return NULL;
}

const struct ask *
exec_ask(const struct exec *x)
{
	return &x->ask;
}

bool
exec_done(const struct exec *x)
{
	if (x->images != NULL)
		return images_done(x->images);
	return x->state == EXEC_DONE;
}

void
exec_answer(struct exec *x, struct str id, const json_t *result, bool is_error)
{
	if (x->state == EXEC_CALLING && x->source->answer != NULL)
		x->source->answer(x, id, result, is_error);
}

void
exec_free(struct exec *x)
{
	if (x == NULL)
		return;
	images_free(x->images);
	exec_trace_stop(x);
	if (x->source != NULL)
		x->source->stop(x);
	end_charge(x, NULL, x->state == EXEC_CALLING || x->state == EXEC_ENDED);
	end_turn(x, -1, 0);
	timer_clear(x->engine->loop, &x->timer);
	unqueue(x);
	err_free(&x->err);
	arena_free(x->attempt);
	x->attempt = NULL;
	guard_free(&x->guard);
	arena_free(x->arena);
}

void
engine_turn(struct engine *engine, int max_wait)
{
	struct exec *x;

	loop_turn(engine->loop, engine->ready != NULL ? 0 : max_wait);
	while ((x = engine->ready) != NULL) {
		engine->ready = x->next_ready;
		x->queued = false;
		step(x);
	}
}
