/* Small things: cool-downs, counters, and taking out what is too old.  It
 * refuses to know what they are of. */
#include "store_int.h"

#include "../base/clock.h"
#include "../base/limits.h"

/* The longer of two waits counts; one that is over already ends it. */
void
store_cool(struct store *s, const char *key, int64_t until)
{
	if (store_begin(s) == -1)
		return;
	if (until <= clock_wall_ms())
		(void)store_do(
		    s, "delete from cool where key = ?", VALUES(TEXT(key)));
	else
		(void)store_do(s,
		    "insert into cool (key, until) values (?, ?)"
		    " on conflict (key) do update"
		    " set until = max(until, excluded.until)",
		    VALUES(TEXT(key), INT(until)));
	(void)store_end(s);
}

int64_t
store_cooling(struct store *s, const char *key)
{
	int64_t until;

	if (store_open(s) == -1)
		return 0;
	until = store_int(
	    s, "select until from cool where key = ?", VALUES(TEXT(key)), 0);
	return until > clock_wall_ms() ? until : 0;
}

static void
count_one(struct store *s, const struct store_count *c)
{
	if (store_do(s,
		"update counter set value = value + ?"
		" where name = ? and labels = ?",
		VALUES(REAL(c->add), TEXT(c->name), TEXT(c->labels))) == 0)
		(void)store_do(s,
		    "insert into counter (name, labels, value) select ?, ?, ?"
		    " where (select count(*) from counter) < ?",
		    VALUES(TEXT(c->name), TEXT(c->labels), REAL(c->add),
			INT(LIMIT_STORE_COUNTERS)));
}

void
store_count_all(struct store *s, const struct store_count *counts, size_t n)
{
	size_t i;

	if (n == 0 || store_begin(s) == -1)
		return;
	for (i = 0; i < n; i++)
		count_one(s, &counts[i]);
	(void)store_end(s);
}

void
store_count(struct store *s, const char *name, const char *labels, double add)
{
	const struct store_count one = {name, labels, add};

	store_count_all(s, &one, 1);
}

void
store_counters(struct store *s,
    void (*each)(void *arg, const char *name, const char *labels, double value),
    void *arg)
{
	sqlite3_stmt *stmt;

	if (store_open(s) == -1)
		return;
	stmt = store_ask(s,
	    "select name, labels, value from counter order by name, labels",
	    NULL);
	while (store_row(s, stmt)) {
		each(arg, (const char *)sqlite3_column_text(stmt, 0),
		    (const char *)sqlite3_column_text(stmt, 1),
		    sqlite3_column_double(stmt, 2));
		store_patience(s);
	}
	store_done(stmt);
}

/* Whether it is this process's turn: one does it for all. */
static bool
is_due(struct store *s, int64_t now)
{
	int64_t mono = clock_mono_ms(), at;

	if (s->swept != 0 && mono - s->swept < LIMIT_STORE_SWEEP_MS)
		return false;
	s->swept = mono != 0 ? mono : 1;
	at = store_int(s, "select at from sweep where one = 1", NULL, 0);
	return now - at >= LIMIT_STORE_SWEEP_MS || at > now;
}

/* What is left over is for the next time. */
void
store_sweep(struct store *s)
{
	int64_t now = clock_wall_ms();

	if (!is_due(s, now))
		return;
	(void)store_do(
	    s, "update sweep set at = ? where one = 1", VALUES(INT(now)));
	(void)store_do(s,
	    "delete from rate where (key, second) in (select key, second"
	    " from rate where second < ? limit ?)",
	    VALUES(INT(now / 1000 - 61), INT(LIMIT_STORE_SWEEP_ROWS)));
	(void)store_do(s,
	    "delete from cool where key in"
	    " (select key from cool where until <= ? limit ?)",
	    VALUES(INT(now), INT(LIMIT_STORE_SWEEP_ROWS)));
	(void)store_do(s,
	    "delete from sent where (route, key) in"
	    " (select route, key from sent where at < ? limit ?)",
	    VALUES(INT(now - LIMIT_STORE_KEY_MS), INT(LIMIT_STORE_SWEEP_ROWS)));
	(void)store_do(s,
	    "delete from budget where (key, begins) in"
	    " (select key, begins from budget where ends < ? and ends > begins "
	    "limit ?)",
	    VALUES(
		INT(now - LIMIT_STORE_BUDGET_MS), INT(LIMIT_STORE_SWEEP_ROWS)));
	store_lease_sweep(s, now);
	store_money_sweep(s, now);
}
