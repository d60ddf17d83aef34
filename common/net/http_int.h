/* What the files of net that speak to libcurl share behind http.h. */
#ifndef HTTP_INT_H
#define HTTP_INT_H

#include "../base/arena.h"
#include "http.h"

#include <curl/curl.h>

/* Where the trusted certificates are: one file of them, a directory of hashed
 * names, or both.  NULL is none. */
struct http_trust {
	const char *file, *dir;
};

void http_trust_find(struct http_trust *trust) NONNULL;

/* Whether it can be tried at all. */
int http_request_check(const struct http_request *r, struct err *err) MUST_USE;

/* Sets the address, headers, body and connect clock.  Headers are copied to
 * the arena, which must live as long as the handle uses them. */
CURLcode http_request_set(CURL *easy, const struct http_request *r,
    struct arena *a, const struct http_trust *trust) MUST_USE;

/* All but the date, which is a header. */
void http_facts_read(CURL *easy, struct http_facts *facts) NONNULL;
/* A date of HTTP's or a certificate's; -1: none, or TEXT is NULL. */
int64_t http_date_ms(const char *text);

/* The same two for a mail (mail.c). */
int http_mail_check(const struct http_request *r, struct err *err) MUST_USE;
CURLcode http_mail_set(CURL *easy, const struct http_request *r,
    struct arena *a, const struct http_trust *trust) MUST_USE;

#endif
