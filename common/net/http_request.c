/* A request in curl's terms.  It refuses to know what becomes of it. */
#include "http_int.h"

#include "../base/clock.h"
#include "curl_lazy.h"
#include "public.h"
#include "sigv4.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

/* For curl, whose 0 means five minutes. */
#define NO_CONNECT_LIMIT 0x7fffffffL

static const struct http_trust places[] = {
    /* Debian, Arch, Gentoo */
    {.file = "/etc/ssl/certs/ca-certificates.crt", .dir = "/etc/ssl/certs"},
    /* Fedora, and those that are made from it */
    {.file = "/etc/pki/tls/certs/ca-bundle.crt"},
    {.file = "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem"},
    {.file = "/etc/ssl/ca-bundle.pem"}, /* openSUSE */
    {.file = "/etc/ssl/cert.pem"},	/* Alpine, BSD */
};

static bool
is_https(const char *url)
{
	return strncasecmp(url, "https://", 8) == 0;
}

int
http_request_check(const struct http_request *r, struct err *err)
{
	if (r->mail != NULL)
		return http_mail_check(r, err);
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
	return r->sigv4 != NULL ? sigv4_check(r, err) : 0;
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

/* Whether OpenSSL could find a certificate there by its hash. */
static bool
is_hashed(const char *dir)
{
	DIR *d = dir != NULL ? opendir(dir) : NULL;
	const struct dirent *entry;
	bool found = false;

	if (d == NULL)
		return false;
	while (!found && (entry = readdir(d)) != NULL)
		found = strspn(entry->d_name, "0123456789abcdef") == 8 &&
			strcmp(entry->d_name + 8, ".0") == 0;
	(void)closedir(d);
	return found;
}

static const char *
from_environment(const char *name)
{
	const char *value = getenv(name);

	return value != NULL && value[0] != '\0' ? value : NULL;
}

/* Either one, not both as Debian's libcurl has it: the file is only kept in
 * memory when there is no directory.  Of a directory the one certificate that
 * is needed is read; the file takes 30 ms and nearly a megabyte at once. */
static bool
find_trust(struct http_trust *trust, const char *file, const char *dir)
{
	if (is_hashed(dir))
		trust->dir = dir;
	else if (file != NULL && access(file, R_OK) == 0)
		trust->file = file;
	return trust->dir != NULL || trust->file != NULL;
}

/* Where libcurl was built to look, and then, because one file may run
 * anywhere, where other systems have theirs. */
void
http_trust_find(struct http_trust *trust)
{
	const curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);
	size_t i = 0;

	trust->file = from_environment("SSL_CERT_FILE");
	trust->dir = from_environment("SSL_CERT_DIR");
	if (trust->file != NULL || trust->dir != NULL ||
	    find_trust(trust, info->cainfo, info->capath))
		return;
	while (i < sizeof(places) / sizeof(places[0]) &&
	       !find_trust(trust, places[i].file, places[i].dir))
		i++;
}

const char *
http_tls(struct err *err)
{
	const char *name;

	if (curl_load(err) < 0)
		return NULL;
	name = curl_version_info(CURLVERSION_NOW)->ssl_version;
	return name != NULL ? name : "none";
}

#define SET(option, value) (rc |= curl_easy_setopt(easy, option, value))

static CURLcode
set_tls(CURL *easy, const struct http_trust *trust)
{
	CURLcode rc = CURLE_OK;

	SET(CURLOPT_PROTOCOLS_STR, "https");
	SET(CURLOPT_PIPEWAIT, 1L);
	SET(CURLOPT_CAINFO, trust->file);
	SET(CURLOPT_CAPATH, trust->dir);
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

/* The address is that which the name has at this moment: nothing that is looked
 * up before could be trusted. */
static curl_socket_t
open_public(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
	(void)arg;
	if (purpose != CURLSOCKTYPE_IPCXN || !address_is_public(&address->addr))
		return CURL_SOCKET_BAD;
	return socket(address->family, address->socktype | SOCK_CLOEXEC,
	    address->protocol);
}

static CURLcode
set_public_only(CURL *easy)
{
	CURLcode rc = CURLE_OK;

	SET(CURLOPT_OPENSOCKETFUNCTION, open_public);
	SET(CURLOPT_FRESH_CONNECT, 1L); /* another's may lead inside */
	SET(CURLOPT_FORBID_REUSE, 1L);
	SET(CURLOPT_NOPROXY, "*");
	return rc;
}

CURLcode
http_request_set(CURL *easy, const struct http_request *r, struct arena *a,
    const struct http_trust *trust)
{
	const char *const *headers = r->headers;
	long connect = NO_CONNECT_LIMIT;
	CURLcode rc = CURLE_OK;

	if (r->connect_only)
		SET(CURLOPT_CONNECT_ONLY, 1L);
	if (r->wants_expiry)
		SET(CURLOPT_CERTINFO, 1L);
	if (r->mail != NULL)
		return rc | http_mail_set(easy, r, a, trust);
	rc |= is_https(r->url) ? set_tls(easy, trust) : set_plain(easy);
	if (r->clocks.connect > 0 && r->clocks.connect < connect)
		connect = (long)r->clocks.connect;
	if (r->sigv4 != NULL)
		headers = sigv4_sign(a, r, clock_wall_ms());
	SET(CURLOPT_URL, r->url);
	SET(CURLOPT_CONNECTTIMEOUT_MS, connect);
	SET(CURLOPT_HTTPHEADER, copy_headers(a, headers));
	SET(CURLOPT_CUSTOMREQUEST, r->method);
	if (r->public_only)
		rc |= set_public_only(easy);
	if (r->body.p != NULL) {
		SET(CURLOPT_POSTFIELDS, r->body.p);
		SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->body.len);
	}
	return rc;
}
