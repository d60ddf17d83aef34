/* The parts of a summary.  Records add up to rows (the repeats of one), rows to
 * clusters where they have one; what is done is a unit, and units are what the
 * statistics count. */
#ifndef SUMMARY_INT_H
#define SUMMARY_INT_H

#include "../stat/bootstrap.h"
#include "../stat/quantile.h"
#include "../stat/sequence.h"
#include "../store/spool.h"
#include "summary.h"

/* What is put aside on disk: both sides of a comparison, and parts. */
enum shelf {
	SHELF_BEFORE,
	SHELF_AFTER,
	SHELF_ROWS,
	SHELF_CLUSTERS,
	SHELF__MAX
};

/* What one eval said of one record. */
struct result {
	bool there, ruled, passed; /* ruled: whether it passed is known */
	double score;
};

/* What one eval gave a part, in whole numbers: these add up to the same in any
 * order. */
struct tally {
	int64_t whole, fraction; /* sum of scores; fraction in 2^-36 */
	int64_t passed;
	uint32_t scored, ruled;
};

/* A row whose repeats come in, or a cluster. */
struct part {
	struct part *next; /* of its bucket */
	uint8_t key[SPOOL_KEY_LEN], cluster[SPOOL_KEY_LEN];
	bool clustered;
	uint32_t n, n_tallies;
	struct tally *tallies; /* one for each eval */
};

struct parts {
	struct part **buckets;
	size_t n_buckets, n;
};

/* A mean over units. */
struct measure {
	struct sample sample;
	struct sum by_all;  /* of sums times sizes with those without a score */
	struct unit *units; /* until there are too many of them */
	size_t n_units, cap_units;
};

struct eval_stats {
	char *name;
	uint64_t n, ruled, passed;
	struct sum sum;
	double min, max;
	bool graded; /* a score was neither 0 nor 1 */
	struct measure score, rate;
	struct sum *at_k, *hat_k; /* for k = 1, 2, … */
	uint64_t *k_rows;
};

struct gate_state {
	const struct gate *gate;
	const char *name;	 /* of its eval */
	struct eval_stats *eval; /* NULL: not seen */
	struct sequence_bet bet;
	int decided; /* 1: above, -1: below */
};

/* What is compared, of one eval. */
struct change {
	struct measure score, pass; /* differences */
	struct sum before, after;
	uint64_t ruled, passed_before, passed_after, gained, lost;
	bool graded;
};

struct summary {
	const struct summary_conf *conf;
	char *dir;
	int64_t repeat;
	uint64_t rows, failed, done; /* done: rows, with all their repeats */
	struct eval_stats **evals;
	size_t n_evals;
	struct result *results; /* of the record that goes in, by eval */
	struct gate_state *gates;
	size_t n_gates;
	int decided;
	struct sequence_interval glance;
	struct parts waiting, clusters;
	struct part one; /* the row, where rows do not wait */
	/* Sizes of all units, those without scores too. */
	uint64_t units, units_n, units_nn;

	uint64_t input, output, token_rows, cost_rows, cached;
	struct sum cost;
	struct sum ms;
	struct quantile times;

	struct spool *spool;
	uint64_t spooled; /* pieces of parts */
	bool spilled[SHELF__MAX];
	bool clustered; /* a row was of a cluster */
	bool finished;	/* nothing waits any more */
	bool baseline;
	json_t *json; /* when it is made */
};

/* --- summary.c */

/* The scores of R in s->results. */
void summary_results(struct summary *s, const struct record *r);
int summary_spool(struct summary *s, struct err *err);

/* --- summary_parts.c: what waits for more */

struct part *parts_find(struct parts *p, const uint8_t key[SPOOL_KEY_LEN]);
void parts_remove(struct parts *p, struct part *part);
void parts_free(struct parts *p);
void part_clear(struct part *part);
void part_add(struct part *part, size_t eval, const struct result *r);
void part_join(struct part *to, const struct part *from);
double tally_sum(const struct tally *t);
/* Writes all that wait into the spool, and reads it back, joined. */
int parts_spill(struct summary *s, struct parts *p, int shelf, struct err *err);
int parts_unspill(struct summary *s, int shelf,
    int (*each)(struct summary *s, struct part *part, struct err *err),
    struct err *err);

/* --- summary_unit.c: what is done */

void cluster_key(uint8_t key[SPOOL_KEY_LEN], const char *name);

void measure_add(struct measure *m, double s, uint64_t n, uint64_t all);
void measure_free(struct measure *m);
void eval_stats_free(struct eval_stats *e);
void gates_find(struct summary *s, struct eval_stats *e);
/* A row that has all its repeats. */
int row_end(struct summary *s, struct part *row, struct err *err);
/* All that still wait. */
int summary_finish(struct summary *s, struct err *err);

/* --- summary_gate.c */

/* Means over all rows, where those without a score count as 0. */
double gate_value(const struct summary *s, const struct gate_state *g);
struct interval gate_interval(
    const struct summary *s, const struct gate_state *g);
json_t *gates_json(struct summary *s);

/* --- summary_compare.c */

int compare_put(
    struct summary *s, int shelf, const struct record *r, struct err *err);
json_t *compare_json(struct summary *s, struct err *err);

/* --- summary_json.c */

void set_exact(json_t *o, const char *key, double x);
/* Six digits. */
void set_round(json_t *o, const char *key, double x);
void set_count(json_t *o, const char *key, uint64_t n);
/* Interval of an eval's scores. */
struct interval score_interval(
    const struct summary *s, const struct eval_stats *e);
/* How many rows more than N: 0 when that cannot be said. */
double rows_more(double needed, double n);

#endif
