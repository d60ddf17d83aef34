/* Resolves references by the five components of a URI.  It refuses to know any
 * scheme, and to fetch anything. */
#include "uri.h"

#include <string.h>

/* .p is NULL for a part that is not there; the path is always there. */
struct uri {
	struct str scheme, authority, path, query, fragment;
};

static bool
is_scheme(struct str s)
{
	size_t i;

	for (i = 0; i < s.len; i++) {
		char c = s.p[i];
		bool letter = (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
		bool other =
		    (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';

		if (!letter && (i == 0 || !other))
			return false;
	}
	return s.len > 0;
}

/* Cuts *REST at the first C; what was before it, or *REST as it was. */
static struct str
cut(struct str *rest, char c, bool *found)
{
	const char *at = rest->len ? memchr(rest->p, c, rest->len) : NULL;
	struct str head = *rest;

	*found = at != NULL;
	if (at == NULL)
		return head;
	head.len = (size_t)(at - rest->p);
	rest->p += head.len + 1;
	rest->len -= head.len + 1;
	return head;
}

/* What follows the first C in *TEXT, which loses it; .p NULL without a C. */
static struct str
cut_tail(struct str *text, char c)
{
	struct str tail = *text;
	bool found;

	*text = cut(&tail, c, &found);
	return found ? tail : (struct str){NULL, 0};
}

static struct uri
parse(struct str text)
{
	struct uri u = {.scheme.p = NULL};
	struct str rest, head;
	bool found;

	u.fragment = cut_tail(&text, '#');
	u.query = cut_tail(&text, '?');
	rest = text;
	head = cut(&rest, ':', &found);
	if (found && is_scheme(head)) {
		u.scheme = head;
		text = rest;
	}
	if (text.len >= 2 && memcmp(text.p, "//", 2) == 0) {
		text.p += 2;
		text.len -= 2;
		rest = text;
		u.authority = cut(&rest, '/', &found);
		text.p += u.authority.len;
		text.len -= u.authority.len;
	}
	u.path = text;
	return u;
}

/* Drops the last segment of the first *LEN bytes and the slash before it. */
static void
drop_segment(const char *path, size_t *len)
{
	while (*len > 0 && path[*len - 1] != '/')
		(*len)--;
	if (*len > 0)
		(*len)--;
}

/* "." and ".." of an absolute path (5.2.4), in place. */
static size_t
remove_dots(char *path, size_t len)
{
	size_t in = 0, out = 0, end, n;

	while (in < len) {
		end = in + 1;
		while (end < len && path[end] != '/')
			end++;
		n = end - in;
		if (n == 3 && memcmp(path + in, "/..", 3) == 0) {
			drop_segment(path, &out);
		} else if (n != 2 || memcmp(path + in, "/.", 2) != 0) {
			memmove(path + out, path + in, n);
			out += n;
			in = end;
			continue;
		}
		in = end;
		if (in == len)
			path[out++] = '/';
	}
	return out;
}

static struct str
clean(struct arena *a, struct str path)
{
	char *p;

	if (path.len == 0 || path.p[0] != '/')
		return path;
	p = arena_dup(a, path.p, path.len);
	return (struct str){p, remove_dots(p, path.len)};
}

/* 5.2.3; a base may have a path that is not absolute, or none: it is treated
 * as if a slash were before it. */
static struct str
merge(struct arena *a, const struct uri *base, struct str path)
{
	size_t keep = base->path.len, len;
	char *p = arena_alloc(a, base->path.len + path.len + 1);
	bool absolute = base->authority.p != NULL ||
			(base->path.len > 0 && base->path.p[0] == '/');

	while (keep > 0 && base->path.p[keep - 1] != '/')
		keep--;
	p[0] = '/';
	len = keep > 0 && base->path.p[0] == '/' ? 0 : 1;
	if (keep > 0)
		memcpy(p + len, base->path.p, keep);
	if (path.len > 0)
		memcpy(p + len + keep, path.p, path.len);
	len = remove_dots(p, len + keep + path.len);
	return absolute ? (struct str){p, len} : (struct str){p + 1, len - 1};
}

static size_t
put(char *out, const char *before, struct str part, const char *after)
{
	size_t b = strlen(before), e = strlen(after);

	if (part.p == NULL)
		return 0;
	memcpy(out, before, b);
	if (part.len > 0)
		memcpy(out + b, part.p, part.len);
	memcpy(out + b + part.len, after, e);
	return b + part.len + e;
}

static struct str
join(struct arena *a, const struct uri *u)
{
	size_t n = 0, max = u->scheme.len + u->authority.len + u->path.len +
			    u->query.len + u->fragment.len + 8;
	char *out = arena_alloc(a, max);

	n += put(out + n, "", u->scheme, ":");
	n += put(out + n, "//", u->authority, "");
	n += put(out + n, "", u->path, "");
	n += put(out + n, "?", u->query, "");
	n += put(out + n, "#", u->fragment, "");
	return (struct str){out, n};
}

struct str
uri_resolve(struct arena *a, struct str base, struct str reference)
{
	struct uri b = parse(base), u = parse(reference);

	if (u.scheme.p != NULL) {
		u.path = clean(a, u.path);
		return join(a, &u);
	}
	u.scheme = b.scheme;
	if (u.authority.p != NULL) {
		u.path = clean(a, u.path);
		return join(a, &u);
	}
	u.authority = b.authority;
	if (u.path.len == 0) {
		u.path = b.path;
		if (u.query.p == NULL)
			u.query = b.query;
	} else if (u.path.p[0] == '/') {
		u.path = clean(a, u.path);
	} else {
		u.path = merge(a, &b, u.path);
	}
	return join(a, &u);
}

void
uri_split(struct str uri, struct str *rest, struct str *fragment)
{
	*rest = uri;
	*fragment = cut_tail(rest, '#');
	if (fragment->p == NULL)
		*fragment = STR("");
}

static int
hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

struct str
uri_decode(struct arena *a, struct str text)
{
	char *out = arena_alloc(a, text.len + 1);
	size_t i, n = 0;

	for (i = 0; i < text.len; i++) {
		int hi, lo;

		out[n++] = text.p[i];
		if (text.p[i] != '%' || text.len - i < 3)
			continue;
		hi = hex(text.p[i + 1]);
		lo = hex(text.p[i + 2]);
		if (hi < 0 || lo < 0)
			continue;
		out[n - 1] = (char)(hi * 16 + lo);
		i += 2;
	}
	return (struct str){out, n};
}
