/* Notes in the store which prompts and experiments run and ran, for the status
 * page; nothing where nobody may look at it (settings->notes_runs). */
#ifndef RUNS_H
#define RUNS_H

#include "exec.h"
#include "reply.h"

/* It runs from now on: what the reply's facts say of it is shown. */
void runs_begin(struct engine *engine, const struct reply *reply) NONNULL;

/* It has ended; ERR says how, when its answer was a failure. */
void runs_end(struct engine *engine, const struct reply *reply,
    const struct err *err) NONNULL;

#endif
