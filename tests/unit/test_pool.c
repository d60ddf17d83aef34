/* Pools of workers whose answers are many lines: who gets them, who may say
 * more, and what a worker is told when its request is dropped. */
#include "../../common/base/buf.h"
#include "../../common/base/clock.h"
#include "../../common/base/log.h"
#include "../../common/net/pool.h"

#include <sys/wait.h>

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define PATIENCE 20000 /* ms; a test that waits so long has failed */

static struct loop *loop;
static struct pools *pools;

struct asked {
	struct pool_request *request;
	struct buf heard; /* all lines, with a comma behind each */
	int started;
	bool done, drops;
	char failed[200];
};

static void
on_start(void *arg)
{
	struct asked *q = arg;

	q->started++;
}

static bool
line_is(struct str line, const char *text)
{
	return line.len == strlen(text) && memcmp(line.p, text, line.len) == 0;
}

static enum pool_said
on_line(void *arg, struct str line)
{
	struct asked *q = arg;

	buf_add(&q->heard, line.p, line.len);
	buf_addc(&q->heard, ',');
	if (q->drops) {
		pool_drop(q->request, STR(""));
		q->request = NULL;
		q->done = true;
	} else if (line_is(line, "ask")) {
		pool_write(q->request, STR("more\n"));
	} else if (line_is(line, "end")) {
		q->done = true;
		return POOL_DONE;
	} else if (line_is(line, "what")) {
		q->done = true;
		return POOL_BROKEN;
	}
	return POOL_MORE;
}

static void
on_end(void *arg, enum proc_end how, int code, struct str err_text)
{
	struct asked *q = arg;

	q->done = true;
	(void)snprintf(q->failed, sizeof(q->failed), "%d %d %.*s", (int)how,
	    code, (int)err_text.len, err_text.p);
}

static void
on_fail(void *arg, const char *reason)
{
	struct asked *q = arg;

	q->done = true;
	(void)snprintf(q->failed, sizeof(q->failed), "%s", reason);
}

static void
ask_program(struct asked *q, const struct proc_request *proc, int64_t n,
    const char *lines)
{
	const struct pool_events events = {
	    on_start, on_line, on_end, on_fail, q};

	buf_init(&q->heard, 10000);
	q->request = pool_ask(
	    pools, proc, n, (struct str){lines, strlen(lines)}, &events);
}

static void
ask_shell(struct asked *q, const char *script, int64_t n, const char *lines)
{
	const char *argv[] = {"sh", "-c", script, NULL};
	const struct proc_request proc = {.argv = argv, .max_line = 1000};

	ask_program(q, &proc, n, lines);
}

static void
wait_for(struct asked *q)
{
	int64_t until = clock_mono_ms() + PATIENCE;

	while (!q->done) {
		loop_turn(loop, 1000);
		assert_true(clock_mono_ms() < until);
	}
}

static void
drop(struct asked *q)
{
	pool_drop(q->request, STR(""));
	q->request = NULL;
	buf_free(&q->heard);
}

static void
expect(struct asked *q, const char *heard, const char *failed)
{
	wait_for(q);
	assert_string_equal(buf_str(&q->heard), heard);
	assert_string_equal(q->failed, failed);
	drop(q);
}

static int
setup(void **state)
{
	(void)state;
	loop = loop_new();
	pools = pools_new(loop);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	pools_free(pools);
	loop_free(loop);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
	return 0;
}

#define TALKER                                                                 \
	"while read -r line; do case $line in "                                \
	"two*) echo one; echo; echo '  '; echo two; echo end;; "               \
	"ask*) echo ask; read -r more; echo \"$more\"; echo end;; "            \
	"half*) echo half; exit 0;; "                                          \
	"what*) echo what;; "                                                  \
	"leave*) echo end; exit 0;; "                                          \
	"late*) printf 'end\\nlate\\n';; "                                     \
	"esac; done"

static void
test_answers_of_many_lines(void **state)
{
	struct asked a = {0}, b = {0}, c = {0};

	(void)state;
	ask_shell(&a, TALKER, 1, "two\n");
	ask_shell(&b, TALKER, 1, "ask\n");
	ask_shell(&c, TALKER, 1, "two\nnothing\n");
	expect(&a, "one,two,end,", "");
	expect(&b, "ask,more,end,", "");
	expect(&c, "one,two,end,", "");
	assert_int_equal(b.started, 1);
}

