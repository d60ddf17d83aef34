/* The first line of a journal (docs/experiments.md). */
#ifndef RUN_HEAD_H
#define RUN_HEAD_H

#include "../wire/sampling.h"
#include "experiment.h"
#include "row.h"

/* In the arena; HIDDEN: contents are left out of the journal. */
const json_t *run_head(struct arena *a, const struct experiment *e,
    const struct row_plan *plan, const struct sampling *s,
    bool hidden) MUST_USE;

#endif
