/* Answers that were given before, each beside the question that it answers, in
 * one SQLite file for all processes.  As with the store nothing here fails a
 * run: what cannot be read is not there, what cannot be written is not kept.
 * It is for one process: not to be used behind a fork(). */
#ifndef CACHE_H
#define CACHE_H

#include "../base/arena.h"
#include "../base/crypt.h"
#include "../base/err.h"

struct cache;

/* Hashes of a question: of all of it, of what it is about (two of the same may
 * be asked in other words), and of what is said in it, whoever is asked. */
struct cache_key {
	uint8_t whole[CRYPT_HASH_LEN], about[CRYPT_HASH_LEN],
	    said[CRYPT_HASH_LEN];
};

/* Opens PATH at the first use.  It grows to BYTES, the oldest answers go first;
 * none is older than DAYS. */
struct cache *cache_new(const char *path, int64_t bytes, int64_t days) MUST_USE;
void cache_free(struct cache *c);

/* Whether it can be opened, or made; makes nothing. */
int cache_check(struct cache *c, struct err *err) MUST_USE NONNULL;

/* 1 and the answer, in the arena; 0: it is not there; -1: the file cannot be
 * asked.  Many of them are faster between two cache_rest(). */
int cache_get(struct cache *c, struct arena *a, const struct cache_key *key,
    struct str *answer) MUST_USE NONNULL;
/* Lets go of the file until it is asked again: before waiting. */
void cache_rest(struct cache *c) NONNULL;

/* Keeps an answer, unless there is one already; until cache_rest() nobody else
 * can write. */
void cache_put(struct cache *c, const struct cache_key *key,
    struct str question, struct str answer) NONNULL;
/* One that cannot be read. */
void cache_drop(struct cache *c, const struct cache_key *key) NONNULL;

/* Calls EACH for some questions that are about the same, or say the same, the
 * newest first.  EACH asks nothing. */
void cache_like(struct cache *c, const struct cache_key *key,
    void (*each)(void *arg, struct str question), void *arg);

/* Removes what is older than BEFORE (ms of the wall clock) from the file at
 * PATH, so that it cannot be found in it any more; how many, or -1. */
int64_t cache_purge(const char *path, int64_t before, struct err *err) MUST_USE;

#endif