/* One that has begun to answer is not asked again elsewhere, one that was asked
 * in the moment in which the worker left is. */
static void
test_worker_ends(void **state)
{
	struct asked first = {0}, half = {0}, leave = {0}, next = {0};

	(void)state;
	ask_shell(&first, TALKER, 1, "two\n");
	ask_shell(&half, TALKER, 1, "half\n");
	ask_shell(&leave, TALKER, 1, "leave\n");
	ask_shell(&next, TALKER, 1, "two\n");
	expect(&first, "one,two,end,", "");
	expect(&half, "half,", "0 0 ");
	expect(&leave, "end,", "");
	expect(&next, "one,two,end,", "");
	assert_true(next.started == 1 || next.started == 2);
}

static void
test_protocol_is_broken(void **state)
{
	struct asked what = {0}, late = {0}, next = {0};

	(void)state;
	log_set_level(LEVEL_ERROR);
	ask_shell(&what, TALKER, 1, "what\n");
	ask_shell(&late, TALKER, 1, "late\n");
	ask_shell(&next, TALKER, 1, "two\n");
	expect(&what, "what,", "");
	expect(&late, "end,", "");
	expect(&next, "one,two,end,", "");
	log_set_level(LEVEL_INFO);
}

static void
test_dropped_while_it_is_told(void **state)
{
	struct asked a = {.drops = true}, b = {0};

	(void)state;
	ask_shell(&a, TALKER, 1, "two\n");
	ask_shell(&b, TALKER, 1, "two\n");
	expect(&a, "one,", "");
	expect(&b, "one,two,end,", "");
}

/* The worker writes to a pipe what it reads, so that it can be seen. */
static void
test_cancel_is_written(void **state)
{
	struct asked a = {0};
	char script[200], text[20] = "";
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	(void)snprintf(script, sizeof(script),
	    "trap '' TERM; read -r a; echo got; read -r b; "
	    "echo \"$b\" >/proc/%d/fd/%d",
	    (int)getpid(), fds[1]);
	ask_shell(&a, script, 1, "x\n");
	while (a.heard.len == 0)
		loop_turn(loop, 1000);
	pool_drop(a.request, STR("stop\n"));
	a.request = NULL;
	assert_int_equal(read(fds[0], text, sizeof(text) - 1), 5);
	assert_string_equal(text, "stop\n");
	drop(&a);
	(void)close(fds[0]);
	(void)close(fds[1]);
}

/* Those that differ in what they are started with are different pools. */
static void
test_surroundings(void **state)
{
	const char *argv[] = {
	    "sh", "-c", "while read -r l; do pwd; echo $A; echo end; done", 0};
	const char *one[] = {"A=1", "PATH=/usr/bin:/bin", NULL};
	const char *two[] = {"A=2", "PATH=/usr/bin:/bin", NULL};
	struct proc_request proc = {.argv = argv, .max_line = 1000};
	struct asked a = {0}, b = {0}, c = {0};

	(void)state;
	proc.env = one;
	proc.dir = "/";
	ask_program(&a, &proc, 1, "x\n");
	proc.env = two;
	ask_program(&b, &proc, 1, "x\n");
	proc.dir = "/usr";
	ask_program(&c, &proc, 1, "x\n");
	expect(&a, "/,1,end,", "");
	expect(&b, "/,2,end,", "");
	expect(&c, "/usr,2,end,", "");
}

static void
test_end_of_all(void **state)
{
	struct asked a = {0}, b = {0};

	(void)state;
	ask_shell(&a, "sleep 1000", 1, "x\n");
	ask_shell(&b, "sleep 1000", 1, "x\n");
	loop_turn(loop, 0);
	pools_free(pools);
	pools = pools_new(loop);
	expect(&a, "", "the workers were ended");
	expect(&b, "", "the workers were ended");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_answers_of_many_lines),
	    TEST(test_worker_ends),
	    TEST(test_protocol_is_broken),
	    TEST(test_dropped_while_it_is_told),
	    TEST(test_cancel_is_written),
	    TEST(test_surroundings),
	    TEST(test_end_of_all),
	};

	(void)signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
