/* Evals that look at the output as text: equal to, part of, one of.  What they
 * compare with is an option or the row's expected output. */
#include "score.h"

#include "../base/utf.h"

/* Texts are quoted in full up to here by exact_match, whose reason is what
 * AgentMark's own examples write. */
enum { EXACT_QUOTE = 1000 };

static const char *
quoted(struct arena *a, struct str text)
{
	return text.p != NULL ? text_cut(a, text, EXACT_QUOTE) : "undefined";
}

int
score_exact_match(const struct eval_case *c, const json_t *options,
    struct arena *a, struct score *out, struct err *err)
{
	struct str got = builtin_text(a, c->output);
	struct str want = builtin_text(a, c->expected);
	bool ok = got.p != NULL && want.p != NULL && str_eq(got, want);

	(void)options;
	(void)err;
	score_yes_no(out, ok);
	out->label = ok ? "correct" : "incorrect";
	out->reason = ok ? "Exact match"
			 : arena_printf(a, "Expected \"%s\", got \"%s\"",
			       quoted(a, want), quoted(a, got));
	return 0;
}

int
score_contains(const struct eval_case *c, const json_t *options,
    struct arena *a, struct score *out, struct err *err)
{
	const json_t *value = json_object_get(options, "value");
	struct str want = builtin_text(a, value ? value : c->expected);

	(void)err;
	score_yes_no(
	    out, want.p != NULL && text_contains(score_output(a, c), want));
	return 0;
}

/* A text and what is looked for in it, with and without regard to case. */
struct search {
	struct str text;
	bool fold;
};

static struct search
search_start(struct arena *a, const struct eval_case *c, const json_t *options)
{
	struct search s = {score_output(a, c), false};

	s.fold = option_bool(options, "ignore_case");
	if (s.fold)
		s.text = text_fold(a, s.text);
	return s;
}

static struct str
search_part(struct arena *a, const struct search *s, struct str part)
{
	return s->fold ? text_fold(a, part) : part;
}

int
score_icontains(const struct eval_case *c, const json_t *options,
    struct arena *a, struct score *out, struct err *err)
{
	const json_t *value = json_object_get(options, "value");
	struct str want = builtin_text(a, value ? value : c->expected);
	bool ok;

	if (want.p == NULL)
		return score_no_expected(err, "value");
	ok =
	    text_contains(text_fold(a, score_output(a, c)), text_fold(a, want));
	score_yes_no(out, ok);
	if (!ok)
		out->reason = arena_printf(
		    a, "%s is not in the output", score_quote_text(a, want));
	return 0;
}

int
score_contains_all(const struct eval_case *c, const json_t *options,
    struct arena *a, struct score *out, struct err *err)
{
	struct texts want = score_wanted(a, c, options, "values");
	struct search s = search_start(a, c, options);
	struct str missing = {NULL, 0};
	size_t found = 0;

	if (want.n == 0)
		return score_no_expected(err, "values");
	for (size_t i = 0; i < want.n; i++) {
		if (text_contains(s.text, search_part(a, &s, want.p[i])))
			found++;
		else if (missing.p == NULL)
			missing = want.p[i];
	}
	out->score = (double)found / (double)want.n;
	out->passed = found == want.n;
	out->reason = out->passed
			  ? arena_printf(a, "all %zu found", want.n)
			  : arena_printf(a, "%zu of %zu found; %s is missing",
				found, want.n, score_quote_text(a, missing));
	return 0;
}

int
score_contains_any(const struct eval_case *c, const json_t *options,
    struct arena *a, struct score *out, struct err *err)
{
	struct texts want = score_wanted(a, c, options, "values");
	struct search s = search_start(a, c, options);

	if (want.n == 0)
		return score_no_expected(err, "values");
	for (size_t i = 0; i < want.n; i++) {
		if (!text_contains(s.text, search_part(a, &s, want.p[i])))
			continue;
		score_yes_no(out, true);
		out->reason =
		    arena_printf(a, "%s found", score_quote_text(a, want.p[i]));
		return 0;
	}
	score_yes_no(out, false);
	out->reason = arena_printf(a, "none of %zu found", want.n);
	return 0;
}

/* starts_with and ends_with: any of several texts will do. */
static int
at_end(const struct eval_case *c, const json_t *options, struct arena *a,
    struct score *out, struct err *err, bool (*holds)(struct str, struct str))
{
	struct texts want = score_wanted(a, c, options, "value");
	struct search s = search_start(a, c, options);
	bool ok = false;

	if (want.n == 0)
		return score_no_expected(err, "value");
	for (size_t i = 0; i < want.n && !ok; i++)
		ok = holds(s.text, search_part(a, &s, want.p[i]));
	score_yes_no(out, ok);
	return 0;
}

int
score_starts_with(const struct eval_case *c, const json_t *options,
    struct arena *a, struct score *out, struct err *err)
{
	if (at_end(c, options, a, out, err, text_starts) < 0)
		return -1;
	if (!out->passed)
		out->reason = arena_printf(a, "the output starts with %s",
		    score_quote_text(a, score_output(a, c)));
	return 0;
}

int
score_ends_with(const struct eval_case *c, const json_t *options,
    struct arena *a, struct score *out, struct err *err)
{
	struct str text = score_output(a, c), tail = text;
	size_t i = 0, n = text_length(text);

	if (at_end(c, options, a, out, err, text_ends) < 0)
		return -1;
	if (out->passed)
		return 0;
	for (; n > TEXT_QUOTE; n--)
		(void)utf8_next(text, &i);
	tail = (struct str){text.p + i, text.len - i};
	out->reason = arena_printf(a, "the output ends with %s%s",
	    i != 0 ? "…" : "", score_quote_text(a, tail));
	return 0;
}

int
score_one_of(const struct eval_case *c, const json_t *options, struct arena *a,
    struct score *out, struct err *err)
{
	struct texts want = score_wanted(a, c, options, "values");
	struct search s = search_start(a, c, options);
	struct str text = text_trim(s.text);
	bool ok = false;

	if (want.n == 0)
		return score_no_expected(err, "values");
	for (size_t i = 0; i < want.n && !ok; i++)
		ok = str_eq(text, text_trim(search_part(a, &s, want.p[i])));
	score_yes_no(out, ok);
	if (!ok)
		out->reason = arena_printf(a, "%s is none of the %zu allowed",
		    score_quote_text(a, text_trim(score_output(a, c))), want.n);
	return 0;
}

int
score_is_empty(const struct eval_case *c, const json_t *options,
    struct arena *a, struct score *out, struct err *err)
{
	const json_t *value = c->output;
	bool empty = value == NULL || json_is_null(value);

	(void)options;
	(void)err;
	if (json_is_string(value))
		empty = text_trim(builtin_text(a, value)).len == 0;
	else if (json_is_array(value))
		empty = json_array_size(value) == 0;
	else if (json_is_object(value))
		empty = json_object_size(value) == 0;
	score_yes_no(out, empty);
	if (!empty)
		out->reason =
		    arena_printf(a, "the output is %s", score_quote(a, value));
	return 0;
}
