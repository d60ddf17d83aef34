/* Whether two runs of the same rows differ, and what many tests at once are
 * worth. */
#ifndef PAIRED_H
#define PAIRED_H

#include "bootstrap.h"

/* McNemar's test: of the pairs that changed, GAINED one way and LOST the
 * other.  Two-sided. */
double mcnemar_p(uint64_t gained, uint64_t lost);

/* The sign-flip test of differences, one a unit (its sum): how often chance
 * alone makes their sum as large.  Sorts them first. */
double flip_p(struct unit *units, size_t n, uint64_t seed);
/* The same where there are too many to be kept: TOTAL of their sums and of
 * their SQUARES. */
double flip_p_many(double total, double squares);

/* Adjusts N values of p for having made N tests, in place. */
void holm(double *p, size_t n);

#endif
