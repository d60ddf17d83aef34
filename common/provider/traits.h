/* What models refuse and how much they may say, by their names.  These are
 * facts about models, of November 2026, in the way quirks are facts about
 * servers. */
#ifndef TRAITS_H
#define TRAITS_H

#include "../base/base.h"

#include <stdint.h>

enum {
	TRAIT_NO_SAMPLING = 1,	/* temperature, top_p and top_k are errors */
	TRAIT_NO_PENALTIES = 2, /* as are both penalties */
	TRAIT_NO_FORCED_TOOL = 4,
	TRAIT_COMPLETION_TOKENS = 8, /* max_tokens has a longer name */
	TRAIT_NO_SETTINGS = TRAIT_NO_SAMPLING | TRAIT_NO_PENALTIES,
};

struct traits {
	unsigned has;
	int64_t max_tokens; /* that one answer may have; 0: not known */
	bool guessed;	    /* for models that nobody has told us of */
};

/* Of a model by its vendor's name for it, behind the paths that gateways and
 * regions put before it. */
struct traits traits_of(const char *model);

/* Whether KEY of a prompt's configuration is an error to the model. */
bool traits_refuse(const struct traits *traits, const char *key) MUST_USE;

#endif
