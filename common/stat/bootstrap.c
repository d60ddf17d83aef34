/* The bootstrap with bias correction and acceleration: B. Efron, "Better
 * Bootstrap Confidence Intervals", 1987.  It refuses to know what is measured,
 * and needs all units in memory. */
#include "bootstrap.h"

#include "../base/xalloc.h"
#include "dist.h"
#include "random.h"

#include <math.h>
#include <stdlib.h>

/* Ends of a 95 % interval move by a hundredth of its width from seed to seed.
 */
enum { REPLICATES = 2000 };

static int
by_value(const void *a, const void *b)
{
	const struct unit *x = a, *y = b;

	if (x->s != y->s)
		return x->s < y->s ? -1 : 1;
	return (x->n > y->n) - (x->n < y->n);
}

void
units_sort(struct unit *units, size_t n)
{
	if (n > 1)
		qsort(units, n, sizeof(*units), by_value);
}

static int
by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Two units for each 64 bits; N is far below 2^32. */
static double
replicate(const struct unit *units, size_t n, struct random *r)
{
	double s = 0, size = 0;

	for (size_t i = 0; i < n; i += 2) {
		uint64_t bits = random_bits(r);
		const struct unit *one = &units[(bits >> 32) * n >> 32];
		const struct unit *two = &units[(uint32_t)bits * n >> 32];

		s += one->s;
		size += one->n;
		if (i + 1 == n)
			break;
		s += two->s;
		size += two->n;
	}
	return s / size;
}

/* From the empirical influence of each unit (Efron 1987, 6.6). */
static double
acceleration(const struct unit *units, size_t n, double mean)
{
	double squares = 0, cubes = 0;

	for (size_t i = 0; i < n; i++) {
		double u = units[i].s - units[i].n * mean;

		squares += u * u;
		cubes += u * u * u;
	}
	return squares > 0 ? cubes / (6 * pow(squares, 1.5)) : 0;
}

/* The part of replicates below MEAN, half of those that are equal. */
static double
part_below(const double *means, double mean)
{
	double below = 0;

	for (size_t i = 0; i < REPLICATES; i++)
		below += means[i] < mean ? 1 : means[i] == mean ? 0.5 : 0;
	return fmin(fmax(below, 1), REPLICATES - 1) / REPLICATES;
}

static double
corrected(const double *means, double z0, double a, double z)
{
	double p = normal_cdf(z0 + (z0 + z) / (1 - a * (z0 + z)));
	double at = p * REPLICATES;
	size_t i = at < 1 ? 0 : (size_t)at;

	return means[i < REPLICATES ? i : REPLICATES - 1];
}

static bool
all_equal(const struct unit *units, size_t n, double mean)
{
	for (size_t i = 0; i < n; i++)
		if (fabs(units[i].s - units[i].n * mean) >
		    1e-9 * fabs(units[i].s))
			return false;
	return true;
}

struct interval
bootstrap_mean(struct unit *units, size_t n, double confidence, uint64_t seed)
{
	struct random r = {seed};
	double s = 0, size = 0, mean, z0, a, z, *means;
	struct interval out = {METHOD_NONE, NAN, NAN};

	units_sort(units, n);
	for (size_t i = 0; i < n; i++) {
		s += units[i].s;
		size += units[i].n;
	}
	mean = s / size;
	if (n < 2 || all_equal(units, n, mean))
		return out;
	means = xmalloc(REPLICATES * sizeof(*means));
	for (size_t i = 0; i < REPLICATES; i++)
		means[i] = replicate(units, n, &r);
	qsort(means, REPLICATES, sizeof(*means), by_size);
	z0 = normal_quantile(part_below(means, mean));
	a = acceleration(units, n, mean);
	z = normal_quantile((1 - confidence) / 2);
	out.method = METHOD_T;
	out.low = corrected(means, z0, a, z);
	out.high = corrected(means, z0, a, -z);
	free(means);
	return out;
}
