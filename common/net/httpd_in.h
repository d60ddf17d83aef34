/* One request of HTTP/1.1 (RFC 9112) as a server reads it: fed with bytes as
 * they come, cut anywhere.  Strict: lines end with CRLF, and what two readers
 * could understand differently is refused. */
#ifndef HTTPD_IN_H
#define HTTPD_IN_H

#include "../base/buf.h"

enum httpd_read {
	HTTPD_MORE, /* all was taken and it is not complete */
	HTTPD_HEAD, /* the head is complete; feed the rest for the body */
	HTTPD_DONE, /* so is the body; what was not taken is the next one's */
	HTTPD_BAD,  /* STATUS and REASON say what is wrong with it */
};

enum httpd_part {
	HTTPD_START,
	HTTPD_FIELDS,
	HTTPD_BODY,
	HTTPD_SIZE,  /* of a chunk */
	HTTPD_CHUNK, /* its bytes */
	HTTPD_CHUNK_END,
	HTTPD_TRAILER,
	HTTPD_END,
};

struct httpd_in {
	struct buf head; /* method, target, version, fields: each with a NUL */
	struct buf line; /* of a chunk's size and of the trailers */
	struct buf body;
	enum httpd_part part;
	size_t at;		    /* where the current line begins */
	size_t target, fields, end; /* in HEAD */
	size_t left, max_body;	    /* bytes */
	bool told;		    /* HTTPD_HEAD was returned */
	bool blank;		    /* an empty line came before it */
	bool old;		    /* HTTP/1.0 */
	bool close, chunked, expects;
	int status;
	const char *reason;
};

void httpd_in_init(struct httpd_in *in, size_t max_body) NONNULL;
void httpd_in_free(struct httpd_in *in) NONNULL;

/* Takes no more than the request's; *TAKEN says how much of BYTES. */
enum httpd_read httpd_in_feed(
    struct httpd_in *in, struct str bytes, size_t *taken) MUST_USE;

/* Nothing of it has come yet. */
bool httpd_in_is_empty(const struct httpd_in *in) NONNULL;

/* From HTTPD_HEAD on.  Of a field the first, without blanks around it; NULL
 * when there is none. */
const char *httpd_in_method(const struct httpd_in *in) NONNULL;
const char *httpd_in_target(const struct httpd_in *in) NONNULL;
const char *httpd_in_field(const struct httpd_in *in, const char *name) NONNULL;

#endif
