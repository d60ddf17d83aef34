/* Tools behind a URL: {name, arguments} is posted, the reply is the answer.  It
 * refuses to know what the answer says. */
#include "../base/json.h"
#include "../base/limits.h"
#include "../base/utf.h"
#include "post.h"
#include "tool_int.h"

struct http_tool {
	struct buf body;
	struct post *post;
};

/* {"error": text} tells more than a status does. */
static void
take_refusal(struct tool_run *r, int status, struct str text)
{
	struct err err = {0};
	json_t *answer = json_read(text, &err);

	if (json_is_string(json_object_get(answer, "error")))
		(void)tool_answer_text(r, text);
	else
		tool_fail(r,
		    arena_printf(r->arena, "the tool's status is %d", status));
	json_decref(answer);
	err_free(&err);
}

static void
on_done(void *arg, int status, struct str text, const char *reason)
{
	struct tool_run *r = arg;

	if (reason != NULL)
		tool_fail(r, reason);
	else if (status < 200 || status > 299)
		take_refusal(r, status, text);
	else
		(void)tool_answer_text(r, text);
}

int
tool_http_start(struct tool_run *r, struct err *err)
{
	const struct tool_conf *conf = r->tool->conf;
	struct http_tool *t = arena_zalloc(r->arena, sizeof(*t));
	struct post_request request = {
	    .url = conf->url,
	    .secret = conf->secret,
	    .timeout_ms = conf->timeout_ms,
	    .max_reply = LIMIT_TOOL_ANSWER_BYTES,
	};

	r->state = t;
	buf_init(&t->body, LIMIT_LINE_BYTES);
	buf_adds(&t->body, "{\"name\":");
	json_print_string(&t->body, str_from(conf->name));
	buf_adds(&t->body, ",\"arguments\":");
	json_print(&t->body, r->args);
	buf_addc(&t->body, '}');
	if (buf_full(&t->body))
		return fail(err, ERR_INTERNAL, "the arguments are too large");
	request.body = buf_text(&t->body);
	t->post = post_start(r->engine, r->arena, &request, on_done, r, err);
	return t->post != NULL ? 0 : -1;
}

void
tool_http_free(struct tool_run *r)
{
	struct http_tool *t = r->state;

	post_free(t->post);
	buf_free(&t->body);
}
