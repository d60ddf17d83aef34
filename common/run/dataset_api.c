/* Datasets from AgentMark's API (protocol.md 3.3): one GET whose lines are
 * taken as they are wanted; when they come faster, the transfer is held back.
 * It refuses to know what is in the lines. */
#include "dataset_int.h"

#include "../base/limits.h"
#include "../base/utf.h"
#include "api.h"
#include "temporary.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

struct api {
	struct source source;
	struct engine *engine;
	struct http *http;
	const char *told;
	int status;
	bool ended, paused;
	struct window waiting; /* what came; the window of the records */
	struct buf refusal;    /* the body of what is no success */
	struct err err;
	int spool; /* -1: none */
	int64_t spooled;
	struct source *file; /* over the spool, once it is whole */
};

/* --- the answer */

static void
explain(struct api *x)
{
	struct err bad = {0};
	struct str text = buf_text(&x->refusal);
	json_t *body = json_read(text, &bad);
	const char *words = api_words(body);
	const json_t *error = json_object_get(body, "error");
	struct buf b;

	buf_init(&b, LIMIT_ERR_BYTES);
	if (words != NULL) {
		buf_adds(&b, words);
	} else if (error != NULL && !json_is_null(error)) {
		json_print(&b, error);
	} else if (x->status == 404) {
		buf_addf(&b, "Dataset not found: %s", x->told);
	} else {
		buf_addf(&b,
		    "AgentMark's API answered %d when it was asked for "
		    "dataset %s",
		    x->status, x->told);
	}
	(void)fail(&x->err, ERR_PROMPT, "%s", buf_str(&b));
	buf_free(&b);
	json_decref(body);
	err_free(&bad);
}

static bool
is_refusal(const struct api *x)
{
	return x->status < 200 || x->status > 299;
}

static void
on_head(void *arg, int status)
{
	struct api *x = arg;

	x->status = status;
}

static void
spool(struct api *x, struct str bytes)
{
	x->spooled += (int64_t)bytes.len;
	if (x->spooled > LIMIT_SPOOL_BYTES) {
		(void)fail(&x->err, ERR_PROMPT,
		    "Dataset %s is too large to be split without a seed",
		    x->told);
		return;
	}
	while (bytes.len > 0) {
		ssize_t n = write(x->spool, bytes.p, bytes.len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			(void)fail(&x->err, ERR_INTERNAL,
			    "the temporary file of dataset %s: %s", x->told,
			    strerror(errno));
			return;
		}
		bytes.p += n;
		bytes.len -= (size_t)n;
	}
}

static void
on_data(void *arg, struct str bytes)
{
	struct api *x = arg;
	struct window *w = &x->waiting;

	if (is_refusal(x)) {
		buf_add(&x->refusal, bytes.p, bytes.len);
		return;
	}
	if (x->spool >= 0) {
		if (x->err.code == ERR_NONE)
			spool(x, bytes);
		return;
	}
	memcpy(window_reserve(w, bytes.len), bytes.p, bytes.len);
	w->end += bytes.len;
	if (w->end - w->start < LIMIT_DATASET_QUEUE_BYTES)
		return;
	x->paused = true;
	http_pause(x->http);
}

static void
on_end(void *arg, enum http_end how, const char *reason)
{
	struct api *x = arg;

	x->ended = true;
	if (how == HTTP_NO_REPLY || x->status == 0)
		(void)fail(&x->err, ERR_PROMPT,
		    "AgentMark's API did not send dataset %s: %s", x->told,
		    reason);
	else if (is_refusal(x))
		explain(x);
	else if (how != HTTP_OK)
		(void)fail(&x->err, ERR_PROMPT,
		    "Dataset %s broke off on its way from AgentMark's API: %s",
		    x->told, reason);
	else if (x->spool >= 0)
		(void)x->file->rewind(x->file, &x->err);
}

/* --- the request */

static int
start(struct api *x, struct arena *a, const struct dataset_conf *conf,
    struct str path, struct err *err)
{
	struct http_request request =
	    api_request(a, &conf->api, path, "application/x-ndjson");
	const struct http_events events = {on_head, on_data, on_end, x};

	request.clocks = x->engine->settings->clocks;
	request.max_body = SIZE_MAX;
	request.clocks.total = 0; /* it lasts as long as its rows run */
	x->http = http_start(x->engine->loop, &request, &events, err);
	if (x->http != NULL)
		return 0;
	err_prefix(err, "AgentMark's API");
	return -1;
}

/* --- the source */

static enum more
hand_over(struct window *from, struct window *to)
{
	size_t n = from->end - from->start;

	memcpy(window_reserve(to, n), from->data + from->start, n);
	to->end += n;
	from->start = from->end = 0;
	return MORE_BYTES;
}

static enum more
fill_api(struct source *s, struct window *w, struct err *err)
{
	struct api *x = (struct api *)s;

	if (x->waiting.end != x->waiting.start)
		return hand_over(&x->waiting, w);
	if (x->err.code != ERR_NONE) {
		(void)fail(err, x->err.code, "%s", x->err.msg);
		return MORE_BROKEN;
	}
	if (x->ended)
		return MORE_END;
	if (x->paused) {
		x->paused = false;
		http_resume(x->http);
	}
	return MORE_WAIT;
}

static void
close_api(void *arg)
{
	struct api *x = arg;

	http_free(x->http);
	window_free(&x->waiting);
	buf_free(&x->refusal);
	err_free(&x->err);
}

static struct api *
new_api(struct engine *engine, struct arena *a, const char *told)
{
	struct api *x = arena_zalloc(a, sizeof(*x));

	x->engine = engine;
	x->told = told;
	x->spool = -1;
	x->source.fill = fill_api;
	buf_init(&x->refusal, LIMIT_ERROR_BODY_BYTES);
	arena_on_free(a, close_api, x);
	return x;
}

struct source *
dataset_api(struct engine *engine, struct arena *a,
    const struct dataset_conf *conf, struct str path, struct err *err)
{
	struct api *x = new_api(engine, a, dataset_told(a, path));

	return start(x, a, conf, path, err) == 0 ? &x->source : NULL;
}

/* --- by way of a file */

static enum more
fill_spooled(struct source *s, struct window *w, struct err *err)
{
	struct api *x = (struct api *)s;

	if (!x->ended || x->err.code != ERR_NONE)
		return fill_api(s, w, err);
	return x->file->fill(x->file, w, err);
}

static int
rewind_spooled(struct source *s, struct err *err)
{
	struct api *x = (struct api *)s;

	return x->file->rewind(x->file, err);
}

struct source *
dataset_spool(struct engine *engine, struct arena *a,
    const struct dataset_conf *conf, struct str path, struct err *err)
{
	struct api *x = new_api(engine, a, dataset_told(a, path));

	x->spool = temporary_file("the dataset", err);
	if (x->spool < 0)
		return NULL;
	x->file = dataset_file(a, x->spool, false, x->told, err);
	x->source.fill = fill_spooled;
	x->source.rewind = rewind_spooled;
	return start(x, a, conf, path, err) == 0 ? &x->source : NULL;
}
