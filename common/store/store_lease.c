/* Leases: so many of a kind at once, each of a process.  When all are taken it
 * is looked whether their processes still live.  It refuses to know what is
 * leased. */
#include "store_int.h"

#include "../base/clock.h"
#include "../base/limits.h"

/* KEY NULL: of all keys.  Not more than a few at a time are looked at. */
static sqlite3_stmt *
list(struct store *s, const char *key)
{
	if (key == NULL)
		return store_ask(s,
		    "select id, until, pid, start, space from lease limit ?",
		    VALUES(INT(LIMIT_STORE_SWEEP_ROWS)));
	return store_ask(s,
	    "select id, until, pid, start, space from lease where key = ?",
	    VALUES(TEXT(key)));
}

/* What is read is not changed meanwhile: the dead are dropped behind it. */
static int64_t
drop_dead(struct store *s, const char *key, int64_t now)
{
	int64_t dead[LIMIT_STORE_SWEEP_ROWS], n = 0;
	sqlite3_stmt *stmt = list(s, key);

	while (n < LIMIT_STORE_SWEEP_ROWS && store_row(s, stmt))
		if (!store_is_held(s, stmt, 1, now))
			dead[n++] = sqlite3_column_int64(stmt, 0);
	store_done(stmt);
	for (int64_t i = 0; i < n; i++)
		store_lease_drop(s, dead[i]);
	return n;
}

void
store_lease_drop(struct store *s, int64_t lease)
{
	(void)store_do(s, "delete from lease where id = ?", VALUES(INT(lease)));
}

void
store_lease_sweep(struct store *s, int64_t now)
{
	(void)drop_dead(s, NULL, now);
}

/* Those who wait for one ask again and again: they only read, so that they are
 * in nobody's way. */
static bool
is_full(struct store *s, const char *key, int64_t most)
{
	int64_t now = clock_wall_ms(), taken = 0;
	sqlite3_stmt *stmt;

	if (store_open(s) == -1)
		return false;
	stmt = list(s, key);
	while (taken < most && store_row(s, stmt))
		if (store_is_held(s, stmt, 1, now))
			taken++;
	store_done(stmt);
	return taken >= most && !s->failed;
}

int64_t
store_lease(struct store *s, const char *key, int64_t most)
{
	int64_t now, lease = 0, taken;

	if (s->path == NULL)
		return -1;
	/* An end that is still to be written may make room. */
	if (s->n_owed == 0 && is_full(s, key, most))
		return 0;
	if (store_begin(s) == -1)
		return -1;
	now = clock_wall_ms();
	taken = store_int(s, "select count(*) from lease where key = ?",
	    VALUES(TEXT(key)), 0);
	if (taken >= most)
		taken -= drop_dead(s, key, now);
	if (taken < most) {
		(void)store_do(s,
		    "insert into lease (key, until, pid, start, space)"
		    " values (?, ?, ?, ?, ?)",
		    VALUES(TEXT(key), INT(now + LIMIT_STORE_HELD_MS),
			INT(s->self.pid), INT(s->self.start),
			INT(s->self.space)));
		lease = sqlite3_last_insert_rowid(s->db);
	}
	return store_end(s) == 0 ? lease : -1;
}

void
store_lease_end(struct store *s, int64_t lease)
{
	if (lease <= 0)
		return;
	if (store_begin(s) == 0) {
		store_lease_drop(s, lease);
		if (store_end(s) == 0)
			return;
	}
	store_owe(s, (struct store_owed){.kind = OWED_LEASE, .id = lease});
}
