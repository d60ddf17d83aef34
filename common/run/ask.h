/* From a prompt to what a model is asked. */
#ifndef ASK_H
#define ASK_H

#include "../template/prompt.h"
#include "tool.h"

/* What is the same for all props: kind, configuration, and who serves the
 * model, which the caller of the request must be allowed to use.  What ASK
 * points to is in the arena. */
int ask_prepare(struct engine *engine, struct arena *a,
    const struct prompt *prompt, struct ask *ask, struct err *err) MUST_USE;

/* The same for a prompt of ours, a judge's: any model may be used. */
int ask_prepare_own(struct engine *engine, struct arena *a,
    const struct prompt *prompt, struct ask *ask, struct err *err) MUST_USE;

/* Sets who answers a prompt for the model NAME, and who else when that fails:
 * only those that ASK's kind and tools allow, and SPEND unless it is NULL. */
int ask_route(const struct engine *engine, const struct spend *spend,
    struct arena *a, const char *name, struct ask *ask,
    struct err *err) MUST_USE;

/* The messages of the compiled prompt; of an image or a speech its compiled
 * configuration and what it says as the one message.  Refuses a prompt that
 * has none (protocol.md D4). */
int ask_messages(struct arena *a, struct js compiled, struct ask *ask,
    struct err *err) MUST_USE;

/* The tools that the prompt names, in *SET: NULL when it names none.  FLAGS are
 * those of toolset_open().  They are to be waited for. */
int ask_tools(struct engine *engine, struct arena *a, const struct ask *ask,
    unsigned flags, struct toolset **set, struct err *err) MUST_USE;

/* The props that the prompt is rendered with (PROPS, when they are truthy), for
 * providers that want to know them. */
void ask_props(struct arena *a, const struct prompt *prompt, struct js props,
    struct ask *ask);

#endif
