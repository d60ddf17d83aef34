/* One JSX tag (templatedx.md 6.4), as the MDX extension of micromark reads it:
 * a name with members or a prefix, attributes, and white space almost
 * everywhere.  Which tags belong together is decided elsewhere. */
#include "mdx_int.h"

#include "mdx_entity.h"
#include "../base/utf.h"

#include <unictype.h>

struct reader {
	struct mdx *m;
	struct mdx_chunk *c;
	size_t i;
	size_t last; /* behind the attribute, without white space */
	struct attr *attrs;
	size_t n_attrs;
};

static const char name_start[] =
    "a character that can start a name, such as a letter, `$`, or `_`";
static const char attribute_start[] =
    "a character that can start an attribute name, such as a letter, `$`, or "
    "`_`; whitespace before attributes; or the end of the tag";

static unsigned
at(const struct reader *r)
{
	return mdx_at(r->c, r->i);
}

static int
crash(struct reader *r, const char *where, const char *expected)
{
	unsigned unit = at(r);
	struct mdx_place place = mdx_chunk_place(r->c, r->i);
	uint16_t c = (uint16_t)unit;
	struct str text;

	if (r->c->failed)
		return -1;
	if (unit == CHUNK_END)
		return mdx_fail(r->m, place,
		    "Unexpected end of file %s, expected %s", where, expected);
	text = utf8_from(r->m->work, (struct str16){&c, 1});
	return mdx_fail(r->m, place,
	    "Unexpected character `%.*s` (U+%04X) %s, expected %s",
	    (int)text.len, text.p, unit, where, expected);
}

bool
mdx_is_id_start(unsigned c)
{
	if (c < 0x80)
		return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		       c == '$' || c == '_';
	return c < CHUNK_END && uc_is_property_id_start(c);
}

bool
mdx_is_id_part(unsigned c)
{
	if (c < 0x80)
		return mdx_is_id_start(c) || (c >= '0' && c <= '9');
	return c < CHUNK_END &&
	       (uc_is_property_id_continue(c) || c == 0x200C || c == 0x200D);
}

/* The same for whole code points, without a dash. */
bool
mdx_is_id_point(uint32_t c, bool first)
{
	if (c < CHUNK_END)
		return first ? mdx_is_id_start(c) : mdx_is_id_part(c);
	return first ? uc_is_property_id_start(c)
		     : uc_is_property_id_continue(c);
}

/* White space of JavaScript, and lines. */
static void
skip(struct reader *r)
{
	unsigned c;

	for (;;) {
		c = at(r);
		if (c == CHUNK_END || (!mdx_is_space(c) && !js_is_space(c)))
			return;
		r->i++;
	}
}

/* One part of a name. */
static struct str16
read_part(struct reader *r)
{
	size_t start = r->i;

	if (mdx_is_id_start(at(r)))
		while (mdx_is_id_part(at(r)) || at(r) == '-')
			r->i++;
	return (struct str16){r->c->p + start, r->i - start};
}

/* What may stand directly behind a name. */
static bool
ends_name(const struct reader *r, const char *more)
{
	unsigned c = at(r);

	if (c == CHUNK_END)
		return false;
	if (c == '/' || c == '>' || c == '{' || mdx_is_space(c) ||
	    js_is_space(c))
		return true;
	for (; *more != '\0'; more++)
		if (c == (unsigned char)*more)
			return true;
	return false;
}

static struct str16
join(struct arena *a, struct str16 s, char by, struct str16 part)
{
	uint16_t *out = arena_array(a, s.len + 1 + part.len, sizeof(*out));
	size_t i;

	for (i = 0; i < s.len; i++)
		out[i] = s.p[i];
	out[s.len] = (uint16_t)by;
	for (i = 0; i < part.len; i++)
		out[s.len + 1 + i] = part.p[i];
	return (struct str16){out, s.len + 1 + part.len};
}

static struct str16
copy(struct arena *a, struct str16 s)
{
	return (struct str16){arena_dup(a, s.p, s.len * sizeof(*s.p)), s.len};
}

/* `.member` or `:local` behind a name. */
static int
read_more_name(struct reader *r, struct str16 *name, char by)
{
	const char *where = by == '.' ? "in member name" : "in local name";
	struct str16 part;

	r->i++;
	skip(r);
	part = read_part(r);
	if (part.len == 0)
		return crash(r,
		    by == '.' ? "before member name" : "before local name",
		    by == '.' ? attribute_start : name_start);
	*name = join(r->m->arena, *name, by, part);
	if (!ends_name(r, by == '.' ? "." : ""))
		return crash(r, where,
		    "a name character such as letters, digits, `$`, or `_`; "
		    "whitespace before attributes; or the end of the tag");
	skip(r);
	return 0;
}

/* Behind a name: its tag ends, or an attribute begins. */
static int
check_after_name(struct reader *r, const char *where)
{
	unsigned c = at(r);

	if (c == '/' || c == '>' || c == '{' || mdx_is_id_start(c))
		return 0;
	return crash(r, where, attribute_start);
}

static int
read_name(struct reader *r, struct str16 *name)
{
	struct str16 part = read_part(r);

	if (part.len == 0)
		return crash(r, "before name", name_start);
	*name = copy(r->m->arena, part);
	if (!ends_name(r, ".:"))
		return crash(r, "in name",
		    "a name character such as letters, digits, `$`, or `_`; "
		    "whitespace before attributes; or the end of the tag");
	skip(r);
	if (at(r) == ':') {
		if (read_more_name(r, name, ':') == -1)
			return -1;
		return check_after_name(r, "after local name");
	}
	if (at(r) != '.')
		return check_after_name(r, "after name");
	while (at(r) == '.')
		if (read_more_name(r, name, '.') == -1)
			return -1;
	return check_after_name(r, "after member name");
}

