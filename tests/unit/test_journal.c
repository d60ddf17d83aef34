/* Journals: what is read again is what was written, whatever was cut off. */
#include "../../common/base/crypt.h"
#include "../../common/run/journal.h"
#include "../../common/run/record.h"

#include <sys/stat.h>

#include <ftw.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char root[] = "/tmp/test_journal.XXXXXX";
static char dir[100], path[200];
static const char id[] = "01234567-89ab-4cde-8f01-23456789abcd";

struct seen {
	char text[4000];
	const char *drop;
};

static int
see(void *arg, struct str text, struct err *err)
{
	struct seen *seen = arg;
	size_t len = strlen(seen->text);

	(void)err;
	(void)snprintf(seen->text + len, sizeof(seen->text) - len, "%.*s\n",
	    (int)text.len, text.p);
	return seen->drop != NULL &&
	       memmem(text.p, text.len, seen->drop, strlen(seen->drop)) != NULL;
}

static void
add(struct journal *j, const char *line)
{
	struct err err = {0};

	journal_add(j, (struct str){line, strlen(line)});
	assert_int_equal(journal_flush(j, &err), 0);
}

static void
end(struct journal *j)
{
	struct err err = {0};

	assert_int_equal(journal_close(j, &err), 0);
}

static void
make(const char *const *lines)
{
	struct err err = {0};
	struct journal *j;

	(void)unlink(path);
	j = journal_create(dir, id, STR("{\"head\":1}"), &err);
	assert_non_null(j);
	for (; *lines != NULL; lines++)
		add(j, *lines);
	end(j);
}

static void
check(const char *text)
{
	struct seen seen = {.text = ""};
	struct err err = {0};

	assert_int_equal(journal_scan(dir, id, see, &seen, &err), 0);
	assert_string_equal(seen.text, text);
}

static off_t
size(void)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return st.st_size;
}

/* Cut at any byte, the lines before it stay, and others go behind them. */
static void
test_cut(void **state)
{
	static const char *const lines[] = {"{\"a\":1}", "{\"b\":2}", NULL};
	struct err err = {0};
	off_t whole, one;

	(void)state;
	make((const char *const[]){lines[0], NULL});
	one = size();
	make(lines);
	whole = size();
	for (off_t at = one; at <= whole; at++) {
		struct seen seen = {.text = ""};
		struct journal *j;

		make(lines);
		assert_int_equal(truncate(path, at), 0);
		j = journal_resume(dir, id, see, &seen, &err);
		assert_non_null(j);
		assert_string_equal(seen.text,
		    at == whole ? "{\"head\":1}\n{\"a\":1}\n{\"b\":2}\n"
				: "{\"head\":1}\n{\"a\":1}\n");
		add(j, "{\"c\":3}");
		end(j);
		check(at == whole
			  ? "{\"head\":1}\n{\"a\":1}\n{\"b\":2}\n{\"c\":3}\n"
			  : "{\"head\":1}\n{\"a\":1}\n{\"c\":3}\n");
	}
}

/* A byte that changed costs its line; one without a head is none. */
static void
test_damage(void **state)
{
	static const char *const lines[] = {"{\"a\":1}", "{\"b\":2}", NULL};
	struct err err = {0};
	struct seen seen = {.text = ""};
	FILE *f;

	(void)state;
	make(lines);
	f = fopen(path, "r+");
	assert_non_null(f);
	assert_int_equal(fseek(f, size() / 2, SEEK_SET), 0);
	assert_int_not_equal(fputc('#', f), EOF);
	assert_int_equal(fclose(f), 0);
	check("{\"head\":1}\n{\"b\":2}\n");
	assert_int_equal(truncate(path, 5), 0);
	assert_null(journal_resume(dir, id, see, &seen, &err));
	assert_int_equal(err.code, ERR_REQUEST);
	err_free(&err);
}

static void
test_drop(void **state)
{
	static const char *const lines[] = {
	    "{\"a\":1}", "{\"b\":2}", "{\"a\":3}", "{\"c\":4}", NULL};
	struct seen seen = {.text = "", .drop = "\"a\""};
	struct err err = {0};
	struct journal *j, *other;

	(void)state;
	make(lines);
	j = journal_resume(dir, id, see, &seen, &err);
	assert_non_null(j);
	add(j, "{\"d\":5}");
	seen.drop = NULL;
	other = journal_resume(dir, id, see, &seen, &err);
	assert_null(other);
	assert_int_equal(err.code, ERR_BUSY);
	err_free(&err);
	assert_int_equal(journal_purge(dir, INT64_MAX), 0);
	end(j);
	check("{\"head\":1}\n{\"b\":2}\n{\"c\":4}\n{\"d\":5}\n");
	assert_int_equal(journal_purge(dir, INT64_MAX), 1);
	assert_null(journal_resume(dir, id, see, &seen, &err));
	assert_non_null(strstr(err.msg, "no journal"));
	err_free(&err);
	assert_null(journal_resume(dir, "../x", see, &seen, &err));
	err_free(&err);
}

static void
test_record(void **state)
{
	struct record r = {.index = 3,
	    .repeat = 1,
	    .hash = "ab",
	    .cluster = "x\",\"row\":{",
	    .cached = true,
	    .ms = -1,
	    .input = 5,
	    .output = 0,
	    .cost = 0.1};
	struct record again;
	struct str front, row;
	struct err err = {0};
	struct buf b;

	(void)state;
	buf_init(&b, 1000);
	buf_adds(&b, "{\"type\":\"error\",\"index\":3,\"row\":{}");
	record_print(&b, &r);
	buf_addc(&b, '}');
	assert_int_equal(
	    record_scan((struct str){buf_str(&b), b.len}, &again, &err), 1);
	assert_true(again.failed && again.cached && again.cost == 0.1);
	assert_true(again.index == 3 && again.repeat == 1 && again.ms == -1 &&
		    again.input == 5 && again.output == 0);
	assert_true(
	    record_split((struct str){buf_str(&b), b.len}, &front, &row));
	assert_int_equal(
	    front.len, strlen("{\"type\":\"error\",\"index\":3,\"row\":{}"));
	assert_int_equal(
	    record_scan(STR("{\"type\":\"end\",\"x\":1}"), &again, &err), 0);
	assert_int_equal(
	    record_scan(STR("{\"type\":\"error\",\"x\":1}"), &again, &err), -1);
	err_free(&err);
	buf_free(&b);
}

static int
remove_one(const char *name, const struct stat *st, int type, struct FTW *where)
{
	(void)st;
	(void)type;
	(void)where;
	return remove(name);
}

static int
start(void **state)
{
	(void)state;
	if (crypt_init() < 0 || mkdtemp(root) == NULL)
		return -1;
	(void)snprintf(dir, sizeof(dir), "%s/state/journals", root);
	(void)snprintf(path, sizeof(path), "%s/%s.ndjson", dir, id);
	return 0;
}

static int
finish(void **state)
{
	(void)state;
	return nftw(root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_cut),
	    cmocka_unit_test(test_damage),
	    cmocka_unit_test(test_drop),
	    cmocka_unit_test(test_record),
	};

	return cmocka_run_group_tests(tests, start, finish);
}
