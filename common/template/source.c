/* Whole prompt files: which tags may stand in them, and errors that say where.
 * It refuses to know where files come from, and leaves imports to
 * import.c. */
#include "source.h"

#include "import.h"
#include "reference.h"
#include "../base/limits.h"
#include "../base/utf.h"

#include <string.h>

/* --- errors */

/* The line as text, cut to what a person would read. */
static struct str
line_at(struct str text, size_t line)
{
	size_t i = 0, end;

	for (; line > 1 && i < text.len; i++)
		if (text.p[i] == '\n' ||
		    (text.p[i] == '\r' &&
			(i + 1 == text.len || text.p[i + 1] != '\n')))
			line--;
	for (end = i; end < text.len && text.p[end] != '\n' &&
		      text.p[end] != '\r' && end - i < 200;
	     end++)
		;
	return (struct str){text.p + i, end - i};
}

int
source_locate(
    const struct source_file *file, struct mdx_place at, struct err *err)
{
	struct str line = line_at(file->text, at.line);
	struct err located = {0};

	if (at.line == 0) {
		err_prefix(err, "%.*s", (int)file->name.len, file->name.p);
		return -1;
	}
	(void)fail(&located, err->code, "%.*s:%zu:%zu: %s\n  %.*s",
	    (int)file->name.len, file->name.p, at.line, at.column, err->msg,
	    (int)line.len, line.p);
	err_free(err);
	err_move(err, &located);
	return -1;
}

/* --- tags */

/* Elements of HTML, which any prompt may use. */
static const char *const html_names[] = {"a", "abbr", "acronym", "address",
    "applet", "area", "article", "aside", "audio", "b", "base", "basefont",
    "bdi", "bdo", "bgsound", "big", "blink", "blockquote", "body", "br",
    "button", "canvas", "caption", "center", "cite", "code", "col", "colgroup",
    "command", "content", "data", "datalist", "dd", "del", "details", "dfn",
    "dialog", "dir", "div", "dl", "dt", "element", "em", "embed", "fieldset",
    "figcaption", "figure", "font", "footer", "form", "frame", "frameset", "h1",
    "h2", "h3", "h4", "h5", "h6", "head", "header", "hgroup", "hr", "html", "i",
    "iframe", "image", "img", "input", "ins", "isindex", "kbd", "keygen",
    "label", "legend", "li", "link", "listing", "main", "map", "mark",
    "marquee", "math", "menu", "menuitem", "meta", "meter", "multicol", "nav",
    "nextid", "nobr", "noembed", "noframes", "noscript", "object", "ol",
    "optgroup", "option", "output", "p", "param", "picture", "plaintext", "pre",
    "progress", "q", "rb", "rbc", "rp", "rt", "rtc", "ruby", "s", "samp",
    "script", "search", "section", "select", "shadow", "slot", "small",
    "source", "spacer", "span", "strike", "strong", "style", "sub", "summary",
    "sup", "svg", "table", "tbody", "td", "template", "textarea", "tfoot", "th",
    "thead", "time", "title", "tr", "track", "tt", "u", "ul", "var", "video",
    "wbr", "xmp"};

static bool
equals_folded(struct str16 name, const char *html)
{
	size_t i;
	unsigned c;

	for (i = 0; i < name.len && html[i] != '\0'; i++) {
		c = name.p[i];
		if (c >= 'A' && c <= 'Z')
			c |= 0x20;
		if (c != (unsigned char)html[i])
			return false;
	}
	return i == name.len && html[i] == '\0';
}

static bool
is_html(struct str16 name)
{
	size_t k;

	for (k = 0; k < ARRAY_LEN(html_names); k++)
		if (equals_folded(name, html_names[k]))
			return true;
	return false;
}

static bool
has_spread(const struct node *tag)
{
	size_t i;

	for (i = 0; i < tag->n_attrs; i++)
		if (tag->attrs[i].kind == ATTR_SPREAD)
			return true;
	return false;
}

