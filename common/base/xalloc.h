/* Allocation that does not return when there is no memory: one line goes to
 * stderr and the process ends; its supervisor starts another. */
#ifndef XALLOC_H
#define XALLOC_H

#include "base.h"

void *xmalloc(size_t size) MUST_USE;
void *xcalloc(size_t n, size_t size) MUST_USE;
void *xrealloc(void *p, size_t size) MUST_USE;
char *xstrdup(const char *s) MUST_USE NONNULL;
char *xstrndup(const char *s, size_t len) MUST_USE NONNULL;

/* n * size, or the end of the process when that overflows. */
size_t xmul(size_t n, size_t size);

#endif
