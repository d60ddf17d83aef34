/* Deliveries: batches, order, waits, what is given up, and what is left when a
 * process ends; with a store and without one. */
#include "../../common/base/clock.h"
#include "../../common/base/limits.h"
#include "../../common/run/deliver.h"
#include "../../common/store/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char root[] = "/tmp/test_deliver.XXXXXX";
static char file[100];

/* What a route was given, and how each delivery is to end: a letter each, the
 * last one for all that follow.  k is OK, r RETRY, a RETRY after 400 ms, n
 * NEVER, h hangs. */
struct inbox {
	const char *ends;
	char log[2000]; /* bodies, each behind its '/' */
	int64_t last;	/* when, monotonic ms */
	int drops;
};

static void
send_here(struct delivery *d, struct engine *engine, void *arg, struct str body)
{
	struct inbox *s = arg;
	char end = *s->ends;

	(void)engine;
	(void)snprintf(s->log + strlen(s->log), sizeof(s->log) - strlen(s->log),
	    "/%.*s", (int)body.len, body.p);
	*(struct inbox **)delivery_state(d) = s;
	if (s->ends[1] != '\0')
		s->ends++;
	s->last = clock_mono_ms();
	if (end == 'k')
		delivery_end(d, DELIVERED_OK, 0, NULL);
	else if (end == 'n')
		delivery_end(d, DELIVERED_NEVER, 0, "not \"wanted\"");
	else if (end != 'h')
		delivery_end(
		    d, DELIVERED_RETRY, end == 'a' ? 1400 : -1, "busy");
}

static void
drop_here(struct delivery *d)
{
	(*(struct inbox **)delivery_state(d))->drops++;
}

struct bench {
	struct engine engine;
	struct inbox sink;
	struct route route;
	const struct route *routes[1];
};

static void
restart(struct bench *b)
{
	deliver_free(&b->engine);
	deliver_configure(&b->engine, b->routes, 1);
}

static void
begin(struct bench *b, const char *ends, const char *store)
{
	memset(b, 0, sizeof(*b));
	b->engine.loop = loop_new();
	b->engine.store = store_new(store);
	b->sink.ends = ends;
	b->route = (struct route){
	    .name = "test",
	    .kind = "alert",
	    .send = send_here,
	    .drop = drop_here,
	    .arg = &b->sink,
	    .state_size = sizeof(struct inbox *),
	    .timeout_ms = 5000,
	    .max_age_ms = 60000,
	    .most = 100,
	    .batch = 1,
	};
	b->routes[0] = &b->route;
	restart(b);
}

static void
put(struct bench *b, const char *key, const char *body)
{
	deliver_put(
	    &b->engine, &b->route, key, (struct str){body, strlen(body)});
}

static void
end(struct bench *b)
{
	deliver_free(&b->engine);
	store_free(b->engine.store);
	loop_free(b->engine.loop);
	(void)unlink(file);
}

/* Turns until LOG is what was sent, or some seconds have passed. */
static void
expect_sent(struct bench *b, const char *log)
{
	int64_t until = clock_mono_ms() + 10000;

	while (strcmp(b->sink.log, log) != 0 && clock_mono_ms() < until)
		loop_turn(b->engine.loop, 50);
	assert_string_equal(b->sink.log, log);
	/* What it ended as is written down. */
	loop_turn(b->engine.loop, 0);
	loop_turn(b->engine.loop, 0);
}

static void
expect_waiting(struct bench *b, int64_t n)
{
	int64_t due;

	assert_int_equal(
	    store_outbox_waiting(b->engine.store, "test", &due), n);
}

static const char *const stores[] = {file, NULL};

static void
test_one(void **state)
{
	struct bench b;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(stores); i++) {
		begin(&b, "k", stores[i]);
		put(&b, NULL, "one");
		put(&b, NULL, "two");
		assert_string_equal(b.sink.log, "");
		assert_true(deliver_busy(&b.engine));
		deliver_finish(&b.engine, 5000);
		assert_string_equal(b.sink.log, "/one/two");
		assert_int_equal(b.sink.drops, 2);
		assert_false(deliver_busy(&b.engine));
		expect_waiting(&b, 0);
		end(&b);
	}
}

static void
test_key(void **state)
{
	struct bench b;

	(void)state;
	begin(&b, "k", file);
	put(&b, "key", "one");
	put(&b, "key", "one");
	deliver_finish(&b.engine, 5000);
	put(&b, "key", "one");
	put(&b, "other", "two");
	deliver_finish(&b.engine, 5000);
	assert_string_equal(b.sink.log, "/one/two");
	end(&b);
}

