/* The ten filters, one function each, and their table.  What JavaScript's
 * methods do with odd arguments is part of what a filter does.  It refuses to
 * know how a call was written. */
#include "filter.h"

#include "../base/utf.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <unicase.h>

/* u16_toupper() and u16_tolower(). */
typedef uint16_t *case_mapper(const uint16_t *s, size_t n, const char *language,
    uninorm_t nf, uint16_t *resultbuf, size_t *lengthp);

static struct str16
part(struct str16 s, size_t from, size_t to)
{
	return (struct str16){s.p + from, to - from};
}

static bool
is_surrogate(uint32_t c)
{
	return c >= 0xd800 && c < 0xe000;
}

static void
add_units(struct ops *o, struct buf *b, const char *ascii, size_t len)
{
	uint16_t unit;
	size_t i;

	for (i = 0; i < len; i++) {
		unit = (unsigned char)ascii[i];
		ops_text_add(o, b, (struct str16){&unit, 1});
	}
}

static int
take_string(struct ops *o, struct buf *b, struct js *out)
{
	out->type = JS_STRING;
	return ops_text_take(o, b, &out->string);
}

/* S holds no lone surrogates. */
static void
add_mapped(struct ops *o, struct buf *b, struct str16 s, case_mapper *map)
{
	uint16_t *mapped;
	size_t len = 0;

	if (s.len == 0)
		return;
	if ((mapped = map(s.p, s.len, "", NULL, NULL, &len)) == NULL) {
		b->full = true; /* no memory */
		return;
	}
	ops_text_add(o, b, (struct str16){mapped, len});
	free(mapped);
}

/* The library would replace lone surrogates, so it gets what stands between
 * them: as no letter they end the context of a mapping anyway. */
static void
add_case(struct ops *o, struct buf *b, struct str16 s, case_mapper *map)
{
	size_t i = 0, at, start = 0;

	while (i < s.len) {
		at = i;
		if (!is_surrogate(utf16_next(s, &i)))
			continue;
		add_mapped(o, b, part(s, start, at), map);
		ops_text_add(o, b, part(s, at, i));
		start = i;
	}
	add_mapped(o, b, part(s, start, i), map);
}

static int
map_case(struct ops *o, struct js v, case_mapper *map, struct js *out)
{
	struct buf b;

	*out = v;
	if (v.type != JS_STRING)
		return 0;
	ops_text_init(&b);
	add_case(o, &b, v.string, map);
	return take_string(o, &b, out);
}

static int
filter_upper(struct ops *o, const struct js *args, struct js *out)
{
	return map_case(o, args[0], u16_toupper, out);
}

static int
filter_lower(struct ops *o, const struct js *args, struct js *out)
{
	return map_case(o, args[0], u16_tolower, out);
}

/* One UTF-16 unit is mapped: half a pair stays as it is. */
static int
filter_capitalize(struct ops *o, const struct js *args, struct js *out)
{
	struct str16 s;
	struct buf b;

	*out = args[0];
	if (out->type != JS_STRING || out->string.len == 0)
		return 0;
	s = out->string;
	ops_text_init(&b);
	add_case(o, &b, part(s, 0, 1), u16_toupper);
	ops_text_add(o, &b, part(s, 1, s.len));
	return take_string(o, &b, out);
}

static int
filter_truncate(struct ops *o, const struct js *args, struct js *out)
{
	struct js fits;
	struct str16 s;
	struct buf b;
	double n;

	*out = args[0];
	if (out->type != JS_STRING)
		return 0;
	s = out->string;
	if (ops_binary(o, OP_LE, js_number((double)s.len), args[1], &fits) != 0)
		return -1;
	if (fits.boolean)
		return 0;
	if (args[1].type != JS_UNDEFINED) {
		if (ops_number(o, args[1], &n) != 0)
			return -1;
		if (!(n > 0))
			n = 0;
		if (n < (double)s.len)
			s.len = (size_t)n;
	}
	ops_text_init(&b);
	ops_text_add(o, &b, s);
	add_units(o, &b, "...", 3);
	return take_string(o, &b, out);
}

static int
filter_abs(struct ops *o, const struct js *args, struct js *out)
{
	double d;

	if (ops_number(o, args[0], &d) != 0)
		return -1;
	*out = js_number(fabs(d));
	return 0;
}

static int
filter_join(struct ops *o, const struct js *args, struct js *out)
{
	static const uint16_t comma[] = {',', ' '};
	struct str16 sep = {comma, ARRAY_LEN(comma)};

	*out = args[0];
	if (out->type != JS_ARRAY)
		return 0;
	if (args[1].type != JS_UNDEFINED && ops_string(o, args[1], &sep) != 0)
		return -1;
	out->type = JS_STRING;
	return ops_join(o, args[0].array, sep, &out->string);
}

/* Number(v + exponent + d) */
static int
shift(
    struct ops *o, struct js v, const char *exponent, struct js d, double *out)
{
	struct str16 number, digits, text;
	struct buf b;

	if (ops_string(o, v, &number) != 0 || ops_string(o, d, &digits) != 0)
		return -1;
	ops_text_init(&b);
	ops_text_add(o, &b, number);
	add_units(o, &b, exponent, strlen(exponent));
	ops_text_add(o, &b, digits);
	if (ops_text_take(o, &b, &text) != 0)
		return -1;
	*out = js_to_number(o->arena, js_string(text));
	return 0;
}

