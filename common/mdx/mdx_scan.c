/* Tokens of ECMAScript.  Whether a slash begins a regular expression is for
 * the parser to say, which knows if it wants an operand. */
#include "mdx_js.h"

#include "../base/utf.h"

#include <string.h>

/* The current token is where the error is; what it is called is decided when
 * all of the text was seen. */
int
scan_fail(struct scan *s)
{
	(void)s;
	return -1;
}

int
scan_enter(struct scan *s)
{
	if (++s->depth <= LIMIT_MDX_JS_DEPTH)
		return 0;
	return mdx_fail(s->m, mdx_chunk_place(s->c, s->start),
	    "the expression is nested too deep");
}

static bool
is_line_end(unsigned c)
{
	return mdx_is_eol(c) || c == 0x2028 || c == 0x2029;
}

/* --- between tokens */

static int
skip_block_comment(struct scan *s, size_t *i)
{
	unsigned c;

	for (*i += 2; (c = mdx_at(s->c, *i)) != CHUNK_END; ++*i) {
		s->new_line = s->new_line || is_line_end(c);
		if (c == '*' && mdx_at(s->c, *i + 1) == '/') {
			*i += 2;
			return 0;
		}
	}
	s->start = *i;
	return scan_fail(s);
}

static void
skip_line_comment(struct scan *s, size_t *i)
{
	unsigned c;

	while ((c = mdx_at(s->c, *i)) != CHUNK_END && !is_line_end(c))
		++*i;
}

int
scan_comment(struct scan *s)
{
	if (mdx_at(s->c, s->end + 1) == '*')
		return skip_block_comment(s, &s->end);
	skip_line_comment(s, &s->end);
	return 0;
}

static int
skip_blank(struct scan *s, size_t *i)
{
	unsigned c;

	for (;;) {
		c = mdx_at(s->c, *i);
		if (c == '/' && mdx_at(s->c, *i + 1) == '*') {
			if (skip_block_comment(s, i) == -1)
				return -1;
		} else if (c == '/' && mdx_at(s->c, *i + 1) == '/') {
			skip_line_comment(s, i);
		} else if (c != CHUNK_END && (c == VIRTUAL || js_is_space(c))) {
			s->new_line = s->new_line || is_line_end(c);
			++*i;
		} else {
			return 0;
		}
	}
}

/* --- escapes */

static bool
is_digit(unsigned c, unsigned base)
{
	if (c >= '0' && c <= '9')
		return c - '0' < base;
	c |= 0x20;
	return base == 16 && c >= 'a' && c <= 'f';
}

static bool
take_hex(struct scan *s, size_t n)
{
	for (; n > 0; n--)
		if (!is_digit(mdx_at(s->c, s->end++), 16))
			return false;
	return true;
}

/* Behind `\u`. */
static bool
take_unicode(struct scan *s)
{
	uint32_t value = 0;
	unsigned c;

	if (mdx_at(s->c, s->end) != '{')
		return take_hex(s, 4);
	s->end++;
	if (!is_digit(mdx_at(s->c, s->end), 16))
		return false;
	for (; is_digit(c = mdx_at(s->c, s->end), 16); s->end++) {
		value = value * 16 + (c <= '9' ? c - '0' : (c & 7) + 9);
		if (value > 0x10FFFF)
			return false;
	}
	s->end++;
	return c == '}';
}

/* At a backslash in a string or template: strict mode has no octals. */
static bool
take_escape(struct scan *s)
{
	unsigned c = mdx_at(s->c, ++s->end);

	if (c == CHUNK_END)
		return false;
	s->end++;
	if (c == 'x')
		return take_hex(s, 2);
	if (c == 'u')
		return take_unicode(s);
	if (c == '0')
		return !is_digit(mdx_at(s->c, s->end), 10);
	if (c == '\r' && mdx_at(s->c, s->end) == '\n')
		s->end++;
	return !is_digit(c, 10);
}

/* --- tokens */

static int
read_string(struct scan *s)
{
	unsigned quote = mdx_at(s->c, s->end++), c;

	s->kind = SCAN_STRING;
	for (;;) {
		c = mdx_at(s->c, s->end);
		if (c == CHUNK_END || mdx_is_eol(c))
			return scan_fail(s);
		if (c == quote)
			break;
		if (c != '\\')
			s->end++;
		else if (!take_escape(s))
			return scan_fail(s);
	}
	s->end++;
	return 0;
}

