/* Functions and classes, and the statements in them. */
#include "mdx_js.h"

/* --- bindings */

static int
read_array_binding(struct scan *s)
{
	bool rest;

	while (!scan_is(s, "]")) {
		if (scan_is(s, ",")) {
			if (scan_next(s) == -1)
				return -1;
			continue;
		}
		rest = scan_is(s, "...");
		if (rest && scan_next(s) == -1)
			return -1;
		if (scan_binding(s) == -1)
			return -1;
		if (scan_is(s, "]"))
			break;
		if (rest || scan_expect(s, ",") == -1)
			return scan_fail(s);
	}
	return scan_next(s);
}

static int
read_object_binding(struct scan *s)
{
	bool rest, identifier;

	while (!scan_is(s, "}")) {
		rest = scan_is(s, "...");
		if (rest && scan_next(s) == -1)
			return -1;
		identifier = scan_is_identifier(s);
		if (scan_property_name(s) == -1)
			return -1;
		if (scan_is(s, ":") && !rest) {
			if (scan_next(s) == -1 || scan_binding(s) == -1)
				return -1;
		} else if (!identifier) {
			return scan_fail(s);
		} else if (scan_is(s, "=")) {
			if (scan_next(s) == -1 || scan_value(s, true) == -1)
				return -1;
		}
		if (scan_is(s, "}"))
			break;
		if (rest || scan_expect(s, ",") == -1)
			return scan_fail(s);
	}
	return scan_next(s);
}

/* A name or a pattern, without a default. */
int
scan_binding_target(struct scan *s)
{
	int rc;

	if (scan_is_identifier(s))
		return scan_next(s);
	if (!scan_is(s, "[") && !scan_is(s, "{"))
		return scan_fail(s);
	if (scan_enter(s) == -1)
		return -1;
	if (scan_is(s, "["))
		rc = scan_next(s) == -1 ? -1 : read_array_binding(s);
	else
		rc = scan_next(s) == -1 ? -1 : read_object_binding(s);
	s->depth--;
	return rc;
}

int
scan_binding(struct scan *s)
{
	if (scan_binding_target(s) == -1)
		return -1;
	if (!scan_is(s, "="))
		return 0;
	return scan_next(s) == -1 ? -1 : scan_value(s, true);
}

/* --- functions */

int
scan_body(struct scan *s, struct scan_scope scope)
{
	struct scan_scope outer = s->scope;
	int rc;

	s->scope = scope;
	rc = scan_block(s);
	s->scope = outer;
	return rc;
}

/* `(parameters)`. */
static int
read_params(struct scan *s)
{
	bool rest;

	if (scan_expect(s, "(") == -1)
		return -1;
	while (!scan_is(s, ")")) {
		rest = scan_is(s, "...");
		if (rest && scan_next(s) == -1)
			return -1;
		if (rest ? scan_binding_target(s) == -1 : scan_binding(s) == -1)
			return -1;
		if (scan_is(s, ")"))
			break;
		if (rest || scan_expect(s, ",") == -1)
			return scan_fail(s);
	}
	return scan_next(s);
}

/* Parameters and body. */
int
scan_method(struct scan *s, bool is_async, bool is_generator)
{
	struct scan_scope outer = s->scope;
	struct scan_scope inner = {.in_function = true,
	    .in_async = is_async,
	    .in_generator = is_generator};
	int rc;

	if (scan_enter(s) == -1)
		return -1;
	s->scope = inner;
	rc = read_params(s);
	if (rc == 0)
		rc = scan_block(s);
	s->scope = outer;
	s->depth--;
	return rc;
}

/* At the word `function`. */
int
scan_function(struct scan *s, bool is_async)
{
	bool is_generator;

	if (scan_next(s) == -1)
		return -1;
	is_generator = scan_is(s, "*");
	if (is_generator && scan_next(s) == -1)
		return -1;
	if (scan_is_identifier(s) && scan_next(s) == -1)
		return -1;
	return scan_method(s, is_async, is_generator);
}

/* --- classes */

static bool
ends_name(const struct scan *s)
{
	return scan_is(s, "(") || scan_is(s, "=") || scan_is(s, ";") ||
	       scan_is(s, "}");
}

static int
read_member_name(struct scan *s)
{
	return s->kind == SCAN_PRIVATE ? scan_next(s) : scan_property_name(s);
}

/* Behind the name: a method, or a field. */
static int
read_member_rest(struct scan *s, bool is_async, bool is_generator)
{
	struct scan_scope outer = s->scope;
	int rc = 0;

	if (scan_is(s, "("))
		return scan_method(s, is_async, is_generator);
	if (is_async || is_generator)
		return scan_fail(s);
	if (scan_is(s, "=")) {
		s->scope = (struct scan_scope){.in_function = true};
		rc = scan_next(s) == -1 ? -1 : scan_value(s, true);
		s->scope = outer;
	}
	return rc == -1 ? -1 : scan_end_statement(s);
}

/* A word that may be a modifier, or the name of what it seems to modify:
 * 1 when the name was read. */
static int
read_modifier(struct scan *s, bool *found)
{
	*found = false;
	if (scan_next(s) == -1)
		return -1;
	if (ends_name(s))
		return 1;
	*found = true;
	return 0;
}

static int
read_class_member(struct scan *s)
{
	bool is_static = false, is_async = false, accessor = false;
	bool is_generator = false;
	int named = 0;

	if (scan_is_word(s, "static"))
		named = read_modifier(s, &is_static);
	if (is_static && scan_is(s, "{"))
		return scan_body(s, (struct scan_scope){.in_function = true});
	if (named == 0 && scan_is_word(s, "async"))
		named = read_modifier(s, &is_async);
	if (named == 0 && scan_is(s, "*")) {
		is_generator = true;
		if (scan_next(s) == -1)
			return -1;
	}
	if (named == 0 && !is_async && !is_generator &&
	    (scan_is_word(s, "get") || scan_is_word(s, "set")))
		named = read_modifier(s, &accessor);
	if (named == -1 || (named == 0 && read_member_name(s) == -1))
		return -1;
	if (accessor && !scan_is(s, "("))
		return scan_fail(s);
	return read_member_rest(s, is_async, is_generator);
}

/* At the word `class`. */
int
scan_class(struct scan *s)
{
	struct scan_expr e;

	if (scan_enter(s) == -1 || scan_next(s) == -1)
		return -1;
	if (scan_is_identifier(s) && scan_next(s) == -1)
		return -1;
	if (scan_is_word(s, "extends")) {
		if (scan_next(s) == -1 || scan_left_hand(s, &e) == -1 ||
		    e.arrow || e.no_value)
			return scan_fail(s);
	}
	if (scan_expect(s, "{") == -1)
		return -1;
	while (!scan_is(s, "}")) {
		if (scan_is(s, ";")) {
			if (scan_next(s) == -1)
				return -1;
		} else if (read_class_member(s) == -1) {
			return -1;
		}
	}
	s->depth--;
	return scan_next(s);
}
