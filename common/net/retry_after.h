/* How long an upstream asks to be left alone (protocol.md D1). */
#ifndef RETRY_AFTER_H
#define RETRY_AFTER_H

#include "http.h"

/* `retry-after-ms`, else `retry-after` in seconds or as an HTTP date, in
 * milliseconds from now; -1 when the reply asks for nothing sensible. */
int64_t retry_after(struct http *http) NONNULL;

#endif
