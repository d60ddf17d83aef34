/* Finds an arrow function by its syntax.  Prompts that were built before they
 * were sent have lost the parse of their expressions (templatedx.md 1.5); the
 * text is still there. */
#ifndef ARROW_H
#define ARROW_H

#include "../base/ast.h"

/* What the text SOURCE of an expression would have had as its arrow. */
const struct arrow *arrow_find(struct arena *a, struct str16 source) MUST_USE;

#endif
