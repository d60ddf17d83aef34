/* Posts a body to an endpoint, signed, and hands on what it answers.  It
 * refuses to know what is asked and what an answer means. */
#include "cli_post.h"

#include "../common/base/limits.h"
#include "../common/net/http.h"
#include "../common/wire/sign.h"
#include "conf.h"
#include "file.h"
#include "version.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A signal may come just before the wait and not shorten it. */
enum { CONNECT_MS = 10000, TURN_MS = 1000 };

/* --- the secret */

static int
read_variable(const char *name, const char **secret, struct err *err)
{
	*secret = getenv(name);
	if (*secret == NULL)
		return fail(
		    err, ERR_UNCONFIGURED, "the variable %s is not set", name);
	return 0;
}

/* The first line. */
static int
read_file(
    struct arena *a, const char *path, const char **secret, struct err *err)
{
	struct buf b;
	struct stat st;
	int rc;

	buf_init(&b, LIMIT_SECRET_BYTES);
	rc = file_read(path, &b, &st, NULL, err);
	if (rc == 0 && S_ISREG(st.st_mode) && (st.st_mode & S_IROTH) != 0)
		(void)fprintf(stderr,
		    PROGRAM ": %s can be read by everybody: chmod o-r it\n",
		    path);
	*secret = arena_strndup(a, buf_str(&b), strcspn(buf_str(&b), "\r\n"));
	if (rc == 0 && **secret == '\0')
		rc = fail(
		    err, ERR_UNCONFIGURED, "there is no secret in %s", path);
	buf_free(&b);
	return rc;
}

/* That of the configuration, of which the variable AGENTMARK_WEBHOOK_SECRET is
 * part; NULL: it has none.  A configuration that cannot be read is not one
 * without a secret. */
static int
configured(
    struct arena *a, const char *file, const char **secret, struct err *err)
{
	struct conf *conf = conf_load(&(struct conf_source){.file = file});
	int rc = 0;

	*secret = NULL;
	if (conf->secrets.n != 0)
		*secret = arena_strndup(a, conf->secrets.items[0].key.p,
		    conf->secrets.items[0].key.len);
	else if (conf_wrong(conf) != NULL)
		rc = fail(err, ERR_UNCONFIGURED, "%s", conf_wrong(conf));
	conf_free(conf);
	return rc;
}

int
cli_secret(struct arena *a, const char *said, const char *file,
    const char **secret, struct err *err)
{
	if (said == NULL)
		return configured(a, file, secret, err);
	if (strncmp(said, "env:", 4) == 0)
		return read_variable(said + 4, secret, err);
	if (strncmp(said, "file:", 5) == 0)
		return read_file(a, said + 5, secret, err);
	*secret = said;
	return 0;
}

int
cli_secret_needed(struct arena *a, const char *path, const char *file,
    struct str *secret, struct err *err)
{
	const char *text;
	int rc = path != NULL ? read_file(a, path, &text, err)
			      : configured(a, file, &text, err);

	if (rc == -1)
		return -1;
	if (text == NULL)
		return fail(err, ERR_UNCONFIGURED,
		    "there is no secret to sign with: use --secret-file, or "
		    "AGENTMARK_WEBHOOK_SECRET, or a configuration");
	*secret = (struct str){text, strlen(text)};
	return 0;
}

/* --- the exchange */

struct exchange {
	struct reply *reply;
	struct http *http;
	struct buf body; /* of a whole reply */
	int status;
	bool stream, ended;
};

static void
on_head(void *arg, int status)
{
	struct exchange *x = arg;
	const char *type = http_header(x->http, "content-type");

	x->status = status;
	x->stream = status >= 200 && status <= 299 &&
		    (http_header(x->http, "agentmark-streaming") != NULL ||
			(type != NULL && strcasestr(type, "ndjson") != NULL));
	if (x->stream)
		x->reply->stream(x->reply);
}

static void
on_data(void *arg, struct str bytes)
{
	struct exchange *x = arg;

	if (x->stream)
		x->reply->write(x->reply, bytes);
	else
		buf_add(&x->body, bytes.p, bytes.len);
}

static void
answer_failure(struct reply *reply, const char *reason)
{
	struct err err = {0};

	(void)fail(&err, ERR_PROVIDER, "%s", reason);
	reply_fail(reply, &err);
	err_free(&err);
}

static void
on_end(void *arg, enum http_end how, const char *reason)
{
	struct exchange *x = arg;

	x->ended = true;
	if (how != HTTP_OK)
		answer_failure(x->reply, reason);
	else if (!x->stream)
		x->reply->json(x->reply, x->status,
		    (struct str){buf_str(&x->body), x->body.len});
}

void
cli_post(struct loop *loop, const struct cli_post *post, struct reply *reply)
{
	struct exchange x = {.reply = reply};
	char mac[SIGN_LEN + 1], signature[64 + SIGN_LEN];
	const char *headers[] = {"Content-Type: application/json",
	    "Accept: */*", post->secret != NULL ? signature : NULL, NULL};
	const struct http_request request = {
	    .url = post->url,
	    .headers = headers,
	    .body = post->body,
	    .clocks = {.connect = CONNECT_MS},
	    .max_body = post->max_reply,
	};
	const struct http_events events = {on_head, on_data, on_end, &x};
	struct err err = {0};

	if (post->secret != NULL) {
		sign_body((struct str){post->secret, strlen(post->secret)},
		    post->body, mac);
		(void)snprintf(signature, sizeof(signature),
		    "x-agentmark-signature-256: %s", mac);
	}
	buf_init(&x.body, LIMIT_REPLY_BYTES);
	x.http = http_start(loop, &request, &events, &err);
	if (x.http == NULL)
		reply_fail(reply, &err);
	while (x.http != NULL && !x.ended && !reply->gone)
		loop_turn(loop, TURN_MS);
	http_free(x.http);
	buf_free(&x.body);
	err_free(&err);
}
