/* The file of kept answers: what is found in it, what goes to make room or by
 * its age, and what happens when it is lost.  Time passes by making what is
 * written older. */
#include "../../common/store/cache.h"

#include "../../common/base/clock.h"
#include "../../common/base/limits.h"
#include "store_files.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define DB "answers.db"
#define MOST (INT64_C(1) << 20)

static struct cache *
open_cache(void)
{
	return cache_new(store_file(DB), MOST, 10);
}

/* Numbers as keys: the question's, and that of what it is about. */
static struct cache_key
key(int whole, int about)
{
	struct cache_key k = {.whole = {0}};

	memcpy(k.whole, &whole, sizeof(whole));
	memcpy(k.about, &about, sizeof(about));
	memcpy(k.said, &about, sizeof(about));
	return k;
}

static void
put(struct cache *c, int whole, int about, const char *answer)
{
	struct cache_key k = key(whole, about);
	char question[16];

	(void)snprintf(question, sizeof(question), "q%d", whole);
	cache_put(c, &k, (struct str){question, strlen(question)},
	    (struct str){answer, strlen(answer)});
}

/* The answer, or NULL; of the last two calls. */
static const char *
get(struct cache *c, int whole)
{
	static char texts[2][64];
	static int turn;
	struct arena *a = arena_new(NULL);
	struct cache_key k = key(whole, 0);
	struct str answer;
	char *text = texts[turn++ % 2];
	int found = cache_get(c, a, &k, &answer);

	assert_true(found >= 0);
	if (found != 0)
		(void)snprintf(
		    text, sizeof(texts[0]), "%.*s", (int)answer.len, answer.p);
	arena_free(a);
	return found != 0 ? text : NULL;
}

