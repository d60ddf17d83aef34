/* What an expression begins with: names, literals, arrays and objects,
 * parentheses, and the arrow functions that these may turn out to be. */
#include "mdx_js.h"

static const struct scan_expr value = {.form = FORM_VALUE};

static bool
is_bindable(const struct scan_expr *e)
{
	if (e->parens || e->no_binding || e->no_target)
		return false;
	return e->form == FORM_NAME || e->form == FORM_PATTERN ||
	       e->form == FORM_DEFAULT;
}

/* --- arrow functions */

static int
arrow_body(struct scan *s, bool is_async)
{
	struct scan_scope outer = s->scope, inner = {.in_function = true};
	int rc;

	inner.in_async = is_async;
	if (s->new_line || scan_expect(s, "=>") == -1)
		return scan_fail(s);
	if (scan_is(s, "{"))
		return scan_body(s, inner);
	s->scope = inner;
	rc = scan_value(s, true);
	s->scope = outer;
	return rc;
}

static int
finish_arrow(struct scan *s, bool is_async, struct scan_expr *out)
{
	if (arrow_body(s, is_async) == -1)
		return -1;
	*out = (struct scan_expr){.form = FORM_VALUE, .arrow = true};
	return 0;
}

/* What stood between parentheses, as a whole. */
struct group {
	struct scan_expr last;
	size_t n;
	bool no_params; /* it is no list of parameters */
	bool no_value;	/* it is nothing else */
	bool rest;
};

static int
read_group_item(struct scan *s, struct group *g)
{
	struct scan_expr e;
	bool rest = scan_is(s, "...");

	if (rest && scan_next(s) == -1)
		return -1;
	if (scan_assignment(s, true, &e) == -1)
		return -1;
	g->n++;
	g->last = e;
	g->rest = rest;
	if (!is_bindable(&e) || (rest && e.form == FORM_DEFAULT))
		g->no_params = true;
	if (e.no_value)
		g->no_value = true;
	return 0;
}

/* From behind `(` to behind `)`. */
static int
read_group(struct scan *s, struct group *g, bool arguments)
{
	*g = (struct group){0};
	while (!scan_is(s, ")")) {
		if (read_group_item(s, g) == -1)
			return -1;
		if (g->rest && !arguments)
			g->no_value = true;
		if (scan_is(s, ")"))
			break;
		if (scan_expect(s, ",") == -1)
			return -1;
		if (g->rest)
			g->no_params = true;
		if (scan_is(s, ")") && !arguments)
			g->no_value = true;
	}
	if (g->n == 0 && !arguments)
		g->no_value = true;
	return scan_next(s);
}

static int
read_parens(struct scan *s, struct scan_expr *out)
{
	struct group g;

	if (scan_enter(s) == -1 || scan_next(s) == -1 ||
	    read_group(s, &g, false) == -1)
		return -1;
	s->depth--;
	if (scan_is(s, "=>"))
		return g.no_params ? scan_fail(s) : finish_arrow(s, false, out);
	if (g.no_value)
		return scan_fail(s);
	*out = g.n == 1 ? g.last : value;
	out->parens = true;
	out->arrow = false;
	if (out->optional)
		*out = value;
	return 0;
}

/* Behind `async`: a function, an arrow function, or a name after all. */
static int
read_async(struct scan *s, struct scan_expr *out)
{
	struct group g;

	if (scan_is_word(s, "function") && !s->new_line) {
		*out = value;
		return scan_function(s, true);
	}
	*out = (struct scan_expr){.form = FORM_NAME};
	if (scan_is(s, "=>"))
		return finish_arrow(s, false, out);
	if (scan_is_identifier(s) && !s->new_line)
		return scan_next(s) == -1 ? -1 : finish_arrow(s, true, out);
	if (!scan_is(s, "(") || s->new_line)
		return 0;
	if (scan_enter(s) == -1 || scan_next(s) == -1 ||
	    read_group(s, &g, true) == -1)
		return -1;
	s->depth--;
	if (scan_is(s, "=>"))
		return g.no_params ? scan_fail(s) : finish_arrow(s, true, out);
	if (g.no_value)
		return scan_fail(s);
	*out = value;
	return 0;
}

int
scan_arguments(struct scan *s)
{
	struct group g;

	if (scan_enter(s) == -1 || scan_next(s) == -1 ||
	    read_group(s, &g, true) == -1 || g.no_value)
		return scan_fail(s);
	s->depth--;
	return 0;
}

/* --- arrays and objects, which may be patterns */

/* Adds what PART does to the pattern that it is in. */
static void
add_part(struct scan_expr *out, const struct scan_expr *part)
{
	bool target = part->form == FORM_NAME || part->form == FORM_MEMBER ||
		      part->form == FORM_DEFAULT ||
		      (part->form == FORM_PATTERN && !part->parens);

	if (!target || part->no_target || part->optional ||
	    (part->form == FORM_DEFAULT && part->parens))
		out->no_target = true;
	if (!is_bindable(part))
		out->no_binding = true;
	if (part->no_value)
		out->no_value = true;
}

/* `...part`, which in a pattern comes last. */
static int
read_spread(struct scan *s, struct scan_expr *out)
{
	struct scan_expr part;

	if (scan_next(s) == -1 || scan_assignment(s, true, &part) == -1)
		return -1;
	add_part(out, &part);
	if (part.form == FORM_DEFAULT || scan_is(s, ","))
		out->no_target = true;
	return 0;
}

