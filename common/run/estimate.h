/* What an experiment may come to, before anything is asked. */
#ifndef ESTIMATE_H
#define ESTIMATE_H

#include "experiment.h"
#include "row.h"
#include "stream.h"

/* Adds the line of the estimate to B.  Reads the whole dataset where it is a
 * file, and lets the others work meanwhile: -1 when the client has left.  What
 * is wrong with the dataset is left to those who run it. */
int estimate_print(struct buf *b, const struct experiment *e,
    const struct row_plan *plan, const struct sampling *sampling,
    struct stream *s, struct err *err) MUST_USE;

#endif
