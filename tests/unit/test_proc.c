/* Children that behave and children that do not.  After each test there is
 * none left, not even as a zombie. */
#include "../../common/net/proc.h"

#include "../../common/base/buf.h"
#include "../../common/base/clock.h"

#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define PATIENCE 20000 /* ms; a test that waits so long has failed */

static struct loop *loop;

/* One child and what came of it. */
struct child {
	struct proc *proc;
	struct buf lines; /* each with a line break */
	struct buf err_text;
	int n_lines, ends, code;
	enum proc_end how;
	int64_t ended; /* ms */
	bool free_in_line, free_in_end;
};

static int
setup(void **state)
{
	(void)state;
	loop = loop_new();
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	loop_free(loop);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
	return 0;
}

static void
on_line(void *arg, struct str line)
{
	struct child *c = arg;

	assert_int_equal(c->ends, 0);
	assert_non_null(c->proc);
	c->n_lines++;
	buf_add(&c->lines, line.p, line.len);
	buf_addc(&c->lines, '\n');
	if (!c->free_in_line)
		return;
	proc_free(c->proc);
	c->proc = NULL;
}

static void
on_end(void *arg, enum proc_end how, int code, struct str err_text)
{
	struct child *c = arg;

	c->ends++;
	c->how = how;
	c->code = code;
	c->ended = clock_mono_ms();
	buf_add(&c->err_text, err_text.p, err_text.len);
	if (!c->free_in_end)
		return;
	proc_free(c->proc);
	c->proc = NULL;
}

static void
begin(struct child *c, struct proc_request r)
{
	const struct proc_events events = {on_line, on_end, c};
	struct err err = {0};

	if (r.max_line == 0)
		r.max_line = 1 << 20;
	buf_init(&c->lines, 64 << 20);
	buf_init(&c->err_text, 1 << 20);
	c->proc = proc_start(loop, &r, &events, &err);
	if (c->proc == NULL)
		fail_msg("%s", err.msg);
}

static void
begin_shell(struct child *c, const char *script)
{
	begin(c, (struct proc_request){
		     .argv = (const char *[]){"sh", "-c", script, NULL}});
}

static void
wait_for_end(const struct child *c)
{
	int64_t until = clock_mono_ms() + PATIENCE;

	while (c->ends == 0) {
		loop_turn(loop, 1000);
		assert_true(clock_mono_ms() < until);
	}
	assert_int_equal(c->ends, 1);
}

static void
wait_for_lines(const struct child *c, int n)
{
	int64_t until = clock_mono_ms() + PATIENCE;

	while (c->n_lines < n) {
		loop_turn(loop, 1000);
		assert_true(clock_mono_ms() < until);
	}
}

/* Turns until the loop has reaped them all. */
static void
wait_for_none(void)
{
	int64_t until = clock_mono_ms() + PATIENCE;
	siginfo_t info;

	while (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0) {
		loop_turn(loop, 20);
		assert_true(clock_mono_ms() < until);
	}
	assert_int_equal(errno, ECHILD);
}

static void
discard(struct child *c)
{
	proc_free(c->proc);
	buf_free(&c->lines);
	buf_free(&c->err_text);
}

static void
run_shell(struct child *c, const char *script)
{
	begin_shell(c, script);
	proc_close_input(c->proc);
	wait_for_end(c);
}

static void
test_lines_both_ways(void **state)
{
	struct child c = {0};

	(void)state;
	begin(&c, (struct proc_request){.argv = (const char *[]){"cat", NULL}});
	proc_write(c.proc, STR("one\n"));
	wait_for_lines(&c, 1);
	proc_write(c.proc, STR("two\r\n\nthr"));
	proc_write(c.proc, STR("ee"));
	proc_close_input(c.proc);
	wait_for_end(&c);
	assert_string_equal(buf_str(&c.lines), "one\ntwo\n\nthree\n");
	assert_int_equal(c.how, PROC_EXIT);
	assert_int_equal(c.code, 0);
	assert_string_equal(buf_str(&c.err_text), "");
	discard(&c);
}

