/* What is done: rows that have all their repeats, and clusters that have all
 * their rows, become units of the statistics.  It refuses to know what waits,
 * and what is printed. */
#include "summary_int.h"

#include "../base/crypt.h"
#include "../base/limits.h"
#include "../base/utf.h"
#include "../base/xalloc.h"
#include "../stat/pass_k.h"

#include <math.h>
#include <stdlib.h>

void
cluster_key(uint8_t key[SPOOL_KEY_LEN], const char *name)
{
	crypt_md5(str_from(name), key);
}

/* --- means */

static void
keep_unit(struct measure *m, double s, uint64_t n)
{
	if (m->n_units == LIMIT_SUMMARY_UNITS) {
		free(m->units);
		m->units = NULL;
		m->cap_units = 0;
		return;
	}
	if (m->n_units == m->cap_units) {
		m->cap_units = m->cap_units != 0 ? m->cap_units * 2 : 64;
		m->units =
		    xrealloc(m->units, xmul(m->cap_units, sizeof(*m->units)));
	}
	m->units[m->n_units++] = (struct unit){s, (double)n};
}

/* ALL: with those that have no score. */
void
measure_add(struct measure *m, double s, uint64_t n, uint64_t all)
{
	if (n == 0)
		return;
	sample_add(&m->sample, s, n);
	sum_add_product(&m->by_all, s, (double)all);
	if (m->sample.units == m->n_units + 1)
		keep_unit(m, s, n);
}

void
measure_free(struct measure *m)
{
	free(m->units);
}

void
eval_stats_free(struct eval_stats *e)
{
	measure_free(&e->score);
	measure_free(&e->rate);
	free(e->at_k);
	free(e->hat_k);
	free(e->k_rows);
	free(e->name);
	free(e);
}

/* --- units */

static void
unit_end(struct summary *s, const struct part *unit)
{
	s->units++;
	s->units_n += unit->n;
	s->units_nn += (uint64_t)unit->n * unit->n;
	for (size_t i = 0; i < unit->n_tallies; i++) {
		const struct tally *t = &unit->tallies[i];
		struct eval_stats *e = s->evals[i];

		measure_add(&e->score, tally_sum(t), t->scored, unit->n);
		measure_add(&e->rate, (double)t->passed, t->ruled, unit->n);
	}
}

static int
cluster_end(struct summary *s, struct part *cluster, struct err *err)
{
	(void)err;
	unit_end(s, cluster);
	return 0;
}

/* --- rows */

static void
count_tries(
    const struct summary *s, struct eval_stats *e, const struct tally *t)
{
	uint64_t most = s->repeat < LIMIT_SUMMARY_TRIES ? (uint64_t)s->repeat
							: LIMIT_SUMMARY_TRIES;

	if (e->at_k == NULL) {
		e->at_k = xcalloc(most, sizeof(*e->at_k));
		e->hat_k = xcalloc(most, sizeof(*e->hat_k));
		e->k_rows = xcalloc(most, sizeof(*e->k_rows));
	}
	for (uint64_t k = 1; k <= most && k <= t->ruled; k++) {
		uint64_t passed = (uint64_t)t->passed;

		sum_add(&e->at_k[k - 1], pass_at_k(t->ruled, passed, k));
		sum_add(&e->hat_k[k - 1], pass_hat_k(t->ruled, passed, k));
		e->k_rows[k - 1]++;
	}
}

/* The row's mean; what has no score counts as 0. */
static double
row_value(
    const struct summary *s, const struct gate_state *g, const struct part *row)
{
	double sum = 0;

	for (size_t i = 0; i < row->n_tallies; i++)
		if (s->evals[i] == g->eval)
			sum = g->gate->rate ? (double)row->tallies[i].passed
					    : tally_sum(&row->tallies[i]);
	return fmin(fmax(sum / row->n, 0), 1);
}

/* A gate is decided as passed when its own bet has won enough, as failed when
 * it has won enough for all of them: one is enough to fail. */
static void
bet(struct summary *s, struct gate_state *g, double x)
{
	double alpha = 1 - s->conf->confidence;

	if (g == &s->gates[0])
		sequence_interval_add(&s->glance, x, alpha);
	sequence_bet_add(&g->bet, x, g->gate->threshold);
	if (g->decided != 0)
		return;
	if (g->bet.above >= log(2 / alpha))
		g->decided = 1;
	else if (g->bet.below >= log(2 * (double)s->n_gates / alpha))
		g->decided = -1;
}

static void
decide(struct summary *s, const struct part *row)
{
	size_t passed = 0;

	for (size_t i = 0; i < s->n_gates; i++) {
		bet(s, &s->gates[i], row_value(s, &s->gates[i], row));
		passed += s->gates[i].decided > 0;
		if (s->gates[i].decided < 0 && s->decided == 0)
			s->decided = -1;
	}
	if (s->decided == 0 && s->n_gates > 0 && passed == s->n_gates)
		s->decided = 1;
}

/* Rows of a cluster are not independent, which the sequence needs. */
int
row_end(struct summary *s, struct part *row, struct err *err)
{
	if (s->repeat > 1)
		for (size_t i = 0; i < row->n_tallies; i++)
			count_tries(s, s->evals[i], &row->tallies[i]);
	if (row->clustered)
		s->clustered = true;
	if (s->conf->early && !s->clustered && !s->finished)
		decide(s, row);
	s->done++;
	if (!row->clustered) {
		unit_end(s, row);
		return 0;
	}
	part_join(parts_find(&s->clusters, row->cluster), row);
	return s->clusters.n > LIMIT_SUMMARY_PARTS
		   ? parts_spill(s, &s->clusters, SHELF_CLUSTERS, err)
		   : 0;
}

/* --- the end */

static int
finish(struct summary *s, struct parts *p, int shelf,
    int (*each)(struct summary *s, struct part *part, struct err *err),
    struct err *err)
{
	int rc = 0;

	if (s->spilled[shelf])
		return parts_spill(s, p, shelf, err) < 0
			   ? -1
			   : parts_unspill(s, shelf, each, err);
	for (size_t i = 0; i < p->n_buckets && rc == 0; i++)
		for (struct part *part = p->buckets[i]; part != NULL && rc == 0;
		     part = part->next)
			rc = each(s, part, err);
	parts_free(p);
	return rc;
}

int
summary_finish(struct summary *s, struct err *err)
{
	s->finished = true;
	if (finish(s, &s->waiting, SHELF_ROWS, row_end, err) < 0)
		return -1;
	return finish(s, &s->clusters, SHELF_CLUSTERS, cluster_end, err);
}
