/* The drivers that have transcripts, and what their vendors have no way to
 * say.  It replays nothing. */
#include "records.h"
#include "vendors.h"

#include <stddef.h>

#define SSE                                                                    \
	.suffix = ".sse", .kind = FRAME_SSE,                                   \
	.accept = "Accept: text/event-stream"
#define BEARER .key = "key", .auth = "Authorization: Bearer key"
#define LACKS(...)                                                             \
	.lacks = (const char *const[])                                         \
	{                                                                      \
		__VA_ARGS__, NULL                                              \
	}
/* An agent runs its tools itself, so there are no talks.  What it called is
 * told with arguments that were read. */
#define AGENT_LACKS                                                            \
	"tools with two steps", "tools with two steps, stream",                \
	    "object with tools", "object with tools, stream",                  \
	    "arguments that are no JSON", "failed tool"

/* Thoughts are billed among all that is said and not counted apart. */
const struct transcripts vendor_anthropic = {
    .driver = &driver_anthropic,
    .dir = "anthropic",
    SSE,
    .base_url = "https://vendor.test/v1",
    .key = "key",
    .header = "anthropic-version: 2023-06-01",
    .auth = "x-api-key: key",
    LACKS("reasoning tokens"),
};

/* Nor are they there.  Streams are written as lines. */
const struct transcripts vendor_bedrock = {
    .driver = &driver_bedrock,
    .dir = "bedrock",
    .suffix = ".records",
    .kind = FRAME_RECORDS,
    .accept = "Accept: application/vnd.amazon.eventstream",
    .base_url = "https://bedrock-runtime.us-east-1.amazonaws.com",
    BEARER,
    .encode = record_lines,
    LACKS("reasoning tokens"),
};

const struct transcripts vendor_chat = {
    .driver = &driver_chat,
    .dir = "chat",
    SSE,
    .base_url = "https://vendor.test/v1",
    BEARER,
};

/* Arguments are objects, which are parsed with the rest of the answer. */
const struct transcripts vendor_gemini = {
    .driver = &driver_gemini,
    .dir = "gemini",
    SSE,
    .base_url = "https://vendor.test/v1beta",
    .key = "key",
    .auth = "x-goog-api-key: key",
    LACKS("arguments that are no JSON"),
};

/* Nobody filters or caches, and thoughts are not counted apart. */
const struct transcripts vendor_ollama = {
    .driver = &driver_ollama,
    .dir = "ollama",
    .suffix = ".ndjson",
    .kind = FRAME_LINES,
    .accept = "Accept: application/x-ndjson",
    .base_url = "http://vendor.test:11434",
    BEARER,
    LACKS("arguments that are no JSON", "cached tokens", "reasoning tokens",
	"finish content-filter"),
};

const struct transcripts vendor_responses = {
    .driver = &driver_responses,
    .dir = "responses",
    SSE,
    .base_url = "https://vendor.test/v1",
    BEARER,
};

const struct transcripts vendor_mastra = {
    .driver = &driver_mastra,
    .dir = "mastra",
    SSE,
    .base_url = "https://vendor.test",
    BEARER,
    .agent = true,
    LACKS(AGENT_LACKS),
};

/* Objects come whole, tokens are counted together. */
const struct transcripts vendor_mastra_v0 = {
    .driver = &driver_mastra_v0,
    .dir = "mastra-v0",
    .suffix = ".txt",
    .kind = FRAME_LINES,
    .accept = "Accept: text/event-stream",
    .base_url = "https://vendor.test/api",
    BEARER,
    .agent = true,
    LACKS(AGENT_LACKS, "object stream", "cached tokens", "reasoning tokens"),
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
