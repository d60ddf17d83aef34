/* What the program tells of itself by GET (docs/status.md): a page and metrics
 * to who has the token, to everybody whether it works. */
#ifndef STATUS_H
#define STATUS_H

#include "reply.h"
#include "request.h"

/* Whether the request is for one of these, below the endpoint; it is answered
 * then, even where nothing is configured. */
bool status_answer(struct gate *gate, struct conn *conn,
    struct answer *answer) MUST_USE NONNULL;

/* The page (status_page.c). */
void status_page(struct buf *b, struct engine *engine) NONNULL;

#endif
