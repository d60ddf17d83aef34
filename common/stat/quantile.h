/* Quantiles of whole numbers in little memory: exact below 512, else right to
 * 0.2 %. */
#ifndef QUANTILE_H
#define QUANTILE_H

#include "../base/base.h"

/* 256 bins for each power of two, up to 2^32. */
enum { QUANTILE_BINS = 512 + 23 * 256 };

struct quantile {
	uint64_t n, bins[QUANTILE_BINS];
	uint64_t min, max;
};

/* X above 2^32 counts as 2^32. */
void quantile_add(struct quantile *q, uint64_t x) NONNULL;
/* The smallest value that a part P of all do not exceed; 0 when empty. */
double quantile_at(const struct quantile *q, double p) NONNULL;

#endif
