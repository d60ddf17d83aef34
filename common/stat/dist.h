/* Distributions: the normal one, Student's, the binomial one. */
#ifndef DIST_H
#define DIST_H

#include "../base/base.h"

/* P(X <= x), and the x below which a part P of it lies (0 < P < 1). */
double normal_cdf(double x);
double normal_quantile(double p);

/* DF > 0, may be INFINITY. */
double t_cdf(double x, double df);
double t_quantile(double p, double df);

/* The regularised incomplete beta function I_x(a, b); a, b > 0, x in [0, 1]. */
double beta_inc(double a, double b, double x);

/* P(X <= K) and P(X = K) of N trials. */
double binomial_cdf(double k, double n, double p);
double binomial_pmf(double k, double n, double p);

#endif
