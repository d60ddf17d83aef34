/* Tries a mount from outside, as AgentMark would use it, with the built-in
 * model alone, so that nothing is paid for.  It refuses to know how servers are
 * configured (doctor_remedy.c). */
#include "doctor_mount.h"

#include "../common/base/clock.h"
#include "../common/base/json.h"
#include "../common/base/limits.h"
#include "../common/wire/sign.h"
#include "check.h"
#include "version.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { MB = 1024 * 1024, LARGE_MS = 120000 };
enum { DAY_MS = 24 * 3600 * 1000, EXPIRES_SOON = 14 /* days */ };

static const char evals[] = "{\"type\":\"get-evals\",\"data\":{}}";

static const char *const missing[] = {
    [NOTHING] = "",
    [REACHED] = "the endpoint does not answer",
    [SIGNED] = "a signed request is not accepted",
    [SPEAKS] = "the model echo does not answer",
};

static const char *
sign(struct mount *m, const struct sending *s)
{
	struct str key = m->conf->key;
	char signature[SIGN_LEN + 1];

	if (s->signing == NONE)
		return NULL;
	if (s->signing == MALFORMED)
		return "x-agentmark-signature-256: sha256=00";
	if (s->signing == WRONG)
		key = STR("not the secret of any endpoint");
	sign_body(key, s->body, signature);
	return arena_printf(
	    m->d->arena, "x-agentmark-signature-256: %s", signature);
}

struct trial *
mount_post(struct mount *m, struct sending s)
{
	const char *headers[5] = {
	    "Content-Type: application/json", "Accept: */*"};
	const char *const more[] = {sign(m, &s), s.more};
	int64_t limit = s.limit_ms != 0 ? s.limit_ms : MOUNT_MS;
	struct trial *t;
	size_t n = 2;

	for (size_t i = 0; i < ARRAY_LEN(more); i++)
		if (more[i] != NULL)
			headers[n++] = more[i];
	t = doctor_start(
	    m->d, &(struct http_request){
		      .url = m->conf->url,
		      .headers = headers,
		      .body = s.body,
		      .clocks = {.connect = MOUNT_MS, .total = limit},
		      .max_body = LIMIT_DOCTOR_REPLY_BYTES,
		  });
	t->leave = s.leave;
	return t;
}

struct trial *
mount_wait(struct trial *t)
{
	doctor_wait(t);
	return t;
}

const char *
mount_remedy(const struct mount *m, enum remedy what)
{
	return doctor_remedy(m->d->arena, what, m->server);
}

bool
mount_says(const struct trial *t, const char *text)
{
	return strstr(buf_str(&t->body), text) != NULL;
}

/* The text of our own {"message":…}, or NULL. */
static const char *
message(const struct trial *t)
{
	struct err err = {0};
	json_t *json =
	    json_read((struct str){buf_str(&t->body), t->body.len}, &err);
	const char *text = json_string_value(json_object_get(json, "message"));

	text = text != NULL ? arena_strdup(t->doctor->arena, text) : NULL;
	json_decref(json);
	err_free(&err);
	return text;
}

/* For everything that nobody expected. */
void
mount_failed(struct mount *m, const char *what, const struct trial *t)
{
	const char *text = message(t);

	if (t->status == 0)
		doctor_say(m->d, what, DOCTOR_ERROR,
		    m->level == NOTHING && t->how == HTTP_NO_REPLY
			? "start the web server, or correct the address"
			: mount_remedy(m, REMEDY_GATEWAY),
		    "no answer: %s", t->reason);
	else if (text != NULL)
		doctor_say(
		    m->d, what, DOCTOR_ERROR, NULL, "%d: %s", t->status, text);
	else if (t->status >= 500)
		doctor_say(m->d, what, DOCTOR_ERROR,
		    mount_remedy(m, REMEDY_GATEWAY),
		    "%d, of the web server: it does not get an answer from the "
		    "program",
		    t->status);
	else
		doctor_say(m->d, what, DOCTOR_ERROR, NULL,
		    "%d, of the web server%s%s", t->status,
		    t->how != HTTP_OK ? ": " : "",
		    t->how != HTTP_OK ? t->reason : "");
}

/* --- is it there */

