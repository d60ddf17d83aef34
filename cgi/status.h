/* What the program tells of itself by GET, to who has the token. */
#ifndef STATUS_H
#define STATUS_H

#include "reply.h"
#include "request.h"

/* Whether the request is for /metrics below the endpoint; it is answered then:
 * 404 without a token or with a wrong one. */
bool status_answer(struct gate *gate, struct conn *conn,
    struct answer *answer) MUST_USE NONNULL;

#endif
