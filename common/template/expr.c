/* Reads the small part of JavaScript that templates may use, exactly as jsep
 * does: what jsep accepts by accident is accepted, what it rejects fails.  It
 * refuses to know what an expression means, which operators are allowed and
 * why a text was rejected. */
#include "expr.h"

#include "../base/limits.h"
#include "../base/utf.h"

#include <string.h>

static const char *const kind_names[] = {
    [EXPR_LITERAL] = "Literal",
    [EXPR_IDENTIFIER] = "Identifier",
    [EXPR_MEMBER] = "MemberExpression",
    [EXPR_UNARY] = "UnaryExpression",
    [EXPR_BINARY] = "BinaryExpression",
    [EXPR_CALL] = "CallExpression",
    [EXPR_ARRAY] = "ArrayExpression",
    [EXPR_OBJECT] = "ObjectExpression",
    [EXPR_COMPOUND] = "Compound",
    [EXPR_SEQUENCE] = "SequenceExpression",
    [EXPR_CONDITIONAL] = "ConditionalExpression",
    [EXPR_THIS] = "ThisExpression",
};
_Static_assert(ARRAY_LEN(kind_names) == EXPR__MAX, "a name for every kind");

static const struct {
	const char *text;
	unsigned precedence;
} operators[] = {
    [OP_OR] = {"||", 1},
    [OP_NULLISH] = {"??", 1},
    [OP_AND] = {"&&", 2},
    [OP_BIT_OR] = {"|", 3},
    [OP_BIT_XOR] = {"^", 4},
    [OP_BIT_AND] = {"&", 5},
    [OP_EQ] = {"==", 6},
    [OP_NE] = {"!=", 6},
    [OP_STRICT_EQ] = {"===", 6},
    [OP_STRICT_NE] = {"!==", 6},
    [OP_LT] = {"<", 7},
    [OP_GT] = {">", 7},
    [OP_LE] = {"<=", 7},
    [OP_GE] = {">=", 7},
    [OP_SHL] = {"<<", 8},
    [OP_SHR] = {">>", 8},
    [OP_USHR] = {">>>", 8},
    [OP_ADD] = {"+", 9},
    [OP_SUB] = {"-", 9},
    [OP_MUL] = {"*", 10},
    [OP_DIV] = {"/", 10},
    [OP_MOD] = {"%", 10},
    [OP_POW] = {"**", 11},
};
_Static_assert(ARRAY_LEN(operators) == OP__MAX, "a row for every operator");

/* What stands behind the end; no UTF-16 unit. */
#define END UINT32_MAX

struct parser {
	struct arena *arena;
	const uint16_t *p;
	size_t n, i;
	unsigned depth;
	bool failed;
};

struct list {
	const struct expr **items;
	size_t n, cap;
};

static const struct expr *parse_expression(struct parser *p);
static const struct expr *parse_token(struct parser *p);

const char *
expr_kind_name(enum expr_kind kind)
{
	return kind_names[kind];
}

const char *
expr_op_text(enum expr_op op)
{
	return operators[op].text;
}

/* After a failure there is nothing left to read, which ends every loop. */
static struct expr *
stop(struct parser *p)
{
	p->failed = true;
	p->i = p->n;
	return NULL;
}

static uint32_t
unit(const struct parser *p, size_t ahead)
{
	return ahead < p->n - p->i ? p->p[p->i + ahead] : END;
}

static void
skip_space(struct parser *p)
{
	uint32_t c;

	while ((c = unit(p, 0)) == ' ' || c == '\t' || c == '\n' || c == '\r')
		p->i++;
}

static bool
is_digit(uint32_t c)
{
	return c >= '0' && c <= '9';
}

static bool
is_name_start(uint32_t c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '$' ||
	       c == '_' || (c >= 128 && c != END);
}

static struct expr *
new_node(struct parser *p, enum expr_kind kind, const struct expr *left)
{
	struct expr *e = arena_zalloc(p->arena, sizeof(*e));

	e->kind = kind;
	e->left = left;
	return e;
}

static struct expr *
new_literal(struct parser *p, struct js value)
{
	struct expr *e = new_node(p, EXPR_LITERAL, NULL);

	e->value = value;
	return e;
}

