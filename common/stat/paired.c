/* Tests of paired values.  It refuses to know what was measured twice. */
#include "paired.h"

#include "../base/xalloc.h"
#include "dist.h"
#include "random.h"

#include <math.h>
#include <stdlib.h>

enum {
	EXACT_UNITS = 16, /* 2^16 ways to turn their signs around */
	FLIPS = 10000,
	EXACT_PAIRS = 25 /* beyond, the exact test is too careful */
};

/* Q. McNemar 1947; exact (binomial with one half) for few pairs, else the
 * mid-p version of it (M. W. Fagerland, S. Lydersen, P. Laake 2013). */
double
mcnemar_p(uint64_t gained, uint64_t lost)
{
	double n = (double)(gained + lost);
	double k = (double)(gained < lost ? gained : lost), p;

	if (gained == lost)
		return 1;
	p = 2 * binomial_cdf(k, n, 0.5);
	if (n > EXACT_PAIRS)
		p -= binomial_pmf(k, n, 0.5);
	return fmin(1, p);
}

/* All 2^n sums in the order of a Gray code: one sign turns at a time. */
static double
flip_exact(const struct unit *d, size_t n, double least)
{
	uint64_t all = UINT64_C(1) << n, as_large = 0, signs = 0;
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += d[i].s;
	for (uint64_t i = 1; i <= all; i++) {
		size_t at = 0;

		as_large += fabs(sum) >= least;
		while (at + 1 < n && !(i >> at & 1))
			at++;
		sum += signs >> at & 1 ? 2 * d[at].s : -2 * d[at].s;
		signs ^= UINT64_C(1) << at;
	}
	return (double)as_large / (double)all;
}

static double
flipped(const struct unit *d, size_t n, struct random *r)
{
	double sum = 0;
	uint64_t bits = 0;

	for (size_t i = 0; i < n; i++) {
		if (i % 64 == 0)
			bits = random_bits(r);
		sum += bits & 1 ? d[i].s : -d[i].s;
		bits >>= 1;
	}
	return sum;
}

/* (1 + as large) / (1 + all): B. Phipson and G. K. Smyth 2010. */
static double
flip_sampled(const struct unit *d, size_t n, double least, uint64_t seed)
{
	struct random r = {seed};
	unsigned as_large = 0;

	for (unsigned i = 0; i < FLIPS; i++)
		as_large += fabs(flipped(d, n, &r)) >= least;
	return (1.0 + as_large) / (1.0 + FLIPS);
}

/* R. A. Fisher 1935.  What did not change has no sign. */
double
flip_p(struct unit *units, size_t n, uint64_t seed)
{
	double total = 0, size = 0, least;
	size_t kept = 0;

	units_sort(units, n);
	for (size_t i = 0; i < n; i++)
		if (units[i].s != 0) {
			total += units[i].s;
			size += fabs(units[i].s);
			units[kept++] = units[i];
		}
	/* Sums that are equal but for their rounding are as large. */
	least = fabs(total) - 1e-9 * size;
	if (kept == 0 || least <= 0)
		return 1;
	return kept <= EXACT_UNITS ? flip_exact(units, kept, least)
				   : flip_sampled(units, kept, least, seed);
}

/* Turned signs have mean 0 and this variance, and there are thousands. */
double
flip_p_many(double total, double squares)
{
	if (!(squares > 0))
		return 1;
	return 2 * normal_cdf(-fabs(total) / sqrt(squares));
}

struct ranked {
	double p;
	size_t at;
};

static int
by_p(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;

	if (x->p != y->p)
		return x->p < y->p ? -1 : 1;
	return (x->at > y->at) - (x->at < y->at);
}

/* S. Holm 1979: the smallest times n, the next times n - 1, never less than
 * one before. */
void
holm(double *p, size_t n)
{
	struct ranked *ranked = xmalloc(xmul(n + 1, sizeof(*ranked)));
	double least = 0;

	for (size_t i = 0; i < n; i++)
		ranked[i] = (struct ranked){p[i], i};
	qsort(ranked, n, sizeof(*ranked), by_p);
	for (size_t i = 0; i < n; i++) {
		least = fmax(least, fmin(1, (double)(n - i) * ranked[i].p));
		p[ranked[i].at] = least;
	}
	free(ranked);
}
