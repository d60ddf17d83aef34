/* What drivers share when they make a request: the keys of a configuration go
 * to their places or are named as ignored, the headers, the body, the words of
 * what a vendor does not take. */
#ifndef REQUEST_H
#define REQUEST_H

#include "driver.h"

/* Where a key of the prompt's configuration goes; NAME NULL: the driver reads
 * it by itself. */
struct place {
	const char *key, *name;
};

/* Sets TO's member of each place whose key says something, the first place of
 * a key alone.  Keys that have no place, but for those that the runner reads
 * and the schema of an object, are added to the call's ignored ones; so are
 * those that the model is known to refuse (traits.h). */
void request_config(
    struct call *call, json_t *to, const struct place *places, size_t n);

/* Lowers TO's member to MOST, which is added to the ignored ones. */
void request_at_most(
    struct call *call, json_t *to, const char *name, int64_t most);

/* Sets NAME to a member of CONFIG, unless that says nothing. */
void request_forward(
    json_t *to, const char *name, const json_t *config, const char *key);

/* Adds KEY to the call's ignored ones. */
void request_ignore(struct call *call, const char *key);

/* The headers of a JSON request that accepts STREAM when the ask streams, with
 * two lines of the driver's own, each of which may be NULL. */
const char **request_headers(struct call *call, const char *stream,
    const char *line, const char *another);

/* HEAD and the provider's key behind it; NULL when it has none. */
const char *request_key(struct call *call, const char *head);
#define REQUEST_BEARER "Authorization: Bearer "

/* Prints the body that MAKE has filled; the text lives as long as the call. */
int request_body(struct call *call,
    int (*make)(struct call *call, json_t *body, struct err *err),
    struct http_spec *spec, struct err *err);

/* NAME as one segment of a URL's path, whatever is in it; in the arena. */
const char *request_segment(struct call *call, const char *name);

/* {type: TYPE, text: TEXT}; no type for NULL. */
json_t *request_text(const char *type, struct str text) MUST_USE;

/* Fails in AI SDK's words: 'WHAT TYPE' functionality not supported. */
int request_unsupported(const char *what, struct str type, struct err *err);

/* The same for the maker of a part: NULL. */
json_t *request_no_part(const char *what, struct str type, struct err *err);

#endif