static void
join(struct buf *to, struct str body, bool first)
{
	if (!first)
		buf_addc(to, ',');
	buf_add(to, body.p, body.len);
}

static void
test_batch(void **state)
{
	struct bench b;

	(void)state;
	begin(&b, "rk", file);
	b.route.batch = 3;
	b.route.join = join;
	put(&b, NULL, "1");
	put(&b, NULL, "2");
	put(&b, NULL, "3");
	put(&b, NULL, "4");
	expect_sent(&b, "/1,2,3/1,2,3/4");
	expect_waiting(&b, 0);
	end(&b);
}

/* What failed is tried again a second later, and what came later stays behind
 * it, with a store and without one. */
static void
test_order(void **state)
{
	struct bench b;
	int64_t first;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(stores); i++) {
		begin(&b, "rk", stores[i]);
		put(&b, NULL, "first");
		expect_sent(&b, "/first");
		first = b.sink.last;
		put(&b, NULL, "second");
		expect_sent(&b, "/first/first/second");
		assert_true(b.sink.last - first >= 1000);
		expect_waiting(&b, 0);
		end(&b);
	}
}

static void
test_asked(void **state)
{
	struct bench b;
	int64_t first;

	(void)state;
	begin(&b, "ak", file);
	put(&b, NULL, "x");
	expect_sent(&b, "/x");
	first = b.sink.last;
	expect_sent(&b, "/x/x");
	assert_true(b.sink.last - first >= 1400);
	end(&b);
}

/* --- the journal and the counters */

struct row {
	int n;
	char text[200];
};

static void
on_run(void *arg, const struct store_run *run)
{
	struct row *row = arg;

	row->n++;
	(void)snprintf(row->text, sizeof(row->text), "%s %s %s %s", run->kind,
	    run->name, run->status, run->error != NULL ? run->error : "-");
}

static void
expect_row(struct bench *b, const char *text)
{
	struct row row = {0};

	store_runs(b->engine.store, 10, on_run, &row);
	assert_int_equal(row.n, text != NULL);
	assert_string_equal(row.text, text != NULL ? text : "");
}

static void
on_counter(void *arg, const char *name, const char *labels, double value)
{
	if (strcmp(name, "agentmark_dropped_total") == 0 &&
	    strcmp(labels, "route=\"test\"") == 0)
		*(double *)arg = value;
}

static void
expect_dropped(struct bench *b, double n)
{
	double dropped = 0;

	store_counters(b->engine.store, on_counter, &dropped);
	assert_true(dropped == n);
	expect_waiting(b, 0);
}

static void
test_journal(void **state)
{
	struct bench b;

	(void)state;
	begin(&b, "krk", file);
	put(&b, NULL, "1");
	expect_sent(&b, "/1");
	expect_row(&b, NULL);
	put(&b, NULL, "2");
	expect_sent(&b, "/1/2");
	expect_row(&b, "alert test error busy");
	expect_sent(&b, "/1/2/2");
	expect_row(&b, "alert test ok -");
	end(&b);
}

static void
test_never(void **state)
{
	struct bench b;

	(void)state;
	begin(&b, "nk", file);
	put(&b, NULL, "1");
	put(&b, NULL, "2");
	expect_sent(&b, "/1/2"); /* the second does not wait */
	expect_dropped(&b, 1);
	expect_row(&b, "alert test error not 'wanted'");
	end(&b);
}

static void
test_age(void **state)
{
	struct bench b;

	(void)state;
	begin(&b, "r", file);
	b.route.max_age_ms = 500;
	put(&b, NULL, "1");
	expect_sent(&b, "/1/1");
	expect_dropped(&b, 1);
	end(&b);
}

static void
test_most(void **state)
{
	struct bench b;

	(void)state;
	begin(&b, "ak", file);
	b.route.most = 2;
	put(&b, NULL, "1");
	expect_sent(&b, "/1");
	put(&b, NULL, "2");
	put(&b, NULL, "3");
	put(&b, NULL, "4");
	restart(&b); /* which does not know that 1 is to wait, but 1 does */
	deliver_finish(&b.engine, 500);
	assert_string_equal(b.sink.log, "/1/2/3/4");
	end(&b);
	begin(&b, "k", file);
	b.route.most = 2;
	for (int i = 0; i < 5; i++)
		assert_int_equal(
		    store_outbox_put(b.engine.store, "test", NULL, STR("x")),
		    0);
	assert_int_equal(
	    store_outbox_trim(b.engine.store, "test", 2, 60000), 3);
	expect_waiting(&b, 2);
	end(&b);
}

