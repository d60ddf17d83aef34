/* Expressions from the comma down to calls and members.  An expression may
 * turn out to be the target of an assignment, or the parameters of an arrow
 * function, only behind its end: what it could be is kept until then. */
#include "mdx_js.h"

static const struct scan_expr value = {.form = FORM_VALUE};

/* --- members and calls */

static int
read_member(struct scan *s, struct scan_expr *out)
{
	if (s->kind != SCAN_NAME && s->kind != SCAN_PRIVATE)
		return scan_fail(s);
	out->form = FORM_MEMBER;
	return scan_next(s);
}

static int
read_index(struct scan *s, struct scan_expr *out)
{
	if (scan_next(s) == -1 || scan_expression(s, true) == -1)
		return -1;
	out->form = FORM_MEMBER;
	return scan_expect(s, "]");
}

static int
read_optional(struct scan *s, struct scan_expr *out)
{
	if (scan_next(s) == -1)
		return -1;
	out->optional = true;
	if (scan_is(s, "("))
		return scan_arguments(s);
	if (scan_is(s, "["))
		return read_index(s, out);
	if (s->kind == SCAN_TEMPLATE)
		return scan_fail(s);
	return read_member(s, out);
}

/* One more link of a chain: 1, or 0 at its end, or -1. */
static int
read_link(struct scan *s, struct scan_expr *out, bool calls)
{
	int rc;

	if (scan_is(s, "."))
		rc = scan_next(s) == -1 ? -1 : read_member(s, out);
	else if (scan_is(s, "["))
		rc = read_index(s, out);
	else if (scan_is(s, "?.") && calls)
		rc = read_optional(s, out);
	else if (scan_is(s, "(") && calls)
		rc = scan_arguments(s);
	else if (s->kind == SCAN_TEMPLATE && !out->optional)
		rc = scan_template(s, true);
	else
		return 0;
	return rc == -1 ? -1 : 1;
}

static int
read_links(struct scan *s, struct scan_expr *out, bool calls)
{
	struct scan_expr e;
	int rc;

	for (;;) {
		e = (struct scan_expr){
		    .form = FORM_VALUE, .optional = out->optional};
		rc = read_link(s, &e, calls);
		if (rc != 1)
			return rc;
		if (out->no_value)
			return scan_fail(s);
		*out = e;
	}
}

static int
read_new(struct scan *s, struct scan_expr *out)
{
	if (scan_enter(s) == -1 || scan_next(s) == -1)
		return -1;
	*out = value;
	if (scan_is(s, ".")) {
		if (scan_next(s) == -1 || !scan_is_word(s, "target") ||
		    !s->scope.in_function)
			return scan_fail(s);
		s->depth--;
		return scan_next(s);
	}
	if (scan_is_word(s, "new") ? read_new(s, out) == -1
				   : scan_primary(s, out) == -1)
		return -1;
	if (out->arrow || read_links(s, out, false) == -1 || scan_is(s, "?."))
		return scan_fail(s);
	*out = value;
	s->depth--;
	return scan_is(s, "(") ? scan_arguments(s) : 0;
}

int
scan_left_hand(struct scan *s, struct scan_expr *out)
{
	if (scan_is_word(s, "new"))
		return read_new(s, out) == -1 ? -1 : read_links(s, out, true);
	if (scan_primary(s, out) == -1)
		return -1;
	return out->arrow ? 0 : read_links(s, out, true);
}

/* --- operators */

static bool
is_simple_target(const struct scan_expr *e)
{
	return (e->form == FORM_NAME || e->form == FORM_MEMBER) && !e->optional;
}

static bool
is_step(const struct scan *s)
{
	return scan_is(s, "++") || scan_is(s, "--");
}

static int
read_postfix(struct scan *s, struct scan_expr *out)
{
	if (scan_left_hand(s, out) == -1)
		return -1;
	if (!is_step(s) || s->new_line)
		return 0;
	if (!is_simple_target(out))
		return scan_fail(s);
	*out = value;
	return scan_next(s);
}

static int read_unary(struct scan *s, struct scan_expr *out, bool *prefixed);

static bool
is_prefix(const struct scan *s)
{
	return scan_is(s, "!") || scan_is(s, "~") || scan_is(s, "+") ||
	       scan_is(s, "-") || scan_is_word(s, "typeof") ||
	       scan_is_word(s, "void") || scan_is_word(s, "delete");
}

static bool
is_await(const struct scan *s)
{
	return scan_is_word(s, "await") &&
	       (s->scope.in_async || !s->scope.in_function);
}

