/* What of an experiment is done: kept in its journal as it happens, told again
 * when the run is gone on with. */
#ifndef PROGRESS_H
#define PROGRESS_H

#include "experiment.h"
#include "row.h"
#include "stream.h"

struct progress;

/* Begins a journal, or opens that of the run which is to be gone on with, and
 * reads that which it is compared with: 400 (or 429, when it still runs) says
 * what differs.  Where none can be begun the log is told, and the run goes on
 * without.  PLAN has all but its records, SAMPLING gets a seed where it has
 * none, so that a run draws only once. */
struct progress *progress_open(struct arena *a, const struct experiment *e,
    const struct row_plan *plan, struct sampling *sampling,
    struct err *err) MUST_USE;

/* Whether that was done before. */
bool progress_has(
    const struct progress *p, int64_t index, int64_t repeat) NONNULL;

/* US dollars that were paid before. */
double progress_paid(const struct progress *p) NONNULL;

/* Whether the run can be gone on with. */
bool progress_lasts(const struct progress *p) NONNULL;

/* Sends the lines of what was done before. */
int progress_resend(
    struct progress *p, struct stream *s, struct err *err) MUST_USE;

/* The line of a row that is done, and of one that is none (LINE is what the
 * wire gets, without its last brace and its end; INDEX -1: it has none), wait
 * for progress_flush(). */
void progress_row(struct progress *p, struct stream *s, struct row *row);
void progress_bad(
    struct progress *p, struct stream *s, struct str line, int64_t index);

/* With data.stopEarly: whether the gates are decided. */
bool progress_decided(const struct progress *p) NONNULL;

/* Adds the line of the summary, where one is wanted. */
void progress_summary(struct progress *p, struct buf *b) NONNULL;

/* They are kept, and only then leave.  Makes sure now and then that the disk
 * has them.  -1: what runs can still be kept and no more, or not even that; or
 * it cannot be counted. */
int progress_flush(
    struct progress *p, struct stream *s, struct err *err) MUST_USE;

/* The run has ended: REASON is that of docs/experiments.md. */
void progress_end(struct progress *p, const char *reason) NONNULL;

/* What is kept is on the disk. */
void progress_close(struct progress *p);

#endif
