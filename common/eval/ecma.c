/* Rewrites patterns of ECMA-262 for PCRE2 and runs them.  What the two read
 * differently (escapes, white space, the dot, classes, quantifiers) is written
 * out; what ECMA-262 does not have is refused, so that nothing reaches PCRE2
 * that is its own. */
#include "ecma.h"

#include "../base/buf.h"
#include "../base/limits.h"
#include "../base/utf.h"
#include "regex.h"

#include <string.h>

/* A pattern grows when it is rewritten, "\S" in a class most. */
enum { TRANSLATED_MAX = 1024 * 1024 };

/* Steps of a search that take as long as one of whoever counts. */
enum { STEPS = 8 };

#define SPACES                                                                 \
	"\\t-\\r \\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}"        \
	"\\x{202f}\\x{205f}\\x{3000}\\x{feff}"
#define NO_SPACES                                                              \
	"\\x{0}-\\x{8}\\x{e}-\\x{1f}!-\\x{9f}\\x{a1}-\\x{167f}\\x{1681}-"      \
	"\\x{1fff}\\x{200b}-\\x{2027}\\x{202a}-\\x{202e}\\x{2030}-\\x{205e}"   \
	"\\x{2060}-\\x{2fff}\\x{3001}-\\x{fefe}\\x{ff00}-\\x{10ffff}"
#define DOT "[^\\n\\r\\x{2028}\\x{2029}]"

/* PCRE2 knows general categories by their short names only. */
static const char *const categories[][2] = {
    {"Cased_Letter", "L&"},
    {"Close_Punctuation", "Pe"},
    {"Combining_Mark", "M"},
    {"Connector_Punctuation", "Pc"},
    {"Control", "Cc"},
    {"Currency_Symbol", "Sc"},
    {"Dash_Punctuation", "Pd"},
    {"Decimal_Number", "Nd"},
    {"Enclosing_Mark", "Me"},
    {"Final_Punctuation", "Pf"},
    {"Format", "Cf"},
    {"Initial_Punctuation", "Pi"},
    {"LC", "L&"},
    {"Letter", "L"},
    {"Letter_Number", "Nl"},
    {"Line_Separator", "Zl"},
    {"Lowercase_Letter", "Ll"},
    {"Mark", "M"},
    {"Math_Symbol", "Sm"},
    {"Modifier_Letter", "Lm"},
    {"Modifier_Symbol", "Sk"},
    {"Nonspacing_Mark", "Mn"},
    {"Number", "N"},
    {"Open_Punctuation", "Ps"},
    {"Other", "C"},
    {"Other_Letter", "Lo"},
    {"Other_Number", "No"},
    {"Other_Punctuation", "Po"},
    {"Other_Symbol", "So"},
    {"Paragraph_Separator", "Zp"},
    {"Private_Use", "Co"},
    {"Punctuation", "P"},
    {"Separator", "Z"},
    {"Space_Separator", "Zs"},
    {"Spacing_Mark", "Mc"},
    {"Surrogate", "Cs"},
    {"Symbol", "S"},
    {"Titlecase_Letter", "Lt"},
    {"Unassigned", "Cn"},
    {"Uppercase_Letter", "Lu"},
    {"cntrl", "Cc"},
    {"digit", "Nd"},
    {"punct", "P"},
};

struct translation {
	const char *p, *end;
	struct buf *out;
	bool repeatable; /* a quantifier may follow */
	struct err *err;
};

static int
refuse(struct translation *t, const char *what)
{
	return fail(t->err, ERR_UNCONFIGURED, "%s", what);
}

