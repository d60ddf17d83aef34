/* Exchanges over HTTP with a server.  They are started and freed by a timer,
 * since nothing may be started where the network speaks, and what is sent must
 * stay as long as it is sent.  It refuses to know what a reply means. */
#include "../base/limits.h"
#include "../base/xalloc.h"
#include "mcp_int.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The headers that are ours, at most, and the end. */
enum { OWN_HEADERS = 7 };

static void pump(void *arg);

static void
pump_later(struct mcp_server *s)
{
	struct loop *loop = s->engine->loop;

	if (!s->pump.set)
		timer_set(loop, &s->pump, loop_now(loop), pump, s);
}

void
mcp_post_add(
    struct mcp_server *s, enum mcp_post_kind kind, const struct mcp_out *out)
{
	struct mcp_post *p = xcalloc(1, sizeof(*p)), **at = &s->posts;

	p->server = s;
	p->kind = kind;
	p->generation = s->generation;
	if (s->session != NULL)
		p->session = xstrdup(s->session);
	buf_init(&p->body, LIMIT_MCP_MESSAGE_BYTES);
	buf_init(&p->reply, LIMIT_MCP_MESSAGE_BYTES);
	if (out != NULL) {
		p->request = out->request;
		p->greeting = out->greeting;
		buf_add(&p->body, out->text.p, out->text.len);
	}
	while (*at != NULL)
		at = &(*at)->next;
	*at = p;
	pump_later(s);
}

void
mcp_post_drop(struct mcp_post *p)
{
	p->dead = true;
	p->request = NULL;
	pump_later(p->server);
}

void
mcp_posts_drop(struct mcp_server *s)
{
	for (struct mcp_post *p = s->posts; p != NULL; p = p->next)
		mcp_post_drop(p);
}

static void
free_post(struct mcp_post *p)
{
	http_free(p->http);
	if (p->framed)
		frame_free(&p->frame);
	buf_free(&p->body);
	buf_free(&p->reply);
	free(p->session);
	free(p);
}

void
mcp_posts_free(struct mcp_server *s)
{
	struct mcp_post *p;

	while ((p = s->posts) != NULL) {
		s->posts = p->next;
		free_post(p);
	}
	timer_clear(s->engine->loop, &s->pump);
}

/* --- what the network says */

static bool
is_stream(const struct mcp_post *p)
{
	return p->type != NULL &&
	       strncasecmp(p->type, "text/event-stream", 17) == 0;
}

/* A name that can be a header's value: visible ASCII. */
static bool
is_token(const char *text)
{
	size_t len = strlen(text);

	for (size_t i = 0; i < len; i++)
		if (text[i] <= ' ' || text[i] > '~')
			return false;
	return len > 0 && len <= LIMIT_MCP_SESSION_BYTES;
}

static void
on_head(void *arg, int status)
{
	struct mcp_post *p = arg;
	struct mcp_server *s = p->server;
	const char *session = http_header(p->http, "mcp-session-id");

	p->status = status;
	p->type = http_header(p->http, "content-type");
	if (p->dead || status >= 300)
		return;
	if (is_stream(p)) {
		frame_init(&p->frame, FRAME_SSE, LIMIT_MCP_MESSAGE_BYTES);
		p->framed = true;
	}
	if (p->greeting) { /* some leave the reply open */
		p->greeting = false;
		mcp_greeted(s);
	}
	if (p->request == NULL || p->request->method != MCP_INITIALIZE)
		return;
	if (session != NULL && is_token(session)) {
		free(s->session);
		s->session = xstrdup(session);
	}
}

/* Events without data carry a number only, from which a stream might be taken
 * up again. */
static int
on_event(void *arg, struct str event, struct str data)
{
	struct mcp_post *p = arg;

	if (p->kind == MCP_POST_STREAM)
		mcp_sse_event(p->server, event, data);
	else if (data.len > 0 && mcp_receive(p->server, data) < 0)
		mcp_noise(p->server);
	return p->dead ? 1 : 0;
}

