/* More images than a model makes in one call: several calls side by side, and
 * one answer.  Private to exec.c. */
#ifndef IMAGES_H
#define IMAGES_H

#include "exec.h"

/* How many calls ASK takes; 0 for what is no prompt of images. */
size_t images_calls(const struct ask *ask) NONNULL;

/* Starts them.  OUT gets the images of all in their order and one finish, or
 * the first error. */
struct images;
struct images *images_start(struct engine *engine, struct arena *a,
    const struct ask *ask, struct sink *out, struct err *err) MUST_USE;

bool images_done(const struct images *images) NONNULL;
void images_free(struct images *images);

#endif
