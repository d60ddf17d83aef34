/* Sums that do not depend on the order of what is added: they are exact, and
 * rounded once, when they are read. */
#ifndef SUM_H
#define SUM_H

#include "../base/base.h"

/* Parts that do not overlap: 2098 bits of exponents and 53 of digits make at
 * most 40 of them. */
struct sum {
	double part[40];
	size_t n;
};

/* X is finite; the sum must stay below 1e308. */
void sum_add(struct sum *s, double x) NONNULL;
/* Adds A * B, exactly. */
void sum_add_product(struct sum *s, double a, double b) NONNULL;
/* The double that is nearest to the sum. */
double sum_value(const struct sum *s) NONNULL;

#endif
