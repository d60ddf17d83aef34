/* The ForEach tag.  Its child is an arrow function of which the body, as text,
 * is parsed as a document of its own; that happens once, however many items
 * there are and however often the tag is met in other loops.  It refuses to
 * know the grammar, and how nodes are walked. */
#include "foreach.h"

#include "body.h"
#include "../base/limits.h"
#include "../base/utf.h"
#include "../mdx/arrow.h"
#include "../mdx/mdx.h"

/* The parsed body of one function. */
struct loop_body {
	const struct node *function;
	struct node root;
	size_t weight; /* nodes, however deep */
	struct loop_body *next;
};

/* A loop whose items are being rendered. */
struct loop {
	struct render *render;
	struct promise *promise;
	size_t n;
};

/* --- the function */

static const struct arrow *
find_arrow(struct render *r, const struct node *child)
{
	const struct arrow *arrow;

	if (child->kind != NODE_FLOW_EXPRESSION)
		return NULL;
	arrow = child->arrow;
	if (arrow == NULL && child->value.type == JS_STRING)
		arrow = arrow_find(r->work, child->value.string);
	return arrow != NULL && arrow->is_arrow ? arrow : NULL;
}

/* What is wrong with the children of the tag, or NULL. */
static const char *
check_function(
    struct render *r, const struct node *node, const struct arrow **arrow)
{
	if (node->n_children != 1)
		return "ForEach expects exactly one child function.";
	*arrow = find_arrow(r, node->children[0]);
	if (*arrow == NULL)
		return "ForEach expects a function as its child.";
	if (!(*arrow)->simple)
		return "Only simple identifiers are supported as function "
		       "parameters.";
	if ((*arrow)->n_params == 0)
		return "Function must have at least one parameter.";
	return NULL;
}

/* --- its body */

static bool
is_fragment(const struct node *node)
{
	return node->kind == NODE_FLOW_ELEMENT && node->name.p == NULL;
}

/* Nodes without the fragments around them, which *N counts or OUT gets. */
static void
unwrap(const struct node *parent, struct node **out, size_t *n)
{
	struct node *child;
	size_t i;

	for (i = 0; i < parent->n_children; i++) {
		child = parent->children[i];
		if (is_fragment(child)) {
			unwrap(child, out, n);
			continue;
		}
		if (out != NULL)
			out[*n] = child;
		++*n;
	}
}

static size_t
weigh(const struct node *node)
{
	size_t i, n = 1;

	for (i = 0; i < node->n_children; i++)
		n += weigh(node->children[i]);
	return n;
}

static struct loop_body *
find_body(const struct render *r, const struct node *function)
{
	struct loop_body *body;

	for (body = r->bodies; body != NULL; body = body->next)
		if (body->function == function)
			return body;
	return NULL;
}

static const struct loop_body *
parse_body(struct render *r, const struct node *function, struct err *err)
{
	struct loop_body *body = find_body(r, function);
	struct node *root;
	size_t n = 0;

	if (body != NULL)
		return body;
	if (mdx_parse(r->work, body_text(function->value.string), &root, err) ==
	    -1)
		return NULL;
	body = arena_zalloc(r->work, sizeof(*body));
	body->function = function;
	body->root = *root;
	body->weight = weigh(root);
	unwrap(root, NULL, &n);
	body->root.children = arena_array(r->work, n, sizeof(struct node *));
	body->root.n_children = 0;
	unwrap(root, body->root.children, &body->root.n_children);
	body->next = r->bodies;
	r->bodies = body;
	return body;
}

/* --- items */

static bool
is_list_part(const struct node *node)
{
	return node->kind == NODE_LIST || node->kind == NODE_LIST_ITEM;
}

/* How many nodes the items became, or how many items of lists when there is
 * nothing but lists. */
static size_t
count_nodes(const struct nodes *const *items, size_t n, bool *lists)
{
	size_t i, k, n_nodes = 0, n_items = 0;
	const struct node *node;

	*lists = true;
	for (i = 0; i < n; i++) {
		for (k = 0; k < items[i]->n; k++) {
			node = items[i]->items[k];
			*lists = *lists && is_list_part(node);
			n_items +=
			    node->kind == NODE_LIST ? node->n_children : 1;
		}
		n_nodes += items[i]->n;
	}
	return *lists ? n_items : n_nodes;
}

