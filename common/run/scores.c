/* Turns the results of evals into what AgentMark's API takes as scores, and
 * sends them in batches.  It refuses to know how rows are scored. */
#include "scores.h"

#include "../base/crypt.h"
#include "../base/json.h"
#include "../base/limits.h"
#include "../base/log.h"
#include "../base/utf.h"
#include "deliver_post.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

enum {
	TIMEOUT_MS = 10000,
	BATCH = 1000, /* what the API takes at once */
	DAY_MS = 24 * 3600 * 1000,
	WAITING = 100000,
	CLIENT_ID = 128 /* bytes that the API takes */
};

/* --- one score */

static struct str
text_at(const json_t *result, const char *key)
{
	return json_str(json_object_get(result, key));
}

/* What the API would choke on becomes U+FFFD, what is endless is cut. */
static void
add_text(struct arena *a, struct buf *b, const char *key, struct str text)
{
	text = utf8_clean(a, text);
	if (text.len > LIMIT_SCORE_TEXT_BYTES) {
		text.len = LIMIT_SCORE_TEXT_BYTES;
		while (((unsigned char)text.p[text.len] & 0xc0) == 0x80)
			text.len--;
	}
	buf_addf(b, ",\"%s\":", key);
	json_print_string(b, text);
}

/* A name of any length makes an id of ours that is short enough. */
static const char *
make_id(struct arena *a, const char *trace_id, struct str name)
{
	uint8_t digest[CRYPT_SHA256_LEN];
	char hex[2 * CRYPT_SHA256_LEN + 1];

	name = utf8_clean(a, name);
	if (strlen(trace_id) + 1 + name.len <= CLIENT_ID)
		return arena_printf(
		    a, "%s:%.*s", trace_id, (int)name.len, name.p);
	crypt_sha256(name, digest);
	hex_print(hex, digest, sizeof(digest));
	return arena_printf(a, "%s:%s", trace_id, hex);
}

static const char *
default_label(const json_t *passed)
{
	if (!json_is_boolean(passed))
		return "N/A";
	return json_is_true(passed) ? "PASS" : "FAIL";
}

/* As AgentMark's own client does it where a result leaves something out. */
static bool
score_of(const json_t *result, double *score)
{
	const json_t *given = json_object_get(result, "score");

	if (given == NULL || json_is_null(given)) {
		*score =
		    json_is_true(json_object_get(result, "passed")) ? 1 : 0;
		return true;
	}
	*score = json_number_value(given);
	return json_is_number(given) && isfinite(*score);
}

static void
add_number(struct buf *b, double number)
{
	json_t *json = json_real(number);

	json_print(b, json);
	json_decref(json);
}

bool
scores_print(struct arena *a, struct buf *b, const struct scores *s,
    const char *trace_id, const json_t *result, const char **client_id)
{
	struct str name = text_at(result, "name");
	struct str label = text_at(result, "label");
	struct str reason = text_at(result, "reason");
	double score;

	if (name.len == 0 || !score_of(result, &score))
		return false;
	if (label.len == 0) {
		label.p = default_label(json_object_get(result, "passed"));
		label.len = strlen(label.p);
	}
	*client_id = make_id(a, trace_id, name);
	buf_adds(b, "{\"client_id\":");
	json_print_string(b, (struct str){*client_id, strlen(*client_id)});
	buf_addf(b, ",\"resource_id\":\"%s\"", trace_id);
	add_text(a, b, "name", name);
	buf_adds(b, ",\"score\":");
	add_number(b, score);
	add_text(a, b, "label", label);
	if (reason.len != 0 && !s->hide_reasons)
		add_text(a, b, "reason", reason);
	buf_adds(b, ",\"type\":\"experiment\",\"source\":\"experiment\","
		    "\"data_type\":");
	json_print_string(b, text_at(result, "dataType"));
	buf_addc(b, '}');
	return true;
}

void
scores_put(struct engine *engine, const char *trace_id, const json_t *result)
{
	const struct scores *s = engine->settings->scores;
	struct arena *a;
	const char *id;
	struct buf b;

	if (s == NULL)
		return;
	a = arena_new(NULL);
	buf_init(&b, LIMIT_SCORE_BYTES);
	if (scores_print(a, &b, s, trace_id, result, &id) && !buf_full(&b))
		deliver_put(engine, &s->route, id, buf_text(&b));
	buf_free(&b);
	arena_free(a);
}

/* --- a batch */

static void
join(struct buf *to, struct str score, bool first)
{
	if (!first)
		buf_addc(to, ',');
	buf_add(to, score.p, score.len);
}

int64_t
scores_refused(struct str reply)
{
	struct err ignored = {0};
	json_t *json = json_read(reply, &ignored);
	const json_t *data = json_object_get(json, "data");
	const json_t *failed;
	int64_t n = -1;

	if (data == NULL)
		data = json;
	failed = json_object_get(json_object_get(data, "summary"), "failed");
	if (json_is_integer(failed))
		n = json_integer_value(failed);
	err_free(&ignored);
	json_decref(json);
	return n;
}

/* What it refuses once it refuses again. */
static void
heed_reply(struct delivery *d, int status, struct str reply)
{
	int64_t n;

	(void)d;
	if (status != 207)
		return;
	n = scores_refused(reply);
	if (n == -1)
		log_reason(LEVEL_WARNING, "scores_refused",
		    "some scores of a batch, it is not said how many");
	else if (n != 0)
		log_line(LEVEL_WARNING, "scores_refused", "scores=%" PRId64, n);
}

static void
send_batch(
    struct delivery *d, struct engine *engine, void *arg, struct str joined)
{
	struct arena *a = delivery_arena(d);
	const struct scores *s = arg;
	char *body =
	    arena_printf(a, "{\"scores\":[%.*s]}", (int)joined.len, joined.p);
	const struct delivery_post post = {
	    .url = s->url,
	    .type = "application/json",
	    .headers = s->headers,
	    .body = {body, strlen(body)},
	    .timeout_ms = TIMEOUT_MS,
	    .max_reply = LIMIT_SCORES_REPLY_BYTES,
	    .heed = heed_reply,
	};

	delivery_post(d, engine, &post);
}

void
scores_init(struct scores *s, const char *url, const char *const *headers,
    bool hide_reasons)
{
	*s = (struct scores){
	    .url = url,
	    .headers = headers,
	    .hide_reasons = hide_reasons,
	    .route =
		{
		    .name = "scores",
		    .send = send_batch,
		    .drop = delivery_post_drop,
		    .arg = s,
		    .state_size = delivery_posting_size,
		    .timeout_ms = TIMEOUT_MS,
		    .max_age_ms = DAY_MS,
		    .most = WAITING,
		    .batch = BATCH,
		    .join = join,
		},
	};
}