/* An operand is a value: no pattern, no arrow function. */
static bool
is_operand(const struct scan_expr *e)
{
	return !e->no_value && !e->arrow;
}

static int
read_operand(struct scan *s, struct scan_expr *out)
{
	bool waits = is_await(s), prefixed;

	if (scan_enter(s) == -1 || scan_next(s) == -1)
		return -1;
	/* The reference takes this for an operator behind a name. */
	if (waits && scan_is(s, "<"))
		return scan_fail(s);
	if (read_unary(s, out, &prefixed) == -1 || !is_operand(out))
		return scan_fail(s);
	s->depth--;
	return 0;
}

static int
read_unary(struct scan *s, struct scan_expr *out, bool *prefixed)
{
	bool deletes = scan_is_word(s, "delete");

	*prefixed = is_prefix(s) || is_await(s);
	if (*prefixed) {
		if (read_operand(s, out) == -1 ||
		    (deletes && out->form == FORM_NAME))
			return scan_fail(s);
		*out = value;
		return 0;
	}
	if (!is_step(s))
		return read_postfix(s, out);
	if (read_operand(s, out) == -1 || !is_simple_target(out))
		return scan_fail(s);
	*out = value;
	return 0;
}

#define POWER 11

/* Precedence of a binary operator, or 0. */
static unsigned
precedence(const struct scan *s, bool with_in)
{
	static const struct {
		const char *sign;
		unsigned level;
	} table[] = {{"||", 1}, {"??", 1}, {"&&", 2}, {"|", 3}, {"^", 4},
	    {"&", 5}, {"==", 6}, {"!=", 6}, {"===", 6}, {"!==", 6}, {"<", 7},
	    {">", 7}, {"<=", 7}, {">=", 7}, {"<<", 8}, {">>", 8}, {">>>", 8},
	    {"+", 9}, {"-", 9}, {"*", 10}, {"/", 10}, {"%", 10}, {"**", POWER}};
	size_t k;

	if (scan_is_word(s, "instanceof") || (with_in && scan_is_word(s, "in")))
		return 7;
	if (s->kind != SCAN_SIGN)
		return 0;
	for (k = 0; k < ARRAY_LEN(table); k++)
		if (scan_is(s, table[k].sign))
			return table[k].level;
	return 0;
}

/* `??` does not mix with the operators beside it. */
static bool
is_mixed(const struct scan *s, bool coalesces, bool logical)
{
	if (coalesces)
		return scan_is(s, "||") || scan_is(s, "&&");
	return logical && scan_is(s, "??");
}

static int
read_left(struct scan *s, struct scan_expr *out, bool *prefixed)
{
	if (s->kind != SCAN_PRIVATE)
		return read_unary(s, out, prefixed);
	/* `#name in object` */
	*out = value;
	*prefixed = false;
	if (scan_next(s) == -1 || !scan_is_word(s, "in"))
		return scan_fail(s);
	return 0;
}

/* Operators of at least LEVEL. */
static int
read_binary(struct scan *s, bool with_in, unsigned level, struct scan_expr *out)
{
	bool prefixed, coalesces, logical;
	struct scan_expr right;
	unsigned found;

	if (read_left(s, out, &prefixed) == -1)
		return -1;
	while ((found = precedence(s, with_in)) >= level && found != 0) {
		if (!is_operand(out) || (found == POWER && prefixed))
			return scan_fail(s);
		coalesces = scan_is(s, "??");
		logical = found <= 2 && !coalesces;
		if (scan_enter(s) == -1 || scan_next(s) == -1 ||
		    read_binary(s, with_in, found == POWER ? POWER : found + 1,
			&right) == -1 ||
		    !is_operand(&right) || is_mixed(s, coalesces, logical))
			return scan_fail(s);
		s->depth--;
		*out = value;
		prefixed = false;
	}
	return 0;
}

static int
read_conditional(struct scan *s, bool with_in, struct scan_expr *out)
{
	if (read_binary(s, with_in, 1, out) == -1)
		return -1;
	if (!scan_is(s, "?"))
		return 0;
	if (out->no_value)
		return scan_fail(s);
	*out = value;
	if (scan_next(s) == -1 || scan_value(s, true) == -1 ||
	    scan_expect(s, ":") == -1)
		return -1;
	return scan_value(s, with_in);
}

/* --- assignments */

