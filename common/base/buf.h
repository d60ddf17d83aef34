/* The one type for growing text.  It has a ceiling: what would pass it is not
 * added and the buffer is marked full, so that a writer may add without
 * looking and its caller asks buf_full() once at the end. */
#ifndef BUF_H
#define BUF_H

#include "base.h"

struct buf {
	char *data; /* LEN bytes and a NUL, owned; NULL while empty */
	size_t len, cap, max;
	bool full; /* something was left out */
};

/* An empty buffer of at most MAX bytes; no memory is taken yet. */
void buf_init(struct buf *b, size_t max) NONNULL;
void buf_free(struct buf *b) NONNULL;

/* Empties it and keeps its memory. */
void buf_clear(struct buf *b) NONNULL;

void buf_add(struct buf *b, const void *p, size_t len);
void buf_addc(struct buf *b, char c) NONNULL;
void buf_adds(struct buf *b, const char *s) NONNULL;
void buf_addf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3) NONNULL;

/* Room for LEN more bytes, which the caller writes and then commits by adding
 * to b->len; NULL (and full) when the ceiling forbids it. */
char *buf_reserve(struct buf *b, size_t len) NONNULL;

/* Drops the first LEN bytes. */
void buf_drop(struct buf *b, size_t len) NONNULL;

/* The text, NUL-terminated, never NULL; valid until the next addition. */
const char *buf_str(const struct buf *b) NONNULL;
struct str buf_text(const struct buf *b) NONNULL;

bool buf_full(const struct buf *b) NONNULL;

#endif
