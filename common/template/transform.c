/* The walk over a tree.  It owes its shape to the reference, whose functions
 * are asynchronous: each step here is a promise that settles in the same job as
 * there, because attachments and messages are collected while it goes on.  It
 * refuses to know what a tag does and how a tree is printed. */
#include "transform.h"

#include "tags.h"
#include "../base/limits.h"
#include "../base/utf.h"

#include <string.h>

/* --- results and faults */

struct nodes *
nodes_of(struct render *r, struct node *node)
{
	struct nodes *nodes = arena_zalloc(r->work, sizeof(*nodes));

	if (node == NULL)
		return nodes;
	nodes->items = arena_dup(r->work, &node, sizeof(struct node *));
	nodes->n = 1;
	return nodes;
}

struct node *
node_text(struct render *r, struct str16 text)
{
	struct node *node = arena_zalloc(r->work, sizeof(*node));

	node->kind = NODE_TEXT;
	node->type = utf16_lit(r->work, "text");
	node->value = js_string(text);
	return node;
}

struct fault *
fault_new(struct render *r, const char *text)
{
	struct fault *fault = arena_zalloc(r->work, sizeof(*fault));

	fault->code = ERR_PROMPT;
	fault->text.p = arena_strdup(r->work, text);
	fault->text.len = strlen(text);
	return fault;
}

struct fault *
fault_from(struct render *r, struct err *err)
{
	struct fault *fault = fault_new(r, err->msg != NULL ? err->msg : "");

	fault->code = err->code;
	err_free(err);
	return fault;
}

int
render_spend(struct render *r, size_t bytes, struct err *err)
{
	if (bytes > LIMIT_RENDER_BYTES - r->used)
		return fail(err, ERR_PROMPT,
		    "the prompt renders to more than %u bytes",
		    LIMIT_RENDER_BYTES);
	r->used += bytes;
	return 0;
}

/* eval_text() gives no text when it would be too long. */
static int
spend_text(struct render *r, struct str16 text, struct err *err)
{
	size_t bytes = text.len * sizeof(*text.p);

	return render_spend(
	    r, text.p != NULL ? bytes : (size_t)LIMIT_RENDER_BYTES + 1, err);
}

struct site
site_inside(struct render *r, struct site site)
{
	struct scope *scope = arena_zalloc(r->work, sizeof(*scope));

	scope->parent = site.scope;
	return (struct site){scope, site.depth};
}

/* --- expressions */

static int
evaluate(struct render *r, struct site site, struct str16 source,
    struct js *out, struct err *err)
{
	struct err reason = {0};
	struct str text;

	if (eval_source(&r->eval, site.scope, source, out, &reason) == 0)
		return 0;
	text = utf8_from(r->arena, source);
	err_prefix(&reason, "Error evaluating expression \"%.*s\"",
	    (int)(text.len < LIMIT_ERR_BYTES ? text.len : LIMIT_ERR_BYTES),
	    text.p);
	err_move(err, &reason);
	return -1;
}

static struct promise *
transform_expression(struct render *r, struct node *node, struct site site)
{
	struct str16 source = {0}, text;
	struct fault *fault;
	struct err err = {0};
	struct js value;

	if (node->value.type == JS_STRING)
		source = node->value.string;
	if (evaluate(r, site, source, &value, &err) == 0) {
		text = eval_text(&r->eval, value);
		if (spend_text(r, text, &err) == 0)
			return promise_of(
			    &r->queue, nodes_of(r, node_text(r, text)));
	}
	fault = fault_from(r, &err);
	fault->has_position = node->has_position;
	return promise_failed(&r->queue, fault);
}

/* --- children */

/* Who waits for the children of a node. */
struct family {
	struct render *render;
	size_t n;
	promise_fn *done;
	void *arg;
};

/* Joins the lists of nodes that the children became. */
static void
family_done(void *arg, struct outcome outcome)
{
	const struct family *f = arg;
	const struct nodes *const *lists = outcome.value;
	struct nodes *all;
	size_t i, j;

	if (outcome.state == PROMISE_REJECTED) {
		f->done(f->arg, outcome);
		return;
	}
	all = arena_zalloc(f->render->work, sizeof(*all));
	for (i = 0; i < f->n; i++)
		all->n += lists[i]->n;
	all->items =
	    arena_array(f->render->work, all->n, sizeof(all->items[0]));
	all->n = 0;
	for (i = 0; i < f->n; i++)
		for (j = 0; j < lists[i]->n; j++)
			all->items[all->n++] = lists[i]->items[j];
	outcome.value = all;
	f->done(f->arg, outcome);
}

