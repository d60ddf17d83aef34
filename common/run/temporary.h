/* A file without a name, which is gone when it is closed. */
#ifndef TEMPORARY_H
#define TEMPORARY_H

#include "../base/err.h"

/* In $TMPDIR or /tmp, for reading and writing; WHAT it is for is in the error.
 */
int temporary_file(const char *what, struct err *err) MUST_USE;

#endif
