/* Streamable HTTP: every message is a POST, whose reply is the answer or a
 * stream of messages with the answer in it.  It refuses to know how an
 * exchange is made. */
#include "../base/limits.h"
#include "mcp_int.h"

#include <stdlib.h>
#include <string.h>

static void
open_http(struct mcp_server *s)
{
	mcp_opened(s);
}

static void
send_http(struct mcp_server *s, const struct mcp_out *out)
{
	mcp_post_add(s, MCP_POST, out);
}

/* What is answered may end in order, so that its connection is kept. */
static void
forget_http(struct mcp_server *s, const struct mcp_request *r, bool broken)
{
	for (struct mcp_post *p = s->posts; p != NULL; p = p->next) {
		if (p->request != r)
			continue;
		p->request = NULL;
		if (broken)
			mcp_post_drop(p);
	}
}

static void
close_http(struct mcp_server *s)
{
	mcp_posts_drop(s);
}

static void
leave_http(struct mcp_server *s)
{
	mcp_posts_drop(s);
	if (s->session != NULL)
		mcp_post_add(s, MCP_POST_DELETE, NULL);
}

static bool
is_leaving_http(const struct mcp_server *s)
{
	const struct mcp_post *p = s->posts;

	while (p != NULL && (p->kind != MCP_POST_DELETE || p->dead))
		p = p->next;
	return p != NULL;
}

const struct mcp_link mcp_http = {
    .open = open_http,
    .send = send_http,
    .forget = forget_http,
    .close = close_http,
    .leave = leave_http,
    .is_leaving = is_leaving_http,
};

/* --- replies */

static struct str
reply_text(const struct mcp_post *p)
{
	return buf_text(&p->reply);
}

static json_t *
read_reply(const struct mcp_post *p)
{
	struct err err = {0};
	json_t *json = NULL;

	if (!buf_full(&p->reply))
		json = json_read(reply_text(p), &err);
	err_free(&err);
	return json;
}

const char *
mcp_http_refusal(struct mcp_post *p, struct buf *b)
{
	json_t *json = read_reply(p);
	const json_t *error = json_object_get(json, "error");

	buf_addf(b, "status %d", p->status);
	if (p->status < 400)
		buf_adds(b, " (redirects are not followed)");
	if (json_is_object(error))
		buf_addf(b, ": %.300s", mcp_error_text(error));
	else if (json_is_string(error))
		buf_addf(b, ": %.300s", json_string_value(error));
	json_decref(json);
	return buf_str(b);
}

/* One call fails by itself; without an answer to anything else there is no
 * session. */
static void
fail_post(struct mcp_post *p, const char *what, const char *why)
{
	struct mcp_server *s = p->server;
	struct mcp_request *r = p->request;

	p->request = NULL;
	if (r != NULL && r->method == MCP_CALL)
		mcp_refused(
		    r, "the MCP server %s %s%s", s->conf->name, what, why);
	else if (r != NULL || p->greeting)
		mcp_failed(s, "%s%s", what, why);
}

/* 404 is the specification's; servers made from its first examples say 400 and
 * name the session in the text. */
static bool
is_lost(struct mcp_post *p)
{
	struct buf b;
	bool lost;

	if (p->session == NULL || p->request == NULL)
		return false;
	if (p->status != 400)
		return p->status == 404;
	buf_init(&b, LIMIT_MCP_MESSAGE_BYTES);
	lost = strcasestr(mcp_http_refusal(p, &b), "session") != NULL;
	buf_free(&b);
	return lost;
}

/* The statuses with which a server of 2024-11-05 answers a POST. */
static bool
may_be_old(const struct mcp_post *p)
{
	return p->request != NULL && p->request->method == MCP_INITIALIZE &&
	       p->server->conf->transport == MCP_AUTO &&
	       p->server->link == &mcp_http &&
	       (p->status == 400 || p->status == 404 || p->status == 405);
}

static void
try_sse(struct mcp_post *p)
{
	struct mcp_server *s = p->server;
	struct mcp_request *r = p->request;

	p->request = NULL;
	mcp_drop(r, false);
	s->refused = p->status;
	mcp_disconnect(s);
	mcp_connect(s);
}

/* Some servers put a status beside an error of JSON-RPC. */
static bool
is_answer(const struct mcp_request *r, const json_t *message)
{
	const json_t *id = json_object_get(message, "id");

	return json_is_integer(id) && json_integer_value(id) == r->id;
}

static void
take_refusal(struct mcp_post *p)
{
	struct mcp_server *s = p->server;
	struct mcp_request *r = p->request;
	json_t *json;
	const json_t *error;
	struct buf b;

	if (is_lost(p)) {
		p->request = NULL;
		mcp_begin_anew(s, r, p->generation);
		return;
	}
	json = read_reply(p);
	error = json_object_get(json, "error");
	if (r != NULL && error != NULL && is_answer(r, json)) {
		if (mcp_receive(s, reply_text(p)) < 0)
			fail_post(p, "answers with what is no message", "");
	} else if (r != NULL && r->method == MCP_INITIALIZE && error != NULL &&
		   mcp_is_stateless(error)) {
		mcp_initialized(r, NULL, error);
	} else if (may_be_old(p)) {
		try_sse(p);
	} else {
		buf_init(&b, LIMIT_MCP_MESSAGE_BYTES);
		fail_post(p, "answers with ", mcp_http_refusal(p, &b));
		buf_free(&b);
	}
	json_decref(json);
}

static void
take_reply(struct mcp_post *p)
{
	if (p->request == NULL)
		return;
	if (buf_full(&p->reply))
		fail_post(p, "answers with more than it may", "");
	else if (!p->framed && mcp_receive(p->server, reply_text(p)) < 0)
		fail_post(p, "answers with what is no message", "");
	if (p->request != NULL)
		fail_post(p, "ends its reply without an answer", "");
}

void
mcp_http_ended(struct mcp_post *p, enum http_end how, const char *reason)
{
	if (p->kind == MCP_POST_DELETE)
		return;
	if (p->kind == MCP_POST_STREAM)
		mcp_sse_ended(p, reason);
	else if (how == HTTP_NO_REPLY || p->status == 0)
		fail_post(p, "cannot be reached: ", reason);
	else if (p->status >= 300)
		take_refusal(p);
	else if (how != HTTP_OK)
		fail_post(p, "breaks off its reply: ", reason);
	else if (p->server->link == &mcp_http)
		take_reply(p);
}
