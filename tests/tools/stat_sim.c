/* Simulates experiments whose truth is known and counts how often what
 * common/stat says is true: one line of JSON for each setting.  Seeds are
 * fixed, so the numbers are the same on every machine; an optimised build takes
 * some seconds for all.
 *	stat_sim rate|repeats|means|sequence [RUNS]
 */
#include "../../common/base/xalloc.h"
#include "../../common/stat/bootstrap.h"
#include "../../common/stat/dist.h"
#include "../../common/stat/random.h"
#include "../../common/stat/sequence.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REPEAT = 5 };
static const double confidence = 0.95;

static bool
holds(struct interval i, double truth)
{
	return i.method != METHOD_NONE && i.low <= truth && truth <= i.high;
}

/* From 0 to 1, without 1. */
static double
random_unit(struct random *r)
{
	return (double)(random_bits(r) >> 11) * 0x1p-53;
}

static double
normal(struct random *r)
{
	return sqrt(-2 * log(1 - random_unit(r))) *
	       cos(2 * M_PI * random_unit(r));
}

/* G. Marsaglia and W. W. Tsang 2000; below 1 from one above. */
static double
gamma_of(struct random *r, double shape)
{
	double d = (shape < 1 ? shape + 1 : shape) - 1 / 3.0, x, v;
	double boost = shape < 1 ? pow(1 - random_unit(r), 1 / shape) : 1;

	for (;;) {
		x = normal(r);
		v = 1 + x / sqrt(9 * d);
		v = v * v * v;
		if (v > 0 && log(1 - random_unit(r)) <
				 x * x / 2 + d - d * v + d * log(v))
			return boost * d * v;
	}
}

/* A row's own rate: the mean of all is P, and RHO is how much the repeats of a
 * row are alike. */
static double
beta_of(struct random *r, double p, double rho)
{
	double size = 1 / rho - 1;
	double a = gamma_of(r, p * size), b = gamma_of(r, (1 - p) * size);

	return a / (a + b);
}

/* --- rates of independent rows: Wilson's interval */

static void
rate(unsigned runs)
{
	static const double ps[] = {0.5, 0.7, 0.9, 0.95, 0.99};
	static const unsigned ns[] = {20, 50, 100, 200, 1000, 2000};

	for (size_t i = 0; i < ARRAY_LEN(ns) * ARRAY_LEN(ps); i++) {
		unsigned n = ns[i / ARRAY_LEN(ps)], covered = 0;
		double p = ps[i % ARRAY_LEN(ps)];
		struct random r = {i + 1};
		double z = normal_quantile(0.975);

		for (unsigned k = 0; k < runs; k++) {
			unsigned passed = 0;

			for (unsigned row = 0; row < n; row++)
				passed += random_unit(&r) < p;
			covered += holds(interval_wilson(passed, n, z), p);
		}
		(void)printf("{\"what\":\"rate\",\"n\":%u,\"p\":%g,"
			     "\"runs\":%u,\"covered\":%.4f}\n",
		    n, p, runs, covered / (double)runs);
	}
}

/* --- rates of rows that run five times */

static void
repeats_of(unsigned rows, double p, double rho, unsigned runs, uint64_t seed)
{
	struct random r = {seed};
	unsigned covered = 0, naive = 0, of_means = 0;
	double z = normal_quantile(0.975);

	for (unsigned k = 0; k < runs; k++) {
		struct sample a = {0};

		for (unsigned row = 0; row < rows; row++) {
			double own = beta_of(&r, p, rho);
			unsigned passed = 0;

			for (unsigned j = 0; j < REPEAT; j++)
				passed += random_unit(&r) < own;
			sample_add(&a, passed, REPEAT);
		}
		covered += holds(interval_rate(&a, confidence), p);
		of_means += holds(interval_mean(&a, confidence, true), p);
		naive +=
		    holds(interval_wilson(sum_value(&a.s), (double)a.n, z), p);
	}
	(void)printf("{\"what\":\"repeats\",\"rows\":%u,\"repeat\":%d,"
		     "\"p\":%g,\"alike\":%g,\"runs\":%u,\"covered\":%.4f,"
		     "\"t\":%.4f,\"asIfIndependent\":%.4f}\n",
	    rows, REPEAT, p, rho, runs, covered / (double)runs,
	    of_means / (double)runs, naive / (double)runs);
}

static void
repeats(unsigned runs)
{
	static const double ps[] = {0.5, 0.8, 0.95}, rhos[] = {0.5, 0.8};
	static const unsigned ns[] = {20, 50, 200, 1000};

	for (size_t i = 0; i < ARRAY_LEN(ns); i++)
		for (size_t j = 0; j < ARRAY_LEN(ps); j++)
			for (size_t k = 0; k < (ns[i] < 1000 ? 2 : 1); k++)
				repeats_of(ns[i], ps[j], rhos[k], runs,
				    100 * i + 10 * j + k);
}

/* --- means of graded scores: t and bootstrap */

