/* How far a run is, on standard error: a line that is drawn again and again on
 * a terminal, a new line every ten seconds elsewhere. */
#ifndef METER_H
#define METER_H

#include "../common/net/loop.h"
#include "../common/run/summary.h"

struct meter {
	struct loop *loop;
	struct timer timer;
	const char *name;
	const struct summary *summary;
	int64_t total; /* rows; 0: unknown */
	int64_t rows, failed;
	double cost;

	bool terminal, shown;
	int64_t ticked; /* loop_now() */
	int64_t rows_ticked;
	double rate, weight; /* rows a second, of the last ones most */
	size_t width;	     /* of what is drawn */
};

/* P must stay where it is until meter_stop(). */
void meter_start(struct meter *p, struct loop *loop, const char *name,
    const struct summary *summary) NONNULL;
void meter_row(struct meter *p, const struct record *r) NONNULL;

/* Takes the line away, for as long as something else is written. */
void meter_clear(struct meter *p) NONNULL;
void meter_stop(struct meter *p) NONNULL;

#endif
