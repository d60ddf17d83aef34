/* Fetches attachments and puts their bytes in place of their addresses.  It
 * refuses to know what a provider does with them; which it must be given as
 * bytes its driver says. */
#include "fetch.h"

#include "../base/crypt.h"
#include "../base/json.h"
#include "../base/limits.h"
#include "../base/utf.h"
#include "../net/http.h"
#include "../provider/media.h"

#include <string.h>
#include <strings.h>

/* One attachment on its way. */
struct item {
	struct fetch *fetch;
	struct item *next;
	json_t *part; /* of our copy of the messages */
	bool is_image;
	struct http *http;
	struct buf body;
	int status;
	bool ended;
};

struct fetch {
	struct engine *engine;
	struct arena *arena;
	json_t *messages;
	struct item *items;
	size_t n, running;
	struct timer timer;
	struct err err;
	void (*done)(void *arg, struct str error);
	void *arg;
};

/* --- which */

static unsigned
class_of(const struct media *m)
{
	if (m->is_image)
		return DRIVER_BYTES_IMAGES;
	if (m->type.len >= 5 && memcmp(m->type.p, "text/", 5) == 0)
		return DRIVER_BYTES_TEXTS;
	return DRIVER_BYTES_FILES;
}

static bool
is_wanted(const struct ask *ask, const json_t *part)
{
	struct err ignored = {0};
	struct media m;
	bool wanted;

	if (json_object_get(part, "image") == NULL &&
	    json_object_get(part, "data") == NULL)
		return false;
	wanted = media_read(part, &m, &ignored) == 0 && m.url.p != NULL &&
		 (ask->provider->driver->bytes_only & class_of(&m)) != 0;
	err_free(&ignored);
	return wanted;
}

bool
fetch_wanted(const struct engine *engine, const struct ask *ask)
{
	size_t i, k;

	if (!engine->settings->fetch.allowed ||
	    ask->provider->driver->bytes_only == 0)
		return false;
	for (i = 0; i < json_array_size(ask->messages); i++) {
		const json_t *content = json_object_get(
		    json_array_get(ask->messages, i), "content");

		for (k = 0; k < json_array_size(content); k++)
			if (is_wanted(ask, json_array_get(content, k)))
				return true;
	}
	return false;
}

/* --- one exchange */

static void
finish(void *arg)
{
	struct fetch *f = arg;
	struct str error = STR("");

	if (f->err.code != ERR_NONE)
		error = str_from(f->err.msg);
	f->done(f->arg, error);
}

static const char *
url_of(const struct item *item)
{
	return json_string_value(
	    json_object_get(item->part, item->is_image ? "image" : "data"));
}

/* The content type without its parameters, where it says something. */
static void
set_type(struct item *item, struct str base64)
{
	const char *type = http_header(item->http, "content-type");
	struct str known = media_image_type(base64);
	size_t len = type != NULL ? strcspn(type, "; \t") : 0;

	if (known.p != NULL && item->is_image)
		json_set_str(item->part, "mimeType", known);
	else if (len != 0 &&
		 !json_is_string(json_object_get(item->part, "mimeType")))
		json_set_str(item->part, "mimeType", (struct str){type, len});
}

static void
take(struct item *item)
{
	struct fetch *f = item->fetch;
	struct str bytes = buf_text(&item->body);
	struct str base64 = base64_print(f->arena, bytes);

	set_type(item, base64);
	json_set_str(item->part, item->is_image ? "image" : "data", base64);
}

static void
end_item(struct item *item, const char *reason)
{
	struct fetch *f = item->fetch;
	struct loop *loop = f->engine->loop;

	if (item->ended)
		return;
	item->ended = true;
	if (reason != NULL)
		(void)fail(&f->err, ERR_PROMPT,
		    "the attachment %.200s cannot be fetched: %s", url_of(item),
		    reason);
	if (--f->running == 0 || f->err.code != ERR_NONE)
		timer_set(loop, &f->timer, loop_now(loop), finish, f);
}

static void
on_head(void *arg, int status)
{
	struct item *item = arg;

	item->status = status;
}

static void
on_data(void *arg, struct str bytes)
{
	struct item *item = arg;

	buf_add(&item->body, bytes.p, bytes.len);
}

static void
on_end(void *arg, enum http_end how, const char *reason)
{
	struct item *item = arg;
	char status[32];

	(void)snprintf(status, sizeof(status), "status %d", item->status);
	if (how != HTTP_OK) {
		end_item(item, reason);
	} else if (item->status < 200 || item->status > 299) {
		end_item(item, status);
	} else {
		take(item);
		end_item(item, NULL);
	}
}

static void
start_item(struct item *item)
{
	struct fetch *f = item->fetch;
	const struct fetch_conf *conf = &f->engine->settings->fetch;
	const struct http_request request = {
	    .url = url_of(item),
	    .clocks = {conf->timeout_ms, conf->timeout_ms, conf->timeout_ms,
		conf->timeout_ms},
	    .max_body = (size_t)conf->max_bytes,
	    .public_only = !conf->anywhere,
	};
	const struct http_events events = {on_head, on_data, on_end, item};
	struct err err = {0};

	buf_init(&item->body, (size_t)conf->max_bytes);
	if (!conf->anywhere && strncasecmp(request.url, "https:", 6) != 0) {
		end_item(item, "its address is not https");
		return;
	}
	item->http = http_start(f->engine->loop, &request, &events, &err);
	if (item->http == NULL)
		end_item(item, err.msg);
	err_free(&err);
}

/* --- all of them */

static void
add_item(struct fetch *f, json_t *part)
{
	struct item *item = arena_zalloc(f->arena, sizeof(*item));

	item->fetch = f;
	item->part = part;
	item->is_image = json_object_get(part, "image") != NULL;
	item->next = f->items;
	f->items = item;
	f->n++;
}

static void
find_items(struct fetch *f, const struct ask *ask)
{
	size_t i, k;

	for (i = 0; i < json_array_size(f->messages); i++) {
		json_t *content =
		    json_object_get(json_array_get(f->messages, i), "content");

		for (k = 0; k < json_array_size(content); k++)
			if (is_wanted(ask, json_array_get(content, k)))
				add_item(f, json_array_get(content, k));
	}
}

struct fetch *
fetch_start(struct engine *engine, struct arena *parent, const struct ask *ask,
    void (*done)(void *arg, struct str error), void *arg)
{
	struct arena *a = arena_new(parent);
	struct fetch *f = arena_zalloc(a, sizeof(*f));
	struct item *item;

	f->engine = engine;
	f->arena = a;
	f->done = done;
	f->arg = arg;
	f->messages = json_deep_copy(ask->messages);
	find_items(f, ask);
	f->running = f->n;
	if (f->n > LIMIT_FETCHES) {
		(void)fail(&f->err, ERR_PROMPT,
		    "the prompt has more than %u attachments to be fetched",
		    LIMIT_FETCHES);
		timer_set(
		    engine->loop, &f->timer, loop_now(engine->loop), finish, f);
		return f;
	}
	for (item = f->items; item != NULL; item = item->next)
		start_item(item);
	return f;
}

const json_t *
fetch_messages(const struct fetch *f)
{
	return f->messages;
}

void
fetch_free(struct fetch *f)
{
	struct item *item;

	if (f == NULL)
		return;
	timer_clear(f->engine->loop, &f->timer);
	for (item = f->items; item != NULL; item = item->next) {
		http_free(item->http);
		buf_free(&item->body);
	}
	json_decref(f->messages);
	err_free(&f->err);
	arena_free(f->arena);
}
