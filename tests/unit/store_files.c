/* A place for stores of tests.  It refuses to know what is in them. */
#include "store_files.h"

#include "../../common/base/log.h"

#include <sqlite3.h>
#include <sys/stat.h>

#include <dirent.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char root[40];
static long log_read;

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

int
store_files_setup(void **state)
{
	struct err err = {0};

	(void)state;
	(void)snprintf(root, sizeof(root), "/tmp/test_store.XXXXXX");
	if (mkdtemp(root) == NULL)
		return -1;
	log_read = 0;
	return log_open(store_file("log"), &err);
}

int
store_files_teardown(void **state)
{
	struct err err = {0};

	(void)state;
	if (log_open("stderr", &err) == -1)
		return -1;
	return nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

const char *
store_file(const char *name)
{
	static char paths[8][200];
	static unsigned next;
	char *path = paths[next++ % 8];

	(void)snprintf(path, sizeof(paths[0]), "%s/%s", root, name);
	return path;
}

long
store_file_size(const char *name)
{
	struct stat st;

	return lstat(store_file(name), &st) == 0 ? (long)st.st_size : -1;
}

void
store_file_write(const char *name, const void *p, size_t len)
{
	FILE *f = fopen(store_file(name), "w");

	assert_non_null(f);
	assert_int_equal(fwrite(p, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(store_file(name), 0600), 0);
}

int
store_files_count(const char *name)
{
	DIR *d = opendir(root);
	struct dirent *e;
	int n = 0;

	assert_non_null(d);
	while ((e = readdir(d)) != NULL)
		if (strncmp(e->d_name, name, strlen(name)) == 0)
			n++;
	(void)closedir(d);
	return n;
}

int
store_files_logged(const char *text)
{
	FILE *f = fopen(store_file("log"), "r");
	char line[5000];
	int n = 0;

	assert_non_null(f);
	assert_int_equal(fseek(f, log_read, SEEK_SET), 0);
	while (fgets(line, sizeof(line), f) != NULL)
		if (strstr(line, text) != NULL)
			n++;
	log_read = ftell(f);
	(void)fclose(f);
	return n;
}

static int
keep_first(void *arg, int n, char **values, char **names)
{
	int64_t *value = arg;

	(void)names;
	if (n > 0 && values[0] != NULL && *value == -1)
		*value = strtoll(values[0], NULL, 10);
	return 0;
}

int64_t
store_sql(const char *name, const char *sql)
{
	sqlite3 *db;
	char *message = NULL;
	int64_t value = -1;
	int on = 1;

	assert_int_equal(
	    sqlite3_open_v2(store_file(name), &db, SQLITE_OPEN_READWRITE, NULL),
	    SQLITE_OK);
	(void)sqlite3_file_control(db, "main", SQLITE_FCNTL_PERSIST_WAL, &on);
	(void)sqlite3_busy_timeout(db, 5000);
	if (sqlite3_exec(db, sql, keep_first, &value, &message) != SQLITE_OK)
		fail_msg("%s: %s", sql, message);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	return value;
}
