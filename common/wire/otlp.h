/* Spans and metrics as OTLP/HTTP carries them (protocol.md 8.1), in both
 * encodings.  Pure: what is printed is whole messages, and batches are made by
 * putting printed pieces together. */
#ifndef OTLP_H
#define OTLP_H

#include "../base/buf.h"

enum otlp_type {
	OTLP_TEXT,
	OTLP_INT,
	OTLP_DOUBLE,
	OTLP_BOOL,
	OTLP_TEXTS /* an array of texts: a JSON array in TEXT */
};

struct otlp_attr {
	const char *key;
	enum otlp_type type;
	union {
		struct str text;
		int64_t i;
		double d;
		bool b;
	};
};

struct otlp_event {
	const char *name;
	int64_t at_ns;
	const struct otlp_attr *attrs;
	size_t n_attrs;
};

enum otlp_kind { OTLP_INTERNAL = 1, OTLP_CLIENT = 3 };
enum otlp_status { OTLP_UNSET, OTLP_OK, OTLP_ERROR };

enum { OTLP_TRACE_ID = 16, OTLP_SPAN_ID = 8 };

struct otlp_link {
	unsigned char trace_id[OTLP_TRACE_ID], span_id[OTLP_SPAN_ID];
};

struct otlp_span {
	unsigned char trace_id[OTLP_TRACE_ID];
	unsigned char span_id[OTLP_SPAN_ID];
	unsigned char parent[OTLP_SPAN_ID];
	bool has_parent;
	const char *name;
	enum otlp_kind kind;
	int64_t start_ns, end_ns; /* since 1970 */
	const struct otlp_attr *attrs;
	size_t n_attrs;
	const struct otlp_event *events;
	size_t n_events;
	const struct otlp_link *links;
	size_t n_links;
	enum otlp_status status;
	struct str message; /* of an error */
};

enum otlp_encoding { OTLP_JSON, OTLP_PROTOBUF };

/* Adds one span to a piece: spans one behind the other, which
 * otlp_print_traces() puts into a request.  JSON pieces are separated by
 * commas, protobuf ones are fields. */
void otlp_add_span(
    struct buf *b, enum otlp_encoding encoding, const struct otlp_span *span);

/* An ExportTraceServiceRequest of one resource and one scope ("agentmark"),
 * which holds SPANS, a piece.  Of pieces in JSON several are joined by ",". */
void otlp_print_traces(struct buf *b, enum otlp_encoding encoding,
    const struct otlp_attr *resource, size_t n_resource, struct str spans);

/* What a metric came to since START: a monotonic sum, or a histogram. */
struct otlp_point {
	const char *name, *unit; /* unit NULL: none */
	const struct otlp_attr *attrs;
	size_t n_attrs;
	double value; /* the sum, of a histogram too */
	/* Of a histogram: n_bounds bounds (NULL: it is none) and one count
	 * more, each of what is above the bound before and not above its own.
	 */
	const double *bounds;
	const uint64_t *counts;
	size_t n_bounds;
};

/* An ExportMetricsServiceRequest, all of it cumulative.  Points of one name
 * stand side by side. */
void otlp_print_metrics(struct buf *b, enum otlp_encoding encoding,
    const struct otlp_attr *resource, size_t n_resource,
    const struct otlp_point *points, size_t n_points, int64_t start_ns,
    int64_t now_ns);

#endif
