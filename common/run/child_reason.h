/* Why a child process gave no answer. */
#ifndef CHILD_REASON_H
#define CHILD_REASON_H

#include "../base/arena.h"
#include "../net/proc.h"

/* One sentence, in the arena; ERR_TEXT is the end of its standard error. */
const char *child_reason(
    struct arena *a, enum proc_end how, int code, struct str err_text) MUST_USE;

#endif
