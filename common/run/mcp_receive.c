/* Takes what a server says: answers go to who asked, requests are answered,
 * notes are noted, and the rest is counted.  It refuses to know what carried
 * it. */
#include "../base/limits.h"
#include "../base/log.h"
#include "mcp_int.h"

#include <string.h>

/* What comes at the same time, whatever it is. */
enum { BATCH_MAX = 1000 };

void
mcp_noise(struct mcp_server *s)
{
	if (++s->noise > LIMIT_MCP_NOISE)
		mcp_failed(
		    s, "said %u things that nobody asked for", LIMIT_MCP_NOISE);
}

static struct mcp_request *
find_request(struct mcp_server *s, const json_t *id)
{
	struct mcp_request *r = s->requests;

	if (!json_is_integer(id))
		return NULL;
	while (r != NULL && (!r->sent || r->id != json_integer_value(id)))
		r = r->next;
	return r;
}

static void
take_call(struct mcp_request *r, const json_t *result, const json_t *error)
{
	bool is_error;
	json_t *value;

	r->server->failures = 0;
	if (error != NULL) {
		mcp_refused(r, "%s", mcp_error_text(error));
	} else if (!json_is_object(result)) {
		mcp_refused(r, "the answer is no result of a tool");
	} else {
		value = mcp_result_value(result, &is_error);
		mcp_answered(r, value, is_error);
	}
}

static void
take_answer(struct mcp_server *s, const json_t *message)
{
	struct mcp_request *r = find_request(s, json_object_get(message, "id"));
	const json_t *result = json_object_get(message, "result");
	const json_t *error = json_object_get(message, "error");

	if (r == NULL) {
		/* A late one: what was cancelled may be answered still. */
		mcp_noise(s);
		return;
	}
	if (r->method == MCP_INITIALIZE)
		mcp_initialized(r, result, error);
	else if (r->method == MCP_LIST)
		mcp_page(r, result, error);
	else
		take_call(r, result, error);
}

static void
take_request(struct mcp_server *s, const json_t *id, const char *method)
{
	struct mcp_out out = {0};
	struct buf b;

	mcp_noise(s);
	if (s->state == MCP_DOWN)
		return;
	buf_init(&b, LIMIT_MCP_MESSAGE_BYTES);
	mcp_print_answer(&b, id, method);
	out.text = buf_text(&b);
	if (!buf_full(&b))
		s->link->send(s, &out);
	buf_free(&b);
}

/* Progress and log messages are for people, who are not here. */
static void
take_notification(struct mcp_server *s, const char *method)
{
	if (strcmp(method, "notifications/tools/list_changed") == 0)
		s->stale = true;
}

static int
take(struct mcp_server *s, const json_t *message)
{
	const char *method =
	    json_string_value(json_object_get(message, "method"));
	const json_t *id = json_object_get(message, "id");

	if (!json_is_object(message))
		return -1;
	if (method != NULL && id != NULL)
		take_request(s, id, method);
	else if (method != NULL)
		take_notification(s, method);
	else if (id != NULL)
		take_answer(s, message);
	else
		return -1;
	return 0;
}

/* Arrays are of 2025-03-26. */
static int
take_all(struct mcp_server *s, const json_t *messages)
{
	size_t n = json_array_size(messages);
	unsigned session = s->generation;
	int rc = n == 0 || n > BATCH_MAX ? -1 : 0;

	for (size_t i = 0; i < n && rc == 0; i++) {
		if (s->state == MCP_DOWN || s->generation != session)
			break;
		rc = take(s, json_array_get(messages, i));
	}
	return rc;
}

int
mcp_receive(struct mcp_server *s, struct str text)
{
	struct err err = {0};
	json_t *message = json_read(text, &err);
	int rc = -1;

	s->heard++;
	if (json_is_array(message))
		rc = take_all(s, message);
	else if (message != NULL)
		rc = take(s, message);
	json_decref(message);
	err_free(&err);
	return rc;
}
