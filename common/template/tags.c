/* The tags that AgentMark registers: roles, branches, attachments and raw
 * text; loops have a file of their own.  It knows what a tag checks and what
 * it leaves behind; how nodes are walked and printed it leaves to others. */
#include "tags.h"

#include "foreach.h"
#include "markdown.h"
#include "../base/utf.h"

#include <string.h>
#include <unictype.h>

typedef struct promise *tag_fn(const struct tag_call *call);

struct tag {
	const char *name;
	unsigned instances;
	tag_fn *run;
	enum role role;	    /* of a role tag */
	bool unconditional; /* of a branch: Else */
};

static struct promise *
fail_tag(struct render *r, const char *text)
{
	return promise_failed(&r->queue, fault_new(r, text));
}

static struct promise *
no_nodes(struct render *r)
{
	return promise_of(&r->queue, nodes_of(r, NULL));
}

/* --- If, ElseIf, Else (4.2) */

/* A branch that renders: its children one after the other. */
struct branch {
	struct tag_call call;
	struct promise *promise;
	size_t next; /* child */
	struct nodes out;
	size_t cap;
};

static void branch_child(void *arg, struct outcome outcome);

static void
branch_step(struct branch *b)
{
	struct render *r = b->call.render;
	const struct node *node = b->call.node;
	struct promise *child;

	if (b->next == node->n_children) {
		promise_fulfil(&r->queue, b->promise, &b->out);
		return;
	}
	child = transform_node(r, node->children[b->next++], b->call.site);
	promise_then(&r->queue, child, branch_child, b);
}

static void
branch_child(void *arg, struct outcome outcome)
{
	struct branch *b = arg;
	const struct nodes *nodes = outcome.value;
	size_t i;

	if (outcome.state == PROMISE_REJECTED) {
		promise_settle(&b->call.render->queue, b->promise, outcome);
		return;
	}
	if (b->out.n + nodes->n > b->cap) {
		b->cap = 2 * (b->out.n + nodes->n);
		b->out.items = arena_grow(b->call.render->work, b->out.items,
		    b->out.n, b->cap, sizeof(struct node *));
	}
	for (i = 0; i < nodes->n; i++)
		b->out.items[b->out.n++] = nodes->items[i];
	branch_step(b);
}

static bool
branch_applies(const struct tag_call *call)
{
	struct js condition = js_get(call->props, "condition");

	return call->tag->unconditional ||
	       (condition.type == JS_BOOL && condition.boolean);
}

/* One flag for all branches of a scope, which is never taken back. */
static struct promise *
run_branch(const struct tag_call *call)
{
	struct scope *scope = call->site.scope;
	struct render *r = call->render;
	struct branch *b;

	if (scope->condition_met == COND_UNSET)
		scope->condition_met = COND_FALSE;
	if (scope->condition_met == COND_TRUE || !branch_applies(call))
		return no_nodes(r);
	scope->condition_met = COND_TRUE;
	b = arena_zalloc(r->work, sizeof(*b));
	b->call = *call;
	b->call.site = site_inside(r, call->site);
	b->call.site.depth++;
	b->promise = promise_new(&r->queue);
	branch_step(b);
	return b->promise;
}

/* --- Raw (4.4) */

static int
print_nodes(struct render *r, struct node **nodes, size_t n, struct str16 *out,
    struct err *err)
{
	struct node root = {.kind = NODE_ROOT, .has_children = true};

	root.type = utf16_lit(r->work, "root");
	root.children = nodes;
	root.n_children = n;
	if (markdown_print(r->arena, &root, r->style, out, err) == -1)
		return -1;
	return render_spend(r, out->len * sizeof(*out->p), err);
}

static struct promise *
run_raw(const struct tag_call *call)
{
	struct render *r = call->render;
	const struct node *node = call->node;
	struct err err = {0};
	struct str16 text;

	if (print_nodes(r, node->children, node->n_children, &text, &err) == -1)
		return promise_failed(&r->queue, fault_from(r, &err));
	return promise_of(&r->queue, nodes_of(r, node_text(r, text)));
}

/* --- roles (4.5) */

struct message {
	struct render *render;
	enum role role;
	struct promise *promise; /* of its field */
};

static struct js
text_part(struct arena *a, struct str16 text)
{
	struct js part = js_object(a);

	js_set_lit(a, part.object, "type", js_string_lit(a, "text"));
	js_set_lit(a, part.object, "text", js_string(text));
	return part;
}

/* The text, or text and attachments: all that the document has had so far. */
static int
message_content(
    struct message *m, struct str16 text, struct js *out, struct err *err)
{
	struct render *r = m->render;
	size_t i;

	*out = js_string(text);
	if (m->role != ROLE_USER || r->media->n == 0)
		return 0;
	if (render_spend(r, r->media->n * sizeof(struct js), err) == -1)
		return -1;
	*out = js_array(r->arena);
	js_push(r->arena, out->array, text_part(r->arena, text));
	for (i = 0; i < r->media->n; i++)
		js_push(r->arena, out->array, r->media->items[i]);
	return 0;
}

static void
message_done(void *arg, struct outcome outcome)
{
	struct message *m = arg;
	struct render *r = m->render;
	const struct nodes *nodes = outcome.value;
	struct field *field;
	struct err err = {0};
	struct str16 text;

	if (outcome.state == PROMISE_REJECTED) {
		promise_settle(&r->queue, m->promise, outcome);
		return;
	}
	field = arena_zalloc(r->arena, sizeof(*field));
	field->role = m->role;
	if (print_nodes(r, nodes->items, nodes->n, &text, &err) == -1 ||
	    message_content(m, str16_trim(text), &field->content, &err) == -1)
		promise_reject(&r->queue, m->promise, fault_from(r, &err));
	else
		promise_fulfil(&r->queue, m->promise, field);
}

