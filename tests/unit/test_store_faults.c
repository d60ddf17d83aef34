/* The store when its file is lost, full, broken, locked or not ours: whoever
 * asks goes on, soon, and the log says it once. */
#include "store_files.h"

#include "../../common/base/clock.h"
#include "../../common/base/limits.h"

#include <sqlite3.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
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

/* Somebody who is neither root nor the owner of anything here. */
enum { NOBODY = 65534 };

static struct store *
open_store(void)
{
	return store_new(store_file(DB));
}

/* It counts: of two that want all, one has to wait. */
static void
check_counts(struct store *s)
{
	assert_int_equal(store_rate(s, "counts", 5, 5), 0);
	assert_true(store_rate(s, "counts", 5, 5) > 0);
	store_rate_add(s, "counts", -5);
}

/* It answers, soon, and always that one may go on. */
static void
check_permits(struct store *s)
{
	struct store_budget budget = {
	    .key = "b", .most = 1, .from = 1, .to = INT64_MAX};
	int64_t began = clock_mono_ms();
	struct store_item item;
	double spent, reserved;
	size_t over;

	for (int i = 0; i < 3; i++)
		assert_int_equal(store_rate(s, "r", 1, 1), 0);
	assert_int_equal(store_lease(s, "l", 0), -1);
	assert_int_equal(store_reserve(s, &budget, 1, 9, &over), -1);
	store_spent(s, &budget, &spent, &reserved);
	assert_int_equal(store_cooling(s, "c"), 0);
	assert_int_equal(store_outbox_put(s, "a", NULL, STR("x")), -1);
	assert_int_equal(store_outbox_take(s, "a", 1, &item), -1);
	assert_int_equal(store_outbox_waiting(s, "a", NULL), 0);
	assert_true(clock_mono_ms() - began < 2 * LIMIT_STORE_WAIT_MS + 500);
}

static void
wait_pause(void)
{
	(void)usleep((LIMIT_STORE_PAUSE_MS + 100) * 1000);
}

/* --- files that are not to be trusted */

static void
check_refused(const char *path, const char *message)
{
	struct store *s = store_new(path);
	struct err err = {0};

	assert_int_equal(store_check(s, &err), -1);
	if (strstr(err.msg, message) == NULL)
		fail_msg("%s", err.msg);
	err_free(&err);
	check_permits(s);
	assert_int_equal(store_files_logged("event=store"), 1);
	store_free(s);
}

static void
test_not_ours(void **state)
{
	char text[4096] = "";

	(void)state;
	store_file_write("theirs", text, 0);
	assert_int_equal(symlink(store_file("theirs"), store_file("link")), 0);
	check_refused(store_file("link"), "is no regular file but a link");
	assert_int_equal(store_file_size("theirs"), 0);
	check_refused(store_file("."), "is no regular file");
	check_refused("/dev/null", "is no regular file");
	check_refused(store_file("no/such/store.db"), "cannot be made");
	check_refused(store_file("theirs/store.db"), "is no directory");
	assert_int_equal(chmod(store_file("theirs"), 0620), 0);
	check_refused(store_file("theirs"), "nobody else may write to it");
	assert_int_equal(mkdir(store_file("open"), 0700), 0);
	assert_int_equal(chmod(store_file("open"), 0777), 0);
	check_refused(store_file("open/store.db"), "nobody else may write");
	if (geteuid() != 0)
		return;
	assert_int_equal(chmod(store_file("theirs"), 0600), 0);
	assert_int_equal(chown(store_file("theirs"), NOBODY, NOBODY), 0);
	check_refused(store_file("theirs"), "must belong to the user");
	assert_int_equal(chmod(store_file("open"), 0700), 0);
	assert_int_equal(chown(store_file("open"), NOBODY, NOBODY), 0);
	check_refused(store_file("open/store.db"), "must belong to the user");
}