static void
try_endpoint(struct mount *m, const char *what)
{
	const struct http_request get = {
	    .url = m->conf->url,
	    .wants_expiry = true,
	    .clocks = {.connect = MOUNT_MS, .total = MOUNT_MS},
	    .max_body = LIMIT_DOCTOR_REPLY_BYTES,
	};
	struct trial *t = mount_wait(doctor_start(m->d, &get));
	const char *line = buf_str(&t->body);

	m->server = t->server;
	m->first = t;
	if (t->status >= 300 && t->status <= 399) {
		doctor_say(m->d, what, DOCTOR_ERROR,
		    "redirections are not followed: take the address that it "
		    "leads to, here and in AgentMark",
		    "it redirects (%d) to %s", t->status,
		    t->location != NULL ? t->location : "nowhere");
	} else if (t->status == 404) {
		doctor_say(m->d, what, DOCTOR_ERROR,
		    mount_remedy(m, REMEDY_PATH),
		    "404: nothing is at this path");
	} else if (t->status != 200) {
		mount_failed(m, what, t);
	} else if (strncmp(line, PROGRAM " ", sizeof(PROGRAM)) == 0) {
		m->level = REACHED;
		doctor_say(m->d, what, DOCTOR_OK, NULL,
		    "%.*s, by %s, over HTTP/%d.%d, in %lld ms",
		    (int)strcspn(line, ":"), line,
		    t->server != NULL ? t->server : "a server without a name",
		    t->facts.version / 10, t->facts.version % 10,
		    (long long)t->last);
	} else {
		doctor_say(m->d, what, DOCTOR_ERROR,
		    mount_remedy(m, REMEDY_PATH),
		    "something else than this program answers");
	}
}

static bool
is_here(struct str host)
{
	return host.len >= 4 && (strncmp(host.p, "127.", 4) == 0 ||
				    strncmp(host.p, "[::1", 4) == 0 ||
				    strncmp(host.p, "localhost", 9) == 0);
}

static void
try_certificate(struct mount *m, const char *what)
{
	int64_t expires = m->first->facts.expires;
	long long days = (long long)((expires - clock_wall_ms()) / DAY_MS);
	bool tls = strncasecmp(m->conf->url, "https:", 6) == 0;

	if (!tls && is_here(check_host(m->conf->url)))
		doctor_say(m->d, what, DOCTOR_UNTRIED, NULL,
		    "this is plain HTTP, on this machine");
	else if (!tls)
		doctor_say(m->d, what, DOCTOR_WARNING,
		    "get a certificate, and use https",
		    "this is plain HTTP: everybody on the way reads prompts "
		    "and answers");
	else if (expires < 0)
		doctor_say(m->d, what, DOCTOR_OK, NULL, "it is trusted");
	else
		doctor_say(m->d, what,
		    days < EXPIRES_SOON ? DOCTOR_WARNING : DOCTOR_OK,
		    days < EXPIRES_SOON ? "renew it" : NULL,
		    "it is trusted, and valid for %lld days more", days);
}

/* --- signatures */

static void
try_signature(struct mount *m, const char *what)
{
	struct trial *t =
	    mount_wait(mount_post(m, (struct sending){.body = STR(evals)}));

	if (t->status == 200) {
		m->level = SIGNED;
		doctor_say(m->d, what, DOCTOR_OK, NULL,
		    "a signed request is accepted");
	} else if (t->status == 401 &&
		   mount_says(t, "Missing signature header")) {
		doctor_say(m->d, what, DOCTOR_ERROR,
		    mount_remedy(m, REMEDY_HEADER),
		    "the header x-agentmark-signature-256 does not get through "
		    "to the program");
	} else if (t->status == 401 &&
		   mount_says(t, "Invalid webhook signature")) {
		doctor_say(m->d, what, DOCTOR_ERROR,
		    "give the endpoint's secret with --secret-file, or set it "
		    "there (webhook.secret)",
		    "401: the secret is not that of the endpoint");
	} else {
		mount_failed(m, what, t);
	}
}

static void
try_refusals(struct mount *m, const char *what)
{
	static const struct {
		const char *name;
		enum signing signing;
	} rows[] = {
	    {"unsigned", NONE},
	    {"malformed", MALFORMED},
	    {"wrongly signed", WRONG},
	};
	struct trial *t;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		t = mount_wait(
		    mount_post(m, (struct sending){.body = STR(evals),
				      .signing = rows[i].signing}));
		if (t->status == 401)
			continue;
		doctor_say(m->d, what, DOCTOR_ERROR,
		    "set webhook.signature: required, unless somebody else "
		    "asks "
		    "who it is",
		    "a request that is %s is answered %d", rows[i].name,
		    t->status);
		return;
	}
	doctor_say(m->d, what, DOCTOR_OK, NULL,
	    "unsigned, malformed and wrongly signed requests are refused");
}

