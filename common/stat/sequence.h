/* Values of [0, 1] that are looked at after each of them: what is said holds
 * at all looks together, so one may stop at any. */
#ifndef SEQUENCE_H
#define SEQUENCE_H

#include "../base/base.h"

/* Starts as {0}; what both below know of the values so far. */
struct sequence {
	double n, sum, scatter;
};

/* An interval of the mean. */
struct sequence_interval {
	struct sequence seen;
	double weights, weighted, variance;
	double low, high; /* after the first value */
};

void sequence_interval_add(
    struct sequence_interval *q, double x, double alpha) NONNULL;

/* A bet that the mean is above a threshold, and one that it is below. */
struct sequence_bet {
	struct sequence seen;
	double above, below; /* logarithms of what they have won */
};

void sequence_bet_add(
    struct sequence_bet *q, double x, double threshold) NONNULL;

#endif
