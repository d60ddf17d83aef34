/* Google's Gemini: what is asked (gemini_ask.c), what is answered (gemini.c),
 * and both for images and speech (gemini_media.c).  Private to the driver. */
#ifndef GEMINI_H
#define GEMINI_H

#include "tool_call.h"

/* What is kept with a call: the model's own proof of its thoughts, which it
 * wants to see again, and whether the call's id was the model's. */
#define GEMINI_PROOF "thoughtSignature"
#define GEMINI_OWN_ID "id"

struct gemini {
	struct usage usage;
	bool answered; /* the object is there */
	size_t tools;  /* calls so far */
};

/* Models before the third generation take a form for the answer or functions,
 * not both: there an object beside tools is the arguments of this function.
 * NULL where none is needed. */
const char *gemini_object_tool(struct call *call);

int gemini_build(struct call *call, struct http_spec *spec, struct err *err);
void gemini_probe(struct call *call, struct http_spec *spec);

/* The address of METHOD of the model, and what lets in there. */
void gemini_address(
    struct call *call, struct http_spec *spec, const char *method);

/* A whole reply, which the call owns; NULL fails, as for a prompt that was not
 * let through.  Of no driver's state. */
const json_t *gemini_reply(
    struct call *call, struct str text, struct err *err) MUST_USE;
struct usage gemini_usage(const json_t *usage);

int gemini_media_build(
    struct call *call, struct http_spec *spec, struct err *err);
int gemini_media_body(
    struct call *call, struct str type, struct str text, struct err *err);
unsigned gemini_images_at_once(const char *model);

#endif
