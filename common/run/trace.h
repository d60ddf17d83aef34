/* What happened in a run or a row, as spans (protocol.md 8.2 to 8.6): a root
 * and what it took.  Nothing is recorded where nobody wants it: then spans are
 * NULL, which every function takes. */
#ifndef TRACE_H
#define TRACE_H

#include "../wire/otlp.h"
#include "ask.h"

struct trace;
struct span;

enum {
	TRACE_ID_LEN = 32, /* lower-case hex digits */
	TRACEPARENT_LEN = 55
};

/* A new trace, whose id is OUT's from now on; NULL when nothing is recorded.
 * Lives in the arena.  NAME is its root's. */
struct trace *trace_start(struct engine *engine, struct arena *a,
    const char *name, char out[TRACE_ID_LEN + 1]) MUST_USE;
struct span *trace_root(struct trace *t);

/* Ends the root, and whatever is still open, and hands all of it over to be
 * exported (deliver.h).  After the reply has ended. */
void trace_end(struct engine *engine, struct trace *t);

/* A child; ends by span_end(). */
struct span *span_start(struct span *parent, const char *name);
void span_end(struct span *s);
void span_name(struct span *s, const char *name);
void span_kind(struct span *s, enum otlp_kind kind);

/* Attributes.  KEY is a literal; values are copied.  What AGENTMARK_HIDE_INPUTS
 * and _OUTPUTS (settings) hide is not even kept: every key that carries
 * content is in one table, with what it is.  The last value of a key counts. */
void span_text(struct span *s, const char *key, struct str value);
void span_string(struct span *s, const char *key, const char *value);
/* An array of texts, as JSON. */
void span_texts(struct span *s, const char *key, const char *json_array);
void span_json(struct span *s, const char *key, const json_t *value);
void span_int(struct span *s, const char *key, int64_t value);
void span_double(struct span *s, const char *key, double value);
void span_bool(struct span *s, const char *key, bool value);

/* Something that happened within it, with one attribute or none (KEY NULL). */
void span_event(
    struct span *s, const char *name, const char *key, const char *value);

/* It has failed; the first message counts.  Its status is OK otherwise. */
void span_fail(struct span *s, struct str message);
void span_fail_with(struct span *s, const struct err *err);
/* The same where the message is what a tool or an eval has put out, which may
 * have to be hidden. */
void span_fail_of(struct span *s, struct str output);

/* The request's own trace, which ours does not belong to. */
void span_link(struct span *s, const char *traceparent);

/* The header for what is called on its behalf; false when S is NULL. */
bool span_traceparent(const struct span *s, char out[TRACEPARENT_LEN + 1]);

#endif