/* A link to the directory is how some systems are made. */
static void
test_linked_directory(void **state)
{
	struct store *s;

	(void)state;
	assert_int_equal(mkdir(store_file("real"), 0700), 0);
	assert_int_equal(symlink("real", store_file("dir")), 0);
	s = store_new(store_file("dir/store.db"));
	check_counts(s);
	assert_true(store_file_size("real/store.db") > 0);
	store_free(s);
}

static void
test_other_programs(void **state)
{
	(void)state;
	store_file_write(DB, "", 0);
	(void)store_sql(DB, "create table mine (a)");
	check_refused(store_file(DB), "is the database of another program");
	assert_int_equal(
	    store_sql(DB, "select count(*) from sqlite_master"), 1);
	(void)store_sql(DB, "pragma user_version = 1000");
	check_refused(store_file(DB), "was made by a newer version");
}

/* An empty file is as good as none. */
static void
test_empty(void **state)
{
	struct store *s = open_store();

	(void)state;
	store_file_write(DB, "", 0);
	check_counts(s);
	store_free(s);
}

/* --- broken files */

static void
test_garbage(void **state)
{
	struct store *s;
	struct err err = {0};
	char text[9000];

	(void)state;
	memset(text, 'x', sizeof(text));
	for (int i = 0; i < LIMIT_STORE_BROKEN + 2; i++) {
		store_file_write(DB, text, sizeof(text));
		s = open_store();
		assert_int_equal(store_check(s, &err), -1);
		assert_non_null(strstr(err.msg, "not a database"));
		err_free(&err);
		check_counts(s);
		assert_int_equal(store_files_logged("event=store"), 1);
		store_free(s);
		/* The next gets another second in its name. */
		(void)usleep(1000000);
		assert_int_equal(unlink(store_file(DB)), 0);
		assert_int_equal(unlink(store_file(DB "-wal")), 0);
		assert_int_equal(unlink(store_file(DB "-shm")), 0);
	}
	assert_int_equal(store_files_count(DB ".corrupt-"), LIMIT_STORE_BROKEN);
}

static void
break_pages(void)
{
	static char page[4096];
	FILE *f;

	(void)store_sql(DB, "pragma wal_checkpoint(truncate)");
	memset(page, 0x5a, sizeof(page));
	f = fopen(store_file(DB), "r+");
	assert_non_null(f);
	for (long at = 4096; at < store_file_size(DB); at += 4096) {
		assert_int_equal(fseek(f, at, SEEK_SET), 0);
		assert_int_equal(fwrite(page, sizeof(page), 1, f), 1);
	}
	assert_int_equal(fclose(f), 0);
}

/* Only what lies behind the first page is broken: noticed while it is used. */
static void
test_broken_page(void **state)
{
	struct store *s = open_store();

	(void)state;
	check_counts(s);
	store_free(s);
	break_pages();
	s = open_store();
	assert_int_equal(store_rate(s, "r", 1, 1), 0);
	check_counts(s);
	assert_int_equal(store_files_logged("event=store"), 2);
	assert_true(store_files_count(DB ".corrupt-") >= 1);
	/* Soon after that it is not done again. */
	store_free(s);
	s = open_store();
	break_pages();
	assert_int_equal(store_rate(s, "r", 1, 1), 0);
	check_counts(s);
	assert_int_equal(unlink(store_file(DB)), 0);
	(void)unlink(store_file(DB "-wal"));
	(void)unlink(store_file(DB "-shm"));
	store_file_write(DB, "no database, but long enough for one", 36);
	(void)usleep((LIMIT_STORE_LOOK_MS + 100) * 1000);
	check_permits(s);
	store_free(s);
}

/* --- lost files */

static void
test_deleted(void **state)
{
	struct store *s = open_store(), *other = open_store();

	(void)state;
	check_counts(s);
	check_counts(other);
	assert_int_equal(store_rate(s, "r", 1, 1), 0);
	assert_int_equal(unlink(store_file(DB)), 0);
	(void)usleep((LIMIT_STORE_LOOK_MS + 100) * 1000);
	assert_int_equal(store_rate(s, "r", 1, 1), 0);
	assert_true(store_file_size(DB) > 0);
	assert_true(store_rate(s, "r", 1, 1) > 0);
	assert_true(store_rate(other, "r", 1, 1) > 0);
	/* Both noticed, and each says it. */
	assert_int_equal(store_files_logged("taken away"), 2);
	store_free(s);
	store_free(other);
}