static bool
next_is(const struct translation *t, char c)
{
	return t->p < t->end && *t->p == c;
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_letter(char c)
{
	return ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

/* Reads N hex digits, or any number of them up to a brace when N is 0. */
static int
read_hex(struct translation *t, unsigned n, uint32_t *out)
{
	unsigned i;

	*out = 0;
	for (i = 0; n == 0 || i < n; i++, t->p++) {
		char c = t->p < t->end ? *t->p : '\0';

		if (n == 0 && c == '}' && i > 0)
			break;
		if (is_digit(c))
			*out = *out * 16 + (uint32_t)(c - '0');
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			*out = *out * 16 + (uint32_t)((c | 0x20) - 'a' + 10);
		else
			return refuse(t, "a wrong \\x or \\u");
		if (*out > 0x10ffff)
			return refuse(t, "a \\u beyond Unicode");
	}
	if (n == 0)
		t->p++;
	return 0;
}

/* Behind "\u": XXXX, a pair of surrogates, or {X…}. */
static int
read_unicode(struct translation *t, uint32_t *cp)
{
	uint32_t low;

	if (next_is(t, '{')) {
		t->p++;
		if (read_hex(t, 0, cp) != 0)
			return -1;
	} else if (read_hex(t, 4, cp) != 0) {
		return -1;
	}
	if (*cp >= 0xd800 && *cp < 0xdc00 && t->end - t->p >= 6 &&
	    t->p[0] == '\\' && t->p[1] == 'u' && t->p[2] != '{') {
		t->p += 2;
		if (read_hex(t, 4, &low) != 0)
			return -1;
		if (low >= 0xdc00 && low < 0xe000)
			*cp = 0x10000 + ((*cp - 0xd800) << 10) + (low - 0xdc00);
	}
	if (*cp >= 0xd800 && *cp < 0xe000)
		return refuse(t, "a lone surrogate");
	return 0;
}

/* An escape that means one character; C is what follows the backslash. */
static int
escaped_char(struct translation *t, char c)
{
	uint32_t cp;

	if (c == 'u' || c == 'x') {
		if (c == 'u' ? read_unicode(t, &cp) : read_hex(t, 2, &cp))
			return -1;
		buf_addf(t->out, "\\x{%x}", (unsigned)cp);
		return 0;
	}
	if (c == 'v' || (c == '0' && !(t->p < t->end && is_digit(*t->p)))) {
		buf_adds(t->out, c == 'v' ? "\\x{b}" : "\\x{0}");
		return 0;
	}
	if (c == 'c' && t->p < t->end && is_letter(*t->p)) {
		buf_addf(t->out, "\\x{%x}", (unsigned)*t->p++ & 31u);
		return 0;
	}
	if (is_letter(c) && strchr("nrtf", c) == NULL)
		return refuse(t, "an escape that ECMA-262 does not have");
	if (is_digit(c))
		return refuse(t, "an octal escape");
	if ((c & 0x80) == 0)
		buf_addc(t->out, '\\');
	buf_addc(t->out, c);
	return 0;
}

static struct str
category_name(struct str name)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(categories); i++)
		if (str_is(name, categories[i][0]))
			return str_from(categories[i][1]);
	return name;
}

/* Behind "\p" or "\P": {Name}, {gc=Name} or {sc=Name}. */
static int
property(struct translation *t, char c)
{
	const char *close = NULL, *equals;
	struct str name;

	if (next_is(t, '{'))
		close = memchr(t->p, '}', (size_t)(t->end - t->p));
	if (close == NULL)
		return refuse(t, "\\p without {…}");
	name = (struct str){t->p + 1, (size_t)(close - t->p) - 1};
	/* PCRE2 would negate. */
	if (name.len == 0 || *name.p == '^')
		return refuse(t, "a \\p without a name");
	t->p = close + 1;
	equals = memchr(name.p, '=', name.len);
	if (equals != NULL)
		name = (struct str){equals + 1, (size_t)(close - equals) - 1};
	name = category_name(name);
	buf_addf(t->out, "\\%c{%.*s}", c, (int)name.len, name.p);
	return 0;
}

/* The sets of characters that an escape may name, *SET when it does. */
static int
escaped_set(struct translation *t, char c, bool in_class, bool *set)
{
	*set = true;
	switch (c) {
	case 'd':
	case 'D':
	case 'w':
	case 'W':
		buf_addc(t->out, '\\');
		buf_addc(t->out, c);
		return 0;
	case 's':
		buf_adds(t->out, in_class ? SPACES : "[" SPACES "]");
		return 0;
	case 'S':
		buf_adds(t->out, in_class ? NO_SPACES : "[^" SPACES "]");
		return 0;
	case 'p':
	case 'P':
		return property(t, c);
	default:
		*set = false;
		return 0;
	}
}

