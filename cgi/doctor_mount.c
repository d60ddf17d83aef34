/* Tries a mount from outside, as AgentMark would use it, with the built-in
 * model alone, so that nothing is paid for.  It refuses to know how servers are
 * configured (doctor_remedy.c). */
#include "doctor.h"

#include "../common/base/clock.h"
#include "../common/base/json.h"
#include "../common/base/limits.h"
#include "../common/wire/sign.h"
#include "check.h"
#include "version.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* A stream of some words with a pause between two of them; of the gaps between
 * what arrives most must be seen, because machines and lines are busy. */
enum { WORDS = 6, PAUSE_MS = 250, GAPS = 3, AT_ONCE = 9 };
enum { MB = 1024 * 1024, SMALL_MS = 15000, LARGE_MS = 120000 };
/* After a client has left. */
enum { LEFT_WORDS = 30, LEFT_PAUSE_MS = 1000, LEFT_MS = 10000, LOOK_MS = 250 };
enum { DAY_MS = 24 * 3600 * 1000, EXPIRES_SOON = 14 /* days */ };

static const char evals[] = "{\"type\":\"get-evals\",\"data\":{}}";

/* What works so far. */
enum level { NOTHING, REACHED, SIGNED, SPEAKS };

static const char *const missing[] = {
    [NOTHING] = "",
    [REACHED] = "the endpoint does not answer",
    [SIGNED] = "a signed request is not accepted",
    [SPEAKS] = "the model echo does not answer",
};

struct mount {
	struct doctor *d;
	const struct mount_conf *conf;
	enum level level;
	const char *server; /* what it calls itself, or NULL */
	const struct trial *first;
	bool buffers; /* nothing is streamed */
};

enum signing { RIGHT, NONE, MALFORMED, WRONG };

/* One request; what is not said is the usual. */
struct sending {
	struct str body;
	enum signing signing;
	const char *more; /* a header */
	int64_t limit_ms;
	bool leave; /* at the first piece of the answer */
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

static struct trial *
post(struct mount *m, struct sending s)
{
	const char *headers[5] = {
	    "Content-Type: application/json", "Accept: */*"};
	const char *const more[] = {sign(m, &s), s.more};
	int64_t limit = s.limit_ms != 0 ? s.limit_ms : SMALL_MS;
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
		      .clocks = {.connect = SMALL_MS, .total = limit},
		      .max_body = LIMIT_DOCTOR_REPLY_BYTES,
		  });
	t->leave = s.leave;
	return t;
}

static struct trial *
wait_for(struct trial *t)
{
	doctor_wait(t);
	return t;
}

/* A prompt to the built-in model, which says N words. */
static struct str
prompt(struct mount *m, size_t n, int64_t pause_ms)
{
	const char *words = "agentmark-check", *text;

	while (--n > 0)
		words = arena_printf(m->d->arena, "%s word", words);
	text = arena_printf(m->d->arena,
	    "{\"type\":\"prompt-run\",\"data\":{\"ast\":{\"type\":\"root\","
	    "\"children\":[{\"type\":\"yaml\",\"value\":"
	    "\"name: check\\ntext_config:\\n  model_name: echo/delay-%lld\"},"
	    "{\"type\":\"mdxJsxFlowElement\",\"name\":\"User\","
	    "\"attributes\":[],\"children\":[{\"type\":\"paragraph\","
	    "\"children\":[{\"type\":\"text\",\"value\":\"%s\"}]}]}]},"
	    "\"options\":{\"shouldStream\":true}}}",
	    (long long)pause_ms, words);
	return (struct str){text, strlen(text)};
}

static const char *
remedy(const struct mount *m, enum remedy what)
{
	return doctor_remedy(m->d->arena, what, m->server);
}

