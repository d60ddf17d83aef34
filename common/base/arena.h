/* Memory that lives and dies together.  Arenas nest: process > request > row >
 * call; freeing one frees its children first.  What an arena cannot own itself
 * (trees, handles, descriptors) is given back by hooks, run newest first. */
#ifndef ARENA_H
#define ARENA_H

#include "base.h"

struct arena;

/* A new arena below PARENT, or on its own when PARENT is NULL. */
struct arena *arena_new(struct arena *parent) MUST_USE;
void arena_free(struct arena *a);

/* Uninitialised and zeroed memory, aligned for any type; never NULL. */
void *arena_alloc(struct arena *a, size_t size) MUST_USE NONNULL;
void *arena_zalloc(struct arena *a, size_t size) MUST_USE NONNULL;
void *arena_dup(struct arena *a, const void *p, size_t size) MUST_USE;

/* N items of SIZE bytes, uninitialised; the product is checked. */
void *arena_array(struct arena *a, size_t n, size_t size) MUST_USE NONNULL;

/* A larger array with the OLD_N items of the old one, which stays. */
void *arena_grow(struct arena *a, const void *old, size_t old_n, size_t n,
    size_t size) MUST_USE;

/* NUL-terminated copies. */
char *arena_strdup(struct arena *a, const char *s) MUST_USE NONNULL;
char *arena_strndup(struct arena *a, const char *s, size_t len) MUST_USE;
char *arena_printf(struct arena *a, const char *fmt, ...)
    PRINTF_LIKE(2, 3) MUST_USE NONNULL;

/* Calls FN(ARG) when the arena is freed. */
void arena_on_free(struct arena *a, void (*fn)(void *), void *arg);

#endif