void
transform_children(struct render *r, const struct node *parent,
    struct site site, promise_fn *done, void *arg)
{
	struct family *f = arena_alloc(r->work, sizeof(*f));
	size_t n = parent->n_children, i;
	struct promise **list, *child;

	*f = (struct family){r, n, done, arg};
	list = arena_array(r->work, n, sizeof(struct promise *));
	site.depth++;
	for (i = 0; i < n; i++) {
		child = transform_node(r, parent->children[i], site);
		list[i] = promise_new(&r->queue);
		promise_follow(&r->queue, child, list[i]);
	}
	promise_then(
	    &r->queue, promise_all(&r->queue, list, n), family_done, f);
}

/* A node whose children are being transformed. */
struct parent {
	struct render *render;
	const struct node *node;
	struct promise *promise;
};

/* The node again, with what its children became. */
static const struct nodes *
adopt(struct render *r, const struct node *node, const struct nodes *children)
{
	struct node *copy = arena_dup(r->work, node, sizeof(*node));

	copy->children = children->items;
	copy->n_children = children->n;
	copy->has_children = true;
	return nodes_of(r, copy);
}

static void
parent_done(void *arg, struct outcome outcome)
{
	const struct parent *p = arg;

	if (outcome.state == PROMISE_FULFILLED)
		outcome.value = adopt(p->render, p->node, outcome.value);
	promise_settle(&p->render->queue, p->promise, outcome);
}

static struct parent *
parent_new(struct render *r, const struct node *node)
{
	struct parent *p = arena_alloc(r->work, sizeof(*p));

	*p = (struct parent){r, node, promise_new(&r->queue)};
	return p;
}

/* --- elements */

/* Evaluates the attributes of a registered tag, in order (2). */
static int
read_attributes(struct render *r, const struct node *node, struct site site,
    struct js props, bool *has_position, struct err *err)
{
	const struct attr *attr;
	struct js value;
	struct str name;
	size_t i;

	for (i = 0; i < node->n_attrs; i++) {
		attr = &node->attrs[i];
		*has_position = attr->has_position || node->has_position;
		if (attr->kind == ATTR_SPREAD) {
			name = utf8_from(r->arena, node->name);
			return fail(err, ERR_PROMPT,
			    "Unsupported attribute type in component <%.*s>.",
			    (int)name.len, name.p);
		}
		value = js_string(attr->value);
		if (attr->kind == ATTR_NULL)
			value = js_string_lit(r->arena, "");
		if (attr->kind == ATTR_EXPRESSION &&
		    evaluate(r, site, attr->value, &value, err) == -1)
			return -1;
		js_set(r->arena, props.object, attr->name, value);
	}
	return 0;
}

/* What an element came to, one job after its tag or its children.  A fault
 * without a position gets this element's, and a prefix (10). */
static void
element_done(void *arg, struct outcome outcome)
{
	const struct parent *p = arg;
	const struct fault *fault = outcome.value;
	struct fault *wrapped;

	if (outcome.state == PROMISE_REJECTED && !fault->has_position &&
	    fault->code == ERR_PROMPT) {
		wrapped = fault_new(
		    p->render, arena_printf(p->render->work,
				   "Error processing MDX JSX Element: %.*s",
				   (int)fault->text.len, fault->text.p));
		wrapped->has_position = p->node->has_position;
		outcome.value = wrapped;
	}
	promise_settle(&p->render->queue, p->promise, outcome);
}

static void
unknown_done(void *arg, struct outcome outcome)
{
	const struct parent *p = arg;

	if (outcome.state == PROMISE_FULFILLED)
		outcome.value = adopt(p->render, p->node, outcome.value);
	element_done(arg, outcome);
}

static struct promise *
run_tag(struct render *r, const struct tag *tag, const struct node *node,
    struct site site)
{
	struct parent *element = parent_new(r, node);
	struct tag_call call = {
	    .render = r, .tag = tag, .node = node, .site = site};
	bool has_position = false;
	struct fault *fault;
	struct err err = {0};

	call.props = js_object(r->arena);
	if (read_attributes(r, node, site, call.props, &has_position, &err) ==
	    -1) {
		fault = fault_from(r, &err);
		fault->has_position = has_position;
		element_done(
		    element, (struct outcome){PROMISE_REJECTED, fault});
		return element->promise;
	}
	promise_then(&r->queue, tag_run(&call), element_done, element);
	return element->promise;
}

