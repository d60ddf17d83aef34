/* The one door to zlib: gzip data inflated piece by piece (RFC 1952), as many
 * members as there are, packed at once, and its checksum. */
#ifndef GUNZIP_H
#define GUNZIP_H

#include "arena.h"
#include "buf.h"
#include "err.h"

struct gunzip;

/* NULL when there is no memory; its state is freed with the arena. */
struct gunzip *gunzip_new(struct arena *a, struct err *err) MUST_USE;

/* Begins again with another stream. */
void gunzip_reset(struct gunzip *g) NONNULL;

/* Inflates from IN, which is moved on, to at most SIZE bytes at OUT; *LEN is
 * how many there were, perhaps none.  More may come of an empty IN when OUT was
 * filled. */
int gunzip(struct gunzip *g, struct str *in, char *out, size_t size,
    size_t *len, struct err *err) MUST_USE;

/* Whether the stream may end here: behind a whole member. */
bool gunzip_complete(const struct gunzip *g) NONNULL;

/* Packs BYTES, quickly rather than small; false when there is no memory, or TO
 * has no room. */
bool gzip(struct buf *to, struct str bytes) MUST_USE NONNULL;

/* The CRC-32 of gzip and others (ISO-HDLC). */
uint32_t gunzip_crc32(struct str bytes) MUST_USE;

#endif
