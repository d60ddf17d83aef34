/* What the files of a report share. */
#ifndef REPORT_INT_H
#define REPORT_INT_H

#include "report.h"

#include "../common/base/buf.h"

/* Members of a summary: NAN, 0 and "" where there is none. */
double report_number(const json_t *json, const char *key);
long long report_count(const json_t *json, const char *key);
const char *report_text(const json_t *json, const char *key);

/* The element of LIST with that `name`, or NULL. */
const json_t *report_find(const json_t *list, const char *name);

/* How the rows of a run have scored, and which are the worst of them
 * (report_html_rows.c); what was added leaves B through OUT. */
int report_html_rows(struct buf *b, FILE *out, const struct report_run *run,
    struct err *err) MUST_USE;
/* One row that the comparison names, of both runs, in words. */
int report_html_pair(struct buf *b, const struct report_run *before,
    const struct report_run *after, const json_t *change,
    struct err *err) MUST_USE;
/* Writes what is in B. */
int report_flush(struct buf *b, FILE *out, struct err *err) MUST_USE NONNULL;

#endif
