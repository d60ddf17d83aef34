/* OpenAI's chat completions in two halves: what is asked (chat_ask.c) and what
 * is answered (chat.c); its embeddings (chat_embed.c), images and speech
 * (chat_media.c).  Private to the drivers of OpenAI's API. */
#ifndef CHAT_H
#define CHAT_H

#include "tool_call.h"

/* What some servers say of a thought, under one of two names, and of a call of
 * a tool beside it; they want to see both again. */
#define CHAT_THOUGHT "reasoning_content"
#define CHAT_THOUGHT_TOO "reasoning"
#define CHAT_EXTRA "extra_content"

struct chat {
	struct usage usage;
	bool named; /* the model that answers is known */
	struct tool_calls tools;
	struct buf thought; /* before calls of tools */
	const char *thought_key;
};

int chat_build(struct call *call, struct http_spec *spec, struct err *err);

int chat_embed_build(
    struct call *call, struct http_spec *spec, struct err *err);
int chat_embed_body(struct call *call, struct str text, struct err *err);

/* Images and speech; of no driver's state. */
int chat_media_build(
    struct call *call, struct http_spec *spec, struct err *err);
int chat_media_body(
    struct call *call, struct str type, struct str text, struct err *err);

unsigned chat_images_at_once(const char *model);

/* The list of models. */
void chat_probe(struct call *call, struct http_spec *spec);

/* Makes the request to PATH below the provider's address, with the body that
 * MAKE fills; of no driver's state. */
int chat_request(struct call *call, const char *path,
    int (*make)(struct call *call, json_t *body, struct err *err),
    struct http_spec *spec, struct err *err);

/* The reply, which the call owns; NULL fails, as for an error that a server
 * sends in place of an answer, with status 200. */
const json_t *chat_reply(
    struct call *call, struct str text, struct err *err) MUST_USE;

/* Fails with an event that is an error as a whole. */
int chat_error_event(struct call *call, struct str data, struct err *err);

#endif
