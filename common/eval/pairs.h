/* Numbers pairs of numbers: equal pairs get the same small number, in order of
 * appearance from 0.  N-grams are pairs of a shorter n-gram and a token, words
 * are pairs of a shorter word and a byte; so one table makes anything that is
 * compared a number, without a chance of mistaking one for another. */
#ifndef PAIRS_H
#define PAIRS_H

#include "../base/base.h"

struct pairs {
	uint64_t *keys; /* owned, as is ids */
	uint32_t *ids;
	size_t size; /* a power of two */
	uint32_t n;
};

void pairs_init(struct pairs *t) NONNULL;
void pairs_free(struct pairs *t) NONNULL;

/* Forgets all pairs and keeps the memory. */
void pairs_clear(struct pairs *t) NONNULL;

uint32_t pairs_id(struct pairs *t, uint32_t a, uint32_t b) NONNULL;

#endif
