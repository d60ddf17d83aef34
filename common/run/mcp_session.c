/* One session with a server: how it begins, what is asked in it and for how
 * long.  It refuses to know what carries it. */
#include "../base/limits.h"
#include "../base/xalloc.h"
#include "mcp_int.h"

#include <stdlib.h>
#include <string.h>

#define STATELESS_VERSION "2026-07-28"

static double
seconds(const struct mcp_server *s)
{
	return (double)s->conf->timeout_ms / 1000;
}

static void
set_clock(struct mcp_server *s, struct timer *t, void (*fn)(void *), void *arg)
{
	struct loop *loop = s->engine->loop;

	timer_set(loop, t, loop_now(loop) + s->conf->timeout_ms, fn, arg);
}

/* --- requests */

struct mcp_request *
mcp_ask(struct mcp_server *s, enum mcp_method method, json_t *params)
{
	struct mcp_request *r = xcalloc(1, sizeof(*r)), **at = &s->requests;

	r->server = s;
	r->id = ++s->last_id;
	r->method = method;
	r->params = params;
	while (*at != NULL)
		at = &(*at)->next;
	*at = r;
	return r;
}

void
mcp_drop(struct mcp_request *r, bool broken)
{
	struct mcp_server *s = r->server;
	struct mcp_request **at = &s->requests;

	timer_clear(s->engine->loop, &r->clock);
	while (*at != r)
		at = &(*at)->next;
	*at = r->next;
	if (r->sent)
		s->link->forget(s, r, broken);
	json_decref(r->params);
	free(r);
}

static void
send_text(
    struct mcp_server *s, struct buf *b, struct mcp_request *r, bool greeting)
{
	const struct mcp_out out = {
	    .text = {buf_str(b), b->len},
	    .request = r,
	    .greeting = greeting,
	};

	s->link->send(s, &out);
}

/* Without a session the end of the stream says it, over HTTP. */
static void
send_cancel(const struct mcp_request *r, const char *why)
{
	struct mcp_server *s = r->server;
	struct buf b;

	if (!r->sent || s->state != MCP_UP || r->method != MCP_CALL ||
	    (s->stateless && s->link != &mcp_stdio))
		return;
	buf_init(&b, LIMIT_MCP_MESSAGE_BYTES);
	mcp_print_cancel(&b, r->id, why);
	send_text(s, &b, NULL, false);
	buf_free(&b);
}

void
mcp_cancel(struct mcp_request *r)
{
	send_cancel(r, "no longer needed");
	mcp_drop(r, true);
}

/* One call too slow is the tool's; a server from which nothing came at all is
 * dead or stands still. */
static void
on_clock(void *arg)
{
	struct mcp_request *r = arg;
	struct mcp_server *s = r->server;
	bool silent = s->heard == r->heard && s->link != &mcp_http;

	if (r->method != MCP_CALL) {
		mcp_failed(s, "did not answer %s within %g s",
		    mcp_method_name(r->method), seconds(s));
		return;
	}
	send_cancel(r, "timed out");
	mcp_refused(r, "the MCP server %s did not answer within %g s",
	    s->conf->name, seconds(s));
	if (silent)
		mcp_failed(s, "has said nothing for %g s", seconds(s));
}

static void
send_request(struct mcp_request *r)
{
	struct mcp_server *s = r->server;
	struct buf b;

	buf_init(&b, LIMIT_MCP_MESSAGE_BYTES);
	mcp_print_request(&b, r);
	if (buf_full(&b)) {
		mcp_refused(r, "the arguments are larger than %u bytes",
		    LIMIT_MCP_MESSAGE_BYTES);
	} else {
		s->noise = 0;
		r->sent = true;
		r->heard = s->heard;
		set_clock(s, &r->clock, on_clock, r);
		send_text(s, &b, r, false);
	}
	buf_free(&b);
}

void
mcp_start(struct mcp_request *r)
{
	struct mcp_server *s = r->server;

	if (s->state == MCP_UP)
		send_request(r);
	else
		mcp_connect(s);
}

/* What waited for the session. */
static void
flush(struct mcp_server *s)
{
	struct mcp_request *r, *next;

	s->state = MCP_UP;
	for (r = s->requests; r != NULL; r = next) {
		next = r->next;
		if (!r->sent)
			send_request(r);
	}
}

/* --- the beginning */

static void
on_open_clock(void *arg)
{
	struct mcp_server *s = arg;

	mcp_failed(s, "did not open its stream within %g s", seconds(s));
}

void
mcp_connect(struct mcp_server *s)
{
	if (s->state != MCP_DOWN)
		return;
	if (loop_now(s->engine->loop) < s->not_before) {
		mcp_deny(s);
		return;
	}
	if (s->conf->argv != NULL)
		s->link = &mcp_stdio;
	else if (s->conf->transport == MCP_SSE || s->refused != 0)
		s->link = &mcp_sse;
	else
		s->link = &mcp_http;
	s->generation++;
	s->state = MCP_OPENING;
	set_clock(s, &s->clock, on_open_clock, s);
	s->link->open(s);
}

void
mcp_opened(struct mcp_server *s)
{
	timer_clear(s->engine->loop, &s->clock);
	s->state = MCP_ASKING;
	send_request(mcp_ask(s, MCP_INITIALIZE, mcp_initialize_params()));
}

void
mcp_greeted(struct mcp_server *s)
{
	if (s->state == MCP_GREETING)
		flush(s);
}

static const char *
known_version(const char *version)
{
	size_t i = 0;

	while (mcp_versions[i] != NULL && version != NULL &&
	       strcmp(mcp_versions[i], version) != 0)
		i++;
	return version != NULL ? mcp_versions[i] : NULL;
}

static void
greet(struct mcp_server *s)
{
	struct buf b;

	s->state = MCP_GREETING;
	buf_init(&b, LIMIT_MCP_MESSAGE_BYTES);
	mcp_print_greeting(&b);
	send_text(s, &b, NULL, true);
	buf_free(&b);
}

void
mcp_initialized(
    struct mcp_request *r, const json_t *result, const json_t *error)
{
	struct mcp_server *s = r->server;
	const char *version =
	    json_string_value(json_object_get(result, "protocolVersion"));

	if (error != NULL && mcp_is_stateless(error)) {
		s->stateless = true;
		s->version = STATELESS_VERSION;
		mcp_drop(r, false);
		flush(s);
		return;
	}
	if (error != NULL) {
		mcp_failed(s, "refuses to begin: %s", mcp_error_text(error));
		return;
	}
	if (known_version(version) == NULL) {
		mcp_failed(s,
		    "speaks the protocol \"%.40s\", which is not "
		    "known here",
		    version != NULL ? version : "");
		return;
	}
	s->version = known_version(version);
	mcp_drop(r, false);
	greet(s);
}

static void
lose_session(struct mcp_server *s)
{
	free(s->session);
	s->session = NULL;
	s->version = mcp_versions[0];
	s->generation++;
	s->stale = true;
	mcp_opened(s);
}

/* Only what the server did not take is asked again: another request may have
 * been carried out already.  A list begins with its first page. */
void
mcp_begin_anew(struct mcp_server *s, struct mcp_request *r, unsigned generation)
{
	if (r->repeated) {
		mcp_failed(s, "forgets its sessions");
		return;
	}
	r->sent = false;
	timer_clear(s->engine->loop, &r->clock);
	if (r->method == MCP_LIST) {
		mcp_drop(r, false);
		r = mcp_first_page(s);
	}
	r->repeated = true;
	if (generation == s->generation)
		lose_session(s);
	else
		mcp_start(r);
}
