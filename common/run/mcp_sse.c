/* HTTP with SSE, the transport of 2024-11-05: a stream that stays brings all
 * that the server says, first the address that messages are posted to.  It
 * refuses to know how an exchange is made. */
#include "../base/limits.h"
#include "../base/utf.h"
#include "../base/xalloc.h"
#include "mcp_int.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static void
open_sse(struct mcp_server *s)
{
	mcp_post_add(s, MCP_POST_STREAM, NULL);
}

static void
send_sse(struct mcp_server *s, const struct mcp_out *out)
{
	mcp_post_add(s, MCP_POST, out);
}

/* Its POST has most likely ended; if not, it is the next one's turn anyway. */
static void
forget_sse(struct mcp_server *s, const struct mcp_request *r, bool broken)
{
	(void)broken;
	for (struct mcp_post *p = s->posts; p != NULL; p = p->next)
		if (p->request == r)
			p->request = NULL;
}

static void
close_sse(struct mcp_server *s)
{
	mcp_posts_drop(s);
}

static bool
is_leaving_sse(const struct mcp_server *s)
{
	(void)s;
	return false;
}

const struct mcp_link mcp_sse = {
    .open = open_sse,
    .send = send_sse,
    .forget = forget_sse,
    .close = close_sse,
    .leave = close_sse,
    .is_leaving = is_leaving_sse,
};

/* --- the stream */

/* Where the path begins. */
static size_t
origin_len(const char *url)
{
	const char *host = strstr(url, "://");
	size_t start = host != NULL ? (size_t)(host - url) + 3 : 0;

	return start + strcspn(url + start, "/?#");
}

/* Reference resolution (RFC 3986, 5.2) as far as servers need it: NULL for
 * another origin, to which the headers must not go. */
static char *
resolve(const char *base, const char *ref)
{
	size_t origin = origin_len(base), path, len;
	const char *slash;
	char *url;

	if (strstr(ref, "://") != NULL && ref[0] != '/' && ref[0] != '?') {
		if (origin_len(ref) != origin ||
		    strncasecmp(ref, base, origin) != 0)
			return NULL;
		return xstrdup(ref);
	}
	if (ref[0] == '/' && ref[1] == '/')
		return NULL;
	path = origin + strcspn(base + origin, "?#");
	if (ref[0] == '/') {
		path = origin;
	} else if (ref[0] != '?') {
		slash = memrchr(base + origin, '/', path - origin);
		path = slash != NULL ? (size_t)(slash - base) + 1 : origin;
	}
	len = path + strlen(ref) + 2;
	url = xmalloc(len);
	(void)snprintf(url, len, "%.*s%s%s", (int)path, base,
	    path == origin && ref[0] != '/' ? "/" : "", ref);
	return url;
}

static void
take_endpoint(struct mcp_server *s, struct str data)
{
	char *ref = xstrndup(data.p, data.len);

	if (s->state != MCP_OPENING) {
		mcp_noise(s);
	} else if (data.len > LIMIT_MCP_SESSION_BYTES ||
		   (s->endpoint = resolve(s->conf->url, ref)) == NULL) {
		mcp_failed(s, "wants messages at another host, %.200s", ref);
	} else {
		mcp_opened(s);
	}
	free(ref);
}

void
mcp_sse_event(struct mcp_server *s, struct str event, struct str data)
{
	if (s->state == MCP_DOWN)
		return;
	if (str_is(event, "endpoint"))
		take_endpoint(s, data);
	else if (data.len > 0 && mcp_receive(s, data) < 0)
		mcp_noise(s);
}

void
mcp_sse_ended(struct mcp_post *p, const char *reason)
{
	struct mcp_server *s = p->server;
	char refused[80] = "";
	struct buf b;

	if (s->refused != 0)
		(void)snprintf(refused, sizeof(refused),
		    "POST with status %d and ", s->refused);
	buf_init(&b, LIMIT_MCP_MESSAGE_BYTES);
	if (p->status == 0)
		mcp_failed(s, "cannot be reached: %s", reason);
	else if (p->status >= 300)
		mcp_failed(s, "answers %sGET with %s", refused,
		    mcp_http_refusal(p, &b));
	else if (!p->framed)
		mcp_failed(s, "answers %sGET with what is no stream of events",
		    refused);
	else
		mcp_failed(s, "ended its stream (%s)", reason);
	buf_free(&b);
}
