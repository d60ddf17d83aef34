/* Sizes of samples, by the normal approximation (J. L. Fleiss, B. Levin, M. C.
 * Paik, "Statistical Methods for Rates and Proportions", 3rd ed., 2003).  It
 * refuses to know what rows cost. */
#include "power.h"

#include "dist.h"

#include <math.h>

static double
z_alpha(const struct power *w)
{
	return normal_quantile(1 - w->alpha / 2);
}

static double
z_power(const struct power *w)
{
	return normal_quantile(w->power);
}

/* ((z_alpha s0 + z_power s1) / delta)^2: S0 is the deviation of one value
 * where there is no difference, S1 where there is. */
static double
rows(const struct power *w, double s0, double s1, double delta)
{
	double x = (z_alpha(w) * s0 + z_power(w) * s1) / delta;

	return ceil(x * x);
}

static double
deviation(double rate)
{
	return sqrt(rate * (1 - rate));
}

/* The addition makes up for a t that is used and not a normal quantile (W. C.
 * Guenther 1981). */
double
power_mean(const struct power *w, double delta, double sd)
{
	double z = z_alpha(w), x = (z + z_power(w)) * sd / delta;

	return ceil(x * x + z * z / 2);
}

double
power_rate(const struct power *w, double rate, double threshold)
{
	return rows(w, deviation(threshold), deviation(rate), rate - threshold);
}

/* O. S. Miettinen 1968, R. J. Connor 1987. */
double
power_paired_rate(const struct power *w, double delta, double changed)
{
	return rows(
	    w, sqrt(changed), sqrt(fmax(0, changed - delta * delta)), delta);
}

double
power_two_means(const struct power *w, double delta, double sd)
{
	double z = z_alpha(w), x = (z + z_power(w)) * sd / delta;

	return ceil(2 * x * x + z * z / 4);
}

double
power_two_rates(const struct power *w, double one, double two)
{
	double mean = (one + two) / 2;

	return rows(w, sqrt(2) * deviation(mean),
	    sqrt(one * (1 - one) + two * (1 - two)), one - two);
}
