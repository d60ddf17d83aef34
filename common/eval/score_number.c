/* Evals of numbers: one in the output, and those about it (characters, words,
 * time, tokens).  It refuses to know units other than these. */
#include "score.h"

#include "../base/js.h"
#include "../base/utf.h"

#include <math.h>
#include <string.h>

/* --- numeric_close */

/* A number of more digits is none. */
enum { DIGITS_MAX = 320 };

/* A number without its grouping commas, while it is read. */
struct reading {
	const char *p, *end;
	char text[DIGITS_MAX];
	size_t n;
};

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Whether the byte OFF behind the next one is a digit. */
static bool
digit_at(const struct reading *r, size_t off)
{
	return (size_t)(r->end - r->p) > off && is_digit(r->p[off]);
}

/* Whether a comma comes next that groups thousands. */
static bool
at_group(const struct reading *r)
{
	return r->p < r->end && *r->p == ',' && digit_at(r, 1) &&
	       digit_at(r, 2) && digit_at(r, 3) && !digit_at(r, 4);
}

static void
take(struct reading *r)
{
	if (r->n < sizeof(r->text))
		r->text[r->n++] = *r->p;
	r->p++;
}

static void
take_digits(struct reading *r, bool groups)
{
	while (digit_at(r, 0) || (groups && at_group(r))) {
		if (*r->p == ',')
			r->p++;
		else
			take(r);
	}
}

static bool
at_exponent(const struct reading *r)
{
	size_t sign;

	if (r->p == r->end || (*r->p | 0x20) != 'e')
		return false;
	sign = r->end - r->p > 1 && (r->p[1] == '-' || r->p[1] == '+');
	return digit_at(r, 1 + sign);
}

/* Reads a number at P; returns what follows it, or NULL when there is none. */
static const char *
read_number(const char *p, const char *end, double *number)
{
	struct reading r = {.p = p, .end = end};
	const char *next;

	if (*p == '-')
		take(&r);
	while (digit_at(&r, 1) && *r.p == '0')
		r.p++;
	take_digits(&r, true);
	if (r.p < end && *r.p == '.' && digit_at(&r, 1)) {
		take(&r);
		take_digits(&r, false);
	}
	if (at_exponent(&r)) {
		take(&r);
		if (!is_digit(*r.p))
			take(&r);
		take_digits(&r, false);
	}
	if (r.n == sizeof(r.text) ||
	    !js_number_read(r.text, r.text + r.n, number, &next))
		return NULL;
	return r.p;
}

/* Whether a number may start at P: not in the middle of a word, and a minus
 * not between two of them ("3-4"). */
static bool
may_start(const char *start, const char *p)
{
	char before = p > start ? p[-1] : ' ';

	if (*p != '-' && !is_digit(*p))
		return false;
	if (*p == '-')
		return !is_digit(before);
	return before != '.' && before != '_' &&
	       !((before | 0x20) >= 'a' && (before | 0x20) <= 'z');
}

/* Whether what is before P is a minus sign that is not ASCII's (U+2212), and no
 * dash between numbers. */
static bool
after_minus(const char *start, const char *p)
{
	static const char minus[] = "\xe2\x88\x92";
	size_t len = sizeof(minus) - 1, before = (size_t)(p - start);

	return before >= len && memcmp(p - len, minus, len) == 0 &&
	       (before == len || !is_digit(p[-(ptrdiff_t)len - 1]));
}

/* The only or the last number in TEXT. */
static bool
last_number(struct str text, double *number)
{
	const char *p = text.p, *end = text.p + text.len, *next;
	bool found = false;
	double one;

	while (p < end) {
		next = may_start(text.p, p) ? read_number(p, end, &one) : NULL;
		if (next == NULL) {
			p++;
			continue;
		}
		*number = after_minus(text.p, p) ? -one : one;
		found = true;
		p = next;
	}
	return found;
}

static bool
number_of(struct arena *a, const json_t *value, double *number)
{
	if (json_is_number(value)) {
		*number = json_number_value(value);
		return true;
	}
	if (!json_is_string(value))
		return false;
	return last_number(text_trim(builtin_text(a, value)), number);
}

