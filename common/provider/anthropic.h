/* Anthropic's messages in two halves: what is asked (anthropic_ask.c) and what
 * is answered (anthropic.c).  Private to the driver. */
#ifndef ANTHROPIC_H
#define ANTHROPIC_H

#include "driver.h"

/* Objects are the arguments of this tool, which the model must call. */
#define ANTHROPIC_TOOL "json"

struct anthropic {
	struct buf said; /* beside an object, which a refusal explains */
	/* Tokens, which several events report, the last one in full. */
	int64_t fresh, written, cached, output;
	enum finish_reason reason;
	bool has_reason;
	bool seen;	/* one event of a stream at least */
	bool over;	/* the call has ended */
	bool answered;	/* the object was begun */
	bool in_object; /* the open block is the object */
	bool has_json;	/* and some of its text is here */
};

int anthropic_build(struct call *call, struct http_spec *spec, struct err *err);

#endif
