/* Exact sums of doubles, as a few doubles whose digits do not overlap:
 * J. R. Shewchuk, "Adaptive Precision Floating-Point Arithmetic and Fast Robust
 * Geometric Predicates", 1997, Grow-Expansion with zero elimination.  It
 * refuses to know what is summed. */
#include "sum.h"

#include <math.h>

void
sum_add(struct sum *s, double x)
{
	size_t kept = 0;

	for (size_t i = 0; i < s->n; i++) {
		double y = s->part[i], high = x + y, back = high - x;
		double low = (x - (high - back)) + (y - back); /* Two-Sum */

		if (low != 0)
			s->part[kept++] = low;
		x = high;
	}
	s->part[kept++] = x;
	s->n = kept;
}

void
sum_add_product(struct sum *s, double a, double b)
{
	double high = a * b, low = fma(a, b, -high);

	sum_add(s, high);
	if (low != 0)
		sum_add(s, low);
}

/* From the largest part down: what the first inexact addition leaves decides
 * about the last digit, and where it is exactly half of it, the sign of the
 * part below does. */
double
sum_value(const struct sum *s)
{
	double value = 0, low = 0;
	size_t i = s->n;

	while (i > 0 && low == 0) {
		double x = value, y = s->part[--i];

		value = x + y;
		low = y - (value - x);
	}
	if (i > 0 && low != 0 && (low < 0) == (s->part[i - 1] < 0)) {
		double twice = low * 2, next = value + twice;

		if (next - value == twice)
			value = next;
	}
	return value;
}