static void
test_status(void **state)
{
	struct child c = {0}, d = {0};

	(void)state;
	run_shell(&c, "echo out; echo first >&2; echo last >&2; exit 3");
	assert_string_equal(buf_str(&c.lines), "out\n");
	assert_string_equal(buf_str(&c.err_text), "first\nlast\n");
	assert_int_equal(c.how, PROC_EXIT);
	assert_int_equal(c.code, 3);
	run_shell(&d, "kill -USR1 $$");
	assert_int_equal(d.how, PROC_SIGNAL);
	assert_int_equal(d.code, SIGUSR1);
	discard(&c);
	discard(&d);
}

/* Under tools that make a fork of every vfork the child can only say it with
 * its status. */
static void
expect_no_start(struct proc_request r, const char *message)
{
	struct child c = {0};
	const struct proc_events events = {on_line, on_end, &c};
	struct err err = {0};

	r.max_line = 100;
	c.proc = proc_start(loop, &r, &events, &err);
	if (c.proc == NULL) {
		assert_string_equal(err.msg, message);
	} else {
		buf_init(&c.err_text, 100);
		wait_for_end(&c);
		assert_int_equal(c.code, 127);
	}
	err_free(&err);
	discard(&c);
}

static void
test_not_found(void **state)
{
	(void)state;
	expect_no_start(
	    (struct proc_request){
		.argv = (const char *[]){"no-such-program", NULL}},
	    "cannot start no-such-program: No such file or directory");
	expect_no_start(
	    (struct proc_request){
		.argv = (const char *[]){"true", NULL}, .dir = "/no/such/dir"},
	    "cannot start true: No such file or directory");
}

/* Nothing of ours is in its environment but what it needs. */
static void
test_environment(void **state)
{
	struct child c = {0}, d = {0}, e = {0};

	(void)state;
	assert_int_equal(setenv("SECRET", "x", 1), 0);
	assert_int_equal(setenv("HOME", "/home-of-test", 1), 0);
	begin(&c, (struct proc_request){.argv = (const char *[]){"env", NULL}});
	wait_for_end(&c);
	assert_null(strstr(buf_str(&c.lines), "SECRET"));
	assert_non_null(strstr(buf_str(&c.lines), "HOME=/home-of-test\n"));
	assert_non_null(strstr(buf_str(&c.lines), "PATH="));
	begin(&d, (struct proc_request){.argv = (const char *[]){"/bin/sh",
					    "-c", "pwd; echo $A", NULL},
		      .env = (const char *[]){"A=b", NULL},
		      .dir = "/"});
	wait_for_end(&d);
	assert_string_equal(buf_str(&d.lines), "/\nb\n");
	begin(&e, (struct proc_request){.argv = (const char *[]){"env", NULL},
		      .add_env = (const char *[]){"HOME=/h", "B=c", NULL}});
	wait_for_end(&e);
	assert_null(strstr(buf_str(&e.lines), "home-of-test"));
	assert_non_null(strstr(buf_str(&e.lines), "HOME=/h\nB=c\n"));
	assert_non_null(strstr(buf_str(&e.lines), "PATH="));
	discard(&c);
	discard(&d);
	discard(&e);
}

/* Neither ignored and blocked signals (of those below 29: libraries keep the
 * real-time ones for themselves) nor descriptors are inherited. */
static void
test_inherits_nothing(void **state)
{
	struct child c = {0};
	int fd = open("/dev/null", O_RDONLY); /* stays open at exec */
	sigset_t mask;

	(void)state;
	(void)sigemptyset(&mask);
	(void)sigaddset(&mask, SIGTERM);
	(void)sigprocmask(SIG_BLOCK, &mask, NULL);
	run_shell(&c,
	    "while read -r name value; do case $name in SigIgn:|SigBlk:) "
	    "echo ${value#?????????};; esac; done </proc/self/status; "
	    "for fd in 3 4 5 6 7 8 9 10 11 12; do "
	    "[ ! -e /proc/self/fd/$fd ] || echo $fd; done");
	(void)sigprocmask(SIG_UNBLOCK, &mask, NULL);
	assert_string_equal(buf_str(&c.lines), "0000000\n0000000\n");
	(void)close(fd);
	discard(&c);
}

static void
expect_flood(const char *script, size_t max_line, size_t max_output)
{
	struct child c = {0};

	begin(&c, (struct proc_request){
		      .argv = (const char *[]){"sh", "-c", script, NULL},
		      .max_line = max_line,
		      .max_output = max_output});
	wait_for_end(&c);
	assert_int_equal(c.how, PROC_FLOOD);
	assert_true(c.lines.len <= max_output);
	wait_for_none();
	discard(&c);
}

