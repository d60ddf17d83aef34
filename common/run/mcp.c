/* The servers of a process and the calls of their tools.  A server is one
 * session that all share; what fails is told to who waits and tried anew at
 * the next use, not more often than it makes sense.  It refuses to know what
 * is said to a server and how. */
#include "mcp.h"

#include "../base/limits.h"
#include "../base/log.h"
#include "../base/xalloc.h"
#include "mcp_int.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	REASON_BYTES = 1024,
	/* From the second failure in a row on; it doubles. */
	BACKOFF_MS = 500,
	BACKOFF_MAX_MS = 10000,
	/* Without a stream of its own HTTP does not tell of changes. */
	LIST_TTL_MS = 5 * 60 * 1000,
	GOODBYE_MS = 300
};

struct mcp_call {
	struct mcp_request *request; /* while it runs */
	struct loop *loop;
	json_t *result;
	bool is_error;
	struct timer timer;
	void (*done)(void *arg);
	void *arg;
};

/* --- servers */

static struct mcp_server *
find_server(struct engine *engine, const struct mcp_conf *conf)
{
	struct mcp_server *s;

	if (engine->mcp == NULL)
		engine->mcp = xcalloc(1, sizeof(*engine->mcp));
	for (s = engine->mcp->first; s != NULL; s = s->next)
		if (strcmp(s->conf->name, conf->name) == 0)
			return s;
	s = xcalloc(1, sizeof(*s));
	s->engine = engine;
	s->conf = conf;
	s->version = mcp_versions[0];
	s->next = engine->mcp->first;
	engine->mcp->first = s;
	return s;
}

static bool
is_listed(const struct mcp_server *s)
{
	if (s->listing != MCP_LISTED || s->stale)
		return false;
	return s->conf->argv != NULL ||
	       loop_now(s->engine->loop) - s->listed < LIST_TTL_MS;
}

struct mcp_server *
mcp_get(struct engine *engine, const struct mcp_conf *conf)
{
	struct mcp_server *s = find_server(engine, conf);

	if (s->listing != MCP_LISTING && !is_listed(s))
		mcp_start(mcp_first_page(s));
	return s;
}

int
mcp_tools(struct mcp_server *s, const json_t **tools, struct err *err)
{
	if (s->listing == MCP_UNLISTABLE)
		return fail(err, ERR_PROVIDER, "%s", s->reason);
	*tools = s->tools;
	return s->listing == MCP_LISTED ? 1 : 0;
}

/* --- failures */

void
mcp_deny(struct mcp_server *s)
{
	while (s->requests != NULL)
		mcp_refused(s->requests, "%s", s->reason);
	if (s->listing == MCP_LISTING)
		s->listing = MCP_UNLISTABLE;
	s->stale = true;
}

void
mcp_disconnect(struct mcp_server *s)
{
	timer_clear(s->engine->loop, &s->clock);
	if (s->link != NULL)
		s->link->close(s);
	s->state = MCP_DOWN;
	s->stateless = false;
	s->version = mcp_versions[0];
	free(s->session);
	s->session = NULL;
	free(s->endpoint);
	s->endpoint = NULL;
}

static int64_t
backoff(unsigned failures)
{
	int64_t ms = BACKOFF_MS;

	if (failures < 2)
		return 0;
	for (; failures > 2 && ms < BACKOFF_MAX_MS; failures--)
		ms *= 2;
	return ms < BACKOFF_MAX_MS ? ms : BACKOFF_MAX_MS;
}

void
mcp_failed(struct mcp_server *s, const char *fmt, ...)
{
	char why[REASON_BYTES], all[REASON_BYTES + 100];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	(void)snprintf(
	    all, sizeof(all), "the MCP server %.64s %s", s->conf->name, why);
	free(s->reason);
	s->reason = xstrdup(all);
	log_reason(LEVEL_WARNING, "mcp_failed", s->reason);
	if (s->state != MCP_UP)
		s->refused = 0; /* the other transport may be there again */
	mcp_disconnect(s);
	s->failures++;
	s->not_before = loop_now(s->engine->loop) + backoff(s->failures);
	mcp_deny(s);
}

