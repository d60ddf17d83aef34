/* The drawings of a report, as SVG inside HTML: no script, no file beside it,
 * colours from the page's own variables, and each says in words what it shows.
 */
#ifndef REPORT_SVG_H
#define REPORT_SVG_H

#include "../common/base/buf.h"

/* An estimate and its interval on an axis. */
struct svg_interval {
	double from, to; /* of the axis */
	double value, low, high;
	double mark; /* a threshold, or 0 of a difference; NAN: none */
	const char *text;
};
void svg_interval(struct buf *b, const struct svg_interval *i) NONNULL;

/* How many rows have which score. */
enum { SVG_BINS = 20 };
struct svg_histogram {
	double from, to; /* of the axis, in equal bins */
	int64_t counts[SVG_BINS];
	double value, low, high; /* the mean and its interval */
	const char *text;
};
void svg_histogram(struct buf *b, const struct svg_histogram *h) NONNULL;

/* The bin of a score. */
size_t svg_bin(const struct svg_histogram *h, double score) NONNULL;

#endif
