/* Amazon's Signature Version 4 for requests with headers and a body. */
#ifndef SIGV4_H
#define SIGV4_H

#include "../base/arena.h"
#include "http.h"

/* Whether R, whose sigv4 is set, can be signed: "aws:amz:REGION:SERVICE",
 * "ACCESS:SECRET", and a URL without a query. */
int sigv4_check(const struct http_request *r, struct err *err) MUST_USE;

/* The headers of R, whose sigv4 was checked, and behind them those of its
 * signature: Host, X-Amz-Date and Authorization; NULL-ended, in the arena.
 * NOW is in milliseconds since 1970.  Signed are Host, Content-Type and all
 * X-Amz-*; a session token is among R's headers. */
const char *const *sigv4_sign(
    struct arena *a, const struct http_request *r, int64_t now) MUST_USE;

#endif