static bool
says(const struct trial *t, const char *text)
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
static void
say_failure(struct mount *m, const char *what, const struct trial *t)
{
	const char *text = message(t);

	if (t->status == 0)
		doctor_say(m->d, what, DOCTOR_ERROR, remedy(m, REMEDY_GATEWAY),
		    "no answer: %s", t->reason);
	else if (text != NULL)
		doctor_say(
		    m->d, what, DOCTOR_ERROR, NULL, "%d: %s", t->status, text);
	else if (t->status >= 500)
		doctor_say(m->d, what, DOCTOR_ERROR, remedy(m, REMEDY_GATEWAY),
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
	    .clocks = {.connect = SMALL_MS, .total = SMALL_MS},
	    .max_body = LIMIT_DOCTOR_REPLY_BYTES,
	};
	struct trial *t = wait_for(doctor_start(m->d, &get));
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
		doctor_say(m->d, what, DOCTOR_ERROR, remedy(m, REMEDY_PATH),
		    "404: nothing is at this path");
	} else if (t->status != 200) {
		say_failure(m, what, t);
	} else if (strncmp(line, PROGRAM " ", sizeof(PROGRAM)) == 0) {
		m->level = REACHED;
		doctor_say(m->d, what, DOCTOR_OK, NULL,
		    "%.*s, by %s, over HTTP/%d.%d, in %lld ms",
		    (int)strcspn(line, ":"), line,
		    t->server != NULL ? t->server : "a server without a name",
		    t->facts.version / 10, t->facts.version % 10,
		    (long long)t->last);
	} else {
		doctor_say(m->d, what, DOCTOR_ERROR, remedy(m, REMEDY_PATH),
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
	    wait_for(post(m, (struct sending){.body = STR(evals)}));

	if (t->status == 200) {
		m->level = SIGNED;
		doctor_say(m->d, what, DOCTOR_OK, NULL,
		    "a signed request is accepted");
	} else if (t->status == 401 && says(t, "Missing signature header")) {
		doctor_say(m->d, what, DOCTOR_ERROR, remedy(m, REMEDY_HEADER),
		    "the header x-agentmark-signature-256 does not get through "
		    "to the program");
	} else if (t->status == 401 && says(t, "Invalid webhook signature")) {
		doctor_say(m->d, what, DOCTOR_ERROR,
		    "give the endpoint's secret with --secret-file, or set it "
		    "there (webhook.secret)",
		    "401: the secret is not that of the endpoint");
	} else {
		say_failure(m, what, t);
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
		t = wait_for(post(m, (struct sending){.body = STR(evals),
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

/* --- streams */

/* A rule for models may lead its name to somebody else. */
static void
try_model(struct mount *m, const char *what)
{
	struct trial *t =
	    wait_for(post(m, (struct sending){.body = prompt(m, 1, 0)}));

	if (t->status == 403) {
		doctor_say(m->d, what, DOCTOR_UNTRIED,
		    "allow echo/* in the list of models of this secret",
		    "this secret may not use it, so streams cannot be tried");
	} else if (t->status != 200) {
		say_failure(m, what, t);
	} else if (says(t, "agentmark-check") && t->streams) {
		m->level = SPEAKS;
		doctor_say(m->d, what, DOCTOR_OK, NULL,
		    "it answers, in %lld ms", (long long)t->last);
	} else {
		doctor_say(m->d, what, DOCTOR_ERROR,
		    "let no rule of models or executors match echo/*",
		    "something else than the built-in model answers");
	}
}

static size_t
count_gaps(const struct trial *t)
{
	size_t i, n = 0;

	for (i = 1; i < t->n_moments; i++)
		if (t->moments[i] - t->moments[i - 1] >= PAUSE_MS / 2)
			n++;
	return n;
}

static bool
is_whole(const struct trial *t)
{
	return t->status == 200 && t->how == HTTP_OK;
}

static struct trial *
stream(struct mount *m, const char *accept)
{
	return wait_for(
	    post(m, (struct sending){
			.body = prompt(m, WORDS, PAUSE_MS), .more = accept}));
}

static void
try_stream(struct mount *m, const char *what)
{
	struct trial *t = stream(m, NULL);

	if (!is_whole(t)) {
		say_failure(m, what, t);
	} else if (count_gaps(t) >= GAPS) {
		doctor_say(m->d, what, DOCTOR_OK, NULL,
		    "lines arrive one by one, the first after %lld ms",
		    (long long)t->moments[0]);
	} else {
		m->buffers = true;
		doctor_say(m->d, what, DOCTOR_ERROR, remedy(m, REMEDY_STREAM),
		    "an answer of %d ms arrives at once: it is buffered",
		    (WORDS - 1) * PAUSE_MS);
	}
}

static void
try_compression(struct mount *m, const char *what)
{
	struct trial *t = stream(m, "Accept-Encoding: gzip, deflate, br");
	const char *coding = t->coding != NULL ? t->coding : "nothing";

	if (m->buffers && t->coding == NULL)
		doctor_say(m->d, what, DOCTOR_UNTRIED, NULL,
		    "answers are buffered, but not compressed");
	else if (!is_whole(t))
		say_failure(m, what, t);
	else if (count_gaps(t) >= GAPS)
		doctor_say(m->d, what, DOCTOR_OK, NULL,
		    "lines arrive one by one for who accepts gzip, too; "
		    "compressed by %s",
		    coding);
	else
		doctor_say(m->d, what, DOCTOR_ERROR,
		    remedy(m, REMEDY_COMPRESSION),
		    "for who accepts gzip an answer arrives at once; "
		    "compressed by %s",
		    coding);
}

/* How many streams were under way when one of them began. */
static size_t
count_at_once(struct trial *const *all)
{
	size_t i, k, n, most = 0;
	int64_t from;

	for (i = 0; i < AT_ONCE; i++) {
		if (all[i]->n_moments == 0)
			continue;
		from = all[i]->began + all[i]->moments[0];
		for (k = n = 0; k < AT_ONCE; k++)
			if (all[k]->n_moments != 0 &&
			    all[k]->began + all[k]->moments[0] <= from &&
			    all[k]->began + all[k]->last > from)
				n++;
		most = n > most ? n : most;
	}
	return most;
}

static void
try_at_once(struct mount *m, const char *what)
{
	struct trial *all[AT_ONCE], *bad = NULL;
	size_t i, most;

	for (i = 0; i < AT_ONCE; i++)
		all[i] =
		    post(m, (struct sending){.body = prompt(m, WORDS, PAUSE_MS),
				.limit_ms = 2 * SMALL_MS});
	for (i = 0; i < AT_ONCE; i++)
		if (!is_whole(wait_for(all[i])))
			bad = all[i];
	most = count_at_once(all);
	if (bad != NULL)
		doctor_say(m->d, what, DOCTOR_ERROR, remedy(m, REMEDY_WORKERS),
		    "not all of %d are answered: %d, %s", AT_ONCE, bad->status,
		    bad->reason);
	else if (m->buffers)
		doctor_say(m->d, what, DOCTOR_OK, NULL,
		    "all of %d are answered; how many at a time cannot be seen "
		    "of what is buffered",
		    AT_ONCE);
	else
		doctor_say(m->d, what, most > 1 ? DOCTOR_OK : DOCTOR_WARNING,
		    most > 1 ? NULL : remedy(m, REMEDY_WORKERS),
		    "all of %d are answered, %zu at a time", AT_ONCE, most);
}

/* Blank lines. */
static size_t
count_heartbeats(const struct trial *t)
{
	const char *p = buf_str(&t->body);
	size_t n = 0;

	for (; *p != '\0'; p++)
		if (p[0] == '\n' && p[1] == '\n')
			n++;
	return n;
}

static void
try_silence(struct mount *m, const char *what)
{
	int64_t ms = m->conf->silence_ms;
	struct trial *t;

	if (ms == 0) {
		doctor_say(m->d, what, DOCTOR_UNTRIED, NULL,
		    "--silence 65 tries whether a stream may be silent for 65 "
		    "s");
		return;
	}
	t = wait_for(post(m, (struct sending){.body = prompt(m, 2, ms),
				 .limit_ms = ms + 2 * SMALL_MS}));
	if (is_whole(t) && t->last >= ms && says(t, "finishReason"))
		doctor_say(m->d, what, DOCTOR_OK, NULL,
		    "a stream survives %lld s of silence, with %zu heartbeats",
		    (long long)ms / 1000, count_heartbeats(t));
	else
		doctor_say(m->d, what, DOCTOR_ERROR, remedy(m, REMEDY_SILENCE),
		    "a stream breaks off after %.1f s of silence, with %zu "
		    "heartbeats (%d, %s)",
		    (double)t->last / 1000, count_heartbeats(t), t->status,
		    t->reason);
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
	struct trial *t =
	    wait_for(post(m, (struct sending){.body = padded(m, 10 * MB),
				 .limit_ms = LARGE_MS}));

	if (t->status == 200)
		doctor_say(m->d, what, DOCTOR_OK, NULL, "10 MB are accepted");
	else if (t->status == 413 && says(t, "the body is larger than"))
		doctor_say(m->d, what, DOCTOR_WARNING,
		    "set limits.body_bytes: 10485760",
		    "the program's own limit is below the 10 MB of AgentMark");
	else
		doctor_say(m->d, what, DOCTOR_ERROR, remedy(m, REMEDY_BODY),
		    "10 MB are not accepted by the web server: %d, %s",
		    t->status, t->reason);
}

static void
try_too_large(struct mount *m, const char *what)
{
	struct trial *t =
	    wait_for(post(m, (struct sending){.body = padded(m, 11 * MB),
				 .limit_ms = LARGE_MS}));

	if (t->status == 413 && message(t) != NULL)
		doctor_say(m->d, what, DOCTOR_OK, NULL,
		    "11 MB are refused by the program (413)");
	else if (t->status == 200)
		doctor_say(m->d, what, DOCTOR_OK, NULL,
		    "11 MB are accepted: limits.body_bytes is larger");
	else
		doctor_say(m->d, what, DOCTOR_WARNING, remedy(m, REMEDY_BODY),
		    "the web server answers in place of the program, not in "
		    "AgentMark's JSON: %d, %s",
		    t->status, t->reason);
}

static void
try_chunked(struct mount *m, const char *what)
{
	struct trial *t =
	    wait_for(post(m, (struct sending){.body = STR(evals),
				 .more = "Transfer-Encoding: chunked"}));

	if (t->status == 200)
		doctor_say(m->d, what, DOCTOR_OK, NULL,
		    "a body of unknown length is accepted");
	else
		doctor_say(m->d, what, DOCTOR_ERROR, remedy(m, REMEDY_CHUNKED),
		    "a body of unknown length is answered %d", t->status);
}

static void
try_kept(struct mount *m, const char *what)
{
	const struct sending s = {.body = STR(evals)};
	struct trial *t = wait_for(post(m, s));

	if (t->status == 200)
		t = wait_for(post(m, s));
	if (t->status != 200)
		say_failure(m, what, t);
	else
		doctor_say(m->d, what, DOCTOR_OK, NULL,
		    "two requests one after the other are answered, the second "
		    "in %lld ms over %s connection",
		    (long long)t->last, t->facts.reused ? "the same" : "a new");
}

/* --- a client that leaves */

/* How many runs nobody waited for, as the page of metrics counts them; -1: it
 * is not to be had, or nothing is counted. */
static double
count_left(struct mount *m)
{
	static const char name[] = "agentmark_runs_total{";
	const char *token = m->d->conf->status_token.text, *line, *left;
	const char *headers[] = {
	    arena_printf(m->d->arena, "Authorization: Bearer %s",
		token != NULL ? token : ""),
	    arena_printf(
		m->d->arena, "X-Status-Token: %s", token != NULL ? token : ""),
	    NULL};
	const struct http_request get = {
	    .url = arena_printf(m->d->arena, "%s/metrics", m->conf->url),
	    .headers = headers,
	    .clocks = {.connect = SMALL_MS, .total = SMALL_MS},
	    .max_body = LIMIT_DOCTOR_REPLY_BYTES,
	};
	struct trial *t;
	size_t labels;
	double n = 0;

	if (token == NULL || *token == '\0')
		return -1;
	t = wait_for(doctor_start(m->d, &get));
	if (t->status != 200 || !says(t, "agentmark_requests_total{"))
		return -1;
	line = buf_str(&t->body);
	while ((line = strstr(line, name)) != NULL) {
		labels = strcspn(line, "}\n");
		left = strstr(line, "status=\"left\"");
		if (left != NULL && left < line + labels)
			n += strtod(line + labels + 1, NULL);
		line += labels;
	}
	return n;
}

static void
try_leaving(struct mount *m, const char *what)
{
	double before = count_left(m);
	int64_t left;

	if (before < 0) {
		doctor_say(m->d, what, DOCTOR_UNTRIED, NULL,
		    "whether a run ends when its client leaves cannot be seen "
		    "from outside without the endpoint's status.token");
		return;
	}
	(void)wait_for(post(
	    m, (struct sending){.body = prompt(m, LEFT_WORDS, LEFT_PAUSE_MS),
		   .leave = true}));
	left = clock_mono_ms();
	while (count_left(m) <= before && clock_mono_ms() - left < LEFT_MS)
		loop_turn(m->d->loop, LOOK_MS);
	if (clock_mono_ms() - left < LEFT_MS)
		doctor_say(m->d, what, DOCTOR_OK, NULL,
		    "a run ends within %.1f s when its client leaves",
		    (double)(clock_mono_ms() - left) / 1000);
	else
		doctor_say(m->d, what, DOCTOR_WARNING,
		    remedy(m, REMEDY_LEAVING),
		    "a run goes on for %d s and more when its client has left",
		    LEFT_MS / 1000);
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
    {"model echo", SIGNED, try_model},
    {"streaming", SPEAKS, try_stream},
    {"compression", SPEAKS, try_compression},
    {"at once", SPEAKS, try_at_once},
    {"disconnect", SPEAKS, try_leaving},
    {"silence", SPEAKS, try_silence},
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
