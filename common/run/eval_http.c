/* Evals behind a URL: the row is posted as JSON, signed like AgentMark's own
 * webhooks (protocol.md 1.3), and the reply is the answer.  It refuses to know
 * what the answer says. */
#include "../base/limits.h"
#include "../net/http.h"
#include "../wire/sign.h"
#include "eval_int.h"

#include <string.h>

struct post {
	struct eval_run *e;
	struct http *http;
	struct buf body, reply;
	int status;
};

static void
on_head(void *arg, int status)
{
	struct post *post = arg;

	post->status = status;
}

static void
on_data(void *arg, struct str bytes)
{
	struct post *post = arg;

	buf_add(&post->reply, bytes.p, bytes.len);
}

static void
on_end(void *arg, enum http_end how, const char *reason)
{
	struct post *post = arg;
	struct eval_run *e = post->e;
	struct str text = {buf_str(&post->reply), post->reply.len};

	if (how != HTTP_OK)
		eval_fail(e, reason);
	else if (post->status < 200 || post->status > 299)
		eval_fail(e, arena_printf(e->arena, "the answer's status is %d",
				 post->status));
	else
		(void)eval_answer_text(e, text);
}

/* Two lines, the signature's if there is a secret, and NULL. */
static const char **
make_headers(struct eval_run *e, struct str body)
{
	const char *secret = e->conf->secret;
	const char **headers = arena_array(e->arena, 4, sizeof(*headers));
	char signature[SIGN_LEN + 1];

	headers[0] = "Content-Type: application/json";
	headers[1] = "Accept: application/json";
	headers[2] = headers[3] = NULL;
	if (secret == NULL)
		return headers;
	sign_body((struct str){secret, strlen(secret)}, body, signature);
	headers[2] =
	    arena_printf(e->arena, "x-agentmark-signature-256: %s", signature);
	return headers;
}

static int
send_post(struct post *post, struct err *err)
{
	struct eval_run *e = post->e;
	int64_t ms = e->conf->timeout_ms;
	struct str body = {buf_str(&post->body), post->body.len};
	const struct http_request request = {
	    .url = e->conf->url,
	    .headers = make_headers(e, body),
	    .body = body,
	    .clocks = {ms, ms, ms, ms},
	    .max_body = LIMIT_EVAL_ANSWER_BYTES,
	};
	const struct http_events events = {on_head, on_data, on_end, post};

	post->http = http_start(e->engine->loop, &request, &events, err);
	return post->http != NULL ? 0 : -1;
}

int
eval_http_start(struct eval_run *e, struct err *err)
{
	struct post *post = arena_zalloc(e->arena, sizeof(*post));

	e->state = post;
	post->e = e;
	buf_init(&post->body, LIMIT_LINE_BYTES);
	buf_init(&post->reply, LIMIT_EVAL_ANSWER_BYTES);
	eval_case_print(&post->body, &e->c);
	if (buf_full(&post->body))
		return fail(err, ERR_INTERNAL, "the row is too large");
	return send_post(post, err);
}

void
eval_http_free(struct eval_run *e)
{
	struct post *post = e->state;

	http_free(post->http);
	buf_free(&post->body);
	buf_free(&post->reply);
}
