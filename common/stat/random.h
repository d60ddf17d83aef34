/* Numbers that look random and are the same for the same seed. */
#ifndef RANDOM_H
#define RANDOM_H

#include "../base/base.h"

struct random {
	uint64_t state; /* the seed */
};

uint64_t random_bits(struct random *r) NONNULL;

#endif
