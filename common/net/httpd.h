/* A small HTTP/1.1 server for programs on the same machine: many clients at
 * once, kept connections, bodies of known length or in chunks, answers whole
 * or piece by piece.  Bytes only. */
#ifndef HTTPD_H
#define HTTPD_H

#include "loop.h"

/* The words for a status; "Status" for one that is not known. */
const char *httpd_phrase(int status);

struct httpd;

/* A request and its answer, from `head` or `bad` to `over`. */
struct httpd_call;

/* All but `over` are called when the caller may start and free exchanges of
 * http.h, and so is `over`.  A call is answered from any of them or later. */
struct httpd_events {
	/* The head has come.  An answer given here is given for good: the body
	 * is not wanted then, and the connection ends. */
	void (*head)(void *arg, struct httpd_call *call);
	/* So has the body, which stays until `over`. */
	void (*request)(void *arg, struct httpd_call *call);
	/* It is not well formed, too large or too slow: STATUS and REASON are
	 * what it should be answered. */
	void (*bad)(
	    void *arg, struct httpd_call *call, int status, const char *reason);
	/* The client has read enough that more may be written. */
	void (*drained)(void *arg, struct httpd_call *call);
	/* The client has all of the answer, or it left.  The last event. */
	void (*over)(void *arg, struct httpd_call *call);
	void *arg;
};

/* Serves the N sockets of FDS, which listen; the caller closes them.  Bodies
 * have at most MAX_BODY bytes. */
struct httpd *httpd_start(struct loop *loop, const int *fds, size_t n,
    size_t max_body, const struct httpd_events *events) MUST_USE;
/* Ends every call. */
void httpd_free(struct httpd *httpd);

const char *httpd_method(const struct httpd_call *call) NONNULL;
const char *httpd_field(
    const struct httpd_call *call, const char *name) NONNULL;
struct str httpd_body(const struct httpd_call *call) NONNULL;

/* What the caller keeps with a call; NULL at first. */
void httpd_set(struct httpd_call *call, void *own);
void *httpd_get(const struct httpd_call *call) NONNULL;

/* An answer in one.  FIELDS are lines of the head, each with its CRLF. */
void httpd_reply(
    struct httpd_call *call, int status, const char *fields, struct str body);

/* An answer in pieces; each goes out at once.  httpd_write() is false when so
 * much waits that the caller should stop until `drained`.  Not WHOLE: the
 * connection breaks off, so that nobody takes the answer for complete. */
void httpd_begin(struct httpd_call *call, int status, const char *fields);
bool httpd_write(struct httpd_call *call, struct str bytes);
void httpd_end(struct httpd_call *call, bool whole) NONNULL;

#endif
