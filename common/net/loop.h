/* The one place where the program waits: one curl_multi for all transfers, a
 * few watched descriptors, and timers.  One thread; every callback returns at
 * once.  Nothing here knows JSON. */
#ifndef LOOP_H
#define LOOP_H

#include "../base/base.h"
#include "../base/err.h"

struct loop;

struct loop *loop_new(void) MUST_USE;
void loop_free(struct loop *loop);

/* Milliseconds of the monotonic clock, as of the last turn or call. */
int64_t loop_now(struct loop *loop) NONNULL;

/* Waits until something is ready or MAX_WAIT milliseconds have passed, and
 * runs what became due.  A signal ends the wait early.  A loop without
 * transfers costs one poll(2).  A negative MAX_WAIT is no limit. */
void loop_turn(struct loop *loop, int max_wait) NONNULL;

/* Calls FN(ARG, gone) when FD becomes readable or its peer closes.  GONE says
 * that the peer has closed: hang-up, error, end of file (peeked, nothing is
 * consumed) or a pending FastCGI abort record.  One watch per descriptor. */
struct watch;
struct watch *loop_watch(struct loop *loop, int fd,
    void (*fn)(void *arg, bool gone), void *arg) MUST_USE;
void loop_unwatch(struct watch *w);

/* One-shot timers; the caller owns the struct, zeroed before first use.
 * Setting again moves it; the callback may set it again. */
struct timer {
	int64_t due; /* loop_now() milliseconds */
	void (*fn)(void *arg);
	void *arg;
	struct timer *next; /* private */
	bool set;
};
void timer_set(struct loop *loop, struct timer *t, int64_t due,
    void (*fn)(void *arg), void *arg);
void timer_clear(struct loop *loop, struct timer *t) NONNULL;

#endif
