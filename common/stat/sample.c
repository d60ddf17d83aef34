/* Intervals and tests of one mean or rate, from a few exact sums.  It refuses
 * to know what is measured. */
#include "sample.h"

#include "dist.h"

#include <math.h>

void
sample_add(struct sample *a, double s, uint64_t n)
{
	a->units++;
	a->n += n;
	a->nn += n * n;
	sum_add(&a->s, s);
	sum_add_product(&a->ss, s, s);
	sum_add_product(&a->sn, s, (double)n);
}

double
sample_mean(const struct sample *a)
{
	return sum_value(&a->s) / (double)a->n;
}

/* The sum over units of (sum - size * mean)^2.  What rounding leaves of equal
 * values is nothing. */
static double
scatter(const struct sample *a)
{
	double m = sample_mean(a), ss = sum_value(&a->ss);
	double q = ss - 2 * m * sum_value(&a->sn) + m * m * (double)a->nn;

	return q > 1e-13 * ss ? q : 0;
}

/* K.-Y. Liang and S. L. Zeger 1986 for a mean, with the factor G / (G - 1)
 * (CR1; J. G. MacKinnon and H. White 1985): one value a unit makes it the
 * usual standard error. */
double
sample_se(const struct sample *a)
{
	double g = (double)a->units;

	if (a->units < 2)
		return NAN;
	return sqrt(g / (g - 1) * scatter(a)) / (double)a->n;
}

/* E. B. Wilson 1927: the values p0 with |p - p0| <= z sqrt(p0 (1 - p0) / n). */
struct interval
interval_wilson(double k, double n, double z)
{
	double p = k / n, zz = z * z, center, half;

	center = (p + zz / (2 * n)) / (1 + zz / n);
	half = z / (1 + zz / n) * sqrt(p * (1 - p) / n + zz / (4 * n * n));
	return (struct interval){METHOD_WILSON,
	    p <= 0 ? 0 : fmax(0, center - half),
	    p >= 1 ? 1 : fmin(1, center + half)};
}

static bool
independent(const struct sample *a)
{
	return a->nn == a->n;
}

/* How many independent values say as much (L. Kish 1965; E. L. Korn and B. I.
 * Graubard 1998).  Where all values are equal nothing tells how much they
 * depend on each other: then as if wholly, one a unit. */
static double
effective(const struct sample *a)
{
	double p = sample_mean(a), se = sample_se(a), n;

	if (independent(a))
		return (double)a->n;
	if (!(se > 0) || p <= 0 || p >= 1)
		return (double)a->units;
	n = p * (1 - p) / (se * se);
	return fmin(n, (double)a->n);
}

static double
degrees(const struct sample *a)
{
	return independent(a) ? INFINITY : (double)a->units - 1;
}

static double
two_sided(double confidence)
{
	return 1 - (1 - confidence) / 2;
}

struct interval
interval_rate(const struct sample *a, double confidence)
{
	double n = effective(a);

	if (a->n == 0 || degrees(a) < 1)
		return (struct interval){METHOD_NONE, NAN, NAN};
	return interval_wilson(sample_mean(a) * n, n,
	    t_quantile(two_sided(confidence), degrees(a)));
}

/* Student 1908, over units.  Values that are all equal do not say how far
 * others may be; but in [0, 1] nothing varies more than zeros and ones of the
 * same mean do. */
struct interval
interval_mean(const struct sample *a, double confidence, bool unit)
{
	double se = sample_se(a), m = sample_mean(a), half;

	if (unit && a->n > 0 && !(se > 0) && degrees(a) >= 1)
		return interval_rate(a, confidence);
	if (!(se > 0))
		return (struct interval){METHOD_NONE, NAN, NAN};
	half = se * t_quantile(two_sided(confidence), (double)a->units - 1);
	return (struct interval){METHOD_T, unit ? fmax(0, m - half) : m - half,
	    unit ? fmin(1, m + half) : m + half};
}

/* Both tails of a statistic T. */
static double
tails(double t, double df)
{
	return fmin(1, 2 * t_cdf(-fabs(t), df));
}

double
p_rate(const struct sample *a, double value)
{
	double p = sample_mean(a), n = effective(a);

	if (a->n == 0 || degrees(a) < 1 || p == value)
		return 1;
	return tails((p - value) / sqrt(value * (1 - value) / n), degrees(a));
}

double
p_mean(const struct sample *a, double value, bool unit)
{
	double se = sample_se(a), m = sample_mean(a);

	if (a->n == 0 || m == value)
		return 1;
	if (se > 0)
		return tails((m - value) / se, (double)a->units - 1);
	return unit ? p_rate(a, value) : 1;
}
