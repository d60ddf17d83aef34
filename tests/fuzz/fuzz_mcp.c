/* What an MCP server may say, line after line: its answers to initialize and
 * tools/list, a call that waits, questions, anything.  A list holds good tools
 * only, and a call that is over has a result. */
#include "../../common/base/limits.h"
#include "../../common/base/log.h"
#include "../../common/base/xalloc.h"
#include "../../common/run/mcp_int.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void
link_nothing(struct mcp_server *s)
{
	(void)s;
}

static void
link_send(struct mcp_server *s, const struct mcp_out *out)
{
	if (out->text.len == 0 || memchr(out->text.p, '\n', out->text.len))
		abort();
	if (out->greeting)
		mcp_greeted(s);
}

static void
link_forget(struct mcp_server *s, const struct mcp_request *r, bool broken)
{
	(void)s;
	(void)r;
	(void)broken;
}

static bool
link_never(const struct mcp_server *s)
{
	(void)s;
	return false;
}

static const struct mcp_link nowhere = {
    .open = link_nothing,
    .send = link_send,
    .forget = link_forget,
    .close = link_nothing,
    .leave = link_nothing,
    .is_leaving = link_never,
};

static void
on_done(void *arg)
{
	(void)arg;
}

static void
check_tools(struct mcp_server *s)
{
	const json_t *tools = NULL;
	struct err err = {0};
	int rc = mcp_tools(s, &tools, &err);

	if ((rc < 0) != (err.code != ERR_NONE))
		abort();
	for (size_t i = 0; rc > 0 && i < json_array_size(tools); i++) {
		const json_t *tool = json_array_get(tools, i);

		if (!json_is_string(json_object_get(tool, "name")) ||
		    !json_is_object(json_object_get(tool, "inputSchema")))
			abort();
	}
	err_free(&err);
}

static void
hear_all(struct mcp_server *s, struct str text)
{
	while (text.len > 0 && s->state != MCP_DOWN) {
		const char *end = memchr(text.p, '\n', text.len);
		size_t n = end != NULL ? (size_t)(end - text.p) : text.len;

		if (mcp_receive(s, (struct str){text.p, n}) < 0)
			mcp_noise(s);
		n += end != NULL;
		text = (struct str){text.p + n, text.len - n};
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const char *const argv[] = {"none", NULL};
	const struct mcp_conf conf = {
	    .name = "fuzz", .argv = argv, .timeout_ms = 1000};
	struct engine engine = {.loop = loop_new()};
	struct mcp_server *s = xcalloc(1, sizeof(*s));
	struct arena *a = arena_new(NULL);
	struct mcp_call *call;

	log_set_level(LEVEL_ERROR);
	engine.mcp = xcalloc(1, sizeof(*engine.mcp));
	engine.mcp->first = s;
	s->engine = &engine;
	s->conf = &conf;
	s->version = mcp_versions[0];
	s->link = &nowhere;
	s->state = MCP_OPENING;
	mcp_start(mcp_first_page(s));
	call = mcp_call(&engine, a, &conf, "tool", NULL, on_done, NULL);
	mcp_opened(s);
	hear_all(s, (struct str){(const char *)data, len});
	check_tools(s);
	mcp_call_free(call);
	mcp_free_all(&engine);
	loop_free(engine.loop);
	arena_free(a);
	return 0;
}
