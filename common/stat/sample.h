/* A mean and how sure it is, of values that come in units: values of one unit
 * (a row's repeats, a cluster) may depend on each other, units do not.  One
 * value a unit is the plain case of independent rows. */
#ifndef SAMPLE_H
#define SAMPLE_H

#include "sum.h"

struct sample {
	uint64_t units, n; /* units, values in them */
	uint64_t nn;	   /* sum of the squares of their sizes */
	/* Sums of the units' sums, of their squares, and of sum times size. */
	struct sum s, ss, sn;
};

/* N values that add up to S. */
void sample_add(struct sample *a, double s, uint64_t n) NONNULL;

double sample_mean(const struct sample *a) NONNULL;
/* NAN where one unit says nothing of others. */
double sample_se(const struct sample *a) NONNULL;

enum method { METHOD_NONE, METHOD_WILSON, METHOD_T };

struct interval {
	enum method method; /* NONE: there is no interval */
	double low, high;
};

/* Of a part K of N independent values, which may be fractions where N was
 * made smaller. */
struct interval interval_wilson(double k, double n, double quantile);

/* Of the mean.  UNIT: all values lie in [0, 1]. */
struct interval interval_mean(
    const struct sample *a, double confidence, bool unit) NONNULL;
/* Of values that are 0 or 1. */
struct interval interval_rate(
    const struct sample *a, double confidence) NONNULL;

/* Two-sided: how often a sample is this far from VALUE, if that is true.  They
 * say less than 1 - CONFIDENCE where the interval excludes VALUE. */
double p_mean(const struct sample *a, double value, bool unit) NONNULL;
double p_rate(const struct sample *a, double value) NONNULL;

#endif
