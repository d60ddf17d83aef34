/* One error: what kind it is, and one sentence for the person who asked.
 *
 * Fallible functions return 0 or -1, or a pointer or NULL, and take a
 * struct err * last.  The first error wins: fail() does nothing when the error
 * is set already.  The owner of a struct err starts it as {0} and ends it with
 * err_free(). */
#ifndef ERR_H
#define ERR_H

#include "base.h"

enum err_code {
	ERR_NONE,
	ERR_REQUEST,	  /* the request is malformed */
	ERR_SIGNATURE,	  /* it is not signed by who it should be */
	ERR_METHOD,	  /* the HTTP method has no meaning here */
	ERR_TOO_LARGE,	  /* the body is over its limit */
	ERR_ENCODING,	  /* a Content-Encoding that is not identity */
	ERR_PROMPT,	  /* the prompt cannot be rendered or is not valid */
	ERR_MODEL,	  /* no provider for the model */
	ERR_PROVIDER,	  /* the provider failed */
	ERR_UNSUPPORTED,  /* this program cannot do that (yet) */
	ERR_UNCONFIGURED, /* the configuration is missing or wrong */
	ERR_SCOPE,	  /* the caller may not use that */
	ERR_BUDGET,	  /* the caller's budget is spent */
	ERR_BUSY,	  /* as much as may run at once runs already */
	ERR_GONE,	  /* the client left */
	ERR_STOPPED,	  /* the server stops and does not wait longer */
	ERR_INTERNAL,	  /* a limit of ours, or a bug */
	ERR__MAX
};

struct err {
	enum err_code code;
	char *msg; /* UTF-8, owned; NULL when code is ERR_NONE */
};

/* Sets the error unless one is set, and returns -1. */
int fail(struct err *err, enum err_code code, const char *fmt, ...)
    PRINTF_LIKE(3, 4) NONNULL;

/* As fail(), for text that is not a format. */
int fail_text(struct err *err, enum err_code code, struct str text);

/* Puts "prefix: " before the message of an error that is set. */
void err_prefix(struct err *err, const char *fmt, ...)
    PRINTF_LIKE(2, 3) NONNULL;

/* Moves an error; what dst held is freed. */
void err_move(struct err *dst, struct err *src) NONNULL;

void err_free(struct err *err) NONNULL;

/* The HTTP status of a code (protocol.md 1.4), and its short name. */
int err_status(enum err_code code);
const char *err_name(enum err_code code);

#endif
