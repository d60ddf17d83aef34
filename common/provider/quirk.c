/* The names of quirks.  What they do is the drivers' business, who has them the
 * configuration's. */
#include "quirk.h"

#include <string.h>

const struct quirk quirks[] = {
    {"no_stream_options", QUIRK_NO_STREAM_OPTIONS,
	"streams tell of tokens without being asked, and asking is an error"},
    {"json_object", QUIRK_JSON_OBJECT,
	"objects are only promised to be JSON; the schema is told in a system "
	"message"},
    {"no_strict", QUIRK_NO_STRICT, "`strict` is left out of schemas"},
    {"top_k", QUIRK_TOP_K, "`top_k` is taken"},
    {"random_seed", QUIRK_RANDOM_SEED, "`seed` is called `random_seed`"},
    {"no_seed", QUIRK_NO_SEED, "`seed` has no place"},
    {"no_stop", QUIRK_NO_STOP, "`stop_sequences` have no place"},
    {"no_penalties", QUIRK_NO_PENALTIES,
	"`frequency_penalty` and `presence_penalty` have no place"},
    {"max_completion_tokens", QUIRK_MAX_COMPLETION_TOKENS,
	"`max_tokens` is always called so"},
    {"all_settings", QUIRK_ALL_SETTINGS,
	"models get settings that they are known to refuse, too"},
    {NULL, 0, NULL},
};

unsigned
quirk_find(const char *name)
{
	for (size_t i = 0; quirks[i].name != NULL; i++)
		if (strcmp(quirks[i].name, name) == 0)
			return quirks[i].bit;
	return 0;
}
