/* Counts of all processes together: requests, runs, rows, money, tokens, times.
 * Kept in the store, from where they go to collectors and to Prometheus.
 * Nothing is counted where nobody wants it (settings->metrics). */
#ifndef METRICS_H
#define METRICS_H

#include "exec.h"
#include "../base/buf.h"

enum metric {
	METRIC_REQUESTS,
	METRIC_RUNS,
	METRIC_ROWS,
	METRIC_ANSWERS,
	METRIC_COST,
	METRIC_DROPPED, /* deliver.h counts it */
	METRIC_TOKENS,	/* from here on histograms */
	METRIC_DURATION,
	METRIC_FIRST_TOKEN,
	METRIC__MAX
};

/* One label; a list ends with a KEY of NULL.  A VALUE of NULL leaves it out. */
struct metric_label {
	const char *key, *value;
};

/* Counts VALUE, or observes it.  It is written a moment later, with what else
 * there is. */
void metric_add(struct engine *engine, enum metric metric,
    const struct metric_label *labels, double value) NONNULL;

/* Writes it now. */
void metrics_flush(struct engine *engine) NONNULL;
void metrics_free(struct engine *engine) NONNULL;

/* As Prometheus reads it. */
void metrics_print(struct engine *engine, struct buf *b) NONNULL;

/* Begins to send them to the collectors that want them, once a minute. */
void metrics_start(struct engine *engine) NONNULL;

#endif
