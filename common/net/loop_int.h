/* What the files of net share behind loop.h. */
#ifndef LOOP_INT_H
#define LOOP_INT_H

#include "loop.h"

/* A descriptor that a library wants polled for EVENTS of poll(2); level
 * triggered.  Ended by loop_unwatch(). */
typedef void loop_io_fn(void *arg, int fd, short events);
struct watch *loop_io(struct loop *loop, int fd, short events, loop_io_fn *fn,
    void *arg) MUST_USE;
void loop_io_set(struct watch *w, short events) NONNULL;

/* The engines that live in the loop, one of a kind: AFTER, unless it is NULL,
 * is called at the end of every turn, FREE when the loop is freed. */
enum loop_slot { LOOP_HTTP, LOOP_PROC, LOOP__MAX };
struct loop_engine {
	void (*after)(void *arg);
	void (*free)(void *arg);
	void *arg; /* NULL until it is set */
};
struct loop_engine *loop_engine(struct loop *loop, enum loop_slot slot) NONNULL;

#endif
