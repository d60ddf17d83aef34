/* What the files of net share behind proc.h. */
#ifndef PROC_INT_H
#define PROC_INT_H

#include "proc.h"

#include <sys/types.h>

enum { PROC_STREAMS = 3 }; /* input, output, errors: as their descriptors */

/* Starts the program.  OURS are the other ends of its standard descriptors,
 * not blocking; -1 each when it fails. */
int proc_spawn(const struct proc_request *request, int ours[PROC_STREAMS],
    pid_t *pid, struct err *err) MUST_USE;

#endif
