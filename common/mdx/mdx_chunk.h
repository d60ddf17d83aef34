/* A text that was put together from the rests of lines, and that knows where
 * in the source each of its units came from. */
#ifndef MDX_CHUNK_H
#define MDX_CHUNK_H

#include "mdx.h"

#define VIRTUAL 0u
/* What stands behind the last unit. */
#define CHUNK_END 0x10000u

struct mdx_segment {
	size_t at;     /* offset in the chunk */
	size_t line;   /* 0-based */
	size_t column; /* of its first unit, 1-based */
};

struct mdx_chunk {
	struct arena *arena;
	const uint16_t *p;
	size_t n, cap; /* CAP is 0 while P is borrowed */
	struct mdx_segment *segments;
	size_t n_segments;
	/* The place that was asked for last: most are asked for in order. */
	size_t known, known_segment;
	struct mdx_place known_place;
	/* Adds the next line: 1, or 0 when there is none, or -1 for an error,
	 * which FAILED remembers.  NULL when the text is complete. */
	int (*more)(struct mdx_chunk *c, void *arg);
	void *arg;
	bool failed;
};

/* Adds LEN units that stand at LINE and COLUMN. */
void mdx_chunk_add(struct mdx_chunk *c, const uint16_t *p, size_t len,
    size_t line, size_t column);
struct mdx_place mdx_chunk_place(struct mdx_chunk *c, size_t i);
bool mdx_chunk_more(struct mdx_chunk *c);

/* Copies FROM to TO, virtual units left out where they belong to a tab. */
struct str16 mdx_chunk_slice(
    struct arena *a, const struct mdx_chunk *c, size_t from, size_t to);
struct str16 mdx_unexpand(struct arena *a, const uint16_t *p, size_t len);

static inline unsigned
mdx_at(struct mdx_chunk *c, size_t i)
{
	if (i < c->n || (c->more != NULL && mdx_chunk_more(c)))
		return c->p[i];
	return CHUNK_END;
}

/* The same when nothing can be added. */
static inline unsigned
mdx_peek(const struct mdx_chunk *c, size_t i)
{
	return i < c->n ? c->p[i] : CHUNK_END;
}

static inline bool
mdx_is_space(unsigned c)
{
	return c == ' ' || c == '\t' || c == VIRTUAL;
}

static inline bool
mdx_is_eol(unsigned c)
{
	return c == '\n' || c == '\r';
}

/* Behind the line end at I. */
static inline size_t
mdx_skip_eol(struct mdx_chunk *c, size_t i)
{
	return mdx_at(c, i) == '\r' && i + 1 < c->n && c->p[i + 1] == '\n'
		   ? i + 2
		   : i + 1;
}

#endif
