/* Families of models, told by a part of their names: those of a vendor from the
 * particular to the general, so that the first row that fits is the model's.
 * It knows no driver and no server. */
#include "traits.h"

#include <stdlib.h>
#include <string.h>

static const struct {
	const char *family;
	struct traits traits;
} families[] = {
    {"claude-fable-5-1", {TRAIT_NO_SAMPLING | TRAIT_NO_FORCED_TOOL, 128000, 0}},
    {"claude-sonnet-5-5",
	{TRAIT_NO_SAMPLING | TRAIT_NO_FORCED_TOOL, 128000, 0}},
    {"claude-opus-5-5", {TRAIT_NO_SAMPLING | TRAIT_NO_FORCED_TOOL, 128000, 0}},
    {"claude-opus-4-8", {TRAIT_NO_SAMPLING, 128000, 0}},
    {"claude-opus-4-7", {TRAIT_NO_SAMPLING, 128000, 0}},
    {"claude-opus-4-6", {0, 128000, 0}},
    {"claude-sonnet-4-6", {0, 128000, 0}},
    {"claude-opus-4-5", {0, 64000, 0}},
    {"claude-sonnet-4-5", {0, 64000, 0}},
    {"claude-haiku-4-5", {0, 64000, 0}},
    {"claude-opus-4", {0, 32000, 0}},
    {"claude-sonnet-4", {0, 64000, 0}},
    {"claude-3-7-sonnet", {0, 64000, 0}},
    {"claude-3-5-", {0, 8192, 0}},
    {"claude-3", {0, 4096, 0}},
    {"claude-2", {0, 4096, 0}},
    {"claude-v2", {0, 4096, 0}},
    {"claude-instant", {0, 4096, 0}},
    {"claude-", {TRAIT_NO_SAMPLING, 128000, true}},
};

static const struct {
	const char *key;
	unsigned trait;
} refused[] = {
    {"temperature", TRAIT_NO_SAMPLING},
    {"top_p", TRAIT_NO_SAMPLING},
    {"top_k", TRAIT_NO_SAMPLING},
    {"frequency_penalty", TRAIT_NO_PENALTIES},
    {"presence_penalty", TRAIT_NO_PENALTIES},
};

/* Gateways write 4.5 for 4-5. */
static bool
begins(const char *name, const char *family)
{
	for (; *family != '\0'; name++, family++)
		if (*name != *family && !(*family == '-' && *name == '.'))
			return false;
	return true;
}

static bool
has_family(const char *name, const char *family)
{
	for (; *name != '\0'; name++)
		if (begins(name, family))
			return true;
	return false;
}

/* OpenAI's that reason: o1, o3, …, and gpt-5 and later but those for a chat. */
static bool
reasons(const char *model)
{
	const char *slash = strrchr(model, '/');
	const char *id = slash != NULL ? slash + 1 : model;
	char *end;

	if (id[0] == 'o' && id[1] >= '1' && id[1] <= '9')
		return true;
	if (strncmp(id, "gpt-", 4) != 0)
		return false;
	return strtol(id + 4, &end, 10) >= 5 && strncmp(end, "-chat", 5) != 0;
}

struct traits
traits_of(const char *model)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(families); i++)
		if (has_family(model, families[i].family))
			return families[i].traits;
	if (reasons(model))
		return (struct traits){
		    .has = TRAIT_NO_SAMPLING | TRAIT_NO_PENALTIES |
			   TRAIT_COMPLETION_TOKENS,
		};
	return (struct traits){0};
}

bool
traits_refuse(const struct traits *traits, const char *key)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(refused); i++)
		if (strcmp(refused[i].key, key) == 0)
			return (traits->has & refused[i].trait) != 0;
	return false;
}