static void
list_add(struct parser *p, struct list *list, const struct expr *e)
{
	if (list->n == list->cap) {
		list->cap = list->cap != 0 ? list->cap * 2 : 4;
		list->items = arena_grow(p->arena, list->items, list->n,
		    list->cap, sizeof(*list->items));
	}
	list->items[list->n++] = e;
}

static const struct expr *
parse_number(struct parser *p)
{
	size_t start = p->i;
	struct str16 text;
	uint32_t c;

	while (is_digit(unit(p, 0)))
		p->i++;
	if (unit(p, 0) == '.')
		p->i++;
	while (is_digit(unit(p, 0)))
		p->i++;
	if ((c = unit(p, 0)) == 'e' || c == 'E') {
		p->i++;
		if ((c = unit(p, 0)) == '+' || c == '-')
			p->i++;
		while (is_digit(unit(p, 0)))
			p->i++;
		if (!is_digit(p->p[p->i - 1]))
			return stop(p);
	}
	text = (struct str16){p->p + start, p->i - start};
	c = unit(p, 0);
	if (is_name_start(c) || c == '.' || str16_is(text, "."))
		return stop(p);
	/* parseFloat and ToNumber agree on all that got here. */
	return new_literal(
	    p, js_number(js_to_number(p->arena, js_string(text))));
}

static uint16_t
unescape(uint16_t c)
{
	static const char escapes[] = "nrtbfv", meanings[] = "\n\r\t\b\f\v";
	const char *found;

	found = c < 128 ? memchr(escapes, c, sizeof(escapes) - 1) : NULL;
	return found != NULL ? (unsigned char)meanings[found - escapes] : c;
}

/* The length, in the source, of what stands between two quotes; p->n when the
 * second one is missing. */
static size_t
quoted_length(const struct parser *p, uint16_t quote, bool *escapes)
{
	size_t i;

	for (i = p->i; i < p->n && p->p[i] != quote; i++) {
		if (p->p[i] != '\\')
			continue;
		*escapes = true;
		if (++i == p->n)
			break;
	}
	return i < p->n ? i - p->i : p->n;
}

static const struct expr *
parse_string(struct parser *p)
{
	uint16_t quote = p->p[p->i++];
	bool escapes = false;
	size_t len = quoted_length(p, quote, &escapes), n = 0, i;
	const uint16_t *from = p->p + p->i;
	uint16_t *to;

	if (len == p->n)
		return stop(p);
	p->i += len + 1;
	if (!escapes)
		return new_literal(p, js_string((struct str16){from, len}));
	to = arena_array(p->arena, len, sizeof(*to));
	for (i = 0; i < len; i++)
		to[n++] = from[i] == '\\' ? unescape(from[++i]) : from[i];
	return new_literal(p, js_string((struct str16){to, n}));
}

static struct expr *
parse_name(struct parser *p)
{
	struct expr *e;
	size_t start = p->i;

	if (!is_name_start(unit(p, 0)))
		return stop(p);
	while (is_name_start(unit(p, 0)) || is_digit(unit(p, 0)))
		p->i++;
	e = new_node(p, EXPR_IDENTIFIER, NULL);
	e->name = (struct str16){p->p + start, p->i - start};
	return e;
}

static const struct expr *
parse_identifier(struct parser *p)
{
	struct expr *e = parse_name(p);

	if (str16_is(e->name, "true"))
		return new_literal(p, js_bool(true));
	if (str16_is(e->name, "false"))
		return new_literal(p, js_bool(false));
	if (str16_is(e->name, "null"))
		return new_literal(p, js_null());
	if (str16_is(e->name, "this"))
		return new_node(p, EXPR_THIS, NULL);
	return e;
}

/* Expressions that stand side by side, with commas, semicolons or nothing
 * between them, up to the end or to UNTIL, which is left to the caller. */
static void
parse_sequence(struct parser *p, uint32_t until, struct list *list)
{
	const struct expr *e;
	uint32_t c;

	while (p->i < p->n) {
		c = unit(p, 0);
		if (c == ';' || c == ',') {
			p->i++;
			continue;
		}
		if ((e = parse_expression(p)) != NULL) {
			list_add(p, list, e);
			continue;
		}
		/* C was read before any space was skipped: `( )` fails. */
		if (c == until)
			return;
		if (p->i < p->n)
			stop(p);
	}
}

