/* Resampling of units as wholes. */
#ifndef BOOTSTRAP_H
#define BOOTSTRAP_H

#include "sample.h"

/* A unit: N values that add up to S. */
struct unit {
	double s, n;
};

/* The BCa interval of the mean of all values.  Sorts UNITS first, so that the
 * same units in another order give the same interval.  NONE with fewer than
 * two, or when all are equal. */
struct interval bootstrap_mean(
    struct unit *units, size_t n, double confidence, uint64_t seed);

/* Sorts by S, then by N. */
void units_sort(struct unit *units, size_t n);

#endif
