/* A reply while it is being made: lines that are flushed once a turn, a
 * heartbeat when there is nothing to say, and the client's leaving. */
#ifndef STREAM_H
#define STREAM_H

#include "exec.h"
#include "reply.h"
#include "tool.h"

struct stream {
	struct engine *engine;
	struct reply *reply;
	struct buf line; /* what stream_line() sends */
	struct watch *watch;
	struct timer heartbeat;
	int64_t last_flush; /* loop_now() */
	bool unflushed;
};

/* Watches the client from here on. */
void stream_start(struct stream *s, struct engine *engine, struct reply *reply);

/* Sends the head of an NDJSON stream; heartbeats begin. */
void stream_head(struct stream *s) NONNULL;

/* What s->line holds, nothing or whole lines, leaves with the next flush. */
void stream_line(struct stream *s) NONNULL;
void stream_flush(struct stream *s) NONNULL;

/* Flushes and waits for something to happen, unless there is more to do at once
 * (WAIT is false), and flushes what came of it.  False when the client has
 * left, or when the server stops. */
bool stream_turn(struct stream *s, bool wait) MUST_USE NONNULL;

/* Whether there is a client to be told that the server stops. */
bool stream_stopped(const struct stream *s) NONNULL;

/* Fails with the reason why stream_turn() said false. */
int stream_fail(const struct stream *s, struct err *err) NONNULL;

/* Waits for tools, which may be NULL. */
int stream_tools(
    struct stream *s, struct toolset *set, struct err *err) MUST_USE;

void stream_stop(struct stream *s) NONNULL;

#endif
