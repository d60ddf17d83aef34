/* A request in curl's terms.  It refuses to know what becomes of it. */
#include "http_int.h"

#include <string.h>
#include <strings.h>

/* For curl, whose 0 means five minutes. */
#define NO_CONNECT_LIMIT 0x7fffffffL

static bool
is_https(const char *url)
{
	return strncasecmp(url, "https://", 8) == 0;
}

int
http_request_check(const struct http_request *r, struct err *err)
{
	if (strncasecmp(r->url, "http://", 7) != 0 && !is_https(r->url))
		return fail(err, ERR_UNCONFIGURED,
		    "the address of a provider begins neither with http:// "
		    "nor with https://");
	for (const char *p = r->url; *p != '\0'; p++) {
		if ((unsigned char)*p <= ' ' || *p == 0x7f)
			return fail(err, ERR_UNCONFIGURED,
			    "the address of a provider holds a blank or a "
			    "control character");
	}
	for (size_t i = 0; r->headers != NULL && r->headers[i] != NULL; i++) {
		if (strpbrk(r->headers[i], "\r\n") != NULL)
			return fail(err, ERR_UNCONFIGURED,
			    "a header for a provider holds a line break");
	}
	return 0;
}

static struct curl_slist *
add_header(struct arena *a, struct curl_slist *rest, const char *line)
{
	struct curl_slist *item = arena_alloc(a, sizeof(*item));

	item->data = arena_strdup(a, line);
	item->next = rest;
	return item;
}

/* In their order.  The empty Expect keeps curl from asking before it sends. */
static struct curl_slist *
copy_headers(struct arena *a, const char *const *lines)
{
	struct curl_slist *list = add_header(a, NULL, "Expect:");
	size_t n = 0;

	while (lines != NULL && lines[n] != NULL)
		n++;
	while (n > 0)
		list = add_header(a, list, lines[--n]);
	return list;
}

#define SET(option, value) (rc |= curl_easy_setopt(easy, option, value))

/* Curl keeps what it read of the authorities only when CAPATH is not set;
 * reading them all costs more than one call may. */
static CURLcode
set_tls(CURL *easy, const struct http_trust *trust)
{
	CURLcode rc = CURLE_OK;

	SET(CURLOPT_PROTOCOLS_STR, "https");
	SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
	SET(CURLOPT_PIPEWAIT, 1L);
	if (trust->ca_file != NULL)
		SET(CURLOPT_CAINFO, trust->ca_file);
	if (trust->brief && trust->ca_file == NULL &&
	    curl_version_info(CURLVERSION_NOW)->capath != NULL)
		SET(CURLOPT_CAINFO, NULL);
	else
		SET(CURLOPT_CAPATH, NULL);
	return rc;
}

/* Waiting for a connection that could be shared would make parallel exchanges
 * over HTTP/1 wait for the first reply. */
static CURLcode
set_plain(CURL *easy)
{
	CURLcode rc = CURLE_OK;

	SET(CURLOPT_PROTOCOLS_STR, "http");
	SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	return rc;
}

CURLcode
http_request_set(CURL *easy, const struct http_request *r, struct arena *a,
    const struct http_trust *trust)
{
	CURLcode rc = is_https(r->url) ? set_tls(easy, trust) : set_plain(easy);
	long connect = NO_CONNECT_LIMIT;

	if (r->clocks.connect > 0 && r->clocks.connect < connect)
		connect = (long)r->clocks.connect;
	SET(CURLOPT_URL, r->url);
	SET(CURLOPT_CONNECTTIMEOUT_MS, connect);
	SET(CURLOPT_HTTPHEADER, copy_headers(a, r->headers));
	if (r->body.p != NULL) {
		SET(CURLOPT_POSTFIELDS, r->body.p);
		SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->body.len);
	}
	return rc;
}
