/* Conversations with tools: what is asked, what a vendor's model says, what is
 * asked next.
 *
 * tests/data/talks/DIR holds NAME.json: {kind, stream, model, config, tools,
 * messages, steps}.  Each step is {expect, reply, events, results?}: EXPECT is
 * the body of the request, REPLY a whole reply or the list of a stream's
 * events, EVENTS what must come of it at every split size, RESULTS the parts
 * of what the tools gave, with which the next step is asked. */
#ifndef TALK_H
#define TALK_H

#include "transcript.h"

void talk_all(const struct transcripts *t);

#endif
