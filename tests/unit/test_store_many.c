/* The store of many processes: workers that keep it open and short ones, as
 * of CGI, that open it for one question; and processes that are killed. */
#include "store_files.h"

#include "../../common/base/clock.h"
#include "../../common/store/store_int.h"

#include <sys/wait.h>

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define DB "store.db"

enum {
	WORKERS = 8,
	WORKER_ASKS = 25,
	SHORT = 50,
	SHORT_ASKS = 3,
	MOST = 60,
	RACERS = 12,
	MONEY_ASKS = 20
};

/* --- the program of a child, which is this one again; its status is how much
 * it got */

static void
wait_for_start(void)
{
	char c;

	while (read(STDIN_FILENO, &c, 1) == 1)
		;
}

/* On a machine that is busy with other things nobody is to give up. */
static struct store *
patient_store(const char *path)
{
	struct store *s = store_new(path);

	s->wait = 30000;
	return s;
}

static int
take_rate(const char *path, int asks, bool keep)
{
	struct store *s = keep ? patient_store(path) : NULL;
	int taken = 0;

	for (int i = 0; i < asks; i++) {
		if (!keep)
			s = patient_store(path);
		taken += store_rate(s, "rate:p", 1, MOST) == 0;
		if (!keep)
			store_free(s);
	}
	if (keep)
		store_free(s);
	return taken;
}

static int
take_money(const char *path)
{
	struct store_budget budget = {
	    .key = "b", .most = 10, .from = 1, .to = INT64_MAX};
	struct store *s = patient_store(path);
	int64_t id;
	int taken = 0;

	for (int i = 0; i < MONEY_ASKS; i++) {
		id = store_reserve(s, &budget, 1, 0.5, NULL);
		taken += id > 0;
		store_settle(s, id, 0.25);
	}
	store_free(s);
	return taken;
}

static int
take_items(const char *path)
{
	struct store *s = patient_store(path);
	struct store_item item;
	int taken = 0;

	while (store_outbox_take(s, NULL, 60000, &item) == 1) {
		taken++;
		store_outbox_done(s, item.id);
	}
	store_free(s);
	return taken;
}

/* Takes what it can and waits to be killed. */
static _Noreturn void
hold(const char *path)
{
	struct store_budget budget = {
	    .key = "b", .most = 10, .from = 1, .to = INT64_MAX};
	struct store_run run = {.id = "r",
	    .kind = "prompt-run",
	    .name = "n",
	    .model = "m",
	    .status = "running",
	    .began = 1,
	    .pid = getpid()};
	struct store *s = patient_store(path);
	bool good = store_lease(s, "l", 1) > 0 &&
		    store_reserve(s, &budget, 1, 3, NULL) > 0;

	store_run_put(s, &run);
	(void)!write(STDOUT_FILENO, good ? "y" : "n", 1);
	for (;;)
		(void)pause();
}

static int
be_child(const char *role, const char *path)
{
	if (strcmp(role, "hold") == 0)
		hold(path);
	wait_for_start();
	if (strcmp(role, "worker") == 0)
		return take_rate(path, WORKER_ASKS, true);
	if (strcmp(role, "short") == 0)
		return take_rate(path, SHORT_ASKS, false);
	return strcmp(role, "money") == 0 ? take_money(path) : take_items(path);
}

/* --- starting them */

struct crowd {
	int start[2]; /* all begin when it is closed */
	pid_t pids[WORKERS + SHORT];
	int n;
};

static pid_t
start_child(const char *role, int in, int out)
{
	const char *path = store_file(DB);
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid != 0)
		return pid;
	if (dup2(in, STDIN_FILENO) == -1 || dup2(out, STDOUT_FILENO) == -1)
		_exit(255);
	for (int fd = STDERR_FILENO + 1; fd < 64; fd++)
		(void)close(fd);
	(void)execl("/proc/self/exe", "test_store_many", role, path, NULL);
	_exit(255);
}

static void
crowd_add(struct crowd *c, const char *role, int n)
{
	for (int i = 0; i < n; i++)
		c->pids[c->n++] = start_child(role, c->start[0], STDERR_FILENO);
}

/* How much all of them got. */
static int
crowd_run(struct crowd *c)
{
	int taken = 0, status;

	(void)close(c->start[0]);
	(void)close(c->start[1]);
	for (int i = 0; i < c->n; i++) {
		assert_int_equal(waitpid(c->pids[i], &status, 0), c->pids[i]);
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) < 250);
		taken += WEXITSTATUS(status);
	}
	return taken;
}

