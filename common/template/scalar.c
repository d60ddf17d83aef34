/* The types of YAML scalars, after js-yaml 4: each is a recogniser that also
 * gives the value.  It refuses to know about tags, keys and trees. */
#include "scalar.h"

#include "../base/utf.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool
is_one_of(struct str text, const char *const *words, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (str_is(text, words[i]))
			return true;
	return false;
}

bool
scalar_null(struct arena *a, struct str text, struct js *out)
{
	static const char *const words[] = {"", "~", "null", "Null", "NULL"};

	(void)a;
	*out = js_null();
	return is_one_of(text, words, ARRAY_LEN(words));
}

bool
scalar_bool(struct arena *a, struct str text, struct js *out)
{
	static const char *const yes[] = {"true", "True", "TRUE"};
	static const char *const no[] = {"false", "False", "FALSE"};

	(void)a;
	*out = js_bool(is_one_of(text, yes, ARRAY_LEN(yes)));
	return out->boolean || is_one_of(text, no, ARRAY_LEN(no));
}

/* --- numbers */

static size_t
count_digits(const char *p, const char *end)
{
	const char *start = p;

	while (p < end && *p >= '0' && *p <= '9')
		p++;
	return (size_t)(p - start);
}

static unsigned
digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	if (c >= 'a' && c <= 'f')
		return (unsigned)(c - 'a') + 10;
	if (c >= 'A' && c <= 'F')
		return (unsigned)(c - 'A') + 10;
	return 16;
}

/* Digits of 1, 3 or 4 BITS each, rounded once, as JavaScript does. */
static bool
read_bits(struct str text, unsigned bits, double *out)
{
	uint64_t mantissa = 0;
	bool lost = false;
	int exponent = 0;
	unsigned digit, bit;
	size_t i;

	for (i = 0; i < text.len; i++) {
		digit = digit_value(text.p[i]);
		if (digit >> bits != 0)
			return false;
		for (bit = bits; bit-- > 0;) {
			if (mantissa >> 62 != 0) {
				exponent += exponent < 4096;
				lost = lost || (digit >> bit & 1) != 0;
				continue;
			}
			mantissa = mantissa << 1 | (digit >> bit & 1);
		}
	}
	*out = ldexp((double)(mantissa | lost), exponent);
	return text.len > 0;
}

static unsigned
prefix_bits(struct str text)
{
	if (text.len < 2 || text.p[0] != '0')
		return 0;
	switch (text.p[1]) {
	case 'b':
		return 1;
	case 'o':
		return 3;
	case 'x':
		return 4;
	default:
		return 0;
	}
}

static double
read_decimal(struct arena *a, struct str text)
{
	return strtod(arena_strndup(a, text.p, text.len), NULL);
}

static bool
take_sign(struct str *text)
{
	bool negative;

	if (text->len == 0 || (text->p[0] != '-' && text->p[0] != '+'))
		return false;
	negative = text->p[0] == '-';
	text->p++;
	text->len--;
	return negative;
}

bool
scalar_int(struct arena *a, struct str text, struct js *out)
{
	bool negative = take_sign(&text);
	unsigned bits = prefix_bits(text);
	double d;

	if (bits != 0) {
		text.p += 2;
		text.len -= 2;
		if (!read_bits(text, bits, &d))
			return false;
	} else {
		if (text.len == 0 ||
		    count_digits(text.p, text.p + text.len) != text.len)
			return false;
		d = read_decimal(a, text);
	}
	/* `-0` is 0 here, and no prompt can tell it from -0. */
	*out = js_number(negative && d != 0 ? -d : d);
	return isfinite(d);
}

/* Behind the digits at P: a fraction and an exponent, or NULL. */
static bool
is_fraction(const char *p, const char *end)
{
	size_t n;

	if (p < end && *p == '.')
		p += 1 + count_digits(p + 1, end);
	if (p < end && (*p == 'e' || *p == 'E')) {
		p++;
		if (p < end && (*p == '-' || *p == '+'))
			p++;
		if ((n = count_digits(p, end)) == 0)
			return false;
		p += n;
	}
	return p == end;
}