/* In memory the oldest go when there are too many. */
static void
test_memory(void **state)
{
	char expected[30];
	struct bench b;

	(void)state;
	begin(&b, "k", NULL);
	for (unsigned i = 0; i < LIMIT_DELIVER_ITEMS + 3; i++) {
		(void)snprintf(expected, sizeof(expected), "%u", i);
		put(&b, NULL, i < 3 ? "lost" : expected);
	}
	loop_turn(b.engine.loop, 50);
	expect_sent(&b, "/3");
	end(&b);
}

static void
test_timeout(void **state)
{
	struct bench b;

	(void)state;
	begin(&b, "hk", file);
	b.route.timeout_ms = 50;
	put(&b, NULL, "x");
	expect_sent(&b, "/x/x");
	assert_int_equal(b.sink.drops, 2);
	expect_row(&b, "alert test ok -");
	end(&b);
}

/* A process that ends while something is on its way leaves it to the next. */
static void
test_restart(void **state)
{
	struct bench b;

	(void)state;
	begin(&b, "hk", file);
	put(&b, NULL, "x");
	deliver_finish(&b.engine, 200);
	assert_string_equal(b.sink.log, "/x");
	restart(&b);
	assert_int_equal(b.sink.drops, 1);
	assert_true(deliver_busy(&b.engine));
	deliver_finish(&b.engine, 5000);
	assert_string_equal(b.sink.log, "/x/x");
	expect_waiting(&b, 0);
	end(&b);
}

/* What ended, but not yet in the store, is not delivered again. */
static void
test_end_at_once(void **state)
{
	struct bench b;

	(void)state;
	begin(&b, "k", file);
	put(&b, NULL, "x");
	while (b.sink.log[0] == '\0')
		loop_turn(b.engine.loop, 50);
	restart(&b);
	expect_waiting(&b, 0);
	end(&b);
}

/* Somebody took it and died: it comes when the lease is over, not when it is
 * looked for the next time. */
static void
test_lease(void **state)
{
	enum { LEASE = 1500, CLOCKS = 20 }; /* ms; two clocks differ so much */
	struct store_item item;
	struct bench b;
	int64_t began;

	(void)state;
	begin(&b, "k", file);
	assert_int_equal(
	    store_outbox_put(b.engine.store, "test", NULL, STR("x")), 0);
	began = clock_mono_ms();
	assert_int_equal(
	    store_outbox_take(b.engine.store, "test", LEASE, &item), 1);
	assert_false(deliver_busy(&b.engine));
	expect_sent(&b, "/x");
	assert_true(b.sink.last - began >= LEASE - CLOCKS);
	end(&b);
}

/* Without a store what waits is lost, but nothing else is. */
static void
test_no_store(void **state)
{
	struct bench b;

	(void)state;
	begin(&b, "hr", NULL);
	put(&b, NULL, "x");
	put(&b, NULL, "y");
	deliver_finish(&b.engine, 100);
	assert_string_equal(b.sink.log, "/x");
	restart(&b);
	assert_false(deliver_busy(&b.engine));
	end(&b);
}

static int
set_up(void **state)
{
	(void)state;
	if (mkdtemp(root) == NULL)
		return -1;
	(void)snprintf(file, sizeof(file), "%s/store.db", root);
	return 0;
}

static int
tear_down(void **state)
{
	static const char *const ends[] = {"", "-wal", "-shm", ".lock"};
	char path[120];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
		(void)snprintf(path, sizeof(path), "%s%s", file, ends[i]);
		(void)unlink(path);
	}
	return rmdir(root);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_one),
	    cmocka_unit_test(test_key),
	    cmocka_unit_test(test_batch),
	    cmocka_unit_test(test_order),
	    cmocka_unit_test(test_asked),
	    cmocka_unit_test(test_journal),
	    cmocka_unit_test(test_never),
	    cmocka_unit_test(test_age),
	    cmocka_unit_test(test_most),
	    cmocka_unit_test(test_memory),
	    cmocka_unit_test(test_timeout),
	    cmocka_unit_test(test_restart),
	    cmocka_unit_test(test_end_at_once),
	    cmocka_unit_test(test_lease),
	    cmocka_unit_test(test_no_store),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
