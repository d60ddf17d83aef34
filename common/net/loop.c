/* Everything that the program waits for is here in one poll(2): watched
 * descriptors, timers, and the descriptors of the HTTP engine and of children.
 * It refuses to know what is sent over them. */
#include "loop.h"

#include "../base/clock.h"
#include "../base/xalloc.h"
#include "loop_int.h"

#include <sys/socket.h>

#include <limits.h>
#include <poll.h>
#include <stdlib.h>

/* What the version and the type of a FastCGI abort record look like. */
enum { FCGI_VERSION = 1, FCGI_ABORT = 2 };

enum watch_kind {
	WATCH_IO,	 /* of a library */
	WATCH_HANGUP,	 /* no socket: nothing to read from */
	WATCH_LISTENING, /* readable is a connection that waits */
	WATCH_PEER
};

struct watch {
	struct loop *loop;
	size_t place; /* in loop->fds */
	enum watch_kind kind;
	void (*fn)(void *arg, bool gone);
	loop_io_fn *io;
	void *arg;
};

struct loop {
	int64_t now;
	struct timer *timers;	/* by due, then in order of setting */
	struct timer *latest;	/* set last, and still set; or NULL */
	struct pollfd *fds;	/* fd is -1 where nothing is waited for */
	struct watch **watches; /* beside fds; NULL is a free place */
	size_t n, cap;
	bool turning; /* places stay as they are */
	struct loop_engine engines[LOOP__MAX];
};

struct loop *
loop_new(void)
{
	struct loop *loop = xcalloc(1, sizeof(*loop));

	loop->now = clock_mono_ms();
	return loop;
}

void
loop_free(struct loop *loop)
{
	if (loop == NULL)
		return;
	for (size_t i = 0; i < LOOP__MAX; i++)
		if (loop->engines[i].arg != NULL)
			loop->engines[i].free(loop->engines[i].arg);
	for (size_t i = 0; i < loop->n; i++)
		free(loop->watches[i]);
	free(loop->watches);
	free(loop->fds);
	free(loop);
}

int64_t
loop_now(struct loop *loop)
{
	return loop->now = clock_mono_ms();
}

struct loop_engine *
loop_engine(struct loop *loop, enum loop_slot slot)
{
	return &loop->engines[slot];
}

void
timer_clear(struct loop *loop, struct timer *t)
{
	struct timer **at = &loop->timers;

	if (!t->set)
		return;
	while (*at != t)
		at = &(*at)->next;
	*at = t->next;
	t->next = NULL;
	t->set = false;
	if (loop->latest == t)
		loop->latest = NULL;
}

void
timer_set(struct loop *loop, struct timer *t, int64_t due,
    void (*fn)(void *arg), void *arg)
{
	struct timer **at = &loop->timers;

	timer_clear(loop, t);
	t->due = due;
	t->fn = fn;
	t->arg = arg;
	/* Many that are due at once are set one after the other. */
	if (loop->latest != NULL && loop->latest->due <= due)
		at = &loop->latest->next;
	while (*at != NULL && (*at)->due <= due)
		at = &(*at)->next;
	t->next = *at;
	t->set = true;
	*at = t;
	loop->latest = t;
}

/* As many as were due before the first ran: one that sets itself again waits
 * for the next turn. */
static void
run_timers(struct loop *loop)
{
	struct timer *t;
	size_t n = 0;

	for (t = loop->timers; t != NULL && t->due <= loop->now; t = t->next)
		n++;
	for (; n > 0; n--) {
		t = loop->timers;
		if (t == NULL || t->due > loop->now)
			return;
		timer_clear(loop, t);
		t->fn(t->arg);
	}
}

static void
make_room(struct loop *loop)
{
	size_t cap = loop->cap != 0 ? loop->cap * 2 : 8;

	if (loop->n < loop->cap)
		return;
	loop->fds = xrealloc(loop->fds, xmul(cap, sizeof(*loop->fds)));
	loop->watches =
	    xrealloc(loop->watches, xmul(cap, sizeof(struct watch *)));
	loop->cap = cap;
}

static struct watch *
add_watch(struct loop *loop, int fd, short events, enum watch_kind kind)
{
	struct watch *w = xcalloc(1, sizeof(*w));

	make_room(loop);
	w->loop = loop;
	w->place = loop->n;
	w->kind = kind;
	loop->fds[loop->n] = (struct pollfd){.fd = fd, .events = events};
	loop->watches[loop->n] = w;
	loop->n++;
	return w;
}

