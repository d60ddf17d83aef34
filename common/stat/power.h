/* How many rows it takes to see a difference, two-sided at level ALPHA, with a
 * chance of POWER. */
#ifndef POWER_H
#define POWER_H

#include "../base/base.h"

struct power {
	double alpha, power; /* 0.05, 0.8 */
};

/* One run against a number, or two runs of the same rows: a mean with standard
 * deviation SD, of two runs that of the differences. */
double power_mean(const struct power *w, double delta, double sd) NONNULL;
/* One run against a number: a rate. */
double power_rate(const struct power *w, double rate, double threshold) NONNULL;

/* Two runs of the same rows: CHANGED is the part of the pairs that pass in one
 * of the runs only. */
double power_paired_rate(
    const struct power *w, double delta, double changed) NONNULL;

/* Two runs of different rows: rows in each. */
double power_two_means(const struct power *w, double delta, double sd) NONNULL;
double power_two_rates(const struct power *w, double one, double two) NONNULL;

#endif
