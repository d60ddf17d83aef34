/* What transcripts there are of which driver. */
#ifndef VENDORS_H
#define VENDORS_H

#include "transcript.h"

extern const struct transcripts vendor_anthropic, vendor_bedrock, vendor_chat,
    vendor_gemini, vendor_mastra, vendor_mastra_v0, vendor_ollama,
    vendor_responses;

/* All of them; ends with NULL. */
extern const struct transcripts *const vendors[];

#endif
