/* The rows of a dataset, one after the other, never the whole of it
 * (protocol.md 3.2, 3.3): JSON Lines below a root (.jsonl), gzip'd (.jsonl.gz)
 * or CSV (.csv) by name, or from AgentMark's API. */
#ifndef DATASET_H
#define DATASET_H

#include "../base/js.h"
#include "../wire/sampling.h"
#include "api.h"
#include "exec.h"

/* Where datasets come from; from the configuration.  A root goes before the
 * API. */
struct dataset_conf {
	const char *root; /* NULL: no files */
	struct api_conf api;
};

/* Of a bad row only INDEX and LINE are set. */
struct dataset_row {
	int64_t index;	 /* from 0, of the row in the dataset */
	int64_t line;	 /* from 1, of the line in the file; 0: unknown */
	struct js input; /* an object or array */
	json_t *expected, *metadata; /* NULL: the row has none; owned by the
				      * arena that dataset_next() was given */
};

enum dataset_next {
	DATASET_ROW,
	DATASET_BAD,  /* this line cannot be run; the error says why */
	DATASET_WAIT, /* nothing yet: turn the engine and ask again; it
		       * wakes when that makes sense */
	DATASET_END,
	DATASET_BROKEN /* the rest cannot be read; the error says why */
};

/* Opens it: wrong or missing paths fail here.  The API is asked and not waited
 * for: that it refuses is a broken dataset, before the first row.  PATH is as
 * it was requested.  SAMPLING's rows must stay. */
struct dataset;
struct dataset *dataset_open(struct engine *engine, struct arena *a,
    const struct dataset_conf *conf, struct str path,
    const struct sampling *sampling, struct err *err) MUST_USE;

/* The next row that the sampling keeps.  Lines that it does not keep are not
 * looked at.  Out-of-range `rows` are told behind the last row, each as
 * DATASET_BAD with its index.  A dataset without any row is broken. */
enum dataset_next dataset_next(struct dataset *d, struct arena *a,
    struct dataset_row *row, struct err *err) MUST_USE;

void dataset_close(struct dataset *d);

#endif
