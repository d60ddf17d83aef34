/* The check of a compiled prompt before it is used (templatedx.md 9.4). */
#ifndef VALIDATE_H
#define VALIDATE_H

#include "../base/js.h"
#include "prompt.h"

/* Fails with everything that is wrong, joined by "; ": each key and what it
 * should have been.  Keys that are not known are fine. */
int validate_prompt(
    enum template_kind kind, struct js compiled, struct err *err) MUST_USE;

#endif
