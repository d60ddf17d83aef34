/* Ollama's own chat API in two halves: what is asked (ollama_ask.c) and what is
 * answered (ollama.c).  Private to the driver. */
#ifndef OLLAMA_H
#define OLLAMA_H

#include "tool_call.h"

/* What is kept with the first call of a step: what was thought before. */
#define OLLAMA_THOUGHT "thinking"

/* There is no way to make a model answer in a form or to call, so that it may
 * call as long as it likes and then answer: an object beside tools is the
 * arguments of one more tool, or the text, if it calls none. */
const char *ollama_object_tool(struct call *call);

struct ollama {
	struct buf thought; /* before the first call */
	bool answered;	    /* the object is there */
	size_t tools;	    /* calls so far */
};

int ollama_build(struct call *call, struct http_spec *spec, struct err *err);
void ollama_probe(struct call *call, struct http_spec *spec);

#endif
