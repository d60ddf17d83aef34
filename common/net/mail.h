/* One mail by SMTP.  Bytes only: the message is whole, with its header. */
#ifndef MAIL_H
#define MAIL_H

#include "loop.h"

struct mail_request {
	const char *url;	     /* smtp://host:port or smtps://… */
	const char *user, *password; /* NULL: none */
	const char *from;	     /* an address, maybe with a name */
	const char *const *to;	     /* NULL-ended */
	struct str text;	     /* must stay until the end */
	int64_t timeout_ms;
};

enum mail_end {
	MAIL_SENT,
	MAIL_LATER,  /* no connection, or a 4xx */
	MAIL_REFUSED /* a 5xx */
};

/* DONE comes once, from loop_turn().  Where the server offers TLS it is used; a
 * password goes only where its certificate is trusted. */
struct mail;
struct mail *mail_start(struct loop *loop, const struct mail_request *request,
    void (*done)(void *arg, enum mail_end how, const char *reason), void *arg,
    struct err *err) MUST_USE;

/* Cancels it when it runs. */
void mail_free(struct mail *m);

#endif