/* Rounds in decimal, by way of text: 1.005 is 1.01 to two places. */
static int
filter_round(struct ops *o, const struct js *args, struct js *out)
{
	struct js digits = args[1];
	double d, down;

	if (digits.type == JS_UNDEFINED)
		digits = js_number(0);
	if (shift(o, args[0], "e", digits, &d) != 0)
		return -1;
	down = floor(d);
	if (isfinite(d))
		d = d - down >= 0.5 ? down + 1 : down;
	if (shift(o, js_number(d), "e-", digits, &d) != 0)
		return -1;
	*out = js_number(d);
	return 0;
}

/* For each place in NEEDLE how much of it is matched again when the next unit
 * does not match (Knuth, Morris, Pratt): a template must not be able to make
 * the search quadratic. */
static size_t *
borders(struct arena *a, struct str16 needle)
{
	size_t *border = arena_array(a, needle.len, sizeof(*border));
	size_t i, k = 0;

	border[0] = 0;
	for (i = 1; i < needle.len; i++) {
		while (k > 0 && needle.p[i] != needle.p[k])
			k = border[k - 1];
		if (needle.p[i] == needle.p[k])
			k++;
		border[i] = k;
	}
	return border;
}

static void
add_replaced(struct ops *o, struct buf *b, struct str16 s, struct str16 needle,
    struct str16 by)
{
	const size_t *border = borders(o->arena, needle);
	size_t i, start = 0, k = 0;

	for (i = 0; i < s.len && !buf_full(b); i++) {
		while (k > 0 && s.p[i] != needle.p[k])
			k = border[k - 1];
		if (s.p[i] == needle.p[k])
			k++;
		if (k < needle.len)
			continue;
		ops_text_add(o, b, part(s, start, i + 1 - needle.len));
		ops_text_add(o, b, by);
		start = i + 1;
		k = 0;
	}
	ops_text_add(o, b, part(s, start, s.len));
}

static void
add_spread(struct ops *o, struct buf *b, struct str16 s, struct str16 by)
{
	size_t i;

	for (i = 0; i < s.len && !buf_full(b); i++) {
		if (i != 0)
			ops_text_add(o, b, by);
		ops_text_add(o, b, part(s, i, i + 1));
	}
}

/* s.split(a).join(b) */
static int
filter_replace(struct ops *o, const struct js *args, struct js *out)
{
	static const uint16_t comma[] = {','};
	struct str16 needle, by = {comma, ARRAY_LEN(comma)};
	struct buf b;

	*out = args[0];
	if (out->type != JS_STRING || args[1].type == JS_UNDEFINED)
		return 0;
	if (ops_string(o, args[1], &needle) != 0)
		return -1;
	if (args[2].type != JS_UNDEFINED && ops_string(o, args[2], &by) != 0)
		return -1;
	ops_text_init(&b);
	if (needle.len != 0)
		add_replaced(o, &b, out->string, needle, by);
	else
		add_spread(o, &b, out->string, by);
	return take_string(o, &b, out);
}

/* As encodeURIComponent does. */
static void
add_encoded(struct ops *o, struct buf *b, uint32_t c)
{
	static const char hex[] = "0123456789ABCDEF";
	static const char unreserved[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
					 "abcdefghijklmnopqrstuvwxyz"
					 "0123456789-_.!~*'()";
	char utf8[4], escape[3] = {'%', '\0', '\0'};
	size_t len = utf8_put(utf8, c), i;

	if (len == 1 && memchr(unreserved, utf8[0], sizeof(unreserved) - 1)) {
		add_units(o, b, utf8, 1);
		return;
	}
	for (i = 0; i < len; i++) {
		escape[1] = hex[(unsigned char)utf8[i] >> 4];
		escape[2] = hex[(unsigned char)utf8[i] & 0xf];
		add_units(o, b, escape, sizeof(escape));
	}
}

static int
filter_urlencode(struct ops *o, const struct js *args, struct js *out)
{
	struct buf b;
	uint32_t c;
	size_t i = 0;

	*out = args[0];
	if (out->type != JS_STRING)
		return 0;
	ops_text_init(&b);
	while (i < out->string.len && !buf_full(&b)) {
		c = utf16_next(out->string, &i);
		if (is_surrogate(c)) {
			buf_free(&b);
			return fail(o->err, ERR_PROMPT, "URI malformed");
		}
		add_encoded(o, &b, c);
	}
	return take_string(o, &b, out);
}

static int
filter_dump(struct ops *o, const struct js *args, struct js *out)
{
	struct buf json, b;
	bool defined;

	*out = JS_UNDEF;
	buf_init(&json, o->room);
	ops_text_init(&b);
	defined = js_stringify(o->arena, &json, args[0]);
	if (buf_full(&json))
		b.full = true;
	else
		ops_text_add(o, &b,
		    utf16_from(
			o->arena, (struct str){buf_str(&json), json.len}));
	buf_free(&json);
	if (defined)
		return take_string(o, &b, out);
	buf_free(&b);
	return 0;
}

static const struct filter filters[] = {
    {"abs", filter_abs},
    {"capitalize", filter_capitalize},
    {"dump", filter_dump},
    {"join", filter_join},
    {"lower", filter_lower},
    {"replace", filter_replace},
    {"round", filter_round},
    {"truncate", filter_truncate},
    {"upper", filter_upper},
    {"urlencode", filter_urlencode},
};

const struct filter *
filter_find(struct str16 name)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(filters); i++)
		if (str16_is(name, filters[i].name))
			return &filters[i];
	return NULL;
}

int
filter_call(const struct filter *f, struct ops *o, const struct js *args,
    size_t n, struct js *out)
{
	struct js padded[FILTER_ARGS];
	size_t i;

	for (i = 0; i < FILTER_ARGS; i++)
		padded[i] = i < n ? args[i] : JS_UNDEF;
	return f->call(o, padded, out);
}
