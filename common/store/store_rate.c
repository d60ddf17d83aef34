/* Rates: what was taken in each second of the clock, so that a sum over the
 * last whole minute and the second that runs is never less than what any 60
 * seconds hold.  It refuses to know what is counted. */
#include "store_int.h"

#include "../base/clock.h"

/* Whole seconds that count beside the one that runs. */
enum { WINDOW = 60 };

static void
add(struct store *s, const char *key, int64_t second, double amount)
{
	(void)store_do(s,
	    "insert into rate (key, second, amount) values (?, ?, ?)"
	    " on conflict (key, second) do update"
	    " set amount = amount + excluded.amount",
	    VALUES(TEXT(key), INT(second), REAL(amount)));
}

/* The clock was set back: what lies ahead counts as taken now. */
static void
pull_back(struct store *s, const char *key, int64_t second)
{
	double ahead = store_real(s,
	    "select total(amount) from rate where key = ? and second > ?",
	    VALUES(TEXT(key), INT(second)));

	if (s->failed || ahead <= 0)
		return;
	(void)store_do(s, "delete from rate where key = ? and second > ?",
	    VALUES(TEXT(key), INT(second)));
	add(s, key, second, ahead);
}

/* Drops what counts no more; returns what still does. */
static double
sum(struct store *s, const char *key, int64_t second)
{
	(void)store_do(s, "delete from rate where key = ? and second < ?",
	    VALUES(TEXT(key), INT(second - WINDOW)));
	pull_back(s, key, second);
	return store_real(s, "select total(amount) from rate where key = ?",
	    VALUES(TEXT(key)));
}

struct ask {
	const char *key;
	double amount, most;
	int64_t now;
};

/* Until enough of the oldest counts no more that AMOUNT fits; 0: it does.  More
 * than MOST fits where there is nothing. */
static int64_t
wait_for(struct store *s, const struct ask *ask, double total)
{
	double room = ask->amount < ask->most ? ask->most - ask->amount : 0;
	int64_t second = ask->now / 1000, wait;
	sqlite3_stmt *stmt;

	if (total <= room)
		return 0;
	stmt = store_ask(s,
	    "select second, amount from rate where key = ? and second >= ?"
	    " order by second",
	    VALUES(TEXT(ask->key), INT(second - WINDOW)));
	while (total > room && store_row(s, stmt)) {
		second = sqlite3_column_int64(stmt, 0);
		total -= sqlite3_column_double(stmt, 1);
	}
	store_done(stmt);
	wait = (second + WINDOW + 1) * 1000 - ask->now;
	return wait > 0 ? wait : 1;
}

/* Those who have to wait ask again and again: they only read, so that they are
 * in nobody's way. */
static int64_t
must_wait(struct store *s, struct ask *ask)
{
	double total;
	int64_t wait;

	if (store_open(s) == -1)
		return 0;
	ask->now = clock_wall_ms();
	total = store_real(s,
	    "select total(amount) from rate where key = ? and second >= ?",
	    VALUES(TEXT(ask->key), INT(ask->now / 1000 - WINDOW)));
	wait = wait_for(s, ask, total);
	/* A clock that was set back is put right by writing. */
	return s->failed || wait > (WINDOW + 1) * 1000 ? 0 : wait;
}

int64_t
store_rate(struct store *s, const char *key, double amount, double most)
{
	struct ask ask = {.key = key, .amount = amount, .most = most};
	int64_t wait;

	if (!(amount > 0))
		return 0;
	wait = must_wait(s, &ask);
	if (wait > 0 || store_begin(s) == -1)
		return wait;
	/* Asked only now: others may have been waited for. */
	ask.now = clock_wall_ms();
	wait = wait_for(s, &ask, sum(s, key, ask.now / 1000));
	if (wait == 0)
		add(s, key, ask.now / 1000, amount);
	return store_end(s) == 0 ? wait : 0;
}

/* Taken from the oldest first: then no part of the minute is made to look
 * emptier than it was. */
static void
take_back(struct store *s, const char *key, double amount)
{
	static const char oldest[] =
	    "select second, amount from rate where key = ? order by second "
	    "limit 1";
	sqlite3_stmt *stmt;
	int64_t second;
	double there;

	while (amount > 0) {
		stmt = store_ask(s, oldest, VALUES(TEXT(key)));
		if (!store_row(s, stmt)) {
			store_done(stmt);
			return;
		}
		second = sqlite3_column_int64(stmt, 0);
		there = sqlite3_column_double(stmt, 1);
		store_done(stmt);
		if (there > amount)
			(void)store_do(s,
			    "update rate set amount = amount - ?"
			    " where key = ? and second = ?",
			    VALUES(REAL(amount), TEXT(key), INT(second)));
		else
			(void)store_do(s,
			    "delete from rate where key = ? and second = ?",
			    VALUES(TEXT(key), INT(second)));
		amount -= there;
	}
}

void
store_rate_add(struct store *s, const char *key, double difference)
{
	int64_t second;

	if (!(difference < 0 || difference > 0) || store_begin(s) == -1)
		return;
	second = clock_wall_ms() / 1000;
	if (difference > 0) {
		add(s, key, second, difference);
	} else {
		(void)sum(s, key, second);
		take_back(s, key, -difference);
	}
	(void)store_end(s);
}