static int
escape(struct translation *t)
{
	bool set;
	char c;

	if (++t->p == t->end)
		return refuse(t, "a backslash at the end");
	c = *t->p++;
	t->repeatable = true;
	if (escaped_set(t, c, false, &set) != 0)
		return -1;
	if (set)
		return 0;
	if (c == 'b' || c == 'B') {
		buf_addf(t->out, "\\%c", c);
		return 0;
	}
	if (c == 'k' && next_is(t, '<')) {
		buf_adds(t->out, "\\k");
		return 0; /* the name is copied like any text */
	}
	if (c < '1' || c > '9')
		return escaped_char(t, c);
	buf_addf(t->out, "\\g{%c", c);
	while (t->p < t->end && is_digit(*t->p))
		buf_addc(t->out, *t->p++);
	buf_addc(t->out, '}');
	return 0;
}

/* One member of a class; *SET when it is no single character. */
static int
class_atom(struct translation *t, bool *set)
{
	char c = *t->p++;

	*set = false;
	if (c == '[' || c == '-') {
		buf_addc(t->out, '\\');
	} else if (c == '\\') {
		if (t->p == t->end)
			return refuse(t, "a backslash at the end");
		c = *t->p++;
		if (escaped_set(t, c, true, set) != 0)
			return -1;
		if (*set)
			return 0;
		if (c != 'b')
			return escaped_char(t, c);
		buf_adds(t->out, "\\x{8}");
		return 0;
	}
	buf_addc(t->out, c);
	/* The rest of a character of several bytes. */
	while (t->p < t->end && (*t->p & 0xc0) == 0x80)
		buf_addc(t->out, *t->p++);
	return 0;
}

/* Behind an atom of a class: whether a range follows.  A hyphen beside a set
 * is a hyphen (B.1.2), where PCRE2 sees an error. */
static bool
is_range(struct translation *t, bool set)
{
	if (!next_is(t, '-') || t->end - t->p < 2 || t->p[1] == ']')
		return false;
	if (t->p[1] == '\\' && t->end - t->p > 2 && t->p[2] != '\0' &&
	    strchr("dDwWsSpP", t->p[2]) != NULL)
		return false;
	return !set;
}

static int class(struct translation *t)
{
	bool set;

	t->repeatable = true;
	buf_addc(t->out, *t->p++);
	if (next_is(t, '^'))
		buf_addc(t->out, *t->p++);
	while (t->p < t->end && *t->p != ']') {
		if (class_atom(t, &set) != 0)
			return -1;
		if (!is_range(t, set))
			continue;
		buf_addc(t->out, *t->p++);
		if (class_atom(t, &set) != 0)
			return -1;
	}
	if (t->p == t->end)
		return refuse(t, "a [ without its ]");
	buf_addc(t->out, *t->p++);
	return 0;
}

static int
group(struct translation *t)
{
	static const char *const kinds[] = {"?:", "?=", "?!", "?<=", "?<!"};
	size_t left, i;

	t->repeatable = false;
	buf_addc(t->out, *t->p++);
	if (!next_is(t, '?'))
		return 0;
	left = (size_t)(t->end - t->p);
	for (i = 0; i < ARRAY_LEN(kinds); i++) {
		size_t n = strlen(kinds[i]);

		if (left < n || memcmp(t->p, kinds[i], n) != 0)
			continue;
		buf_add(t->out, t->p, n);
		t->p += n;
		return 0;
	}
	if (left < 2 || t->p[1] != '<')
		return refuse(t, "a group that ECMA-262 does not have");
	buf_adds(t->out, "?<");
	t->p += 2;
	return 0;
}

/* The length of {n}, {n,} or {n,m} at P, 0 when there is none. */
static size_t
braces(const char *p, const char *end)
{
	const char *start = p++;

	if (p == end || !is_digit(*p))
		return 0;
	while (p < end && is_digit(*p))
		p++;
	if (p < end && *p == ',')
		p++;
	while (p < end && is_digit(*p))
		p++;
	return p < end && *p == '}' ? (size_t)(p - start) + 1 : 0;
}

