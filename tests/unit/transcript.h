/* Replays what a vendor said to its driver: streams at every split size and cut
 * at every byte, whole replies, and requests by value.
 *
 * tests/data/transcripts/DIR holds NAME.SUFFIX (a stream; one whose name has
 * "cut" in it breaks off) and NAME.json (a whole reply), each with NAME.events,
 * the events that must come out of the guard, one a line.  A name with "object"
 * in it is of an object prompt.  tests/data/requests/DIR holds {kind, stream,
 * model, messages, config} and what is expected of it: {url, expect, ignored}
 * or {error}. */
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
	const char *auth; /* the header that carries the key */
};

void transcript_streams(const struct transcripts *t);
void transcript_cuts(const struct transcripts *t);
void transcript_replies(const struct transcripts *t);
void transcript_requests(const struct transcripts *t);
void transcript_headers(const struct transcripts *t, const char *accept);

/* What comes out of one stream or reply of a text prompt. */
void transcript_run(const struct transcripts *t, struct str text, bool stream,
    struct buf *events);

#endif
