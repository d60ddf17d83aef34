/* Ollama's own chat API in two halves: what is asked (ollama_ask.c) and what is
 * answered (ollama.c).  Private to the driver. */
#ifndef OLLAMA_H
#define OLLAMA_H

#include "driver.h"

struct ollama {
	bool seen;    /* one line of a stream at least */
	bool over;    /* finish was emitted */
	size_t tools; /* calls so far */
};

int ollama_build(struct call *call, struct http_spec *spec, struct err *err);

#endif
