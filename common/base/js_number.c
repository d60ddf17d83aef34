/* Numbers between doubles and text, as JavaScript does it: the shortest digits
 * that read back as the same double, laid out by ECMA-262 6.1.6.1.20, and exact
 * reading of JSON's decimals.  It relies on the C locale, which the program
 * never leaves. */
#include "js.h"

#include "xalloc.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Beyond 2^53 not every integer is a double. */
#define EXACT 9007199254740992.0

/* Powers of ten that are exact as doubles. */
static const double powers[] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8,
    1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21,
    1e22};
enum { EXACT_POWER = 22 };

/* 0.DIGITS x 10^POINT; the first and the last digit are not 0. */
struct decimal {
	char digits[24];
	int n, point;
};

static size_t
print_digits(char *out, unsigned long long u)
{
	char tmp[24];
	size_t n = 0, i;

	do {
		tmp[n++] = (char)('0' + u % 10);
		u /= 10;
	} while (u != 0);
	for (i = 0; i < n; i++)
		out[i] = tmp[n - 1 - i];
	out[n] = '\0';
	return n;
}

size_t
js_integer_print(char *out, long long i)
{
	if (i >= 0)
		return print_digits(out, (unsigned long long)i);
	*out = '-';
	return 1 + print_digits(out + 1, 0 - (unsigned long long)i);
}

static void
strip_zeros(struct decimal *dec)
{
	while (dec->n > 1 && dec->digits[dec->n - 1] == '0')
		dec->n--;
}

/* Decimals of at most 15 digits, which most numbers are.  Two of them never
 * share a double, so one that reads back is the shortest. */
static bool
short_decimal(double d, struct decimal *dec)
{
#if FLT_EVAL_METHOD == 0
	double scaled, whole;
	int k;

	for (k = 1; k <= EXACT_POWER; k++) {
		scaled = d * powers[k];
		if (!(scaled < 1e15))
			return false;
		whole = (double)(long long)(scaled + 0.5);
		if (whole / powers[k] != d)
			continue;
		dec->n =
		    (int)print_digits(dec->digits, (unsigned long long)whole);
		dec->point = dec->n - k;
		strip_zeros(dec);
		return whole != 0;
	}
#else
	(void)d;
	(void)dec;
#endif
	return false;
}

/* The nearest decimal of N digits. */
static void
nearest(double d, int n, struct decimal *dec)
{
	char text[40];
	char *e;

	(void)snprintf(text, sizeof(text), "%.*e", n - 1, d);
	e = strchr(text, 'e');
	dec->digits[0] = text[0];
	if (n > 1)
		memcpy(dec->digits + 1, text + 2, (size_t)n - 1);
	dec->n = n;
	dec->point = (int)strtol(e + 1, NULL, 10) + 1;
}

/* The next decimal of as many digits. */
static void
increment(struct decimal *dec)
{
	int i = dec->n - 1;

	while (i >= 0 && dec->digits[i] == '9')
		dec->digits[i--] = '0';
	if (i >= 0) {
		dec->digits[i]++;
		return;
	}
	dec->digits[0] = '1';
	dec->point++;
}

static bool
reads_back(const struct decimal *dec, double d)
{
	char text[48];

	(void)snprintf(
	    text, sizeof(text), "0.%.*se%d", dec->n, dec->digits, dec->point);
	return strtod(text, NULL) == d;
}

static void
shortest(double d, struct decimal *dec)
{
	int exponent, n = d < DBL_MIN ? 1 : DBL_DIG;
	/* Doubles below a power of two lie closer than those above it: the
	 * nearest decimal may fail where the next one reads back. */
	bool lopsided = frexp(d, &exponent) == 0.5;

	if (short_decimal(d, dec))
		return;
	for (; n < DBL_DECIMAL_DIG; n++) {
		nearest(d, n, dec);
		if (reads_back(dec, d))
			break;
		if (!lopsided)
			continue;
		increment(dec);
		if (reads_back(dec, d))
			break;
	}
	if (n == DBL_DECIMAL_DIG)
		nearest(d, n, dec);
	strip_zeros(dec);
}

static char *
put_zeros(char *out, int n)
{
	while (n-- > 0)
		*out++ = '0';
	return out;
}

static char *
put_digits(char *out, const struct decimal *dec, int from, int to)
{
	memcpy(out, dec->digits + from, (size_t)(to - from));
	return out + (to - from);
}

static char *
put_exponential(char *out, const struct decimal *dec)
{
	int e = dec->point - 1;

	*out++ = dec->digits[0];
	if (dec->n > 1) {
		*out++ = '.';
		out = put_digits(out, dec, 1, dec->n);
	}
	*out++ = 'e';
	*out++ = e < 0 ? '-' : '+';
	return out + print_digits(out, (unsigned long long)abs(e));
}

