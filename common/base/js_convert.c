/* ToNumber and ToString of the language (templatedx.md 3.4), and how dates are
 * written. */
#include "js.h"

#include "limits.h"
#include "utf.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static const char *
pass_digits(const char *p)
{
	while (is_digit(*p))
		p++;
	return p;
}

/* StrUnsignedDecimalLiteral of ECMA-262 7.1.4.1 without Infinity. */
static bool
is_decimal(const char *p)
{
	const char *start = p;
	bool digits;

	p = pass_digits(p);
	digits = p != start;
	if (*p == '.') {
		start = ++p;
		p = pass_digits(p);
		digits = digits || p != start;
	}
	if (!digits)
		return false;
	if (*p != 'e' && *p != 'E')
		return *p == '\0';
	p++;
	if (*p == '+' || *p == '-')
		p++;
	start = p;
	p = pass_digits(p);
	return p != start && *p == '\0';
}

static int
digit_value(char c)
{
	if (is_digit(c))
		return c - '0';
	if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
		return (c | 0x20) - 'a' + 10;
	return 16;
}

/* Digits of a radix that is a power of two, rounded once at the end: what does
 * not fit into the mantissa any more leaves its trace in the lowest bit. */
static double
read_bits(const char *p, int bits)
{
	uint64_t mantissa = 0;
	int exponent = 0, digit;

	if (*p == '\0')
		return NAN;
	for (; *p != '\0'; p++) {
		digit = digit_value(*p);
		if (digit >= 1 << bits)
			return NAN;
		if (mantissa >> 60 == 0)
			mantissa = mantissa << bits | (uint64_t)digit;
		else if (digit != 0)
			mantissa |= 1;
		if (mantissa >> 60 != 0 && exponent < 100000)
			exponent += bits;
	}
	return mantissa >> 60 == 0 ? (double)mantissa
				   : ldexp((double)mantissa, exponent - bits);
}

static double
read_number(const char *p)
{
	const char *unsigned_part = p + (*p == '+' || *p == '-');

	if (*p == '\0')
		return 0;
	if (p[0] == '0' && (p[1] | 0x20) == 'x')
		return read_bits(p + 2, 4);
	if (p[0] == '0' && (p[1] | 0x20) == 'o')
		return read_bits(p + 2, 3);
	if (p[0] == '0' && (p[1] | 0x20) == 'b')
		return read_bits(p + 2, 1);
	if (strcmp(unsigned_part, "Infinity") == 0)
		return *p == '-' ? (double)-INFINITY : (double)INFINITY;
	if (!is_decimal(unsigned_part))
		return NAN;
	return strtod(p, NULL);
}

static double
string_to_number(struct arena *a, struct str16 s)
{
	struct str text;

	s = str16_trim(s);
	text = utf8_from(a, s);
	if (strlen(text.p) != text.len)
		return NAN;
	return read_number(text.p);
}

double
js_to_number(struct arena *a, struct js v)
{
	switch (v.type) {
	case JS_NULL:
		return 0;
	case JS_BOOL:
		return v.boolean ? 1 : 0;
	case JS_NUMBER:
		return v.number;
	case JS_STRING:
		return string_to_number(a, v.string);
	case JS_ARRAY:
		return string_to_number(a, js_to_string(a, v));
	case JS_DATE:
		return *v.date;
	default:
		return NAN;
	}
}

struct civil {
	long long year;
	int month, day; /* from 1 */
	int hour, minute, second, ms;
	int weekday; /* 0: Sunday */
};

/* The proleptic Gregorian calendar, by eras of 400 years that begin in March.
 * False for what is no date. */
static bool
civil_from(double ms, struct civil *c)
{
	const long long day_ms = 86400000;
	long long t, days, era, doe, yoe, doy, mp;

	if (!(fabs(ms) <= 8.64e15))
		return false;
	t = (long long)ms;
	days = t / day_ms - (t % day_ms < 0);
	t -= days * day_ms;
	c->ms = (int)(t % 1000);
	c->second = (int)(t / 1000 % 60);
	c->minute = (int)(t / 60000 % 60);
	c->hour = (int)(t / 3600000);
	c->weekday = (int)(((days + 4) % 7 + 7) % 7);
	days += 719468; /* from 0000-03-01 */
	era = (days >= 0 ? days : days - 146096) / 146097;
	doe = days - era * 146097;
	yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	mp = (5 * doy + 2) / 153;
	c->day = (int)(doy - (153 * mp + 2) / 5 + 1);
	c->month = (int)(mp < 10 ? mp + 3 : mp - 9);
	c->year = yoe + era * 400 + (c->month <= 2);
	return true;
}

