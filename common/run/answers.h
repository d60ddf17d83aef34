/* Answers that were given before are given again: a cache of whole answers,
 * tools included, keyed by everything that determines them.  It refuses to
 * know what is asked for and who asks. */
#ifndef ANSWERS_H
#define ANSWERS_H

#include "exec.h"

enum answers_mode {
	ANSWERS_OFF,
	ANSWERS_KEEP,  /* what is there is used, what is not is kept */
	ANSWERS_STRICT /* nobody is ever asked: what is not there fails, with
			* what is nearest and how it differs */
};

/* For the request that is answered; until answers_end().  -1: there can be no
 * cache here, ERR says why. */
int answers_begin(
    struct engine *engine, enum answers_mode mode, struct err *err) MUST_USE;
void answers_end(struct engine *engine) NONNULL;

#endif
