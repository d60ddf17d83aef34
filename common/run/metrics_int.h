/* What the files of metrics share. */
#ifndef METRICS_INT_H
#define METRICS_INT_H

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

/* Whether some collector wants them; sends them unless another process has. */
bool metrics_wanted(const struct engine *engine) NONNULL;
void metrics_push(struct engine *engine) NONNULL;

#endif
