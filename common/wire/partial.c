/* An object that streams in is shown while it is unfinished: the text is cut
 * behind its last whole part and closed.  What counts as whole is what AI SDK
 * counts, oddities included (protocol.md D2,
 * tests/data/unit/partial-json.jsonl): a key ends at its first quote even when
 * that is escaped, any byte between the items of an array is kept, what follows
 * the value is dropped.  It refuses to know where the text comes from. */
#include "partial.h"

#include "../base/json.h"
#include "../base/limits.h"
#include "../base/utf.h"

#include <string.h>

/* What is expected next, or what the scan is in the middle of. */
enum place {
	AT_VALUE, /* of the whole text */
	AT_END,
	AT_FIRST_KEY,
	AT_KEY,
	IN_KEY,
	AT_COLON,
	AT_MEMBER_VALUE,
	AT_MEMBER_END,
	AT_FIRST_ITEM,
	AT_ITEM,
	AT_ITEM_END,
	IN_STRING,
	IN_ESCAPE,
	IN_NUMBER,
	IN_LITERAL
};

struct scan {
	struct str text;
	enum place place;
	struct buf closers; /* of the open containers, outermost first */
	size_t keep;	    /* so many bytes are whole */
	size_t literal;	    /* where the last one begins */
	bool odd_key;	    /* a key held a backslash */
};

static const char *const literals[] = {"true", "false", "null"};

/* The literal that PART is a beginning of, or NULL. */
static const char *
literal_of(struct str part)
{
	for (size_t i = 0; i < ARRAY_LEN(literals); i++) {
		if (part.len <= strlen(literals[i]) &&
		    memcmp(part.p, literals[i], part.len) == 0)
			return literals[i];
	}
	return NULL;
}

static void
enter(struct scan *s, char closer, enum place place)
{
	buf_addc(&s->closers, closer);
	s->place = place;
}

/* A value has ended; where it stands says what comes next. */
static void
value_ended(struct scan *s)
{
	if (s->closers.len == 0)
		s->place = AT_END;
	else if (s->closers.data[s->closers.len - 1] == '}')
		s->place = AT_MEMBER_END;
	else
		s->place = AT_ITEM_END;
}

static void
leave(struct scan *s, size_t i)
{
	s->keep = i + 1;
	s->closers.len--;
	value_ended(s);
}

static void
value_starts(struct scan *s, size_t i)
{
	char c = s->text.p[i];

	if (c == '-') {
		s->place = IN_NUMBER;
		return;
	}
	if (c == '"') {
		s->place = IN_STRING;
	} else if (c == 't' || c == 'f' || c == 'n') {
		s->place = IN_LITERAL;
		s->literal = i;
	} else if (c >= '0' && c <= '9') {
		s->place = IN_NUMBER;
	} else if (c == '{') {
		enter(s, '}', AT_FIRST_KEY);
	} else if (c == '[') {
		enter(s, ']', AT_FIRST_ITEM);
	} else {
		return;
	}
	s->keep = i + 1;
}

/* Behind a value, whose container is known. */
static void
after_value(struct scan *s, size_t i)
{
	char c = s->text.p[i];

	if (s->place == AT_MEMBER_END && c == ',')
		s->place = AT_KEY;
	else if (s->place == AT_ITEM_END && c == ',')
		s->place = AT_ITEM;
	else if (s->place == AT_MEMBER_END && c == '}')
		leave(s, i);
	else if (s->place == AT_ITEM_END && c == ']')
		leave(s, i);
}

static void
in_number(struct scan *s, size_t i)
{
	char c = s->text.p[i];

	if (c >= '0' && c <= '9') {
		s->keep = i + 1;
	} else if (strchr("eE-.", c) == NULL || c == '\0') {
		value_ended(s);
		after_value(s, i);
	}
}

static void
in_literal(struct scan *s, size_t i)
{
	struct str part = {s->text.p + s->literal, i + 1 - s->literal};

	if (literal_of(part) != NULL) {
		s->keep = i + 1;
		return;
	}
	value_ended(s);
	after_value(s, i);
}

