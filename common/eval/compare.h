/* Compares JSON values: numbers by value, members in any order. */
#ifndef COMPARE_H
#define COMPARE_H

#include "../base/arena.h"

#include <jansson.h>

bool compare_equal(const json_t *a, const json_t *b);

/* Where two values differ first. */
struct difference {
	const char *where; /* JSON pointer, in the arena; NULL: nowhere */
	const json_t *want, *got; /* NULL: there is none */
};

/* Whether GOT has all that WANT says: members of objects, items of lists one by
 * one, equal scalars. */
bool compare_subset(struct arena *a, const json_t *want, const json_t *got,
    struct difference *first);

/* How much of WANT is in GOT, from 0 to 1: the members of an object or the
 * items of a list have equal shares of it, those that only GOT has among them.
 * When FUZZY, texts earn their share of equal characters and numbers that of
 * their size; *STEPS bounds the work on texts, and what is over it earns
 * nothing. */
double compare_share(struct arena *a, const json_t *want, const json_t *got,
    size_t *steps, bool fuzzy, struct difference *first);

#endif
