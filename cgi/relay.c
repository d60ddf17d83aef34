/* Who may use the relay and what it changes: nothing but the signature.  Every
 * page in a browser can send requests to this machine, under any name that it
 * makes point here; so a request must name this machine, must not come from a
 * page, and must be JSON.  It refuses to know what bodies mean. */
#include "relay.h"

#include "../common/base/arena.h"
#include "../common/base/json.h"
#include "../common/base/limits.h"
#include "../common/base/log.h"
#include "../common/base/xalloc.h"
#include "../common/net/http.h"
#include "../common/net/httpd.h"
#include "../common/wire/sign.h"
#include "version.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { CONNECT_MS = 10000 };

static const char greeting[] =
    PROGRAM " " PACKAGE_VERSION " relay: post AgentMark's webhooks here.\n";

/* What goes on with a request beside its body, and back with an answer. */
static const char *const passed_on[] = {"traceparent", "x-request-id"};
static const char *const passed_back[] = {"content-type", "content-encoding",
    "agentmark-streaming", "cache-control", "retry-after", "traceparent",
    "x-request-id"};

struct relay {
	struct loop *loop;
	struct httpd *httpd;
	const struct relay_conf *conf;
};

/* One request at the endpoint. */
struct exchange {
	struct relay *relay;
	struct httpd_call *call;
	struct http *http;
	struct arena *arena;
	int64_t began;
	int status; /* that came back; 0: none yet */
};

/* --- answers of our own */

static void
answer_error(
    struct httpd_call *call, int status, const char *more, const char *message)
{
	struct buf fields, body;

	buf_init(&fields, LIMIT_HEAD_BYTES);
	buf_init(&body, 8 * LIMIT_ERR_BYTES);
	buf_addf(&fields,
	    "%sContent-Type: application/json; charset=utf-8\r\n"
	    "Cache-Control: no-store\r\n",
	    more);
	buf_adds(&body, "{\"message\":");
	json_print_string(&body, (struct str){message, strlen(message)});
	buf_addc(&body, '}');
	httpd_reply(call, status, buf_str(&fields),
	    (struct str){buf_str(&body), body.len});
	buf_free(&fields);
	buf_free(&body);
	log_line(
	    LEVEL_WARNING, "relay", "status=%d reason=\"%s\"", status, message);
}

/* --- who may ask */

/* A page that was loaded under another name sends that name, though it leads
 * here (DNS rebinding). */
static bool
is_here(const char *host)
{
	static const char *const names[] = {"localhost", "127.0.0.1", "[::1]"};
	const char *port;
	size_t len;

	for (size_t i = 0; host != NULL && i < ARRAY_LEN(names); i++) {
		len = strlen(names[i]);
		if (strncasecmp(host, names[i], len) != 0)
			continue;
		port = host + len;
		if (*port == '\0')
			return true;
		if (*port == ':' && port[1] != '\0' &&
		    strspn(port + 1, "0123456789") == strlen(port + 1))
			return true;
	}
	return false;
}

static bool
is_json(const char *type)
{
	static const char json[] = "application/json";
	size_t len = sizeof(json) - 1;

	if (type == NULL || strncasecmp(type, json, len) != 0)
		return false;
	type += len + strspn(type + len, " \t");
	return *type == '\0' || *type == ';';
}

static bool
is_plain(const char *coding)
{
	return coding == NULL || strcasecmp(coding, "identity") == 0;
}

static void
on_call(void *arg, struct httpd_call *call)
{
	const char *method = httpd_method(call);

	(void)arg;
	if (!is_here(httpd_field(call, "host")))
		answer_error(call, 403, "",
		    "the relay serves this machine only, as localhost");
	else if (httpd_field(call, "origin") != NULL)
		answer_error(call, 403, "",
		    "the relay does not serve pages of browsers");
	else if (strcmp(method, "GET") == 0)
		httpd_reply(call, 200,
		    "Content-Type: text/plain; charset=utf-8\r\n",
		    STR(greeting));
	else if (strcmp(method, "POST") != 0)
		answer_error(call, 405, "Allow: GET, POST\r\n",
		    "this method is not allowed: send POST");
	else if (!is_json(httpd_field(call, "content-type")))
		answer_error(
		    call, 415, "", "the body must be sent as application/json");
	else if (!is_plain(httpd_field(call, "content-encoding")))
		answer_error(call, 415, "",
		    "the body must be sent without a Content-Encoding");
}

static void
on_bad(void *arg, struct httpd_call *call, int status, const char *reason)
{
	char text[80];

	(void)arg;
	if (status == 413) {
		(void)snprintf(text, sizeof(text),
		    "the body is larger than %u bytes", LIMIT_BODY_BYTES);
		reason = text;
	}
	answer_error(call, status, "", reason);
}

/* --- the endpoint's answer */

