/* Scores that are made of n-grams which two texts have in common: ROUGE-N as
 * google-research's rouge_score, BLEU and chrF as sacreBLEU 2, GLEU as NLTK,
 * token F1 as SQuAD's evaluation script.  It refuses to know text. */
#include "metrics.h"

#include "../base/xalloc.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- n-grams */

/* Those of one length: how many OUT and REF have, and how many of those of OUT
 * are matched by one of REF, each once. */
struct matches {
	size_t out, ref, both;
};

/* One text while n-grams grow: `grams[i]` is the number of the one that starts
 * at token I. */
struct line {
	struct ids tokens;
	uint32_t *grams; /* owned */
};

static void
line_init(struct line *l, struct ids tokens)
{
	l->tokens = tokens;
	l->grams = xcalloc(tokens.n + 1, sizeof(*l->grams));
}

static size_t
count_of(struct ids tokens, size_t order)
{
	return tokens.n >= order ? tokens.n - order + 1 : 0;
}

/* From n-grams of ORDER - 1 to those of ORDER. */
static void
line_grow(struct line *l, size_t order, struct pairs *pairs)
{
	size_t n = count_of(l->tokens, order);

	for (size_t i = 0; i < n; i++)
		l->grams[i] =
		    pairs_id(pairs, l->grams[i], l->tokens.p[i + order - 1]);
}

/* How often each n-gram occurs; `most` is over all references. */
struct counts {
	uint32_t *out, *ref, *most; /* owned; by the number of the n-gram */
};

static void
add_reference(struct counts *c, const struct line *ref, size_t n)
{
	for (size_t i = 0; i < n; i++)
		c->ref[ref->grams[i]]++;
	for (size_t i = 0; i < n; i++) {
		uint32_t id = ref->grams[i];

		if (c->ref[id] > c->most[id])
			c->most[id] = c->ref[id];
	}
	for (size_t i = 0; i < n; i++)
		c->ref[ref->grams[i]] = 0;
}

static size_t
matched(struct counts *c, const struct line *out, size_t n)
{
	size_t both = 0;

	for (size_t i = 0; i < n; i++) {
		uint32_t id = out->grams[i];

		if (c->out[id]++ < c->most[id])
			both++;
	}
	return both;
}

/* LINES are the output and the references. */
static void
match_order(struct line *lines, size_t n_lines, size_t order,
    struct pairs *pairs, struct matches *m)
{
	struct counts c;

	pairs_clear(pairs);
	for (size_t i = 0; i < n_lines; i++)
		line_grow(&lines[i], order, pairs);
	c.out = xcalloc(pairs->n + (size_t)1, sizeof(*c.out));
	c.ref = xcalloc(pairs->n + (size_t)1, sizeof(*c.ref));
	c.most = xcalloc(pairs->n + (size_t)1, sizeof(*c.most));
	for (size_t i = 1; i < n_lines; i++) {
		m->ref = count_of(lines[i].tokens, order);
		add_reference(&c, &lines[i], m->ref);
	}
	m->out = count_of(lines[0].tokens, order);
	m->both = matched(&c, &lines[0], m->out);
	free(c.out);
	free(c.ref);
	free(c.most);
}

/* N-grams of the lengths 1 to ORDERS (at most METRIC_ORDERS), into
 * MATCHES[length - 1].  With several references an n-gram counts as often as in
 * the one that has most of it, and `ref` is that of the last one. */
static void
match_all(struct ids out, const struct ids *refs, size_t n_refs, size_t orders,
    struct matches *matches)
{
	struct line *lines = xmalloc(xmul(n_refs + 1, sizeof(*lines)));
	struct pairs pairs;

	memset(matches, 0, orders * sizeof(*matches));
	pairs_init(&pairs);
	line_init(&lines[0], out);
	for (size_t i = 0; i < n_refs; i++)
		line_init(&lines[i + 1], refs[i]);
	for (size_t order = 1; order <= orders; order++)
		match_order(
		    lines, n_refs + 1, order, &pairs, &matches[order - 1]);
	for (size_t i = 0; i <= n_refs; i++)
		free(lines[i].grams);
	free(lines);
	pairs_free(&pairs);
}

/* --- simple ratios */

static double
ratio(size_t part, size_t whole)
{
	return whole != 0 ? (double)part / (double)whole : 0;
}

double
metric_f(double precision, double recall)
{
	if (precision + recall <= 0)
		return 0;
	return 2 * precision * recall / (precision + recall);
}

