/* Sets a connection up and makes the tables: what is there already is brought
 * to this version step by step.  It refuses to know what is asked of them. */
#include "store_int.h"

#include "../base/clock.h"
#include "../base/limits.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* What each version adds to the one before it.  Numbers of what is given out
 * begin anywhere, so that one of a file that was lost means nothing in the
 * next. */
static const char *const steps[] = {
    "create table rate (key text, second integer, amount real not null,"
    " primary key (key, second)) without rowid;"
    "create table lease (id integer primary key autoincrement, key text,"
    " until integer, pid integer, start integer, space integer);"
    "create index lease_key on lease (key);"
    "create table budget (key text, begins integer, ends integer,"
    " spent real not null, primary key (key, begins)) without rowid;"
    "create table reservation (id integer primary key autoincrement,"
    " amount real not null, until integer, pid integer, start integer,"
    " space integer);"
    "create table share (reservation integer, key text, begins integer,"
    " primary key (reservation, key, begins)) without rowid;"
    "create index share_key on share (key, begins);"
    "create table cool (key text primary key, until integer) without rowid;"
    "create table run (seq integer primary key autoincrement, id text unique,"
    " kind text, name text, model text, caller text, status text, error text,"
    " began integer, ended integer, input integer, output integer,"
    " rows integer, failed integer, cost real, pid integer, start integer,"
    " space integer);"
    "create index run_began on run (began);"
    "create table counter (name text, labels text, value real not null,"
    " primary key (name, labels)) without rowid;"
    "create table outbox (id integer primary key autoincrement, route text,"
    " key text, body blob, attempts integer, queued integer, due integer);"
    "create index outbox_route on outbox (route, due);"
    "create index outbox_due on outbox (due);"
    "create table sent (route text, key text, at integer,"
    " primary key (route, key)) without rowid;"
    "create index sent_at on sent (at);"
    "create table sweep (one integer primary key, at integer);"
    "insert into sweep values (1, 0);"
    "insert into sqlite_sequence (name, seq) values"
    " ('lease', abs(random() % 8796093022208)),"
    " ('reservation', abs(random() % 8796093022208)),"
    " ('outbox', abs(random() % 8796093022208));",
};

const struct store_kind store_kind = {
    .steps = steps,
    .version = ARRAY_LEN(steps),
    .application = 0x414d7374, /* "AMst" */
    .cache_kib = 2000,
    .lost = "limits and budgets are not kept",
    .anew = "counts begin anew",
    .sweep = store_sweep,
};

/* Others are waited for a little, more and more, and each a little different,
 * so that nobody is always last and many who wait do not take the time of the
 * one who works. */
static int
on_busy(void *arg, int times)
{
	struct store *s = arg;
	struct timespec nap = {0};
	long ms = times < 10 ? times + 1 : 10;

	if (clock_mono_ms() >= s->deadline)
		return 0;
	s->jitter = s->jitter * 1103515245u + 12345u;
	nap.tv_nsec = 500000L * ms + (long)(s->jitter >> 16) % 100 * 5000L * ms;
	(void)nanosleep(&nap, NULL);
	return 1;
}

static int
on_progress(void *arg)
{
	const struct store *s = arg;

	return clock_mono_ms() >= s->deadline;
}

static int
run(struct store *s, const char *sql)
{
	return sqlite3_exec(s->db, sql, NULL, NULL, NULL);
}

