/* Keeps a reply flowing.  It refuses to know what is said in it. */
#include "stream.h"

#include "../base/limits.h"

/* A signal may come just before the wait and not shorten it. */
enum { TURN_MS = 1000 };

static void
on_client(void *arg, bool gone)
{
	struct stream *s = arg;

	s->reply->gone = s->reply->gone || gone;
}

void
stream_start(struct stream *s, struct engine *engine, struct reply *reply)
{
	*s = (struct stream){.engine = engine, .reply = reply};
	buf_init(&s->line, LIMIT_LINE_BYTES);
	if (reply->fd >= 0)
		s->watch = loop_watch(engine->loop, reply->fd, on_client, s);
}

static void set_heartbeat(struct stream *s);

/* Web servers notice at a write that a client left a silent model. */
static void
beat(void *arg)
{
	struct stream *s = arg;
	int64_t silent = loop_now(s->engine->loop) - s->last_flush;

	if (silent >= s->engine->settings->heartbeat_ms) {
		s->reply->write(s->reply, STR("\n"));
		s->unflushed = true;
		stream_flush(s);
	}
	set_heartbeat(s);
}

static void
set_heartbeat(struct stream *s)
{
	int64_t ms = s->engine->settings->heartbeat_ms;

	if (ms > 0)
		timer_set(s->engine->loop, &s->heartbeat, s->last_flush + ms,
		    beat, s);
}

void
stream_head(struct stream *s)
{
	s->reply->stream(s->reply);
	s->unflushed = true;
	stream_flush(s);
	set_heartbeat(s);
}

void
stream_line(struct stream *s)
{
	if (s->line.len == 0)
		return;
	s->reply->write(s->reply, buf_text(&s->line));
	buf_clear(&s->line);
	s->unflushed = true;
}

void
stream_flush(struct stream *s)
{
	if (!s->unflushed)
		return;
	s->unflushed = false;
	s->reply->flush(s->reply);
	s->last_flush = loop_now(s->engine->loop);
}

bool
stream_turn(struct stream *s, bool wait)
{
	if (wait)
		stream_flush(s);
	engine_turn(s->engine, wait ? TURN_MS : 0);
	stream_flush(s);
	return !s->reply->gone && !s->engine->stopping;
}

bool
stream_stopped(const struct stream *s)
{
	return !s->reply->gone && s->engine->stopping;
}

int
stream_fail(const struct stream *s, struct err *err)
{
	if (stream_stopped(s))
		return fail(err, ERR_STOPPED, "the server stops");
	return fail(err, ERR_GONE, "the client has left");
}

int
stream_tools(struct stream *s, struct toolset *set, struct err *err)
{
	int rc = 1;

	while (set != NULL && (rc = toolset_ready(set, err)) == 0)
		if (!stream_turn(s, true))
			return stream_fail(s, err);
	return rc > 0 ? 0 : -1;
}

void
stream_stop(struct stream *s)
{
	timer_clear(s->engine->loop, &s->heartbeat);
	loop_unwatch(s->watch);
	buf_free(&s->line);
}
