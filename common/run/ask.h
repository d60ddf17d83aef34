/* From a prompt to what a model is asked. */
#ifndef ASK_H
#define ASK_H

#include "../template/prompt.h"
#include "exec.h"

/* What is the same for all props: kind, configuration, whether this version
 * can run it, and who serves the model, which the caller of the request must be
 * allowed to use.  What ASK points to is in the arena. */
int ask_prepare(struct engine *engine, struct arena *a,
    const struct prompt *prompt, struct ask *ask, struct err *err) MUST_USE;

/* The same for a prompt of ours, a judge's: any model may be used. */
int ask_prepare_own(struct engine *engine, struct arena *a,
    const struct prompt *prompt, struct ask *ask, struct err *err) MUST_USE;

/* The messages of the compiled prompt; of an image or a speech its compiled
 * configuration and what it says as the one message.  Refuses a prompt that
 * has none (protocol.md D4). */
int ask_messages(struct arena *a, struct js compiled, struct ask *ask,
    struct err *err) MUST_USE;

/* A fresh trace id: 32 lower-case hex digits and a NUL. */
enum { TRACE_ID_LEN = 32 };
void trace_id_make(char out[TRACE_ID_LEN + 1]);

#endif
