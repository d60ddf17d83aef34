/* Timers, watched descriptors and signals, without any transfer. */
#include "../../common/net/loop.h"

#include "../../common/base/clock.h"

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char fired[64];
static struct loop *loop;

static int
setup(void **state)
{
	(void)state;
	loop = loop_new();
	fired[0] = '\0';
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	loop_free(loop);
	return 0;
}

static void
append(void *arg)
{
	(void)strncat(fired, arg, sizeof(fired) - strlen(fired) - 1);
}

static void
test_timers(void **state)
{
	struct timer a = {0}, b = {0}, c = {0}, d = {0};
	char names[4][2] = {"a", "b", "c", "d"};
	int64_t now = loop_now(loop);

	(void)state;
	timer_set(loop, &a, now + 30, append, names[0]);
	timer_set(loop, &b, now + 10, append, names[1]);
	timer_set(loop, &c, now + 20, append, names[2]);
	timer_set(loop, &d, now + 10, append, names[3]);
	timer_set(loop, &c, now + 40, append, names[2]);
	timer_clear(loop, &d);
	timer_clear(loop, &d);
	timer_set(loop, &d, now + 10, append, names[3]);
	while (strlen(fired) < 4)
		loop_turn(loop, 10000);
	assert_string_equal(fired, "bdac");
	assert_true(clock_mono_ms() - now >= 40);
	assert_false(a.set || b.set || c.set || d.set);
}

static void
set_again(void *arg)
{
	append((char[]){"x"});
	timer_set(loop, arg, loop_now(loop), set_again, arg);
}

/* A timer that is always due does not hold the turn. */
static void
test_timer_sets_itself(void **state)
{
	struct timer t = {0};

	(void)state;
	timer_set(loop, &t, loop_now(loop), set_again, &t);
	loop_turn(loop, 10000);
	assert_string_equal(fired, "x");
	loop_turn(loop, 10000);
	assert_string_equal(fired, "xx");
	timer_clear(loop, &t);
}

static void
test_max_wait(void **state)
{
	struct timer t = {0};
	int64_t start = loop_now(loop);

	(void)state;
	timer_set(loop, &t, start + 60000, append, fired);
	loop_turn(loop, 20);
	assert_in_range(clock_mono_ms() - start, 19, 5000);
	timer_clear(loop, &t);
}

static void
on_signal(int number)
{
	(void)number;
}

static void
test_signal_ends_wait(void **state)
{
	struct sigaction act = {.sa_handler = on_signal};
	struct itimerval soon = {.it_value = {0, 30000}};
	int64_t start = clock_mono_ms();

	(void)state;
	assert_int_equal(sigaction(SIGALRM, &act, NULL), 0);
	assert_int_equal(setitimer(ITIMER_REAL, &soon, NULL), 0);
	loop_turn(loop, 20000);
	assert_true(clock_mono_ms() - start < 10000);
}

/* One watched end of a pair of sockets. */
struct pair {
	int ours, theirs;
	struct watch *watch;
	int calls, gone;
	bool consume, unwatch;
};

static void
on_watch(void *arg, bool gone)
{
	struct pair *p = arg;
	char c[100];

	p->calls++;
	p->gone += gone;
	if (p->consume)
		assert_true(read(p->ours, c, sizeof(c)) >= 0);
	if (p->unwatch) {
		loop_unwatch(p->watch);
		p->watch = NULL;
	}
}

static void
open_pair(struct pair *p)
{
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	*p = (struct pair){.ours = fds[0], .theirs = fds[1]};
	p->watch = loop_watch(loop, p->ours, on_watch, p);
}

static void
close_pair(struct pair *p)
{
	loop_unwatch(p->watch);
	(void)close(p->ours);
	if (p->theirs >= 0)
		(void)close(p->theirs);
}

static void
tell(const struct pair *p, const char *bytes, size_t len)
{
	assert_int_equal(write(p->theirs, bytes, len), len);
}

static void
test_peer_closes(void **state)
{
	struct pair p;

	(void)state;
	open_pair(&p);
	loop_turn(loop, 0);
	assert_int_equal(p.calls, 0);
	(void)close(p.theirs);
	p.theirs = -1;
	loop_turn(loop, 5000);
	assert_int_equal(p.gone, 1);
	loop_turn(loop, 0);
	assert_int_equal(p.calls, 1);
	close_pair(&p);
}

