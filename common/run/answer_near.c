/* Says in words how a question differs from one that was kept.  It refuses to
 * know where kept questions come from. */
#include "../base/json.h"
#include "../base/limits.h"
#include "../base/utf.h"
#include "answers_int.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
	SHOWN = 3,    /* differences that are named */
	EXCERPT = 40, /* bytes of a text, from where it differs */
	SCALAR = 60,  /* bytes of a value that is shown as a whole */
	DEPTH = 32    /* a difference further inside is one of all in there */
};

struct diff {
	struct arena *arena;
	size_t n;
	const char *text;
};

/* --- words */

/* "config.temperature" is "temperature", "messages.1.content" "message 2". */
static const char *
name(struct arena *a, const char *path)
{
	static const char messages[] = "messages.", config[] = "config.";
	char *end;
	unsigned long i;

	if (strncmp(path, config, strlen(config)) == 0)
		return path + strlen(config);
	if (strncmp(path, messages, strlen(messages)) != 0)
		return path;
	i = strtoul(path + strlen(messages), &end, 10);
	if (strcmp(end, ".content") == 0 || *end == '\0')
		return arena_printf(a, "message %lu", i + 1);
	if (strncmp(end, ".content.", 9) == 0)
		end += 8;
	return arena_printf(a, "message %lu: %s", i + 1, end + 1);
}

static void
say(struct diff *d, const char *path, const char *what)
{
	if (d->n++ < SHOWN)
		d->text = arena_printf(d->arena, "%s%s%s %s", d->text,
		    d->n == 1 ? "" : "; ", name(d->arena, path), what);
}

static const char *
printed(struct arena *a, const json_t *value)
{
	struct buf b;
	char *text;

	buf_init(&b, LIMIT_CACHE_ANSWER_BYTES);
	json_print(&b, value);
	text = arena_strndup(a, buf_str(&b), b.len);
	buf_free(&b);
	return text;
}

/* What something is on one side: nothing, a short value, or some value. */
static const char *
side(struct diff *d, const json_t *value)
{
	const char *text;

	if (value == NULL)
		return "none";
	text = printed(d->arena, value);
	return strlen(text) <= SCALAR ? text : "another one";
}

static void
say_values(
    struct diff *d, const char *path, const json_t *there, const json_t *here)
{
	say(d, path,
	    arena_printf(
		d->arena, "%s there, %s here", side(d, there), side(d, here)));
}

/* --- texts */

/* A byte that begins no character. */
static bool
is_inside(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

/* Whole characters from AT on. */
static const char *
excerpt(struct arena *a, struct str text, size_t at)
{
	size_t len = text.len - at;
	struct str part;
	struct buf b;
	char *out;

	if (len > EXCERPT)
		for (len = EXCERPT; len > 0 && is_inside(text.p[at + len]);)
			len--;
	part = (struct str){text.p + at, len};
	buf_init(&b, LIMIT_CACHE_ANSWER_BYTES);
	json_print_string(&b, part);
	out = arena_strndup(a, buf_str(&b), b.len);
	buf_free(&b);
	return out;
}

static void
diff_texts(struct diff *d, const char *path, struct str there, struct str here)
{
	size_t at = 0, characters = 1;

	if (there.len <= SCALAR && here.len <= SCALAR) {
		say(d, path,
		    arena_printf(d->arena, "%s there, %s here",
			excerpt(d->arena, there, 0),
			excerpt(d->arena, here, 0)));
		return;
	}
	while (at < there.len && at < here.len && there.p[at] == here.p[at])
		at++;
	while (at > 0 && at < there.len && is_inside(there.p[at]))
		at--;
	for (size_t i = 0; i < at; i++)
		characters += !is_inside(here.p[i]);
	say(d, path,
	    arena_printf(d->arena,
		"differs from character %zu on: %s there, %s here", characters,
		excerpt(d->arena, there, at), excerpt(d->arena, here, at)));
}

/* --- trees */

static void diff(struct diff *d, const char *path, const json_t *there,
    const json_t *here, unsigned depth);

static const char *
join(struct diff *d, const char *path, const char *key)
{
	return *path == '\0' ? key : arena_printf(d->arena, "%s.%s", path, key);
}

/* The model's name in the configuration says again what `model` says. */
static bool
is_said(const char *path, const char *key)
{
	return strcmp(path, "config") == 0 && strcmp(key, "model_name") == 0;
}

static void
diff_objects(struct diff *d, const char *path, const json_t *there,
    const json_t *here, unsigned depth)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)here, key, value)
	{
		if (!is_said(path, key))
			diff(d, join(d, path, key), json_object_get(there, key),
			    value, depth);
	}
	json_object_foreach((json_t *)there, key, value)
	{
		if (json_object_get(here, key) == NULL)
			diff(d, join(d, path, key), value, NULL, depth);
	}
}

static void
diff_arrays(struct diff *d, const char *path, const json_t *there,
    const json_t *here, unsigned depth)
{
	size_t n = json_array_size(here), other = json_array_size(there);
	char index[24];

	if (n != other)
		say(d, path,
		    arena_printf(d->arena, "%zu there, %zu here", other, n));
	for (size_t i = 0; i < n && i < other; i++) {
		(void)snprintf(index, sizeof(index), "%zu", i);
		diff(d, join(d, path, index), json_array_get(there, i),
		    json_array_get(here, i), depth);
	}
}

static void
diff(struct diff *d, const char *path, const json_t *there, const json_t *here,
    unsigned depth)
{
	if (json_equal(there, here))
		return;
	if (depth == DEPTH || there == NULL || here == NULL ||
	    json_typeof(there) != json_typeof(here))
		say_values(d, path, there, here);
	else if (json_is_object(here))
		diff_objects(d, path, there, here, depth + 1);
	else if (json_is_array(here))
		diff_arrays(d, path, there, here, depth + 1);
	else if (json_is_string(here))
		diff_texts(d, path, json_str(there), json_str(here));
	else
		say_values(d, path, there, here);
}

/* The fewest differences; the newest of those that have as many. */
void
nearest_look(void *nearest, struct str kept)
{
	struct nearest *near = nearest;
	struct diff d = {.arena = near->arena, .text = ""};
	struct err err = {0};
	json_t *there = json_read(kept, &err);

	err_free(&err);
	if (there == NULL)
		return;
	diff(&d, "", there, near->here, 0);
	json_decref(there);
	if (d.n == 0 || (near->n != 0 && d.n >= near->n))
		return;
	near->n = d.n;
	near->text = d.text;
	if (d.n > SHOWN)
		near->text = arena_printf(
		    near->arena, "%s; and %zu more", d.text, d.n - SHOWN);
}