/* Digits with single underscores between them. */
static bool
take_digits(struct scan *s, unsigned base)
{
	size_t start = s->end;
	bool separated = false;
	unsigned c;

	for (;; s->end++) {
		c = mdx_at(s->c, s->end);
		if (c == '_' && s->end > start && !separated) {
			separated = true;
			continue;
		}
		if (!is_digit(c, base))
			break;
		separated = false;
	}
	return s->end > start && !separated;
}

static bool
take_exponent(struct scan *s)
{
	unsigned c = mdx_at(s->c, s->end);

	if (c != 'e' && c != 'E')
		return true;
	c = mdx_at(s->c, ++s->end);
	if (c == '+' || c == '-')
		s->end++;
	return take_digits(s, 10);
}

static bool
take_decimal(struct scan *s)
{
	unsigned first = mdx_at(s->c, s->end), c;

	if (first != '.') {
		if (!take_digits(s, 10))
			return false;
		if (first == '0' && s->end - s->start > 1)
			return false;
		c = mdx_at(s->c, s->end);
		if (c == 'n') {
			s->end++;
			return true;
		}
		if (c != '.')
			return take_exponent(s);
	}
	s->end++;
	c = mdx_at(s->c, s->end);
	if (is_digit(c, 10) ? !take_digits(s, 10) : first == '.' || c == '_')
		return false;
	return take_exponent(s);
}

static int
read_number(struct scan *s)
{
	unsigned c = mdx_at(s->c, s->end + 1) | 0x20;
	unsigned base = c == 'x' ? 16 : c == 'o' ? 8 : c == 'b' ? 2 : 0;
	bool ok;

	s->kind = SCAN_NUMBER;
	if (mdx_at(s->c, s->end) == '0' && base != 0) {
		s->end += 2;
		ok = take_digits(s, base);
		if (ok && mdx_at(s->c, s->end) == 'n')
			s->end++;
	} else {
		ok = take_decimal(s);
	}
	c = mdx_at(s->c, s->end);
	if (!ok || mdx_is_id_start(c) || is_digit(c, 10) || c == '\\')
		return scan_fail(s);
	return 0;
}

/* Letters, also those of other planes, and escapes. */
static bool
take_name(struct scan *s)
{
	size_t start = s->end;
	struct str16 pair;
	size_t i = 0;
	uint32_t cp;
	unsigned c;

	for (;;) {
		c = mdx_at(s->c, s->end);
		if (c == '\\' && mdx_at(s->c, s->end + 1) == 'u') {
			s->end += 2;
			s->escaped = true;
			if (!take_unicode(s))
				return false;
			continue;
		}
		if (c >= 0xD800 && c < 0xDC00 &&
		    mdx_at(s->c, s->end + 1) != CHUNK_END) {
			pair = (struct str16){s->c->p + s->end, 2};
			i = 0;
			cp = utf16_next(pair, &i);
			if (i != 2 || !mdx_is_id_point(cp, s->end == start))
				break;
			s->end += 2;
			continue;
		}
		if (s->end == start ? !mdx_is_id_start(c) : !mdx_is_id_part(c))
			break;
		s->end++;
	}
	return s->end > start;
}

static const char *const signs[] = {">>>=", "...",
    "===", "!==", "**=", "<<=", ">>=", ">>>", "&&=", "||=", "?\?=", "=>",
    "==", "!=", "<=", ">=", "&&", "||", "??", "?.", "++", "--",
    "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "<<", ">>", "**", "{", "}",
    "(", ")", "[", "]", ";", ",", "<", ">", "+", "-", "*", "/", "%", "&", "|",
    "^", "!", "~", "?", ":", "=", ".", "@"};

static bool
begins_with(struct scan *s, const char *sign)
{
	size_t i;

	for (i = 0; sign[i] != '\0'; i++)
		if (mdx_at(s->c, s->start + i) != (unsigned char)sign[i])
			return false;
	s->end = s->start + i;
	return true;
}

static int
read_sign(struct scan *s)
{
	unsigned c = mdx_at(s->c, s->start);
	size_t k;

	s->kind = SCAN_SIGN;
	/* Most begin no longer one. */
	if (c < 0x80 && c != 0 && strchr("{}()[];,:~@", (int)c) != NULL) {
		s->end++;
		return 0;
	}
	for (k = 0; k < ARRAY_LEN(signs); k++) {
		if (c != (unsigned char)signs[k][0] ||
		    !begins_with(s, signs[k]))
			continue;
		/* `a?.5:b` */
		if (scan_is(s, "?.") && is_digit(mdx_at(s->c, s->end), 10))
			s->end--;
		return 0;
	}
	return scan_fail(s);
}

