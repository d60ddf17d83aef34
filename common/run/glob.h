/* Names that are matched by patterns with * and ?. */
#ifndef GLOB_H
#define GLOB_H

#include "../base/base.h"

/* * stands for any text, / included, and ? for one character.  With FOLD A to Z
 * are as a to z. */
bool glob_match(const char *pattern, const char *text, bool fold) NONNULL;

/* Whether it is more than a name. */
bool glob_is_pattern(const char *text) NONNULL;

#endif