static void
in_object(struct scan *s, size_t i)
{
	char c = s->text.p[i];

	if (s->place == IN_KEY) {
		s->odd_key |= c == '\\';
		if (c == '"')
			s->place = AT_COLON;
	} else if (s->place == AT_COLON) {
		if (c == ':')
			s->place = AT_MEMBER_VALUE;
	} else if (c == '"') {
		s->place = IN_KEY;
	} else if (c == '}' && s->place == AT_FIRST_KEY) {
		leave(s, i);
	}
}

/* White space is kept here, and so is what is wrong. */
static void
in_array(struct scan *s, size_t i)
{
	char c = s->text.p[i];

	if (s->place == AT_ITEM_END) {
		if (c != ',')
			s->keep = i + 1;
		after_value(s, i);
		return;
	}
	if (s->place == AT_FIRST_ITEM) {
		s->keep = i + 1;
		if (c == ']') {
			leave(s, i);
			return;
		}
	}
	value_starts(s, i);
}

static void
in_string(struct scan *s, size_t i)
{
	char c = s->text.p[i];

	if (s->place == IN_STRING && c == '\\') {
		s->place = IN_ESCAPE;
		return;
	}
	s->keep = i + 1;
	if (s->place == IN_ESCAPE)
		s->place = IN_STRING;
	else if (c == '"')
		value_ended(s);
}

static void
step(struct scan *s, size_t i)
{
	switch (s->place) {
	case IN_STRING:
	case IN_ESCAPE:
		in_string(s, i);
		break;
	case AT_VALUE:
	case AT_MEMBER_VALUE:
		value_starts(s, i);
		break;
	case AT_FIRST_KEY:
	case AT_KEY:
	case IN_KEY:
	case AT_COLON:
		in_object(s, i);
		break;
	case AT_MEMBER_END:
		after_value(s, i);
		break;
	case AT_FIRST_ITEM:
	case AT_ITEM:
	case AT_ITEM_END:
		in_array(s, i);
		break;
	case IN_NUMBER:
		in_number(s, i);
		break;
	case IN_LITERAL:
		in_literal(s, i);
		break;
	case AT_END:
		break;
	}
}

/* False when it is nested too deep for any reader of ours. */
static bool
scan_all(struct scan *s)
{
	for (size_t i = 0; i < s->text.len && s->place != AT_END; i++) {
		step(s, i);
		if (s->closers.len > LIMIT_JSON_DEPTH)
			return false;
	}
	return true;
}

static bool
has_key(const char *p, const char *end)
{
	while (p < end && strchr(" \t\r\n", *p) != NULL && *p != '\0')
		p++;
	return p < end && *p == ':';
}

/* Whether TEXT names the key NAME, which stands in quotes. */
static bool
names_key(struct str text, struct str name)
{
	const char *p = text.p, *end = text.p + text.len;

	while ((p = memmem(p, (size_t)(end - p), name.p, name.len)) != NULL) {
		p += name.len;
		if (has_key(p, end))
			return true;
	}
	return false;
}

/* AI SDK refuses what could reach the prototype of an object.  Bounded by the
 * reader's depth. */
static bool
is_suspect(const json_t *v)
{
	const json_t *constructor, *member;
	json_t *root = (json_t *)(uintptr_t)v;
	const char *key;
	size_t i;

	json_array_foreach(root, i, member)
	{
		if (is_suspect(member))
			return true;
	}
	if (!json_is_object(v))
		return false;
	constructor = json_object_get(v, "constructor");
	if (json_object_get(v, "__proto__") != NULL ||
	    json_is_null(constructor) ||
	    json_object_get(constructor, "prototype") != NULL)
		return true;
	json_object_foreach(root, key, member)
	{
		if (is_suspect(member))
			return true;
	}
	return false;
}

static json_t *
read_json(struct str text)
{
	struct err err = {0};
	json_t *v = json_read(text, &err);

	err_free(&err);
	return v;
}

