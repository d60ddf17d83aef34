/* References of RFC 3986, as far as schemas need them. */
#ifndef URI_H
#define URI_H

#include "../base/arena.h"

/* REFERENCE as seen from BASE, which may be empty (5.2); in the arena. */
struct str uri_resolve(struct arena *a, struct str base, struct str reference);

/* Splits off the fragment, which is empty when there is none. */
void uri_split(struct str uri, struct str *rest, struct str *fragment);

/* TEXT with every %xx replaced by its byte; in the arena. */
struct str uri_decode(struct arena *a, struct str text);

#endif