static void
add_node(struct nodes *out, struct node *node, bool lists)
{
	size_t i;

	if (!lists || node->kind != NODE_LIST) {
		out->items[out->n++] = node;
		return;
	}
	for (i = 0; i < node->n_children; i++)
		out->items[out->n++] = node->children[i];
}

/* One list of all items. */
static const struct nodes *
list_of(struct render *r, const struct nodes *items)
{
	struct node *list = arena_zalloc(r->work, sizeof(*list));

	list->kind = NODE_LIST;
	list->type = utf16_lit(r->work, "list");
	list->spread = TRI_FALSE;
	list->start = JS_UNDEF;
	list->has_children = true;
	list->children = items->items;
	list->n_children = items->n;
	return nodes_of(r, list);
}

static void
loop_done(void *arg, struct outcome outcome)
{
	const struct loop *loop = arg;
	struct render *r = loop->render;
	const struct nodes *const *items = outcome.value;
	struct nodes *out;
	size_t i, k;
	bool lists;

	if (outcome.state == PROMISE_REJECTED) {
		promise_settle(&r->queue, loop->promise, outcome);
		return;
	}
	out = nodes_of(r, NULL);
	out->items = arena_array(r->work, count_nodes(items, loop->n, &lists),
	    sizeof(struct node *));
	for (i = 0; i < loop->n; i++)
		for (k = 0; k < items[i]->n; k++)
			add_node(out, items[i]->items[k], lists);
	promise_fulfil(&r->queue, loop->promise, lists ? list_of(r, out) : out);
}

/* An item, on its way. */
struct item {
	struct queue *queue;
	struct promise *promise;
};

static void
item_done(void *arg, struct outcome outcome)
{
	const struct item *item = arg;

	promise_settle(item->queue, item->promise, outcome);
}

static struct promise *
start_item(const struct tag_call *call, const struct loop_body *body,
    const struct arrow *arrow, struct js value, size_t index)
{
	struct render *r = call->render;
	struct site site = site_inside(r, call->site);
	struct js vars = js_object(r->work);
	struct item *item = arena_alloc(r->work, sizeof(*item));

	js_set(r->work, vars.object, arrow->params[0], value);
	if (arrow->n_params > 1)
		js_set(r->work, vars.object, arrow->params[1],
		    js_number((double)index));
	site.scope->vars = vars.object;
	site.depth++;
	*item = (struct item){&r->queue, promise_new(&r->queue)};
	transform_children(r, &body->root, site, item_done, item);
	return item->promise;
}

static int
spend_items(struct render *r, size_t n, size_t weight, struct err *err)
{
	if (n > (LIMIT_LOOP_NODES - r->loop_nodes) / weight)
		return fail(err, ERR_PROMPT,
		    "ForEach tags make more than %u nodes", LIMIT_LOOP_NODES);
	r->loop_nodes += n * weight;
	return 0;
}

/* All items start at once; anything but an array has none. */
static struct promise *
start_items(const struct tag_call *call, const struct loop_body *body,
    const struct arrow *arrow)
{
	struct render *r = call->render;
	struct js items = js_get(call->props, "arr");
	struct loop *loop = arena_zalloc(r->work, sizeof(*loop));
	struct promise **list;
	struct err err = {0};
	size_t i;

	loop->render = r;
	loop->promise = promise_new(&r->queue);
	if (items.type == JS_ARRAY)
		loop->n = items.array->n;
	if (spend_items(r, loop->n, body->weight, &err) == -1)
		return promise_failed(&r->queue, fault_from(r, &err));
	list = arena_array(r->work, loop->n, sizeof(struct promise *));
	for (i = 0; i < loop->n; i++)
		list[i] =
		    start_item(call, body, arrow, items.array->items[i], i);
	promise_then(
	    &r->queue, promise_all(&r->queue, list, loop->n), loop_done, loop);
	return loop->promise;
}

struct promise *
foreach_run(const struct tag_call *call)
{
	struct render *r = call->render;
	const struct arrow *arrow = NULL;
	const struct loop_body *body;
	struct err err = {0};
	const char *fault;

	fault = check_function(r, call->node, &arrow);
	if (fault != NULL)
		return promise_failed(&r->queue, fault_new(r, fault));
	body = parse_body(r, call->node->children[0], &err);
	if (body == NULL)
		return promise_failed(&r->queue, fault_from(r, &err));
	return start_items(call, body, arrow);
}