/* The next surrogate in WTF-8, or NULL. */
static const unsigned char *
find_half(const unsigned char *p, const unsigned char *end)
{
	while ((p = memchr(p, 0xed, (size_t)(end - p))) != NULL) {
		if (end - p >= 3 && (p[1] & 0xe0) == 0xa0 &&
		    (p[2] & 0xc0) == 0x80)
			return p;
		p++;
	}
	return NULL;
}

/* Whether a backslash takes what stands at P, in a text from START on. */
static bool
is_escaped(const unsigned char *start, const unsigned char *p)
{
	bool escaped = false;

	while (p > start && *--p == '\\')
		escaped = !escaped;
	return escaped;
}

/* The halves of a pair may come in different pieces of a stream.  As escapes
 * the reader takes them, and joins them. */
static json_t *
read_halves(struct str text)
{
	const unsigned char *p = (const unsigned char *)text.p, *half;
	const unsigned char *end = p + text.len;
	struct buf b;
	json_t *v = NULL;

	buf_init(&b, text.len > SIZE_MAX / 2 ? 0 : text.len * 2);
	while ((half = find_half(p, end)) != NULL && !is_escaped(p, half)) {
		buf_add(&b, p, (size_t)(half - p));
		buf_addf(&b, "\\ud%x%02x", (half[1] & 0x3fu) >> 2,
		    (half[1] & 3u) << 6 | (half[2] & 0x3fu));
		p = half + 3;
	}
	buf_add(&b, p, (size_t)(end - p));
	if (half == NULL)
		v = read_json((struct str){buf_str(&b), b.len});
	buf_free(&b);
	return v;
}

static json_t *
parse(struct str text)
{
	const unsigned char *p = (const unsigned char *)text.p;
	json_t *v;

	if (text.len >= 3 && memcmp(text.p, "\xef\xbb\xbf", 3) == 0)
		return NULL; /* JavaScript's reader skips no BOM */
	if (find_half(p, p + text.len) != NULL)
		v = read_halves(text);
	else
		v = read_json(text);
	if (v == NULL || !(names_key(text, STR("\"__proto__\"")) ||
			     names_key(text, STR("\"constructor\""))))
		return v;
	if (is_suspect(v)) {
		json_decref(v);
		return NULL;
	}
	return v;
}

static json_t *
parse_repaired(const struct scan *s)
{
	struct str literal = {s->text.p + s->literal, s->keep - s->literal};
	struct buf b;
	json_t *v;

	buf_init(&b, s->keep + s->closers.len + sizeof("\"false"));
	buf_add(&b, s->text.p, s->keep);
	if (s->place == IN_STRING || s->place == IN_ESCAPE)
		buf_addc(&b, '"');
	if (s->place == IN_LITERAL)
		buf_adds(&b, literal_of(literal) + literal.len);
	for (size_t i = s->closers.len; i > 0; i--)
		buf_addc(&b, s->closers.data[i - 1]);
	v = parse((struct str){buf_str(&b), b.len});
	buf_free(&b);
	return v;
}

/* Whether it could be JSON as it stands; reading it is the costly part. */
static bool
may_be_whole(const struct scan *s)
{
	if (s->odd_key)
		return true;
	return s->closers.len == 0 &&
	       (s->place == AT_END || s->place == IN_NUMBER ||
		   s->place == IN_LITERAL);
}

enum partial
partial_parse(struct str text, json_t **value)
{
	struct scan s = {.text = text, .place = AT_VALUE};
	enum partial state = PARTIAL_FAILED;
	bool fits;

	*value = NULL;
	buf_init(&s.closers, LIMIT_JSON_DEPTH + 1);
	fits = scan_all(&s);
	if (fits && s.keep > 0 && may_be_whole(&s))
		*value = parse(text);
	if (*value != NULL) {
		state = PARTIAL_SUCCESSFUL;
	} else if (fits && s.keep > 0) {
		*value = parse_repaired(&s);
		if (*value != NULL)
			state = PARTIAL_REPAIRED;
	}
	buf_free(&s.closers);
	return state;
}
