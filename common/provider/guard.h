/* Between every driver and the world: exactly one terminal event, nothing
 * after it, usage always on finish.  For objects it turns text into snapshots
 * (protocol.md D2) and repeats the last one as the final value; for one-shot
 * objects an answer that does not parse is an error.  An object whose answer
 * is calls of tools ends with that reason and has no final value. */
#ifndef GUARD_H
#define GUARD_H

#include "../base/buf.h"
#include "driver.h"

struct guard {
	struct sink sink; /* what the driver emits into */
	struct sink *out;
	enum prompt_kind kind;
	bool stream;
	bool done;	 /* the terminal event is out */
	bool emitted;	 /* any event is out */
	bool has_final;	 /* the driver itself gave the final object */
	bool called;	 /* a tool whose result is not here */
	struct buf text; /* of an object */
	size_t parsed;	 /* how much of it the last snapshot has seen */
	json_t *last;	 /* the last snapshot */
};

void guard_init(struct guard *g, struct sink *out, enum prompt_kind kind,
    bool stream) NONNULL;
void guard_free(struct guard *g) NONNULL;

/* Forgets what a failed attempt said of which nothing went out, before the
 * next one speaks. */
void guard_restart(struct guard *g) NONNULL;

/* Ends the call with an error, unless it has ended. */
void guard_fail(struct guard *g, struct str message);

#endif