static void
end_post(struct mcp_post *p, enum http_end how, const char *reason)
{
	if (p->dead)
		return;
	mcp_http_ended(p, how, reason);
	mcp_post_drop(p);
}

static void
on_data(void *arg, struct str bytes)
{
	struct mcp_post *p = arg;
	struct err err = {0};

	if (p->dead)
		return;
	if (!p->framed)
		buf_add(&p->reply, bytes.p, bytes.len);
	else if (frame_feed(&p->frame, bytes, on_event, p, &err) < 0)
		end_post(p, HTTP_TOO_LARGE, err.msg);
	err_free(&err);
}

static void
on_end(void *arg, enum http_end how, const char *reason)
{
	end_post(arg, how, reason);
}

/* --- what goes out */

/* What intermediaries want to know of a request without a session. */
static size_t
add_routing(struct arena *a, const struct mcp_request *r, const char **lines)
{
	const char *name =
	    json_string_value(json_object_get(r->params, "name"));
	size_t n = 0;

	lines[n++] =
	    arena_printf(a, "Mcp-Method: %s", mcp_method_name(r->method));
	if (r->method == MCP_CALL && is_token(name))
		lines[n++] = arena_printf(a, "Mcp-Name: %s", name);
	return n;
}

static const char *const *
make_headers(struct arena *a, const struct mcp_post *p)
{
	const struct mcp_server *s = p->server;
	const char *const *own = s->conf->headers;
	size_t n = 0, i = 0;
	const char **lines;

	while (own != NULL && own[i] != NULL)
		i++;
	lines = arena_array(a, i + OWN_HEADERS, sizeof(*lines));
	if (p->body.len > 0)
		lines[n++] = "Content-Type: application/json";
	lines[n++] = p->kind == MCP_POST_STREAM
			 ? "Accept: text/event-stream"
			 : "Accept: application/json, text/event-stream";
	if (s->state == MCP_GREETING || s->state == MCP_UP ||
	    p->kind == MCP_POST_DELETE)
		lines[n++] =
		    arena_printf(a, "MCP-Protocol-Version: %s", s->version);
	if (p->session != NULL)
		lines[n++] = arena_printf(a, "Mcp-Session-Id: %s", p->session);
	if (s->stateless && p->request != NULL)
		n += add_routing(a, p->request, lines + n);
	for (i = 0; own != NULL && own[i] != NULL; i++)
		lines[n++] = own[i];
	lines[n] = NULL;
	return lines;
}

/* A stream stays as long as the session does; requests have clocks of their
 * own, which are told of better. */
static void
start(struct mcp_post *p)
{
	struct mcp_server *s = p->server;
	struct arena *a = arena_new(NULL);
	int64_t ms = s->conf->timeout_ms;
	bool stream = p->kind == MCP_POST_STREAM;
	const char *url = p->kind == MCP_POST && s->endpoint != NULL
			      ? s->endpoint
			      : s->conf->url;
	const struct http_request request = {
	    .url = url,
	    .method = p->kind == MCP_POST_DELETE ? "DELETE" : NULL,
	    .headers = make_headers(a, p),
	    .body = {p->body.len > 0 ? buf_str(&p->body) : NULL, p->body.len},
	    .clocks = {.connect = ms, .total = stream ? 0 : ms},
	    .max_body = stream ? SIZE_MAX : LIMIT_MCP_OUTPUT_BYTES,
	};
	const struct http_events events = {
	    .head = on_head, .data = on_data, .end = on_end, .arg = p};
	struct err err = {0};

	p->http = http_start(s->engine->loop, &request, &events, &err);
	if (p->http == NULL)
		end_post(p, HTTP_NO_REPLY, err.msg);
	err_free(&err);
	arena_free(a);
}

static void
pump(void *arg)
{
	struct mcp_server *s = arg;
	struct mcp_post **at = &s->posts, *p;

	while ((p = *at) != NULL) {
		if (p->dead) {
			*at = p->next;
			free_post(p);
			continue;
		}
		if (p->http == NULL)
			start(p);
		at = &p->next;
	}
}
