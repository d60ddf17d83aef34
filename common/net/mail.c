/* Mail in curl's terms, and what a mail server's refusal means.  It refuses to
 * know what a message looks like. */
#include "mail.h"

#include "../base/xalloc.h"
#include "http_int.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Older versions of libcurl misspell it. */
#if LIBCURL_VERSION_NUM >= 0x080200
#define RCPT_ALLOWFAILS CURLOPT_MAIL_RCPT_ALLOWFAILS
#else
#define RCPT_ALLOWFAILS CURLOPT_MAIL_RCPT_ALLLOWFAILS
#endif

struct mail {
	struct http *http;
	void (*done)(void *arg, enum mail_end how, const char *reason);
	void *arg;
};

static bool
is_tls(const char *url)
{
	return strncasecmp(url, "smtps://", 8) == 0;
}

int
http_mail_check(const struct http_request *r, struct err *err)
{
	const char *p;

	if (strncasecmp(r->url, "smtp://", 7) != 0 && !is_tls(r->url))
		return fail(err, ERR_UNCONFIGURED,
		    "the address of a mail server begins neither with smtp:// "
		    "nor with smtps://");
	for (p = r->url; *p != '\0'; p++)
		if ((unsigned char)*p <= ' ' || *p == 0x7f)
			return fail(err, ERR_UNCONFIGURED,
			    "the address of a mail server holds a blank or a "
			    "control character");
	return 0;
}

/* The part in angle brackets, else all of it. */
static const char *
bare_address(struct arena *a, const char *address)
{
	const char *open = strrchr(address, '<');
	size_t len = open != NULL ? strcspn(open + 1, ">") : strlen(address);

	return arena_printf(
	    a, "<%.*s>", (int)len, open != NULL ? open + 1 : address);
}

static size_t
read_text(char *to, size_t size, size_t n, void *arg)
{
	struct str *rest = arg;
	size_t len = size * n < rest->len ? size * n : rest->len;

	if (len > 0)
		memcpy(to, rest->p, len);
	rest->p += len;
	rest->len -= len;
	return len;
}

static struct curl_slist *
recipients(struct arena *a, const char *const *to)
{
	struct curl_slist *list = NULL, *item;
	size_t n = 0;

	while (to[n] != NULL)
		n++;
	while (n > 0) {
		item = arena_alloc(a, sizeof(*item));
		item->data = arena_strdup(a, bare_address(a, to[--n]));
		item->next = list;
		list = item;
	}
	return list;
}

#define SET(option, value) (rc |= curl_easy_setopt(easy, option, value))

CURLcode
http_mail_set(CURL *easy, const struct http_request *r, struct arena *a,
    const struct http_trust *trust)
{
	const struct http_mail *mail = r->mail;
	struct str *rest = arena_dup(a, &r->body, sizeof(r->body));
	long tls = mail->password != NULL ? CURLUSESSL_ALL : CURLUSESSL_TRY;
	/* Whoever could show a wrong certificate could as well say that there
	 * is no TLS, and servers for mail without a password have any. */
	bool checks = mail->password != NULL || is_tls(r->url);
	CURLcode rc = CURLE_OK;

	SET(CURLOPT_URL, r->url);
	SET(CURLOPT_PROTOCOLS_STR, is_tls(r->url) ? "smtps" : "smtp");
	SET(CURLOPT_USE_SSL, tls);
	SET(CURLOPT_SSL_VERIFYPEER, checks ? 1L : 0L);
	SET(CURLOPT_SSL_VERIFYHOST, checks ? 2L : 0L);
	SET(CURLOPT_CAINFO, trust->file);
	SET(CURLOPT_CAPATH, trust->dir);
	SET(CURLOPT_CONNECTTIMEOUT_MS, (long)r->clocks.connect);
	SET(CURLOPT_USERNAME, mail->user);
	SET(CURLOPT_PASSWORD, mail->password);
	SET(CURLOPT_MAIL_FROM, bare_address(a, mail->from));
	SET(CURLOPT_MAIL_RCPT, recipients(a, mail->to));
	/* One address that is no more must not keep it from the others. */
	SET(RCPT_ALLOWFAILS, 1L);
	/* A server ends a connection on which nothing is said. */
	SET(CURLOPT_FORBID_REUSE, 1L);
	SET(CURLOPT_UPLOAD, 1L);
	SET(CURLOPT_READFUNCTION, read_text);
	SET(CURLOPT_READDATA, rest);
	return rc;
}

static void
on_end(void *arg, enum http_end how, const char *reason)
{
	struct mail *m = arg;
	int status = http_status(m->http);
	enum mail_end end = MAIL_LATER;

	if (how == HTTP_OK)
		end = MAIL_SENT;
	else if (status >= 500)
		end = MAIL_REFUSED;
	m->done(m->arg, end, reason);
}

struct mail *
mail_start(struct loop *loop, const struct mail_request *request,
    void (*done)(void *arg, enum mail_end how, const char *reason), void *arg,
    struct err *err)
{
	const struct http_mail mail = {
	    .user = request->user,
	    .password = request->password,
	    .from = request->from,
	    .to = request->to,
	};
	const struct http_request http = {
	    .url = request->url,
	    .body = request->text,
	    .mail = &mail,
	    .clocks = {.connect = request->timeout_ms,
		.total = request->timeout_ms},
	};
	struct mail *m = xcalloc(1, sizeof(*m));
	const struct http_events events = {NULL, NULL, on_end, m};

	m->done = done;
	m->arg = arg;
	m->http = http_start(loop, &http, &events, err);
	if (m->http != NULL)
		return m;
	free(m);
	return NULL;
}

void
mail_free(struct mail *m)
{
	if (m == NULL)
		return;
	http_free(m->http);
	free(m);
}