static void
test_replaced(void **state)
{
	struct store *s = open_store(), *next;
	int64_t lease, other;

	(void)state;
	lease = store_lease(s, "l", 1);
	assert_true(lease > 0);
	next = store_new(store_file("next.db"));
	check_counts(next);
	other = store_lease(next, "l", 1);
	store_free(next);
	(void)store_sql("next.db", "pragma wal_checkpoint(truncate)");
	assert_int_equal(rename(store_file("next.db"), store_file(DB)), 0);
	(void)unlink(store_file(DB "-wal"));
	(void)unlink(store_file(DB "-shm"));
	(void)usleep((LIMIT_STORE_LOOK_MS + 100) * 1000);
	/* A number of the old file is none of the new one. */
	store_lease_end(s, lease);
	assert_int_equal(store_lease(s, "l", 1), 0);
	store_lease_end(s, other);
	assert_true(store_lease(s, "l", 1) > 0);
	store_free(s);
}

/* --- locked */

static void
test_locked(void **state)
{
	struct store *s = open_store();
	int64_t began, lease;
	sqlite3 *db;

	(void)state;
	lease = store_lease(s, "l", 1);
	assert_true(lease > 0);
	assert_int_equal(sqlite3_open(store_file(DB), &db), SQLITE_OK);
	assert_int_equal(
	    sqlite3_exec(db, "begin immediate", NULL, NULL, NULL), SQLITE_OK);
	began = clock_mono_ms();
	store_lease_end(s, lease);
	assert_in_range(clock_mono_ms() - began, LIMIT_STORE_WAIT_MS - 50,
	    LIMIT_STORE_WAIT_MS + 500);
	began = clock_mono_ms();
	check_permits(s);
	assert_true(clock_mono_ms() - began < 300);
	assert_int_equal(store_files_logged("locked for too long"), 1);
	wait_pause();
	check_permits(s);
	assert_int_equal(store_files_logged("event=store"), 0);
	assert_int_equal(
	    sqlite3_exec(db, "commit", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	wait_pause();
	/* The end that could not be written has not been forgotten. */
	lease = store_lease(s, "l", 1);
	assert_true(lease > 0);
	check_counts(s);
	store_free(s);
}

/* --- children: what only holds for a process of its own */

static void
expect_child(void (*run)(void))
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0) {
		run();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* In a child: cmocka's way out is not for it. */
#define EXPECT(condition)                                                      \
	do {                                                                   \
		if (!(condition)) {                                            \
			(void)fprintf(                                         \
			    stderr, "%d: %s\n", __LINE__, #condition);         \
			_exit(1);                                              \
		}                                                              \
	} while (0)

static void
fill(const char *name)
{
	static char large[100000];
	struct store *s = store_new(store_file(name));
	int i, rc = 0;

	for (i = 0; i < 100 && rc == 0; i++)
		rc = store_outbox_put(
		    s, "a", NULL, (struct str){large, sizeof(large)});
	EXPECT(rc == -1 && i > 1);
	EXPECT(store_rate(s, "r", 1, 1) == 0);
	EXPECT(store_rate(s, "r", 1, 1) == 0);
	EXPECT(store_lease(s, "l", 0) == -1);
	EXPECT(store_files_logged("event=store") == 1);
	store_free(s);
}

static void
use_limited(void)
{
	const struct rlimit limit = {600000, 600000};

	(void)signal(SIGXFSZ, SIG_IGN);
	EXPECT(setrlimit(RLIMIT_FSIZE, &limit) == 0);
	fill(DB);
}

/* What fitted is still there. */
static void
test_limited(void **state)
{
	struct store *s;

	(void)state;
	expect_child(use_limited);
	s = open_store();
	assert_in_range(store_outbox_waiting(s, "a", NULL), 1, 6);
	check_counts(s);
	store_free(s);
	assert_int_equal(store_files_count(DB ".corrupt-"), 0);
}

static void
use_full(void)
{
	fill("full/" DB);
}

/* A real file system that is full, where one can be had. */
static void
test_full(void **state)
{
	const char *dir = store_file("full");

	(void)state;
	assert_int_equal(mkdir(dir, 0700), 0);
	if (mount("store", dir, "tmpfs", 0, "size=1m,mode=0700") == -1) {
		skip();
		return;
	}
	expect_child(use_full);
	assert_int_equal(umount2(store_file("full"), MNT_DETACH), 0);
}

static void
use_read_only(void)
{
	struct store *s;
	struct err err = {0};

	if (geteuid() == 0) {
		EXPECT(chown(store_file(""), NOBODY, NOBODY) == 0);
		EXPECT(setgid(NOBODY) == 0 && setuid(NOBODY) == 0);
	}
	s = open_store();
	EXPECT(store_rate(s, "r", 1, 1) == 0);
	EXPECT(store_rate(s, "r", 1, 1) > 0);
	store_free(s);
	EXPECT(chmod(store_file(DB), 0400) == 0);
	s = open_store();
	EXPECT(store_check(s, &err) == -1);
	EXPECT(strstr(err.msg, "ermission denied") != NULL);
	err_free(&err);
	EXPECT(store_rate(s, "r", 1, 1) == 0);
	EXPECT(store_lease(s, "l", 0) == -1);
	EXPECT(store_files_logged("event=store") == 1);
	store_free(s);
	EXPECT(chmod(store_file(DB), 0600) == 0);
	EXPECT(chmod(store_file(""), 0500) == 0);
	EXPECT(unlink(store_file(DB)) == -1);
	s = store_new(store_file("other.db"));
	EXPECT(store_check(s, &err) == -1);
	err_free(&err);
	EXPECT(store_lease(s, "l", 0) == -1);
	store_free(s);
	EXPECT(chmod(store_file(""), 0700) == 0);
}

static void
test_read_only(void **state)
{
	(void)state;
	assert_int_equal(chmod(store_file("log"), 0666), 0);
	expect_child(use_read_only);
}

/* --- no shared memory, as on a network file system */

static void
test_no_wal(void **state)
{
	struct store *s = open_store(), *other = open_store();

	(void)state;
	assert_int_equal(mkdir(store_file(DB "-shm"), 0700), 0);
	check_counts(s);
	assert_int_equal(store_rate(s, "r", 1, 1), 0);
	assert_true(store_rate(other, "r", 1, 1) > 0);
	check_counts(other);
	assert_int_equal(store_file_size(DB "-journal"), 0);
	assert_true(store_file_size(DB "-wal") <= 0);
	store_free(s);
	store_free(other);
	s = open_store();
	assert_true(store_rate(s, "r", 1, 1) > 0);
	assert_int_equal(store_files_logged("event=store"), 0);
	store_free(s);
}

/* A file that had it, moved to where it is not to be had. */
static void
test_no_wal_later(void **state)
{
	struct store *s = open_store();

	(void)state;
	check_counts(s);
	assert_true(store_file_size(DB "-wal") > 0);
	store_free(s);
	(void)store_sql(DB, "pragma wal_checkpoint(truncate)");
	assert_int_equal(unlink(store_file(DB "-shm")), 0);
	assert_int_equal(symlink("nowhere", store_file(DB "-shm")), 0);
	s = open_store();
	check_counts(s);
	store_free(s);
}

#define TEST(f)                                                                \
	cmocka_unit_test_setup_teardown(                                       \
	    f, store_files_setup, store_files_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_not_ours),
	    TEST(test_linked_directory),
	    TEST(test_other_programs),
	    TEST(test_empty),
	    TEST(test_garbage),
	    TEST(test_broken_page),
	    TEST(test_deleted),
	    TEST(test_replaced),
	    TEST(test_locked),
	    TEST(test_limited),
	    TEST(test_full),
	    TEST(test_read_only),
	    TEST(test_no_wal),
	    TEST(test_no_wal_later),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
