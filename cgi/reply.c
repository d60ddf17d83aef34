/* Writes heads and bodies in CGI's form.  It refuses to know what is said and
 * over which of the two gateways. */
#include "reply.h"

#include "../common/base/buf.h"
#include "../common/base/limits.h"
#include "../common/net/httpd.h"

#include <inttypes.h>
#include <string.h>

static void
put(struct answer *a, struct str bytes)
{
	if (!a->reply.gone && a->conn->ops->write(a->conn, bytes) == -1)
		a->reply.gone = true;
}

/* LEN is -1 when the body ends by itself. */
static void
put_head(struct answer *a, int status, const char *type, int64_t len)
{
	struct buf b;

	buf_init(&b, LIMIT_HEAD_BYTES);
	buf_addf(&b, "Status: %d %s\r\n", status, httpd_phrase(status));
	if (type != NULL)
		buf_addf(&b, "Content-Type: %s\r\n", type);
	if (type != NULL && len != -1 && !a->head_only)
		buf_addf(&b, "Content-Length: %" PRId64 "\r\n", len);
	if (a->head != NULL)
		buf_adds(&b, a->head);
	if (a->reply.retry_after > 0)
		buf_addf(
		    &b, "Retry-After: %" PRId64 "\r\n", a->reply.retry_after);
	if (a->request_id != NULL)
		buf_addf(&b, "X-Request-Id: %s\r\n", a->request_id);
	buf_adds(&b, "Cache-Control: no-store\r\n\r\n");
	put(a, (struct str){buf_str(&b), b.len});
	buf_free(&b);
	a->reply.started = true;
	a->status = status;
}

static void
put_whole(struct answer *a, int status, const char *type, struct str body)
{
	if (a->reply.started)
		return;
	put_head(a, status, type, (int64_t)body.len);
	if (a->head_only)
		return;
	put(a, body);
	a->bytes = body.len;
}

static void
answer_json(struct reply *r, int status, struct str body)
{
	put_whole((struct answer *)r, status, "application/json; charset=utf-8",
	    body);
}

void
answer_text(struct answer *a, int status, struct str text)
{
	put_whole(a, status, text.len != 0 ? "text/plain; charset=utf-8" : NULL,
	    text);
}

void
answer_page(struct answer *a, struct str text)
{
	a->head = "Content-Security-Policy: default-src 'none'; "
		  "style-src 'unsafe-inline'; frame-ancestors 'none'; "
		  "base-uri 'none'; form-action 'none'\r\n"
		  "X-Content-Type-Options: nosniff\r\n"
		  "Referrer-Policy: no-referrer\r\n";
	put_whole(a, 200, "text/html; charset=utf-8", text);
}

static void
answer_stream(struct reply *r)
{
	struct answer *a = (struct answer *)r;

	if (r->started)
		return;
	a->head = "AgentMark-Streaming: true\r\nX-Accel-Buffering: no\r\n";
	put_head(a, 200, "application/x-ndjson", -1);
}

static void
answer_write(struct reply *r, struct str text)
{
	struct answer *a = (struct answer *)r;

	put(a, text);
	a->bytes += text.len;
}

static void
answer_flush(struct reply *r)
{
	struct answer *a = (struct answer *)r;

	if (!r->gone && a->conn->ops->flush(a->conn) == -1)
		r->gone = true;
}

void
answer_init(struct answer *a, struct conn *conn)
{
	*a = (struct answer){
	    .reply =
		{
		    .json = answer_json,
		    .stream = answer_stream,
		    .write = answer_write,
		    .flush = answer_flush,
		    .fd = -1,
		},
	    .conn = conn,
	};
}
