/* Neither patterns nor texts are trusted to be harmless, so a search has a
 * budget of steps over all places where it starts; PCRE2's own match limit is
 * for each place.  It refuses to know where patterns come from. */
#include "regex.h"

#include "../base/limits.h"

#include <stdlib.h>

/* What a search may still cost: an item tried, or a character passed over, is
 * a step. */
struct budget {
	size_t left, last;
};

static int
count_step(pcre2_callout_block *block, void *arg)
{
	struct budget *b = arg;
	size_t at = block->current_position;
	size_t cost = 1 + (at > b->last ? at - b->last : b->last - at);

	b->last = at;
	if (cost > b->left)
		return PCRE2_ERROR_CALLOUT;
	b->left -= cost;
	return 0;
}

int
regex_search(const pcre2_code *code, struct str text, pcre2_match_data *data,
    size_t *steps)
{
	pcre2_match_context *limits = pcre2_match_context_create(NULL);
	struct budget budget = {LIMIT_REGEX_STEPS, 0};
	int n;

	if (limits == NULL)
		abort();
	pcre2_set_match_limit(limits, LIMIT_REGEX_MATCHES);
	pcre2_set_depth_limit(limits, LIMIT_REGEX_MATCHES);
	pcre2_set_heap_limit(limits, LIMIT_REGEX_HEAP_KB);
	pcre2_set_callout(limits, count_step, &budget);
	n = pcre2_match(code, (PCRE2_SPTR)text.p, text.len, 0,
	    PCRE2_NO_UTF_CHECK, data, limits);
	pcre2_match_context_free(limits);
	*steps += LIMIT_REGEX_STEPS - budget.left;
	return n;
}
