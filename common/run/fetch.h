/* Attachments that a provider cannot fetch by itself are fetched for it, where
 * the configuration allows that: over https, bounded in size and time, and
 * never from an address that is not public. */
#ifndef FETCH_H
#define FETCH_H

#include "exec.h"

/* Whether ASK has such attachments, and they may be fetched. */
bool fetch_wanted(const struct engine *engine, const struct ask *ask) NONNULL;

/* Fetches them side by side; DONE(ARG, error) comes from a later turn, with an
 * empty text when all are there. */
struct fetch;
struct fetch *fetch_start(struct engine *engine, struct arena *a,
    const struct ask *ask, void (*done)(void *arg, struct str error),
    void *arg) MUST_USE;

/* The messages with the bytes in place of the addresses. */
const json_t *fetch_messages(const struct fetch *f) NONNULL;

/* Cancels what runs; the messages go with it. */
void fetch_free(struct fetch *f);

#endif
