/* The connection: opened when it is needed, left alone for a while when it
 * fails, and given up when the file is not the one it was.  Nobody is told of
 * a failure but the log: what is asked is answered so that a run goes on.  It
 * refuses to know what is kept. */
#include "store_int.h"

#include "../base/clock.h"
#include "../base/limits.h"
#include "../base/log.h"
#include "../base/xalloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct store *
store_new_kind(const char *path, const struct store_kind *kind, int64_t bytes)
{
	struct store *s = xcalloc(1, sizeof(*s));

	s->kind = kind;
	s->bytes = bytes;
	s->path = path != NULL ? xstrdup(path) : NULL;
	s->wait = LIMIT_STORE_WAIT_MS;
	s->jitter = (unsigned)getpid() * 2654435761u;
	buf_init(&s->route, LIMIT_STORE_ITEM_BYTES);
	buf_init(&s->key, LIMIT_STORE_ITEM_BYTES);
	buf_init(&s->body, LIMIT_STORE_ITEM_BYTES);
	return s;
}

struct store *
store_new(const char *path)
{
	return store_new_kind(path, &store_kind, LIMIT_STORE_BYTES);
}

/* Nobody is waited for: others will do it then. */
static void
shorten_log(struct store *s, int most, int mode)
{
	if (s->db == NULL || s->log_pages < most)
		return;
	s->log_pages = 0;
	s->deadline = clock_mono_ms();
	(void)sqlite3_wal_checkpoint_v2(s->db, "main", mode, NULL, NULL);
}

void
store_close(struct store *s)
{
	for (size_t i = 0; i < s->n_statements; i++)
		(void)sqlite3_finalize(s->statements[i].stmt);
	s->n_statements = 0;
	s->log_pages = 0;
	(void)sqlite3_close_v2(s->db);
	s->db = NULL;
}

void
store_free(struct store *s)
{
	if (s == NULL)
		return;
	/* A last try at what could not be written. */
	if (s->n_owed > 0 && store_begin(s) == 0)
		(void)store_end(s);
	shorten_log(s, LIMIT_STORE_LOG_PAGES_LEFT, SQLITE_CHECKPOINT_TRUNCATE);
	store_close(s);
	buf_free(&s->route);
	buf_free(&s->key);
	buf_free(&s->body);
	free(s->statements);
	free(s->owed);
	free(s->path);
	free(s);
}

/* --- what goes wrong */

void
store_warn(struct store *s, const char *text)
{
	int64_t now = clock_mono_ms();

	if (s->logged != 0 && now - s->logged < LIMIT_STORE_LOG_MS)
		return;
	s->logged = now != 0 ? now : 1;
	log_reason(LEVEL_WARNING, "store", text);
}

static void
warn_err(struct store *s, struct err *err)
{
	store_warn(s, err->msg);
	err_free(err);
}

bool
store_is_broken(int rc)
{
	return (rc & 0xff) == SQLITE_CORRUPT || (rc & 0xff) == SQLITE_NOTADB;
}

bool
store_is_busy(int rc)
{
	return (rc & 0xff) == SQLITE_BUSY || (rc & 0xff) == SQLITE_LOCKED ||
	       (rc & 0xff) == SQLITE_INTERRUPT;
}

static bool
is_moved(struct store *s)
{
	int moved = 0;

	(void)sqlite3_file_control(
	    s->db, "main", SQLITE_FCNTL_HAS_MOVED, &moved);
	return moved != 0;
}

/* Only the file that is broken is put aside, not one that came after it; and
 * where files break again and again it is not the file. */
static int
put_aside(struct store *s, struct err *err)
{
	int64_t now = clock_mono_ms();
	int lock, rc = 0;

	if (s->aside != 0 && now - s->aside < LIMIT_STORE_LOG_MS)
		return fail(err, ERR_INTERNAL, "%s is broken again", s->path);
	s->aside = now != 0 ? now : 1;
	do
		lock = store_file_lock(s->path);
	while (lock == -1 && store_file_nap(s->deadline));
	if (lock == -1)
		return fail(err, ERR_INTERNAL,
		    "%s is broken and cannot be put aside: its directory is "
		    "locked",
		    s->path);
	if (s->db != NULL && !is_moved(s)) {
		store_close(s);
		rc = store_file_aside(s->path, err);
		if (rc == 0)
			log_line(LEVEL_WARNING, "store",
			    "reason=\"the file is broken and was put aside, "
			    "%s\" path=%s",
			    s->kind->anew, s->path);
	}
	store_close(s);
	store_file_unlock(lock);
	return rc;
}

static void
note(struct store *s, int rc, struct err *err)
{
	const char *text = s->db != NULL ? sqlite3_errmsg(s->db) : NULL;

	if (text == NULL || strcmp(text, "not an error") == 0)
		text = sqlite3_errstr(rc);
	if (store_is_busy(rc))
		text = "others had it locked for too long";
	(void)fail(err, ERR_INTERNAL, "%s: %s", s->path, text);
}

void
store_fault(struct store *s, int rc)
{
	struct err err = {0};

	if (s->fault == SQLITE_OK) {
		s->fault = rc;
		note(s, rc, &err);
		err_prefix(&err, "%s", s->kind->lost);
		warn_err(s, &err);
	}
	s->failed = true;
}

