/* What may be asked of one provider, for all processes together, and which of
 * its keys is used. */
#ifndef LIMIT_H
#define LIMIT_H

#include "exec.h"

struct provider_limits {
	int64_t concurrent;	    /* calls at once; 0: no limit */
	double requests_per_minute; /* 0: no limit */
	double tokens_per_minute;
	int64_t wait_ms; /* how long a call may wait for its turn */
};

struct turn; /* a call's place among all others */

/* Asks for a turn for ASK with one of its provider's keys: 0 and *TURN, which
 * is NULL where the provider has no limits, and the key in *KEY; else ms to
 * wait before asking again. */
int64_t turn_take(struct engine *engine, struct arena *a, const struct ask *ask,
    struct turn **turn, const char **key) MUST_USE NONNULL;

/* The call is over: TOKENS is what it took, -1 unknown.  COOL_MS > 0: the
 * vendor does not want to hear from this key for so long. */
void turn_end(struct turn *turn, int64_t tokens, int64_t cool_ms) NONNULL;

/* Whether a provider of several keys has one that may be used now. */
bool turn_has_key(struct engine *engine, const struct provider *p) NONNULL;

#endif
