/* What is shown of an experiment when it is over, in every format.  All that a
 * format may show is in struct report; none of them computes anything. */
#ifndef REPORT_H
#define REPORT_H

#include "rows.h"

#include <stdio.h>

/* One prompt that one model has run over a dataset. */
struct report_run {
	const char *name; /* no other run of the report has it */
	const char *run_id, *prompt, *model, *dataset; /* NULL: unknown */
	const char *ended; /* why before its rows did, or NULL */
	bool resumable;	   /* --resume RUN_ID goes on with it */
	json_t *summary;   /* docs/statistics.md */
	json_t *problems;  /* array of text: what there is to be told */
	struct rows *rows; /* sorted */
};

struct report {
	const struct report_run *runs; /* at least one; the first is the one
					* that the others are compared with */
	size_t n;
	/* Array of {"run":NAME,"baseline":NAME,…}, with the numbers of
	 * docs/statistics.md and p values that are corrected for how many
	 * comparisons there are; NULL: there is nothing to compare. */
	const json_t *comparisons;
	bool streamed; /* the lines of rows were written as they came */
};

/* Each writes all of it. */
int report_table(FILE *out, const struct report *r, struct err *err) MUST_USE;
int report_jsonl(FILE *out, const struct report *r, struct err *err) MUST_USE;
int report_csv(FILE *out, const struct report *r, struct err *err) MUST_USE;
int report_json(FILE *out, const struct report *r, struct err *err) MUST_USE;
int report_junit(FILE *out, const struct report *r, struct err *err) MUST_USE;
int report_html(FILE *out, const struct report *r, struct err *err) MUST_USE;

#endif
