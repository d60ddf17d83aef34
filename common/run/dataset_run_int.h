/* What the files of an experiment's run share. */
#ifndef DATASET_RUN_INT_H
#define DATASET_RUN_INT_H

#include "dataset_run.h"

#include "journal.h"
#include "progress.h"

/* Rows that are started before lines that are ready are written. */
enum { BURST_ROWS = 256 };

/* A row of the dataset that runs so often as is asked for. */
struct given {
	struct arena *arena;
	struct dataset_row data;
	int64_t number, next; /* of its repeats */
	size_t users;
};

/* A row that runs. */
struct slot {
	struct row *row;
	struct given *given;
	bool alone; /* it found no money beside others, and is tried again */
	struct slot *next_done;
	struct slot *prev, *next;
	struct run *run;
};

struct run {
	struct stream stream;
	struct engine *engine;
	struct arena *arena;
	struct prompt prompt;
	struct ask ask;
	struct row_plan plan;
	struct experiment experiment;
	struct progress *progress;
	struct dataset *dataset;
	char run_id[RUN_ID_LEN + 1];

	struct slot *running, *done; /* lists */
	struct slot *held;	     /* of those that wait for money */
	size_t n_running;	     /* without them */
	struct given *given;	     /* more of its repeats are to be started */
	int64_t n_kept;		     /* lines that the sampling kept so far */
	int64_t n_rows, n_started;   /* with the bad ones; those that run */

	/* How many may run: falls when the provider refuses, and comes back. */
	double limit, ceiling;
	uint64_t throttled;
	int64_t cut_at; /* loop_now() */

	int64_t stop_at, cut_off_at; /* loop_now(); 0: never */
	const char *reason; /* why it ends before its rows do, or NULL */
	char *why;	    /* the same in words */
	bool ended;	    /* no more rows come */
};

/* --- dataset_rows.c */

/* Takes the next row and starts it, unless it was done before or is another
 * shard's.  A line that is no row is told in the stream, or in ERR before the
 * reply has begun. */
enum dataset_next run_take(struct run *run, struct err *err) MUST_USE NONNULL;

/* Until all is done, or no more is to be. */
int run_rows(struct run *run, struct err *err) MUST_USE NONNULL;

/* What is to be written is kept, and then leaves. */
void run_let_go(struct run *run) NONNULL;

/* Gives up what still runs. */
void run_drop(struct run *run) NONNULL;

#endif
