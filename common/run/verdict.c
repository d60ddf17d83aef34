/* Reads what judges answer and counts their votes.  It refuses to know how
 * they were asked. */
#include "verdict.h"

#include "../base/json.h"
#include "../base/limits.h"

#include <math.h>
#include <string.h>

static const char *
text_at(struct arena *a, const json_t *object, const char *key)
{
	const json_t *text = json_object_get(object, key);

	if (json_string_length(text) == 0)
		return NULL;
	return arena_strndup(
	    a, json_string_value(text), json_string_length(text));
}

/* What a failure says, for a judge that answers {"error": text} too. */
static const char *
failure_of(struct arena *a, const json_t *answer)
{
	const char *error = text_at(a, answer, "error");

	if (!json_is_object(answer))
		return "the judge's answer is no JSON object";
	return error != NULL ? error
			     : "the judge's answer has no score from 0 to 1";
}

void
verdict_read(
    struct arena *a, const json_t *answer, double threshold, struct verdict *v)
{
	const json_t *score = json_object_get(answer, "score");
	const json_t *passed = json_object_get(answer, "passed");

	v->failure = NULL;
	v->label = text_at(a, answer, "label");
	v->reason = text_at(a, answer, "reason");
	v->score = -1;
	if (json_is_number(score))
		v->score = json_number_value(score);
	else if (json_is_boolean(passed))
		v->score = json_is_true(passed) ? 1 : 0;
	if (v->score >= 0 && v->score <= 1)
		v->passed = json_is_boolean(passed) ? json_is_true(passed)
						    : v->score >= threshold;
	else
		v->failure = failure_of(a, answer);
}

json_t *
verdict_find(struct str text)
{
	const char *from = memchr(text.p, '{', text.len);
	const char *to = memrchr(text.p, '}', text.len);
	struct err ignored = {0};
	json_t *answer;

	if (from == NULL || to == NULL || to < from)
		return NULL;
	answer =
	    json_read((struct str){from, (size_t)(to + 1 - from)}, &ignored);
	err_free(&ignored);
	return answer;
}

/* Above, below or at the middle, seen from the first side. */
static int
side(double score)
{
	return (score > 0.5) - (score < 0.5);
}

static const char *
both_reasons(
    struct arena *a, const struct verdict *first, const struct verdict *swapped)
{
	if (first->reason == NULL || swapped->reason == NULL)
		return "the verdict depends on the order";
	return arena_printf(a, "the verdict depends on the order: %s | %s",
	    first->reason, swapped->reason);
}

void
verdict_join(struct arena *a, const struct verdict *first,
    const struct verdict *swapped, double threshold, struct verdict *out)
{
	static const char *const labels[] = {"loss", "tie", "win"};
	int one, two;

	*out = *first;
	if (first->failure == NULL)
		out->failure = swapped->failure;
	if (out->failure != NULL)
		return;
	one = side(first->score);
	two = -side(swapped->score);
	if (one != two) {
		one = 0;
		out->reason = both_reasons(a, first, swapped);
	}
	out->score = (one + 1) / 2.0;
	out->label = labels[one + 1];
	out->passed = out->score >= threshold;
}

/* The label that those who voted PASSED gave most often; of equals the one
 * that was given first. */
static const char *
common_label(const struct verdict *v, size_t n, bool passed)
{
	const char *best = NULL;
	size_t most = 0, count, i, j;

	for (i = 0; i < n; i++) {
		if (v[i].failure != NULL || v[i].label == NULL ||
		    v[i].passed != passed)
			continue;
		for (count = 0, j = 0; j < n; j++)
			if (v[j].failure == NULL && v[j].label != NULL &&
			    v[j].passed == passed &&
			    strcmp(v[j].label, v[i].label) == 0)
				count++;
		if (count > most) {
			most = count;
			best = v[i].label;
		}
	}
	return best;
}

/* "MODEL: reason" for each, or the reason alone when there is one judge. */
static const char *
all_reasons(struct arena *a, const struct verdict *v, size_t n)
{
	const char *text = NULL;
	struct buf b;
	size_t i;

	buf_init(&b, LIMIT_ERR_BYTES);
	for (i = 0; i < n; i++) {
		const char *said =
		    v[i].failure != NULL ? v[i].failure : v[i].reason;

		if (said == NULL)
			continue;
		buf_adds(&b, b.len != 0 ? "\n" : "");
		if (v[i].judge != NULL)
			buf_addf(&b, "%s: ", v[i].judge);
		if (v[i].judge != NULL && v[i].failure != NULL)
			buf_adds(&b, "failed: ");
		buf_adds(&b, said);
	}
	if (b.len != 0)
		text = arena_strndup(a, buf_str(&b), b.len);
	buf_free(&b);
	return text;
}

int
verdict_vote(struct arena *a, const struct verdict *v, size_t n,
    struct score *out, struct err *err)
{
	size_t votes = 0, for_it = 0, i;
	double sum = 0;

	for (i = 0; i < n; i++) {
		if (v[i].failure != NULL)
			continue;
		votes++;
		for_it += v[i].passed ? 1 : 0;
		sum += v[i].score;
	}
	*out = (struct score){.reason = all_reasons(a, v, n)};
	if (votes == 0)
		return fail(err, ERR_PROVIDER, "%s",
		    out->reason != NULL ? out->reason : "there is no judge");
	out->score = sum / (double)votes;
	out->passed = 2 * for_it > votes;
	out->label = common_label(v, n, out->passed);
	return 0;
}
