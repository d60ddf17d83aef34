/* Carries one attempt's request to a vendor over HTTP and the reply to its
 * driver.  It refuses to know any vendor's format and what follows from a
 * failure. */
#include "exec_int.h"

#include "../base/limits.h"
#include "../base/utf.h"
#include "../net/retry_after.h"

#include <string.h>
#include <strings.h>

/* A stream that has said everything may still end in order, so that its
 * connection can serve the next call; it gets no longer than this. */
enum { GRACE_MS = 20 };

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

static const struct driver *
driver_of(const struct exec *x)
{
	return x->ask.provider->driver;
}

/* --- what the network says */

/* Whether the reply is what the driver's frame expects. */
static bool
is_stream(const struct exec *x)
{
	const struct driver *driver = driver_of(x);
	const char *type = http_header(x->http.http, "content-type");

	return type == NULL || driver->any_type ||
	       strcasestr(type, framings[driver->framing].type) != NULL;
}

static void
on_head(void *arg, int status)
{
	struct exec *x = arg;

	x->status = status;
	if (status >= 300) {
		x->http.form = FORM_REFUSAL;
		x->asked_wait = retry_after(x->http.http);
	} else if (!x->ask.stream) {
		x->http.form = FORM_BODY;
	} else {
		x->http.form = is_stream(x) ? FORM_STREAM : FORM_WRONG;
	}
}

static int
on_frame(void *arg, struct str event, struct str data)
{
	struct exec *x = arg;

	return driver_frame(x->call, event, data, &x->err);
}

/* Nothing more is wanted of this reply. */
static void
end_early(void *arg)
{
	struct exec *x = arg;

	x->how = HTTP_OK;
	exec_ready(x, EXEC_ENDED);
}

static void
on_data(void *arg, struct str bytes)
{
	struct exec *x = arg;
	struct loop *loop = x->engine->loop;

	if (x->http.form != FORM_STREAM) {
		buf_add(&x->http.body, bytes.p, bytes.len);
		return;
	}
	if (x->state != EXEC_CALLING || x->guard.done)
		return;
	if (frame_feed(&x->http.frame, bytes, on_frame, x, &x->err) != 0)
		end_early(x);
	else if (x->guard.done)
		timer_set(loop, &x->http.grace, loop_now(loop) + GRACE_MS,
		    end_early, x);
}

static void
on_end(void *arg, enum http_end how, const char *reason)
{
	struct exec *x = arg;

	timer_clear(x->engine->loop, &x->http.grace);
	exec_ready(x, EXEC_ENDED);
	x->how = how;
	if (x->guard.done)
		return; /* whatever broke, it came after the last word */
	if (how == HTTP_NO_REPLY)
		(void)fail(
		    &x->err, ERR_PROVIDER, "Cannot connect to API: %s", reason);
	else if (how == HTTP_CLOCK || how == HTTP_TOO_LARGE)
		(void)fail(&x->err, ERR_PROVIDER, "%s", reason);
}

/* --- the driver's last word */

/* On a reply that is there, or is cut off. */
static void
settle_stream(struct exec *x)
{
	bool cut = x->how != HTTP_OK;

	if (!cut && frame_end(&x->http.frame, on_frame, x, &x->err) != 0)
		return;
	(void)!driver_end(x->call, cut, &x->err);
}

static struct str
content_type(const struct exec *x)
{
	const char *type = http_header(x->http.http, "content-type");

	if (type == NULL)
		return STR("");
	return str_from(type);
}

static void
settle_body(struct exec *x)
{
	const struct driver *driver = driver_of(x);
	struct str text = buf_text(&x->http.body);

	if (x->how == HTTP_CUT) {
		(void)fail(&x->err, ERR_PROVIDER, "%s", driver_cut_text);
		return;
	}
	if (x->ask.kind == PROMPT_EMBED)
		(void)!driver->embed_body(x->call, text, &x->err);
	else if (prompt_kind_is_media(x->ask.kind))
		(void)!driver->media_body(
		    x->call, content_type(x), text, &x->err);
	else
		(void)!driver->body(x->call, text, &x->err);
}

static void
settle_refusal(struct exec *x)
{
	struct str text = buf_text(&x->http.body);

	text = driver_of(x)->explain(x->call, x->status, text);
	(void)fail_text(&x->err, ERR_PROVIDER, text);
}

static void
settle(struct exec *x)
{
	switch (x->http.form) {
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
		    http_header(x->http.http, "content-type"));
		break;
	}
	if (x->err.code == ERR_NONE && !x->guard.done)
		(void)fail(
		    &x->err, ERR_PROVIDER, "The provider's answer has no end");
}

/* --- the request */

static int
build(struct exec *x)
{
	const struct driver *driver = driver_of(x);
	struct http_spec *spec = &x->http.spec;

	*spec = (struct http_spec){0};
	if (x->ask.kind == PROMPT_EMBED)
		return driver->embed_build(x->call, spec, &x->err);
	if (prompt_kind_is_media(x->ask.kind))
		return driver->media_build(x->call, spec, &x->err);
	return driver->build(x->call, spec, &x->err);
}

static void
reset(struct exec *x)
{
	struct exec_http *h = &x->http;

	buf_init(&h->body, LIMIT_REPLY_BYTES);
	frame_init(
	    &h->frame, framings[driver_of(x)->framing].kind, LIMIT_FRAME_BYTES);
	h->framed = true;
	h->form = FORM_BODY;
}

/* The driver's, and the trace that the call belongs to. */
static const char *const *
headers(const struct exec *x)
{
	const char **own = x->http.spec.headers, **all;
	size_t n = 0;

	if (x->ask.traceparent == NULL)
		return own;
	while (own != NULL && own[n] != NULL)
		n++;
	all = arena_array(x->attempt, n + 2, sizeof(*all));
	for (size_t i = 0; i < n; i++)
		all[i] = own[i];
	all[n] =
	    arena_printf(x->attempt, "traceparent: %s", x->ask.traceparent);
	all[n + 1] = NULL;
	return all;
}

static void
start(struct exec *x)
{
	struct http_request request = {
	    .url = x->http.spec.url,
	    .headers = headers(x),
	    .body = x->http.spec.body,
	    .sigv4 = x->http.spec.sigv4,
	    .sigv4_key = x->http.spec.sigv4_key,
	    .clocks = x->engine->settings->clocks,
	    .max_body = LIMIT_REPLY_BYTES,
	};
	struct http_events events = {
	    .head = on_head, .data = on_data, .end = on_end, .arg = x};

	reset(x);
	x->http.http = http_start(x->engine->loop, &request, &events, &x->err);
	if (x->http.http == NULL)
		exec_ready(x, EXEC_ENDED); /* cannot be tried again either */
}

static void
stop(struct exec *x)
{
	struct exec_http *h = &x->http;

	http_free(h->http);
	h->http = NULL;
	timer_clear(x->engine->loop, &h->grace);
	if (!h->framed)
		return;
	frame_free(&h->frame);
	buf_free(&h->body);
	h->framed = false;
}

const struct exec_source exec_http = {
    .build = build,
    .start = start,
    .settle = settle,
    .stop = stop,
};
