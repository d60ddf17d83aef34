/* Reads which rows of a dataset a request wants, and decides row by row
 * (protocol.md 3.4).  It refuses to know the rows, and draws no random numbers
 * of its own. */
#include "sampling.h"

#include "../base/js.h"
#include "../base/utf.h"

#include <math.h>
#include <stdlib.h>

static bool
is_integer_in(const json_t *json, double least, double most)
{
	double d = json_number_value(json);

	return json_is_number(json) && d >= least && d <= most && d == floor(d);
}

static int
compare_rows(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void
sort_rows(struct sampling *out)
{
	size_t i, n = 0;

	if (out->n_rows == 0)
		return;
	qsort(out->rows, out->n_rows, sizeof(*out->rows), compare_rows);
	for (i = 1; i < out->n_rows; i++)
		if (out->rows[i] != out->rows[n])
			out->rows[++n] = out->rows[i];
	out->n_rows = n + 1;
}

/* What is no integer matches no row. */
static int
read_rows(
    struct arena *a, const json_t *json, struct sampling *out, struct err *err)
{
	size_t i, n = json_array_size(json);
	char text[JS_NUMBER_LEN];

	if (!json_is_array(json))
		return fail(err, ERR_PROMPT, "Sampling rows must be an array");
	out->mode = SAMPLING_ROWS;
	out->rows = arena_array(a, n, sizeof(*out->rows));
	for (i = 0; i < n; i++) {
		const json_t *item = json_array_get(json, i);
		double d = json_number_value(item);

		if (d < 0) {
			(void)js_number_print(text, d);
			return fail(err, ERR_PROMPT,
			    "Row index must be non-negative, got %s", text);
		}
		if (!json_is_number(item) || d != floor(d))
			continue;
		out->rows[out->n_rows++] =
		    d < 0x1p62 ? (int64_t)d : INT64_C(1) << 62;
	}
	sort_rows(out);
	return 0;
}

static int
read_percent(const json_t *json, struct sampling *out, struct err *err)
{
	if (!is_integer_in(json, 1, 100))
		return fail(err, ERR_PROMPT,
		    "Sample percentage must be an integer between 1 and 100");
	out->mode = SAMPLING_PERCENT;
	out->percent = json_number_value(json);
	return 0;
}

static int
read_split(
    struct arena *a, const json_t *json, struct sampling *out, struct err *err)
{
	struct js portion = js_from_json(a, json_object_get(json, "portion"));
	const json_t *percentage = json_object_get(json, "percentage");
	struct str said;

	out->mode = SAMPLING_SPLIT;
	out->test = js_is_string(portion, "test");
	if (!out->test && !js_is_string(portion, "train")) {
		said = utf8_clean(a, utf8_from(a, js_to_string(a, portion)));
		return fail(err, ERR_PROMPT,
		    "Split portion must be \"train\" or \"test\", got \"%.*s\"",
		    (int)said.len, said.p);
	}
	if (!is_integer_in(percentage, 1, 99))
		return fail(err, ERR_PROMPT,
		    "Split percentage must be an integer between 1 and 99");
	out->percent = json_number_value(percentage);
	return 0;
}

static int
read_seed(const json_t *json, struct sampling *out, struct err *err)
{
	if (json == NULL)
		return 0;
	if (!json_is_number(json) || !isfinite(json_number_value(json)))
		return fail(err, ERR_PROMPT, "Seed must be a finite number");
	out->has_seed = true;
	out->seed = json_number_value(json);
	return 0;
}

int
sampling_read(
    struct arena *a, const json_t *json, struct sampling *out, struct err *err)
{
	const json_t *sample = json_object_get(json, "sample");
	const json_t *rows = json_object_get(json, "rows");
	const json_t *split = json_object_get(json, "split");

	*out = (struct sampling){.mode = SAMPLING_ALL};
	if (json == NULL || json_is_null(json))
		return 0;
	if (!json_is_object(json))
		return fail(err, ERR_PROMPT, "Sampling must be an object");
	if ((sample != NULL) + (rows != NULL) + (split != NULL) > 1)
		return fail(err, ERR_PROMPT,
		    "Sampling options are mutually exclusive: only one of "
		    "--sample, --rows, or --split may be used");
	if (sample != NULL && read_percent(sample, out, err) < 0)
		return -1;
	if (rows != NULL && read_rows(a, rows, out, err) < 0)
		return -1;
	if (split != NULL && read_split(a, split, out, err) < 0)
		return -1;
	return read_seed(json_object_get(json, "seed"), out, err);
}

bool
sampling_needs_total(const struct sampling *s)
{
	return s->mode == SAMPLING_SPLIT && !s->has_seed;
}

static bool
is_chosen(const struct sampling *s, int64_t index)
{
	return s->n_rows != 0 && bsearch(&index, s->rows, s->n_rows,
				     sizeof(*s->rows), compare_rows) != NULL;
}

/* The first TOTAL * percent / 100 rows, a half rounded up as Math.round does,
 * or where there is a seed those whose number is below it. */
static bool
is_train(const struct sampling *s, int64_t index, int64_t total)
{
	if (s->has_seed)
		return sampling_random(s->seed, index) < s->percent / 100;
	return (double)index < floor((double)total * s->percent / 100 + 0.5);
}

bool
sampling_keeps(
    const struct sampling *s, int64_t index, int64_t total, double random)
{
	switch (s->mode) {
	case SAMPLING_ROWS:
		return is_chosen(s, index);
	case SAMPLING_PERCENT:
		if (s->has_seed)
			random = sampling_random(s->seed, index);
		return random < s->percent / 100;
	case SAMPLING_SPLIT:
		return is_train(s, index, total) != s->test;
	case SAMPLING_ALL:
		break;
	}
	return true;
}

/* ToInt32 of the language, as the unsigned number of the same bits. */
static uint32_t
to_bits(double d)
{
	double m = fmod(trunc(d), 0x1p32);

	return (uint32_t)(int64_t)m;
}

double
sampling_random(double seed, int64_t index)
{
	uint32_t h = to_bits(seed + (double)index) + 0x6D2B79F5u;
	uint32_t t = (h ^ (h >> 15)) * (1u | h);

	t = (t + (t ^ (t >> 7)) * (61u | t)) ^ t;
	return (double)(t ^ (t >> 14)) / 0x1p32;
}
