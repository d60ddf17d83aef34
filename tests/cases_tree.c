/* Trees as values, so that they can be compared and shown. */
#include "cases.h"

#include "../common/base/utf.h"
#include "../common/mdx/mdx.h"
#include "../common/template/source.h"

#include <string.h>

static void
set_text(struct arena *a, struct js_object *o, const char *key, struct str16 s)
{
	js_set_lit(a, o, key, s.p != NULL ? js_string(s) : js_null());
}

static struct js
attribute_value(struct arena *a, const struct attr *attr)
{
	static const char *const kinds[] = {[ATTR_NULL] = "null",
	    [ATTR_STRING] = "string",
	    [ATTR_EXPRESSION] = "expression",
	    [ATTR_SPREAD] = "spread"};
	struct js o = js_object(a);

	js_set_lit(a, o.object, "kind", js_string_lit(a, kinds[attr->kind]));
	set_text(a, o.object, "name", attr->name);
	if (attr->kind != ATTR_NULL)
		set_text(a, o.object, "value", attr->value);
	return o;
}

static struct js
arrow_value(struct arena *a, const struct arrow *arrow)
{
	struct js params = js_array(a);
	size_t i;

	if (!arrow->simple)
		return js_string_lit(a, "not simple");
	for (i = 0; i < arrow->n_params; i++)
		js_push(a, params.array, js_string(arrow->params[i]));
	return params;
}

static struct js
spread_value(enum tristate spread)
{
	return spread == TRI_ABSENT ? JS_UNDEF : js_bool(spread == TRI_TRUE);
}

/* Fields that nodes of a kind do not have are alike in any two of them. */
static void
set_fields(struct arena *a, struct js_object *o, const struct node *node)
{
	set_text(a, o, "name", node->name);
	set_text(a, o, "url", node->url);
	set_text(a, o, "title", node->title);
	set_text(a, o, "alt", node->alt);
	set_text(a, o, "lang", node->lang);
	set_text(a, o, "meta", node->meta);
	set_text(a, o, "identifier", node->identifier);
	set_text(a, o, "label", node->label);
	js_set_lit(a, o, "value", node->value);
	js_set_lit(a, o, "spread", spread_value(node->spread));
	js_set_lit(a, o, "ordered", js_bool(node->ordered));
	js_set_lit(a, o, "start", node->start);
	js_set_lit(a, o, "depth", js_number(node->depth));
	js_set_lit(a, o, "reference", js_number(node->reference));
}

struct js
tree_value(struct arena *a, const struct node *node, bool arrows)
{
	struct js o = js_object(a), attrs = js_array(a), kids = js_array(a);
	size_t i;

	js_set_lit(a, o.object, "type", js_string(node->type));
	set_fields(a, o.object, node);
	for (i = 0; i < node->n_attrs; i++)
		js_push(a, attrs.array, attribute_value(a, &node->attrs[i]));
	for (i = 0; i < node->n_children; i++)
		js_push(
		    a, kids.array, tree_value(a, node->children[i], arrows));
	if (node->n_attrs > 0)
		js_set_lit(a, o.object, "attributes", attrs);
	if (node->has_children)
		js_set_lit(a, o.object, "children", kids);
	if (arrows && node->arrow != NULL && node->arrow->is_arrow)
		js_set_lit(a, o.object, "arrow", arrow_value(a, node->arrow));
	return o;
}

void
verdict_tree(const struct check *c, const struct node *want,
    const struct node *got, bool arrows)
{
	struct arena *a = c->arena;

	verdict_value(c,
	    parse_json(a, stringify(a, tree_value(a, want, arrows)), c->name),
	    tree_value(a, got, arrows));
}

/* --- places */

/* Where each node and attribute stands, one text for each, as
 * "type line:column:offset-line:column:offset"; attributes have an @. */
static void
add_place(struct arena *a, struct js list, struct str16 name, bool attribute,
    const char *place)
{
	struct str text = utf8_from(a, name);

	js_push(a, list.array,
	    js_string_lit(a, arena_printf(a, "%s%.*s %s", attribute ? "@" : "",
				 (int)text.len, text.p, place)));
}

static const char *
span_text(struct arena *a, const struct ast_span *span)
{
	if (span == NULL)
		return "nowhere";
	return arena_printf(a, "%zu:%zu:%zu-%zu:%zu:%zu", span->start.line,
	    span->start.column, span->start.offset, span->end.line,
	    span->end.column, span->end.offset);
}

static void
add_places(struct arena *a, struct js list, const struct node *node)
{
	size_t i;

	add_place(a, list, node->type, false, span_text(a, node->span));
	for (i = 0; i < node->n_attrs; i++)
		add_place(a, list, node->attrs[i].name, true,
		    span_text(a, node->attrs[i].span));
	for (i = 0; i < node->n_children; i++)
		add_places(a, list, node->children[i]);
}

