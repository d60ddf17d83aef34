/* A POST of JSON, signed like AgentMark's own webhooks (protocol.md 1.3), and
 * the whole reply to it. */
#ifndef POST_H
#define POST_H

#include "exec.h"

struct post_request {
	const char *url;
	const char *secret; /* NULL: not signed */
	struct str body;    /* must stay until it is freed */
	int64_t timeout_ms;
	size_t max_reply;
};

struct post;

/* DONE(ARG, …) comes once, from loop_turn(): the status and TEXT, which stays
 * until the post is freed; or REASON, why there is no reply. */
struct post *post_start(struct engine *engine, struct arena *a,
    const struct post_request *request,
    void (*done)(void *arg, int status, struct str text, const char *reason),
    void *arg, struct err *err) MUST_USE;

/* Cancels it when it runs. */
void post_free(struct post *post);

#endif