static void
test_floods(void **state)
{
	(void)state;
	expect_flood("echo 123456789", 8, 1000);
	expect_flood("printf 123456789; sleep 1000", 8, 1000);
	expect_flood("printf 12345; sleep .1; echo 6789", 8, 1000);
	expect_flood("yes", 8, 100000);
	expect_flood("yes >&2", 8, 100000);
	expect_flood("cat /dev/zero", 100000, 1 << 20);
	expect_flood("trap '' TERM; yes & yes", 8, 100000);
}

/* The ceiling is for what follows one piece of input. */
static void
test_output_counts_from_input(void **state)
{
	struct child c = {0};

	(void)state;
	begin(&c, (struct proc_request){
		      .argv = (const char *[]){"cat", NULL}, .max_output = 10});
	for (int i = 1; i <= 10; i++) {
		proc_write(c.proc, STR("12345\n"));
		wait_for_lines(&c, i);
	}
	proc_write(c.proc, STR("12345\n12345\n"));
	wait_for_end(&c);
	assert_int_equal(c.how, PROC_FLOOD);
	discard(&c);
}

static void
test_err_text_is_the_last(void **state)
{
	struct child c = {0};

	(void)state;
	run_shell(&c,
	    "i=0; while [ $i -lt 3000 ]; do echo line $i >&2; i=$((i+1)); "
	    "done");
	assert_in_range(c.err_text.len, 1000, 4096);
	assert_string_equal(
	    buf_str(&c.err_text) + c.err_text.len - 10, "line 2999\n");
	discard(&c);
}

/* More than pipes hold, in both directions at once. */
static void
test_much(void **state)
{
	struct child c = {0};
	struct buf text;

	(void)state;
	buf_init(&text, 16 << 20);
	for (int i = 0; text.len < (8 << 20); i++)
		buf_addf(&text, "line %d of many that are alike\n", i);
	begin(&c, (struct proc_request){.argv = (const char *[]){"cat", NULL}});
	proc_write(c.proc, (struct str){buf_str(&text), text.len});
	proc_close_input(c.proc);
	wait_for_end(&c);
	assert_int_equal(c.lines.len, text.len);
	assert_memory_equal(buf_str(&c.lines), buf_str(&text), text.len);
	buf_free(&text);
	discard(&c);
}

static void
test_reads_nothing(void **state)
{
	static const char much[1 << 20];
	struct child c = {0};

	(void)state;
	begin_shell(&c, "exec <&-; echo gone; sleep .1; exit 4");
	wait_for_lines(&c, 1);
	proc_write(c.proc, (struct str){much, sizeof(much)});
	proc_write(c.proc, (struct str){much, sizeof(much)});
	proc_close_input(c.proc);
	wait_for_end(&c);
	assert_int_equal(c.code, 4);
	discard(&c);
}

/* A grandchild that keeps the output open does not keep the child. */
static void
test_grandchild(void **state)
{
	struct child c = {0};
	int64_t start = clock_mono_ms();

	(void)state;
	run_shell(&c, "sleep 1000 & echo $!");
	assert_true(c.ended - start < 5000);
	assert_int_equal(c.how, PROC_EXIT);
	for (int i = 0; kill(atoi(buf_str(&c.lines)), 0) == 0; i++) {
		assert_true(i < 1000); /* init reaps it */
		(void)usleep(10000);
	}
	discard(&c);
}

/* Output that is closed is not the end. */
static void
test_closes_output(void **state)
{
	struct child c = {0};
	int64_t start = clock_mono_ms();

	(void)state;
	run_shell(&c, "exec >&- 2>&-; sleep .3; exit 5");
	assert_int_equal(c.code, 5);
	assert_true(c.ended - start >= 290);
	discard(&c);
}

static void
test_free_ends_it(void **state)
{
	struct child c = {0};
	int64_t start = clock_mono_ms();

	(void)state;
	begin_shell(&c, "echo ready; sleep 1000");
	wait_for_lines(&c, 1);
	proc_free(c.proc);
	c.proc = NULL;
	wait_for_none();
	assert_true(clock_mono_ms() - start < 900);
	assert_int_equal(c.ends, 0);
	discard(&c);
}

