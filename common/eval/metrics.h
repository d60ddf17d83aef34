/* Text metrics as pure numbers, over tokens or characters that tokens.h made
 * numbers of.  Each follows a published implementation, named in metrics.c, to
 * 1e-6; scores are from 0 to 1 (sacreBLEU's divided by 100). */
#ifndef EVAL_METRICS_H
#define EVAL_METRICS_H

#include "tokens.h"

enum { METRIC_ORDERS = 16 }; /* the longest n-grams, in tokens */

/* The F measure with equal weights. */
double metric_f(double precision, double recall);

double metric_rouge_n(struct ids out, struct ids ref, size_t n);
double metric_f1(struct ids out, struct ids ref);
double metric_gleu(struct ids out, struct ids ref);

enum bleu_smoothing { BLEU_EXP, BLEU_FLOOR, BLEU_ADD_K, BLEU_NONE, BLEU__MAX };

/* VALUE is that of the smoothing: NAN for its default. */
double metric_bleu(struct ids out, const struct ids *refs, size_t n_refs,
    enum bleu_smoothing smoothing, double value);

struct chrf {
	size_t order;
	double beta;
	bool eps_smoothing; /* a length without n-grams counts as 0 */
};

double metric_chrf(struct ids out, struct ids ref, const struct chrf *options);

/* Insertions, deletions and replacements that make B of A, and the length of
 * the longest common subsequence.  Bit-parallel: 64 pairs are one step, and
 * *STEPS is what may still be spent; they return false when it does not
 * suffice. */
bool metric_distance(
    struct ids a, struct ids b, size_t *steps, size_t *distance) MUST_USE;
bool metric_lcs(
    struct ids a, struct ids b, size_t *steps, size_t *length) MUST_USE;

#endif
