/* One row of an experiment, from its props to its line. */
#ifndef ROW_H
#define ROW_H

#include "../wire/chunk.h"
#include "ask.h"
#include "dataset.h"
#include "eval_run.h"
#include "record.h"

/* What all rows of an experiment share; borrowed. */
struct row_plan {
	struct engine *engine;
	const struct prompt *prompt;
	const struct ask *ask; /* without messages */
	struct toolset *tools; /* of all of them; NULL: none */
	const struct eval_conf *const *evals;
	size_t n_evals;
	const char *run_id, *run_name, *dataset;
	const json_t *data;  /* of the request */
	const char *cluster; /* JSON pointer into the row, or NULL */
	bool records;	     /* row_record() will be asked */
};

struct row;
struct row_job {
	struct arena *arena; /* with what is in it, it becomes the row's */
	const struct dataset_row *data; /* what it points to must stay */
	int64_t number;			/* its place in the order of the run */
	int64_t repeat;			/* from 0 */
	/* Called from engine_turn(), or before row_start() returns when the
	 * row cannot even be rendered. */
	void (*done)(void *arg, struct row *row);
	void *arg;
};
struct row *row_start(
    const struct row_plan *plan, const struct row_job *job) MUST_USE;

/* Whether it failed since a budget had no room for it, and cost nothing. */
bool row_refused(const struct row *row) NONNULL;
/* Does it once more. */
void row_again(struct row *row) NONNULL;

bool row_failed(const struct row *row) NONNULL;
/* Why; "" when it has not. */
struct str row_error(const struct row *row) NONNULL;

/* Of the model's answer, not of evals. */
const struct usage *row_usage(const struct row *row) NONNULL;

/* Its line, of a row that is done, without its last brace and its end. */
enum { ROW_HIDE_INPUTS = 1, ROW_HIDE_OUTPUTS = 2 };
void row_print(struct buf *b, struct row *row, unsigned hide) NONNULL;

/* What there is to say beside it, once it was printed with all contents, but
 * for its evals; and these.  Both live as long as the row. */
void row_record(struct row *row, struct record *r) NONNULL;
const json_t *row_evals(struct row *row) NONNULL;

/* Hands its trace over; once, when its line is out. */
void row_trace(struct row *row) NONNULL;
/* The same for one that is not waited for. */
void row_cancel(struct row *row, const char *why) NONNULL;

/* Cancels it when it runs. */
void row_free(struct row *row);

#endif
