/* The gates, cheap before costly, and nothing is parsed before it is
 * authenticated: configured, method, encoding, length, body (hashed while it
 * is read), signature.  It refuses to know what a body means. */
#include "request.h"

#include "../common/base/buf.h"
#include "../common/base/clock.h"
#include "../common/base/crypt.h"
#include "../common/base/limits.h"
#include "../common/base/utf.h"
#include "reply.h"
#include "status.h"
#include "version.h"

#include <string.h>
#include <strings.h>

/* Bytes that are read, and hashed, at a time. */
enum { PIECE = 65536 };

static const char health[] =
    PROGRAM " " PACKAGE_VERSION ": send AgentMark's webhooks by POST.\n";

enum method {
	METHOD_POST,
	METHOD_GET,
	METHOD_HEAD,
	METHOD_OPTIONS,
	METHOD__MAX
};
static const char *const method_names[] = {
    [METHOD_POST] = "POST",
    [METHOD_GET] = "GET",
    [METHOD_HEAD] = "HEAD",
    [METHOD_OPTIONS] = "OPTIONS",
    [METHOD__MAX] = "other",
};
_Static_assert(
    ARRAY_LEN(method_names) == METHOD__MAX + 1, "a name for every method");
static const char allow[] = "Allow: POST, GET, HEAD, OPTIONS\r\n";

struct request {
	struct gate *gate;
	struct conn *conn;
	struct arena *arena;
	struct answer answer;
	enum method method;
	struct buf body;
	const struct verified *verified;
};

static const char *
var(const struct request *r, const char *name)
{
	return r->conn->ops->var(r->conn, name);
}

/* An id that can stand in a head and in a log as it is. */
static bool
is_id(const char *id)
{
	size_t len = 0;

	for (; id[len] > ' ' && id[len] < 127; len++)
		if (len == LIMIT_LOG_ID_BYTES)
			return false;
	return len != 0 && id[len] == '\0';
}

/* The one that whoever is before us has given to the request, else our own. */
static void
set_id(struct request *r)
{
	const char *id = var(r, "HTTP_X_REQUEST_ID");
	unsigned char bytes[16];
	char *own;

	if (id == NULL || !is_id(id)) {
		crypt_random(bytes, sizeof(bytes));
		own = arena_alloc(r->arena, 2 * sizeof(bytes) + 1);
		hex_print(own, bytes, sizeof(bytes));
		id = own;
	}
	r->answer.request_id = id;
	log_context_set(LOG_REQUEST_ID, id);
}

static enum method
read_method(const struct request *r)
{
	const char *name = var(r, "REQUEST_METHOD");
	enum method m;

	for (m = 0; name != NULL && m < METHOD__MAX; m++)
		if (strcmp(method_names[m], name) == 0)
			return m;
	return METHOD__MAX;
}

static int
check_configured(struct request *r, struct err *err)
{
	enum conf_code code = r->gate->conf->code;

	if (code != CONF_OK)
		return fail(err, ERR_UNCONFIGURED, "not configured: %s",
		    conf_code_name(code));
	return 0;
}

static int
check_method(struct request *r, struct err *err)
{
	if (r->method != METHOD__MAX)
		return 0;
	r->answer.head = allow;
	return fail(err, ERR_METHOD, "this method is not allowed: send POST");
}

static int
check_encoding(struct request *r, struct err *err)
{
	const char *coding = var(r, "HTTP_CONTENT_ENCODING");

	if (coding == NULL || *coding == '\0' ||
	    strcasecmp(coding, "identity") == 0)
		return 0;
	return fail(err, ERR_ENCODING,
	    "the body must be sent without a Content-Encoding");
}

static int
too_large(const struct request *r, struct err *err)
{
	return fail(err, ERR_TOO_LARGE, "the body is larger than %lld bytes",
	    (long long)r->gate->conf->body_bytes);
}

/* CONTENT_LENGTH, which may be absent or empty, or -1, as Caddy says of a body
 * in chunks: *KNOWN is false then. */
static int
read_length(struct request *r, size_t *len, bool *known, struct err *err)
{
	const char *text = var(r, "CONTENT_LENGTH");
	size_t most = (size_t)r->gate->conf->body_bytes;

	*len = 0;
	*known = text != NULL && *text != '\0' && strcmp(text, "-1") != 0;
	if (!*known)
		return 0;
	for (; *text >= '0' && *text <= '9'; text++) {
		*len = *len * 10 + (size_t)(*text - '0');
		if (*len > most)
			return too_large(r, err);
	}
	if (*text != '\0')
		return fail(err, ERR_REQUEST, "CONTENT_LENGTH is no number");
	return 0;
}

/* The next piece of at most MOST bytes, hashed; 0 at the end. */
static ssize_t
read_piece(
    struct request *r, struct signer *signer, size_t most, struct err *err)
{
	size_t len = most < PIECE ? most : PIECE;
	char *to = buf_reserve(&r->body, len);
	ssize_t n;

	if (to == NULL)
		return too_large(r, err);
	n = r->conn->ops->read(r->conn, to, len);
	if (n < 0)
		return fail(err, ERR_REQUEST, "the body broke off");
	sign_update(signer, (struct str){to, (size_t)n});
	r->body.len += (size_t)n;
	to[n] = '\0';
	return n;
}

/* A body of known length: exactly that much of it. */
static int
read_known(
    struct request *r, struct signer *signer, size_t len, struct err *err)
{
	ssize_t n;

	if (buf_reserve(&r->body, len) == NULL)
		return too_large(r, err);
	while (r->body.len < len) {
		n = read_piece(r, signer, len - r->body.len, err);
		if (n < 0)
			return -1;
		if (n == 0)
			return fail(err, ERR_REQUEST,
			    "the body is shorter than CONTENT_LENGTH: %zu of "
			    "%zu bytes",
			    r->body.len, len);
	}
	return 0;
}

