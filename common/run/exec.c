/* Carries a request from a driver to the network and the answer back, and
 * tries again where that is allowed.  It refuses to know any vendor's format
 * and what becomes of the events. */
#include "exec.h"

#include "../base/limits.h"
#include "../base/log.h"
#include "../base/xalloc.h"
#include "../net/frame.h"
#include "../net/pool.h"
#include "../net/retry_after.h"
#include "../provider/guard.h"
#include "images.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* A stream that has said everything may still end in order, so that its
 * connection can serve the next call; it gets no longer than this. */
enum { GRACE_MS = 20 };

/* Where a call stands. */
enum exec_state {
	EXEC_CALLING, /* the network or a local driver is at work */
	EXEC_ENDED,   /* this attempt is over, to be judged */
	EXEC_WAITING, /* before the next attempt */
	EXEC_DUE,     /* the wait is over */
	EXEC_DONE     /* the terminal event is out */
};

enum reply_form { FORM_STREAM, FORM_BODY, FORM_REFUSAL, FORM_WRONG };

struct exec {
	struct engine *engine;
	struct arena *arena, *attempt; /* the attempt's is a child */
	struct ask ask;
	struct guard guard;
	struct call *call;
	struct http_spec spec;
	struct http *http;
	struct frame frame;
	struct buf body;
	struct err err; /* of this attempt */
	struct timer timer;
	struct exec *next_ready;
	enum exec_state state;
	enum reply_form form;
	enum http_end how;
	int status, tried, allowed;
	int64_t asked_wait; /* by the server, ms; -1: nothing */
	bool queued, framed;
	struct images *images; /* that make this answer together; NULL: none */
};

/* Asks to be looked at in this turn. */
static void
make_ready(struct exec *x, enum exec_state state)
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

/* --- what the network says */

/* How streams are cut, and what their type has in it: lines of JSON have many
 * names, one line of it has the plain one. */
static const struct {
	enum frame_kind kind;
	const char *type;
} framings[] = {
    [DRIVER_SSE] = {FRAME_SSE, "event-stream"},
    [DRIVER_LINES] = {FRAME_LINES, "json"},
    [DRIVER_RECORDS] = {FRAME_RECORDS, "amazon.eventstream"},
};

/* Whether the reply is what the driver's frame expects. */
static bool
is_stream(const struct exec *x)
{
	const struct driver *driver = x->ask.provider->driver;
	const char *type = http_header(x->http, "content-type");

	return type == NULL || driver->any_type ||
	       strcasestr(type, framings[driver->framing].type) != NULL;
}

static void
on_head(void *arg, int status)
{
	struct exec *x = arg;

	x->status = status;
	if (status >= 300) {
		x->form = FORM_REFUSAL;
		x->asked_wait = retry_after(x->http);
	} else if (!x->ask.stream) {
		x->form = FORM_BODY;
	} else {
		x->form = is_stream(x) ? FORM_STREAM : FORM_WRONG;
	}
}

static int
on_frame(void *arg, struct str event, struct str data)
{
	struct exec *x = arg;

	return x->ask.provider->driver->frame(x->call, event, data, &x->err);
}

/* Nothing more is wanted of this reply. */
static void
end_early(void *arg)
{
	struct exec *x = arg;

	x->how = HTTP_OK;
	make_ready(x, EXEC_ENDED);
}

static void
on_data(void *arg, struct str bytes)
{
	struct exec *x = arg;

	if (x->form != FORM_STREAM) {
		buf_add(&x->body, bytes.p, bytes.len);
		return;
	}
	if (x->state != EXEC_CALLING || x->guard.done)
		return;
	if (frame_feed(&x->frame, bytes, on_frame, x, &x->err) != 0)
		end_early(x);
	else if (x->guard.done)
		timer_set(x->engine->loop, &x->timer,
		    loop_now(x->engine->loop) + GRACE_MS, end_early, x);
}

static void
on_end(void *arg, enum http_end how, const char *reason)
{
	struct exec *x = arg;

	timer_clear(x->engine->loop, &x->timer);
	make_ready(x, EXEC_ENDED);
	x->how = how;
	if (x->guard.done)
		return; /* whatever broke, it came after the last word */
	if (how == HTTP_NO_REPLY)
		(void)fail(
		    &x->err, ERR_PROVIDER, "Cannot connect to API: %s", reason);
	else if (how == HTTP_CLOCK || how == HTTP_TOO_LARGE)
		(void)fail(&x->err, ERR_PROVIDER, "%s", reason);
}

/* --- judging an attempt */

static void
log_failure(const struct exec *x)
{
	log_line(LEVEL_WARNING, "attempt_failed",
	    "provider=%s model=%s attempt=%d status=%d", x->ask.provider->name,
	    x->ask.model, x->tried, x->status);
}

