/* Access to AgentMark's API: what it keeps by a path, prompts and datasets
 * (protocol.md 3.3). */
#ifndef API_H
#define API_H

#include "../base/arena.h"
#include "../net/http.h"

#include <jansson.h>

struct api_conf {
	const char *base;	  /* NULL: it is not used */
	const char *key, *app_id; /* both or none; NULL: not sent */
};

/* The request for what lies at PATH, in the arena; clocks and limits are the
 * caller's to set. */
struct http_request api_request(struct arena *a, const struct api_conf *api,
    struct str path, const char *accept) MUST_USE;

/* What a refusal says, {"error": text} or {"error": {"message": text}}; NULL
 * for anything else. */
const char *api_words(const json_t *body);

#endif
