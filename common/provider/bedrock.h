/* Amazon Bedrock's Converse in two halves: what is asked (bedrock_ask.c) and
 * what is answered (bedrock.c).  Private to the driver. */
#ifndef BEDROCK_H
#define BEDROCK_H

#include "driver.h"
#include "tool_call.h"

/* The member of what is kept with a call: blocks of reasoning before it. */
#define BEDROCK_THOUGHTS "reasoning"

/* Objects are the arguments of a tool, but where schemas are strict ones, which
 * the vendor itself holds the text to. */
const char *bedrock_object_tool(struct call *call) NONNULL;

struct bedrock {
	size_t documents; /* asked about */
	/* The reasoning that is being said, and what of it must come back with
	 * the calls that follow it: a list of blocks, owned, or NULL. */
	struct buf thought, proof;
	json_t *thoughts;
	struct tool_calls calls;
	int64_t fresh, written, cached, output;
	bool answered;	/* the object was begun */
	bool in_object; /* the open block is the object */
	bool has_json;	/* and some of its text is here */
};

int bedrock_build(struct call *call, struct http_spec *spec, struct err *err);
void bedrock_probe(struct call *call, struct http_spec *spec);

#endif
