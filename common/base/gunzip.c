/* Everything of zlib that the program uses.  What is inflated may be a thousand
 * times what came in, so the caller says how much at most.  It refuses to know
 * where the bytes come from. */
#include "gunzip.h"

#include <limits.h>
#include <zlib.h>

/* Reads gzip's header and trailer, not zlib's. */
enum { GZIP_WINDOW = 15 + 16 };

struct gunzip {
	z_stream z;
	bool within; /* a member */
	bool any;    /* one was whole */
	bool padded; /* zeros follow the last one */
};

static void
end(void *arg)
{
	struct gunzip *g = arg;

	(void)inflateEnd(&g->z);
}

struct gunzip *
gunzip_new(struct arena *a, struct err *err)
{
	struct gunzip *g = arena_zalloc(a, sizeof(*g));

	if (inflateInit2(&g->z, GZIP_WINDOW) != Z_OK) {
		(void)fail(err, ERR_INTERNAL, "no memory to inflate with");
		return NULL;
	}
	arena_on_free(a, end, g);
	return g;
}

void
gunzip_reset(struct gunzip *g)
{
	(void)inflateReset(&g->z);
	g->within = g->any = g->padded = false;
}

bool
gunzip_complete(const struct gunzip *g)
{
	return g->any && !g->within;
}

uint32_t
gunzip_crc32(struct str bytes)
{
	return (uint32_t)crc32_z(0, (const Bytef *)bytes.p, bytes.len);
}

/* Zeros up to a block's end may follow the last member. */
static bool
skip_padding(struct gunzip *g, struct str *in)
{
	while (in->len > 0 && *in->p == '\0') {
		g->padded = true;
		in->p++;
		in->len--;
	}
	return in->len == 0;
}

static unsigned
at_most(size_t n)
{
	return n < UINT_MAX ? (unsigned)n : UINT_MAX;
}

int
gunzip(struct gunzip *g, struct str *in, char *out, size_t size, size_t *len,
    struct err *err)
{
	int rc;

	*len = 0;
	if (gunzip_complete(g) && skip_padding(g, in))
		return 0;
	if (g->padded)
		return fail(err, ERR_PROMPT, "what follows is no gzip data");
	/* zlib's pointers are not const. */
	g->z.next_in = (Bytef *)(uintptr_t)in->p;
	g->z.avail_in = at_most(in->len);
	g->z.next_out = (Bytef *)out;
	g->z.avail_out = at_most(size);
	g->within = true;
	rc = inflate(&g->z, Z_NO_FLUSH);
	*len = (size_t)((char *)g->z.next_out - out);
	in->len -= (size_t)((const char *)g->z.next_in - in->p);
	in->p = (const char *)g->z.next_in;
	if (rc == Z_STREAM_END) {
		g->within = false;
		g->any = true;
		(void)inflateReset(&g->z);
		return 0;
	}
	if (rc == Z_OK || rc == Z_BUF_ERROR)
		return 0;
	return fail(err, ERR_PROMPT, "%s",
	    g->z.msg != NULL ? g->z.msg : "the gzip data is damaged");
}

bool
gzip(struct buf *to, struct str bytes)
{
	enum { MEMORY = 8 };
	z_stream z = {0};
	bool done = false;
	size_t most;
	char *out;

	if (bytes.len > UINT_MAX / 2 ||
	    deflateInit2(&z, Z_BEST_SPEED, Z_DEFLATED, GZIP_WINDOW, MEMORY,
		Z_DEFAULT_STRATEGY) != Z_OK)
		return false;
	most = deflateBound(&z, (uLong)bytes.len);
	out = buf_reserve(to, most);
	if (out != NULL) {
		z.next_in = (Bytef *)(uintptr_t)bytes.p;
		z.avail_in = (uInt)bytes.len;
		z.next_out = (Bytef *)out;
		z.avail_out = (uInt)most;
		done = deflate(&z, Z_FINISH) == Z_STREAM_END;
		to->len += done ? most - z.avail_out : 0;
	}
	(void)deflateEnd(&z);
	return done;
}
