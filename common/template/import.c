/* Components are put in the place of their tags as text is: what a tag gives
 * as an attribute replaces `props.name` in the component's expressions, letter
 * by letter, and a quoted text or a number that results is text, not an
 * expression (templatedx.md 1.6).  It refuses to know where files lie. */
#include "import.h"

#include "body.h"
#include "markdown.h"
#include "props.h"
#include "../base/limits.h"
#include "../base/utf.h"

/* --- statements */

static bool
is_space(unsigned c)
{
	return js_is_space(c) || c == ';';
}

static struct str16
skip(struct str16 s)
{
	while (s.len > 0 && is_space(*s.p)) {
		s.p++;
		s.len--;
	}
	return s;
}

/* Takes a word off the front, up to white space or a quote. */
static struct str16
take_word(struct str16 *s)
{
	struct str16 word;
	size_t n = 0;

	*s = skip(*s);
	while (n < s->len && !is_space(s->p[n]) && s->p[n] != '"' &&
	       s->p[n] != '\'')
		n++;
	word = (struct str16){s->p, n};
	s->p += n;
	s->len -= n;
	return word;
}

static bool
take_quoted(struct str16 *s, struct str16 *out)
{
	size_t n = 1;

	*s = skip(*s);
	if (s->len == 0 || (s->p[0] != '"' && s->p[0] != '\''))
		return false;
	while (n < s->len && s->p[n] != s->p[0])
		n++;
	if (n == s->len)
		return false;
	*out = (struct str16){s->p + 1, n - 1};
	s->p += n + 1;
	s->len -= n + 1;
	return true;
}

static bool
is_name(struct str16 s)
{
	return s.len > 0 && s.p[0] != '{' && s.p[0] != '*' &&
	       s.p[s.len - 1] != ',';
}

/* `import Name from "path"`. */
static bool
read_statement(struct str16 *s, struct str16 *name, struct str16 *path)
{
	if (!str16_is(take_word(s), "import"))
		return false;
	*name = take_word(s);
	if (!is_name(*name) || !str16_is(take_word(s), "from"))
		return false;
	return take_quoted(s, path);
}

static void
add_import(struct source *s, const struct mdx_use *use, struct str16 name,
    struct str16 path)
{
	struct import *import = arena_zalloc(s->arena, sizeof(*import));

	import->name = name;
	import->path = utf8_from(s->arena, path);
	import->use = use;
	import->next = s->imports;
	s->imports = import;
}

/* Exports mean nothing here. */
static int
collect(struct source *s, const struct mdx_use *use, struct err *err)
{
	struct str16 rest = skip(use->node->value.string), name, path;
	struct str text;

	while (rest.len > 0 && rest.p[0] != 'e') {
		if (read_statement(&rest, &name, &path)) {
			add_import(s, use, name, path);
			rest = skip(rest);
			continue;
		}
		text = utf8_from(s->arena, use->node->value.string);
		(void)fail(err, ERR_PROMPT,
		    "Only default imports are supported. Invalid import in "
		    "%.*s: %.*s",
		    (int)s->file->name.len, s->file->name.p,
		    (int)(text.len < 200 ? text.len : 200), text.p);
		return source_locate(s->file, use->at, err);
	}
	return 0;
}

int
import_collect(struct source *s, struct err *err)
{
	size_t i;

	for (i = 0; i < s->doc.n_uses; i++)
		if (s->doc.uses[i]->node->kind == NODE_ESM &&
		    collect(s, s->doc.uses[i], err) == -1)
			return -1;
	return 0;
}

static struct import *
find(const struct source *s, struct str16 name)
{
	struct import *import;

	for (import = s->imports; import != NULL; import = import->next)
		if (str16_eq(import->name, name))
			return import;
	return NULL;
}

const struct import *
import_find(const struct source *s, struct str16 name)
{
	return name.p != NULL ? find(s, name) : NULL;
}

/* --- files */

static bool
is_circular(const struct source *s, struct str name)
{
	for (; s != NULL; s = s->parent)
		if (str_eq(s->file->name, name))
			return true;
	return false;
}

static int
load(struct source *s, struct import *import, struct err *err)
{
	struct source_file *file = arena_zalloc(s->arena, sizeof(*file));
	struct source *source;

	if (s->loader == NULL)
		return fail(err, ERR_PROMPT, "files cannot be imported here");
	if (s->loader->load(s->loader->arg, s->arena, s->file->name,
		import->path, file, err) == -1)
		return -1;
	if (is_circular(s, file->name) || s->depth >= LIMIT_IMPORT_DEPTH)
		return fail(err, ERR_PROMPT, "%.*s imports itself",
		    (int)file->name.len, file->name.p);
	source = arena_zalloc(s->arena, sizeof(*source));
	source->arena = s->arena;
	source->file = file;
	source->loader = s->loader;
	source->parent = s;
	source->depth = s->depth + 1;
	source->spent = s->spent;
	import->source = source;
	return 0;
}

