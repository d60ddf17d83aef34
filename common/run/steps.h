/* One answer in as many steps as it takes: a call of the model, the tools that
 * it asks for, side by side, their results in the order of the calls, the next
 * call (protocol.md 6.10, D3, D10).  A prompt without tools is one step. */
#ifndef STEPS_H
#define STEPS_H

#include "tool.h"

struct steps;

/* Starts it; its events go to OUT, exactly one of them terminal.  ASK is
 * copied, what it points to must stay; its tools are those of TOOLS, which may
 * be NULL and must be ready.  Streaming: events as they come.  One-shot: all
 * calls, all results, then the text of the last step.  Usage as D3 says. */
struct steps *steps_start(struct engine *engine, struct arena *parent,
    const struct ask *ask, struct toolset *tools, struct sink *out,
    struct err *err) MUST_USE;

bool steps_done(const struct steps *s) NONNULL;

/* Cancels it when it runs: the call and the tools. */
void steps_free(struct steps *s);

#endif
