/* Posts JSON and gathers the reply.  It refuses to know what either says. */
#include "post.h"

#include "../base/utf.h"

#include "../net/http.h"
#include "../wire/sign.h"

struct post {
	struct http *http;
	struct buf reply;
	int status;
	void (*done)(
	    void *arg, int status, struct str text, const char *reason);
	void *arg;
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
	struct str text = buf_text(&post->reply);

	post->done(
	    post->arg, post->status, text, how != HTTP_OK ? reason : NULL);
}

/* Two lines, the signature's if there is a secret, and NULL. */
static const char **
make_headers(struct arena *a, const struct post_request *request)
{
	const char *secret = request->secret;
	const char **headers = arena_array(a, 4, sizeof(*headers));
	char signature[SIGN_LEN + 1];

	headers[0] = "Content-Type: application/json";
	headers[1] = "Accept: application/json";
	headers[2] = headers[3] = NULL;
	if (secret == NULL)
		return headers;
	sign_body(str_from(secret), request->body, signature);
	headers[2] =
	    arena_printf(a, "x-agentmark-signature-256: %s", signature);
	return headers;
}

struct post *
post_start(struct engine *engine, struct arena *a,
    const struct post_request *request,
    void (*done)(void *arg, int status, struct str text, const char *reason),
    void *arg, struct err *err)
{
	struct post *post = arena_zalloc(a, sizeof(*post));
	int64_t ms = request->timeout_ms;
	const struct http_request http = {
	    .url = request->url,
	    .headers = make_headers(a, request),
	    .body = request->body,
	    .clocks = {ms, ms, ms, ms},
	    .max_body = request->max_reply,
	};
	const struct http_events events = {on_head, on_data, on_end, post};

	post->done = done;
	post->arg = arg;
	buf_init(&post->reply, request->max_reply);
	post->http = http_start(engine->loop, &http, &events, err);
	return post->http != NULL ? post : NULL;
}

void
post_free(struct post *post)
{
	if (post == NULL)
		return;
	http_free(post->http);
	buf_free(&post->reply);
}