/* The tree of a component, which is read when it is used first. */
static int
component_tree(struct source *s, struct import *import,
    const struct node **root, struct err *err)
{
	if (import->source == NULL) {
		if (load(s, import, err) == -1)
			return source_locate(s->file, import->use->at, err);
		if (source_read(import->source, err) == -1)
			return -1;
	}
	*root = import->source->doc.root;
	return 0;
}

/* --- copies */

/* Where nodes are copied to, and what they are in. */
struct copy {
	struct source *source;	   /* whose imports count; NULL for none */
	const struct props *props; /* of the component; NULL outside of one */
	struct arena *arena;
	size_t *spent;
	unsigned depth;
	struct err *err;
};

static int copy_children(
    const struct copy *c, const struct node *from, struct node *to);

static int
spend(const struct copy *c)
{
	if (c->depth > LIMIT_AST_DEPTH)
		return fail(c->err, ERR_PROMPT,
		    "components are nested more than %d deep", LIMIT_AST_DEPTH);
	if (++*c->spent > LIMIT_LOOP_NODES)
		return fail(c->err, ERR_PROMPT,
		    "components make more than %u nodes", LIMIT_LOOP_NODES);
	return 0;
}

/* The component's nodes in the place of the tag FROM. */
static int
copy_component(const struct copy *c, struct import *import,
    const struct node *from, struct node *to)
{
	struct props props = {0};
	struct node children = {.has_children = true};
	struct copy inner = *c;
	const struct node *root = NULL;

	if (component_tree(c->source, import, &root, c->err) == -1 ||
	    copy_children(c, from, &children) == -1)
		return -1;
	props.attrs =
	    props_substitute(c->arena, c->props, from->attrs, from->n_attrs);
	props.n_attrs = from->n_attrs;
	props.children = &children;
	inner.source = NULL;
	inner.props = &props;
	inner.depth++;
	return copy_children(&inner, root, to);
}

/* Components inside of a loop's function are put into its text. */
static int
copy_function(const struct copy *c, const struct node *from, struct node *to)
{
	struct node root = {.kind = NODE_ROOT, .has_children = true};
	struct str16 source = from->value.string, body, text;
	struct node *parsed, *copy;

	body = body_text(source);
	if (mdx_parse(c->arena, body, &parsed, c->err) == -1)
		return -1;
	root.type = parsed->type;
	if (copy_children(c, parsed, &root) == -1 ||
	    markdown_print(c->arena, &root, MARKDOWN_2_1, &text, c->err) == -1)
		return -1;
	copy = arena_dup(c->arena, from, sizeof(*from));
	copy->value = js_string(body_replace(c->arena, source, body, text));
	props_adopt(c->arena, to, copy);
	return 0;
}

/* A function that uses a component, or anything that looks like one. */
static bool
uses_component(const struct copy *c, const struct node *node)
{
	const struct import *import;

	if (c->source == NULL || node->kind != NODE_FLOW_EXPRESSION ||
	    node->value.type != JS_STRING)
		return false;
	for (import = c->source->imports; import != NULL; import = import->next)
		if (body_mentions(node->value.string, import->name))
			return true;
	return false;
}

static bool
is_element(const struct node *node)
{
	return node->kind == NODE_FLOW_ELEMENT ||
	       node->kind == NODE_TEXT_ELEMENT;
}

static bool
is_expression(const struct node *node)
{
	return node->kind == NODE_FLOW_EXPRESSION ||
	       node->kind == NODE_TEXT_EXPRESSION;
}

static int
copy_node(const struct copy *c, const struct node *from, struct node *to)
{
	struct import *import = NULL;
	struct copy inner = *c;
	struct node *copy;

	if (from->kind == NODE_ESM)
		return 0;
	if (spend(c) == -1)
		return -1;
	if (c->source != NULL && is_element(from) && from->name.p != NULL)
		import = find(c->source, from->name);
	if (import != NULL)
		return copy_component(c, import, from, to);
	if (uses_component(c, from) && str16_is(to->name, "ForEach"))
		return copy_function(c, from, to);
	if (is_expression(from) && c->props != NULL &&
	    props_expression(c->arena, c->props, from, to))
		return 0;
	copy = arena_dup(c->arena, from, sizeof(*from));
	copy->children = NULL;
	copy->n_children = 0;
	props_adopt(c->arena, to, copy);
	inner.depth++;
	return copy_children(&inner, from, copy);
}

static int
copy_children(const struct copy *c, const struct node *from, struct node *to)
{
	size_t i;

	for (i = 0; i < from->n_children; i++)
		if (copy_node(c, from->children[i], to) == -1)
			return -1;
	return 0;
}

static bool
has_statements(const struct source *s)
{
	size_t i;

	for (i = 0; i < s->doc.n_uses; i++)
		if (s->doc.uses[i]->node->kind == NODE_ESM)
			return true;
	return false;
}

int
import_expand(struct source *s, struct err *err)
{
	struct copy c = {
	    .source = s, .arena = s->arena, .spent = s->spent, .err = err};
	const struct node *root = s->doc.root;
	struct node *copy;

	if (!has_statements(s))
		return 0;
	copy = arena_dup(s->arena, root, sizeof(*root));
	copy->children = NULL;
	copy->n_children = 0;
	s->doc.root = copy;
	return copy_children(&c, root, copy);
}