/* Components are given only what is written out. */
static bool
is_allowed(const struct source *s, const struct node *tag)
{
	if (tag->name.p == NULL)
		return true;
	if (import_find(s, tag->name) != NULL)
		return !has_spread(tag);
	return tag_find(s->instance, tag->name) != NULL || is_html(tag->name) ||
	       tag_is_lower(tag->name);
}

/* What Raw holds is text. */
static bool
is_raw(const struct mdx_use *use)
{
	for (use = use->parent; use != NULL; use = use->parent)
		if (str16_is(use->node->name, "Raw"))
			return true;
	return false;
}

static bool
is_before(struct mdx_place a, struct mdx_place b)
{
	return a.line < b.line || (a.line == b.line && a.column < b.column);
}

/* The first tag that is not allowed, or NULL. */
static const struct mdx_use *
find_fault(const struct source *s)
{
	const struct mdx_use *use, *first = NULL;
	size_t i;

	for (i = 0; i < s->doc.n_uses; i++) {
		use = s->doc.uses[i];
		if (use->node->kind == NODE_ESM || is_allowed(s, use->node) ||
		    is_raw(use))
			continue;
		if (first == NULL || is_before(use->at, first->at))
			first = use;
	}
	return first;
}

static int
check_tags(struct source *s, struct err *err)
{
	const struct mdx_use *use = find_fault(s);
	struct str name;

	if (use == NULL)
		return 0;
	name = utf8_from(s->arena, use->node->name);
	name.len = name.len < LIMIT_ERR_BYTES ? name.len : LIMIT_ERR_BYTES;
	if (import_find(s, use->node->name) != NULL)
		(void)fail(err, ERR_PROMPT,
		    "Only literal attribute values are supported. Invalid "
		    "attribute in component <%.*s>.",
		    (int)name.len, name.p);
	(void)fail(err, ERR_PROMPT,
	    "Unsupported tag '<%.*s>'. Only native MDX elements, and "
	    "registered tags are supported. Registered tags: %s.",
	    (int)name.len, name.p, tag_list(s->arena, s->instance));
	return source_locate(s->file, use->at, err);
}

/* --- the instance */

static bool
contains(struct str16 text, const char *word)
{
	size_t i, len = strlen(word);

	for (i = 0; i + len <= text.len; i++)
		if (str16_is((struct str16){text.p + i, len}, word))
			return true;
	return false;
}

/* By the words of the frontmatter, as text (1.1). */
static enum instance
instance_of(const struct node *root)
{
	struct str16 text;

	if (root->n_children == 0 || root->children[0]->kind != NODE_YAML)
		return INSTANCE_LANGUAGE;
	text = root->children[0]->value.string;
	if (contains(text, "image_config:"))
		return INSTANCE_IMAGE;
	if (contains(text, "speech_config:"))
		return INSTANCE_SPEECH;
	return INSTANCE_LANGUAGE;
}

/* --- files */

int
source_read(struct source *s, struct err *err)
{
	struct mdx_place failed;

	if (mdx_read(s->arena, s->file->text, &s->doc, &failed, err) == -1)
		return source_locate(s->file, failed, err);
	if (s->parent == NULL)
		s->instance = instance_of(s->doc.root);
	else
		s->instance = s->parent->instance;
	if (import_collect(s, err) == -1 || check_tags(s, err) == -1)
		return -1;
	return import_expand(s, err);
}

int
source_parse(struct arena *a, const struct source_file *file,
    const struct source_loader *loader, struct node **root, struct err *err)
{
	struct source s = {.arena = a, .file = file, .loader = loader};
	size_t spent = 0;

	s.spent = &spent;
	if (source_read(&s, err) == -1)
		return -1;
	if (reference_resolve(a, file, loader, s.doc.root, err) == -1)
		return source_locate(file, (struct mdx_place){0}, err);
	*root = s.doc.root;
	return 0;
}
