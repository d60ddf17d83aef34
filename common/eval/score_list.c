/* How much two lists have in common, as sets of texts.  It refuses to compare
 * items by anything but equality. */
#include "score.h"

#include "tokens.h"
#include "../base/limits.h"
#include "../base/utf.h"

#include <stdlib.h>
#include <string.h>

static const char *const measures[] = {"jaccard", "f1", "recall", "precision"};

enum measure { JACCARD, F1, RECALL, PRECISION };

int
list_check(const json_t *options, struct err *err)
{
	return option_word(
	    options, "measure", measures, ARRAY_LEN(measures), err);
}

/* Parts of TEXT, one a line, or between commas when it is a single line. */
static struct texts
split(struct arena *a, struct str text)
{
	struct str *parts = arena_array(a, text.len + 1, sizeof(*parts));
	char by;
	size_t n = 0, start = 0;

	text = text_trim(text);
	by = text.len != 0 && memchr(text.p, '\n', text.len) ? '\n' : ',';
	for (size_t i = 0; i <= text.len; i++) {
		struct str part;

		if (i < text.len && text.p[i] != by)
			continue;
		part = text_trim((struct str){text.p + start, i - start});
		if (part.len != 0)
			parts[n++] = part;
		start = i + 1;
	}
	return (struct texts){parts, n};
}

/* A list, or a text that holds one as JSON, in lines or between commas. */
static struct texts
items(struct arena *a, const json_t *value)
{
	struct err why = {0};
	const json_t *parsed = score_parse(a, value, &why);

	err_free(&why);
	if (json_is_array(parsed))
		return score_texts(a, parsed);
	if (json_is_string(value))
		return split(a, builtin_text(a, value));
	return value != NULL ? score_texts(a, value) : (struct texts){NULL, 0};
}

/* Items that occur in OUT, in WANT and in both, each counted once. */
struct sets {
	size_t out, want, both;
};

static void
add_items(struct pairs *pairs, unsigned char *seen, unsigned char bit,
    struct texts texts, struct arena *a, bool fold)
{
	for (size_t i = 0; i < texts.n; i++) {
		struct str text = text_trim(texts.p[i]);
		uint32_t id = 0;

		if (fold)
			text = text_fold(a, text);
		for (size_t k = 0; k < text.len; k++)
			id = pairs_id(pairs, id, (unsigned char)text.p[k]) + 1;
		seen[id] |= bit;
	}
}

/* An upper bound of the numbers that add_items() makes. */
static size_t
room(struct texts texts)
{
	size_t n = 1;

	/* Folding makes a text three times as long at most. */
	for (size_t i = 0; i < texts.n; i++)
		n += 3 * texts.p[i].len;
	return n;
}

static struct sets
compare(struct arena *a, struct texts out, struct texts want, bool fold)
{
	size_t n = room(out) + room(want);
	unsigned char *seen = arena_zalloc(a, n);
	struct sets sets = {0, 0, 0};
	struct pairs pairs;

	pairs_init(&pairs);
	add_items(&pairs, seen, 1, out, a, fold);
	add_items(&pairs, seen, 2, want, a, fold);
	for (size_t i = 0; i < n; i++) {
		sets.out += seen[i] & 1;
		sets.want += seen[i] >> 1;
		sets.both += seen[i] == 3;
	}
	pairs_free(&pairs);
	return sets;
}

static double
measure(const struct sets *s, enum measure measure)
{
	size_t whole = s->out + s->want - s->both;

	if (whole == 0)
		return 1;
	switch (measure) {
	case F1:
		return 2 * (double)s->both / (double)(s->out + s->want);
	case RECALL:
		return s->want != 0 ? (double)s->both / (double)s->want : 1;
	case PRECISION:
		return s->out != 0 ? (double)s->both / (double)s->out : 0;
	case JACCARD:
	default:
		return (double)s->both / (double)whole;
	}
}

int
score_list_overlap(const struct eval_case *c, const json_t *options,
    struct arena *a, struct score *out, struct err *err)
{
	const json_t *value = json_object_get(options, "values");
	int kind =
	    option_word(options, "measure", measures, ARRAY_LEN(measures), err);
	struct sets sets;

	if (kind < 0)
		return -1;
	if (value == NULL)
		value = c->expected;
	if (value == NULL)
		return score_no_expected(err, "values");
	sets = compare(a, items(a, c->output), items(a, value),
	    option_bool(options, "ignore_case"));
	score_graded(out, measure(&sets, (enum measure)kind));
	out->reason =
	    arena_printf(a, "%zu in common, %zu in the output, %zu expected",
		sets.both, sets.out, sets.want);
	return 0;
}