static void
test_peer_shuts_down(void **state)
{
	struct pair p;

	(void)state;
	open_pair(&p);
	assert_int_equal(shutdown(p.theirs, SHUT_WR), 0);
	loop_turn(loop, 5000);
	assert_int_equal(p.gone, 1);
	close_pair(&p);
}

static void
test_abort_record(void **state)
{
	struct pair p;
	char c[8];

	(void)state;
	open_pair(&p);
	tell(&p, "\1\2\0\1\0\0\0\0", 8);
	loop_turn(loop, 5000);
	assert_int_equal(p.gone, 1);
	assert_int_equal(read(p.ours, c, 8), 8); /* nothing was consumed */
	close_pair(&p);
}

/* Bytes that nobody reads are told once and do not hide the end. */
static void
test_other_bytes(void **state)
{
	struct pair p;

	(void)state;
	open_pair(&p);
	tell(&p, "\1\5\0\1\0\0\0\0", 8);
	loop_turn(loop, 5000);
	assert_int_equal(p.calls, 1);
	assert_int_equal(p.gone, 0);
	loop_turn(loop, 10);
	assert_int_equal(p.calls, 1);
	(void)close(p.theirs);
	p.theirs = -1;
	loop_turn(loop, 5000);
	assert_int_equal(p.gone, 1);
	close_pair(&p);
}

static void
test_consumed_bytes(void **state)
{
	struct pair p;

	(void)state;
	open_pair(&p);
	p.consume = true;
	for (int i = 1; i <= 3; i++) {
		tell(&p, "x", 1);
		loop_turn(loop, 5000);
		assert_int_equal(p.calls, i);
	}
	assert_int_equal(p.gone, 0);
	close_pair(&p);
}

/* A pipe that nobody reads any more, as a CGI's standard output is. */
static void
test_pipe(void **state)
{
	struct pair p = {0};
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	p.watch = loop_watch(loop, fds[1], on_watch, &p);
	loop_turn(loop, 0);
	assert_int_equal(p.calls, 0);
	(void)close(fds[0]);
	loop_turn(loop, 5000);
	assert_int_equal(p.gone, 1);
	loop_unwatch(p.watch);
	(void)close(fds[1]);
}

/* A listening socket is readable for as long as a connection waits. */
static void
test_listening(void **state)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int listener = socket(AF_UNIX, SOCK_STREAM, 0);
	int client = socket(AF_UNIX, SOCK_STREAM, 0);
	struct pair p = {0};
	socklen_t len = sizeof(at);

	(void)state;
	/* An abstract address that the kernel chooses. */
	assert_int_equal(
	    bind(listener, (struct sockaddr *)&at, sizeof(sa_family_t)), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(
	    getsockname(listener, (struct sockaddr *)&at, &len), 0);
	p.watch = loop_watch(loop, listener, on_watch, &p);
	loop_turn(loop, 0);
	assert_int_equal(p.calls, 0);
	assert_int_equal(connect(client, (struct sockaddr *)&at, len), 0);
	loop_turn(loop, 5000);
	loop_turn(loop, 5000);
	assert_int_equal(p.calls, 2);
	assert_int_equal(p.gone, 0);
	loop_unwatch(p.watch);
	(void)close(listener);
	(void)close(client);
}

static void
test_many(void **state)
{
	enum { N = 300 };
	static struct pair all[N];

	(void)state;
	for (int i = 0; i < N; i++) {
		open_pair(&all[i]);
		all[i].unwatch = i % 2 == 0;
		(void)close(all[i].theirs);
		all[i].theirs = -1;
	}
	loop_turn(loop, 5000);
	for (int i = 0; i < N; i++) {
		assert_int_equal(all[i].gone, 1);
		close_pair(&all[i]);
	}
	loop_turn(loop, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_timers, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		test_timer_sets_itself, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_max_wait, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		test_signal_ends_wait, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_peer_closes, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		test_peer_shuts_down, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_abort_record, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_other_bytes, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		test_consumed_bytes, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_pipe, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_listening, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_many, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
