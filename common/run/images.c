/* Asks for many images in as many calls as that takes, as AI SDK does, each
 * with its own retries.  It refuses to know what an image is and how many a
 * model makes at once: its driver says so. */
#include "images.h"

#include "../base/json.h"
#include "../base/limits.h"
#include "scope.h"

#include <string.h>

struct part {
	struct sink sink; /* first */
	struct images *images;
	struct exec *exec;
	json_t *made;
};

struct images {
	struct sink *out;
	struct part *parts;
	size_t n, left; /* parts, and those that run */
	struct usage usage;
	bool done;
};

/* What is no whole number is the vendor's to refuse. */
static json_int_t
wanted(const struct ask *ask)
{
	const json_t *n = json_object_get(ask->config, "num_images");

	return json_is_integer(n) ? json_integer_value(n) : 1;
}

static json_int_t
at_once(const struct ask *ask)
{
	const struct driver *driver = ask->provider->driver;

	if (driver->images_at_once == NULL)
		return INT32_MAX;
	return (json_int_t)driver->images_at_once(ask->model);
}

size_t
images_calls(const struct ask *ask)
{
	json_int_t n = wanted(ask), most;

	if (ask->kind != PROMPT_IMAGE)
		return 0;
	most = at_once(ask);
	return n > most ? (size_t)((n - 1) / most + 1) : 1;
}

static void
end(struct images *images, const struct event *ev)
{
	images->done = true;
	images->out->event(images->out, ev);
}

static void
end_well(struct images *images, const struct event *last)
{
	struct event ev = {.type = EVENT_OBJECT_FINAL};
	struct event finish = *last;
	json_t *all = json_array();
	size_t i;

	for (i = 0; i < images->n; i++)
		(void)json_array_extend(all, images->parts[i].made);
	ev.object = all;
	images->out->event(images->out, &ev);
	json_decref(all);
	finish.finish.usage = images->usage;
	end(images, &finish);
}

static void
add_usage(struct usage *to, const struct usage *u)
{
	to->input += u->input;
	to->output += u->output;
	to->total += u->total;
	to->cached += u->cached;
	to->reasoning += u->reasoning;
	to->unknown = to->unknown || u->unknown;
	to->has_cost = to->has_cost || u->has_cost;
	to->cost += u->cost;
}

static void
part_event(struct sink *self, const struct event *ev)
{
	struct part *part = (struct part *)self;
	struct images *images = part->images;

	if (images->done)
		return;
	if (ev->type == EVENT_OBJECT_FINAL) {
		json_decref(part->made);
		part->made = json_incref((json_t *)ev->object);
	} else if (ev->type == EVENT_ERROR) {
		end(images, ev);
	} else if (ev->type == EVENT_FINISH) {
		add_usage(&images->usage, &ev->finish.usage);
		if (--images->left == 0)
			end_well(images, ev);
	}
}

/* ASK for N images. */
static struct ask
ask_part(struct arena *a, const struct ask *ask, json_int_t n)
{
	json_t *config = json_copy((json_t *)ask->config);
	struct ask part = *ask;

	(void)json_own(a, config);
	json_object_set_new(config, "num_images", json_integer(n));
	part.config = config;
	return part;
}

static int
start_parts(struct images *images, struct engine *engine, struct arena *a,
    const struct ask *ask, struct err *err)
{
	json_int_t left = wanted(ask), most = at_once(ask);
	size_t i;

	for (i = 0; i < images->n; i++, left -= most) {
		struct part *part = &images->parts[i];
		struct ask some = ask_part(a, ask, left < most ? left : most);

		part->sink.event = part_event;
		part->images = images;
		part->exec = exec_start(engine, a, &some, &part->sink, err);
		if (part->exec == NULL)
			return -1;
	}
	return 0;
}

struct images *
images_start(struct engine *engine, struct arena *a, const struct ask *ask,
    struct sink *out, struct err *err)
{
	struct images *images = arena_zalloc(a, sizeof(*images));
	size_t n = images_calls(ask);

	if (n > LIMIT_IMAGE_CALLS) {
		(void)fail(err, ERR_PROMPT,
		    "image_config.num_images: %zu calls of the model %s are "
		    "more than %u",
		    n, ask->model, LIMIT_IMAGE_CALLS);
		return NULL;
	}
	if (spend_check(engine, a, ask, err) < 0)
		return NULL;
	images->out = out;
	images->n = images->left = n;
	images->parts = arena_array(a, n, sizeof(*images->parts));
	memset(images->parts, 0, n * sizeof(*images->parts));
	if (start_parts(images, engine, a, ask, err) == 0)
		return images;
	images_free(images);
	return NULL;
}

bool
images_done(const struct images *images)
{
	return images->done;
}

void
images_free(struct images *images)
{
	size_t i;

	if (images == NULL)
		return;
	for (i = 0; i < images->n; i++) {
		exec_free(images->parts[i].exec);
		json_decref(images->parts[i].made);
	}
}
