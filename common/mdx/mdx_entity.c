/* Character references, named and numeric, and backslash escapes.  Markdown
 * and the values of JSX attributes differ in what they make of bad numbers and
 * of names that only begin like one. */
#include "mdx_entity.h"

#include <string.h>

#define LONGEST_NAME 31

static bool
is_digit(unsigned c, unsigned base)
{
	if (c >= '0' && c <= '9')
		return true;
	c |= 0x20;
	return base == 16 && c >= 'a' && c <= 'f';
}

static bool
is_alphanumeric(unsigned c)
{
	return is_digit(c, 10) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

bool
mdx_is_punctuation(unsigned c)
{
	return c > ' ' && c < 0x7F && !is_alphanumeric(c);
}

static const struct mdx_entity *
find_name(const uint16_t *p, size_t len)
{
	size_t low = 0, high = mdx_n_entities, middle, i;
	char name[LONGEST_NAME + 1];
	int order;

	if (len == 0 || len > LONGEST_NAME)
		return NULL;
	for (i = 0; i < len; i++)
		name[i] = (char)p[i];
	name[len] = '\0';
	while (low < high) {
		middle = low + (high - low) / 2;
		order = strcmp(name, mdx_entities[middle].name);
		if (order == 0)
			return &mdx_entities[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

static size_t
put_entity(const struct mdx_entity *entity, uint16_t out[2])
{
	out[0] = entity->units[0];
	out[1] = entity->units[1];
	return out[1] != 0 ? 2 : 1;
}

static size_t
put_code_point(uint32_t cp, uint16_t out[2])
{
	if (cp < 0x10000) {
		out[0] = (uint16_t)cp;
		return 1;
	}
	out[0] = (uint16_t)(0xD800 + ((cp - 0x10000) >> 10));
	out[1] = (uint16_t)(0xDC00 + ((cp - 0x10000) & 0x3FF));
	return 2;
}

/* Digits at *I; what does not fit comes out beyond Unicode. */
static uint32_t
read_number(struct str16 text, size_t *i, unsigned base)
{
	uint32_t value = 0;
	unsigned c;

	for (; *i < text.len && is_digit(text.p[*i], base); ++*i) {
		c = text.p[*i];
		c = c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
		value = value > 0x110000 ? value : value * base + c;
	}
	return value;
}

/* What Markdown does not let through. */
static bool
is_replaced(uint32_t v)
{
	return v < 9 || v == 11 || (v > 13 && v < 32) || (v > 126 && v < 160) ||
	       (v > 0xD7FF && v < 0xE000) || (v > 0xFDCF && v < 0xFDF0) ||
	       (v & 0xFFFE) == 0xFFFE || v > 0x10FFFF;
}

/* The number of a reference whose `#` is at I; the end, or 0. */
static size_t
numeric(struct str16 text, size_t i, uint32_t *value, size_t *digits)
{
	unsigned base = 10;
	size_t start;

	i++;
	if (i < text.len && (text.p[i] | 0x20) == 'x') {
		base = 16;
		i++;
	}
	start = i;
	*value = read_number(text, &i, base);
	*digits = i - start;
	if (i == start || i == text.len || text.p[i] != ';')
		return 0;
	if (i - start > (base == 16 ? 6u : 7u))
		*digits = SIZE_MAX;
	return i + 1;
}

static size_t
name_end(struct str16 text, size_t i)
{
	while (i < text.len && is_alphanumeric(text.p[i]))
		i++;
	return i;
}

size_t
mdx_reference(struct str16 text, size_t i, uint16_t out[2], size_t *n_out)
{
	const struct mdx_entity *entity;
	uint32_t value;
	size_t end, n;

	i++;
	if (i < text.len && text.p[i] == '#') {
		end = numeric(text, i, &value, &n);
		if (end == 0 || n == SIZE_MAX)
			return 0;
		*n_out =
		    put_code_point(is_replaced(value) ? 0xFFFD : value, out);
		return end;
	}
	for (end = i; end < text.len && end - i <= LONGEST_NAME &&
		      is_alphanumeric(text.p[end]);
	     end++)
		;
	if (end == text.len || text.p[end] != ';' ||
	    (entity = find_name(text.p + i, end - i)) == NULL)
		return 0;
	*n_out = put_entity(entity, out);
	return end + 1;
}

/* --- whole texts */

static bool
has_any(struct str16 text, unsigned a, unsigned b)
{
	size_t i;

	for (i = 0; i < text.len; i++)
		if (text.p[i] == a || text.p[i] == b)
			return true;
	return false;
}

struct str16
mdx_decode(struct arena *a, struct str16 text)
{
	size_t i = 0, n = 0, end, n_units;
	uint16_t *out;

	if (!has_any(text, '\\', '&'))
		return text;
	/* No reference is shorter than what it stands for. */
	out = arena_array(a, text.len, sizeof(*out));
	while (i < text.len) {
		if (text.p[i] == '\\' && i + 1 < text.len &&
		    mdx_is_punctuation(text.p[i + 1])) {
			out[n++] = text.p[i + 1];
			i += 2;
		} else if (text.p[i] == '&' && (end = mdx_reference(text, i,
						    out + n, &n_units)) != 0) {
			n += n_units;
			i = end;
		} else {
			out[n++] = text.p[i++];
		}
	}
	return (struct str16){out, n};
}

/* What HTML makes of numbers that once were bytes of Windows-1252. */
static uint32_t
html_number(uint32_t value)
{
	static const uint16_t windows[32] = {0x20AC, 0x81, 0x201A, 0x192,
	    0x201E, 0x2026, 0x2020, 0x2021, 0x2C6, 0x2030, 0x160, 0x2039, 0x152,
	    0x8D, 0x17D, 0x8F, 0x90, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
	    0x2013, 0x2014, 0x2DC, 0x2122, 0x161, 0x203A, 0x153, 0x9D, 0x17E,
	    0x178};

	if (value == 0 || value > 0x10FFFF ||
	    (value >= 0xD800 && value <= 0xDFFF))
		return 0xFFFD;
	return value >= 0x80 && value < 0xA0 ? windows[value - 0x80] : value;
}

/* The longest name without a semicolon that the text begins with. */
static const struct mdx_entity *
legacy_prefix(const uint16_t *p, size_t len, size_t *n)
{
	const struct mdx_entity *entity;

	for (*n = len < LONGEST_NAME ? len : LONGEST_NAME; *n > 0; --*n) {
		entity = find_name(p, *n);
		if (entity != NULL && entity->legacy)
			return entity;
	}
	return NULL;
}

static size_t
html_reference(struct str16 text, size_t i, uint16_t out[2], size_t *n_out)
{
	const struct mdx_entity *entity;
	uint32_t value;
	size_t end, n;

	i++;
	if (i < text.len && text.p[i] == '#') {
		end = numeric(text, i, &value, &n);
		if (end != 0)
			*n_out = put_code_point(html_number(value), out);
		return end;
	}
	end = name_end(text, i);
	if (end == text.len || text.p[end] != ';')
		return 0;
	n = end - i;
	entity = find_name(text.p + i, n);
	if (entity != NULL)
		end++;
	else if ((entity = legacy_prefix(text.p + i, n, &n)) != NULL)
		end = i + n;
	else
		return 0;
	*n_out = put_entity(entity, out);
	return end;
}

struct str16
mdx_decode_attribute(struct arena *a, struct str16 text)
{
	size_t i = 0, n = 0, end, n_units;
	uint16_t *out;

	if (!has_any(text, '&', '&'))
		return text;
	out = arena_array(a, text.len, sizeof(*out));
	while (i < text.len) {
		end = text.p[i] == '&'
			  ? html_reference(text, i, out + n, &n_units)
			  : 0;
		if (end != 0) {
			n += n_units;
			i = end;
		} else {
			out[n++] = text.p[i++];
		}
	}
	return (struct str16){out, n};
}
