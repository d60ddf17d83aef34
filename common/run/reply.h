/* Where the runner's answer goes.  The gate implements it, for CGI and for
 * FastCGI alike; the runner knows nothing of either. */
#ifndef RUN_REPLY_H
#define RUN_REPLY_H

#include "../base/base.h"
#include "../base/err.h"

/* What is known of a request by its end, for the log; texts live as long as the
 * request. */
struct reply_facts {
	const char *type, *model;	     /* NULL: unknown */
	int64_t input_tokens, output_tokens; /* 0: unknown */
	const char *id;			     /* of the trace or the run */
	const char *name;   /* of the prompt or the experiment */
	const char *caller; /* who signed it; NULL: our user */
	const char *error;  /* that went out in the stream, or NULL */
	int64_t began;	    /* ms since 1970 */
	int64_t rows, failed_rows;
};

struct usage;

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
	bool gone;    /* the client has left */
	int64_t retry_after; /* seconds, for a reply of json(); 0: unsaid */
	struct reply_facts facts;
};

/* Answers with an error: {"message":…} and its status (protocol.md 1.4), or
 * an error line when the reply has started. */
void reply_fail(struct reply *r, const struct err *err) NONNULL;

/* Counts what a call came to. */
void reply_add_usage(struct reply *r, const struct usage *usage) NONNULL;

#endif