bool
scalar_float(struct arena *a, struct str text, struct js *out)
{
	static const char *const infinite[] = {".inf", ".Inf", ".INF"};
	static const char *const not_number[] = {".nan", ".NaN", ".NAN"};
	struct str number = text;
	bool negative = take_sign(&number);
	const char *end = number.p + number.len;
	size_t digits = count_digits(number.p, end);
	double d;

	if (is_one_of(text, not_number, ARRAY_LEN(not_number))) {
		*out = js_number((double)NAN);
		return true;
	}
	if (is_one_of(number, infinite, ARRAY_LEN(infinite))) {
		d = (double)INFINITY;
		*out = js_number(negative ? -d : d);
		return true;
	}
	/* Without digits before the point there is no sign, but digits. */
	if (digits == 0 &&
	    (number.len != text.len || number.len < 2 || number.p[0] != '.' ||
		count_digits(number.p + 1, end) == 0))
		return false;
	if (!is_fraction(number.p + digits, end))
		return false;
	d = read_decimal(a, number);
	*out = js_number(negative ? -d : d);
	return isfinite(d);
}

/* --- timestamps */

struct cursor {
	const char *p, *end;
};

static bool
take_char(struct cursor *c, char wanted)
{
	if (c->p == c->end || *c->p != wanted)
		return false;
	c->p++;
	return true;
}

/* A number of LEAST to MOST digits. */
static bool
take_number(struct cursor *c, size_t least, size_t most, int *out)
{
	size_t n = count_digits(c->p, c->end);

	if (n > most)
		n = most;
	if (n < least)
		return false;
	for (*out = 0; n > 0; n--)
		*out = *out * 10 + (*c->p++ - '0');
	return true;
}

static bool
take_blanks(struct cursor *c)
{
	const char *start = c->p;

	while (c->p < c->end && (*c->p == ' ' || *c->p == '\t'))
		c->p++;
	return c->p > start;
}

/* Days since 1970 of the first of a month of the Gregorian calendar, which may
 * be any number of months away from January (Howard Hinnant's algorithm). */
static double
days_of_month(int year, int month)
{
	int era, year_of_era, day_of_year;

	year += (month - 1) / 12;
	month = (month - 1) % 12 + 1;
	if (month < 1) {
		month += 12;
		year--;
	}
	year -= month <= 2;
	era = (year >= 0 ? year : year - 399) / 400;
	year_of_era = year - era * 400;
	day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5;
	return (double)era * 146097 + year_of_era * 365 + year_of_era / 4 -
	       year_of_era / 100 + day_of_year - 719468;
}

/* Date.UTC(): fields out of their range roll over, and a year below 100 is one
 * of the 20th century. */
static double
utc_date(int year, int month, int day)
{
	if (year < 100)
		year += 1900;
	return (days_of_month(year, month) + (day - 1)) * 86400e3;
}

/* hh:mm:ss and a fraction, of which three digits count. */
static bool
take_time(struct cursor *c, double *ms)
{
	static const int weight[] = {100, 10, 1};
	int hour, minute, second;
	size_t i, n;

	if (!take_number(c, 1, 2, &hour) || !take_char(c, ':') ||
	    !take_number(c, 2, 2, &minute) || !take_char(c, ':') ||
	    !take_number(c, 2, 2, &second))
		return false;
	*ms = hour * 3600e3 + minute * 60e3 + second * 1e3;
	if (!take_char(c, '.'))
		return true;
	n = count_digits(c->p, c->end);
	for (i = 0; i < n && i < ARRAY_LEN(weight); i++)
		*ms += (c->p[i] - '0') * weight[i];
	c->p += n;
	return true;
}