static char *
put_decimal(char *out, const struct decimal *dec)
{
	if (dec->point <= -6 || dec->point > 21)
		return put_exponential(out, dec);
	if (dec->point <= 0) {
		*out++ = '0';
		*out++ = '.';
		out = put_zeros(out, -dec->point);
		return put_digits(out, dec, 0, dec->n);
	}
	if (dec->n <= dec->point) {
		out = put_digits(out, dec, 0, dec->n);
		return put_zeros(out, dec->point - dec->n);
	}
	out = put_digits(out, dec, 0, dec->point);
	*out++ = '.';
	return put_digits(out, dec, dec->point, dec->n);
}

size_t
js_number_print(char *out, double d)
{
	struct decimal dec;
	char *p = out;

	if (isnan(d))
		return (size_t)(stpcpy(out, "NaN") - out);
	if (isinf(d))
		return (size_t)(stpcpy(out, d < 0 ? "-Infinity" : "Infinity") -
				out);
	if (fabs(d) <= EXACT && d == (double)(long long)d)
		return js_integer_print(out, (long long)d);
	if (d < 0)
		*p++ = '-';
	shortest(fabs(d), &dec);
	p = put_decimal(p, &dec);
	*p = '\0';
	return (size_t)(p - out);
}

/* What has been read of a number: MANTISSA x 10^EXPONENT. */
struct scan {
	const char *p, *end;
	uint64_t mantissa;
	int exponent;
	int n;	      /* significant digits in the mantissa */
	bool inexact; /* digits were left out */
};

static bool
is_digit(const struct scan *s)
{
	return s->p < s->end && *s->p >= '0' && *s->p <= '9';
}

static bool
scan_digits(struct scan *s, int fraction)
{
	enum { MOST = 19 }; /* 10^19 fits in 64 bits */
	const char *start = s->p;
	unsigned digit;

	for (; is_digit(s); s->p++) {
		digit = (unsigned)(*s->p - '0');
		if (s->n == MOST) {
			s->inexact = true;
			continue;
		}
		s->mantissa = s->mantissa * 10 + digit;
		s->n += s->mantissa != 0;
		s->exponent -= fraction;
	}
	return s->p != start;
}

static bool
scan_exponent(struct scan *s)
{
	const char *start;
	int e = 0;
	bool negative;

	s->p++;
	negative = s->p < s->end && *s->p == '-';
	if (s->p < s->end && (*s->p == '-' || *s->p == '+'))
		s->p++;
	start = s->p;
	for (; is_digit(s); s->p++)
		if (e < 100000)
			e = e * 10 + (*s->p - '0');
	s->exponent += negative ? -e : e;
	return s->p != start;
}

/* JSON's grammar without the sign. */
static bool
scan_number(struct scan *s)
{
	if (!is_digit(s))
		return false;
	if (*s->p == '0')
		s->p++;
	else
		(void)scan_digits(s, 0);
	if (s->p < s->end && *s->p == '.') {
		s->p++;
		if (!scan_digits(s, 1))
			return false;
	}
	if (s->p < s->end && (*s->p == 'e' || *s->p == 'E'))
		return scan_exponent(s);
	return true;
}

static double
slow_value(const char *p, size_t len)
{
	char small[64];
	char *text = len < sizeof(small) ? small : xmalloc(len + 1);
	double d;

	memcpy(text, p, len);
	text[len] = '\0';
	d = strtod(text, NULL);
	if (text != small)
		free(text);
	return d;
}

/* One operation on exact numbers is rounded once, hence correct. */
static bool
fast_value(const struct scan *s, double *d)
{
	if (s->inexact || s->mantissa > (uint64_t)EXACT)
		return false;
	if (s->exponent == 0 || s->mantissa == 0) {
		*d = (double)s->mantissa;
		return true;
	}
#if FLT_EVAL_METHOD == 0
	if (s->exponent > 0 && s->exponent <= EXACT_POWER) {
		*d = (double)s->mantissa * powers[s->exponent];
		return true;
	}
	if (s->exponent < 0 && s->exponent >= -EXACT_POWER) {
		*d = (double)s->mantissa / powers[-s->exponent];
		return true;
	}
#endif
	return false;
}

bool
js_number_read(const char *p, const char *end, double *d, const char **next)
{
	struct scan s = {.p = p, .end = end};
	const char *start;
	double value;

	if (p < end && *p == '-')
		s.p++;
	start = s.p;
	if (!scan_number(&s))
		return false;
	if (!fast_value(&s, &value))
		value = slow_value(start, (size_t)(s.p - start));
	*d = *p == '-' ? -value : value;
	*next = s.p;
	return true;
}
