/* The wire's names for how a model's answer ended (protocol.md 2.9).  What a
 * vendor calls them is its driver's business. */
#include "event.h"

static const char *const names[] = {
    [FINISH_STOP] = "stop",
    [FINISH_LENGTH] = "length",
    [FINISH_CONTENT_FILTER] = "content-filter",
    [FINISH_TOOL_CALLS] = "tool-calls",
    [FINISH_ERROR] = "error",
    [FINISH_OTHER] = "other",
    [FINISH_UNKNOWN] = "unknown",
};
_Static_assert(ARRAY_LEN(names) == FINISH__MAX, "every reason has a name");

const char *
finish_name(enum finish_reason reason)
{
	return names[reason];
}
