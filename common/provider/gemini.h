/* Google's Gemini in two halves: what is asked (gemini_ask.c) and what is
 * answered (gemini.c).  Private to the driver. */
#ifndef GEMINI_H
#define GEMINI_H

#include "driver.h"

struct gemini {
	struct usage usage;
	enum finish_reason reason;
	bool has_reason;
	bool seen;    /* one event of a stream at least */
	bool over;    /* finish was emitted */
	size_t tools; /* calls so far */
};

int gemini_build(struct call *call, struct http_spec *spec, struct err *err);

#endif
