/* Confidence sequences for means of bounded values: I. Waudby-Smith and A.
 * Ramdas, "Estimating means of bounded random variables by betting", JRSS B,
 * 2023.  They need that each value's expectation, given those before, is the
 * mean; they need no distribution.  It refuses to know what is measured. */
#include "sequence.h"

#include <math.h>

/* Of a stake; all of it could be lost for good. */
static const double most = 0.75;

/* Mean and variance as guessed before the next value: as if 1/2 had been seen
 * once, with variance 1/4. */
static double
guess(const struct sequence *q)
{
	return (0.5 + q->sum) / (q->n + 1);
}

static double
spread(const struct sequence *q)
{
	return (0.25 + q->scatter) / (q->n + 1);
}

static void
see(struct sequence *q, double x)
{
	double off;

	q->n++;
	q->sum += x;
	off = x - guess(q);
	q->scatter += off * off;
}

/* Their theorem 2, the predictable plug-in empirical-Bernstein sequence; the
 * interval never grows again. */
void
sequence_interval_add(struct sequence_interval *q, double x, double alpha)
{
	double t = q->seen.n + 1, off = x - guess(&q->seen), middle, half;
	double size = log(2 / alpha), weight;

	if (q->seen.n == 0)
		q->high = 1;
	weight = fmin(most, sqrt(2 * size / (spread(&q->seen) * t * log1p(t))));
	q->weights += weight;
	q->weighted += weight * x;
	q->variance += off * off * (-log1p(-weight) - weight);
	see(&q->seen, x);
	middle = q->weighted / q->weights;
	half = (size + q->variance) / q->weights;
	q->low = fmax(q->low, middle - half);
	q->high = fmin(q->high, middle + half);
}

/* Their section 4 and appendix B: each bet is fair while the mean is the
 * threshold, so that it multiplies by 1 / p with a chance of p at most (J.
 * Ville 1939).  How much is bet follows what was seen (aGRAPA). */
void
sequence_bet_add(struct sequence_bet *q, double x, double threshold)
{
	double off = guess(&q->seen) - threshold;
	double bet = off / (spread(&q->seen) + off * off);
	double up = fmax(bet, 0), down = fmax(-bet, 0);

	if (up * threshold > most)
		up = most / threshold;
	if (down * (1 - threshold) > most)
		down = most / (1 - threshold);
	q->above += log1p(up * (x - threshold));
	q->below += log1p(down * (threshold - x));
	see(&q->seen, x);
}
