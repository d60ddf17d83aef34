/* The job dataset-run: a prompt over a dataset, every row scored and written
 * as a line when it is finished (protocol.md 3). */
#ifndef DATASET_RUN_H
#define DATASET_RUN_H

#include "../wire/job.h"
#include "exec.h"
#include "reply.h"

/* Answers completely, unless it returns -1 before the reply has started. */
int dataset_run(struct engine *engine, struct arena *a, const struct job *job,
    struct reply *reply, struct err *err) MUST_USE;

#endif
