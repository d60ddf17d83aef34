/* What JSON Schema calls equal, and what it calls a number's multiple.  Both
 * are defined on what is written, not on how a tree happens to store it: 1 and
 * 1.0 are one number, and 0.0075 is 75 times 0.0001. */
#include "schema_int.h"

#include "../base/js.h"
#include "../base/json.h"
#include "../base/utf.h"

#include <math.h>
#include <string.h>

/* Bytes of text that are as much work as one value. */
enum { TEXT_STEP = 64 };

unsigned
schema_types(const json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_OBJECT:
		return TYPE_OBJECT;
	case JSON_ARRAY:
		return TYPE_ARRAY;
	case JSON_STRING:
		return TYPE_STRING;
	case JSON_INTEGER:
		return TYPE_NUMBER | TYPE_INTEGER;
	case JSON_REAL:
		if (json_real_value(value) == floor(json_real_value(value)))
			return TYPE_NUMBER | TYPE_INTEGER;
		return TYPE_NUMBER;
	case JSON_TRUE:
	case JSON_FALSE:
		return TYPE_BOOLEAN;
	case JSON_NULL:
		break;
	}
	return TYPE_NULL;
}

long double
schema_number(const json_t *value)
{
	if (json_is_integer(value))
		return (long double)json_integer_value(value);
	return (long double)json_real_value(value);
}

/* The finisher of SplitMix64. */
static uint64_t
mix(uint64_t x)
{
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
	return x ^ (x >> 31);
}

static uint64_t
hash_text(const char *p, size_t len, size_t *steps)
{
	uint64_t h = 0xcbf29ce484222325u;
	size_t i;

	for (i = 0; i < len; i++)
		h = (h ^ (unsigned char)p[i]) * 0x100000001b3u;
	*steps += len / TEXT_STEP;
	return mix(h);
}

static uint64_t
hash_number(const json_t *value)
{
	double d = json_number_value(value);
	uint64_t bits;

	if (d == 0)
		d = 0; /* -0 is 0 */
	memcpy(&bits, &d, sizeof(bits));
	return mix(bits + 3);
}

static uint64_t
hash_array(const json_t *value, size_t *steps)
{
	size_t i, n = json_array_size(value);
	uint64_t h = mix(n + 5);

	for (i = 0; i < n; i++)
		h = mix(h * 31 + schema_hash(json_array_get(value, i), steps));
	return h;
}

static uint64_t
hash_object(const json_t *value, size_t *steps)
{
	void *it = json_object_iter((json_t *)value);
	uint64_t h = 7, key;

	for (; it != NULL; it = json_object_iter_next((json_t *)value, it)) {
		key = hash_text(json_object_iter_key(it),
		    json_object_iter_key_len(it), steps);
		h += mix(
		    key ^ schema_hash(json_object_iter_value(it), steps) * 3);
	}
	return mix(h);
}

uint64_t
schema_hash(const json_t *value, size_t *steps)
{
	++*steps;
	switch (json_typeof(value)) {
	case JSON_OBJECT:
		return hash_object(value, steps);
	case JSON_ARRAY:
		return hash_array(value, steps);
	case JSON_STRING:
		return hash_text(
		    json_string_value(value), json_string_length(value), steps);
	case JSON_INTEGER:
	case JSON_REAL:
		return hash_number(value);
	case JSON_TRUE:
	case JSON_FALSE:
	case JSON_NULL:
		break;
	}
	return mix((uint64_t)json_typeof(value) + 11);
}

static bool
equal_arrays(const json_t *a, const json_t *b, size_t *steps)
{
	size_t i, n = json_array_size(a);

	if (json_array_size(b) != n)
		return false;
	for (i = 0; i < n; i++)
		if (!schema_equal(
			json_array_get(a, i), json_array_get(b, i), steps))
			return false;
	return true;
}

static bool
equal_objects(const json_t *a, const json_t *b, size_t *steps)
{
	void *it = json_object_iter((json_t *)a);
	const json_t *other;

	if (json_object_size(a) != json_object_size(b))
		return false;
	for (; it != NULL; it = json_object_iter_next((json_t *)a, it)) {
		other = json_object_getn(
		    b, json_object_iter_key(it), json_object_iter_key_len(it));
		if (other == NULL ||
		    !schema_equal(json_object_iter_value(it), other, steps))
			return false;
	}
	return true;
}

bool
schema_equal(const json_t *a, const json_t *b, size_t *steps)
{
	++*steps;
	if (json_is_number(a) && json_is_number(b))
		return schema_number(a) == schema_number(b);
	if (json_typeof(a) != json_typeof(b))
		return false;
	switch (json_typeof(a)) {
	case JSON_OBJECT:
		return equal_objects(a, b, steps);
	case JSON_ARRAY:
		return equal_arrays(a, b, steps);
	case JSON_STRING:
		*steps += json_string_length(a) / TEXT_STEP;
		return str_eq(json_str(a), json_str(b));
	case JSON_INTEGER:
	case JSON_REAL:
	case JSON_TRUE:
	case JSON_FALSE:
	case JSON_NULL:
		break;
	}
	return true;
}

/* A number without its sign: DIGITS times ten to the EXPONENT. */
struct decimal {
	uint64_t digits;
	int exponent;
};

/* The shortest decimal of the number, which is what was written unless it had
 * more digits than a double holds. */
static struct decimal
decimal(const json_t *number)
{
	struct decimal d = {0, 0};
	char text[JS_NUMBER_LEN];
	bool fraction = false;
	size_t i, n;
	int exponent = 0, sign = 1;

	n = json_is_integer(number)
		? js_integer_print(text, json_integer_value(number))
		: js_number_print(text, json_real_value(number));
	for (i = 0; i < n && text[i] != 'e'; i++) {
		if (text[i] == '.')
			fraction = true;
		if (text[i] < '0' || text[i] > '9')
			continue;
		/* Of the zeros that end a long number there may be many. */
		if (d.digits > UINT64_MAX / 10 - 1) {
			d.exponent += !fraction;
			continue;
		}
		d.digits = d.digits * 10 + (uint64_t)(text[i] - '0');
		d.exponent -= fraction;
	}
	for (; i < n; i++) {
		if (text[i] == '-')
			sign = -1;
		if (text[i] >= '0' && text[i] <= '9')
			exponent = exponent * 10 + (text[i] - '0');
	}
	d.exponent += sign * exponent;
	return d;
}

static uint64_t
add_modulo(uint64_t a, uint64_t b, uint64_t m)
{
	return a >= m - b ? a - (m - b) : a + b;
}

/* Ten times A modulo M; A is below M. */
static uint64_t
ten_modulo(uint64_t a, uint64_t m)
{
	uint64_t twice = add_modulo(a, a, m);
	uint64_t five = add_modulo(add_modulo(twice, twice, m), a, m);

	return add_modulo(five, five, m);
}

bool
schema_multiple(const json_t *number, const json_t *factor)
{
	struct decimal n = decimal(number), f = decimal(factor);

	if (n.digits == 0)
		return true;
	/* Number and factor are scaled to the smaller exponent. */
	for (; f.exponent > n.exponent; f.exponent--) {
		if (f.digits > n.digits / 10)
			return false;
		f.digits *= 10;
	}
	n.digits %= f.digits;
	for (; n.exponent > f.exponent && n.digits != 0; n.exponent--)
		n.digits = ten_modulo(n.digits, f.digits);
	return n.digits == 0;
}
