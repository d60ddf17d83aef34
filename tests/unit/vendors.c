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

/* An agent runs its tools itself, so there are no talks.  What it called is
 * told with arguments that were read. */
static const char *const mastra_lacks[] = {
    "tools with two steps",
    "tools with two steps, stream",
    "object with tools",
    "object with tools, stream",
    "arguments that are no JSON",
    "failed tool",
    NULL,
};

const struct transcripts vendor_mastra = {
    .driver = &driver_mastra,
    .dir = "mastra",
    .suffix = ".sse",
    .kind = FRAME_SSE,
    .base_url = "https://vendor.test",
    .key = "key",
    .auth = "Authorization: Bearer key",
    .agent = true,
    .lacks = mastra_lacks,
};

/* Objects come whole, tokens are counted together. */
static const char *const mastra_v0_lacks[] = {
    "object stream",
    "tools with two steps",
    "tools with two steps, stream",
    "object with tools",
    "object with tools, stream",
    "arguments that are no JSON",
    "failed tool",
    "cached tokens",
    "reasoning tokens",
    NULL,
};

const struct transcripts vendor_mastra_v0 = {
    .driver = &driver_mastra_v0,
    .dir = "mastra-v0",
    .suffix = ".txt",
    .kind = FRAME_LINES,
    .base_url = "https://vendor.test/api",
    .key = "key",
    .auth = "Authorization: Bearer key",
    .agent = true,
    .lacks = mastra_v0_lacks,
};

const struct transcripts *const vendors[] = {
    &vendor_anthropic,
    &vendor_chat,
    &vendor_mastra,
    &vendor_mastra_v0,
    &vendor_responses,
    NULL,
};
