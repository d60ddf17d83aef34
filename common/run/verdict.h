/* What judges say, and what is made of it: one verdict of both orders of a
 * comparison, one score of several judges' votes.  Pure. */
#ifndef VERDICT_H
#define VERDICT_H

#include "../eval/builtin.h"

/* Texts are in the arena that made it, or literals. */
struct verdict {
	const char *judge;   /* who: the model's name; NULL: there is one */
	const char *failure; /* NULL: there is a verdict */
	double score;	     /* 0 to 1 */
	bool passed;
	const char *label, *reason; /* NULL: none */
};

/* Reads {score, passed?, label?, reason?}; an answer that is none becomes a
 * failure.  The score passes from THRESHOLD on where `passed` is missing. */
void verdict_read(
    struct arena *a, const json_t *answer, double threshold, struct verdict *v);

/* The answer in a text: the whole of it, or the object in it; NULL: none.  A
 * new reference. */
json_t *verdict_find(struct str text) MUST_USE;

/* One verdict of a comparison that was made twice, the second time with both
 * sides swapped: what holds in both orders is a win (1) or a loss (0), anything
 * else a tie (0.5). */
void verdict_join(struct arena *a, const struct verdict *first,
    const struct verdict *swapped, double threshold, struct verdict *out);

/* The mean of the scores, passed by a majority (a tie fails), the label that
 * the majority gives most often, all reasons.  Judges that failed have no
 * vote; -1 and their reasons when no other is left. */
int verdict_vote(struct arena *a, const struct verdict *v, size_t n,
    struct score *out, struct err *err) MUST_USE;

#endif