size_t
js_date_print(char *out, double ms)
{
	struct civil c;
	const char *year = "%04lld";
	int n;

	out[0] = '\0';
	if (!civil_from(ms, &c))
		return 0;
	if (c.year < 0 || c.year > 9999)
		year = "%+07lld";
	n = snprintf(out, 32, year, c.year);
	n +=
	    snprintf(out + n, 32 - (size_t)n, "-%02d-%02dT%02d:%02d:%02d.%03dZ",
		c.month, c.day, c.hour, c.minute, c.second, c.ms);
	return (size_t)n;
}

/* Date.prototype.toString() in a process whose time zone is UTC. */
static struct str16
date_to_string(struct arena *a, double ms)
{
	static const char days[] = "SunMonTueWedThuFriSat";
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	struct civil c;
	long long year;

	if (!civil_from(ms, &c))
		return utf16_lit(a, "Invalid Date");
	year = c.year < 0 ? -c.year : c.year;
	return utf16_lit(a,
	    arena_printf(a,
		"%.3s %.3s %02d %s%04lld %02d:%02d:%02d GMT+0000 "
		"(Coordinated Universal Time)",
		days + (size_t)c.weekday * 3, months + (c.month - 1) * 3, c.day,
		c.year < 0 ? "-" : "", year, c.hour, c.minute, c.second));
}

static void add_text(
    struct arena *a, struct buf *b, struct js v, unsigned depth);

static void
add_array(struct arena *a, struct buf *b, const struct js_array *array,
    unsigned depth)
{
	size_t i;

	for (i = 0; i < array->n; i++) {
		if (i != 0)
			buf_addc(b, ',');
		if (array->items[i].type != JS_NULL &&
		    array->items[i].type != JS_UNDEFINED)
			add_text(a, b, array->items[i], depth);
	}
}

static struct str16
scalar_to_string(struct arena *a, struct js v)
{
	char number[JS_NUMBER_LEN];

	switch (v.type) {
	case JS_NULL:
		return utf16_lit(a, "null");
	case JS_BOOL:
		return utf16_lit(a, v.boolean ? "true" : "false");
	case JS_NUMBER:
		(void)js_number_print(number, v.number);
		return utf16_lit(a, number);
	case JS_STRING:
		return v.string;
	case JS_OBJECT:
		return utf16_lit(a, "[object Object]");
	case JS_DATE:
		return date_to_string(a, *v.date);
	case JS_FUNCTION:
		return utf16_lit(
		    a, arena_printf(
			   a, "function %s() { [native code] }", v.function));
	default:
		return utf16_lit(a, "undefined");
	}
}

static void
add_text(struct arena *a, struct buf *b, struct js v, unsigned depth)
{
	struct str16 s;

	if (v.type == JS_ARRAY) {
		if (depth < LIMIT_JSON_DEPTH)
			add_array(a, b, v.array, depth + 1);
		return;
	}
	s = scalar_to_string(a, v);
	utf8_add16(b, s);
}

struct str16
js_to_string(struct arena *a, struct js v)
{
	struct str16 s;
	struct buf b;

	if (v.type != JS_ARRAY)
		return scalar_to_string(a, v);
	buf_init(&b, LIMIT_RENDER_BYTES);
	add_array(a, &b, v.array, 1);
	s = utf16_from(a, (struct str){buf_str(&b), b.len});
	buf_free(&b);
	return s;
}

const char *
js_text(struct arena *a, struct js v)
{
	struct str text;

	if (v.type != JS_STRING)
		return NULL;
	text = utf8_from(a, v.string);
	return arena_strndup(a, text.p, text.len);
}
