/* What the files of metrics share. */
#ifndef METRICS_INT_H
#define METRICS_INT_H

#include "../base/arena.h"
#include "metrics.h"

enum { METRIC_BOUNDS = 16, METRIC_LE_LEN = 32 };

struct metric_kind {
	const char *name; /* Prometheus's */
	const char *otlp; /* OpenTelemetry's */
	const char *unit; /* UCUM's */
	const char *help;
	const double *bounds; /* of a histogram; NULL: a counter */
	size_t n_bounds;
};
extern const struct metric_kind metric_kinds[METRIC__MAX];

/* How a bound is written, as a label; I may be n_bounds: "+Inf". */
void metric_le(
    const struct metric_kind *kind, size_t i, char out[METRIC_LE_LEN]) NONNULL;

/* One line of numbers, of all that the store has. */
struct metric_series {
	const struct metric_kind *kind;
	const char *labels; /* as Prometheus writes them */
	double value;	    /* the sum of a histogram */
	uint64_t counts[METRIC_BOUNDS + 1];
};
struct metric_table {
	struct arena *arena;
	struct metric_series *items;
	size_t n, cap;
	int64_t since; /* ms since 1970; 0: nobody knows */
};
void metrics_read(struct engine *engine, struct metric_table *t) NONNULL;

/* Whether some collector wants them; sends them unless another process has. */
bool metrics_wanted(const struct engine *engine) NONNULL;
void metrics_push(struct engine *engine) NONNULL;

/* Counts since when there is something. */
extern const char metric_since[];

#endif
