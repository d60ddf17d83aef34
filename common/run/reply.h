/* Where the runner's answer goes.  The gate implements it, for CGI and for
 * FastCGI alike; the runner knows nothing of either. */
#ifndef RUN_REPLY_H
#define RUN_REPLY_H

#include "../base/base.h"
#include "../base/err.h"

struct reply {
	/* A whole reply: status, then BODY as application/json. */
	void (*json)(struct reply *r, int status, struct str body);
	/* The head of an NDJSON stream (protocol.md 1.5). */
	void (*stream)(struct reply *r);
	/* Adds to the stream; it leaves with the next flush. */
	void (*write)(struct reply *r, struct str text);
	void (*flush)(struct reply *r);
	int fd;	      /* readable when the client leaves; -1: cannot be told */
	bool started; /* a head is out: errors are lines now */
	bool gone;    /* writing failed: the client has left */
	int64_t retry_after; /* seconds, for a reply of json(); 0: unsaid */
};

/* Answers with an error: {"message":…} and its status (protocol.md 1.4), or
 * an error line when the reply has started. */
void reply_fail(struct reply *r, const struct err *err) NONNULL;

#endif
