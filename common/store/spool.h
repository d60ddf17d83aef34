/* Pieces of data that are too many for memory, put aside in any order and read
 * back in the order of their keys.  The file has no name and ends with the
 * process. */
#ifndef SPOOL_H
#define SPOOL_H

#include "../base/err.h"

enum { SPOOL_KEY_LEN = 16 };

struct spool;

/* DIR: where the file is made; NULL: where SQLite makes such files. */
struct spool *spool_open(const char *dir, struct err *err) MUST_USE;
void spool_close(struct spool *s);

/* What is found again by SHELF first, then in the order of KEY, MAJOR, MINOR;
 * one that was put there before is replaced. */
struct spool_item {
	int shelf;
	uint8_t key[SPOOL_KEY_LEN];
	int64_t major, minor;
	const void *data;
	size_t len;
};

int spool_put(struct spool *s, const struct spool_item *item,
    struct err *err) MUST_USE NONNULL;

/* Reads a shelf; several may be read at a time, and others written to. */
struct spool_reader;
struct spool_reader *spool_read(
    struct spool *s, int shelf, struct err *err) MUST_USE NONNULL;
/* 1, 0 behind the last, -1; the data is borrowed until the next call. */
int spool_next(struct spool_reader *r, struct spool_item *item,
    struct err *err) MUST_USE NONNULL;
void spool_done(struct spool_reader *r);

#endif
