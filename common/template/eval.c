/* Gives template expressions their values.  What is allowed is a short list;
 * everything else that parses fails with the reason that the reference gives.
 * It refuses to know how a source is parsed, what operators and filters do,
 * and which scopes there are. */
#include "eval.h"

#include "../base/limits.h"
#include "../base/utf.h"
#include "expr.h"
#include "filter.h"
#include "ops.h"

struct run {
	struct ops ops;
	const struct eval *ev;
	const struct scope *scope;
};

static int eval(struct run *r, const struct expr *e, struct js *out);

/* V8's text for a node that is not there. */
static int
fail_node(struct run *r, const char *what)
{
	return fail(r->ops.err, ERR_PROMPT,
	    "Cannot read properties of %s (reading 'type')", what);
}

/* Every map inherits from Object.prototype, so what that holds is found before
 * the outer scopes are. */
static struct js
look_up(const struct run *r, struct str16 name)
{
	const struct scope *s;
	const struct js *found = NULL;
	struct js v;

	for (s = r->scope; s != NULL; s = s->parent) {
		if (s->condition_met != COND_UNSET &&
		    str16_is(name, "conditionMet"))
			return js_bool(s->condition_met == COND_TRUE);
		if (s->vars != NULL)
			found = js_find(s->vars, name);
		if (found != NULL)
			return *found;
		if (ops_inherited(name, &v))
			return v;
	}
	if (r->ev->shared != NULL)
		found = js_find(r->ev->shared, name);
	return found != NULL ? *found : JS_UNDEF;
}

static bool
is_allowed(enum expr_op op)
{
	switch (op) {
	case OP_OR:
	case OP_AND:
	case OP_EQ:
	case OP_NE:
	case OP_LT:
	case OP_GT:
	case OP_LE:
	case OP_GE:
	case OP_ADD:
	case OP_SUB:
	case OP_MUL:
	case OP_DIV:
	case OP_MOD:
		return true;
	default:
		return false;
	}
}

/* The nodes of one kind down the left side of E, outermost first: chains may
 * be long, and are no reason to recurse.  *LEAF is what stands below. */
static const struct expr **
left_spine(
    struct run *r, const struct expr *e, size_t *n, const struct expr **leaf)
{
	const struct expr **spine, *x;

	*n = 0;
	for (x = e; x->kind == e->kind; x = x->left)
		++*n;
	*leaf = x;
	spine = arena_array(r->ops.arena, *n, sizeof(*spine));
	*n = 0;
	for (x = e; x->kind == e->kind; x = x->left)
		spine[(*n)++] = x;
	return spine;
}

/* Applies E's operator to *V, which its left side gave. */
static int
apply(struct run *r, const struct expr *e, struct buf *text, struct js *v)
{
	struct js right;

	if (e->op == OP_AND && !js_truthy(*v))
		return 0;
	if (e->op == OP_OR && js_truthy(*v))
		return 0;
	if (e->op == OP_AND || e->op == OP_OR)
		return eval(r, e->right, v);
	if (eval(r, e->right, &right) != 0)
		return -1;
	if (e->op == OP_ADD)
		return ops_add(&r->ops, text, *v, right, v);
	return ops_binary(&r->ops, e->op, *v, right, v);
}

static int
eval_binary(struct run *r, const struct expr *e, struct js *out)
{
	const struct expr *leaf, **spine;
	struct buf text;
	size_t n, i;
	int rc;

	spine = left_spine(r, e, &n, &leaf);
	for (i = 0; i < n; i++)
		if (!is_allowed(spine[i]->op))
			return fail(r->ops.err, ERR_PROMPT,
			    "Operator \"%s\" is not allowed.",
			    expr_op_text(spine[i]->op));
	ops_text_init(&text);
	rc = eval(r, leaf, out);
	while (rc == 0 && n-- > 0)
		rc = apply(r, spine[n], &text, out);
	if (rc == 0 && out->type == JS_STRING && text.data != NULL &&
	    (const void *)out->string.p == text.data)
		return ops_text_take(&r->ops, &text, &out->string);
	buf_free(&text);
	return rc;
}

static int
eval_member(struct run *r, const struct expr *e, struct js *out)
{
	const struct expr *leaf, **spine;
	struct js key;
	size_t n;

	spine = left_spine(r, e, &n, &leaf);
	if (eval(r, leaf, out) != 0)
		return -1;
	while (n-- > 0) {
		key = js_string(spine[n]->name);
		if (spine[n]->right != NULL &&
		    eval(r, spine[n]->right, &key) != 0)
			return -1;
		if (ops_member(&r->ops, *out, key, out) != 0)
			return -1;
	}
	return 0;
}

static int
eval_unary(struct run *r, const struct expr *e, struct js *out)
{
	struct js v;

	if (eval(r, e->right, &v) != 0)
		return -1;
	if (e->unary == '~')
		return fail(r->ops.err, ERR_PROMPT, "Unsupported operator: ~");
	return ops_unary(&r->ops, e->unary, v, out);
}

