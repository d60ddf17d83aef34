/* The drivers that have transcripts, and what their vendors have no way to
 * say.  It replays nothing. */
#include "vendors.h"

#include <stddef.h>

/* Thoughts are billed among all that is said and not counted apart. */
static const char *const anthropic_lacks[] = {"reasoning tokens", NULL};

const struct transcripts vendor_anthropic = {
    .driver = &driver_anthropic,
    .dir = "anthropic",
    .suffix = ".sse",
    .kind = FRAME_SSE,
    .base_url = "https://vendor.test/v1",
    .key = "key",
    .lacks = anthropic_lacks,
};

const struct transcripts vendor_chat = {
    .driver = &driver_chat,
    .dir = "chat",
    .suffix = ".sse",
    .kind = FRAME_SSE,
    .base_url = "https://vendor.test/v1",
    .key = "key",
    .auth = "Authorization: Bearer key",
};

const struct transcripts vendor_responses = {
    .driver = &driver_responses,
    .dir = "responses",
    .suffix = ".sse",
    .kind = FRAME_SSE,
    .base_url = "https://vendor.test/v1",
    .key = "key",
    .auth = "Authorization: Bearer key",
};

const struct transcripts *const vendors[] = {
    &vendor_anthropic,
    &vendor_chat,
    &vendor_responses,
    NULL,
};
