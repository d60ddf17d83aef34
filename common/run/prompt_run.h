/* The job prompt-run: one prompt, rendered and answered (protocol.md 2). */
#ifndef PROMPT_RUN_H
#define PROMPT_RUN_H

#include "../wire/job.h"
#include "exec.h"
#include "reply.h"

/* Answers completely, unless it returns -1 before the reply has started. */
int prompt_run(struct engine *engine, struct arena *a, const struct job *job,
    struct reply *reply, struct err *err) MUST_USE;

#endif