static bool
is_assignment(const struct scan *s)
{
	static const char *const operators[] = {
	    "+=", "-=", "*=", "/=", "%=", "**=", "<<=", ">>=", ">>>=", "&=",
	    "|=", "^=", "&&=", "||=", "?\?="};
	size_t k;

	if (s->kind != SCAN_SIGN)
		return false;
	for (k = 0; k < ARRAY_LEN(operators); k++)
		if (scan_is(s, operators[k]))
			return true;
	return false;
}

static int
read_yield(struct scan *s, bool with_in)
{
	if (scan_next(s) == -1)
		return -1;
	if (s->new_line)
		return 0;
	if (scan_is(s, "*"))
		return scan_next(s) == -1 ? -1 : scan_value(s, with_in);
	if (s->kind == SCAN_END || scan_is(s, ")") || scan_is(s, "]") ||
	    scan_is(s, "}") || scan_is(s, ",") || scan_is(s, ";") ||
	    scan_is(s, ":"))
		return 0;
	return scan_value(s, with_in);
}

/* `target = value`, which may be a default in a pattern. */
static int
read_default(struct scan *s, bool with_in, struct scan_expr *out)
{
	bool pattern = out->form == FORM_PATTERN && !out->parens;
	bool no_binding =
	    out->no_binding || out->form == FORM_MEMBER || out->parens;

	if (!is_simple_target(out) && !(pattern && !out->no_target))
		return scan_fail(s);
	if (scan_next(s) == -1 || scan_value(s, with_in) == -1)
		return -1;
	*out =
	    (struct scan_expr){.form = FORM_DEFAULT, .no_binding = no_binding};
	return 0;
}

int
scan_assignment(struct scan *s, bool with_in, struct scan_expr *out)
{
	if (scan_enter(s) == -1)
		return -1;
	*out = value;
	if (scan_is_word(s, "yield") && s->scope.in_generator) {
		s->depth--;
		return read_yield(s, with_in);
	}
	if (read_conditional(s, with_in, out) == -1)
		return -1;
	s->depth--;
	if (scan_is(s, "="))
		return read_default(s, with_in, out);
	if (!is_assignment(s))
		return 0;
	if (!is_simple_target(out) || scan_next(s) == -1 ||
	    scan_value(s, with_in) == -1)
		return scan_fail(s);
	*out = value;
	return 0;
}

int
scan_value(struct scan *s, bool with_in)
{
	struct scan_expr e;

	if (scan_assignment(s, with_in, &e) == -1 || e.no_value)
		return scan_fail(s);
	return 0;
}

int
scan_expression(struct scan *s, bool with_in)
{
	if (scan_value(s, with_in) == -1)
		return -1;
	while (scan_is(s, ","))
		if (scan_next(s) == -1 || scan_value(s, with_in) == -1)
			return -1;
	return 0;
}

/* --- the whole */

static int
read_spread(struct scan *s)
{
	if (scan_expect(s, "...") == -1 || scan_value(s, true) == -1)
		return -1;
	return scan_is(s, ",") ? scan_next(s) : 0;
}

static int
read_braces(struct scan *s, enum mdx_expr_kind kind)
{
	if (scan_next(s) == -1)
		return -1;
	if (scan_is(s, "}")) {
		if (kind == EXPR_PLAIN)
			return 0;
		return mdx_fail(s->m, mdx_chunk_place(s->c, s->start),
		    "Unexpected empty expression");
	}
	if (kind == EXPR_SPREAD ? read_spread(s) == -1
				: scan_expression(s, true) == -1)
		return -1;
	return scan_is(s, "}") ? 0 : scan_fail(s);
}

/* The reference tries every brace up to the end of the text, so that is how
 * far it must be read before it can be said what is wrong. */
static int
fail_braces(struct scan *s, size_t from)
{
	struct mdx_place place = mdx_chunk_place(s->c, s->start);
	bool brace = false;
	unsigned c;

	for (; (c = mdx_at(s->c, from)) != CHUNK_END; from++)
		brace = brace || c == '}';
	if (s->c->failed)
		return -1;
	if (brace)
		return mdx_fail(
		    s->m, place, "Could not parse expression with acorn");
	return mdx_fail(s->m, mdx_chunk_place(s->c, from),
	    "Unexpected end of file in expression, expected a corresponding "
	    "closing brace for `{`");
}

int
mdx_js_end(
    struct mdx *m, struct mdx_chunk *c, size_t *end, enum mdx_expr_kind kind)
{
	struct scan s = {.m = m, .c = c, .end = *end, .start = *end};

	if (read_braces(&s, kind) == 0) {
		*end = s.start;
		return 0;
	}
	if (m->err->code != ERR_NONE)
		return -1;
	return fail_braces(&s, *end);
}
