/* Which rows of a dataset a request wants (protocol.md 3.4). */
#ifndef SAMPLING_H
#define SAMPLING_H

#include "../base/arena.h"
#include "../base/err.h"

#include <jansson.h>

enum sampling_mode {
	SAMPLING_ALL,
	SAMPLING_ROWS,
	SAMPLING_PERCENT,
	SAMPLING_SPLIT
};

struct sampling {
	enum sampling_mode mode;
	bool has_seed;
	double seed;
	int64_t *rows; /* sorted, without duplicates; in the arena */
	size_t n_rows;
	double percent; /* of the sample or of the train part */
	bool test;	/* the other part of a split */
};

/* Reads `sampling` of a request; NULL and null are all rows.  Fails with the
 * texts of 3.4 as ERR_PROMPT. */
int sampling_read(struct arena *a, const json_t *json, struct sampling *out,
    struct err *err) MUST_USE;

/* Whether the number of rows has to be known first: a split without seed. */
bool sampling_needs_total(const struct sampling *s) NONNULL;

/* Whether row INDEX of TOTAL (-1: unknown, where it is not needed) is kept.
 * RANDOM is a number from 0 to below 1 for a sample without a seed. */
bool sampling_keeps(const struct sampling *s, int64_t index, int64_t total,
    double random) NONNULL;

/* rnd(seed, i) of 3.4. */
double sampling_random(double seed, int64_t index);

#endif