/* The driver's last word on a reply that is there, or is cut off. */
static void
settle_stream(struct exec *x)
{
	const struct driver *driver = x->ask.provider->driver;
	bool cut = x->how != HTTP_OK;

	if (!cut && frame_end(&x->frame, on_frame, x, &x->err) != 0)
		return;
	(void)!driver->end(x->call, cut, &x->err);
}

static struct str
content_type(const struct exec *x)
{
	const char *type = http_header(x->http, "content-type");

	if (type == NULL)
		return STR("");
	return (struct str){type, strlen(type)};
}

static void
settle_body(struct exec *x)
{
	const struct driver *driver = x->ask.provider->driver;
	struct str text = {buf_str(&x->body), x->body.len};

	if (x->how == HTTP_CUT) {
		(void)fail(&x->err, ERR_PROVIDER, "%s", driver_cut_text);
		return;
	}
	if (x->ask.kind == PROMPT_EMBED)
		(void)!driver->embed_body(x->call, text, &x->err);
	else if (prompt_kind_is_media(x->ask.kind))
		(void)!driver->media_body(
		    x->call, content_type(x), text, &x->err);
	else if (driver->body(x->call, text, &x->err) == 0)
		(void)!driver->end(x->call, false, &x->err);
}

static void
settle_refusal(struct exec *x)
{
	const struct driver *driver = x->ask.provider->driver;
	struct str text = {buf_str(&x->body), x->body.len};

	text = driver->explain(x->call, x->status, text);
	(void)fail_text(&x->err, ERR_PROVIDER, text);
}

static void
settle(struct exec *x)
{
	if (x->err.code != ERR_NONE || x->guard.done)
		return;
	switch (x->form) {
	case FORM_STREAM:
		settle_stream(x);
		break;
	case FORM_BODY:
		settle_body(x);
		break;
	case FORM_REFUSAL:
		settle_refusal(x);
		break;
	case FORM_WRONG:
		(void)fail(&x->err, ERR_PROVIDER,
		    "The provider's answer is no event stream (content-type "
		    "%s)",
		    http_header(x->http, "content-type"));
		break;
	}
	if (x->err.code == ERR_NONE && !x->guard.done)
		(void)fail(
		    &x->err, ERR_PROVIDER, "The provider's answer has no end");
}

/* D1: network errors, 408, 409, 429, 500 and above, and a one-shot reply that
 * is cut; never once something has gone out.  An agent that failed may have
 * used its tools: it is not run a second time. */
static bool
may_retry(const struct exec *x)
{
	bool agent = x->ask.provider->driver->abilities & DRIVER_AGENT;

	if (x->guard.emitted)
		return false;
	if (x->how == HTTP_NO_REPLY)
		return true;
	if (agent && (x->status == 500 || x->how == HTTP_CUT))
		return false;
	if (x->status == 0)
		return x->how == HTTP_CLOCK;
	if (x->form == FORM_REFUSAL)
		return x->status == 408 || x->status == 409 ||
		       x->status == 429 || x->status >= 500;
	return x->how == HTTP_CUT;
}

static int64_t
wait_before_next(const struct exec *x)
{
	int64_t wait = INT64_C(2000) << (x->tried - 1 < 20 ? x->tried - 1 : 20);

	if (x->asked_wait >= 0 &&
	    (x->asked_wait < 60000 || x->asked_wait < wait))
		return x->asked_wait;
	return wait;
}

static void
give_up(struct exec *x, bool retryable)
{
	struct err last = {0};

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
	guard_fail(&x->guard, (struct str){last.msg, strlen(last.msg)});
	err_free(&last);
	x->state = EXEC_DONE;
}

static void
wait_is_over(void *arg)
{
	make_ready(arg, EXEC_DUE);
}

static void
end_attempt(struct exec *x)
{
	struct engine *e = x->engine;
	bool retryable;

	settle(x);
	http_free(x->http);
	x->http = NULL;
	if (x->err.code == ERR_NONE) {
		x->state = EXEC_DONE;
		return;
	}
	log_failure(x);
	if (x->status == 429)
		e->throttled++;
	retryable = may_retry(x);
	if (!retryable || x->tried >= x->allowed) {
		give_up(x, retryable);
		return;
	}
	x->state = EXEC_WAITING;
	timer_set(e->loop, &x->timer, loop_now(e->loop) + wait_before_next(x),
	    wait_is_over, x);
}

/* --- attempts */