static void
push_field(struct render *r, struct promise *field)
{
	if (r->n_fields == r->cap_fields) {
		r->cap_fields = r->cap_fields != 0 ? r->cap_fields * 2 : 8;
		r->fields = arena_grow(r->work, r->fields, r->n_fields,
		    r->cap_fields, sizeof(struct promise *));
	}
	r->fields[r->n_fields++] = field;
}

/* The children start first, so that roles inside them come before. */
static struct promise *
run_role(const struct tag_call *call)
{
	struct render *r = call->render;
	struct message *m = arena_alloc(r->work, sizeof(*m));
	struct site site = call->site;

	*m = (struct message){r, call->tag->role, promise_new(&r->queue)};
	if (m->role == ROLE_USER) {
		site = site_inside(r, site);
		r->in_user = true;
		js_set_lit(r->arena, r->eval.shared, "__insideMessageType",
		    js_string_lit(r->arena, "User"));
	}
	transform_children(r, call->node, site, message_done, m);
	push_field(r, m->promise);
	return no_nodes(r);
}

/* --- attachments (4.6) */

static const char outside_user[] =
    "ImageAttachment and FileAttachment tags must be inside User tag.";

static void
push_media(const struct tag_call *call, const char *type, const char *key)
{
	struct arena *a = call->render->arena;
	struct js part = js_object(a);
	struct js mime_type = js_get(call->props, "mimeType");

	js_set_lit(a, part.object, "type", js_string_lit(a, type));
	js_set_lit(a, part.object, key, js_get(call->props, key));
	if (js_truthy(mime_type))
		js_set_lit(a, part.object, "mimeType", mime_type);
	js_push(a, call->render->media, part);
}

static struct promise *
run_image(const struct tag_call *call)
{
	struct render *r = call->render;
	struct js image = js_get(call->props, "image");

	if (!r->in_user)
		return fail_tag(r, outside_user);
	if (image.type == JS_UNDEFINED)
		return fail_tag(
		    r, "ImageAttachment must contain an image prop");
	if (js_truthy(image))
		push_media(call, "image", "image");
	return no_nodes(r);
}

static struct promise *
run_file(const struct tag_call *call)
{
	struct render *r = call->render;
	struct js data = js_get(call->props, "data");
	struct js mime_type = js_get(call->props, "mimeType");

	if (!r->in_user)
		return fail_tag(r, outside_user);
	if (data.type == JS_UNDEFINED || mime_type.type == JS_UNDEFINED)
		return fail_tag(
		    r, "FileAttachment must contain data and mimeType props");
	if (js_truthy(data) && js_truthy(mime_type))
		push_media(call, "file", "data");
	return no_nodes(r);
}

/* --- the table */

#define ANY (INSTANCE_LANGUAGE | INSTANCE_IMAGE | INSTANCE_SPEECH)

static const struct tag table[] = {
    {.name = "If", .instances = ANY, .run = run_branch},
    {.name = "ElseIf", .instances = ANY, .run = run_branch},
    {.name = "Else",
	.instances = ANY,
	.run = run_branch,
	.unconditional = true},
    {.name = "ForEach", .instances = ANY, .run = foreach_run},
    {.name = "Raw", .instances = ANY, .run = run_raw},
    {.name = "System",
	.instances = INSTANCE_LANGUAGE | INSTANCE_SPEECH,
	.run = run_role,
	.role = ROLE_SYSTEM},
    {.name = "User",
	.instances = INSTANCE_LANGUAGE,
	.run = run_role,
	.role = ROLE_USER},
    {.name = "Assistant",
	.instances = INSTANCE_LANGUAGE,
	.run = run_role,
	.role = ROLE_ASSISTANT},
    {.name = "ImagePrompt",
	.instances = INSTANCE_IMAGE,
	.run = run_role,
	.role = ROLE_IMAGE_PROMPT},
    {.name = "SpeechPrompt",
	.instances = INSTANCE_SPEECH,
	.run = run_role,
	.role = ROLE_SPEECH_PROMPT},
    {.name = "ImageAttachment",
	.instances = INSTANCE_LANGUAGE,
	.run = run_image},
    {.name = "FileAttachment", .instances = INSTANCE_LANGUAGE, .run = run_file},
};

const struct tag *
tag_find(enum instance instance, struct str16 name)
{
	const struct tag *tag;

	if (name.p == NULL)
		return NULL;
	for (tag = table; tag < table + ARRAY_LEN(table); tag++)
		if ((tag->instances & instance) != 0 &&
		    str16_is(name, tag->name))
			return tag;
	return NULL;
}

struct promise *
tag_run(const struct tag_call *call)
{
	return call->tag->run(call);
}

/* The first name of the instance behind AFTER. */
static const char *
next_name(enum instance instance, const char *after)
{
	const struct tag *tag;
	const char *best = NULL;

	for (tag = table; tag < table + ARRAY_LEN(table); tag++)
		if ((tag->instances & instance) != 0 &&
		    strcmp(tag->name, after) > 0 &&
		    (best == NULL || strcmp(tag->name, best) < 0))
			best = tag->name;
	return best;
}

const char *
tag_list(struct arena *a, enum instance instance)
{
	const char *name = next_name(instance, ""), *list = name;

	while ((name = next_name(instance, name)) != NULL)
		list = arena_printf(a, "%s, %s", list, name);
	return list;
}

bool
tag_is_lower(struct str16 name)
{
	return name.len > 0 && uc_is_lower(name.p[0]);
}