static void
means_of(unsigned rows, double p, double rho, unsigned runs, uint64_t seed)
{
	struct random r = {seed};
	struct unit *units = xcalloc(rows, sizeof(*units));
	unsigned t = 0, boot = 0;

	for (unsigned k = 0; k < runs; k++) {
		struct sample a = {0};

		for (unsigned row = 0; row < rows; row++) {
			units[row] = (struct unit){beta_of(&r, p, rho), 1};
			sample_add(&a, units[row].s, 1);
		}
		t += holds(interval_mean(&a, confidence, true), p);
		boot +=
		    holds(bootstrap_mean(units, rows, confidence, seed + k), p);
	}
	free(units);
	(void)printf("{\"what\":\"means\",\"rows\":%u,\"mean\":%g,"
		     "\"spread\":%g,\"runs\":%u,\"t\":%.4f,"
		     "\"bootstrap\":%.4f}\n",
	    rows, p, rho, runs, t / (double)runs, boot / (double)runs);
}

static void
means(unsigned runs)
{
	static const double ps[] = {0.5, 0.8, 0.95};
	static const unsigned ns[] = {20, 100, 500};

	for (size_t i = 0; i < ARRAY_LEN(ns); i++)
		for (size_t j = 0; j < ARRAY_LEN(ps); j++)
			means_of(ns[i], ps[j], 0.2, runs * 20 / ns[i] / 4 + 100,
			    10 * i + j + 1);
}

/* --- sequences: a look after every row */

struct looks {
	unsigned long wrong, decided, rows, below;
	unsigned bet, interval, wilson, n;
};

static unsigned
sequence_run(struct random *r, double p, double threshold, unsigned rows,
    struct looks *l)
{
	struct sequence_bet b = {0};
	struct sequence_interval q = {0};
	bool bet = false, out = false, wilson = false;
	double z = normal_quantile(0.975), limit = log(2 / 0.05);
	unsigned passed = 0, when = 0;

	for (unsigned n = 1; n <= rows; n++) {
		double x = random_unit(r) < p;

		passed += x > 0;
		sequence_bet_add(&b, x, threshold);
		sequence_interval_add(&q, x, 0.05);
		if (!bet && fmax(b.above, b.below) >= limit) {
			bet = true;
			when = n;
			l->below += b.below > b.above;
		}
		out = out || q.low > threshold || q.high < threshold;
		wilson =
		    wilson || !holds(interval_wilson(passed, n, z), threshold);
	}
	l->bet += bet;
	l->interval += out;
	l->wilson += wilson;
	l->n++;
	return when;
}

static int
by_size(const void *a, const void *b)
{
	const unsigned *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void
sequence(unsigned runs)
{
	static const struct {
		double p, threshold;
		unsigned rows;
	} settings[] = {{0.5, 0.5, 1000}, {0.9, 0.9, 1000}, {0.9, 0.9, 200},
	    {0.8, 0.8, 1000}, {0.95, 0.95, 1000}, {0.95, 0.9, 3000},
	    {0.85, 0.9, 3000}, {0.8, 0.9, 1000}, {0.99, 0.9, 1000},
	    {0.7, 0.9, 1000}};

	for (size_t i = 0; i < ARRAY_LEN(settings); i++) {
		struct random r = {i + 77};
		struct looks l = {0};
		unsigned n =
		    settings[i].p == settings[i].threshold ? runs : runs / 10;
		unsigned *when = xcalloc(n, sizeof(*when));

		for (unsigned k = 0; k < n; k++) {
			when[k] = sequence_run(&r, settings[i].p,
			    settings[i].threshold, settings[i].rows, &l);
			if (when[k] == 0)
				when[k] = settings[i].rows + 1;
		}
		qsort(when, n, sizeof(*when), by_size);
		(void)printf("{\"what\":\"sequence\",\"p\":%g,\"threshold\":%g,"
			     "\"rows\":%u,\"runs\":%u,\"bet\":%.4f,"
			     "\"interval\":%.4f,\"wilson\":%.4f,"
			     "\"medianRows\":%u,\"below\":%.4f}\n",
		    settings[i].p, settings[i].threshold, settings[i].rows, n,
		    l.bet / (double)n, l.interval / (double)n,
		    l.wilson / (double)n, when[n / 2], (double)l.below / n);
		free(when);
	}
}

int
main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*fn)(unsigned runs);
		unsigned runs;
	} table[] = {
	    {"rate", rate, 20000},
	    {"repeats", repeats, 4000},
	    {"means", means, 2000},
	    {"sequence", sequence, 10000},
	};

	for (size_t i = 0; argc > 1 && i < ARRAY_LEN(table); i++)
		if (strcmp(argv[1], table[i].name) == 0) {
			table[i].fn(argc > 2
					? (unsigned)strtoul(argv[2], NULL, 10)
					: table[i].runs);
			return 0;
		}
	(void)fputs(
	    "usage: stat_sim rate|repeats|means|sequence [RUNS]\n", stderr);
	return 2;
}
