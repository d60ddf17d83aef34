/* ForEach (templatedx.md 4.3 and 6): a function whose body is parsed as
 * Markdown and rendered for each item of an array. */
#ifndef FOREACH_H
#define FOREACH_H

#include "tags.h"

struct promise *foreach_run(const struct tag_call *call) NONNULL;

#endif
