/* Conversions between UTF-8, WTF-8 and UTF-16, and comparisons of text.  It
 * never fails: what is wrong becomes U+FFFD.  It refuses to know what the text
 * means, but for JavaScript's list of white space. */
#include "utf.h"

#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

enum { REPLACEMENT = 0xfffd };

static bool
is_high(uint32_t u)
{
	return u >= 0xd800 && u <= 0xdbff;
}

static bool
is_low(uint32_t u)
{
	return u >= 0xdc00 && u <= 0xdfff;
}

static uint32_t
join(uint32_t high, uint32_t low)
{
	return 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
}

size_t
utf8_put(char out[4], uint32_t cp)
{
	if (cp < 0x80) {
		out[0] = (char)cp;
		return 1;
	}
	if (cp < 0x800) {
		out[0] = (char)(0xc0 | cp >> 6);
		out[1] = (char)(0x80 | (cp & 0x3f));
		return 2;
	}
	if (cp < 0x10000) {
		out[0] = (char)(0xe0 | cp >> 12);
		out[1] = (char)(0x80 | (cp >> 6 & 0x3f));
		out[2] = (char)(0x80 | (cp & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | cp >> 18);
	out[1] = (char)(0x80 | (cp >> 12 & 0x3f));
	out[2] = (char)(0x80 | (cp >> 6 & 0x3f));
	out[3] = (char)(0x80 | (cp & 0x3f));
	return 4;
}

/* What may follow a first byte (the Unicode Standard, table 3-7). */
struct lead {
	unsigned more;	      /* bytes that follow; 0: no first byte */
	unsigned char lo, hi; /* range of the second byte */
	uint32_t bits;	      /* payload of the first */
};

static struct lead
lead_of(unsigned char c)
{
	if (c < 0xc2 || c > 0xf4)
		return (struct lead){0, 0, 0, 0};
	if (c < 0xe0)
		return (struct lead){1, 0x80, 0xbf, c & 0x1fu};
	if (c < 0xf0)
		return (struct lead){2, c == 0xe0 ? 0xa0 : 0x80,
		    c == 0xed ? 0x9f : 0xbf, c & 0x0fu};
	return (struct lead){
	    3, c == 0xf0 ? 0x90 : 0x80, c == 0xf4 ? 0x8f : 0xbf, c & 0x07u};
}

uint32_t
utf8_next(struct str s, size_t *i)
{
	unsigned char c = (unsigned char)s.p[(*i)++];
	struct lead lead;
	uint32_t cp;

	if (c < 0x80)
		return c;
	lead = lead_of(c);
	if (lead.more == 0)
		return UTF8_BAD;
	cp = lead.bits;
	for (; lead.more > 0; lead.more--) {
		if (*i == s.len)
			return UTF8_BAD;
		c = (unsigned char)s.p[*i];
		if (c < lead.lo || c > lead.hi)
			return UTF8_BAD;
		cp = cp << 6 | (c & 0x3f);
		lead.lo = 0x80;
		lead.hi = 0xbf;
		(*i)++;
	}
	return cp;
}

/* The surrogate that is encoded as three bytes at I, or 0. */
static uint32_t
surrogate_at(struct str s, size_t i)
{
	const unsigned char *p = (const unsigned char *)s.p + i;

	if (s.len - i < 3 || p[0] != 0xed || p[1] < 0xa0 || p[1] > 0xbf ||
	    p[2] < 0x80 || p[2] > 0xbf)
		return 0;
	return 0xd000 | (uint32_t)(p[1] & 0x3f) << 6 | (p[2] & 0x3f);
}

uint32_t
wtf8_next(struct str s, size_t *i)
{
	uint32_t unit = surrogate_at(s, *i), low;

	if (unit == 0)
		return utf8_next(s, i);
	*i += 3;
	if (!is_high(unit))
		return unit;
	low = surrogate_at(s, *i);
	if (!is_low(low))
		return unit;
	*i += 3;
	return join(unit, low);
}

void
wtf8_add(struct buf *b, struct str text)
{
	const size_t half = 3;
	struct str pair;
	char seam[6], whole[4];
	uint32_t cp;
	size_t i = 0;

	if (b->len >= half && text.len >= half) {
		memcpy(seam, b->data + b->len - half, half);
		memcpy(seam + half, text.p, half);
		pair = (struct str){seam, sizeof(seam)};
		cp = wtf8_next(pair, &i);
		if (i == sizeof(seam)) {
			b->len -= half;
			buf_add(b, whole, utf8_put(whole, cp));
			text.p += half;
			text.len -= half;
		}
	}
	buf_add(b, text.p, text.len);
}

uint32_t
utf16_next(struct str16 s, size_t *i)
{
	uint32_t unit = s.p[(*i)++];

	if (!is_high(unit) || *i == s.len || !is_low(s.p[*i]))
		return unit;
	return join(unit, s.p[(*i)++]);
}

/* Widens the ASCII text at the start of [P, END); returns what follows it. */
static const char *
widen(uint16_t *out, const char *p, const char *end)
{
#if defined(__SSE2__)
	const __m128i zero = _mm_setzero_si128();

	while (end - p >= 16) {
		__m128i v = _mm_loadu_si128((const void *)p);

		if (_mm_movemask_epi8(v) != 0)
			break;
		_mm_storeu_si128((void *)out, _mm_unpacklo_epi8(v, zero));
		_mm_storeu_si128((void *)(out + 8), _mm_unpackhi_epi8(v, zero));
		p += 16;
		out += 16;
	}
#endif
	for (; p < end && (unsigned char)*p < 0x80; p++)
		*out++ = (unsigned char)*p;
	return p;
}

struct str16
utf16_from(struct arena *a, struct str text)
{
	/* No byte makes more than one unit. */
	uint16_t *out = arena_array(a, text.len, sizeof(*out));
	size_t i = 0, n;
	uint32_t cp;

	if (text.len != 0)
		i = (size_t)(widen(out, text.p, text.p + text.len) - text.p);
	n = i;
	while (i < text.len) {
		cp = wtf8_next(text, &i);
		if (cp == UTF8_BAD)
			cp = REPLACEMENT;
		if (cp < 0x10000) {
			out[n++] = (uint16_t)cp;
			continue;
		}
		out[n++] = (uint16_t)(0xd800 + ((cp - 0x10000) >> 10));
		out[n++] = (uint16_t)(0xdc00 + ((cp - 0x10000) & 0x3ff));
	}
	return (struct str16){out, n};
}

struct str16
utf16_lit(struct arena *a, const char *ascii)
{
	return utf16_from(a, (struct str){ascii, strlen(ascii)});
}

/* Writes S at OUT, which holds three bytes for each unit. */
static size_t
narrow(char *out, struct str16 s)
{
	size_t i = 0, n = 0;

	while (i < s.len) {
		if (s.p[i] < 0x80)
			out[n++] = (char)s.p[i++];
		else
			n += utf8_put(out + n, utf16_next(s, &i));
	}
	return n;
}

static size_t
ascii_units(struct str16 s)
{
	size_t i = 0;

	while (i < s.len && s.p[i] < 0x80)
		i++;
	return i;
}

void
utf8_add16(struct buf *b, struct str16 s)
{
	enum { CHUNK = 256 };
	char part[CHUNK * 3];
	struct str16 piece;
	size_t n;

	while (s.len != 0) {
		n = s.len < CHUNK ? s.len : CHUNK;
		if (n < s.len && is_high(s.p[n - 1]))
			n--; /* a pair stays together */
		piece = (struct str16){s.p, n};
		buf_add(b, part, narrow(part, piece));
		s.p += n;
		s.len -= n;
	}
}

struct str
utf8_from(struct arena *a, struct str16 s)
{
	size_t room = ascii_units(s) == s.len ? s.len : s.len * 3;
	char *out = arena_alloc(a, room + 1);
	size_t n = narrow(out, s);

	out[n] = '\0';
	return (struct str){out, n};
}

/* How many bytes from I on are ASCII: most of most texts, eight at a time. */
static size_t
ascii_len(struct str text, size_t i)
{
	const uint64_t high = UINT64_C(0x8080808080808080);
	size_t from = i;
	uint64_t eight;

	for (; text.len - i >= sizeof(eight); i += sizeof(eight)) {
		memcpy(&eight, text.p + i, sizeof(eight));
		if ((eight & high) != 0)
			break;
	}
	while (i < text.len && ((unsigned char)text.p[i] & 0x80) == 0)
		i++;
	return i - from;
}

bool
utf8_valid(struct str text)
{
	size_t i = 0;

	while ((i += ascii_len(text, i)) < text.len)
		if (utf8_next(text, &i) == UTF8_BAD)
			return false;
	return true;
}

struct str
utf8_clean(struct arena *a, struct str text)
{
	size_t i = 0, n = 0;
	uint32_t cp;
	char *out;

	if (utf8_valid(text))
		return text;
	out = arena_array(a, text.len + 1, 3); /* a bad byte becomes three */
	while (i < text.len) {
		cp = wtf8_next(text, &i);
		if (cp == UTF8_BAD || is_high(cp) || is_low(cp))
			cp = REPLACEMENT;
		n += utf8_put(out + n, cp);
	}
	out[n] = '\0';
	return (struct str){out, n};
}

struct str
str_from(const char *s)
{
	return (struct str){s, strlen(s)};
}

bool
str_eq(struct str a, struct str b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.p, b.p, a.len) == 0);
}

