/* Statements, which only the bodies of functions have. */
#include "mdx_js.h"

int
scan_end_statement(struct scan *s)
{
	if (scan_is(s, ";"))
		return scan_next(s);
	if (s->new_line || scan_is(s, "}") || s->kind == SCAN_END)
		return 0;
	return scan_fail(s);
}

int
scan_block(struct scan *s)
{
	if (scan_enter(s) == -1 || scan_expect(s, "{") == -1)
		return -1;
	while (!scan_is(s, "}"))
		if (scan_statement(s) == -1)
			return -1;
	s->depth--;
	return scan_next(s);
}

static bool
is_declaration(const struct scan *s)
{
	return scan_is_word(s, "var") || scan_is_word(s, "let") ||
	       scan_is_word(s, "const");
}

/* `const` and patterns need values, except in the head of a loop. */
static int
read_declarations(struct scan *s, bool with_in, size_t *n, bool *bare)
{
	bool constant = scan_is_word(s, "const"), needs;

	*bare = false;
	for (*n = 0; *n == 0 || scan_is(s, ","); ++*n) {
		if (scan_next(s) == -1)
			return -1;
		needs = constant || !scan_is_identifier(s);
		if (scan_binding_target(s) == -1)
			return -1;
		if (!scan_is(s, "=")) {
			*bare = *bare || needs;
			continue;
		}
		if (scan_next(s) == -1 || scan_value(s, with_in) == -1)
			return -1;
	}
	return 0;
}

static int
read_declaration(struct scan *s)
{
	size_t n;
	bool bare;

	if (read_declarations(s, true, &n, &bare) == -1 || bare)
		return scan_fail(s);
	return scan_end_statement(s);
}

static int
read_test(struct scan *s)
{
	if (scan_expect(s, "(") == -1 || scan_expression(s, true) == -1)
		return -1;
	return scan_expect(s, ")");
}

/* A statement that depends on another: no declaration. */
static int
read_dependent(struct scan *s)
{
	if (scan_is_word(s, "let") || scan_is_word(s, "const") ||
	    scan_is_word(s, "class") || scan_is_word(s, "function"))
		return scan_fail(s);
	return scan_statement(s);
}

static int
read_loop_body(struct scan *s)
{
	struct scan_scope outer = s->scope;
	int rc;

	s->scope.in_loop = true;
	rc = read_dependent(s);
	s->scope = outer;
	return rc;
}

static int
read_if(struct scan *s)
{
	if (scan_next(s) == -1 || read_test(s) == -1 || read_dependent(s) == -1)
		return -1;
	if (!scan_is_word(s, "else"))
		return 0;
	return scan_next(s) == -1 ? -1 : read_dependent(s);
}

static int
read_while(struct scan *s)
{
	if (scan_next(s) == -1 || read_test(s) == -1)
		return -1;
	return read_loop_body(s);
}

static int
read_do(struct scan *s)
{
	if (scan_next(s) == -1 || read_loop_body(s) == -1 ||
	    !scan_is_word(s, "while") || scan_next(s) == -1 ||
	    read_test(s) == -1)
		return scan_fail(s);
	return scan_is(s, ";") ? scan_next(s) : 0;
}

/* What a loop runs over, behind `of` or `in`. */
static int
read_each(struct scan *s)
{
	bool of = scan_is_word(s, "of");

	if (scan_next(s) == -1)
		return -1;
	if (of ? scan_value(s, true) == -1 : scan_expression(s, true) == -1)
		return -1;
	return scan_expect(s, ")");
}

static int
read_three(struct scan *s)
{
	if (scan_expect(s, ";") == -1)
		return -1;
	if (!scan_is(s, ";") && scan_expression(s, true) == -1)
		return -1;
	if (scan_expect(s, ";") == -1)
		return -1;
	if (!scan_is(s, ")") && scan_expression(s, true) == -1)
		return -1;
	return scan_expect(s, ")");
}

static bool
is_each(const struct scan *s)
{
	return scan_is_word(s, "of") || scan_is_word(s, "in");
}

static int
read_for_head(struct scan *s)
{
	struct scan_expr e;
	size_t n;
	bool bare;

	if (scan_is(s, ";"))
		return read_three(s);
	if (is_declaration(s)) {
		if (read_declarations(s, false, &n, &bare) == -1)
			return -1;
		if (is_each(s) && n == 1)
			return read_each(s);
		return bare ? scan_fail(s) : read_three(s);
	}
	if (scan_assignment(s, false, &e) == -1)
		return -1;
	if (is_each(s))
		return e.form == FORM_VALUE || e.form == FORM_DEFAULT ||
			       e.no_target || e.optional
			   ? scan_fail(s)
			   : read_each(s);
	if (e.no_value)
		return scan_fail(s);
	while (scan_is(s, ","))
		if (scan_next(s) == -1 || scan_value(s, false) == -1)
			return -1;
	return read_three(s);
}

