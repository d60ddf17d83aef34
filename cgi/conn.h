/* One request's way in and out, the same for CGI and FastCGI. */
#ifndef CONN_H
#define CONN_H

#include "../common/base/base.h"

#include <sys/types.h>

struct conn;

struct conn_backend {
	/* A variable of the request, or NULL; valid until finish. */
	const char *(*var)(struct conn *c, const char *name);
	/* Up to LEN bytes of the body; 0 at its end, -1 when it broke off. */
	ssize_t (*read)(struct conn *c, void *p, size_t len);
	/* -1 when the web server is no longer there. */
	int (*write)(struct conn *c, struct str bytes);
	int (*flush)(struct conn *c);
	/* A descriptor that tells when the web server closes, or -1; only
	 * after the body has been read to its end. */
	int (*fd)(struct conn *c);
	void (*finish)(struct conn *c);
	void (*free)(struct conn *c);
};

struct conn {
	const struct conn_backend *ops;
	bool framed; /* the body has an end of its own, beside its length */
};

/* The one request of standard input, standard output and the environment. */
struct conn *conn_cgi_open(void) MUST_USE;

/* Whether descriptor 0 is a socket that FastCGI requests arrive at. */
bool conn_fcgi_is_wanted(void);

/* Serves LISTEN_FD, which is made non-blocking; NULL when that fails. */
struct conn *conn_fcgi_open(int listen_fd) MUST_USE;

/* The next request: 1 when there is one, 0 when there is none now, -1 when
 * something failed.  Does not wait for a connection. */
int conn_fcgi_accept(struct conn *c) MUST_USE NONNULL;

/* A connection that the web server keeps open for its next request, or -1; and
 * how it is closed. */
int conn_fcgi_kept(struct conn *c) NONNULL;
void conn_fcgi_drop(struct conn *c) NONNULL;

#endif