static int
quantifier(struct translation *t, size_t len)
{
	if (!t->repeatable)
		return refuse(t, "nothing to repeat");
	buf_add(t->out, t->p, len);
	t->p += len;
	if (next_is(t, '?'))
		buf_addc(t->out, *t->p++);
	t->repeatable = false;
	return 0;
}

static int
translate_one(struct translation *t)
{
	size_t n;

	switch (*t->p) {
	case '\\':
		return escape(t);
	case '[':
		return class(t);
	case '(':
		return group(t);
	case '*':
	case '+':
	case '?':
		return quantifier(t, 1);
	case '{':
		n = braces(t->p, t->end);
		if (n > 0)
			return quantifier(t, n);
		/* FALLTHROUGH */
	case '}':
	case ']':
		buf_addc(t->out, '\\');
		break;
	case '.':
		buf_adds(t->out, DOT);
		t->p++;
		t->repeatable = true;
		return 0;
	default:
		break;
	}
	t->repeatable = strchr("^$|", *t->p) == NULL || *t->p == '\0';
	buf_addc(t->out, *t->p++);
	return 0;
}

/* The pattern as PCRE2 is to read it. */
static int
translate(struct str pattern, struct buf *out, struct err *err)
{
	struct translation t = {
	    .p = pattern.p,
	    .end = pattern.p + pattern.len,
	    .out = out,
	    .err = err,
	};

	while (t.p < t.end)
		if (translate_one(&t) != 0)
			return -1;
	if (buf_full(out))
		return refuse(&t, "too long");
	return 0;
}

struct ecma {
	pcre2_code *code;
	pcre2_match_data *data;
};

static void
release(void *arg)
{
	struct ecma *re = arg;

	pcre2_match_data_free(re->data);
	pcre2_code_free(re->code);
}

static pcre2_code *
compile(const struct buf *text, struct err *err)
{
	const uint32_t options =
	    REGEX_OPTIONS | PCRE2_NO_UTF_CHECK | PCRE2_DOLLAR_ENDONLY |
	    PCRE2_ALLOW_EMPTY_CLASS | PCRE2_MATCH_UNSET_BACKREF;
	pcre2_code *code;
	char why[128];
	size_t at;
	int rc;

	code = pcre2_compile(
	    (PCRE2_SPTR)buf_str(text), text->len, options, &rc, &at, NULL);
	if (code != NULL)
		return code;
	if (pcre2_get_error_message(rc, (PCRE2_UCHAR *)why, sizeof(why)) < 0)
		why[0] = '\0';
	(void)fail(err, ERR_UNCONFIGURED, "%s", why);
	return NULL;
}

const struct ecma *
ecma_compile(struct arena *a, struct str pattern, struct err *err)
{
	struct ecma *re = arena_zalloc(a, sizeof(*re));
	struct buf out;

	buf_init(&out, TRANSLATED_MAX);
	if (translate(utf8_clean(a, pattern), &out, err) == 0)
		re->code = compile(&out, err);
	buf_free(&out);
	if (re->code == NULL)
		return NULL;
	re->data = pcre2_match_data_create(1, NULL);
	if (re->data == NULL) {
		release(re);
		(void)fail(err, ERR_INTERNAL, "out of memory");
		return NULL;
	}
	arena_on_free(a, release, re);
	return re;
}

static int
match_valid(const struct ecma *re, struct str text, size_t *steps)
{
	size_t taken = 0;
	int rc = regex_search(re->code, text, re->data, &taken);

	*steps += taken / STEPS;
	if (rc == PCRE2_ERROR_NOMATCH)
		return 0;
	return rc >= 0 ? 1 : -1;
}

int
ecma_match(const struct ecma *re, struct str text, size_t *steps)
{
	struct arena *a;
	int rc;

	if (text.len == 0)
		return match_valid(re, STR(""), steps);
	if (utf8_valid(text))
		return match_valid(re, text, steps);
	a = arena_new(NULL);
	rc = match_valid(re, utf8_clean(a, text), steps);
	arena_free(a);
	return rc;
}