/* What follows from a fault, once no statement is in use. */
static void
mend(struct store *s)
{
	struct err err = {0};
	int rc = s->fault;

	if (rc == SQLITE_OK)
		return;
	s->fault = SQLITE_OK;
	if (store_is_broken(rc) && put_aside(s, &err) == 0)
		return;
	if (err.code != ERR_NONE)
		warn_err(s, &err);
	if (rc != SQLITE_READONLY_DBMOVED)
		s->pause = clock_mono_ms() + LIMIT_STORE_PAUSE_MS;
	if (!store_is_busy(rc) && (rc & 0xff) != SQLITE_FULL)
		store_close(s);
}

/* --- opening */

static int
connect_once(struct store *s, struct err *err)
{
	int rc;

	if (store_file_ready(s->path, s->deadline, err) == -1)
		return SQLITE_CANTOPEN;
	if (store_file_is_new(s->path))
		s->deadline += LIMIT_STORE_MAKE_MS;
	rc = store_schema(s, err);
	if (rc == SQLITE_OK && sqlite3_db_readonly(s->db, "main") == 1)
		rc = SQLITE_READONLY;
	if (rc != SQLITE_OK && err->code == ERR_NONE)
		note(s, rc, err);
	return rc;
}

static int
connect_it(struct store *s, struct err *err)
{
	int rc = connect_once(s, err);

	if (store_is_broken(rc)) {
		err_free(err);
		if (put_aside(s, err) == 0)
			rc = connect_once(s, err);
	}
	if (rc == SQLITE_OK) {
		s->looked = clock_mono_ms();
		store_owner_self(&s->self);
		return 0;
	}
	store_close(s);
	return -1;
}

/* False: the file is another one now. */
static bool
look(struct store *s)
{
	int64_t now = clock_mono_ms();
	char text[80];

	if (now - s->looked < LIMIT_STORE_LOOK_MS)
		return true;
	s->looked = now;
	if (!is_moved(s))
		return true;
	(void)snprintf(
	    text, sizeof(text), "the file was taken away, %s", s->kind->anew);
	store_warn(s, text);
	store_close(s);
	return false;
}

int
store_open(struct store *s)
{
	struct err err = {0};
	int64_t now = clock_mono_ms();

	if (s->path == NULL)
		return -1;
	s->deadline = now + s->wait;
	s->failed = false;
	mend(s);
	if (now < s->pause)
		return -1;
	if (s->db != NULL && look(s))
		return 0;
	if (connect_it(s, &err) == 0)
		return 0;
	s->pause = clock_mono_ms() + LIMIT_STORE_PAUSE_MS;
	err_prefix(&err, "%s", s->kind->lost);
	warn_err(s, &err);
	return -1;
}

void
store_patience(struct store *s)
{
	s->deadline = clock_mono_ms() + s->wait;
}

/* A check does not make the file: it may be run by another user. */
int
store_check(struct store *s, struct err *err)
{
	int rc;

	if (s->path == NULL || s->db != NULL)
		return 0;
	if (store_file_check(s->path, err) == -1)
		return -1;
	if (access(s->path, F_OK) == -1)
		return 0;
	s->deadline = clock_mono_ms() + s->wait;
	rc = connect_once(s, err);
	store_close(s);
	return rc == SQLITE_OK ? 0 : -1;
}

/* --- transactions */

void
store_owe(struct store *s, struct store_owed owed)
{
	if (s->path == NULL || s->n_owed == LIMIT_STORE_OWED)
		return;
	if (s->owed == NULL)
		s->owed = xcalloc(LIMIT_STORE_OWED, sizeof(*s->owed));
	s->owed[s->n_owed++] = owed;
}

static void
pay_owed(struct store *s)
{
	for (size_t i = 0; i < s->n_owed; i++) {
		const struct store_owed *o = &s->owed[i];

		if (o->kind == OWED_LEASE)
			store_lease_drop(s, o->id);
		else if (o->kind == OWED_SETTLE)
			store_settle_in(s, o->id, o->spent);
		else
			store_outbox_drop(s, o->id);
	}
}

int
store_begin(struct store *s)
{
	if (store_open(s) == -1)
		return -1;
	(void)store_do(s, "begin immediate", NULL);
	if (s->failed) {
		mend(s);
		return -1;
	}
	pay_owed(s);
	return 0;
}

int
store_begin_read(struct store *s)
{
	if (store_open(s) == -1)
		return -1;
	(void)store_do(s, "begin", NULL);
	if (!s->failed)
		return 0;
	mend(s);
	return -1;
}

int
store_end(struct store *s)
{
	if (!s->failed && s->kind->sweep != NULL)
		s->kind->sweep(s);
	if (!s->failed)
		(void)store_do(s, "commit", NULL);
	if (!s->failed) {
		s->n_owed = 0;
		shorten_log(
		    s, LIMIT_STORE_LOG_PAGES, SQLITE_CHECKPOINT_PASSIVE);
		return 0;
	}
	if (s->db != NULL && sqlite3_get_autocommit(s->db) == 0)
		(void)sqlite3_exec(s->db, "rollback", NULL, NULL, NULL);
	mend(s);
	return -1;
}
