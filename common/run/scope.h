/* What the caller of a request may do and spend.  The server decides it, by the
 * secret that signed the request; a request can only lower it. */
#ifndef SCOPE_H
#define SCOPE_H

#include "exec.h"

/* One secret's share of the configuration. */
struct scope {
	const char *name; /* of the secret */
	/* Globs (* and ?), NULL-ended; NULL: all are allowed, an empty list:
	 * none. */
	const char *const *models;
	const char *const *tools;
	const char *const *datasets;
	double run, day, month; /* US dollars; NAN: no limit */
};

/* What one request has spent and may spend.  One for each request. */
struct spend;

/* For a request that SECRET signed (scope_unsigned: none did; NULL: it is no
 * request but our own user's, who may do all) and whose `data` is DATA:
 * data.maxCostUsd lowers the run's budget.  Lives in the arena. */
struct spend *spend_new(struct engine *engine, struct arena *a,
    const char *secret, const json_t *data, struct err *err) MUST_USE;

/* The name of the scope of requests that no secret signed. */
extern const char scope_unsigned[];

/* ERR_SCOPE, naming what is not allowed.  MODEL is the name that the prompt
 * has, TOOL the one in its `tools`, DATASET its path as it resolves (NULL: it
 * leads out).  S may be NULL: all is allowed. */
int scope_model(
    const struct spend *s, const char *model, struct err *err) MUST_USE;
int scope_tool(
    const struct spend *s, const char *tool, struct err *err) MUST_USE;
int scope_dataset(
    const struct spend *s, const char *dataset, struct err *err) MUST_USE;

/* Before an attempt goes out (each may be billed): reserves what it may cost at
 * most, in the run's, the day's and the month's budget.  May change ASK's copy
 * so that the answer cannot cost more (max_tokens).  ERR_BUDGET (402) says
 * which budget is spent and when it resets; ERR_BUSY that the call would fit
 * once others that run now have ended: it may be tried again a little later;
 * ERR_MODEL when a model has no price and must have one.  *CHARGE is then to be
 * ended by spend_end(), else the end of the arena does it, as for a call that
 * was cut; NULL when nothing is counted. */
struct charge;
int spend_begin(struct engine *engine, struct arena *a, struct ask *ask,
    struct charge **charge, struct err *err) MUST_USE;
/* USAGE is what the call came to; NULL: it cost nothing (it never got through),
 * or, when SENT, the whole reservation (it was cut).  Returns US dollars. */
double spend_end(struct charge *charge, const struct usage *usage, bool sent);

/* Whether a call as large as the largest of this request so far would fit now,
 * so that it is worth a try. */
bool spend_room(struct engine *engine) MUST_USE;

/* For ASK that will be made in parts: ERR_BUDGET when the whole of it would not
 * fit, before any part goes out. */
int spend_check(struct engine *engine, struct arena *a, const struct ask *ask,
    struct err *err) MUST_USE;

/* What ASK may cost at most (NAN: its model has no price), whatever budgets
 * say; *TOKENS are those of its prompt. */
double spend_estimate(struct engine *engine, struct arena *a,
    const struct ask *ask, int64_t *tokens) MUST_USE NONNULL;

/* Lowers the budget of this request. */
void spend_lower(struct spend *s, double most);

/* How the budgets by day and month of all secrets stand. */
struct budget_state {
	const char *secret, *period;  /* "ci", "day" */
	double most, spent, reserved; /* US dollars */
	int64_t resets;		      /* ms since 1970 */
};
void spend_budgets(struct engine *engine,
    void (*each)(void *arg, const struct budget_state *state), void *arg);

/* US dollars so far, of this request. */
double spend_total(const struct spend *s);

/* Seconds until the budget that refused last is whole again; 0: it never is. */
int64_t spend_resets(const struct spend *s);

#endif