static const char *
position_text(struct arena *a, struct js position)
{
	struct js start = js_get(position, "start");
	struct js end = js_get(position, "end");

	if (position.type != JS_OBJECT)
		return "nowhere";
	return arena_printf(a, "%.0f:%.0f:%.0f-%.0f:%.0f:%.0f",
	    js_get(start, "line").number, js_get(start, "column").number,
	    js_get(start, "offset").number, js_get(end, "line").number,
	    js_get(end, "column").number, js_get(end, "offset").number);
}

/* The same for a tree that a client would have posted. */
static void
add_recorded_places(struct arena *a, struct js list, struct js node)
{
	struct js attrs = js_get(node, "attributes"), attr;
	struct js kids = js_get(node, "children");
	size_t i;

	add_place(a, list, js_get(node, "type").string, false,
	    position_text(a, js_get(node, "position")));
	for (i = 0; attrs.type == JS_ARRAY && i < attrs.array->n; i++) {
		attr = attrs.array->items[i];
		add_place(a, list, js_get(attr, "name").string, true,
		    position_text(a, js_get(attr, "position")));
	}
	for (i = 0; kids.type == JS_ARRAY && i < kids.array->n; i++)
		add_recorded_places(a, list, kids.array->items[i]);
}

static void
verdict_places(struct check *c, struct js recorded, const struct node *got)
{
	struct js want = js_array(c->arena), list = js_array(c->arena);

	c->what = "positions";
	add_recorded_places(c->arena, want, recorded);
	add_places(c->arena, list, got);
	verdict_value(c, want, list);
}

/* A document and where its nodes stand. */
void
check_places(struct check *c, struct js line, struct js context)
{
	struct arena *a = c->arena;
	struct js list = js_array(a);
	struct mdx_place failed;
	struct err err = {0};
	struct mdx_doc doc;

	(void)context;
	c->what = stringify(a, js_get(line, "body")).p;
	if (mdx_read(a, text_of(a, js_get(line, "body")), &doc, &failed,
		&err) == -1) {
		verdict_text(c, STR("a tree"), error_text(a, &err));
		return;
	}
	add_places(a, list, doc.root);
	verdict_value(c, js_get(line, "places"), list);
}

/* --- bodies */

void
check_body(struct check *c, struct js line, struct js context)
{
	struct arena *a = c->arena;
	struct js want = js_get(line, "ast"), error = js_get(line, "error");
	struct err err = {0};
	struct node *got;
	struct str text;

	(void)context;
	c->what = stringify(a, js_get(line, "body")).p;
	if (mdx_parse(a, js_get(line, "body").string, &got, &err) == 0) {
		if (error.type == JS_UNDEFINED)
			verdict_tree(c, tree_of(a, want, c->name), got, false);
		else
			verdict_text(c, text_of(a, error), STR("no error"));
		return;
	}
	text = error_text(a, &err);
	if (error.type == JS_UNDEFINED)
		verdict_text(c, STR("a tree"), text);
	else if (js_is_string(js_get(line, "text"), "any"))
		verdict_text(c, text, text);
	else
		verdict_text(c, text_of(a, error), text);
}

/* --- files */

/* A case has its components in DIR/files. */
static int
load_component(void *arg, struct arena *a, struct str from, struct str path,
    struct source_file *out, struct err *err)
{
	const char *dir = arg;

	(void)from;
	out->name = path;
	out->text = read_file(
	    a, arena_printf(a, "%s/files/%.*s", dir, (int)path.len, path.p));
	if (out->text.p == NULL)
		return fail(err, ERR_PROMPT, "no such file");
	return 0;
}

/* Of an error counts that there is one, and its line. */
static void
check_refusal(
    const struct check *c, struct js expected, int rc, struct err *err)
{
	struct js line = js_get(expected, "line");
	struct str want = STR("source.mdx:"), got = STR("no error");

	if (line.type == JS_NUMBER)
		want.p =
		    arena_printf(c->arena, "source.mdx:%.0f:", line.number);
	want.len = strlen(want.p);
	if (rc == -1)
		got = error_text(c->arena, err);
	verdict(c, got.len >= want.len && memcmp(got.p, want.p, want.len) == 0,
	    want, got);
}

/* The file of a case against the tree that was recorded for it, or the error:
 * WANT is NULL then. */
struct node *
check_source(struct check *c, const char *dir, struct js expected,
    const struct node *want)
{
	struct arena *a = c->arena;
	const char *path = arena_printf(a, "%s/source.mdx", dir);
	const char *tree = arena_printf(a, "%s/ast.json", dir);
	struct source_file file = {STR("source.mdx"), read_file(a, path)};
	struct source_loader loader = {load_component, arena_strdup(a, dir)};
	struct err err = {0};
	struct node *got = NULL;
	int rc;

	c->what = "source";
	rc = source_parse(a, &file, &loader, &got, &err);
	if (want == NULL)
		check_refusal(
		    c, js_get(js_get(expected, "parse"), "error"), rc, &err);
	else if (rc == -1)
		verdict_text(c, STR("a tree"), error_text(a, &err));
	else {
		verdict_tree(c, want, got, true);
		verdict_places(c, parse_json(a, read_file(a, tree), tree), got);
	}
	return rc == -1 ? NULL : got;
}