static enum watch_kind
kind_of(int fd)
{
	int listens = 0;
	socklen_t len = sizeof(listens);

	if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len) < 0)
		return WATCH_HANGUP;
	return listens != 0 ? WATCH_LISTENING : WATCH_PEER;
}

struct watch *
loop_watch(
    struct loop *loop, int fd, void (*fn)(void *arg, bool gone), void *arg)
{
	enum watch_kind kind = kind_of(fd);
	short events = kind == WATCH_HANGUP ? 0 : POLLIN | POLLRDHUP;
	struct watch *w = add_watch(loop, fd, events, kind);

	w->fn = fn;
	w->arg = arg;
	return w;
}

struct watch *
loop_io(struct loop *loop, int fd, short events, loop_io_fn *fn, void *arg)
{
	struct watch *w = add_watch(loop, fd, events, WATCH_IO);

	w->io = fn;
	w->arg = arg;
	return w;
}

void
loop_io_set(struct watch *w, short events)
{
	w->loop->fds[w->place].events = events;
}

/* Fills free places from the end. */
static void
close_ranks(struct loop *loop)
{
	size_t i = 0;

	while (i < loop->n) {
		if (loop->watches[i] != NULL) {
			i++;
			continue;
		}
		loop->n--;
		loop->fds[i] = loop->fds[loop->n];
		loop->watches[i] = loop->watches[loop->n];
		if (loop->watches[i] != NULL)
			loop->watches[i]->place = i;
	}
}

void
loop_unwatch(struct watch *w)
{
	struct loop *loop;

	if (w == NULL)
		return;
	loop = w->loop;
	loop->fds[w->place] = (struct pollfd){.fd = -1};
	loop->watches[w->place] = NULL;
	free(w);
	if (!loop->turning)
		close_ranks(loop);
}

enum pending { NOTHING, BYTES, LEFT };

/* What waits on a socket; nothing is consumed. */
static enum pending
peek(int fd)
{
	unsigned char head[2];
	ssize_t n = recv(fd, head, sizeof(head), MSG_PEEK | MSG_DONTWAIT);

	if (n < 0)
		return NOTHING;
	if (n == 0)
		return LEFT;
	if (n == 2 && head[0] == FCGI_VERSION && head[1] == FCGI_ABORT)
		return LEFT;
	return BYTES;
}

static void
report(struct loop *loop, size_t i, short got)
{
	struct watch *w = loop->watches[i];
	int fd = loop->fds[i].fd;
	bool gone = (got & (POLLHUP | POLLERR | POLLNVAL | POLLRDHUP)) != 0;

	if (w->kind == WATCH_PEER && !gone)
		gone = peek(fd) == LEFT;
	if (gone)
		loop->fds[i].fd = -1; /* it is said once */
	w->fn(w->arg, gone);
	if (gone || loop->watches[i] != w || w->kind != WATCH_PEER)
		return;
	/* Bytes that nobody wants would wake every turn. */
	if (peek(fd) == BYTES)
		loop->fds[i].events = POLLRDHUP;
}

static void
run_watches(struct loop *loop, int ready)
{
	size_t n = loop->n;

	for (size_t i = 0; i < n && ready > 0; i++) {
		struct watch *w = loop->watches[i];
		short got = loop->fds[i].revents;

		if (got == 0)
			continue;
		ready--;
		if (w == NULL)
			continue;
		if (w->kind == WATCH_IO)
			w->io(w->arg, loop->fds[i].fd, got);
		else
			report(loop, i, got);
	}
}

static void
run_engines(struct loop *loop)
{
	for (size_t i = 0; i < LOOP__MAX; i++) {
		const struct loop_engine *engine = &loop->engines[i];

		if (engine->arg != NULL && engine->after != NULL)
			engine->after(engine->arg);
	}
}

static int
wait_for(const struct loop *loop, int max_wait)
{
	int64_t left;

	if (loop->timers == NULL)
		return max_wait;
	left = loop->timers->due - loop->now;
	if (left < 0)
		left = 0;
	if (max_wait >= 0 && left > max_wait)
		return max_wait;
	return left < INT_MAX ? (int)left : INT_MAX;
}

void
loop_turn(struct loop *loop, int max_wait)
{
	int ready;

	(void)loop_now(loop);
	ready = poll(loop->fds, (nfds_t)loop->n, wait_for(loop, max_wait));
	(void)loop_now(loop);
	loop->turning = true;
	if (ready > 0)
		run_watches(loop, ready);
	run_timers(loop);
	run_engines(loop);
	loop->turning = false;
	close_ranks(loop);
}