int
score_numeric_close(const struct eval_case *c, const json_t *options,
    struct arena *a, struct score *out, struct err *err)
{
	const json_t *value = json_object_get(options, "value");
	double want, got, allowed, relative;

	if (value == NULL)
		value = c->expected;
	if (value == NULL)
		return score_no_expected(err, "value");
	if (!number_of(a, value, &want))
		return fail(err, ERR_REQUEST, "%s is no number to compare with",
		    score_quote(a, value));
	if (!number_of(a, c->output, &got)) {
		score_yes_no(out, false);
		out->reason = arena_printf(
		    a, "no number in %s", score_quote(a, c->output));
		return 0;
	}
	relative = option_number(options, "relative", 1e-6);
	allowed = fmax(
	    option_number(options, "tolerance", 1e-9), relative * fabs(want));
	score_yes_no(out, fabs(got - want) <= allowed);
	out->reason =
	    arena_printf(a, "%s, expected %s ± %s", score_number(a, got),
		score_number(a, want), score_number(a, allowed));
	return 0;
}

/* --- within bounds */

/* A number, what it counts, and its bounds when no option sets them. */
struct measure {
	double value;
	const char *unit;
	double min, max;
};

/* OPTIONS' names of the bounds are MIN and MAX. */
static void
bound(struct arena *a, const struct measure *m, const json_t *options,
    const char *const names[2], struct score *out)
{
	bool own = json_object_get(options, names[0]) == NULL &&
		   json_object_get(options, names[1]) == NULL;
	double min = option_number(options, names[0], own ? m->min : 0);
	double max = option_number(options, names[1], own ? m->max : INFINITY);
	const char *low = "", *high = "";

	score_yes_no(out, m->value >= min && m->value <= max);
	if (min > 0)
		low = arena_printf(
		    a, ", at least %s allowed", score_number(a, min));
	if (max < INFINITY)
		high = arena_printf(
		    a, ", at most %s allowed", score_number(a, max));
	out->reason = arena_printf(
	    a, "%s %s%s%s", score_number(a, m->value), m->unit, low, high);
}

static const char *const counts[2] = {"min", "max"};

int
score_length(const struct eval_case *c, const json_t *options, struct arena *a,
    struct score *out, struct err *err)
{
	struct measure m = {
	    (double)text_length(score_output(a, c)), "characters", 1, INFINITY};

	(void)err;
	bound(a, &m, options, counts, out);
	return 0;
}

int
score_word_count(const struct eval_case *c, const json_t *options,
    struct arena *a, struct score *out, struct err *err)
{
	struct measure m = {
	    (double)text_words(score_output(a, c)), "words", 1, INFINITY};

	(void)err;
	bound(a, &m, options, counts, out);
	return 0;
}

int
score_latency(const struct eval_case *c, const json_t *options, struct arena *a,
    struct score *out, struct err *err)
{
	static const char *const names[2] = {"min_ms", "max_ms"};
	struct measure m = {(double)c->latency_ms, "ms", 0, 10000};

	if (c->latency_ms < 0)
		return fail(err, ERR_REQUEST, "the time is not known");
	bound(a, &m, options, names, out);
	return 0;
}

static const char *const kinds[] = {"total", "input", "output"};

int
tokens_check(const json_t *options, struct err *err)
{
	return option_word(options, "count", kinds, ARRAY_LEN(kinds), err);
}

static int64_t
total_tokens(const struct eval_case *c)
{
	if (c->total_tokens >= 0 || c->input_tokens < 0 || c->output_tokens < 0)
		return c->total_tokens;
	return c->input_tokens + c->output_tokens;
}

int
score_tokens(const struct eval_case *c, const json_t *options, struct arena *a,
    struct score *out, struct err *err)
{
	const int64_t tokens[] = {
	    total_tokens(c), c->input_tokens, c->output_tokens};
	int kind = option_word(options, "count", kinds, ARRAY_LEN(kinds), err);
	struct measure m = {0, "tokens", 0, 4096};

	if (kind < 0)
		return -1;
	if (tokens[kind] < 0)
		return fail(err, ERR_REQUEST,
		    "the provider did not say how many tokens it used");
	m.value = (double)tokens[kind];
	bound(a, &m, options, counts, out);
	return 0;
}
