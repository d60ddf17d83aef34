/* Finds the end of strings and of containers, 16 to 64 bytes at a time where
 * the processor can.  It refuses to know JSON's grammar: quotes, backslashes
 * and brackets are all it sees. */
#include "json_scan.h"

#include "utf.h"

#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

static bool
is_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

#if defined(__SSE2__)
/* A bit for each byte that is not plain.  Signed: bytes from 0x80 on are below
 * the space, too. */
static inline unsigned
odd_bits(__m128i v)
{
	__m128i odd = _mm_or_si128(_mm_cmplt_epi8(v, _mm_set1_epi8(0x20)),
	    _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('"')),
		_mm_cmpeq_epi8(v, _mm_set1_epi8('\\'))));

	return (unsigned)_mm_movemask_epi8(odd);
}
#endif

/* As json_scan_text(), but stops at any byte that is not ASCII. */
static inline const char *
scan_plain(const char *p, const char *end)
{
#if defined(__SSE2__)
	unsigned odd;

	for (; end - p >= 16; p += 16) {
		odd = odd_bits(_mm_loadu_si128((const void *)p));
		if (odd != 0)
			return p + __builtin_ctz(odd);
	}
	if (end - p >= 8) { /* keys are short */
		odd = odd_bits(_mm_loadl_epi64((const void *)p)) & 0xff;
		if (odd != 0)
			return p + __builtin_ctz(odd);
		p += 8;
	}
#endif
	while (p < end && is_plain((unsigned char)*p))
		p++;
	return p;
}

const char *
json_scan_text(const char *p, const char *end)
{
	size_t i;

	for (;;) {
		p = scan_plain(p, end);
		if (p == end || (unsigned char)*p < 0x80)
			return p;
		i = 0;
		if (utf8_next((struct str){p, (size_t)(end - p)}, &i) ==
		    UTF8_BAD)
			return p;
		p += i;
	}
}

const char *
json_scan_string(const char *p, const char *end)
{
	while (p < end) {
		p = scan_plain(p, end);
		if (p == end)
			return NULL;
		if (*p == '"')
			return p + 1;
		if (*p++ == '\\' && p < end)
			p++;
	}
	return NULL;
}

#if defined(__SSE2__)

/* One bit for each of 64 bytes. */
struct masks {
	uint64_t quote, backslash, open, close;
};

static uint64_t
equal_bits(__m128i v, char c)
{
	return (uint16_t)_mm_movemask_epi8(_mm_cmpeq_epi8(v, _mm_set1_epi8(c)));
}

static void
classify(struct masks *m, const char *p)
{
	const __m128i lower = _mm_set1_epi8(0x20);
	unsigned i;

	*m = (struct masks){0};
	for (i = 0; i < 64; i += 16) {
		__m128i v = _mm_loadu_si128((const void *)(p + i));
		__m128i folded = _mm_or_si128(v, lower); /* [ as {, ] as } */

		m->quote |= equal_bits(v, '"') << i;
		m->backslash |= equal_bits(v, '\\') << i;
		m->open |= equal_bits(folded, '{') << i;
		m->close |= equal_bits(folded, '}') << i;
	}
}

/* The bytes behind backslashes that are not escaped themselves; *CARRY says
 * whether the first byte is one, and then the first of the next block. */
static uint64_t
escaped_bits(uint64_t backslash, uint64_t *carry)
{
	uint64_t escaped = *carry, bit;

	backslash &= ~*carry;
	*carry = 0;
	while (backslash != 0) {
		bit = backslash & (0 - backslash);
		escaped |= bit << 1;
		backslash &= ~(bit | bit << 1);
		*carry = bit >> 63;
	}
	return escaped;
}

/* Each bit becomes the parity of the bits up to it. */
static uint64_t
parities(uint64_t m)
{
	m ^= m << 1;
	m ^= m << 2;
	m ^= m << 4;
	m ^= m << 8;
	m ^= m << 16;
	m ^= m << 32;
	return m;
}

static size_t
count_bits(uint64_t m)
{
	m -= m >> 1 & 0x5555555555555555u;
	m = (m & 0x3333333333333333u) + (m >> 2 & 0x3333333333333333u);
	m = (m + (m >> 4)) & 0x0f0f0f0f0f0f0f0fu;
	return (size_t)(m * 0x0101010101010101u >> 56);
}

struct block_scan {
	uint64_t escaped;   /* 1: the first byte of the next block is */
	uint64_t in_string; /* all ones: the next block starts in one */
	size_t depth;
};

/* The place in the block behind the bracket that closes the last level; 0 when
 * it is not here. */
static size_t
scan_block(struct block_scan *s, const char *p)
{
	struct masks m;
	uint64_t inside, both, bit;

	classify(&m, p);
	if ((m.backslash | s->escaped) != 0)
		m.quote &= ~escaped_bits(m.backslash, &s->escaped);
	inside = parities(m.quote) ^ s->in_string;
	s->in_string = 0 - (inside >> 63);
	m.open &= ~inside;
	m.close &= ~inside;
	if (count_bits(m.close) < s->depth) {
		s->depth += count_bits(m.open) - count_bits(m.close);
		return 0;
	}
	for (both = m.open | m.close; both != 0; both &= both - 1) {
		bit = both & (0 - both);
		s->depth += (m.open & bit) != 0 ? 1 : (size_t)-1;
		if (s->depth == 0)
			return (size_t)__builtin_ctzll(both) + 1;
	}
	return 0;
}

const char *
json_scan_close(const char *p, const char *end, size_t depth)
{
	struct block_scan s = {.depth = depth};
	char last[64];
	size_t at, left;

	for (; end - p >= 64; p += 64)
		if ((at = scan_block(&s, p)) != 0)
			return p + at;
	left = (size_t)(end - p);
	memset(last, ' ', sizeof(last));
	if (left != 0)
		memcpy(last, p, left);
	at = scan_block(&s, last);
	return at != 0 ? p + at : NULL;
}

#else

const char *
json_scan_close(const char *p, const char *end, size_t depth)
{
	while (p != NULL && p < end) {
		switch (*p++) {
		case '"':
			p = json_scan_string(p, end);
			break;
		case '{':
		case '[':
			depth++;
			break;
		case '}':
		case ']':
			if (--depth == 0)
				return p;
			break;
		default:
			break;
		}
	}
	return NULL;
}

#endif