/* `()` is nothing, not even an error. */
static const struct expr *
parse_group(struct parser *p)
{
	struct list list = {0};

	p->i++;
	parse_sequence(p, ')', &list);
	if (unit(p, 0) != ')')
		return stop(p);
	p->i++;
	if (list.n > 1)
		return new_node(p, EXPR_SEQUENCE, NULL);
	return list.n == 1 ? list.items[0] : NULL;
}

/* One comma of a list; SEPARATORS counts it already. */
static void
add_holes(struct parser *p, uint32_t end, size_t separators, struct list *list)
{
	if (separators != list->n && end == ')')
		stop(p);
	while (list->n < separators)
		list_add(p, list, NULL);
}

/* Arguments or elements up to END.  As long as there was no comma they need
 * none; in brackets holes and a last comma are allowed. */
static const struct expr *
parse_list(struct parser *p, uint32_t end, struct expr *into)
{
	struct list list = {0};
	size_t separators = 0;
	const struct expr *e;
	uint32_t c;

	p->i++;
	for (;;) {
		skip_space(p);
		c = unit(p, 0);
		if (c == end)
			break;
		if (c == ',') {
			p->i++;
			add_holes(p, end, ++separators, &list);
			continue;
		}
		if ((separators != 0 && list.n != separators) ||
		    (e = parse_expression(p)) == NULL)
			return stop(p);
		list_add(p, &list, e);
	}
	if (end == ')' && separators != 0 && separators >= list.n)
		return stop(p);
	p->i++;
	into->items = list.items;
	into->n = list.n;
	return into;
}

static const struct expr *
parse_computed(struct parser *p, const struct expr *object)
{
	struct expr *e = new_node(p, EXPR_MEMBER, object);

	p->i++;
	e->right = parse_expression(p);
	if (e->right == NULL || unit(p, 0) != ']')
		return stop(p);
	p->i++;
	return e;
}

static const struct expr *
parse_property(struct parser *p, const struct expr *object, bool optional)
{
	struct expr *e;

	p->i += optional ? 0 : 1; /* the dot */
	skip_space(p);
	if ((e = parse_name(p)) == NULL)
		return NULL;
	e->kind = EXPR_MEMBER;
	e->left = object;
	return e;
}

/* The members and calls behind an expression.  What `?.` adds is lost. */
static const struct expr *
parse_postfix(struct parser *p, const struct expr *e)
{
	bool optional;

	while (e != NULL) {
		skip_space(p);
		optional = unit(p, 0) == '?' && unit(p, 1) == '.';
		p->i += optional ? 2 : 0;
		skip_space(p);
		if (unit(p, 0) == '[')
			e = parse_computed(p, e);
		else if (unit(p, 0) == '(')
			e = parse_list(p, ')', new_node(p, EXPR_CALL, e));
		else if (!optional && unit(p, 0) != '.')
			break;
		else
			e = parse_property(p, e, optional);
	}
	return e;
}

static const struct expr *
parse_unary(struct parser *p)
{
	struct expr *e = new_node(p, EXPR_UNARY, NULL);

	if (++p->depth > LIMIT_EXPR_DEPTH)
		return stop(p);
	e->unary = (char)p->p[p->i++];
	e->right = parse_token(p);
	p->depth--;
	return e->right != NULL ? e : stop(p);
}

/* What stands behind KEY in an object.  Anything but a property is kept too:
 * it is an error only when it is evaluated. */
static void
parse_value(struct parser *p, const struct expr *key, struct expr_prop *prop)
{
	uint32_t c = unit(p, 0);

	*prop = (struct expr_prop){0};
	if (key->kind == EXPR_IDENTIFIER && (c == ',' || c == '}')) {
		prop->key = prop->value = key;
		return;
	}
	if (c != ':')
		return;
	p->i++;
	prop->key = key;
	if (key->kind == EXPR_ARRAY) {
		prop->key = key->n != 0 ? key->items[0] : NULL;
		prop->hole = key->n != 0 && prop->key == NULL;
	}
	if ((prop->value = parse_expression(p)) == NULL)
		stop(p);
}

