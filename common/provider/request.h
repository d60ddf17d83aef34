/* What drivers share when they make a request: the keys of a configuration go
 * to their places or are named as ignored, the headers, the body, the words of
 * what a vendor does not take. */
#ifndef REQUEST_H
#define REQUEST_H

#include "driver.h"

/* Where a key of the prompt's configuration goes. */
struct place {
	const char *key, *name;
};

/* Sets TO's member of each place whose key says something.  Keys that have no
 * place, that neither the runner reads nor OTHERS (NULL-ended) names, are
 * added to the call's ignored ones. */
void request_config(struct call *call, json_t *to, const struct place *places,
    size_t n, const char *const *others);

/* Adds KEY to the call's ignored ones. */
void request_ignore(struct call *call, const char *key);

/* The same for every key that says something and that KNOWN (NULL-ended) lacks;
 * of images and speech, whose keys are few. */
void request_ignore_others(struct call *call, const char *const *known);

/* The headers of a JSON request that accepts STREAM when the ask streams; AUTH
 * is a whole line, or NULL. */
const char **request_headers(
    struct call *call, const char *stream, const char *auth);

/* Prints BODY; the text lives as long as the call. */
int request_body(struct call *call, const json_t *body, struct http_spec *spec,
    struct err *err);

/* NAME as one segment of a URL's path, whatever is in it; in the arena. */
const char *request_segment(struct call *call, const char *name);

/* Fails in AI SDK's words: 'WHAT TYPE' functionality not supported. */
int request_unsupported(const char *what, struct str type, struct err *err);

#endif