static int
read_array(struct scan *s, struct scan_expr *out)
{
	struct scan_expr part;

	*out = (struct scan_expr){.form = FORM_PATTERN};
	if (scan_enter(s) == -1 || scan_next(s) == -1)
		return -1;
	while (!scan_is(s, "]")) {
		if (scan_is(s, ",")) {
			if (scan_next(s) == -1)
				return -1;
			continue;
		}
		if (scan_is(s, "...")) {
			if (read_spread(s, out) == -1)
				return -1;
		} else {
			if (scan_assignment(s, true, &part) == -1)
				return -1;
			add_part(out, &part);
		}
		if (!scan_is(s, "]") && scan_expect(s, ",") == -1)
			return -1;
	}
	s->depth--;
	return scan_next(s);
}

int
scan_property_name(struct scan *s)
{
	if (scan_is(s, "[")) {
		if (scan_next(s) == -1 || scan_value(s, true) == -1)
			return -1;
		return scan_expect(s, "]");
	}
	if (s->kind != SCAN_NAME && s->kind != SCAN_STRING &&
	    s->kind != SCAN_NUMBER)
		return scan_fail(s);
	return scan_next(s);
}

/* `name` or `name = default`, behind the name. */
static int
read_shorthand(struct scan *s, bool identifier, struct scan_expr *out)
{
	if (!identifier)
		return scan_fail(s);
	if (!scan_is(s, "="))
		return 0;
	out->no_value = true;
	return scan_next(s) == -1 ? -1 : scan_value(s, true);
}

/* A method whose modifiers are read. */
static int
read_method(
    struct scan *s, bool is_async, bool generates, struct scan_expr *out)
{
	out->no_target = true;
	if (scan_property_name(s) == -1)
		return -1;
	return scan_method(s, is_async, generates);
}

static bool
ends_name(const struct scan *s)
{
	return scan_is(s, ":") || scan_is(s, "(") || scan_is(s, ",") ||
	       scan_is(s, "}") || scan_is(s, "=");
}

static int
read_property(struct scan *s, struct scan_expr *out)
{
	bool identifier = scan_is_identifier(s);
	bool is_async = scan_is_word(s, "async"), generates = false;
	bool modifier =
	    is_async || scan_is_word(s, "get") || scan_is_word(s, "set");
	struct scan_expr part;

	if (scan_is(s, "*"))
		return scan_next(s) == -1 ? -1
					  : read_method(s, false, true, out);
	if (scan_property_name(s) == -1)
		return -1;
	if (modifier && !ends_name(s)) {
		if (is_async && scan_is(s, "*")) {
			generates = true;
			if (scan_next(s) == -1)
				return -1;
		}
		return read_method(s, is_async, generates, out);
	}
	if (scan_is(s, "(")) {
		out->no_target = true;
		return scan_method(s, false, false);
	}
	if (!scan_is(s, ":"))
		return read_shorthand(s, identifier, out);
	if (scan_next(s) == -1 || scan_assignment(s, true, &part) == -1)
		return -1;
	add_part(out, &part);
	return 0;
}

static int
read_object(struct scan *s, struct scan_expr *out)
{
	*out = (struct scan_expr){.form = FORM_PATTERN};
	if (scan_enter(s) == -1 || scan_next(s) == -1)
		return -1;
	while (!scan_is(s, "}")) {
		if (scan_is(s, "...") ? read_spread(s, out) == -1
				      : read_property(s, out) == -1)
			return -1;
		if (!scan_is(s, "}") && scan_expect(s, ",") == -1)
			return -1;
	}
	s->depth--;
	return scan_next(s);
}

/* --- words */

static int
read_import(struct scan *s)
{
	if (scan_next(s) == -1)
		return -1;
	if (scan_is(s, ".")) {
		if (scan_next(s) == -1 || !scan_is_word(s, "meta"))
			return scan_fail(s);
		return scan_next(s);
	}
	if (scan_expect(s, "(") == -1 || scan_value(s, true) == -1)
		return -1;
	return scan_expect(s, ")");
}

static int
read_super(struct scan *s)
{
	if (!s->scope.in_function || scan_next(s) == -1)
		return scan_fail(s);
	if (scan_is(s, ".") || scan_is(s, "[") || scan_is(s, "("))
		return 0;
	return scan_fail(s);
}

static bool
is_constant(const struct scan *s)
{
	return scan_is_word(s, "this") || scan_is_word(s, "null") ||
	       scan_is_word(s, "true") || scan_is_word(s, "false");
}

static int
read_word(struct scan *s, struct scan_expr *out)
{
	if (is_constant(s))
		return scan_next(s);
	if (scan_is_word(s, "function"))
		return scan_function(s, false);
	if (scan_is_word(s, "class"))
		return scan_class(s);
	if (scan_is_word(s, "import"))
		return read_import(s);
	if (scan_is_word(s, "super"))
		return read_super(s);
	if (scan_is_word(s, "async"))
		return scan_next(s) == -1 ? -1 : read_async(s, out);
	if (!scan_is_identifier(s))
		return scan_fail(s);
	if (scan_next(s) == -1)
		return -1;
	out->form = FORM_NAME;
	return scan_is(s, "=>") ? finish_arrow(s, false, out) : 0;
}

int
scan_primary(struct scan *s, struct scan_expr *out)
{
	*out = value;
	switch (s->kind) {
	case SCAN_NUMBER:
	case SCAN_STRING:
		return scan_next(s);
	case SCAN_TEMPLATE:
		return scan_template(s, false);
	case SCAN_NAME:
		return read_word(s, out);
	case SCAN_SIGN:
		break;
	default:
		return scan_fail(s);
	}
	if (scan_is(s, "("))
		return read_parens(s, out);
	if (scan_is(s, "["))
		return read_array(s, out);
	if (scan_is(s, "{"))
		return read_object(s, out);
	if (scan_is(s, "<"))
		return scan_element(s);
	if (scan_is(s, "/") || scan_is(s, "/="))
		return scan_regex(s);
	return scan_fail(s);
}
