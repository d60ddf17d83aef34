/* How far a run is, on standard error: a line that is drawn again and again on
 * a terminal, a new line every ten seconds elsewhere. */
#ifndef PROGRESS_H
#define PROGRESS_H

#include "../common/net/loop.h"
#include "../common/run/summary.h"

struct progress {
	struct loop *loop;
	struct timer timer;
	const char *name;
	const struct summary *summary;
	int64_t total; /* rows; 0: unknown */
	int64_t rows, failed;
	double cost;

	bool terminal, shown;
	int64_t began, ticked; /* loop_now() */
	int64_t rows_ticked;
	double rate, weight; /* rows a second, of the last ones most */
	size_t width;	     /* of what is drawn */
};

/* P must stay where it is until progress_stop(). */
void progress_start(struct progress *p, struct loop *loop, const char *name,
    const struct summary *summary) NONNULL;
void progress_row(struct progress *p, const struct record *r) NONNULL;

/* Takes the line away, for as long as something else is written. */
void progress_clear(struct progress *p) NONNULL;
void progress_stop(struct progress *p) NONNULL;

#endif
