/* What must be true for all workers and CGI processes together: rates, money,
 * leases, cool-downs, running and past runs, counters, things to be delivered.
 * One SQLite file behind this interface.
 *
 * Nothing here fails a run: where the file is lost, full or locked for too
 * long, a warning is logged (once a minute) and the answer is the one that lets
 * the run go on.  Times are milliseconds of the wall clock (clock_wall_ms()).
 * Keys are UTF-8 and the caller's: "rate:openai", "budget:ci:day". */
#ifndef STORE_H
#define STORE_H

#include "../base/buf.h"
#include "../base/err.h"

struct store;

/* Opens PATH at the first use, not here; NULL keeps nothing.  Never NULL.  It
 * is for one process: not to be used behind a fork(). */
struct store *store_new(const char *path) MUST_USE;
void store_free(struct store *s);

/* Whether it can be opened, or made where it is not there yet; -1 and why not.
 * Makes nothing. */
int store_check(struct store *s, struct err *err) MUST_USE NONNULL;

/* --- rates: at most MOST within any 60 seconds */

/* Takes AMOUNT when it fits and returns 0, else how many ms to wait before
 * asking again.  More than MOST at once is taken when nothing else is. */
int64_t store_rate(struct store *s, const char *key, double amount,
    double most) MUST_USE NONNULL;
/* Corrects what was taken by an estimate: DIFFERENCE may be negative. */
void store_rate_add(
    struct store *s, const char *key, double difference) NONNULL;

/* --- leases: at most MOST at once; they end with their process */

/* The lease's number; 0: none is free; -1: the store cannot be asked, go on. */
int64_t store_lease(
    struct store *s, const char *key, int64_t most) MUST_USE NONNULL;
void store_lease_end(struct store *s, int64_t lease) NONNULL;

/* --- money, in US dollars */

/* One budget: KEY counts from FROM until TO (the start of the next period). */
struct store_budget {
	const char *key;
	double most;
	int64_t from, to;
};

/* Reserves AMOUNT in all N budgets, or in none: returns the number of the
 * reservation; 0 when one of them would be overdrawn, *OVER says which; -1 when
 * the store cannot be asked. */
int64_t store_reserve(struct store *s, const struct store_budget *budgets,
    size_t n, double amount, size_t *over) MUST_USE;
/* Ends a reservation: SPENT is what it came to.  One whose process died counts
 * as spent. */
void store_settle(struct store *s, int64_t reservation, double spent) NONNULL;
/* What was spent, and what is reserved. */
void store_spent(struct store *s, const struct store_budget *budget,
    double *spent, double *reserved) NONNULL;

/* --- cool-downs: do not ask KEY again before then */

void store_cool(struct store *s, const char *key, int64_t until) NONNULL;
/* 0, or when it is over. */
int64_t store_cooling(struct store *s, const char *key) MUST_USE NONNULL;

/* --- runs: a row each, kept for some time after their end */

struct store_run {
	const char *id;	  /* trace or run id */
	const char *kind; /* "prompt-run", "dataset-run" */
	const char *name; /* of the prompt, or of the experiment */
	const char *model;
	const char *caller; /* the secret's name, or NULL */
	const char *status; /* "running", "ok", "error", "left" (the
			     * client), "gone" (our process) */
	const char *error;  /* or NULL */
	int64_t began, ended;
	int64_t input, output; /* tokens */
	int64_t rows, failed;
	double cost;
	int64_t pid;
};
/* Adds it, or replaces the one with its id. */
void store_run_put(struct store *s, const struct store_run *run) NONNULL;
/* The newest first, at most MOST; those that are "running" and whose process
 * is gone are shown as "gone".  EACH asks the store nothing. */
void store_runs(struct store *s, size_t most,
    void (*each)(void *arg, const struct store_run *run), void *arg);

/* --- counters: NAME{LABELS} as Prometheus writes them */

void store_count(
    struct store *s, const char *name, const char *labels, double add) NONNULL;
/* Many of them together. */
struct store_count {
	const char *name, *labels;
	double add;
};
void store_count_all(
    struct store *s, const struct store_count *counts, size_t n);
/* Sorted by name.  EACH asks the store nothing. */
void store_counters(struct store *s,
    void (*each)(void *arg, const char *name, const char *labels, double value),
    void *arg);

/* --- the outbox: things to be delivered, at least once */

/* Queues BODY for ROUTE.  With a KEY, which may be NULL, the same thing is
 * queued for a route only once, also after its delivery, for some days.  -1:
 * it could not be kept; 0; 1: it was there already. */
int store_outbox_put(struct store *s, const char *route, const char *key,
    struct str body) MUST_USE;

struct store_item {
	int64_t id;
	const char *route, *key; /* key NULL: none */
	struct str body;
	int attempts; /* before this one */
	int64_t queued;
};
/* Takes the oldest that is due for ROUTE (NULL: any), for LEASE_MS: nobody else
 * gets it until then.  1 and ITEM, which lasts until the next call; 0: nothing
 * is due; -1. */
int store_outbox_take(struct store *s, const char *route, int64_t lease_ms,
    struct store_item *item) MUST_USE;
void store_outbox_done(struct store *s, int64_t id) NONNULL;
/* It failed: to be tried again in DELAY_MS. */
void store_outbox_retry(struct store *s, int64_t id, int64_t delay_ms) NONNULL;
/* Drops what is older than MAX_AGE_MS or beyond the newest MOST of ROUTE;
 * returns how many. */
int64_t store_outbox_trim(struct store *s, const char *route, int64_t most,
    int64_t max_age_ms) NONNULL;
/* How many wait, and ms until the next is due (-1: nothing). */
int64_t store_outbox_waiting(
    struct store *s, const char *route, int64_t *due_in);

#endif