/* --- requests that end */

static void
tell(void *arg)
{
	struct mcp_call *c = arg;

	c->done(c->arg);
}

static void
end_call(struct mcp_call *c, json_t *result, bool is_error)
{
	c->request = NULL;
	c->result = result;
	c->is_error = is_error;
	timer_set(c->loop, &c->timer, loop_now(c->loop), tell, c);
}

void
mcp_answered(struct mcp_request *r, json_t *result, bool is_error)
{
	struct mcp_call *c = r->call;

	mcp_drop(r, false);
	if (c != NULL)
		end_call(c, result, is_error);
	else
		json_decref(result);
}

void
mcp_refused(struct mcp_request *r, const char *fmt, ...)
{
	char text[REASON_BYTES + 200];
	struct mcp_call *c = r->call;
	json_t *value;
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	mcp_drop(r, true);
	if (c == NULL)
		return;
	/* What is no UTF-8 is replaced when it is printed. */
	value = json_stringn_nocheck(text, strlen(text));
	end_call(c, value, true);
}

/* --- calls */

struct mcp_call *
mcp_call(struct engine *engine, struct arena *a, const struct mcp_conf *conf,
    const char *tool, const json_t *args, void (*done)(void *arg), void *arg)
{
	struct mcp_server *s = find_server(engine, conf);
	struct mcp_call *c = arena_zalloc(a, sizeof(*c));
	json_t *params = json_object();

	c->loop = engine->loop;
	c->done = done;
	c->arg = arg;
	(void)json_object_set_new(
	    params, "name", json_stringn_nocheck(tool, strlen(tool)));
	(void)json_object_set_new(params, "arguments",
	    json_is_object(args) ? json_incref((json_t *)(uintptr_t)args)
				 : json_object());
	c->request = mcp_ask(s, MCP_CALL, params);
	c->request->call = c;
	mcp_start(c->request);
	return c;
}

const json_t *
mcp_call_result(const struct mcp_call *c, bool *is_error)
{
	*is_error = c->is_error;
	return c->result;
}

void
mcp_call_free(struct mcp_call *c)
{
	if (c == NULL)
		return;
	timer_clear(c->loop, &c->timer);
	if (c->request != NULL) {
		c->request->call = NULL;
		mcp_cancel(c->request);
	}
	json_decref(c->result);
	c->request = NULL;
	c->result = NULL;
}

/* --- the end */

static bool
is_leaving(const struct mcp_servers *all)
{
	const struct mcp_server *s;

	for (s = all->first; s != NULL; s = s->next)
		if (s->link != NULL && s->link->is_leaving(s))
			return true;
	return false;
}

/* Nothing is asked any more; a session that stands is ended in order. */
static void
begin_to_leave(struct mcp_server *s)
{
	free(s->reason);
	s->reason = xstrdup("the MCP servers were ended");
	mcp_deny(s);
	timer_clear(s->engine->loop, &s->clock);
	if (s->state == MCP_UP)
		s->link->leave(s);
	else
		mcp_disconnect(s);
	s->state = MCP_DOWN;
}

static void
free_server(struct mcp_server *s)
{
	mcp_disconnect(s);
	mcp_posts_free(s);
	timer_clear(s->engine->loop, &s->pump);
	json_decref(s->tools);
	json_decref(s->pages);
	free(s->reason);
	free(s);
}

void
mcp_free_all(struct engine *engine)
{
	struct mcp_servers *all = engine->mcp;
	struct mcp_server *s, *next;
	int64_t until, now;

	if (all == NULL)
		return;
	for (s = all->first; s != NULL; s = s->next)
		begin_to_leave(s);
	now = loop_now(engine->loop);
	until = now + GOODBYE_MS;
	for (; is_leaving(all) && now < until; now = loop_now(engine->loop))
		loop_turn(engine->loop, (int)(until - now));
	for (s = all->first; s != NULL; s = next) {
		next = s->next;
		free_server(s);
	}
	free(all);
	engine->mcp = NULL;
}
