/* Cuts a byte stream into the events of a server-sent-events stream, into lines
 * or into Amazon's records, whatever pieces it arrives in.  Bytes only. */
#ifndef FRAME_H
#define FRAME_H

#include "../base/buf.h"
#include "../base/err.h"

enum frame_kind {
	FRAME_SSE,   /* WHATWG HTML 9.2.6: LF, CR and CRLF, comments, BOM */
	FRAME_LINES, /* NDJSON: lines, CR stripped, empty ones left out */
	/* application/vnd.amazon.eventstream: the payload of each record, and
	 * its :event-type.  That of an exception is "exception/TYPE"; an error
	 * is "error/CODE" with its message as data. */
	FRAME_RECORDS
};

struct frame {
	enum frame_kind kind;
	struct buf line;	/* the beginning of a line or a record */
	struct buf data, event; /* of the event that is being read */
	struct str held;	/* its only data so far, within the bytes fed */
	bool has_data;
	bool had_cr;  /* a LF that comes next belongs to it */
	bool started; /* the first line was seen */
};

/* EVENT is empty when the stream named none.  Both are borrowed.  A result
 * other than 0 stops the feeding and is returned by it. */
typedef int frame_fn(void *arg, struct str event, struct str data);

void frame_init(struct frame *f, enum frame_kind kind, size_t max) NONNULL;
void frame_free(struct frame *f) NONNULL;

/* -1 and an error when one event is larger than the frame's maximum, or when a
 * record is damaged. */
int frame_feed(struct frame *f, struct str bytes, frame_fn *fn, void *arg,
    struct err *err) MUST_USE;

/* The stream has ended: an unfinished event of SSE is dropped, as the standard
 * says, and so is an unfinished record; an unfinished line is delivered. */
int frame_end(
    struct frame *f, frame_fn *fn, void *arg, struct err *err) MUST_USE;

#endif
