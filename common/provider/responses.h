/* OpenAI's Responses API in two halves: what is asked (responses_ask.c) and
 * what is answered (responses.c); embeddings, images and speech are those of
 * chat.h.  Private to the driver. */
#ifndef RESPONSES_H
#define RESPONSES_H

#include "driver.h"

struct responses {
	struct buf refusal; /* of an object: what the model says instead */
	bool refused;
	bool spoken; /* something of the answer has come already */
	bool seen;   /* one event of a stream at least */
	bool over;   /* finish was emitted, or the call has failed */
	size_t n_tools;
};

int responses_build(struct call *call, struct http_spec *spec, struct err *err);

#endif