double
metric_rouge_n(struct ids out, struct ids ref, size_t n)
{
	struct matches m[METRIC_ORDERS];

	match_all(out, &ref, 1, n, m);
	return metric_f(ratio(m[n - 1].both, m[n - 1].out),
	    ratio(m[n - 1].both, m[n - 1].ref));
}

/* Two answers without a token agree (version 2 of the script). */
double
metric_f1(struct ids out, struct ids ref)
{
	if (out.n == 0 || ref.n == 0)
		return out.n == ref.n ? 1 : 0;
	return metric_rouge_n(out, ref, 1);
}

double
metric_gleu(struct ids out, struct ids ref)
{
	struct matches m[4];
	size_t both = 0, n_out = 0, n_ref = 0;

	match_all(out, &ref, 1, ARRAY_LEN(m), m);
	for (size_t i = 0; i < ARRAY_LEN(m); i++) {
		both += m[i].both;
		n_out += m[i].out;
		n_ref += m[i].ref;
	}
	return ratio(both, n_out > n_ref ? n_out : n_ref);
}

/* --- BLEU */

enum { BLEU_ORDERS = 4 };

/* The length of the reference that is nearest; of two, the shorter one. */
static size_t
nearest_length(size_t len, const struct ids *refs, size_t n_refs)
{
	size_t best = refs[0].n, best_off = SIZE_MAX;

	for (size_t i = 0; i < n_refs; i++) {
		size_t n = refs[i].n, off = n > len ? n - len : len - n;

		if (off < best_off || (off == best_off && n < best)) {
			best_off = off;
			best = n;
		}
	}
	return best;
}

static double
brevity_penalty(size_t len, size_t ref_len)
{
	if (len >= ref_len)
		return 1;
	return len > 0 ? exp(1 - (double)ref_len / (double)len) : 0;
}

/* The precision of one order; *DOUBLED is the state of BLEU_EXP. */
static double
smoothed(const struct matches *m, size_t order, enum bleu_smoothing smoothing,
    double value, double *doubled)
{
	double both = (double)m->both, out = (double)m->out;

	if (smoothing == BLEU_ADD_K && order > 1)
		return (both + value) / (out + value);
	if (m->both != 0)
		return both / out;
	if (smoothing == BLEU_EXP) {
		*doubled *= 2;
		return 1 / (*doubled * out);
	}
	return smoothing == BLEU_FLOOR ? value / out : 0;
}

/* Orders of which the output has no n-gram do not count (sentence BLEU's
 * "effective order"). */
static double
geometric_mean(
    const struct matches *m, enum bleu_smoothing smoothing, double value)
{
	double sum = 0, doubled = 1;
	size_t orders = 0;

	for (size_t i = 0; i < BLEU_ORDERS; i++) {
		double precision;
		bool padded = smoothing == BLEU_ADD_K && i > 0 && value > 0;

		if (m[i].out == 0 && !padded)
			break;
		precision = smoothed(&m[i], i + 1, smoothing, value, &doubled);
		if (precision <= 0)
			return 0;
		sum += log(precision);
		orders++;
	}
	return orders != 0 ? exp(sum / (double)orders) : 0;
}

double
metric_bleu(struct ids out, const struct ids *refs, size_t n_refs,
    enum bleu_smoothing smoothing, double value)
{
	struct matches m[BLEU_ORDERS];

	if (n_refs == 0)
		return 0;
	if (isnan(value))
		value = smoothing == BLEU_FLOOR ? 0.1 : 1;
	match_all(out, refs, n_refs, BLEU_ORDERS, m);
	if (m[0].both == 0)
		return 0;
	return brevity_penalty(out.n, nearest_length(out.n, refs, n_refs)) *
	       geometric_mean(m, smoothing, value);
}

/* --- chrF */

static double
f_beta(double precision, double recall, double beta)
{
	double factor = beta * beta, below = factor * precision + recall;

	return below > 0 ? (1 + factor) * precision * recall / below : 0;
}

double
metric_chrf(struct ids out, struct ids ref, const struct chrf *options)
{
	struct matches m[METRIC_ORDERS];
	double precision = 0, recall = 0, sum = 0;
	size_t orders = 0;

	match_all(out, &ref, 1, options->order, m);
	for (size_t i = 0; i < options->order; i++) {
		double p = ratio(m[i].both, m[i].out);
		double r = ratio(m[i].both, m[i].ref);

		sum += f_beta(p, r, options->beta);
		if (m[i].out == 0 || m[i].ref == 0)
			continue;
		precision += p;
		recall += r;
		orders++;
	}
	if (options->eps_smoothing)
		return sum / (double)options->order;
	if (orders == 0)
		return 0;
	return f_beta(
	    precision / (double)orders, recall / (double)orders, options->beta);
}