/* A body up to its own end, of which one byte more than is allowed may come. */
static int
read_framed(struct request *r, struct signer *signer, struct err *err)
{
	size_t most = (size_t)r->gate->conf->body_bytes + 1;
	ssize_t n;

	do
		n = read_piece(r, signer, most - r->body.len, err);
	while (n > 0 && r->body.len < most);
	if (n < 0)
		return -1;
	return r->body.len == most ? too_large(r, err) : 0;
}

/* The record that ends the body must be read too: as long as it waits on the
 * connection, that looks as if the web server had gone (FastCGI only; a CGI
 * server may never end its pipe). */
static int
read_end(struct request *r, struct err *err)
{
	char byte;

	if (!r->conn->framed)
		return 0;
	switch (r->conn->ops->read(r->conn, &byte, 1)) {
	case 0:
		return 0;
	case 1:
		return fail(
		    err, ERR_REQUEST, "the body is longer than CONTENT_LENGTH");
	default:
		return fail(err, ERR_REQUEST, "the body broke off");
	}
}

static int
read_body(struct request *r, struct signer *signer, struct err *err)
{
	size_t len;
	bool known;

	if (read_length(r, &len, &known, err) == -1)
		return -1;
	buf_init(&r->body, (size_t)r->gate->conf->body_bytes + 1);
	if (!known)
		return r->conn->framed ? read_framed(r, signer, err) : 0;
	if (read_known(r, signer, len, err) == -1)
		return -1;
	return read_end(r, err);
}

static struct str
signature(const struct request *r)
{
	const char *s = var(r, "HTTP_X_AGENTMARK_SIGNATURE_256");

	if (s == NULL)
		return (struct str){NULL, 0};
	return (struct str){s, strlen(s)};
}

static int
check_body(struct request *r, struct err *err)
{
	struct signer *signer;

	signer = sign_start(r->arena, &r->gate->conf->secrets);
	if (read_body(r, signer, err) == -1)
		return -1;
	r->verified = sign_finish(signer, signature(r),
	    (struct str){buf_str(&r->body), r->body.len}, err);
	return r->verified != NULL ? 0 : -1;
}

static bool
is_look(const struct request *r)
{
	return r->method == METHOD_GET || r->method == METHOD_HEAD;
}

static int
pass_gates(struct request *r, struct err *err)
{
	if (check_configured(r, err) == -1 || check_method(r, err) == -1)
		return -1;
	if (r->method != METHOD_POST)
		return 0;
	if (check_encoding(r, err) == -1)
		return -1;
	return check_body(r, err);
}

static void
answer_request(struct request *r)
{
	struct answer *a = &r->answer;

	switch (r->method) {
	case METHOD_POST:
		a->reply.fd = r->conn->ops->fd(r->conn);
		dispatch(r->gate->runner, r->arena, r->verified,
		    var(r, "HTTP_TRACEPARENT"), &a->reply);
		break;
	case METHOD_OPTIONS:
		a->head = allow;
		answer_text(a, 204, (struct str){NULL, 0});
		break;
	default:
		answer_text(a, 200, STR(health));
	}
}

static const char *
or_empty(const char *text)
{
	return text != NULL ? text : "";
}

/* Tokens that nobody counted are 0, which %.0 leaves empty. */
static void
log_request(const struct request *r, int64_t began)
{
	const char *by = r->verified != NULL ? verified_by(r->verified) : NULL;
	const struct reply_facts *facts = &r->answer.reply.facts;

	log_line(LEVEL_INFO, "request",
	    "method=%s status=%d type=%s model=%s ms=%lld in=%zu out=%zu "
	    "input_tokens=%.0lld output_tokens=%.0lld gone=%d caller=\"%s\"",
	    method_names[r->method], r->answer.status, or_empty(facts->type),
	    or_empty(facts->model), (long long)(clock_mono_ms() - began),
	    r->body.len, r->answer.bytes, (long long)facts->input_tokens,
	    (long long)facts->output_tokens, r->answer.reply.gone,
	    or_empty(by));
}

static const char *
param(void *arg, const char *name)
{
	struct conn *conn = arg;

	return conn->ops->var(conn, name);
}

/* The parameters of a request that count as environment may differ from those
 * of the last one. */
static void
refresh(struct gate *gate, struct conn *conn)
{
	struct conf_source source = {.file = gate->source.file};
	struct conf *old = gate->conf;

	source.param = param;
	source.arg = conn;
	if (!conf_refresh(&gate->conf, &source))
		return;
	runner_configure(gate->runner, &gate->conf->settings);
	conf_log(gate->conf, LEVEL_WARNING);
	conf_free(old);
}

void
request_answer(struct gate *gate, struct conn *conn)
{
	struct request r = {.gate = gate, .conn = conn};
	int64_t began = clock_mono_ms();
	struct err err = {0};

	refresh(gate, conn);
	r.arena = arena_new(NULL);
	answer_init(&r.answer, conn);
	set_id(&r);
	r.method = read_method(&r);
	r.answer.head_only = r.method == METHOD_HEAD;
	if (is_look(&r) && status_answer(gate, conn, &r.answer))
		;
	else if (pass_gates(&r, &err) == 0)
		answer_request(&r);
	else
		reply_fail(&r.answer.reply, &err);
	log_request(&r, began);
	runner_count(gate->runner, method_names[r.method], r.answer.status);
	log_context_clear();
	err_free(&err);
	arena_free(r.arena);
	buf_free(&r.body);
}