static int
read_for(struct scan *s)
{
	if (scan_next(s) == -1)
		return -1;
	if (scan_is_word(s, "await") &&
	    (s->scope.in_async || !s->scope.in_function) && scan_next(s) == -1)
		return -1;
	if (scan_expect(s, "(") == -1 || read_for_head(s) == -1)
		return -1;
	return read_loop_body(s);
}

static int
read_try(struct scan *s)
{
	bool handled = false;

	if (scan_next(s) == -1 || scan_block(s) == -1)
		return -1;
	if (scan_is_word(s, "catch")) {
		handled = true;
		if (scan_next(s) == -1)
			return -1;
		if (scan_is(s, "(") &&
		    (scan_next(s) == -1 || scan_binding_target(s) == -1 ||
			scan_expect(s, ")") == -1))
			return -1;
		if (scan_block(s) == -1)
			return -1;
	}
	if (!scan_is_word(s, "finally"))
		return handled ? 0 : scan_fail(s);
	return scan_next(s) == -1 ? -1 : scan_block(s);
}

static int
read_case(struct scan *s)
{
	bool is_default = scan_is_word(s, "default");

	if (!is_default && !scan_is_word(s, "case"))
		return scan_fail(s);
	if (scan_next(s) == -1 ||
	    (!is_default && scan_expression(s, true) == -1) ||
	    scan_expect(s, ":") == -1)
		return -1;
	while (!scan_is(s, "}") && !scan_is_word(s, "case") &&
	       !scan_is_word(s, "default"))
		if (scan_statement(s) == -1)
			return -1;
	return 0;
}

static int
read_switch(struct scan *s)
{
	struct scan_scope outer = s->scope;

	if (scan_next(s) == -1 || read_test(s) == -1 ||
	    scan_expect(s, "{") == -1)
		return -1;
	s->scope.in_switch = true;
	while (!scan_is(s, "}"))
		if (read_case(s) == -1)
			return -1;
	s->scope = outer;
	return scan_next(s);
}

/* `return` and `throw`; the latter needs a value on its line. */
static int
read_return(struct scan *s)
{
	bool throws = scan_is_word(s, "throw");

	if (!throws && !s->scope.in_function)
		return scan_fail(s);
	if (scan_next(s) == -1)
		return -1;
	if (s->new_line || scan_is(s, ";") || scan_is(s, "}"))
		return throws ? scan_fail(s) : scan_end_statement(s);
	if (scan_expression(s, true) == -1)
		return -1;
	return scan_end_statement(s);
}

/* `break` and `continue`; labels are not looked up. */
static int
read_jump(struct scan *s)
{
	bool allowed = s->scope.in_loop ||
		       (s->scope.in_switch && scan_is_word(s, "break"));

	if (scan_next(s) == -1)
		return -1;
	if (scan_is_identifier(s) && !s->new_line)
		return scan_next(s) == -1 ? -1 : scan_end_statement(s);
	return allowed ? scan_end_statement(s) : scan_fail(s);
}

/* An expression, or a label before a statement. */
static int
read_expression(struct scan *s)
{
	bool name = scan_is_identifier(s);
	size_t start = s->start, end = s->end;
	struct scan saved = *s;

	if (name) {
		if (scan_next(s) == -1)
			return -1;
		if (scan_is(s, ":"))
			return scan_next(s) == -1 ? -1 : read_dependent(s);
		*s = saved;
		s->start = start;
		s->end = end;
	}
	if (scan_expression(s, true) == -1)
		return -1;
	return scan_end_statement(s);
}

typedef int statement_fn(struct scan *s);

static int
read_debugger(struct scan *s)
{
	return scan_next(s) == -1 ? -1 : scan_end_statement(s);
}

static int
read_function(struct scan *s)
{
	return scan_function(s, false);
}

static int
read_statement(struct scan *s)
{
	static const struct {
		const char *word;
		statement_fn *read;
	} table[] = {{"if", read_if}, {"for", read_for}, {"while", read_while},
	    {"do", read_do}, {"return", read_return}, {"throw", read_return},
	    {"break", read_jump}, {"continue", read_jump}, {"try", read_try},
	    {"switch", read_switch}, {"var", read_declaration},
	    {"let", read_declaration}, {"const", read_declaration},
	    {"function", read_function}, {"class", scan_class},
	    {"debugger", read_debugger}};
	size_t k;

	for (k = 0; s->kind == SCAN_NAME && k < ARRAY_LEN(table); k++)
		if (scan_is_word(s, table[k].word))
			return table[k].read(s);
	if (scan_is(s, "{"))
		return scan_block(s);
	if (scan_is(s, ";"))
		return scan_next(s);
	return read_expression(s);
}

int
scan_statement(struct scan *s)
{
	if (scan_enter(s) == -1 || read_statement(s) == -1)
		return -1;
	s->depth--;
	return 0;
}
