/* One row of an experiment as statistics, journals and reports know it: its
 * line, and what the member `row` of a line with details says
 * (docs/experiments.md). */
#ifndef RECORD_H
#define RECORD_H

#include "../base/buf.h"
#include "../base/err.h"

#include <jansson.h>

enum { RECORD_HASH_LEN = 32 };

struct record {
	int64_t index;	     /* of the row in the dataset, from 0 */
	int64_t repeat;	     /* from 0 */
	const char *hash;    /* hex, of the row's input and what it expects; "":
			      * of a line that is no row */
	const char *cluster; /* rows of one name are not independent; NULL: the
			      * repeats of a row alone are */
	bool failed;
	bool cached;	       /* every answer came from the cache */
	int64_t ms;	       /* of the answer; -1: unknown */
	int64_t input, output; /* tokens; -1: unknown */
	double cost;	       /* US dollars; NAN: unknown */
	const json_t *line;    /* the whole of it; NULL when it is printed */
	const json_t *evals;   /* [{name, score?, passed?, …}], or NULL */
};

/* Reads the line of a row, with details; R borrows from it.  1; 0: it is the
 * line of something else; -1: it has no details, or broken ones. */
int record_read(const json_t *line, struct record *r, struct err *err) MUST_USE;

/* The same of its text alone, as a journal has it and without looking at the
 * rest of the line: LINE, EVALS, CLUSTER and HASH stay NULL. */
int record_scan(struct str text, struct record *r, struct err *err) MUST_USE;

/* Whether a line's text may be that of a row. */
bool record_is_row(struct str text) MUST_USE;

/* A line's text before `,"row":{…}}`, and that object. */
bool record_split(struct str text, struct str *front, struct str *row) MUST_USE;

/* Adds `,"row":{…}`. */
void record_print(struct buf *b, const struct record *r) NONNULL;

/* The hash of a row; EXPECTED may be NULL.  INPUT is its JSON, with its keys in
 * the order of the dataset: another order is another row. */
void record_hash(
    char out[RECORD_HASH_LEN + 1], struct str input, const json_t *expected);

#endif