/* --- attributes */

/* A quoted value; white space that its lines begin with is dropped. */
static int
read_quoted(struct reader *r, struct str16 *value)
{
	unsigned quote = at(r);
	size_t start = ++r->i, i, n = 0;
	struct str16 text;
	uint16_t *out;

	while (at(r) != quote) {
		if (at(r) == CHUNK_END)
			return crash(r, "in attribute value",
			    quote == '"' ? "a corresponding closing quote `\"`"
					 : "a corresponding closing quote `'`");
		r->i++;
	}
	text = mdx_chunk_slice(r->m->arena, r->c, start, r->i++);
	out = arena_array(r->m->arena, text.len + 1, sizeof(*out));
	for (i = 0; i < text.len; i++) {
		if (n > 0 && mdx_is_eol(out[n - 1]) && js_is_space(text.p[i]) &&
		    !mdx_is_eol(text.p[i]))
			continue;
		out[n++] = text.p[i];
	}
	*value = mdx_decode_attribute(r->m->arena, (struct str16){out, n});
	return 0;
}

static int
read_value(struct reader *r, struct attr *attr)
{
	r->i++;
	skip(r);
	if (at(r) == '"' || at(r) == '\'') {
		attr->kind = ATTR_STRING;
		if (read_quoted(r, &attr->value) == -1)
			return -1;
		r->last = r->i;
		return 0;
	}
	if (at(r) == '{') {
		attr->kind = ATTR_EXPRESSION;
		if (mdx_expr(r->m, r->c, &r->i, EXPR_ATTRIBUTE, &attr->value) ==
		    -1)
			return -1;
		r->last = r->i;
		return 0;
	}
	return crash(r, "before attribute value",
	    "a character that can start an attribute value, such as `\"`, "
	    "`'`, or `{`");
}

static int
read_attribute_name(struct reader *r, struct attr *attr)
{
	static const char expected[] =
	    "an attribute name character such as letters, digits, `$`, or `_`; "
	    "`=` to initialize a value; whitespace before attributes; or the "
	    "end of the tag";
	struct str16 part = read_part(r);

	if (part.len == 0)
		return crash(r, "before attribute name", attribute_start);
	attr->name = copy(r->m->arena, part);
	r->last = r->i;
	if (!ends_name(r, ":="))
		return crash(r, "in attribute name", expected);
	skip(r);
	if (at(r) != ':')
		return 0;
	r->i++;
	skip(r);
	part = read_part(r);
	if (part.len == 0)
		return crash(r, "before local attribute name", attribute_start);
	attr->name = join(r->m->arena, attr->name, ':', part);
	r->last = r->i;
	if (!ends_name(r, "="))
		return crash(r, "in local attribute name", expected);
	skip(r);
	return 0;
}

static int
read_attribute(struct reader *r, struct attr *attr)
{
	*attr = (struct attr){.kind = ATTR_NULL, .has_position = true};
	if (at(r) == '{') {
		attr->kind = ATTR_SPREAD;
		if (mdx_expr(r->m, r->c, &r->i, EXPR_SPREAD, &attr->value) ==
		    -1)
			return -1;
		r->last = r->i;
		return 0;
	}
	if (read_attribute_name(r, attr) == -1)
		return -1;
	return at(r) == '=' ? read_value(r, attr) : 0;
}

static int
read_attributes(struct reader *r, struct mdx_tag *tag)
{
	struct mdx_place start;
	struct attr attr;
	size_t n;

	for (;;) {
		skip(r);
		if (at(r) == '/' || at(r) == '>')
			break;
		start = mdx_chunk_place(r->c, r->i);
		if (read_attribute(r, &attr) == -1)
			return -1;
		attr.span =
		    mdx_locate(r->m, start, mdx_chunk_place(r->c, r->last));
		/* Room doubles whenever a power of two is reached. */
		n = r->n_attrs;
		if ((n & (n - 1)) == 0)
			r->attrs = arena_grow(r->m->arena, r->attrs, n,
			    n != 0 ? 2 * n : 1, sizeof(*r->attrs));
		r->attrs[r->n_attrs++] = attr;
	}
	tag->attrs = r->attrs;
	tag->n_attrs = r->n_attrs;
	return 0;
}

/* --- the tag */

/* From behind `<` to before `>`. */
static int
read_inside(struct reader *r, struct mdx_tag *tag)
{
	skip(r);
	if (at(r) == '/') {
		tag->close = true;
		r->i++;
		skip(r);
	}
	if (at(r) == '>')
		return 0;
	if (read_name(r, &tag->name) == -1 || read_attributes(r, tag) == -1)
		return -1;
	if (at(r) != '/')
		return 0;
	tag->self_closing = true;
	r->i++;
	skip(r);
	if (at(r) != '>')
		return crash(
		    r, "after self-closing slash", "`>` to end the tag");
	return 0;
}

int
mdx_tag(struct mdx *m, struct mdx_chunk *c, size_t *i, struct mdx_tag **out)
{
	struct reader r = {.m = m, .c = c, .i = *i + 1};
	struct mdx_tag *tag;

	if (mdx_is_space(at(&r)) || mdx_is_eol(at(&r)))
		return 0;
	tag = arena_zalloc(m->work, sizeof(*tag));
	tag->start = mdx_chunk_place(c, *i);
	if (read_inside(&r, tag) == -1)
		return -1;
	tag->end = mdx_chunk_place(c, r.i + 1);
	*i = r.i + 1;
	*out = tag;
	return 1;
}