/* --- bodies */

/* White space behind JSON means nothing, but is signed. */
static struct str
padded(struct mount *m, size_t len)
{
	char *text = arena_alloc(m->d->arena, len);

	memset(text, ' ', len);
	memcpy(text, evals, sizeof(evals) - 1);
	return (struct str){text, len};
}

static void
try_large(struct mount *m, const char *what)
{
	struct trial *t = mount_wait(
	    mount_post(m, (struct sending){.body = padded(m, 10 * MB),
			      .limit_ms = LARGE_MS}));

	if (t->status == 200)
		doctor_say(m->d, what, DOCTOR_OK, NULL, "10 MB are accepted");
	else if (t->status == 413 && mount_says(t, "the body is larger than"))
		doctor_say(m->d, what, DOCTOR_WARNING,
		    "set limits.body_bytes: 10485760",
		    "the program's own limit is below the 10 MB of AgentMark");
	else
		doctor_say(m->d, what, DOCTOR_ERROR,
		    mount_remedy(m, REMEDY_BODY),
		    "10 MB are not accepted by the web server: %d, %s",
		    t->status, t->reason);
}

static void
try_too_large(struct mount *m, const char *what)
{
	struct trial *t = mount_wait(
	    mount_post(m, (struct sending){.body = padded(m, 11 * MB),
			      .limit_ms = LARGE_MS}));

	if (t->status == 413 && message(t) != NULL)
		doctor_say(m->d, what, DOCTOR_OK, NULL,
		    "11 MB are refused by the program (413)");
	else if (t->status == 200)
		doctor_say(m->d, what, DOCTOR_OK, NULL,
		    "11 MB are accepted: limits.body_bytes is larger");
	else
		doctor_say(m->d, what, DOCTOR_WARNING,
		    mount_remedy(m, REMEDY_BODY),
		    "the web server answers in place of the program, not in "
		    "AgentMark's JSON: %d, %s",
		    t->status, t->reason);
}

static void
try_chunked(struct mount *m, const char *what)
{
	struct trial *t = mount_wait(
	    mount_post(m, (struct sending){.body = STR(evals),
			      .more = "Transfer-Encoding: chunked"}));

	if (t->status == 200)
		doctor_say(m->d, what, DOCTOR_OK, NULL,
		    "a body of unknown length is accepted");
	else
		doctor_say(m->d, what, DOCTOR_ERROR,
		    mount_remedy(m, REMEDY_CHUNKED),
		    "a body of unknown length is answered %d", t->status);
}

static void
try_kept(struct mount *m, const char *what)
{
	const struct sending s = {.body = STR(evals)};
	struct trial *t = mount_wait(mount_post(m, s));

	if (t->status == 200)
		t = mount_wait(mount_post(m, s));
	if (t->status != 200)
		mount_failed(m, what, t);
	else
		doctor_say(m->d, what, DOCTOR_OK, NULL,
		    "two requests one after the other are answered, the second "
		    "in %lld ms over %s connection",
		    (long long)t->last, t->facts.reused ? "the same" : "a new");
}

/* --- all of it */

static const struct {
	const char *what;
	enum level needs;
	void (*run)(struct mount *m, const char *what);
} probes[] = {
    {"endpoint", NOTHING, try_endpoint},
    {"certificate", REACHED, try_certificate},
    {"signature", REACHED, try_signature},
    {"refusals", SIGNED, try_refusals},
    {"large body", SIGNED, try_large},
    {"too large body", SIGNED, try_too_large},
    {"chunked body", SIGNED, try_chunked},
    {"kept connection", SIGNED, try_kept},
    {"model echo", SIGNED, mount_try_model},
    {"streaming", SPEAKS, mount_try_stream},
    {"compression", SPEAKS, mount_try_compression},
    {"at once", SPEAKS, mount_try_at_once},
    {"disconnect", SPEAKS, mount_try_leaving},
    {"silence", SPEAKS, mount_try_silence},
};

void
doctor_mount(struct doctor *d, const struct mount_conf *conf)
{
	struct mount m = {.d = d, .conf = conf};
	size_t i;

	for (i = 0; i < ARRAY_LEN(probes); i++)
		if (probes[i].needs <= m.level)
			probes[i].run(&m, probes[i].what);
		else
			doctor_say(d, probes[i].what, DOCTOR_UNTRIED, NULL,
			    "%s", missing[m.level + 1]);
}
