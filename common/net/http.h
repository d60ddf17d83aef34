/* One HTTP exchange with an upstream.  Bytes only.
 *
 * Trusted are the system's certificates, or those that the environment names
 * in SSL_CERT_FILE and SSL_CERT_DIR. */
#ifndef HTTP_H
#define HTTP_H

#include "loop.h"

/* Milliseconds; 0 is no limit. */
struct http_clocks {
	int64_t connect; /* until the connection (and TLS) stands */
	int64_t first;	 /* until the first byte of the body */
	int64_t idle;	 /* between two pieces of the body */
	int64_t total;
};

/* A mail by SMTP instead, with the request's body as the whole message: then
 * there is neither a head nor data, only the end. */
struct http_mail {
	const char *user, *password; /* NULL: none; never sent without TLS */
	const char *from;
	const char *const *to; /* NULL-ended */
};

struct http_request {
	const char *url;
	const char *const *headers;   /* "Name: value" lines, NULL-ended */
	struct str body;	      /* of a POST; .p NULL makes a GET */
	const char *method;	      /* NULL: one of these */
	const struct http_mail *mail; /* of a URL of smtp or smtps; or NULL */
	bool public_only;  /* no address that is not public, no proxy; checked
			    * when it connects, and it always does */
	bool connect_only; /* not even asked: it ends when the connection
			    * stands, with TLS and a mail server's login */
	bool wants_expiry; /* of the certificate, in http_facts() */
	struct http_clocks clocks;
	size_t max_body; /* more than this is a failure */
	/* "aws:amz:REGION:SERVICE" signs it as Amazon wants it (Signature
	 * Version 4), with SIGV4_KEY, "ACCESS:SECRET"; NULL: not signed. */
	const char *sigv4, *sigv4_key;
};

enum http_end {
	HTTP_OK,	/* the reply is complete */
	HTTP_CUT,	/* it began and broke off */
	HTTP_NO_REPLY,	/* no head arrived: refused, reset, name, TLS */
	HTTP_CLOCK,	/* one of the clocks; `reason` says which */
	HTTP_TOO_LARGE, /* more than max_body */
};

/* Called from loop_turn(); none of them may start an exchange.  HEAD comes
 * once, before any data, with the status of the final reply.  END is the last
 * one; http_free() may be called from any of them. */
struct http_events {
	void (*head)(void *arg, int status);
	void (*data)(void *arg, struct str bytes);
	/* REASON is a sentence for the log; no secret is in it. */
	void (*end)(void *arg, enum http_end how, const char *reason);
	void *arg;
};

/* Starts an exchange.  REQUEST is copied but for its body, which must stay
 * until the end.  NULL and an error when it cannot even be tried.  TLS writes
 * may raise SIGPIPE, which the process must ignore or catch. */
struct http;
struct http *http_start(struct loop *loop, const struct http_request *request,
    const struct http_events *events, struct err *err) MUST_USE;

/* The status of the reply, or the last one of a mail server; 0: none. */
int http_status(struct http *http) NONNULL;

/* A header of the reply, valid from `head` until http_free(); or NULL. */
const char *http_header(struct http *http, const char *name) NONNULL;

/* What else is known of it at its end; times in ms of the wall clock, -1:
 * unknown. */
struct http_facts {
	int version;	 /* of HTTP: 10, 11, 20, 30; 0: there was no reply */
	bool reused;	 /* its connection had served before */
	int64_t date;	 /* when the server says it answered */
	int64_t expires; /* its certificate */
};
void http_facts(struct http *http, struct http_facts *facts) NONNULL;

/* Holds the body back: no `data` comes until http_resume(), but for what was
 * read already (at most a few tens of kB over HTTP/1.1), and only the total
 * clock runs.  Both may be called at any time, and again. */
void http_pause(struct http *http) NONNULL;
void http_resume(struct http *http) NONNULL;

/* Ends the exchange, if it runs: its connection is closed at once (unless it
 * was complete) and no event comes any more.  Within loop_turn() it is closed
 * at the end of the turn, and the request's body must stay until then. */
void http_free(struct http *http);

/* Does ahead of the first exchange what it would pay for: libcurl and its TLS
 * library start up, some milliseconds of CPU.  For a process that has nothing
 * else to do.  A failure shows at the first exchange. */
void http_warm_up(struct loop *loop) NONNULL;

/* The library that speaks TLS and its version, as "OpenSSL/3.0.15"; NULL and
 * an error without libcurl. */
const char *http_tls(struct err *err) MUST_USE;

#endif
