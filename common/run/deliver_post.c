/* Posts what is to be delivered and judges the answer.  It refuses to know what
 * is in either. */
#include "deliver_post.h"

#include "../base/gunzip.h"
#include "../base/limits.h"
#include "../net/retry_after.h"

#include <string.h>

struct delivery_posting {
	struct http *http;
	const char *path; /* of the URL: it may be a secret */
	struct buf packed, reply;
	int status;
	int64_t retry_after;
	void (*heed)(struct delivery *d, int status, struct str reply);
};
const size_t delivery_posting_size = sizeof(struct delivery_posting);

static void
on_head(void *arg, int status)
{
	struct delivery_posting *p = delivery_state(arg);

	p->status = status;
	p->retry_after = retry_after(p->http);
}

static void
on_data(void *arg, struct str bytes)
{
	struct delivery_posting *p = delivery_state(arg);

	buf_add(&p->reply, bytes.p, bytes.len);
}

static bool
may_help_later(int status)
{
	return status == 408 || status == 425 || status == 429 || status >= 500;
}

/* What follows the host, unless it is a slash at most. */
static const char *
path_of(const char *url)
{
	const char *host = strstr(url, "://");
	const char *path = host != NULL ? strchr(host + 3, '/') : NULL;

	return path != NULL && path[1] != '\0' ? path : NULL;
}

/* Some servers repeat where a request went, with the query or without. */
static bool
tells_path(const char *reply, const char *path)
{
	size_t len = path != NULL ? strcspn(path, "?") : 0;

	if (len > 1 && memmem(reply, strlen(reply), path, len) != NULL)
		return true;
	return len != 0 && path[len] != '\0' &&
	       strstr(reply, path + len + 1) != NULL;
}

/* The beginning of what came back, on one line. */
static const char *
words(struct delivery *d, const struct delivery_posting *p)
{
	struct arena *a = delivery_arena(d);
	const char *reply = buf_str(&p->reply);
	char *text;
	size_t i;

	if (tells_path(reply, p->path))
		return arena_printf(a, "status %d", p->status);
	text = arena_printf(a, "status %d: %.200s", p->status, reply);
	for (i = 0; text[i] != '\0'; i++)
		if ((unsigned char)text[i] < ' ')
			text[i] = ' ';
	return text;
}

static void
on_end(void *arg, enum http_end how, const char *reason)
{
	struct delivery *d = arg;
	struct delivery_posting *p = delivery_state(d);

	(void)how; /* a status is an answer, whatever became of its body */
	if (p->heed != NULL && p->status >= 200 && p->status <= 299)
		p->heed(d, p->status, buf_text(&p->reply));
	if (p->status == 0)
		delivery_end(d, DELIVERED_RETRY, 0, reason);
	else if (p->status >= 200 && p->status <= 299)
		delivery_end(d, DELIVERED_OK, 0, NULL);
	else
		delivery_end(d,
		    may_help_later(p->status) ? DELIVERED_RETRY
					      : DELIVERED_NEVER,
		    p->retry_after, words(d, p));
}

static const char **
make_headers(struct arena *a, const struct delivery_post *post, bool packed)
{
	size_t n = 0, i = 0;
	const char **headers;

	while (post->headers != NULL && post->headers[n] != NULL)
		n++;
	headers = arena_array(a, n + 3, sizeof(*headers));
	headers[i++] = arena_printf(a, "Content-Type: %s", post->type);
	if (packed)
		headers[i++] = "Content-Encoding: gzip";
	if (n != 0)
		memcpy(headers + i, post->headers, n * sizeof(*headers));
	headers[i + n] = NULL;
	return headers;
}

void
delivery_post(
    struct delivery *d, struct engine *engine, const struct delivery_post *post)
{
	struct delivery_posting *p = delivery_state(d);
	int64_t ms = post->timeout_ms;
	size_t max = post->max_reply;
	struct http_request request = {
	    .url = post->url,
	    .body = post->body,
	    .clocks = {ms, ms, ms, ms},
	    .max_body = max != 0 ? max : LIMIT_ERROR_BODY_BYTES,
	};
	const struct http_events events = {on_head, on_data, on_end, d};
	struct err err = {0};
	bool packed;

	p->path = path_of(post->url);
	p->heed = post->heed;
	buf_init(&p->reply, request.max_body);
	buf_init(&p->packed, post->body.len + 1024);
	packed = post->gzip && gzip(&p->packed, post->body);
	if (packed)
		request.body = buf_text(&p->packed);
	request.headers = make_headers(delivery_arena(d), post, packed);
	p->http = http_start(engine->loop, &request, &events, &err);
	if (p->http == NULL)
		delivery_end(d, DELIVERED_NEVER, 0, err.msg);
	err_free(&err);
}

void
delivery_post_drop(struct delivery *d)
{
	struct delivery_posting *p = delivery_state(d);

	http_free(p->http);
	buf_free(&p->packed);
	buf_free(&p->reply);
}