bool
str_is(struct str a, const char *b)
{
	return str_eq(a, (struct str){b, strlen(b)});
}

bool
str16_eq(struct str16 a, struct str16 b)
{
	return a.len == b.len &&
	       (a.len == 0 || memcmp(a.p, b.p, a.len * sizeof(*a.p)) == 0);
}

bool
str16_is(struct str16 s, const char *ascii)
{
	size_t i;

	for (i = 0; i < s.len; i++)
		if (ascii[i] == '\0' || s.p[i] != (unsigned char)ascii[i])
			return false;
	return ascii[i] == '\0';
}

int
str16_cmp(struct str16 a, struct str16 b)
{
	size_t i, n = a.len < b.len ? a.len : b.len;

	for (i = 0; i < n; i++)
		if (a.p[i] != b.p[i])
			return a.p[i] < b.p[i] ? -1 : 1;
	if (a.len == b.len)
		return 0;
	return a.len < b.len ? -1 : 1;
}

bool
js_is_space(uint32_t unit)
{
	if (unit < 0x80)
		return unit == ' ' || (unit >= '\t' && unit <= '\r');
	if (unit >= 0x2000 && unit <= 0x200a)
		return true;
	switch (unit) {
	case 0xa0:
	case 0x1680:
	case 0x2028:
	case 0x2029:
	case 0x202f:
	case 0x205f:
	case 0x3000:
	case 0xfeff:
		return true;
	default:
		return false;
	}
}

struct str16
str16_trim(struct str16 s)
{
	while (s.len != 0 && js_is_space(s.p[0])) {
		s.p++;
		s.len--;
	}
	while (s.len != 0 && js_is_space(s.p[s.len - 1]))
		s.len--;
	return s;
}
