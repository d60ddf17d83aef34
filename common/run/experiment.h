/* What a request for an experiment may say beyond the protocol
 * (docs/experiments.md): repeats, shards, journals, statistics.  Pure reading
 * of `data`; what it says of kept answers is read by answers.c. */
#ifndef EXPERIMENT_H
#define EXPERIMENT_H

#include "../base/arena.h"
#include "summary.h"

struct experiment {
	int64_t repeat;	       /* of every row, 1 or more */
	int64_t shard, shards; /* from 0; of how many, 1: all */
	const char *resume;    /* a run's id, or NULL */
	bool retry_errors;     /* of it: those that failed, instead of those
				* that are missing too */
	double max_cost;       /* US dollars; INFINITY: no limit */
	const char *baseline;  /* a run's id, or NULL */
	const char *cluster;   /* JSON pointer into the row, or NULL */
	bool summary, details; /* lines more, and members more */
	struct summary_conf statistics;
};

/* Fails with ERR_REQUEST where a value is none. */
int experiment_read(struct arena *a, const json_t *data, struct experiment *e,
    struct err *err) MUST_USE;

#endif