int
scan_next(struct scan *s)
{
	size_t i = s->end;
	unsigned c;

	s->new_line = false;
	s->escaped = false;
	if (skip_blank(s, &i) == -1)
		return -1;
	s->start = s->end = i;
	s->first = c = mdx_at(s->c, i);
	if (c == CHUNK_END) {
		s->kind = SCAN_END;
		return s->c->failed ? -1 : 0;
	}
	if (c == '"' || c == '\'')
		return read_string(s);
	if (is_digit(c, 10) || (c == '.' && is_digit(mdx_at(s->c, i + 1), 10)))
		return read_number(s);
	if (c == '`') {
		s->kind = SCAN_TEMPLATE;
		s->end++;
		return 0;
	}
	s->kind = c == '#' ? SCAN_PRIVATE : SCAN_NAME;
	s->end += c == '#';
	if (take_name(s))
		return 0;
	if (c == '#' || s->end != i)
		return scan_fail(s);
	return read_sign(s);
}

/* --- what the parser asks for */

int
scan_regex(struct scan *s)
{
	bool in_class = false;
	unsigned c;

	for (s->end = s->start + 1;; s->end++) {
		c = mdx_at(s->c, s->end);
		if (c == CHUNK_END || is_line_end(c))
			return scan_fail(s);
		if (c == '/' && !in_class)
			break;
		if (c == '[')
			in_class = true;
		if (c == ']')
			in_class = false;
		if (c == '\\' && !is_line_end(mdx_at(s->c, s->end + 1)))
			s->end++;
	}
	for (s->end++;
	     (c = mdx_at(s->c, s->end)) != CHUNK_END && mdx_is_id_part(c);
	     s->end++)
		if (c > 'y' || c == '$' || strchr("dgimsuvy", (int)c) == NULL)
			return scan_fail(s);
	return scan_next(s);
}

/* To behind the closing backtick; expressions are read in between. */
int
scan_template(struct scan *s, bool tagged)
{
	size_t escape;
	unsigned c;

	for (;;) {
		c = mdx_at(s->c, s->end);
		if (c == CHUNK_END)
			return scan_fail(s);
		if (c == '`')
			break;
		if (c == '\\') {
			escape = s->end;
			if (take_escape(s))
				continue;
			if (!tagged)
				return scan_fail(s);
			s->end = escape + 2;
			continue;
		}
		s->end++;
		if (c != '$' || mdx_at(s->c, s->end) != '{')
			continue;
		s->end++;
		if (scan_next(s) == -1 || scan_expression(s, true) == -1 ||
		    !scan_is(s, "}"))
			return scan_fail(s);
	}
	s->end++;
	return scan_next(s);
}

bool
scan_equals(const struct scan *s, const char *text)
{
	size_t i, len = s->end - s->start;

	for (i = 0; i < len && text[i] != '\0'; i++)
		if (s->c->p[s->start + i] != (unsigned char)text[i])
			return false;
	return i == len && text[i] == '\0';
}

/* Reserved words of a module; what a function may still use is asked for. */
bool
scan_is_identifier(const struct scan *s)
{
	static const char *const reserved[] = {"await", "break", "case",
	    "catch", "class", "const", "continue", "debugger", "default",
	    "delete", "do", "else", "enum", "export", "extends", "false",
	    "finally", "for", "function", "if", "implements", "import", "in",
	    "instanceof", "interface", "let", "new", "null", "package",
	    "private", "protected", "public", "return", "static", "super",
	    "switch", "this", "throw", "true", "try", "typeof", "var", "void",
	    "while", "with", "yield"};
	size_t k;

	if (s->kind != SCAN_NAME)
		return false;
	if (s->escaped)
		return true;
	for (k = 0; k < ARRAY_LEN(reserved); k++)
		if (s->first == (unsigned char)reserved[k][0] &&
		    scan_equals(s, reserved[k]))
			return false;
	return true;
}

int
scan_expect(struct scan *s, const char *sign)
{
	if (!scan_is(s, sign))
		return scan_fail(s);
	return scan_next(s);
}
