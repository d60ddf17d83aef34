/* In what a server differs from the API that its driver speaks.  These are
 * facts about vendors, which the configuration names; drivers know no vendor by
 * its name. */
#ifndef QUIRK_H
#define QUIRK_H

#include "../base/base.h"

enum {
	QUIRK_NO_STREAM_OPTIONS = 1,
	QUIRK_JSON_OBJECT = 2,
	QUIRK_NO_STRICT = 4,
	QUIRK_TOP_K = 8,
	QUIRK_RANDOM_SEED = 16,
	QUIRK_NO_SEED = 32,
	QUIRK_NO_STOP = 64,
	QUIRK_NO_PENALTIES = 128,
	QUIRK_MAX_COMPLETION_TOKENS = 256,
	QUIRK_ALL_SETTINGS = 512,
};

struct quirk {
	const char *name; /* as the configuration has it */
	unsigned bit;
	const char *help;
};

/* All of them; ends with a NULL name. */
extern const struct quirk quirks[];

/* 0 when there is none of this name. */
unsigned quirk_find(const char *name) MUST_USE;

#endif
