/* Tokens of the reference implementations of text metrics, as numbers: equal
 * tokens have equal numbers within one vocabulary. */
#ifndef TOKENS_H
#define TOKENS_H

#include "pairs.h"
#include "../base/arena.h"

/* Numbers, in an arena. */
struct ids {
	const uint32_t *p;
	size_t n;
};

struct vocab {
	struct arena *arena;
	struct pairs pairs;
};

void vocab_init(struct vocab *v, struct arena *a) NONNULL;
void vocab_free(struct vocab *v) NONNULL;

/* What stands between white space. */
struct ids tokens_words(struct vocab *v, struct str text);

/* rouge_score: runs of a-z and 0-9 after lower-casing; all else separates. */
struct ids tokens_rouge(struct vocab *v, struct str text);

/* sacreBLEU's 13a, which is that of mteval-v13a. */
struct ids tokens_13a(struct vocab *v, struct str text);

/* SQuAD: lower case, without ASCII punctuation and without a, an and the. */
struct ids tokens_squad(struct vocab *v, struct str text);

/* Code points, all or without white space; they are their own numbers. */
struct ids tokens_chars(struct arena *a, struct str text, bool spaces);

#endif