static void
crowd_begin(struct crowd *c)
{
	*c = (struct crowd){0};
	assert_int_equal(pipe(c->start), 0);
}

/* --- tests */

/* They meet at a file that is not there yet. */
static void
test_rate(void **state)
{
	int64_t began = clock_mono_ms();
	struct crowd c;
	int taken;

	(void)state;
	crowd_begin(&c);
	crowd_add(&c, "worker", WORKERS);
	crowd_add(&c, "short", SHORT);
	taken = crowd_run(&c);
	assert_true(clock_mono_ms() - began < 60000);
	assert_int_equal(taken, MOST);
	assert_int_equal(store_sql(DB, "select sum(amount) from rate"), MOST);
	assert_int_equal(store_files_count(DB ".corrupt"), 0);
}

/* 10 dollars in pieces of a quarter, each of which needs a half before. */
static void
test_money(void **state)
{
	struct crowd c;
	int taken;

	(void)state;
	crowd_begin(&c);
	crowd_add(&c, "money", RACERS);
	taken = crowd_run(&c);
	/* Whoever asked last while others held more than was left got none. */
	assert_in_range(taken, 10 * 4 - RACERS * 2, 10 * 4 - 1);
	assert_int_equal(store_sql(DB, "select spent * 4 from budget"), taken);
	assert_int_equal(store_sql(DB, "select count(*) from reservation"), 0);
	assert_int_equal(store_sql(DB, "select count(*) from share"), 0);
}

/* Each is taken by one of them. */
static void
test_items(void **state)
{
	struct store *s = store_new(store_file(DB));
	struct crowd c;

	(void)state;
	for (int i = 0; i < 200; i++)
		assert_int_equal(store_outbox_put(s, "a", NULL, STR("x")), 0);
	crowd_begin(&c);
	crowd_add(&c, "items", RACERS);
	assert_int_equal(crowd_run(&c), 200);
	assert_int_equal(store_outbox_waiting(s, NULL, NULL), 0);
	store_free(s);
}

static void
keep_status(void *arg, const struct store_run *run)
{
	*(bool *)arg = strcmp(run->status, "gone") == 0;
}

/* What a process had that was killed: its lease is free, its reservation is
 * spent, its run is gone. */
static void
test_killed(void **state)
{
	struct store_budget budget = {
	    .key = "b", .most = 10, .from = 1, .to = INT64_MAX};
	struct store *s = store_new(store_file(DB));
	double spent, reserved;
	bool gone;
	int ready[2];
	pid_t pid;
	char c = 'n';

	(void)state;
	assert_int_equal(pipe(ready), 0);
	pid = start_child("hold", STDERR_FILENO, ready[1]);
	assert_int_equal(read(ready[0], &c, 1), 1);
	assert_int_equal(c, 'y');
	assert_int_equal(store_lease(s, "l", 1), 0);
	store_spent(s, &budget, &spent, &reserved);
	assert_float_equal(spent, 0, 1e-12);
	assert_float_equal(reserved, 3, 1e-12);
	store_runs(s, 1, keep_status, &gone);
	assert_false(gone);

	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_true(store_lease(s, "l", 1) > 0);
	store_spent(s, &budget, &spent, &reserved);
	assert_float_equal(spent, 3, 1e-12);
	assert_float_equal(reserved, 0, 1e-12);
	assert_int_equal(store_reserve(s, &budget, 1, 7.5, NULL), 0);
	store_runs(s, 1, keep_status, &gone);
	assert_true(gone);
	/* A process of another start has the number, or one in a container. */
	(void)store_sql(DB, "update lease set start = start + 1");
	assert_true(store_lease(s, "l", 1) > 0);
	(void)store_sql(DB, "update lease set space = space + 1, pid = 999999");
	assert_int_equal(store_lease(s, "l", 1), 0);
	(void)close(ready[0]);
	(void)close(ready[1]);
	store_free(s);
}

#define TEST(f)                                                                \
	cmocka_unit_test_setup_teardown(                                       \
	    f, store_files_setup, store_files_teardown)

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_rate),
	    TEST(test_money),
	    TEST(test_items),
	    TEST(test_killed),
	};

	if (argc == 3)
		return be_child(argv[1], argv[2]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
