/* Long-lived workers of evals: a few processes that all rows share, one
 * request at a time each, one line of JSON each way. */
#ifndef EVAL_POOL_H
#define EVAL_POOL_H

#include "../net/proc.h"
#include "eval_int.h"

/* Queues LINE, which ends in a line break and must stay until the request is
 * dropped.  The answer goes to E, whose clock runs while a worker has it. */
struct eval_request;
struct eval_request *eval_pool_ask(
    struct eval_run *e, struct str line) MUST_USE;

/* Once for every request.  A worker that has not answered it yet is ended: its
 * answer would be taken for the next one's. */
void eval_pool_drop(struct eval_request *r);

/* Lines that are no answer. */
bool eval_line_blank(struct str line);

/* Why a child gave no answer, in words; in the arena. */
const char *eval_child_reason(
    struct arena *a, enum proc_end how, int code, struct str err_text) MUST_USE;

#endif
