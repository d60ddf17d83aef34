/* One row of an experiment, from its props to its line. */
#ifndef ROW_H
#define ROW_H

#include "../wire/chunk.h"
#include "ask.h"
#include "dataset.h"
#include "eval_run.h"

/* What all rows of an experiment share; borrowed. */
struct row_plan {
	struct engine *engine;
	const struct prompt *prompt;
	const struct ask *ask; /* without messages */
	struct toolset *tools; /* of all of them; NULL: none */
	const struct eval_conf *const *evals;
	size_t n_evals;
	const char *run_id, *run_name, *dataset;
	const json_t *data; /* of the request */
};

/* Starts a row, whose arena and what is in it become its own.  DONE(ARG, row)
 * is called from engine_turn(), or before this returns when the row cannot
 * even be rendered.  NUMBER is its place in the order of the run. */
struct row;
struct row *row_start(const struct row_plan *plan, struct arena *a,
    const struct dataset_row *data, int64_t number,
    void (*done)(void *arg, struct row *row), void *arg) MUST_USE;

bool row_failed(const struct row *row) NONNULL;

/* Of the model's answer, not of evals. */
const struct usage *row_usage(const struct row *row) NONNULL;

/* Its line, of a row that is done, with its end. */
void row_print(struct buf *b, const struct row *row) NONNULL;

/* Hands its trace over; once, when its line is out. */
void row_trace(struct row *row) NONNULL;
/* The same for one whose client has left. */
void row_cancel(struct row *row);

/* Cancels it when it runs. */
void row_free(struct row *row);

#endif
