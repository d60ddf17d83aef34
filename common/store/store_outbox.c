/* The outbox: things to be delivered wait in it until somebody says that they
 * were.  It refuses to know how they are delivered, and to whom. */
#include "store_int.h"

#include "../base/clock.h"
#include "../base/limits.h"

/* Transactions of one trimming: others wait meanwhile. */
enum { TRIMS = 20 };

static bool
is_there(struct store *s, const char *route, const char *key, int64_t now)
{
	return store_do(s,
		   "insert or ignore into sent (route, key, at)"
		   " values (?, ?, ?)",
		   VALUES(TEXT(route), TEXT(key), INT(now))) == 0;
}

int
store_outbox_put(
    struct store *s, const char *route, const char *key, struct str body)
{
	int64_t now = clock_wall_ms();
	bool there;

	if (body.len > LIMIT_STORE_ITEM_BYTES || store_begin(s) == -1)
		return -1;
	there = key != NULL && is_there(s, route, key, now);
	if (body.p == NULL)
		body = STR("");
	if (!there)
		(void)store_do(s,
		    "insert into outbox (route, key, body, attempts, queued,"
		    " due) values (?1, ?2, ?3, 0, ?4, ?4)",
		    VALUES(TEXT(route), TEXT(key), BYTES(body), INT(now)));
	if (store_end(s) == -1)
		return -1;
	return there ? 1 : 0;
}

/* The oldest of those that are due, not the one that is due longest: what had
 * to be tried again stays ahead of what came later. */
static sqlite3_stmt *
find_due(struct store *s, const char *route, int64_t now)
{
	if (route == NULL)
		return store_ask(s,
		    "select id, route, key, body, attempts, queued from outbox"
		    " where id = (select min(id) from outbox where due <= ?)",
		    VALUES(INT(now)));
	return store_ask(s,
	    "select id, route, key, body, attempts, queued from outbox"
	    " where id = (select min(id) from outbox"
	    " where route = ? and due <= ?)",
	    VALUES(TEXT(route), INT(now)));
}

static const char *
keep(struct buf *b, sqlite3_stmt *stmt, int column)
{
	const void *p = sqlite3_column_blob(stmt, column);

	buf_clear(b);
	buf_add(b, p, (size_t)sqlite3_column_bytes(stmt, column));
	return buf_str(b);
}

static void
read_item(struct store *s, sqlite3_stmt *stmt, struct store_item *item)
{
	*item = (struct store_item){
	    .id = sqlite3_column_int64(stmt, 0),
	    .route = keep(&s->route, stmt, 1),
	    .attempts = sqlite3_column_int(stmt, 4),
	    .queued = sqlite3_column_int64(stmt, 5),
	};
	if (sqlite3_column_type(stmt, 2) != SQLITE_NULL)
		item->key = keep(&s->key, stmt, 2);
	item->body.p = keep(&s->body, stmt, 3);
	item->body.len = s->body.len;
}

int
store_outbox_take(struct store *s, const char *route, int64_t lease_ms,
    struct store_item *item)
{
	int64_t now;
	sqlite3_stmt *stmt;
	bool found;

	if (s->path == NULL)
		return 0;
	if (store_begin(s) == -1)
		return -1;
	now = clock_wall_ms();
	stmt = find_due(s, route, now);
	found = store_row(s, stmt);
	if (found)
		read_item(s, stmt, item);
	store_done(stmt);
	if (found)
		(void)store_do(s,
		    "update outbox set due = ?, attempts = attempts + 1"
		    " where id = ?",
		    VALUES(INT(now + lease_ms), INT(item->id)));
	if (store_end(s) == -1)
		return -1;
	return found ? 1 : 0;
}

void
store_outbox_drop(struct store *s, int64_t id)
{
	(void)store_do(s, "delete from outbox where id = ?", VALUES(INT(id)));
}

void
store_outbox_done(struct store *s, int64_t id)
{
	if (store_begin(s) == 0) {
		store_outbox_drop(s, id);
		if (store_end(s) == 0)
			return;
	}
	store_owe(s, (struct store_owed){.kind = OWED_DONE, .id = id});
}

/* Where this cannot be written it is tried again when its lease ends. */
void
store_outbox_retry(struct store *s, int64_t id, int64_t delay_ms)
{
	if (store_begin(s) == -1)
		return;
	(void)store_do(s, "update outbox set due = ? where id = ?",
	    VALUES(INT(clock_wall_ms() + delay_ms), INT(id)));
	(void)store_end(s);
}

static int
trim_some(struct store *s, const char *route, int64_t most, int64_t max_age_ms)
{
	int n;

	if (store_begin(s) == -1)
		return 0;
	n = store_do(s,
	    "delete from outbox where id in (select id from outbox"
	    " where route = ?1 and (queued < ?2 or id <= coalesce((select id"
	    " from outbox where route = ?1 order by id desc limit 1"
	    " offset ?3), 0)) limit ?4)",
	    VALUES(TEXT(route), INT(clock_wall_ms() - max_age_ms),
		INT(most > 0 ? most : 0), INT(LIMIT_STORE_SWEEP_ROWS)));
	return store_end(s) == 0 ? n : 0;
}

int64_t
store_outbox_trim(
    struct store *s, const char *route, int64_t most, int64_t max_age_ms)
{
	int64_t trimmed = 0;
	int n = LIMIT_STORE_SWEEP_ROWS;

	for (int i = 0; i < TRIMS && n == LIMIT_STORE_SWEEP_ROWS; i++) {
		n = trim_some(s, route, most, max_age_ms);
		trimmed += n;
	}
	return trimmed;
}

int64_t
store_outbox_waiting(struct store *s, const char *route, int64_t *due_in)
{
	int64_t n = 0, due = -1, now;
	sqlite3_stmt *stmt;

	if (due_in != NULL)
		*due_in = -1;
	if (store_open(s) == -1)
		return 0;
	if (route != NULL)
		stmt = store_ask(s,
		    "select count(*), min(due) from outbox where route = ?",
		    VALUES(TEXT(route)));
	else
		stmt =
		    store_ask(s, "select count(*), min(due) from outbox", NULL);
	if (store_row(s, stmt)) {
		n = sqlite3_column_int64(stmt, 0);
		due = sqlite3_column_int64(stmt, 1);
	}
	store_done(stmt);
	now = clock_wall_ms();
	if (n > 0 && due_in != NULL)
		*due_in = due > now ? due - now : 0;
	return n;
}