static void
test_put_and_get(void **state)
{
	struct cache *c = open_cache(), *other = open_cache();
	struct cache_key k = key(1, 0);
	struct stat st;

	(void)state;
	assert_int_equal(store_file_size(DB), -1);
	assert_null(get(c, 1));
	put(c, 1, 0, "one");
	put(c, 2, 0, "two");
	assert_string_equal(get(c, 1), "one");
	assert_null(get(other, 1)); /* not written yet */
	cache_rest(other);
	cache_rest(c);
	assert_string_equal(get(other, 2), "two");
	cache_rest(other);
	put(other, 1, 0, "another one");
	cache_rest(other);
	assert_string_equal(get(c, 1), "one");
	cache_drop(c, &k);
	assert_null(get(c, 1));
	put(c, 1, 0, "new");
	assert_string_equal(get(c, 1), "new");
	assert_int_equal(stat(store_file(DB), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	cache_free(c);
	cache_free(other);
	cache_free(NULL);
}

static void
add_question(void *arg, struct str question)
{
	char *all = arg;

	(void)snprintf(
	    all + strlen(all), 64, "%.*s ", (int)question.len, question.p);
}

static void
test_like(void **state)
{
	struct cache *c = open_cache();
	struct cache_key about = key(9, 1), said = key(9, 1), none = key(9, 7);
	char all[400] = "";

	(void)state;
	for (int i = 1; i <= LIMIT_CACHE_LIKE + 2; i++)
		put(c, i, i == 2 ? 2 : 1, "x");
	memset(about.said, 9, sizeof(about.said));
	cache_like(c, &about, add_question, all);
	assert_string_equal(all, "q10 q9 q8 q7 q6 q5 q4 q3 ");
	all[0] = '\0';
	memset(said.about, 9, sizeof(said.about));
	memcpy(said.said, &(int){2}, sizeof(int));
	cache_like(c, &said, add_question, all);
	assert_string_equal(all, "q2 ");
	all[0] = '\0';
	cache_like(c, &none, add_question, all);
	assert_string_equal(all, "");
	cache_free(c);
}

static void
test_age(void **state)
{
	struct cache *c = open_cache();

	(void)state;
	put(c, 1, 0, "old");
	put(c, 2, 0, "young");
	cache_free(c);
	(void)store_sql(DB,
	    "update answer set at = at - 86400000 * 11 where text = "
	    "cast('old' as blob)");
	c = open_cache();
	assert_null(get(c, 1));
	assert_string_equal(get(c, 2), "young");
	put(c, 1, 0, "new");
	cache_free(c);
	assert_int_equal(store_sql(DB, "select count(*) from question"), 2);
	c = open_cache();
	assert_string_equal(get(c, 1), "new");
	cache_free(c);
	/* What nobody asks for any more goes too. */
	(void)store_sql(DB, "update answer set at = 0 where seq < 1000000");
	c = open_cache();
	put(c, 3, 0, "x");
	cache_free(c);
	assert_int_equal(store_sql(DB, "select count(*) from answer"), 1);
	assert_int_equal(store_sql(DB, "select count(*) from question"), 1);
}

static void
test_room(void **state)
{
	struct cache *c = open_cache();
	size_t len = MOST / 10;
	char *large = malloc(MOST);

	(void)state;
	assert_non_null(large);
	memset(large, 'x', MOST);
	large[len] = '\0';
	for (int i = 0; i < 30; i++)
		put(c, i, 0, large);
	large[len] = 'x';
	large[MOST - 1] = '\0';
	put(c, 30, 0, large); /* too large: nothing goes for it */
	assert_null(get(c, 30));
	assert_null(get(c, 0));
	assert_non_null(get(c, 29));
	cache_free(c);
	assert_true(store_sql(DB, "select count(*) from answer") >= 1);
	assert_true(store_file_size(DB) <= MOST);
	free(large);
}

static void
test_purge(void **state)
{
	struct cache *c = open_cache();
	struct err err = {0};
	int64_t now;

	(void)state;
	assert_int_equal(cache_purge(store_file(DB), INT64_MAX, &err), 0);
	assert_int_equal(cache_purge(NULL, INT64_MAX, &err), 0);
	assert_int_equal(store_file_size(DB), -1);
	put(c, 1, 0, "a secret");
	put(c, 2, 0, "another secret");
	cache_free(c);
	(void)store_sql(DB, "update answer set at = 5 where seq = 1");
	now = clock_wall_ms();
	assert_int_equal(cache_purge(store_file(DB), 6, &err), 1);
	assert_int_equal(cache_purge(store_file(DB), now + 60000, &err), 1);
	assert_int_equal(store_sql(DB, "select count(*) from question"), 0);
	c = open_cache();
	assert_null(get(c, 2));
	cache_free(c);
	store_file_write("not-a-database", "nonsense", 8);
	assert_int_equal(err.code, ERR_NONE);
}

static void
test_broken(void **state)
{
	struct cache *c = open_cache();
	char junk[20000];

	(void)state;
	put(c, 1, 0, "one");
	cache_free(c);
	memset(junk, 'j', sizeof(junk));
	(void)unlink(store_file(DB "-wal"));
	store_file_write(DB, junk, sizeof(junk));
	c = open_cache();
	assert_null(get(c, 1));
	put(c, 1, 0, "again");
	assert_string_equal(get(c, 1), "again");
	cache_free(c);
	assert_true(store_files_count(DB ".corrupt-") >= 1);
	assert_int_equal(store_files_logged("all answers in it are lost"), 1);
}

/* A directory in its place. */
static void
test_unusable(void **state)
{
	struct cache *c = open_cache();
	struct cache_key k = key(1, 0);
	struct arena *a = arena_new(NULL);
	struct err err = {0};
	struct str answer;
	char all[64] = "";

	(void)state;
	assert_int_equal(mkdir(store_file(DB), 0700), 0);
	assert_int_equal(cache_check(c, &err), -1);
	assert_int_equal(cache_get(c, a, &k, &answer), -1);
	put(c, 1, 0, "one");
	cache_like(c, &k, add_question, all);
	assert_string_equal(all, "");
	cache_drop(c, &k);
	cache_free(c);
	err_free(&err);
	assert_int_equal(cache_purge(store_file(DB), INT64_MAX, &err), -1);
	assert_non_null(strstr(err.msg, "cannot be removed"));
	assert_int_equal(store_files_logged("answers are not kept"), 2);
	assert_int_equal(rmdir(store_file(DB)), 0);
	err_free(&err);
	arena_free(a);
}

int
main(void)
{
#define T(fn)                                                                  \
	cmocka_unit_test_setup_teardown(                                       \
	    fn, store_files_setup, store_files_teardown)
	const struct CMUnitTest tests[] = {
	    T(test_put_and_get),
	    T(test_like),
	    T(test_age),
	    T(test_room),
	    T(test_purge),
	    T(test_broken),
	    T(test_unusable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
