/* Money: what was spent of each budget, and what is reserved by those who are
 * about to spend.  It refuses to know prices. */
#include "store_int.h"

#include "../base/clock.h"
#include "../base/limits.h"

/* Sums of many small amounts are a little off. */
#define SLACK 1e-9

static double
spent_of(struct store *s, const struct store_budget *b)
{
	return store_real(s,
	    "select spent from budget where key = ? and begins = ?",
	    VALUES(TEXT(b->key), INT(b->from)));
}

static double
reserved_of(struct store *s, const struct store_budget *b)
{
	return store_real(s,
	    "select total(amount) from share join reservation"
	    " on reservation.id = share.reservation"
	    " where share.key = ? and share.begins = ?",
	    VALUES(TEXT(b->key), INT(b->from)));
}

/* The first that cannot bear AMOUNT; N: all can. */
static size_t
find_over(
    struct store *s, const struct store_budget *b, size_t n, double amount)
{
	size_t i;

	for (i = 0; i < n && !s->failed; i++)
		if (spent_of(s, &b[i]) + reserved_of(s, &b[i]) + amount >
		    b[i].most + SLACK)
			break;
	return i;
}

static int64_t
reserve(struct store *s, const struct store_budget *b, size_t n, double amount)
{
	int64_t id;

	(void)store_do(s,
	    "insert into reservation (amount, until, pid, start, space)"
	    " values (?, ?, ?, ?, ?)",
	    VALUES(REAL(amount), INT(clock_wall_ms() + LIMIT_STORE_HELD_MS),
		INT(s->self.pid), INT(s->self.start), INT(s->self.space)));
	id = sqlite3_last_insert_rowid(s->db);
	for (size_t i = 0; i < n; i++) {
		(void)store_do(s,
		    "insert or ignore into budget (key, begins, ends, spent)"
		    " values (?, ?, ?, 0)",
		    VALUES(TEXT(b[i].key), INT(b[i].from), INT(b[i].to)));
		(void)store_do(s,
		    "insert or ignore into share (reservation, key, begins)"
		    " values (?, ?, ?)",
		    VALUES(INT(id), TEXT(b[i].key), INT(b[i].from)));
	}
	return id;
}

int64_t
store_reserve(struct store *s, const struct store_budget *budgets, size_t n,
    double amount, size_t *over)
{
	int64_t id = 0;
	size_t i;

	if (!(amount > 0))
		amount = 0;
	if (n == 0 || store_begin(s) == -1)
		return -1;
	i = find_over(s, budgets, n, amount);
	if (i == n)
		id = reserve(s, budgets, n, amount);
	else if (over != NULL)
		*over = i;
	return store_end(s) == 0 ? id : -1;
}

/* One that is settled already has no share in anything. */
void
store_settle_in(struct store *s, int64_t reservation, double spent)
{
	(void)store_do(s,
	    "update budget set spent = spent + ? where exists (select 1"
	    " from share where share.reservation = ?"
	    " and share.key = budget.key and share.begins = budget.begins)"
	    " and key in (select key from share where reservation = ?)",
	    VALUES(REAL(spent > 0 ? spent : 0), INT(reservation),
		INT(reservation)));
	(void)store_do(s, "delete from share where reservation = ?",
	    VALUES(INT(reservation)));
	(void)store_do(s, "delete from reservation where id = ?",
	    VALUES(INT(reservation)));
}

void
store_settle(struct store *s, int64_t reservation, double spent)
{
	if (reservation <= 0)
		return;
	if (store_begin(s) == 0) {
		store_settle_in(s, reservation, spent);
		if (store_end(s) == 0)
			return;
	}
	store_owe(
	    s, (struct store_owed){
		   .kind = OWED_SETTLE, .id = reservation, .spent = spent});
}

struct dead {
	int64_t id;
	double amount;
};

/* Nobody will say what they came to. */
void
store_money_sweep(struct store *s, int64_t now)
{
	struct dead dead[LIMIT_STORE_SWEEP_ROWS];
	sqlite3_stmt *stmt;
	size_t n = 0;

	stmt = store_ask(s,
	    "select id, amount, until, pid, start, space from reservation"
	    " limit ?",
	    VALUES(INT(LIMIT_STORE_SWEEP_ROWS)));
	while (n < LIMIT_STORE_SWEEP_ROWS && store_row(s, stmt)) {
		if (store_is_held(s, stmt, 2, now))
			continue;
		dead[n++] = (struct dead){sqlite3_column_int64(stmt, 0),
		    sqlite3_column_double(stmt, 1)};
	}
	store_done(stmt);
	for (size_t i = 0; i < n; i++)
		store_settle_in(s, dead[i].id, dead[i].amount);
}

/* First, those who died are counted as having spent. */
void
store_spent(struct store *s, const struct store_budget *budget, double *spent,
    double *reserved)
{
	*spent = *reserved = 0;
	if (store_begin(s) == -1)
		return;
	store_money_sweep(s, clock_wall_ms());
	*spent = spent_of(s, budget);
	*reserved = reserved_of(s, budget);
	(void)store_end(s);
}
