/* Signs requests as Amazon wants them signed (Signature Version 4).  libcurl
 * could do so too, but its releases do not agree on what becomes of a "%3A" in
 * a path, which every model's name of Bedrock has.  It refuses to know where
 * keys come from. */
#include "sigv4.h"

#include "../base/buf.h"
#include "../base/crypt.h"
#include "../base/limits.h"
#include "../base/utf.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

static const char algorithm[] = "AWS4-HMAC-SHA256";

/* A header that is signed: its name in lower case, its value. */
struct header {
	const char *name, *value;
};

struct signing {
	struct arena *a;
	const struct http_request *r;
	char stamp[sizeof("20260102T030405Z")];
	const char *day, *region, *service;
	const char *scope;  /* day/region/service/aws4_request */
	const char *access; /* the key's name */
	struct str secret;
	struct header *headers; /* sorted */
	size_t n_headers;
	const char *signed_names; /* separated by semicolons */
};

static size_t
count(const char *const *lines)
{
	size_t n = 0;

	while (lines != NULL && lines[n] != NULL)
		n++;
	return n;
}

/* The piece number AT of text that colons part; NULL when there is none. */
static const char *
piece(struct arena *a, const char *text, size_t at)
{
	for (; at > 0 && text != NULL; at--) {
		text = strchr(text, ':');
		text = text != NULL ? text + 1 : NULL;
	}
	if (text == NULL || strcspn(text, ":") == 0)
		return NULL;
	return arena_strndup(a, text, strcspn(text, ":"));
}

/* What its canonical form takes at most, its own words included. */
static size_t
head_len(const struct http_request *r)
{
	size_t len = 3 * strlen(r->url) + strlen(r->url) + 1024;

	for (size_t i = 0; r->headers != NULL && r->headers[i] != NULL; i++)
		len += 2 * strlen(r->headers[i]);
	return len;
}

int
sigv4_check(const struct http_request *r, struct err *err)
{
	const char *colon =
	    r->sigv4_key != NULL ? strchr(r->sigv4_key, ':') : NULL;
	struct arena *a = arena_new(NULL);
	bool whole =
	    piece(a, r->sigv4, 2) != NULL && piece(a, r->sigv4, 3) != NULL;

	arena_free(a);
	if (!whole)
		return fail(err, ERR_UNCONFIGURED,
		    "a signature needs a region and a service, not '%s'",
		    r->sigv4);
	if (colon == NULL || colon == r->sigv4_key || colon[1] == '\0')
		return fail(err, ERR_UNCONFIGURED,
		    "a signature needs a key of two parts, ACCESS:SECRET");
	if (strchr(r->url, '?') != NULL)
		return fail(err, ERR_UNCONFIGURED,
		    "the address of a signed request has a query");
	if (head_len(r) > LIMIT_HEADERS_BYTES)
		return fail(err, ERR_UNCONFIGURED,
		    "the head of a signed request is larger than %u bytes",
		    LIMIT_HEADERS_BYTES);
	return 0;
}

/* --- what is signed */

/* The authority as the Host header has it: no user, no usual port. */
static const char *
host_of(struct arena *a, const char *url)
{
	bool https = strncasecmp(url, "https:", 6) == 0;
	const char *usual = https ? ":443" : ":80", *p, *at;
	size_t len, port = strlen(usual);

	p = strstr(url, "://") + 3;
	len = strcspn(p, "/?#");
	at = memrchr(p, '@', len);
	if (at != NULL) {
		len -= (size_t)(at + 1 - p);
		p = at + 1;
	}
	if (len > port && memcmp(p + len - port, usual, port) == 0)
		len -= port;
	return arena_strndup(a, p, len);
}

/* The path, each byte that is special written as %XX once more, as all of
 * Amazon's services but S3 want it. */
static void
add_path(struct buf *b, const char *url)
{
	const char *p = strstr(url, "://") + 3;
	size_t len;

	p += strcspn(p, "/?#");
	len = strcspn(p, "?#");
	if (len == 0)
		buf_addc(b, '/');
	for (; len > 0; p++, len--) {
		char c = *p;

		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		    (c >= '0' && c <= '9') || strchr("/-._~", c) != NULL)
			buf_addc(b, c);
		else
			buf_addf(b, "%%%02X", (unsigned char)c);
	}
}

static const char *
lower(struct arena *a, const char *s, size_t len)
{
	char *copy = arena_strndup(a, s, len);

	for (char *p = copy; *p != '\0'; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p - 'A' + 'a');
	return copy;
}

/* Without blanks at its ends; of more than one within, one is left. */
static const char *
trim(struct arena *a, const char *s)
{
	char *copy = arena_strdup(a, s + strspn(s, " \t")), *to = copy;

	for (const char *p = copy; *p != '\0'; p++) {
		bool blank = *p == ' ' || *p == '\t';

		if (blank && (p[1] == ' ' || p[1] == '\t' || p[1] == '\0'))
			continue;
		*to++ = blank ? ' ' : *p;
	}
	*to = '\0';
	return copy;
}

static void
take_header(struct signing *s, const char *line)
{
	const char *colon = strchr(line, ':'), *name;
	struct header *h;

	if (colon == NULL)
		return;
	name = lower(s->a, line, (size_t)(colon - line));
	if (strcmp(name, "content-type") != 0 && strcmp(name, "host") != 0 &&
	    strncmp(name, "x-amz-", 6) != 0)
		return;
	h = &s->headers[s->n_headers++];
	*h = (struct header){name, trim(s->a, colon + 1)};
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(
	    ((const struct header *)a)->name, ((const struct header *)b)->name);
}

