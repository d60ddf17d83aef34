/* Patterns of ECMA-262 (with its `u` flag), carried out by PCRE2. */
#ifndef ECMA_H
#define ECMA_H

#include "../base/arena.h"
#include "../base/err.h"

struct ecma;

/* Translates and compiles; the result lives as long as the arena. */
const struct ecma *ecma_compile(
    struct arena *a, struct str pattern, struct err *err) MUST_USE;

/* Whether the pattern matches anywhere in TEXT: 1 or 0, -1 when finding out
 * takes too long.  Invalid UTF-8 and lone surrogates count as U+FFFD.  The work
 * that it was is added to *STEPS. */
int ecma_match(const struct ecma *re, struct str text, size_t *steps) MUST_USE;

#endif
