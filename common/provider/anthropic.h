/* Anthropic's messages in two halves: what is asked (anthropic_ask.c) and what
 * is answered (anthropic.c).  Private to the driver. */
#ifndef ANTHROPIC_H
#define ANTHROPIC_H

#include "tool_call.h"

/* What is kept with a call: blocks of thinking that came before it. */
#define ANTHROPIC_THOUGHTS "thinking"

/* What the open block is. */
enum anthropic_block {
	ANTHROPIC_OTHER,
	ANTHROPIC_OBJECT, /* a call that is the object */
	ANTHROPIC_CALL,
	ANTHROPIC_THOUGHT
};

struct anthropic {
	/* Tokens, which several events report, the last one in full. */
	int64_t fresh, written, cached, output;
	bool answered; /* the object was begun */
	bool has_json; /* and some of its text is here */
	enum anthropic_block open;
	struct tool_calls calls;
	struct tool_call *made;	       /* the open one */
	struct buf thought, signature; /* of the open block */
	json_t *thoughts;	       /* since the last call; or NULL */
};

/* Objects are the arguments of a tool that the model must call. */
const char *anthropic_object_tool(struct call *call);

int anthropic_build(struct call *call, struct http_spec *spec, struct err *err);
void anthropic_probe(struct call *call, struct http_spec *spec);

#endif
