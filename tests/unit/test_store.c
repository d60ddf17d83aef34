/* The store: what is asked of it by one process, and what it keeps for the
 * next.  Time passes by making what is written older. */
#include "store_files.h"

#include "../../common/base/clock.h"
#include "../../common/base/limits.h"

#include <sys/stat.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define DB "store.db"

static struct store *
open_store(void)
{
	return store_new(store_file(DB));
}

/* --- without a file */

static void
test_none(void **state)
{
	struct store_budget budget = {.key = "b", .most = 1, .to = 1};
	struct store *s = store_new(NULL);
	struct store_item item;
	double spent = 7, reserved = 7;
	int64_t due = 7;
	size_t over = 7;
	struct err err = {0};

	(void)state;
	assert_int_equal(store_check(s, &err), 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(store_rate(s, "r", 1, 1), 0);
	store_rate_add(s, "r", 5);
	assert_int_equal(store_lease(s, "l", 0), -1);
	store_lease_end(s, 7);
	assert_int_equal(store_reserve(s, &budget, 1, 5, &over), -1);
	store_settle(s, 7, 1);
	store_spent(s, &budget, &spent, &reserved);
	assert_true(spent + reserved <= 0);
	store_cool(s, "c", INT64_MAX);
	assert_int_equal(store_cooling(s, "c"), 0);
	store_count(s, "n", "", 1);
	assert_int_equal(store_outbox_put(s, "o", NULL, STR("x")), -1);
	assert_int_equal(store_outbox_take(s, NULL, 1000, &item), 0);
	assert_int_equal(store_outbox_waiting(s, NULL, &due), 0);
	assert_int_equal(due, -1);
	store_free(s);
	store_free(NULL);
}

/* Nothing is opened before it is needed. */
static void
test_lazy(void **state)
{
	struct store *s = open_store();
	struct err err = {0};
	struct stat st;

	(void)state;
	assert_int_equal(store_check(s, &err), 0);
	assert_int_equal(store_file_size(DB), -1);
	assert_int_equal(store_cooling(s, "c"), 0);
	assert_int_equal(stat(store_file(DB), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(stat(store_file(DB "-wal"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(store_check(s, &err), 0);
	store_free(s);
	s = store_new(store_file("made/store.db"));
	assert_int_equal(store_check(s, &err), 0);
	assert_int_equal(store_file_size("made"), -1);
	store_cool(s, "c", INT64_MAX);
	assert_int_equal(stat(store_file("made"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	store_free(s);
}

/* --- rates */

static void
test_rate(void **state)
{
	struct store *s = open_store();
	int64_t wait;

	(void)state;
	assert_int_equal(store_rate(s, "a", 2, 5), 0);
	assert_int_equal(store_rate(s, "a", 3, 5), 0);
	assert_int_equal(store_rate(s, "b", 5, 5), 0);
	assert_int_equal(store_rate(s, "a", 0, 5), 0);
	wait = store_rate(s, "a", 1, 5);
	assert_in_range(wait, 59000, 61000);
	/* As late as it may be told, all 60 seconds count. */
	(void)store_sql(DB, "update rate set second = second - 59");
	wait = store_rate(s, "a", 1, 5);
	assert_in_range(wait, 1, 2000);
	(void)store_sql(DB, "update rate set second = second - 2");
	assert_int_equal(store_rate(s, "a", 5, 5), 0);
	assert_true(store_rate(s, "a", 1, 5) > 0);
	store_free(s);
}

/* The wait is until enough of the oldest is gone, not until the first is. */
static void
test_rate_wait(void **state)
{
	struct store *s = open_store();
	char sql[300];
	int64_t now, wait;

	(void)state;
	assert_int_equal(store_rate(s, "other", 1, 5), 0);
	now = clock_wall_ms();
	(void)snprintf(sql, sizeof(sql),
	    "insert into rate values ('w', %lld, 1), ('w', %lld, 3),"
	    " ('w', %lld, 1)",
	    (long long)now / 1000 - 50, (long long)now / 1000 - 40,
	    (long long)now / 1000 - 30);
	(void)store_sql(DB, sql);
	wait = store_rate(s, "w", 1, 5);
	assert_in_range(wait, 8000, 11000);
	wait = store_rate(s, "w", 2, 5);
	assert_in_range(wait, 18000, 21000);
	wait = store_rate(s, "w", 50, 5);
	assert_in_range(wait, 28000, 31000);
	/* More than all is taken by one who is alone. */
	assert_int_equal(store_rate(s, "large", 50, 5), 0);
	wait = store_rate(s, "large", 1, 5);
	assert_in_range(wait, 59000, 61000);
	/* The clock is set back: what lies ahead counts from now. */
	(void)store_sql(
	    DB, "update rate set second = second + 7200 where key = 'w'");
	wait = store_rate(s, "w", 1, 5);
	assert_in_range(wait, 59000, 61000);
	assert_int_equal(
	    store_sql(DB, "select count(*) from rate where key = 'w'"), 1);
	store_free(s);
}

static void
test_rate_add(void **state)
{
	struct store *s = open_store();

	(void)state;
	assert_int_equal(store_rate(s, "t", 60, 100), 0);
	(void)store_sql(DB, "update rate set second = second - 30");
	assert_int_equal(store_rate(s, "t", 40, 100), 0);
	assert_true(store_rate(s, "t", 1, 100) > 0);
	store_rate_add(s, "t", -70);
	/* 30 are left, and they are the newest: they stay for a minute. */
	assert_int_equal(store_sql(DB, "select sum(amount) from rate"), 30);
	assert_int_equal(store_sql(DB, "select count(*) from rate"), 1);
	assert_int_equal(store_rate(s, "t", 70, 100), 0);
	store_rate_add(s, "t", 20);
	assert_int_equal(store_sql(DB, "select sum(amount) from rate"), 120);
	store_rate_add(s, "t", -500);
	store_rate_add(s, "t", (double)NAN);
	assert_int_equal(store_sql(DB, "select count(*) from rate"), 0);
	assert_int_equal(store_rate(s, "t", 100, 100), 0);
	store_free(s);
}

/* --- leases */

static void
test_lease(void **state)
{
	struct store *s = open_store(), *other = open_store();
	int64_t one, two;

	(void)state;
	one = store_lease(s, "l", 2);
	two = store_lease(other, "l", 2);
	assert_true(one > 0 && two > 0 && one != two);
	assert_int_equal(store_lease(s, "l", 2), 0);
	assert_true(store_lease(s, "m", 1) > 0);
	assert_int_equal(store_lease(s, "n", 0), 0);
	store_lease_end(other, one);
	store_lease_end(other, one);
	store_lease_end(other, 0);
	store_lease_end(other, -1);
	one = store_lease(s, "l", 2);
	assert_true(one > two);
	/* One that nobody ended ends by itself at last. */
	assert_int_equal(store_lease(s, "l", 2), 0);
	(void)store_sql(DB, "update lease set until = 1 where key = 'l'");
	assert_true(store_lease(s, "l", 2) > 0);
	store_free(s);
	store_free(other);
}

/* --- money */

static void
test_money(void **state)
{
	int64_t now = clock_wall_ms();
	struct store_budget b[] = {
	    {.key = "ci:day", .most = 1, .from = now, .to = now + 100},
	    {.key = "ci:month", .most = 2, .from = now - 50, .to = now + 500},
	};
	struct store *s = open_store();
	double spent, reserved;
	size_t over = 9;
	int64_t one, two;

	(void)state;
	one = store_reserve(s, b, 2, 0.75, &over);
	assert_true(one > 0);
	assert_int_equal(store_reserve(s, b, 2, 0.5, &over), 0);
	assert_int_equal(over, 0);
	store_settle(s, one, 0.5);
	store_settle(s, one, 0.5);
	two = store_reserve(s, b, 2, 0.5, &over);
	assert_true(two > one);
	store_spent(s, &b[0], &spent, &reserved);
	assert_float_equal(spent, 0.5, 1e-12);
	assert_float_equal(reserved, 0.5, 1e-12);
	store_settle(s, two, 0.5);
	/* The next day; the month goes on. */
	b[0].from = now + 100;
	b[0].to = now + 200;
	assert_true(store_reserve(s, b, 2, 1, &over) > 0);
	b[0].from = now + 200;
	assert_int_equal(store_reserve(s, b, 2, 0.5, &over), 0);
	assert_int_equal(over, 1);
	/* Neither was reserved. */
	store_spent(s, &b[0], &spent, &reserved);
	assert_true(spent + reserved <= 0);
	store_spent(s, &b[1], &spent, &reserved);
	assert_float_equal(spent, 1, 1e-12);
	assert_float_equal(reserved, 1, 1e-12);
	assert_int_equal(store_reserve(s, b, 2, 0.5, NULL), 0);
	assert_int_equal(store_reserve(s, b, 0, 0.5, NULL), -1);
	store_free(s);
}

/* --- cool-downs, counters, runs */

static void
test_cool(void **state)
{
	struct store *s = open_store(), *other = open_store();
	int64_t later = clock_wall_ms() + 60000;

	(void)state;
	assert_int_equal(store_cooling(s, "key"), 0);
	store_cool(s, "key", later);
	store_cool(s, "key", later - 30000);
	assert_int_equal(store_cooling(other, "key"), later);
	assert_int_equal(store_cooling(other, "other"), 0);
	store_cool(s, "key", 0);
	assert_int_equal(store_cooling(other, "key"), 0);
	store_cool(s, "key", clock_wall_ms() + 1);
	(void)usleep(3000);
	assert_int_equal(store_cooling(other, "key"), 0);
	store_free(s);
	store_free(other);
}

static void
add_counter(void *arg, const char *name, const char *labels, double value)
{
	struct buf *b = arg;

	buf_addf(b, "%s{%s} %g\n", name, labels, value);
}

static void
test_counters(void **state)
{
	struct store *s = open_store();
	struct buf b;
	char labels[40];

	(void)state;
	buf_init(&b, 1 << 20);
	store_count(s, "runs", "model=\"b\"", 1);
	store_count(s, "runs", "model=\"a\"", 2);
	store_count(s, "runs", "model=\"b\"", 0.5);
	store_count(s, "errors", "", 1);
	store_counters(s, add_counter, &b);
	assert_string_equal(buf_str(&b),
	    "errors{} 1\nruns{model=\"a\"} 2\nruns{model=\"b\"} 1.5\n");
	/* Names that come from callers cannot fill the disk. */
	(void)store_sql(DB,
	    "with recursive c(i) as (select 1 union all select i + 1 from c"
	    " where i < 9996) insert into counter select 'x', i, 1 from c");
	for (int i = 0; i < 5; i++) {
		(void)snprintf(labels, sizeof(labels), "n%d", i);
		store_count(s, "y", labels, 1);
		store_count(s, "runs", "model=\"b\"", 1);
	}
	assert_int_equal(store_sql(DB, "select count(*) from counter"),
	    LIMIT_STORE_COUNTERS);
	assert_int_equal(store_sql(DB, "select value * 2 from counter"
				       " where labels = 'model=\"b\"'"),
	    13);
	buf_free(&b);
	store_free(s);
}

static void
add_run(void *arg, const struct store_run *run)
{
	struct buf *b = arg;

	buf_addf(b, "%s %s %s %s %s %d %g\n", run->id, run->kind,
	    run->caller != NULL ? run->caller : "-", run->status,
	    run->error != NULL ? run->error : "-", (int)run->output, run->cost);
}

static void
test_runs(void **state)
{
	struct store_run run = {.id = "one",
	    .kind = "prompt-run",
	    .name = "p",
	    .model = "m",
	    .status = "running",
	    .began = 1000,
	    .pid = getpid()};
	struct store *s = open_store();
	char text[1999];
	struct buf b;

	(void)state;
	buf_init(&b, 1 << 20);
	store_run_put(s, &run);
	run.id = "two";
	run.caller = "ci";
	run.began = 2000;
	store_run_put(s, &run);
	run.status = "error";
	run.error = "it is \"broken\"";
	run.output = 12;
	run.cost = 0.25;
	store_run_put(s, &run);
	store_runs(s, 10, add_run, &b);
	assert_string_equal(buf_str(&b),
	    "two prompt-run ci error it is \"broken\" 12 0.25\n"
	    "one prompt-run - running - 0 0\n");
	buf_clear(&b);
	store_runs(s, 1, add_run, &b);
	assert_non_null(strstr(buf_str(&b), "two"));
	assert_null(strstr(buf_str(&b), "one"));
	/* Whole characters of a text that is too long. */
	memset(text, 'x', sizeof(text));
	memcpy(text + LIMIT_STORE_TEXT_BYTES - 1, "\xc3\xa4", 2);
	text[sizeof(text) - 1] = '\0';
	run.error = text;
	store_run_put(s, &run);
	assert_int_equal(
	    store_sql(DB, "select length(error) from run where id = 'two'"),
	    LIMIT_STORE_TEXT_BYTES - 1);
	/* Only so many are kept. */
	(void)store_sql(DB,
	    "with recursive c(i) as (select 1 union all select i + 1 from c"
	    " where i < 10000) insert into run (id, status, began)"
	    " select 'n' || i, 'ok', 3000 + i from c");
	run.id = "last";
	store_run_put(s, &run);
	assert_int_equal(
	    store_sql(DB, "select count(*) from run"), LIMIT_STORE_RUNS);
	assert_int_equal(
	    store_sql(DB, "select count(*) from run where id = 'two'"), 0);
	buf_free(&b);
	store_free(s);
}

/* --- the outbox */

static void
check_item(struct store *s, const char *route, const char *body, int attempts,
    int64_t *id)
{
	struct store_item item;

	assert_int_equal(store_outbox_take(s, route, 60000, &item), 1);
	assert_int_equal(item.body.len, strlen(body));
	assert_memory_equal(item.body.p, body, item.body.len);
	assert_int_equal(item.attempts, attempts);
	*id = item.id;
}

static void
test_outbox(void **state)
{
	struct store *s = open_store(), *other = open_store();
	struct store_item item;
	int64_t one, two, due;

	(void)state;
	assert_int_equal(store_outbox_put(s, "a", "k", STR("first")), 0);
	assert_int_equal(store_outbox_put(s, "a", "k", STR("again")), 1);
	assert_int_equal(store_outbox_put(s, "b", "k", STR("b's")), 0);
	assert_int_equal(store_outbox_put(s, "a", NULL, STR("second")), 0);
	assert_int_equal(store_outbox_waiting(s, "a", &due), 2);
	assert_int_equal(due, 0);
	check_item(s, "a", "first", 0, &one);
	check_item(other, "a", "second", 0, &two);
	assert_int_equal(store_outbox_take(other, "a", 60000, &item), 0);
	assert_int_equal(store_outbox_waiting(s, "a", &due), 2);
	assert_in_range(due, 50000, 60000);
	store_outbox_done(s, one);
	store_outbox_retry(s, two, 0);
	check_item(s, "a", "second", 1, &two);
	store_outbox_retry(s, two, 30000);
	assert_int_equal(store_outbox_waiting(s, "a", &due), 1);
	assert_in_range(due, 20000, 30000);
	/* Any route; the key is there, and NULL where there was none. */
	assert_int_equal(store_outbox_take(s, NULL, 1000, &item), 1);
	assert_string_equal(item.route, "b");
	assert_string_equal(item.key, "k");
	assert_int_equal(store_outbox_take(s, NULL, 1000, &item), 0);
	/* A lease that ran out: its holder died. */
	(void)store_sql(DB, "update outbox set due = 1 where route = 'a'");
	assert_int_equal(store_outbox_take(s, NULL, 1000, &item), 1);
	assert_null(item.key);
	assert_int_equal(item.attempts, 2);
	/* Delivered, and never again for some days. */
	assert_int_equal(store_outbox_put(s, "a", "k", STR("again")), 1);
	(void)store_sql(DB, "update sent set at = 1; update sweep set at = 0");
	store_free(other);
	other = open_store();
	store_count(other, "n", "", 1);
	assert_int_equal(store_outbox_put(s, "a", "k", STR("again")), 0);
	store_free(s);
	store_free(other);
}

static void
test_outbox_bytes(void **state)
{
	static char large[300000];
	struct store *s = open_store();
	struct store_item item;

	(void)state;
	for (size_t i = 0; i < sizeof(large); i++)
		large[i] = (char)(i * 7);
	assert_int_equal(
	    store_outbox_put(s, "a", NULL, (struct str){large, sizeof(large)}),
	    0);
	assert_int_equal(store_outbox_put(s, "a", NULL, (struct str){0}), 0);
	assert_int_equal(store_outbox_put(s, "a", NULL,
			     (struct str){large, LIMIT_STORE_ITEM_BYTES + 1}),
	    -1);
	assert_int_equal(store_outbox_take(s, "a", 1000, &item), 1);
	assert_int_equal(item.body.len, sizeof(large));
	assert_memory_equal(item.body.p, large, sizeof(large));
	store_outbox_done(s, item.id);
	assert_int_equal(store_outbox_take(s, "a", 1000, &item), 1);
	assert_int_equal(item.body.len, 0);
	store_free(s);
}

static void
test_outbox_trim(void **state)
{
	struct store *s = open_store();

	(void)state;
	assert_int_equal(store_outbox_put(s, "b", NULL, STR("x")), 0);
	(void)store_sql(DB,
	    "with recursive c(i) as (select 1 union all select i + 1 from c"
	    " where i < 1500) insert into outbox (route, body, attempts,"
	    " queued, due) select 'a', i, 0, 9000000000000, 0"
	    " from c");
	assert_int_equal(store_outbox_trim(s, "a", 700, INT64_C(1) << 50), 800);
	assert_int_equal(
	    store_sql(DB, "select min(body) from outbox where route = 'a'"),
	    801);
	assert_int_equal(store_outbox_trim(s, "a", 700, INT64_C(1) << 50), 0);
	(void)store_sql(DB, "update outbox set queued = 1 where body < 811");
	assert_int_equal(store_outbox_trim(s, "a", 10000, 60000), 10);
	assert_int_equal(store_outbox_trim(s, "a", 0, 60000), 690);
	assert_int_equal(store_outbox_waiting(s, NULL, NULL), 1);
	store_free(s);
}

/* What is old is taken out by whoever comes by. */
static void
test_sweep(void **state)
{
	struct store *s = open_store();

	(void)state;
	store_cool(s, "new", INT64_MAX);
	(void)store_sql(DB, "insert into cool values ('old', 5);"
			    "insert into rate values ('old', 5, 1);"
			    "insert into budget values ('old', 1, 2, 3);"
			    "insert into lease (key, until, pid, start, space)"
			    " values ('old', 5, 1, 0, 0);");
	store_count(s, "n", "", 1);
	assert_int_equal(store_sql(DB, "select count(*) from cool"), 2);
	(void)store_sql(DB, "update sweep set at = 0");
	store_free(s);
	s = open_store();
	store_count(s, "n", "", 1);
	assert_int_equal(store_sql(DB, "select count(*) from cool"), 1);
	assert_int_equal(store_sql(DB, "select count(*) from rate"), 0);
	assert_int_equal(store_sql(DB, "select count(*) from budget"), 0);
	assert_int_equal(store_sql(DB, "select count(*) from lease"), 0);
	store_free(s);
}

/* SQLite's log does not grow with short processes that are alone, each of
 * which would have to read all of it. */
static void
test_log(void **state)
{
	struct store *s;
	long size;

	(void)state;
	for (int i = 0; i < 300; i++) {
		s = open_store();
		assert_int_equal(store_rate(s, "r", 1, 1000), 0);
		store_free(s);
		size = store_file_size(DB "-wal");
		assert_in_range(
		    size, 0, (LIMIT_STORE_LOG_PAGES_LEFT + 10) * 4200);
	}
	/* Nor does that of one that stays. */
	s = open_store();
	for (int i = 0; i < 3000; i++)
		store_rate_add(s, "t", 1);
	assert_in_range(
	    store_file_size(DB "-wal"), 1, (LIMIT_STORE_LOG_PAGES + 10) * 4200);
	store_free(s);
}

#define TEST(f)                                                                \
	cmocka_unit_test_setup_teardown(                                       \
	    f, store_files_setup, store_files_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_none),
	    TEST(test_lazy),
	    TEST(test_rate),
	    TEST(test_rate_wait),
	    TEST(test_rate_add),
	    TEST(test_lease),
	    TEST(test_money),
	    TEST(test_cool),
	    TEST(test_counters),
	    TEST(test_runs),
	    TEST(test_outbox),
	    TEST(test_outbox_bytes),
	    TEST(test_outbox_trim),
	    TEST(test_sweep),
	    TEST(test_log),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