/* Z, +h, +hh or +hh:mm, or nothing. */
static bool
take_zone(struct cursor *c, double *ms)
{
	int hours, minutes = 0;
	bool blanks = take_blanks(c), negative;

	*ms = 0;
	if (c->p == c->end)
		return !blanks;
	if (take_char(c, 'Z'))
		return c->p == c->end;
	negative = take_char(c, '-');
	if (!negative && !take_char(c, '+'))
		return false;
	if (!take_number(c, 1, 2, &hours))
		return false;
	if (take_char(c, ':') && !take_number(c, 2, 2, &minutes))
		return false;
	*ms = (hours * 60 + minutes) * 60e3;
	if (negative)
		*ms = -*ms;
	return c->p == c->end;
}

static bool
is_date(struct cursor c, int *year, int *month, int *day)
{
	return take_number(&c, 4, 4, year) && take_char(&c, '-') &&
	       take_number(&c, 2, 2, month) && take_char(&c, '-') &&
	       take_number(&c, 2, 2, day) && c.p == c.end;
}

bool
scalar_timestamp(struct arena *a, struct str text, struct js *out)
{
	struct cursor c = {text.p, text.p + text.len};
	int year, month, day;
	double time, zone;

	if (is_date(c, &year, &month, &day)) {
		*out = js_date(a, utc_date(year, month, day));
		return true;
	}
	if (!take_number(&c, 4, 4, &year) || !take_char(&c, '-') ||
	    !take_number(&c, 1, 2, &month) || !take_char(&c, '-') ||
	    !take_number(&c, 1, 2, &day))
		return false;
	if (!take_char(&c, 'T') && !take_char(&c, 't') && !take_blanks(&c))
		return false;
	if (!take_time(&c, &time) || !take_zone(&c, &zone))
		return false;
	*out = js_date(a, utc_date(year, month, day) + time - zone);
	return true;
}

/* --- bytes */

static const char base64[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static void
add_byte(struct arena *a, struct js bytes, unsigned byte)
{
	char key[24];
	size_t len = js_number_print(key, (double)bytes.object->n);

	js_set(a, bytes.object, utf16_from(a, (struct str){key, len}),
	    js_number(byte & 0xff));
}

/* The bytes of the last, incomplete group; none at all make three zeros, as
 * in js-yaml. */
static void
add_tail(struct arena *a, struct js bytes, uint32_t bits, size_t n)
{
	switch (n % 4) {
	case 0:
		add_byte(a, bytes, bits >> 16);
		add_byte(a, bytes, bits >> 8);
		add_byte(a, bytes, bits);
		break;
	case 3:
		add_byte(a, bytes, bits >> 10);
		add_byte(a, bytes, bits >> 2);
		break;
	case 2:
		add_byte(a, bytes, bits >> 4);
		break;
	default:
		break;
	}
}

/* An object of byte by index, which is how a Uint8Array prints. */
bool
scalar_binary(struct arena *a, struct str text, struct js *out)
{
	size_t n = 0, length = 0, i;
	const char *digit;
	uint32_t bits = 0;

	*out = js_object(a);
	for (i = 0; i < text.len; i++) {
		if (text.p[i] == '\n' || text.p[i] == '\r')
			continue;
		length++;
		if (text.p[i] == '=')
			continue;
		digit = text.p[i] != '\0' ? strchr(base64, text.p[i]) : NULL;
		if (digit == NULL)
			return false;
		if (n > 0 && n % 4 == 0)
			add_tail(a, *out, bits, 0);
		bits = bits << 6 | (uint32_t)(digit - base64);
		n++;
	}
	add_tail(a, *out, bits, n);
	return length * 6 % 8 == 0;
}

struct js
scalar_plain(struct arena *a, struct str text)
{
	static scalar_fn *const types[] = {scalar_null, scalar_bool, scalar_int,
	    scalar_float, scalar_timestamp};
	struct js value;
	size_t i;

	for (i = 0; i < ARRAY_LEN(types); i++)
		if (types[i](a, text, &value))
			return value;
	return js_string_utf8(a, text);
}
