/* Events as what leaves the endpoint: lines of NDJSON, and the envelope of a
 * one-shot run (protocol.md 2.4 to 2.7). */
#ifndef CHUNK_H
#define CHUNK_H

#include "../base/buf.h"
#include "event.h"

/* Adds the line of an event of a text prompt, or of an object prompt, with its
 * end.  Adds nothing for an event that has no wire form. */
void chunk_print(struct buf *b, bool object, const struct event *ev);

/* {"type":"done","traceId":"…"} (1.6). */
void chunk_print_done(struct buf *b, const char *trace_id) NONNULL;

/* What a one-shot run has gathered. */
struct result {
	const char *type;	 /* of the envelope */
	bool object;		 /* a value, no text */
	bool media;		 /* an image or speech: nothing beside it */
	struct buf text;	 /* of a text prompt */
	json_t *value;		 /* of all others; NULL: none */
	json_t *calls, *results; /* arrays in wire form */
	bool finished;		 /* reason and usage are known */
	enum finish_reason reason;
	struct usage usage;
	bool failed; /* the run ended with `error` */
	struct buf error;
};

/* TYPE is "text", "object", "image" or "speech", and borrowed. */
void result_init(struct result *r, const char *type) NONNULL;
void result_free(struct result *r) NONNULL;

/* Takes in one event; an error event fills r->error. */
void result_add(struct result *r, const struct event *ev) NONNULL;

/* The JSON envelope (2.6); TRACE_ID may be NULL. */
void result_print(struct buf *b, const struct result *r, const char *trace_id);

#endif