static void
test_free_kills_it(void **state)
{
	struct child c = {0};
	int64_t start;

	(void)state;
	begin_shell(
	    &c, "trap '' TERM; echo ready; while :; do sleep 1000; done");
	wait_for_lines(&c, 1);
	start = clock_mono_ms();
	proc_free(c.proc);
	c.proc = NULL;
	wait_for_none();
	assert_in_range(clock_mono_ms() - start, 950, 5000);
	discard(&c);
}

static void
test_free_in_callbacks(void **state)
{
	struct child c = {.free_in_line = true}, d = {.free_in_end = true};
	struct child e = {.free_in_line = true};

	(void)state;
	begin_shell(&c, "echo one; echo two; sleep 1000");
	wait_for_lines(&c, 1);
	begin_shell(&d, "echo one");
	wait_for_end(&d);
	begin_shell(&e, "printf last");
	wait_for_lines(&e, 1);
	wait_for_none();
	assert_int_equal(c.n_lines, 1);
	assert_int_equal(c.ends + e.ends, 0);
	discard(&c);
	discard(&d);
	discard(&e);
}

/* Whatever still runs ends with the loop; teardown looks. */
static void
test_loop_ends(void **state)
{
	struct child c[4] = {{0}};
	int64_t start = clock_mono_ms();

	(void)state;
	begin_shell(&c[0], "echo; sleep 1000");
	begin_shell(&c[1], "trap '' TERM; echo; while :; do sleep 1000; done");
	begin_shell(&c[2], "echo; yes >&2");
	begin_shell(&c[3], "echo; exit 0");
	for (int i = 0; i < 4; i++)
		wait_for_lines(&c[i], 1);
	proc_free(c[0].proc);
	loop_free(loop);
	loop = loop_new();
	assert_true(clock_mono_ms() - start < 5000);
	for (int i = 0; i < 4; i++) {
		c[i].proc = NULL;
		discard(&c[i]);
	}
}

static void
test_many(void **state)
{
	enum { N = 40 };
	struct child c[N] = {{0}};

	(void)state;
	for (int i = 0; i < N; i++) {
		begin(&c[i], (struct proc_request){
				 .argv = (const char *[]){"cat", NULL}});
		proc_write(c[i].proc, STR("x\n"));
	}
	for (int i = 0; i < N; i++)
		wait_for_lines(&c[i], 1);
	for (int i = 0; i < N; i += 2)
		proc_close_input(c[i].proc);
	for (int i = 0; i < N; i += 2)
		wait_for_end(&c[i]);
	for (int i = 0; i < N; i++)
		discard(&c[i]);
	wait_for_none();
}

/* A parent that was started with its standard descriptors closed. */
static void
test_low_descriptors(void **state)
{
	struct child c = {0};
	int out = dup(STDOUT_FILENO), in = dup(STDIN_FILENO);

	(void)state;
	(void)close(STDIN_FILENO);
	(void)close(STDOUT_FILENO);
	begin_shell(&c, "read -r line; echo \"got $line\"; echo err >&2");
	proc_write(c.proc, STR("it\n"));
	(void)dup2(in, STDIN_FILENO);
	(void)dup2(out, STDOUT_FILENO);
	(void)close(in);
	(void)close(out);
	wait_for_end(&c);
	assert_string_equal(buf_str(&c.lines), "got it\n");
	assert_string_equal(buf_str(&c.err_text), "err\n");
	discard(&c);
}

/* What a server that ignores SIGCHLD leaves behind. */
static void
test_ignored_sigchld(void **state)
{
	struct child c = {0};

	(void)state;
	(void)signal(SIGCHLD, SIG_IGN);
	run_shell(&c, "exit 7");
	assert_int_equal(c.code, 7);
	discard(&c);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_lines_both_ways),
	    TEST(test_status),
	    TEST(test_not_found),
	    TEST(test_environment),
	    TEST(test_inherits_nothing),
	    TEST(test_floods),
	    TEST(test_output_counts_from_input),
	    TEST(test_err_text_is_the_last),
	    TEST(test_much),
	    TEST(test_reads_nothing),
	    TEST(test_grandchild),
	    TEST(test_closes_output),
	    TEST(test_free_ends_it),
	    TEST(test_free_kills_it),
	    TEST(test_free_in_callbacks),
	    TEST(test_loop_ends),
	    TEST(test_many),
	    TEST(test_low_descriptors),
	    TEST(test_ignored_sigchld),
	};

	(void)signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
