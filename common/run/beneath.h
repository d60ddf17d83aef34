/* Files below a directory, never one outside. */
#ifndef BENEATH_H
#define BENEATH_H

#include "../base/arena.h"

/* PATH without "." and "x/..", as it is seen from the directory; NULL when it
 * leads out.  A leading slash means nothing. */
char *beneath_path(struct arena *a, struct str path) MUST_USE;

/* Opens a file for reading by such a path, without waiting for a pipe's
 * writer; -1 and errno, EXDEV or ELOOP for what leads out. */
int beneath_open(int dir, const char *path) MUST_USE;

/* The same for kernels without openat2(2); it refuses every symbolic link. */
int beneath_walk(int dir, const char *path) MUST_USE;

#endif
