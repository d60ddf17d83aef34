/* Slots: within a process, across processes, and directories that are not
 * ours alone. */
#include "../../common/run/slots.h"

#include <sys/stat.h>
#include <sys/wait.h>

#include <ftw.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char root[] = "/tmp/test_slots.XXXXXX";
static char dir[100];

static void
check_refused(
    const char *where, int64_t n, enum err_code code, const char *message)
{
	struct err err = {0};

	assert_int_equal(slot_take(where, n, &err), -1);
	assert_int_equal(err.code, code);
	assert_non_null(strstr(err.msg, message));
	err_free(&err);
}

static void
test_take(void **state)
{
	struct err err = {0};
	int one, two;

	(void)state;
	one = slot_take(dir, 2, &err);
	two = slot_take(dir, 2, &err);
	assert_true(one >= 0 && two >= 0);
	check_refused(dir, 2, ERR_BUSY,
	    "2 experiments are running already, try again later");
	check_refused(dir, 1, ERR_BUSY,
	    "1 experiment is running already, try again later");
	slot_release(one);
	one = slot_take(dir, 2, &err);
	assert_true(one >= 0);
	slot_release(one);
	slot_release(two);
	slot_release(-1);
}

/* A process that is killed gives back what it had. */
static void
test_death(void **state)
{
	struct err err = {0};
	int ready[2], slot;
	pid_t pid;
	char c;

	(void)state;
	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		c = slot_take(dir, 1, &err) >= 0 ? 'y' : 'n';
		(void)!write(ready[1], &c, 1);
		for (;;)
			(void)pause();
	}
	assert_int_equal(read(ready[0], &c, 1), 1);
	assert_int_equal(c, 'y');
	check_refused(dir, 1, ERR_BUSY, "running already");
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
	slot = slot_take(dir, 1, &err);
	assert_true(slot >= 0);
	slot_release(slot);
	(void)close(ready[0]);
	(void)close(ready[1]);
}

static void
test_directories(void **state)
{
	char path[200];
	struct err err = {0};
	struct stat st;
	int slot;

	(void)state;
	assert_int_equal(stat(dir, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);

	(void)snprintf(path, sizeof(path), "%s/link", root);
	assert_int_equal(symlink(dir, path), 0);
	check_refused(path, 1, ERR_UNCONFIGURED, "cannot be opened");
	(void)snprintf(path, sizeof(path), "%s/no/such", root);
	check_refused(path, 1, ERR_UNCONFIGURED, "cannot be made");
	(void)snprintf(path, sizeof(path), "%s/open", root);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(chmod(path, 0750), 0);
	check_refused(path, 1, ERR_UNCONFIGURED, "closed to all others");

	assert_int_equal(setenv("XDG_RUNTIME_DIR", root, 1), 0);
	slot = slot_take(NULL, 1, &err);
	assert_true(slot >= 0);
	slot_release(slot);
	(void)snprintf(path, sizeof(path), "%s/agentmark-fcgi", root);
	assert_int_equal(stat(path, &st), 0);
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

static int
start(void **state)
{
	(void)state;
	if (mkdtemp(root) == NULL)
		return -1;
	(void)snprintf(dir, sizeof(dir), "%s/slots", root);
	return 0;
}

static int
stop(void **state)
{
	(void)state;
	return nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_take),
	    cmocka_unit_test(test_death),
	    cmocka_unit_test(test_directories),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
