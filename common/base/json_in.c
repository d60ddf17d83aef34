/* Reads JSON text one value at a time, by JSON's grammar (RFC 8259) and with
 * JavaScript's leniency about numbers and surrogates (protocol.md 12.3, 12.4).
 * It refuses to build anything. */
#include "json.h"

#include "js.h"
#include "json_scan.h"
#include "limits.h"
#include "utf.h"

#include <string.h>

void
json_in_init(struct json_in *in, struct str text, struct err *err)
{
	static const char bom[] = "\xef\xbb\xbf";

	*in = (struct json_in){.err = err};
	in->p = text.len != 0 ? text.p : "";
	in->end = in->p + text.len;
	if (text.len >= 3 && memcmp(text.p, bom, 3) == 0)
		in->p += 3;
	in->start = in->p;
	/* A wrong byte becomes three, nothing else grows. */
	buf_init(&in->scratch, text.len * 3 + 16);
}

void
json_in_free(struct json_in *in)
{
	buf_free(&in->scratch);
}

/* Fails at AT and leaves nothing to read, so that every later call fails. */
static int
bad(struct json_in *in, const char *at, const char *what)
{
	const char *p, *line = in->start;
	size_t n = 1, column = 1;

	if (in->err->code != ERR_NONE)
		return -1;
	for (p = in->start; p < at; p++) {
		if (*p == '\n') {
			n++;
			line = p + 1;
		}
	}
	for (p = line; p < at; p++)
		column += ((unsigned char)*p & 0xc0) != 0x80;
	if (at == in->end)
		what = "unexpected end";
	in->p = in->end;
	return fail(in->err, ERR_REQUEST,
	    "invalid JSON at line %zu, column %zu: %s", n, column, what);
}

static bool
is_space(char c)
{
	return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static void
skip_space(struct json_in *in)
{
	while (in->p < in->end && is_space(*in->p))
		in->p++;
}

/* Whether C comes next, after white space, which is rare on the wire. */
static inline bool
next_is(struct json_in *in, char c)
{
	if (in->p < in->end && (unsigned char)*in->p > ' ')
		return *in->p == c;
	skip_space(in);
	return in->p < in->end && *in->p == c;
}

enum json_in_type
json_in_peek(struct json_in *in)
{
	if (in->p == in->end || (unsigned char)*in->p <= ' ')
		skip_space(in);
	if (in->p == in->end)
		return in->err->code == ERR_NONE ? JSON_IN_END : JSON_IN_BAD;
	switch (*in->p) {
	case '{':
		return JSON_IN_OBJECT;
	case '[':
		return JSON_IN_ARRAY;
	case '"':
		return JSON_IN_STRING;
	case 't':
		return JSON_IN_TRUE;
	case 'f':
		return JSON_IN_FALSE;
	case 'n':
		return JSON_IN_NULL;
	case '-':
		return JSON_IN_NUMBER;
	default:
		break;
	}
	if (*in->p >= '0' && *in->p <= '9')
		return JSON_IN_NUMBER;
	(void)bad(in, in->p, "expected a value");
	return JSON_IN_BAD;
}

int
json_in_enter(struct json_in *in)
{
	if (!next_is(in, '{') && !next_is(in, '['))
		return bad(in, in->p, "expected an object or an array");
	if (in->depth == LIMIT_JSON_DEPTH)
		return bad(in, in->p, "nested too deep");
	in->p++;
	in->depth++;
	in->first = true;
	return 0;
}

static int
leave(struct json_in *in)
{
	in->p++;
	in->depth--;
	in->first = false;
	return 0;
}

static int
hex4(const char *p, const char *end, uint32_t *unit)
{
	int i;
	char c;

	*unit = 0;
	if (end - p < 4)
		return -1;
	for (i = 0; i < 4; i++) {
		c = p[i];
		if (c >= '0' && c <= '9')
			*unit = *unit << 4 | (uint32_t)(c - '0');
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			*unit = *unit << 4 | (uint32_t)((c | 0x20) - 'a' + 10);
		else
			return -1;
	}
	return 0;
}

/* \uXXXX, and a second one where both are a pair. */
static int
read_unicode(struct json_in *in)
{
	uint32_t unit, low;
	char out[4];

	if (hex4(in->p + 1, in->end, &unit) != 0)
		return bad(in, in->p, "bad escape in a string");
	in->p += 5;
	if (unit >= 0xd800 && unit <= 0xdbff && in->end - in->p >= 6 &&
	    in->p[0] == '\\' && in->p[1] == 'u' &&
	    hex4(in->p + 2, in->end, &low) == 0 && low >= 0xdc00 &&
	    low <= 0xdfff) {
		unit = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
		in->p += 6;
	}
	buf_add(&in->scratch, out, utf8_put(out, unit));
	return 0;
}

static int
read_escape(struct json_in *in)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *found;

	in->p++;
	if (in->p == in->end)
		return bad(in, in->p, "bad escape in a string");
	if (*in->p == 'u')
		return read_unicode(in);
	found = memchr(from, *in->p, sizeof(from) - 1);
	if (found == NULL)
		return bad(in, in->p, "bad escape in a string");
	buf_addc(&in->scratch, to[found - from]);
	in->p++;
	return 0;
}

