/* The statistics of an experiment: rows go in once, in any order, a summary
 * comes out (docs/statistics.md has its form).  All numbers are those of
 * common/stat. */
#ifndef SUMMARY_H
#define SUMMARY_H

#include "record.h"

/* A number that an eval must reach: the mean of its scores, or the part of the
 * rows that pass when RATE. */
struct gate {
	const char *eval; /* NULL: each of them */
	double threshold; /* 0 to 1 */
	bool rate;
};

struct summary_conf {
	double confidence; /* 0.95 */
	uint64_t seed;	   /* of resampling: the same seed, the same summary */
	const struct gate *gates;
	size_t n_gates;
	bool early;	/* decides as soon as the sequence allows it */
	int64_t repeat; /* how often each row runs; 0: once */
};

/* CONF must stay.  DIR is where an index goes that is too large for memory;
 * NULL: the system's. */
struct summary;
struct summary *summary_new(
    const struct summary_conf *conf, const char *dir) MUST_USE;
void summary_free(struct summary *s);

/* A row of the run that this one is compared with: all of them go in before
 * the first row. */
int summary_baseline(
    struct summary *s, const struct record *r, struct err *err) MUST_USE;
int summary_add(
    struct summary *s, const struct record *r, struct err *err) MUST_USE;

/* With EARLY: 1 when all gates are decided as passed, -1 when one is as
 * failed, however often this is asked; 0: not yet. */
int summary_decided(const struct summary *s) NONNULL;

/* A quick look while it runs: mean and interval of the first gate, or of the
 * first eval; false when there is none yet.  LOW and HIGH are NAN where there
 * is no interval yet. */
bool summary_glance(const struct summary *s, const char **eval, double *mean,
    double *low, double *high) NONNULL;

/* {"type":"summary","rows":…,"evals":[…],…}, docs/statistics.md: a new
 * reference, when all rows are in.  Two runs of the same rows differ in `times`
 * alone. */
json_t *summary_json(struct summary *s) MUST_USE;

#endif
