/* A histogram whose bins grow with their values, so that the error is a part of
 * the value: C. Masson, J. E. Rim, H. K. Lee, "DDSketch", 2019, with the linear
 * steps between powers of two of G. Tene's HdrHistogram.  It refuses to know
 * what is measured. */
#include "quantile.h"

#include <math.h>

static unsigned
bin_of(uint64_t x)
{
	unsigned shift = 0;

	while (x >> shift >= 512)
		shift++;
	return (unsigned)(x >> shift) + 256 * shift;
}

/* The middle of a bin. */
static double
value_of(unsigned bin)
{
	unsigned shift = bin < 512 ? 0 : bin / 256 - 1;
	double low = bin - 256.0 * shift, width = ldexp(1, (int)shift);

	return low * width + (width - 1) / 2;
}

void
quantile_add(struct quantile *q, uint64_t x)
{
	if (x > UINT32_MAX)
		x = UINT32_MAX;
	q->min = q->n == 0 || x < q->min ? x : q->min;
	q->max = x > q->max ? x : q->max;
	q->n++;
	q->bins[bin_of(x)]++;
}

double
quantile_at(const struct quantile *q, double p)
{
	double rank = ceil(p * (double)q->n), seen = 0;
	unsigned i = 0;

	if (q->n == 0)
		return 0;
	for (; i + 1 < QUANTILE_BINS; i++) {
		seen += (double)q->bins[i];
		if (seen >= rank && seen > 0)
			break;
	}
	return fmin(fmax(value_of(i), (double)q->min), (double)q->max);
}