static void
add_back(struct buf *b, struct http *http)
{
	const char *value;

	for (size_t i = 0; i < ARRAY_LEN(passed_back); i++) {
		value = http_header(http, passed_back[i]);
		if (value != NULL && strpbrk(value, "\r\n") == NULL)
			buf_addf(b, "%s: %s\r\n", passed_back[i], value);
	}
}

/* What it says is streamed, or none of our clients would see it in time.  A
 * redirection is for whoever set the address: it was not signed for another. */
static void
on_head(void *arg, int status)
{
	struct exchange *x = arg;
	struct buf fields;

	x->status = status;
	if (status >= 300 && status <= 399) {
		answer_error(x->call, 502, "",
		    "the endpoint redirects: give its real address to --to");
		return;
	}
	buf_init(&fields, LIMIT_HTTPD_HEAD_BYTES);
	add_back(&fields, x->http);
	httpd_begin(x->call, status, buf_str(&fields));
	buf_free(&fields);
}

static bool
is_refused(const struct exchange *x)
{
	return x->status >= 300 && x->status <= 399;
}

static void
on_data(void *arg, struct str bytes)
{
	struct exchange *x = arg;

	if (!is_refused(x) && !httpd_write(x->call, bytes))
		http_pause(x->http);
}

static void
on_end(void *arg, enum http_end how, const char *reason)
{
	struct exchange *x = arg;
	char text[512];

	if (is_refused(x))
		return;
	if (x->status != 0) {
		if (how != HTTP_OK)
			log_reason(LEVEL_WARNING, "relay", reason);
		log_line(LEVEL_INFO, "relay", "status=%d whole=%d ms=%lld",
		    x->status, how == HTTP_OK,
		    (long long)(loop_now(x->relay->loop) - x->began));
		httpd_end(x->call, how == HTTP_OK);
		return;
	}
	(void)snprintf(text, sizeof(text),
	    "the endpoint did not answer the relay: %s", reason);
	answer_error(x->call, how == HTTP_CLOCK ? 504 : 502, "", text);
}

/* --- the request to it */

static const char **
make_headers(const struct exchange *x, struct str body)
{
	const char **headers, *value;
	char signature[SIGN_LEN + 1];
	size_t n = 0;

	headers =
	    arena_array(x->arena, 4 + ARRAY_LEN(passed_on), sizeof(*headers));
	sign_body(x->relay->conf->key, body, signature);
	headers[n++] = "Content-Type: application/json";
	headers[n++] = "Accept: */*";
	headers[n++] =
	    arena_printf(x->arena, "x-agentmark-signature-256: %s", signature);
	for (size_t i = 0; i < ARRAY_LEN(passed_on); i++) {
		value = httpd_field(x->call, passed_on[i]);
		if (value != NULL && *value != '\0')
			headers[n++] = arena_printf(
			    x->arena, "%s: %s", passed_on[i], value);
	}
	headers[n] = NULL;
	return headers;
}

/* An answer may be of any size, since no more of it is kept than the client
 * has not read; and of any length in time, since the client may leave. */
static void
on_request(void *arg, struct httpd_call *call)
{
	struct relay *relay = arg;
	struct arena *a = arena_new(NULL);
	struct exchange *x = arena_zalloc(a, sizeof(*x));
	const struct http_events events = {on_head, on_data, on_end, x};
	struct http_request request = {
	    .url = relay->conf->url,
	    .body = httpd_body(call),
	    .clocks = {.connect = CONNECT_MS},
	    .max_body = SIZE_MAX,
	};
	struct err err = {0};

	*x = (struct exchange){.relay = relay, .call = call, .arena = a};
	x->began = loop_now(relay->loop);
	httpd_set(call, x);
	request.headers = make_headers(x, request.body);
	x->http = http_start(relay->loop, &request, &events, &err);
	if (x->http == NULL)
		answer_error(call, 502, "", err.msg);
	err_free(&err);
}

static void
on_drained(void *arg, struct httpd_call *call)
{
	const struct exchange *x = httpd_get(call);

	(void)arg;
	if (x != NULL && x->http != NULL)
		http_resume(x->http);
}

static void
on_over(void *arg, struct httpd_call *call)
{
	struct exchange *x = httpd_get(call);

	(void)arg;
	if (x == NULL)
		return;
	http_free(x->http);
	arena_free(x->arena);
}

struct relay *
relay_start(struct loop *loop, const struct relay_conf *conf)
{
	struct relay *relay = xcalloc(1, sizeof(*relay));
	const struct httpd_events events = {
	    on_call, on_request, on_bad, on_drained, on_over, relay};

	relay->loop = loop;
	relay->conf = conf;
	relay->httpd =
	    httpd_start(loop, conf->fds, conf->n, LIMIT_BODY_BYTES, &events);
	return relay;
}

void
relay_free(struct relay *relay)
{
	if (relay == NULL)
		return;
	httpd_free(relay->httpd);
	free(relay);
}
