/* Texts that are put together from the rests of lines: a paragraph without the
 * prefixes of its containers, or the lines of a tag that goes on and on.  It
 * keeps the way back to lines and columns, for errors, and refuses to know
 * what the text means. */
#include "mdx_chunk.h"

#include <string.h>

static void
reserve(struct mdx_chunk *c, size_t n)
{
	size_t cap = c->cap != 0 ? c->cap : 64;

	if (n <= c->cap)
		return;
	while (cap < n)
		cap *= 2;
	c->p = arena_grow(c->arena, c->p, c->n, cap, sizeof(*c->p));
	c->cap = cap;
}

static void
add_segment(struct mdx_chunk *c, size_t line, size_t column)
{
	size_t n = c->n_segments;

	/* Room doubles whenever a power of two is reached. */
	if ((n & (n - 1)) == 0)
		c->segments = arena_grow(c->arena, c->segments, n,
		    n != 0 ? 2 * n : 1, sizeof(*c->segments));
	c->segments[n] = (struct mdx_segment){c->n, line, column};
	c->n_segments++;
}

void
mdx_chunk_add(struct mdx_chunk *c, const uint16_t *p, size_t len, size_t line,
    size_t column)
{
	uint16_t *to;

	if (len == 0 && c->n_segments > 0)
		return;
	add_segment(c, line, column);
	if (c->n == 0) {
		c->p = p;
		c->n = len;
		c->cap = 0;
		return;
	}
	reserve(c, c->n + len);
	to = (uint16_t *)(uintptr_t)c->p + c->n;
	memcpy(to, p, len * sizeof(*p));
	c->n += len;
}

bool
mdx_chunk_more(struct mdx_chunk *c)
{
	size_t n = c->n;

	if (c->failed || c->more == NULL)
		return false;
	switch (c->more(c, c->arg)) {
	case 1:
		return c->n > n;
	case 0:
		c->more = NULL;
		return false;
	default:
		c->failed = true;
		return false;
	}
}

static size_t
find_segment(const struct mdx_chunk *c, size_t i)
{
	size_t low = 0, high = c->n_segments, middle;

	while (high - low > 1) {
		middle = low + (high - low) / 2;
		if (c->segments[middle].at <= i)
			low = middle;
		else
			high = middle;
	}
	return low;
}

struct mdx_place
mdx_chunk_place(struct mdx_chunk *c, size_t i)
{
	struct mdx_place place;
	size_t at, found;

	if (c->n_segments == 0)
		return (struct mdx_place){0};
	found = find_segment(c, i);
	at = c->segments[found].at;
	place.line = c->segments[found].line + 1;
	place.column = c->segments[found].column;
	if (c->known_place.line != 0 && c->known_segment == found &&
	    c->known <= i) {
		at = c->known;
		place = c->known_place;
	}
	for (; at < i && at < c->n; at++)
		if (c->p[at] != VIRTUAL)
			place.column++;
	c->known = at;
	c->known_segment = found;
	c->known_place = place;
	return place;
}

struct str16
mdx_unexpand(struct arena *a, const uint16_t *p, size_t len)
{
	size_t i, n = 0;
	uint16_t *out;
	bool tab = false;

	for (i = 0; i < len && p[i] != VIRTUAL; i++)
		;
	if (i == len)
		return (struct str16){arena_dup(a, p, len * sizeof(*p)), len};
	out = arena_array(a, len, sizeof(*out));
	for (i = 0; i < len; i++) {
		if (p[i] == VIRTUAL) {
			if (!tab)
				out[n++] = ' ';
			continue;
		}
		tab = p[i] == '\t';
		out[n++] = p[i];
	}
	return (struct str16){out, n};
}

struct str16
mdx_chunk_slice(
    struct arena *a, const struct mdx_chunk *c, size_t from, size_t to)
{
	static const uint16_t none[1];

	if (from >= to)
		return (struct str16){none, 0};
	return mdx_unexpand(a, c->p + from, to - from);
}
