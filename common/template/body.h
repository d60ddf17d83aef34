/* The text of a ForEach function (templatedx.md 6.1). */
#ifndef BODY_H
#define BODY_H

#include "../base/arena.h"

/* What follows the first arrow, without one pair of parentheses: a part of
 * SOURCE. */
struct str16 body_text(struct str16 source);

/* SOURCE with TEXT, on lines of its own, in the place of its part BODY. */
struct str16 body_replace(
    struct arena *a, struct str16 source, struct str16 body, struct str16 text);

/* There is a tag of that NAME in it, or what looks like one. */
bool body_mentions(struct str16 source, struct str16 name);

#endif