/* A fresh state for the driver, and its request. */
static int
build(struct exec *x)
{
	const struct driver *driver = x->ask.provider->driver;

	arena_free(x->attempt);
	x->attempt = arena_new(x->arena);
	x->call = driver_call(x->attempt, &x->ask, &x->guard.sink);
	if (x->ask.kind == PROMPT_EMBED && driver->embed_build == NULL)
		return fail(&x->err, ERR_UNSUPPORTED,
		    "the provider %s makes no embeddings",
		    x->ask.provider->name);
	if (x->ask.kind == PROMPT_EMBED)
		return driver->embed_build(x->call, &x->spec, &x->err);
	if (prompt_kind_is_media(x->ask.kind))
		return driver->media_build(x->call, &x->spec, &x->err);
	if (driver->build == NULL)
		return 0;
	return driver->build(x->call, &x->spec, &x->err);
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

static void
reset(struct exec *x)
{
	err_free(&x->err);
	guard_restart(&x->guard);
	buf_clear(&x->body);
	if (x->framed)
		frame_free(&x->frame);
	frame_init(&x->frame, framings[x->ask.provider->driver->framing].kind,
	    LIMIT_FRAME_BYTES);
	x->framed = true;
	x->status = 0;
	x->form = FORM_BODY;
	x->asked_wait = -1;
}

static void
send_request(struct exec *x)
{
	struct http_request request = {
	    .url = x->spec.url,
	    .headers = (const char *const *)x->spec.headers,
	    .body = x->spec.body,
	    .clocks = x->engine->settings->clocks,
	    .max_body = LIMIT_REPLY_BYTES,
	    .sigv4 = x->spec.sigv4,
	    .sigv4_key = x->spec.sigv4_key,
	};
	struct http_events events = {
	    .head = on_head, .data = on_data, .end = on_end, .arg = x};

	x->http = http_start(x->engine->loop, &request, &events, &x->err);
	if (x->http == NULL)
		x->how = HTTP_OK; /* cannot be tried again either */
}

static void
speak(void *arg)
{
	struct exec *x = arg;

	make_ready(x, EXEC_CALLING);
}

/* A driver that needs no network says its next pieces. */
static void
step_local(struct exec *x)
{
	struct engine *e = x->engine;
	int64_t delay = e->settings->echo_delay_ms;
	int more;

	do {
		more = x->ask.provider->driver->next(x->call, &x->err);
	} while (more > 0 && (delay == 0 || !x->ask.stream));
	if (more < 0)
		give_up(x, false);
	else if (more == 0)
		x->state = EXEC_DONE;
	else
		timer_set(
		    e->loop, &x->timer, loop_now(e->loop) + delay, speak, x);
}

static void
start_attempt(struct exec *x)
{
	x->tried++;
	x->state = EXEC_CALLING;
	if (x->ask.provider->driver->build == NULL) {
		make_ready(x, EXEC_CALLING);
		return;
	}
	send_request(x);
	if (x->http == NULL)
		make_ready(x, EXEC_ENDED);
}

static void
step(struct exec *x)
{
	switch (x->state) {
	case EXEC_CALLING:
		step_local(x);
		break;
	case EXEC_ENDED:
		end_attempt(x);
		break;
	case EXEC_DUE:
		reset(x);
		if (build(x) < 0)
			give_up(x, false);
		else
			start_attempt(x);
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

static struct exec *
start_images(struct exec *x, struct sink *out, struct err *err)
{
	x->images = images_start(x->engine, x->arena, &x->ask, out, err);
	if (x->images != NULL)
		return x;
	exec_free(x);
	return NULL;
}

struct exec *
exec_start(struct engine *engine, struct arena *parent, const struct ask *ask,
    struct sink *out, struct err *err)
{
	struct arena *a = arena_new(parent);
	struct exec *x = arena_zalloc(a, sizeof(*x));

	x->engine = engine;
	x->arena = a;
	x->ask = *ask;
	if (images_calls(ask) > 1)
		return start_images(x, out, err);
	x->allowed = attempts_allowed(ask, engine->settings);
	buf_init(&x->body, LIMIT_REPLY_BYTES);
	guard_init(&x->guard, out, ask->kind, ask->stream);
	reset(x);
	if (build(x) < 0) {
		err_move(err, &x->err);
		exec_free(x);
		return NULL;
	}
	log_ignored(x);
	start_attempt(x);
	return x;
}

bool
exec_done(const struct exec *x)
{
	if (x->images != NULL)
		return images_done(x->images);
	return x->state == EXEC_DONE;
}

void
exec_free(struct exec *x)
{
	if (x == NULL)
		return;
	images_free(x->images);
	http_free(x->http);
	timer_clear(x->engine->loop, &x->timer);
	unqueue(x);
	if (x->framed)
		frame_free(&x->frame);
	buf_free(&x->body);
	err_free(&x->err);
	arena_free(x->attempt);
	x->attempt = NULL;
	guard_free(&x->guard);
	arena_free(x->arena);
}

struct pools *
engine_workers(struct engine *engine)
{
	if (engine->workers == NULL)
		engine->workers = pools_new(engine->loop);
	return engine->workers;
}

void
engine_workers_free(struct engine *engine)
{
	pools_free(engine->workers);
	engine->workers = NULL;
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
