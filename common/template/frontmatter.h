/* The frontmatter of a prompt as the JavaScript value that js-yaml 4 loads
 * from it (templatedx.md 7). */
#ifndef FRONTMATTER_H
#define FRONTMATTER_H

#include "../base/js.h"

/* Undefined when TEXT holds nothing, null when it holds only comments. */
int frontmatter_load(struct arena *a, struct str16 text, struct js *out,
    struct err *err) MUST_USE;

#endif