static int
eval_call(struct run *r, const struct expr *e, struct js *out)
{
	const struct filter *f;
	struct js *args;
	struct str name;
	size_t i;

	if (e->left->kind != EXPR_IDENTIFIER)
		return fail(r->ops.err, ERR_PROMPT,
		    "Only calls to registered filters are allowed.");
	if ((f = filter_find(e->left->name)) == NULL) {
		name = utf8_from(r->ops.arena, e->left->name);
		return fail(r->ops.err, ERR_PROMPT,
		    "Filter \"%.*s\" is not registered.", (int)name.len,
		    name.p);
	}
	args = arena_array(r->ops.arena, e->n, sizeof(*args));
	for (i = 0; i < e->n; i++)
		if (eval(r, e->items[i], &args[i]) != 0)
			return -1;
	return filter_call(f, &r->ops, args, e->n, out);
}

static int
eval_array(struct run *r, const struct expr *e, struct js *out)
{
	struct js item;
	size_t i;

	*out = js_array(r->ops.arena);
	for (i = 0; i < e->n; i++) {
		if (e->items[i] == NULL)
			return fail_node(r, "null");
		if (eval(r, e->items[i], &item) != 0)
			return -1;
		js_push(r->ops.arena, out->array, item);
	}
	return 0;
}

static int
eval_key(struct run *r, const struct expr_prop *prop, struct str16 *out)
{
	const struct expr *key = prop->key;

	if (key == NULL)
		return fail_node(r, prop->hole ? "null" : "undefined");
	if (key->kind == EXPR_IDENTIFIER) {
		*out = key->name;
		return 0;
	}
	if (key->kind == EXPR_LITERAL)
		return ops_string(&r->ops, key->value, out);
	return fail(r->ops.err, ERR_PROMPT, "Unsupported object key type: %s",
	    expr_kind_name(key->kind));
}

static int
eval_object(struct run *r, const struct expr *e, struct js *out)
{
	struct str16 key;
	struct js v;
	size_t i;

	*out = js_object(r->ops.arena);
	for (i = 0; i < e->n; i++) {
		if (eval_key(r, &e->props[i], &key) != 0 ||
		    eval(r, e->props[i].value, &v) != 0)
			return -1;
		/* Assigning that one sets the prototype. */
		if (!str16_is(key, "__proto__"))
			js_set(r->ops.arena, out->object, key, v);
	}
	return 0;
}

static int
eval(struct run *r, const struct expr *e, struct js *out)
{
	switch (e->kind) {
	case EXPR_LITERAL:
		*out = e->value;
		return 0;
	case EXPR_IDENTIFIER:
		*out = look_up(r, e->name);
		return 0;
	case EXPR_MEMBER:
		return eval_member(r, e, out);
	case EXPR_UNARY:
		return eval_unary(r, e, out);
	case EXPR_BINARY:
		return eval_binary(r, e, out);
	case EXPR_CALL:
		return eval_call(r, e, out);
	case EXPR_ARRAY:
		return eval_array(r, e, out);
	case EXPR_OBJECT:
		return eval_object(r, e, out);
	default:
		return fail(r->ops.err, ERR_PROMPT, "Unsupported node type: %s",
		    expr_kind_name(e->kind));
	}
}

int
eval_source(const struct eval *ev, const struct scope *scope,
    struct str16 source, struct js *out, struct err *err)
{
	struct run r = {.ev = ev,
	    .scope = scope,
	    .ops = {
		.arena = ev->arena, .room = LIMIT_RENDER_BYTES, .err = err}};
	const struct expr *e = expr_parse(ev->arena, source, err);

	*out = JS_UNDEF;
	return e != NULL ? eval(&r, e, out) : -1;
}

static struct str16
json_text(const struct eval *ev, struct js value)
{
	struct str16 text = {NULL, 0};
	struct buf b;

	buf_init(&b, LIMIT_RENDER_BYTES);
	(void)js_stringify(ev->arena, &b, value);
	if (!buf_full(&b))
		text = utf16_from(ev->arena, (struct str){buf_str(&b), b.len});
	buf_free(&b);
	return text;
}

struct str16
eval_text(const struct eval *ev, struct js value)
{
	static const uint16_t nothing[1];
	struct str16 text = {NULL, 0};
	struct err err = {0};
	struct ops ops = {
	    .arena = ev->arena, .room = LIMIT_RENDER_BYTES, .err = &err};

	if (value.type == JS_OBJECT || value.type == JS_DATE)
		return json_text(ev, value);
	if (value.type != JS_ARRAY)
		return js_to_string(ev->arena, value);
	if (ops_join(&ops, value.array, (struct str16){nothing, 0}, &text) != 0)
		text = (struct str16){NULL, 0};
	err_free(&err);
	return text;
}
