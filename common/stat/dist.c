/* Distribution functions and their inverses, to about twelve digits.  It
 * refuses to know what they are used for. */
#include "dist.h"

#include <math.h>

static const double tiny = 1e-300;

double
normal_cdf(double x)
{
	return 0.5 * erfc(-x / sqrt(2));
}

/* Begins with M. Abramowitz, I. A. Stegun, "Handbook of Mathematical
 * Functions", 1964, 26.2.23, which is right to 4.5e-4; each of Halley's steps
 * triples the digits. */
double
normal_quantile(double p)
{
	double tail = p < 0.5 ? p : 1 - p, t, x;

	if (!(tail > 0))
		return p < 0.5 ? -INFINITY : INFINITY;
	t = sqrt(-2 * log(tail));
	x = (2.515517 + t * (0.802853 + t * 0.010328)) /
		(1 + t * (1.432788 + t * (0.189269 + t * 0.001308))) -
	    t;
	for (int i = 0; i < 4; i++) {
		double density = exp(-x * x / 2) / sqrt(2 * M_PI);
		double step = (normal_cdf(x) - tail) / density;

		x -= step / (1 + x * step / 2);
	}
	return p < 0.5 ? x : -x;
}

static double
log_gamma(double x)
{
	int sign;

	return lgamma_r(x, &sign);
}

static double
not_zero(double x)
{
	return fabs(x) < tiny ? tiny : x;
}

/* The continued fraction of DLMF 8.17.22, from the front (W. J. Lentz 1976,
 * I. J. Thompson and A. R. Barnett 1986); takes about sqrt(max(a, b)) steps. */
static double
beta_fraction(double a, double b, double x)
{
	double c = 1, d = 1 / not_zero(1 - (a + b) * x / (a + 1)), f = d;

	for (int i = 1; i < 100000; i++) {
		double m = i, even, odd, by;

		even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
		d = 1 / not_zero(1 + even * d);
		c = not_zero(1 + even / c);
		f *= c * d;
		odd = -(a + m) * (a + b + m) * x /
		      ((a + 2 * m) * (a + 2 * m + 1));
		d = 1 / not_zero(1 + odd * d);
		c = not_zero(1 + odd / c);
		by = c * d;
		f *= by;
		if (fabs(by - 1) < 1e-15)
			break;
	}
	return f;
}

double
beta_inc(double a, double b, double x)
{
	double front;

	if (!(x > 0))
		return 0;
	if (x >= 1)
		return 1;
	front = exp(log_gamma(a + b) - log_gamma(a) - log_gamma(b) +
		    a * log(x) + b * log1p(-x));
	if (x < (a + 1) / (a + b + 2))
		return front * beta_fraction(a, b, x) / a;
	return 1 - front * beta_fraction(b, a, 1 - x) / b;
}

/* P(T > x), x >= 0. */
static double
t_tail(double x, double df)
{
	if (df > 1e9)
		return normal_cdf(-x);
	return 0.5 * beta_inc(df / 2, 0.5, df / (df + x * x));
}

double
t_cdf(double x, double df)
{
	return x < 0 ? t_tail(-x, df) : 1 - t_tail(x, df);
}

/* Halves an interval: the tail falls strictly, and this is asked seldom. */
double
t_quantile(double p, double df)
{
	double tail = p < 0.5 ? p : 1 - p, low = 0, high = 1;

	if (!(tail > 0))
		return p < 0.5 ? -INFINITY : INFINITY;
	if (df > 1e9)
		return normal_quantile(p);
	while (t_tail(high, df) > tail && high < 1e300) {
		low = high;
		high *= 2;
	}
	for (int i = 0; i < 200 && high - low > 1e-14 * high; i++) {
		double x = low + (high - low) / 2;

		if (t_tail(x, df) > tail)
			low = x;
		else
			high = x;
	}
	return p < 0.5 ? -high : high;
}

double
binomial_cdf(double k, double n, double p)
{
	if (k < 0)
		return 0;
	return k >= n ? 1 : beta_inc(n - k, k + 1, 1 - p);
}

double
binomial_pmf(double k, double n, double p)
{
	if (p <= 0 || p >= 1)
		return k == (p <= 0 ? 0 : n) ? 1 : 0;
	return exp(log_gamma(n + 1) - log_gamma(k + 1) - log_gamma(n - k + 1) +
		   k * log(p) + (n - k) * log1p(-p));
}