/* What stopped the search for the closing quote. */
static int
read_odd(struct json_in *in)
{
	size_t i = 0;

	if (*in->p == '\\')
		return read_escape(in);
	if ((unsigned char)*in->p < 0x20)
		return bad(in, in->p, "control character in a string");
	(void)utf8_next((struct str){in->p, (size_t)(in->end - in->p)}, &i);
	in->p += i;
	buf_adds(&in->scratch, "\xef\xbf\xbd");
	return 0;
}

/* The string whose text starts at START and is plain up to in->p. */
static int
read_copied(struct json_in *in, const char *start, struct str *out)
{
	buf_clear(&in->scratch);
	for (;;) {
		buf_add(&in->scratch, start, (size_t)(in->p - start));
		if (in->p == in->end)
			return bad(in, in->p, "");
		if (*in->p == '"')
			break;
		if (read_odd(in) != 0)
			return -1;
		start = in->p;
		in->p = json_scan_text(start, in->end);
	}
	in->p++;
	*out = (struct str){in->scratch.data, in->scratch.len};
	return 0;
}

/* The string at in->p, which is a quote. */
static int
read_string(struct json_in *in, struct str *out)
{
	const char *start = in->p + 1;

	in->p = json_scan_text(start, in->end);
	if (in->p == in->end || *in->p != '"')
		return read_copied(in, start, out);
	*out = (struct str){start, (size_t)(in->p - start)};
	in->p++;
	return 0;
}

int
json_in_string(struct json_in *in, struct str *out)
{
	if (!next_is(in, '"'))
		return bad(in, in->p, "expected a string");
	return read_string(in, out);
}

int
json_in_key(struct json_in *in, struct str *key)
{
	if (next_is(in, '}'))
		return leave(in);
	if (!in->first) {
		if (!next_is(in, ','))
			return bad(in, in->p, "expected ',' or '}'");
		in->p++;
	}
	in->first = false;
	if (!next_is(in, '"'))
		return bad(in, in->p, "expected a key in double quotes");
	if (read_string(in, key) != 0)
		return -1;
	if (!next_is(in, ':'))
		return bad(in, in->p, "expected ':'");
	in->p++;
	return 1;
}

int
json_in_item(struct json_in *in)
{
	if (next_is(in, ']'))
		return leave(in);
	if (!in->first) {
		if (!next_is(in, ','))
			return bad(in, in->p, "expected ',' or ']'");
		in->p++;
		if (next_is(in, ']'))
			return bad(in, in->p, "expected a value");
	}
	in->first = false;
	return 1;
}

/* An integer of at most 15 digits, which most numbers are. */
static bool
read_small(struct json_in *in, double *out)
{
	enum { MOST = 15 };
	const char *p = in->p;
	int64_t n = 0;

	while (p < in->end && *p >= '0' && *p <= '9' && p - in->p <= MOST)
		n = n * 10 + (*p++ - '0');
	if (p == in->p || p == in->end || p - in->p > MOST || *p == '.' ||
	    (*p | 0x20) == 'e' || (*in->p == '0' && p - in->p > 1))
		return false;
	in->p = p;
	*out = (double)n;
	return true;
}

int
json_in_number(struct json_in *in, double *out)
{
	skip_space(in);
	if (read_small(in, out))
		return 0;
	if (!js_number_read(in->p, in->end, out, &in->p))
		return bad(in, in->p, "expected a number");
	return 0;
}

int
json_in_literal(struct json_in *in)
{
	static const struct str words[] = {
	    {"true", 4}, {"false", 5}, {"null", 4}};
	size_t i, left;

	skip_space(in);
	left = (size_t)(in->end - in->p);
	for (i = 0; i < ARRAY_LEN(words); i++) {
		if (left >= words[i].len &&
		    memcmp(in->p, words[i].p, words[i].len) == 0) {
			in->p += words[i].len;
			return 0;
		}
	}
	return bad(in, in->p, "expected a value");
}

static bool
ends_scalar(char c)
{
	return c == ',' || c == ']' || c == '}' || c == ':' || is_space(c);
}

/* A number or literal: whatever it is made of. */
static int
skip_scalar(struct json_in *in)
{
	const char *start = in->p;

	while (in->p < in->end && !ends_scalar(*in->p))
		in->p++;
	return in->p != start ? 0 : bad(in, in->p, "expected a value");
}

int
json_in_skip(struct json_in *in)
{
	const char *start, *next;
	bool closed;

	skip_space(in);
	start = in->p;
	if (start == in->end)
		return bad(in, start, "");
	if (*start == '"')
		next = json_scan_string(start + 1, in->end);
	else if (*start == '{' || *start == '[')
		next = json_scan_close(start + 1, in->end, 1);
	else
		return skip_scalar(in);
	if (next == NULL)
		return bad(in, in->end, "");
	closed = *start == '"' || next[-1] == *start + 2; /* {} and [] */
	if (!closed)
		return bad(in, next - 1, "expected another bracket");
	in->p = next;
	return 0;
}

int
json_in_leave(struct json_in *in)
{
	const char *next = json_scan_close(in->p, in->end, 1);

	if (next == NULL)
		return bad(in, in->end, "");
	in->p = next - 1;
	return leave(in);
}

int
json_in_finish(struct json_in *in)
{
	skip_space(in);
	if (in->p != in->end)
		return bad(in, in->p, "unexpected text behind the value");
	return in->err->code == ERR_NONE ? 0 : -1;
}
