/* Evals behind a URL: the row is posted as JSON, and the reply is the answer.
 * It refuses to know what the answer says. */
#include "../base/limits.h"
#include "eval_int.h"
#include "post.h"

struct http_eval {
	struct buf body;
	struct post *post;
};

static void
on_done(void *arg, int status, struct str text, const char *reason)
{
	struct eval_run *e = arg;

	if (reason != NULL)
		eval_fail(e, reason);
	else if (status < 200 || status > 299)
		eval_fail(e, arena_printf(e->arena, "the answer's status is %d",
				 status));
	else
		(void)eval_answer_text(e, text);
}

int
eval_http_start(struct eval_run *e, struct err *err)
{
	struct http_eval *h = arena_zalloc(e->arena, sizeof(*h));
	struct post_request request = {
	    .url = e->conf->url,
	    .secret = e->conf->secret,
	    .timeout_ms = e->conf->timeout_ms,
	    .max_reply = LIMIT_EVAL_ANSWER_BYTES,
	};

	e->state = h;
	buf_init(&h->body, LIMIT_LINE_BYTES);
	eval_case_print(&h->body, &e->c);
	if (buf_full(&h->body))
		return fail(err, ERR_INTERNAL, "the row is too large");
	request.body = buf_text(&h->body);
	h->post = post_start(e->engine, e->arena, &request, on_done, e, err);
	return h->post != NULL ? 0 : -1;
}

void
eval_http_free(struct eval_run *e)
{
	struct http_eval *h = e->state;

	post_free(h->post);
	buf_free(&h->body);
}
