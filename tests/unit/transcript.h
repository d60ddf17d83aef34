/* Replays what a vendor said to its driver: streams at every split size and cut
 * at every byte, whole replies, and requests by value.
 *
 * tests/data/transcripts/DIR holds NAME.SUFFIX (a stream; one whose name has
 * "cut" in it breaks off) and NAME.json (a whole reply), each with NAME.events,
 * the events that must come out of the guard, one a line.  A name with "object"
 * in it is of an object prompt, one with "tool" in it of a prompt with tools.
 * tests/data/requests/DIR holds {kind, stream, model, messages, config, tools?,
 * strict?, quirks?} and what is expected of it: {url, expect, ignored} or
 * {error}. */
#ifndef TRANSCRIPT_H
#define TRANSCRIPT_H

#include "../../common/base/buf.h"
#include "../../common/net/frame.h"
#include "../../common/provider/guard.h"

struct transcripts {
	const struct driver *driver;
	const char *dir, *suffix;
	enum frame_kind kind;
	const char *base_url, *key;
	const char *accept; /* the header of a request for a stream */
	const char *header; /* one more that is always there, or NULL */
	const char *auth;   /* the one that carries the key */
	bool agent;	    /* it runs its tools itself: there are no talks */
	/* Makes the bytes of a stream from what the file holds; NULL: it holds
	 * them. */
	void (*encode)(struct buf *bytes, struct str text);
	/* Items of the list in test_conformance.c that the vendor has no way
	 * to show, NULL-ended; NULL: it shows all. */
	const char *const *lacks;
};

void transcript_streams(const struct transcripts *t);
void transcript_cuts(const struct transcripts *t);
void transcript_replies(const struct transcripts *t);
void transcript_requests(const struct transcripts *t);

/* --- what other tests are made of */

/* A file of tests/data/KIND/DIR, and the bytes of a stream. */
struct str transcript_file(struct arena *a, const struct transcripts *t,
    const char *kind, const char *name) MUST_USE;
struct str transcript_bytes(
    struct arena *a, const struct transcripts *t, const char *name) MUST_USE;
json_t *transcript_json(struct arena *a, const struct transcripts *t,
    const char *kind, const char *name) MUST_USE;

/* Every name in tests/data/KIND/DIR that ends so; ends with NULL. */
const char **transcript_names(struct arena *a, const struct transcripts *t,
    const char *kind, const char *suffix) MUST_USE;

/* The list of the events that must come of a transcript. */
json_t *transcript_events(
    struct arena *a, const struct transcripts *t, const char *name) MUST_USE;

/* The tools of a request, as the prompt would declare them. */
void transcript_tools(struct arena *a, const json_t *list, struct ask *ask);

/* What BYTES say to ASK must be WANT: as a whole reply, or as a stream at every
 * split size. */
void transcript_play(const struct transcripts *t, const char *name,
    const struct ask *ask, struct str bytes, struct buf *want);

/* What comes out of one stream or reply of a text prompt. */
void transcript_run(const struct transcripts *t, struct str text, bool stream,
    struct buf *events);

#endif
