/* Traces that have ended, on their way to the outbox: put together for a moment
 * so that a thousand rows are a few writes, not in the way of any reply. */
#ifndef TRACE_SEND_H
#define TRACE_SEND_H

#include "exec.h"
#include "../base/buf.h"
#include "../wire/otlp.h"

/* Takes in a printed trace for all collectors of that encoding. */
void traces_add(struct engine *engine, enum otlp_encoding encoding,
    struct str spans) NONNULL;

/* Puts what there is into the outbox now. */
void traces_flush(struct engine *engine) NONNULL;

/* The same at the end of the engine, or of its settings. */
void traces_free(struct engine *engine) NONNULL;

#endif
