/* OpenAI's Responses API in two halves: what is asked (responses_ask.c) and
 * what is answered (responses.c); embeddings, images and speech are those of
 * chat.h.  Private to the driver. */
#ifndef RESPONSES_H
#define RESPONSES_H

#include "driver.h"

/* What is kept with a call beside its item's id: where that is known, the ids
 * of the items before it, and whether they hold all that was said. */
#define RESPONSES_PROVIDER "provider"
#define RESPONSES_BEFORE "before"
#define RESPONSES_SAID "said"

struct responses {
	bool spoken;	/* something of the answer has come already */
	bool unstored;	/* the vendor forgets this answer */
	bool said;	/* one of BEFORE is a message */
	json_t *before; /* ids of items since the last call, or NULL */
	size_t n_tools;
};

int responses_build(struct call *call, struct http_spec *spec, struct err *err);

#endif