static const struct expr *
parse_object(struct parser *p)
{
	struct expr *e = new_node(p, EXPR_OBJECT, NULL);
	struct expr_prop *props = NULL;
	const struct expr *key;
	size_t cap = 0;

	p->i++;
	for (;;) {
		skip_space(p);
		if (unit(p, 0) == '}')
			break;
		if ((key = parse_expression(p)) == NULL)
			return stop(p);
		if (e->n == cap) {
			cap = cap != 0 ? cap * 2 : 4;
			props = arena_grow(
			    p->arena, props, e->n, cap, sizeof(*props));
		}
		parse_value(p, key, &props[e->n++]);
		if (unit(p, 0) == ',')
			p->i++;
	}
	p->i++;
	e->props = props;
	return parse_postfix(p, e);
}

/* One operand; NULL when none begins here. */
static const struct expr *
parse_token(struct parser *p)
{
	uint32_t c;

	skip_space(p);
	c = unit(p, 0);
	if (c == '{')
		return parse_object(p);
	if (is_digit(c) || c == '.')
		return parse_number(p);
	if (c == '-' || c == '!' || c == '~' || c == '+')
		return parse_unary(p);
	if (c == '"' || c == '\'')
		return parse_postfix(p, parse_string(p));
	if (c == '[')
		return parse_postfix(
		    p, parse_list(p, ']', new_node(p, EXPR_ARRAY, NULL)));
	if (c == '(')
		return parse_postfix(p, parse_group(p));
	if (is_name_start(c))
		return parse_postfix(p, parse_identifier(p));
	return NULL;
}

/* The longest operator that begins here; *LEN is 0 when none does. */
static enum expr_op
peek_operator(const struct parser *p, size_t *len)
{
	enum expr_op op, best = OP__MAX;
	const char *text;
	size_t n;

	*len = 0;
	for (op = 0; op < OP__MAX; op++) {
		text = operators[op].text;
		for (n = 0; text[n] != '\0'; n++)
			if (unit(p, n) != (unsigned char)text[n])
				break;
		if (text[n] != '\0' || n <= *len)
			continue;
		best = op;
		*len = n;
	}
	return best;
}

/* Operands and the operators between them that bind at least as tightly as
 * PRECEDENCE. */
static const struct expr *
parse_binary(struct parser *p, unsigned precedence)
{
	const struct expr *left = parse_token(p);
	struct expr *e;
	enum expr_op op;
	unsigned next;
	size_t len;

	while (left != NULL) {
		skip_space(p);
		op = peek_operator(p, &len);
		if (len == 0 || operators[op].precedence < precedence)
			break;
		p->i += len;
		next = operators[op].precedence + (op != OP_POW);
		/* Only ** groups to the right, and so nests without end. */
		if (op == OP_POW && ++p->depth > LIMIT_EXPR_DEPTH)
			return stop(p);
		e = new_node(p, EXPR_BINARY, left);
		e->op = op;
		e->right = parse_binary(p, next);
		p->depth -= op == OP_POW;
		left = e->right != NULL ? e : stop(p);
	}
	return left;
}

static const struct expr *
parse_conditional(struct parser *p)
{
	p->i++;
	if (parse_expression(p) == NULL || unit(p, 0) != ':')
		return stop(p);
	p->i++;
	if (parse_expression(p) == NULL)
		return stop(p);
	return new_node(p, EXPR_CONDITIONAL, NULL);
}

/* NULL when none begins here; spaces are skipped either way. */
static const struct expr *
parse_expression(struct parser *p)
{
	const struct expr *e;

	if (++p->depth > LIMIT_EXPR_DEPTH)
		return stop(p);
	e = parse_binary(p, 0);
	skip_space(p);
	if (e != NULL && unit(p, 0) == '?')
		e = parse_conditional(p);
	p->depth--;
	return e;
}

static void
fail_parse(struct str16 source, struct err *err)
{
	struct buf b;

	buf_init(&b, LIMIT_BODY_BYTES_MAX);
	buf_adds(&b, "Failed to parse expression: \"");
	utf8_add16(&b, source);
	buf_adds(&b, "\"");
	fail_text(err, ERR_PROMPT, (struct str){buf_str(&b), b.len});
	buf_free(&b);
}

const struct expr *
expr_parse(struct arena *a, struct str16 source, struct err *err)
{
	struct str16 text = str16_trim(source);
	struct parser p = {.arena = a, .p = text.p, .n = text.len};
	struct list list = {0};

	parse_sequence(&p, END, &list);
	if (p.failed) {
		fail_parse(text, err);
		return NULL;
	}
	return list.n == 1 ? list.items[0] : new_node(&p, EXPR_COMPOUND, NULL);
}