static struct promise *
transform_element(struct render *r, const struct node *node, struct site site)
{
	const struct tag *tag = tag_find(r->instance, node->name);
	struct promise *result = promise_new(&r->queue);
	struct promise *done;
	struct parent *element;

	if (tag != NULL) {
		done = run_tag(r, tag, node, site);
	} else {
		element = parent_new(r, node);
		done = element->promise;
		transform_children(r, node, site, unknown_done, element);
	}
	promise_follow(&r->queue, done, result);
	return result;
}

struct promise *
transform_node(struct render *r, struct node *node, struct site site)
{
	struct parent *parent;
	struct fault *fault;

	if (site.depth > LIMIT_AST_DEPTH) {
		fault = fault_new(r, "the tree of the prompt is too deep");
		fault->code = ERR_INTERNAL;
		return promise_failed(&r->queue, fault);
	}
	switch (node->kind) {
	case NODE_FLOW_EXPRESSION:
	case NODE_TEXT_EXPRESSION:
		return transform_expression(r, node, site);
	case NODE_FLOW_ELEMENT:
	case NODE_TEXT_ELEMENT:
		return transform_element(r, node, site);
	default:
		break;
	}
	if (!node->has_children)
		return promise_of(&r->queue, nodes_of(r, node));
	parent = parent_new(r, node);
	transform_children(r, node, site, parent_done, parent);
	return parent->promise;
}

/* --- the whole tree */

/* The end of a run: the steps behind the root that decide which fields count.
 */
struct ending {
	struct render *render;
	struct promise *root, *returned;
	size_t n_fields;
	struct outcome outcome;
};

static void
fields_done(void *arg, struct outcome outcome)
{
	struct ending *end = arg;

	end->outcome = outcome;
}

/* Only the fields that were pushed until now are waited for. */
static void
root_done(void *arg, struct outcome outcome)
{
	struct ending *end = arg;
	struct render *r = end->render;

	if (outcome.state == PROMISE_REJECTED) {
		end->outcome = outcome;
		return;
	}
	end->n_fields = r->n_fields;
	promise_then(&r->queue, promise_all(&r->queue, r->fields, r->n_fields),
	    fields_done, end);
}

/* An async function that returns a promise takes a job to ask for it. */
static void
ask_root(void *arg, struct outcome outcome)
{
	struct ending *end = arg;

	(void)outcome;
	promise_follow(&end->render->queue, end->root, end->returned);
}

static void
run(struct ending *end, struct node *root, struct site site)
{
	struct queue *q = &end->render->queue;

	end->root = promise_new(q);
	end->returned = promise_new(q);
	promise_follow(q, transform_node(end->render, root, site), end->root);
	queue_add(q, ask_root, end, (struct outcome){0});
	promise_then(q, end->returned, root_done, end);
	queue_run(q);
}

/* What was rendered, or why it was not, out of the working memory. */
static int
take_outcome(struct arena *a, const struct ending *end, struct fields *out,
    struct err *err)
{
	const struct fault *fault = end->outcome.value;

	if (end->outcome.state == PROMISE_FULFILLED) {
		out->n = end->n_fields;
		out->items = arena_dup(
		    a, end->outcome.value, out->n * sizeof(struct field *));
		return 0;
	}
	if (fault == NULL)
		return fail(err, ERR_INTERNAL, "the prompt did not render");
	return fail_text(err, fault->code, fault->text);
}

int
transform_tree(struct arena *a, const struct node *ast, enum instance instance,
    enum markdown_style style, struct js props, struct fields *out,
    struct err *err)
{
	struct render r = {.arena = a, .instance = instance, .style = style};
	struct scope scope = {0};
	struct ending end = {.render = &r};
	struct js vars = js_object(a);
	int rc;

	r.work = arena_new(a);
	queue_init(&r.queue, r.work);
	r.eval = (struct eval){.arena = a, .shared = js_object(a).object};
	r.media = js_array(a).array;
	js_set_lit(a, vars.object, "props", props);
	scope.vars = vars.object;
	run(&end, arena_dup(r.work, ast, sizeof(*ast)),
	    (struct site){&scope, 0});
	rc = take_outcome(a, &end, out, err);
	arena_free(r.work);
	return rc;
}