/* The first value of SQL's answer as text, "" when there is none. */
static int
get_text(struct store *s, const char *sql, char *text, size_t size)
{
	sqlite3_stmt *stmt = NULL;
	const char *value;
	int rc;

	text[0] = '\0';
	rc = sqlite3_prepare_v2(s->db, sql, -1, &stmt, NULL);
	if (rc != SQLITE_OK)
		return rc;
	rc = sqlite3_step(stmt);
	value = rc == SQLITE_ROW ? (const char *)sqlite3_column_text(stmt, 0)
				 : NULL;
	if (value != NULL)
		(void)snprintf(text, size, "%s", value);
	(void)sqlite3_finalize(stmt);
	return rc == SQLITE_ROW || rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static int
get_int(struct store *s, const char *sql, int64_t *value)
{
	char text[24];
	int rc = get_text(s, sql, text, sizeof(text));

	*value = strtoll(text, NULL, 10);
	return rc;
}

static int
on_commit(void *arg, sqlite3 *db, const char *name, int pages)
{
	struct store *s = arg;

	(void)db;
	(void)name;
	s->log_pages = pages;
	return SQLITE_OK;
}

/* Closing must not make the last of many short processes write everything
 * back: the log of SQLite stays, and is written back when it has grown. */
static void
prepare(struct store *s)
{
	int on = 1;

	(void)sqlite3_extended_result_codes(s->db, 1);
	(void)sqlite3_busy_handler(s->db, on_busy, s);
	sqlite3_progress_handler(s->db, 10000, on_progress, s);
	(void)sqlite3_wal_hook(s->db, on_commit, s);
	(void)sqlite3_db_config(
	    s->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	(void)sqlite3_file_control(
	    s->db, "main", SQLITE_FCNTL_PERSIST_WAL, &on);
}

/* What reads the file already.  A log of SQLite is remembered in it, that it
 * is none has to be said. */
static int
configure(struct store *s)
{
	char sql[400], mode[20];
	int rc;

	(void)snprintf(sql, sizeof(sql),
	    "pragma synchronous=normal; pragma temp_store=memory;"
	    "pragma cell_size_check=on; pragma trusted_schema=off;"
	    "pragma journal_size_limit=%d;"
	    "pragma max_page_count=%lld; pragma cache_size=-%d",
	    4 * 1024 * 1024, (long long)(s->bytes / STORE_PAGE),
	    s->kind->cache_kib);
	rc = run(s, sql);
	if (rc == SQLITE_OK)
		rc = get_text(s, "pragma journal_mode", mode, sizeof(mode));
	if (rc == SQLITE_OK && strcmp(mode, "wal") != 0)
		rc = get_text(
		    s, "pragma journal_mode=truncate", mode, sizeof(mode));
	return rc;
}

/* It is no link: only its directory may be reached by one. */
static int
open_db(struct store *s)
{
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX |
		    SQLITE_OPEN_PRIVATECACHE;
	char *real = realpath(s->path, NULL);
	int rc;

	if (real == NULL)
		return SQLITE_CANTOPEN;
#ifdef SQLITE_OPEN_NOFOLLOW
	flags |= SQLITE_OPEN_NOFOLLOW;
#endif
	store_close(s);
	rc = sqlite3_open_v2(real, &s->db, flags, NULL);
	free(real);
	if (rc == SQLITE_OK)
		prepare(s);
	return rc;
}

/* A file that is marked for a write-ahead log while the memory for it cannot
 * be shared (a network file system) is opened by one alone, who changes the
 * mark. */
static int
leave_wal(struct store *s)
{
	char mode[20];
	int rc = open_db(s);

	if (rc == SQLITE_OK)
		rc = run(s, "pragma locking_mode=exclusive");
	if (rc == SQLITE_OK)
		rc = get_text(
		    s, "pragma journal_mode=truncate", mode, sizeof(mode));
	if (rc == SQLITE_OK && strcmp(mode, "truncate") != 0)
		rc = SQLITE_CANTOPEN;
	return rc == SQLITE_OK ? open_db(s) : rc;
}

/* Its version: whether it can be read is known only then. */
static int
get_version(struct store *s, int64_t *version)
{
	int rc = get_int(s, "pragma user_version", version);

	if (rc == SQLITE_OK || store_is_busy(rc) || store_is_broken(rc))
		return rc;
	rc = leave_wal(s);
	return rc == SQLITE_OK ? get_int(s, "pragma user_version", version)
			       : rc;
}

/* SQLite does not always wait by itself where it changes this.  Whether it can
 * be used is known only when something is to be written. */
static int
enter_wal(struct store *s)
{
	char mode[20];
	int rc;

	for (int times = 0;; times++) {
		rc = get_text(s, "pragma journal_mode=wal", mode, sizeof(mode));
		if (!store_is_busy(rc) || on_busy(s, times) == 0)
			break;
	}
	if (rc == SQLITE_OK && strcmp(mode, "wal") == 0)
		rc = run(s, "begin immediate; rollback");
	if (rc == SQLITE_OK || store_is_busy(rc) || store_is_broken(rc))
		return rc;
	return leave_wal(s);
}

static int
migrate(struct store *s, struct err *err)
{
	int64_t version = 0, tables = 0;
	char sql[80];
	int rc;

	rc = get_int(s, "pragma user_version", &version);
	if (rc == SQLITE_OK && version == 0)
		rc = get_int(s, "select count(*) from sqlite_master", &tables);
	if (rc == SQLITE_OK && tables != 0) {
		(void)fail(err, ERR_UNCONFIGURED,
		    "%s is the database of another program", s->path);
		return SQLITE_AUTH;
	}
	for (; rc == SQLITE_OK && version < (int64_t)s->kind->version;
	     version++)
		rc = run(s, s->kind->steps[version]);
	(void)snprintf(sql, sizeof(sql),
	    "pragma user_version=%d; pragma application_id=%d",
	    (int)s->kind->version, s->kind->application);
	return rc == SQLITE_OK ? run(s, sql) : rc;
}

/* Only one process at a time does this. */
static int
upgrade(struct store *s, int64_t version, struct err *err)
{
	int rc = run(s, "pragma synchronous=normal");

	if (rc == SQLITE_OK && version == 0)
		rc = enter_wal(s);
	if (rc == SQLITE_OK)
		rc = run(s, "begin immediate");
	if (rc != SQLITE_OK)
		return rc;
	rc = migrate(s, err);
	if (rc == SQLITE_OK)
		rc = run(s, "commit");
	/* A file that is large enough has been made: store_file_is_new(). */
	if (rc == SQLITE_OK)
		(void)run(s, "pragma wal_checkpoint");
	if (rc != SQLITE_OK && sqlite3_get_autocommit(s->db) == 0)
		(void)run(s, "rollback");
	return rc;
}

/* Who comes while somebody else does it waits for that alone. */
static int
upgrade_alone(struct store *s, struct err *err)
{
	int64_t version = 0;
	int lock = -1, rc = SQLITE_OK;

	while (version < (int64_t)s->kind->version &&
	       (lock = store_file_lock(s->path)) == -1) {
		if (!store_file_nap(s->deadline))
			return SQLITE_BUSY;
		rc = get_version(s, &version);
		if (rc != SQLITE_OK)
			return rc;
	}
	if (version < (int64_t)s->kind->version)
		rc = get_version(s, &version);
	if (rc == SQLITE_OK && version < (int64_t)s->kind->version)
		rc = upgrade(s, version, err);
	store_file_unlock(lock);
	return rc;
}

int
store_schema(struct store *s, struct err *err)
{
	int64_t version = 0;
	int rc = open_db(s);

	if (rc == SQLITE_OK)
		rc = get_version(s, &version);
	if (rc == SQLITE_OK && version > (int64_t)s->kind->version) {
		(void)fail(err, ERR_UNCONFIGURED,
		    "%s was made by a newer version of this program", s->path);
		return SQLITE_AUTH;
	}
	if (rc == SQLITE_OK && version < (int64_t)s->kind->version)
		rc = upgrade_alone(s, err);
	return rc == SQLITE_OK ? configure(s) : rc;
}
