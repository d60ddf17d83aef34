/* Equality, inclusion and likeness of JSON values.  Recursion is as deep as the
 * reader of JSON lets values be.  It refuses to know what is scored. */
#include "compare.h"

#include "metrics.h"
#include "schema.h"
#include "../base/json.h"

#include <math.h>

/* A pointer longer than this is cut. */
enum { PATH_BYTES = 256 };

/* One member of an object, by the length of its key, which may hold NUL. */
static const json_t *
member(const json_t *object, void *of)
{
	return json_object_getn(
	    object, json_object_iter_key(of), json_object_iter_key_len(of));
}

/* Whether both have one type; integers and reals are both numbers. */
static bool
same_type(const json_t *a, const json_t *b)
{
	return json_typeof(a) == json_typeof(b) ||
	       (json_is_number(a) && json_is_number(b));
}

bool
compare_equal(const json_t *a, const json_t *b)
{
	size_t steps = 0;

	if (a == NULL || b == NULL)
		return a == b;
	return schema_equal(a, b, &steps);
}

/* --- with the place of the first difference */

struct walk {
	struct arena *arena;
	struct buf path;
	struct difference *first;
	size_t *steps;
	bool fuzzy;
};

static void
walk_init(struct walk *w, struct arena *a, struct difference *first)
{
	*w = (struct walk){.arena = a, .first = first};
	buf_init(&w->path, PATH_BYTES);
	*first = (struct difference){NULL, NULL, NULL};
}

static void
differ(struct walk *w, const json_t *want, const json_t *got)
{
	if (w->first->where != NULL)
		return;
	w->first->where =
	    arena_strndup(w->arena, buf_str(&w->path), w->path.len);
	w->first->want = want;
	w->first->got = got;
}

/* Goes to the member of KEY (RFC 6901); returns what leave() takes. */
static size_t
enter_key(struct walk *w, const char *key)
{
	size_t len = w->path.len;

	buf_addc(&w->path, '/');
	for (; *key != '\0'; key++) {
		if (*key == '~')
			buf_adds(&w->path, "~0");
		else if (*key == '/')
			buf_adds(&w->path, "~1");
		else
			buf_addc(&w->path, *key);
	}
	return len;
}

static size_t
enter_item(struct walk *w, size_t i)
{
	size_t len = w->path.len;

	buf_addf(&w->path, "/%zu", i);
	return len;
}

static void
leave(struct walk *w, size_t len)
{
	w->path.len = len;
}

static bool subset(struct walk *w, const json_t *want, const json_t *got);

static bool
subset_object(struct walk *w, const json_t *want, const json_t *got)
{
	json_t *walked = (json_t *)want;
	bool ok = true;
	void *it;

	for (it = json_object_iter(walked); it != NULL && ok;
	     it = json_object_iter_next(walked, it)) {
		size_t len = enter_key(w, json_object_iter_key(it));

		ok = subset(w, json_object_iter_value(it), member(got, it));
		leave(w, len);
	}
	return ok;
}

static bool
subset_array(struct walk *w, const json_t *want, const json_t *got)
{
	size_t n = json_array_size(want), n_got = json_array_size(got);
	bool ok = true;

	for (size_t i = 0; i < n && ok; i++) {
		size_t len = enter_item(w, i);

		ok = subset(w, json_array_get(want, i), json_array_get(got, i));
		leave(w, len);
	}
	if (ok && n_got > n) {
		size_t len = enter_item(w, n);

		differ(w, NULL, json_array_get(got, n));
		leave(w, len);
		return false;
	}
	return ok;
}

static bool
subset(struct walk *w, const json_t *want, const json_t *got)
{
	if (got != NULL && json_is_object(want) && json_is_object(got))
		return subset_object(w, want, got);
	if (got != NULL && json_is_array(want) && json_is_array(got))
		return subset_array(w, want, got);
	if (compare_equal(want, got))
		return true;
	differ(w, want, got);
	return false;
}

bool
compare_subset(struct arena *a, const json_t *want, const json_t *got,
    struct difference *first)
{
	struct walk w;
	bool ok;

	walk_init(&w, a, first);
	ok = subset(&w, want, got);
	buf_free(&w.path);
	return ok;
}

/* --- partial credit */

static double share(struct walk *w, const json_t *want, const json_t *got);

static double
share_object(struct walk *w, const json_t *want, const json_t *got)
{
	json_t *walked = (json_t *)want;
	size_t n = json_object_size(want), len;
	double sum = 0;
	void *it;

	for (it = json_object_iter(walked); it != NULL;
	     it = json_object_iter_next(walked, it)) {
		len = enter_key(w, json_object_iter_key(it));
		sum += share(w, json_object_iter_value(it), member(got, it));
		leave(w, len);
	}
	walked = (json_t *)got;
	for (it = json_object_iter(walked); it != NULL;
	     it = json_object_iter_next(walked, it)) {
		if (member(want, it) != NULL)
			continue;
		len = enter_key(w, json_object_iter_key(it));
		differ(w, NULL, json_object_iter_value(it));
		leave(w, len);
		n++;
	}
	return n != 0 ? sum / (double)n : 1;
}

static double
share_array(struct walk *w, const json_t *want, const json_t *got)
{
	size_t n = json_array_size(want), m = json_array_size(got);
	double sum = 0;

	n = n > m ? n : m;
	for (size_t i = 0; i < n; i++) {
		size_t len = enter_item(w, i);

		sum +=
		    share(w, json_array_get(want, i), json_array_get(got, i));
		leave(w, len);
	}
	return n != 0 ? sum / (double)n : 1;
}

static double
like_texts(struct walk *w, const json_t *want, const json_t *got)
{
	struct ids a = tokens_chars(w->arena, json_str(want), true);
	struct ids b = tokens_chars(w->arena, json_str(got), true);
	size_t longer = a.n > b.n ? a.n : b.n, distance;

	if (longer == 0 || !metric_distance(a, b, w->steps, &distance))
		return 0;
	return 1 - (double)distance / (double)longer;
}

static double
like_numbers(double want, double got)
{
	double size = fabs(want) + fabs(got);

	if (!(size > 0) || isinf(size))
		return 0;
	return 1 - fabs(want - got) / size;
}

static double
share(struct walk *w, const json_t *want, const json_t *got)
{
	if (want != NULL && got != NULL && same_type(want, got)) {
		if (json_is_object(want))
			return share_object(w, want, got);
		if (json_is_array(want))
			return share_array(w, want, got);
	}
	if (compare_equal(want, got))
		return 1;
	differ(w, want, got);
	if (!w->fuzzy || want == NULL || got == NULL || !same_type(want, got))
		return 0;
	if (json_is_string(want))
		return like_texts(w, want, got);
	if (json_is_number(want))
		return like_numbers(
		    json_number_value(want), json_number_value(got));
	return 0;
}

double
compare_share(struct arena *a, const json_t *want, const json_t *got,
    size_t *steps, bool fuzzy, struct difference *first)
{
	struct walk w;
	double result;

	walk_init(&w, a, first);
	w.steps = steps;
	w.fuzzy = fuzzy;
	result = share(&w, want, got);
	buf_free(&w.path);
	return result;
}