static void
take_headers(struct signing *s, const char *const *lines)
{
	struct buf names;

	s->headers = arena_array(s->a, count(lines), sizeof(*s->headers));
	for (; *lines != NULL; lines++)
		take_header(s, *lines);
	qsort(s->headers, s->n_headers, sizeof(*s->headers), by_name);
	buf_init(&names, LIMIT_ERR_BYTES);
	for (size_t i = 0; i < s->n_headers; i++)
		buf_addf(&names, "%s%s", i != 0 ? ";" : "", s->headers[i].name);
	s->signed_names = arena_strdup(s->a, buf_str(&names));
	buf_free(&names);
}

static void
add_digest(struct buf *b, struct str bytes)
{
	uint8_t digest[CRYPT_SHA256_LEN];
	char hex[2 * CRYPT_SHA256_LEN + 1];

	crypt_sha256(bytes, digest);
	hex_print(hex, digest, sizeof(digest));
	buf_adds(b, hex);
}

/* The request in the one form that both sides can make of it. */
static void
add_canonical(const struct signing *s, struct buf *b)
{
	struct str body = s->r->body;

	buf_adds(b, body.p != NULL ? "POST\n" : "GET\n");
	add_path(b, s->r->url);
	buf_adds(b, "\n\n");
	for (size_t i = 0; i < s->n_headers; i++)
		buf_addf(b, "%s:%s\n", s->headers[i].name, s->headers[i].value);
	buf_addf(b, "\n%s\n", s->signed_names);
	add_digest(b, body.p != NULL ? body : STR(""));
}

/* --- with what it is signed */

static void
mac(struct arena *a, struct str key, struct str text,
    uint8_t out[CRYPT_MAC_LEN])
{
	struct hmac *h = hmac_new(a, key);

	hmac_add(h, text);
	hmac_end(h, out);
}

/* The secret, narrowed to a day, a region and a service. */
static void
make_key(const struct signing *s, uint8_t key[CRYPT_MAC_LEN])
{
	const char *const steps[] = {s->region, s->service, "aws4_request"};
	struct buf first;

	buf_init(&first, LIMIT_SECRET_BYTES);
	buf_adds(&first, "AWS4");
	buf_add(&first, s->secret.p, s->secret.len);
	mac(s->a, buf_text(&first), str_from(s->day), key);
	for (size_t i = 0; i < ARRAY_LEN(steps); i++)
		mac(s->a, (struct str){(const char *)key, CRYPT_MAC_LEN},
		    str_from(steps[i]), key);
	crypt_wipe(first.data, first.cap);
	buf_free(&first);
}

static const char *
authorization(const struct signing *s)
{
	char hex[2 * CRYPT_MAC_LEN + 1];
	uint8_t key[CRYPT_MAC_LEN], signature[CRYPT_MAC_LEN];
	struct buf request, text;

	buf_init(&request, LIMIT_HEADERS_BYTES);
	buf_init(&text, LIMIT_HEADERS_BYTES);
	add_canonical(s, &request);
	buf_addf(&text, "%s\n%s\n%s\n", algorithm, s->stamp, s->scope);
	add_digest(&text, buf_text(&request));
	make_key(s, key);
	mac(s->a, (struct str){(const char *)key, sizeof(key)}, buf_text(&text),
	    signature);
	crypt_wipe(key, sizeof(key));
	hex_print(hex, signature, sizeof(signature));
	buf_free(&request);
	buf_free(&text);
	return arena_printf(s->a,
	    "Authorization: %s Credential=%s/%s, SignedHeaders=%s, "
	    "Signature=%s",
	    algorithm, s->access, s->scope, s->signed_names, hex);
}

static void
take_time(struct signing *s, int64_t now)
{
	time_t seconds = (time_t)(now / 1000);
	struct tm tm;

	(void)gmtime_r(&seconds, &tm);
	(void)strftime(s->stamp, sizeof(s->stamp), "%Y%m%dT%H%M%SZ", &tm);
	s->day = arena_strndup(s->a, s->stamp, strcspn(s->stamp, "T"));
}

const char *const *
sigv4_sign(struct arena *a, const struct http_request *r, int64_t now)
{
	size_t n = count(r->headers);
	const char **lines = arena_array(a, n + 4, sizeof(*lines));
	const char *colon = strchr(r->sigv4_key, ':');
	struct signing s = {
	    .a = a,
	    .r = r,
	    .region = piece(a, r->sigv4, 2),
	    .service = piece(a, r->sigv4, 3),
	    .access = piece(a, r->sigv4_key, 0),
	    .secret = {colon + 1, strlen(colon + 1)},
	};

	take_time(&s, now);
	s.scope = arena_printf(
	    a, "%s/%s/%s/aws4_request", s.day, s.region, s.service);
	if (n != 0)
		memcpy(lines, r->headers, n * sizeof(*lines));
	lines[n++] = arena_printf(a, "Host: %s", host_of(a, r->url));
	lines[n++] = arena_printf(a, "X-Amz-Date: %s", s.stamp);
	lines[n] = NULL;
	take_headers(&s, lines);
	lines[n++] = authorization(&s);
	lines[n] = NULL;
	return lines;
}
