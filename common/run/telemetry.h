/* Where traces and metrics go, and what they may show; from the configuration.
 */
#ifndef TELEMETRY_H
#define TELEMETRY_H

#include "../wire/otlp.h"
#include "deliver.h"

struct collector {
	const char *name;
	const char *url; /* without /v1/traces */
	const char *const *headers;
	enum otlp_encoding encoding;
	bool gzip;
	bool wants_metrics;
	struct route traces, metrics; /* made of these by telemetry_routes() */
};

struct telemetry {
	struct collector *collectors;
	size_t n_collectors;
	bool hide_inputs, hide_outputs;
	int64_t media_bytes; /* base64 of more than this is left out */
	const struct otlp_attr *resource;
	size_t n_resource;
};

/* Makes a collector's routes, called TRACES and METRICS; C must stay. */
void telemetry_routes(
    struct collector *c, const char *traces, const char *metrics);

#endif
