/* A sorted heap of data on disk: one table of a SQLite file that is removed
 * as soon as it is open.  Nothing of it is to survive, so nothing is synced or
 * journalled.  It refuses to know what the data means. */
#include "spool.h"

#include "../base/xalloc.h"

#include <errno.h>
#include <limits.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct spool {
	sqlite3 *db;
	sqlite3_stmt *put;
};

struct spool_reader {
	struct spool *spool;
	sqlite3_stmt *stmt;
	int shelf;
};

/* 32 MiB of pages in memory: a run of some hundred thousand rows never touches
 * the disk. */
static const char setup[] =
    "pragma locking_mode = exclusive;"
    "pragma journal_mode = off;"
    "pragma synchronous = off;"
    "pragma cache_size = -32768;"
    "create table item (shelf integer, key blob, major integer, minor integer,"
    " data blob, primary key (shelf, key, major, minor)) without rowid;"
    "begin";

static int
fault(struct spool *s, struct err *err)
{
	return fail(err, ERR_INTERNAL, "rows cannot be put aside on disk: %s",
	    sqlite3_errmsg(s->db));
}

static int
make_file(const char *dir, char path[PATH_MAX], struct err *err)
{
	int n = snprintf(path, PATH_MAX, "%s/rows-XXXXXX", dir), fd;

	if (n < 0 || n >= PATH_MAX)
		return fail(err, ERR_INTERNAL, "the path is too long: %s", dir);
	fd = mkstemp(path);
	if (fd < 0)
		return fail(err, ERR_INTERNAL, "no file can be made in %s: %s",
		    dir, strerror(errno));
	(void)close(fd);
	return 0;
}

struct spool *
spool_open(const char *dir, struct err *err)
{
	struct spool *s = xcalloc(1, sizeof(*s));
	char path[PATH_MAX] = "";
	int rc;

	if (dir != NULL && make_file(dir, path, err) < 0) {
		free(s);
		return NULL;
	}
	/* The empty name is SQLite's for a file of its own without a name. */
	rc = sqlite3_open_v2(path, &s->db,
	    SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
	    NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(s->db, setup, NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_prepare_v2(s->db,
		    "insert or replace into item values (?, ?, ?, ?, ?)", -1,
		    &s->put, NULL);
	if (path[0] != '\0')
		(void)unlink(path);
	if (rc == SQLITE_OK)
		return s;
	(void)fault(s, err);
	spool_close(s);
	return NULL;
}

void
spool_close(struct spool *s)
{
	if (s == NULL)
		return;
	(void)sqlite3_finalize(s->put);
	(void)sqlite3_close_v2(s->db);
	free(s);
}

int
spool_put(struct spool *s, const struct spool_item *item, struct err *err)
{
	int rc;

	(void)sqlite3_bind_int(s->put, 1, item->shelf);
	(void)sqlite3_bind_blob(
	    s->put, 2, item->key, SPOOL_KEY_LEN, SQLITE_STATIC);
	(void)sqlite3_bind_int64(s->put, 3, item->major);
	(void)sqlite3_bind_int64(s->put, 4, item->minor);
	(void)sqlite3_bind_blob64(
	    s->put, 5, item->data, item->len, SQLITE_STATIC);
	(void)sqlite3_step(s->put);
	rc = sqlite3_reset(s->put);
	return rc == SQLITE_OK ? 0 : fault(s, err);
}

struct spool_reader *
spool_read(struct spool *s, int shelf, struct err *err)
{
	struct spool_reader *r = xcalloc(1, sizeof(*r));
	int rc = sqlite3_prepare_v2(s->db,
	    "select key, major, minor, data from item where shelf = ?"
	    " order by shelf, key, major, minor",
	    -1, &r->stmt, NULL);

	r->spool = s;
	r->shelf = shelf;
	if (rc == SQLITE_OK)
		rc = sqlite3_bind_int(r->stmt, 1, shelf);
	if (rc == SQLITE_OK)
		return r;
	(void)fault(s, err);
	spool_done(r);
	return NULL;
}

int
spool_next(struct spool_reader *r, struct spool_item *item, struct err *err)
{
	int rc = sqlite3_step(r->stmt);
	const void *key;

	if (rc == SQLITE_DONE)
		return 0;
	if (rc != SQLITE_ROW)
		return fault(r->spool, err);
	*item = (struct spool_item){.shelf = r->shelf};
	key = sqlite3_column_blob(r->stmt, 0);
	if (key != NULL && sqlite3_column_bytes(r->stmt, 0) == SPOOL_KEY_LEN)
		memcpy(item->key, key, SPOOL_KEY_LEN);
	item->major = sqlite3_column_int64(r->stmt, 1);
	item->minor = sqlite3_column_int64(r->stmt, 2);
	item->data = sqlite3_column_blob(r->stmt, 3);
	item->len = (size_t)sqlite3_column_bytes(r->stmt, 3);
	return 1;
}

void
spool_done(struct spool_reader *r)
{
	if (r == NULL)
		return;
	(void)sqlite3_finalize(r->stmt);
	free(r);
}
