/* The drivers that have transcripts, and what their vendors have no way to
 * say.  It replays nothing. */
#include "records.h"
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

/* Thoughts are no tokens of their own there either. */
static const char *const bedrock_lacks[] = {"reasoning tokens", NULL};

/* Streams are written as lines. */
const struct transcripts vendor_bedrock = {
    .driver = &driver_bedrock,
    .dir = "bedrock",
    .suffix = ".records",
    .kind = FRAME_RECORDS,
    .base_url = "https://bedrock-runtime.us-east-1.amazonaws.com",
    .key = "key",
    .auth = "Authorization: Bearer key",
    .encode = record_lines,
    .lacks = bedrock_lacks,
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

/* Arguments are objects, which are parsed with the rest of the answer. */
static const char *const gemini_lacks[] = {"arguments that are no JSON", NULL};

const struct transcripts vendor_gemini = {
    .driver = &driver_gemini,
    .dir = "gemini",
    .suffix = ".sse",
    .kind = FRAME_SSE,
    .base_url = "https://vendor.test/v1beta",
    .key = "key",
    .auth = "x-goog-api-key: key",
    .lacks = gemini_lacks,
};

/* Nobody filters or caches, and thoughts are not counted apart. */
static const char *const ollama_lacks[] = {"arguments that are no JSON",
    "cached tokens", "reasoning tokens", "finish content-filter", NULL};

const struct transcripts vendor_ollama = {
    .driver = &driver_ollama,
    .dir = "ollama",
    .suffix = ".ndjson",
    .kind = FRAME_LINES,
    .base_url = "http://vendor.test:11434",
    .key = "key",
    .auth = "Authorization: Bearer key",
    .lacks = ollama_lacks,
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
    &vendor_bedrock,
    &vendor_chat,
    &vendor_gemini,
    &vendor_mastra,
    &vendor_mastra_v0,
    &vendor_ollama,
    &vendor_responses,
    NULL,
};
