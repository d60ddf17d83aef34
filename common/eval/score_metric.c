/* The text metrics as evals: the output against the expected text, or the best
 * of several.  The numbers are made in metrics.c. */
#include "score.h"

#include "metrics.h"
#include "../base/limits.h"

#include <math.h>

/* The texts of one metric as numbers. */
struct sides {
	struct vocab vocab;
	struct ids out, *refs;
	size_t n_refs;
};

/* What is expected: a list of texts is several references, any other value is
 * one text. */
static struct texts
references(struct arena *a, const json_t *expected)
{
	size_t n = json_is_array(expected) ? json_array_size(expected) : 0;
	struct str *one;
	bool list = n != 0;

	for (size_t i = 0; i < n && list; i++)
		list = json_is_string(json_array_get(expected, i));
	if (list)
		return score_texts(a, expected);
	one = arena_alloc(a, sizeof(*one));
	*one = builtin_text(a, expected);
	return (struct texts){one, 1};
}

static int
check_size(struct str text, struct err *err)
{
	if (text.len <= LIMIT_METRIC_BYTES)
		return 0;
	return fail(err, ERR_INTERNAL,
	    "a text of %zu bytes is too long for this metric (limit: %u)",
	    text.len, LIMIT_METRIC_BYTES);
}

typedef struct ids tokenizer(struct vocab *v, struct str text);

static struct str
prepared(struct arena *a, struct str text, bool lower)
{
	return lower ? text_lower(a, text) : text;
}

/* Ended by sides_end() when it succeeds. */
static int
sides_start(struct sides *s, const struct eval_case *c, struct arena *a,
    tokenizer *split, bool lower, struct err *err)
{
	struct str out = score_output(a, c);
	struct texts refs;
	size_t total = out.len;

	if (c->expected == NULL)
		return score_no_expected(err, NULL);
	refs = references(a, c->expected);
	if (check_size(out, err) != 0)
		return -1;
	for (size_t i = 0; i < refs.n; i++) {
		if (check_size(refs.p[i], err) != 0)
			return -1;
		total += refs.p[i].len;
	}
	if (check_size((struct str){NULL, total / 4}, err) != 0)
		return -1;
	vocab_init(&s->vocab, a);
	s->n_refs = refs.n;
	s->refs = arena_array(a, refs.n, sizeof(*s->refs));
	s->out = split(&s->vocab, prepared(a, out, lower));
	for (size_t i = 0; i < refs.n; i++)
		s->refs[i] = split(&s->vocab, prepared(a, refs.p[i], lower));
	return 0;
}

static void
sides_end(struct sides *s)
{
	vocab_free(&s->vocab);
}

static void
report(struct arena *a, struct score *out, const char *name, double score,
    size_t n_refs)
{
	score_graded(out, score);
	if (n_refs == 1)
		out->reason = arena_printf(a, "%s %.4f", name, score);
	else
		out->reason = arena_printf(
		    a, "%s %.4f with %zu references", name, score, n_refs);
}

/* --- one reference at a time, the best counts */

static double
rouge_1(struct ids out, struct ids ref)
{
	return metric_rouge_n(out, ref, 1);
}

static double
rouge_2(struct ids out, struct ids ref)
{
	return metric_rouge_n(out, ref, 2);
}

static int
best(const struct eval_case *c, struct arena *a, struct score *out,
    struct err *err, tokenizer *split, const char *name,
    double (*metric)(struct ids, struct ids))
{
	struct sides s;
	double score = 0;

	if (sides_start(&s, c, a, split, false, err) != 0)
		return -1;
	for (size_t i = 0; i < s.n_refs; i++)
		score = fmax(score, metric(s.out, s.refs[i]));
	report(a, out, name, score, s.n_refs);
	sides_end(&s);
	return 0;
}

int
score_rouge_1(const struct eval_case *c, const json_t *options, struct arena *a,
    struct score *out, struct err *err)
{
	(void)options;
	return best(c, a, out, err, tokens_rouge, "ROUGE-1", rouge_1);
}

int
score_rouge_2(const struct eval_case *c, const json_t *options, struct arena *a,
    struct score *out, struct err *err)
{
	(void)options;
	return best(c, a, out, err, tokens_rouge, "ROUGE-2", rouge_2);
}

int
score_gleu(const struct eval_case *c, const json_t *options, struct arena *a,
    struct score *out, struct err *err)
{
	(void)options;
	return best(c, a, out, err, tokens_13a, "GLEU", metric_gleu);
}

int
score_f1(const struct eval_case *c, const json_t *options, struct arena *a,
    struct score *out, struct err *err)
{
	(void)options;
	return best(c, a, out, err, tokens_squad, "F1", metric_f1);
}

/* --- quadratic ones */

static int
too_long(struct err *err)
{
	return fail(err, ERR_INTERNAL,
	    "the texts are too long to be compared by this metric");
}

int
score_rouge_l(const struct eval_case *c, const json_t *options, struct arena *a,
    struct score *out, struct err *err)
{
	size_t steps = LIMIT_EDIT_STEPS, common, i;
	struct sides s;
	double score = 0;

	(void)options;
	if (sides_start(&s, c, a, tokens_rouge, false, err) != 0)
		return -1;
	for (i = 0; i < s.n_refs; i++) {
		size_t n = s.out.n, m = s.refs[i].n;

		if (!metric_lcs(s.out, s.refs[i], &steps, &common))
			break;
		if (common != 0)
			score = fmax(score, metric_f((double)common / (double)n,
						(double)common / (double)m));
	}
	report(a, out, "ROUGE-L", score, s.n_refs);
	sides_end(&s);
	return i == s.n_refs ? 0 : too_long(err);
}

static struct ids
characters(struct vocab *v, struct str text)
{
	return tokens_chars(v->arena, text, true);
}

static struct ids
visible_characters(struct vocab *v, struct str text)
{
	return tokens_chars(v->arena, text, false);
}

/* The fewest edits to a reference, of which the longest text's length is
 * *LONGER; false when the texts are too long. */
static bool
fewest_edits(const struct sides *s, size_t *edits, size_t *longer)
{
	size_t steps = LIMIT_EDIT_STEPS;
	double best_share = 2;

	for (size_t i = 0; i < s->n_refs; i++) {
		size_t n = s->out.n, m = s->refs[i].n, distance;
		double share;

		n = n > m ? n : m;
		if (!metric_distance(s->out, s->refs[i], &steps, &distance))
			return false;
		share = n != 0 ? (double)distance / (double)n : 0;
		if (share >= best_share)
			continue;
		best_share = share;
		*edits = distance;
		*longer = n;
	}
	return true;
}

int
score_levenshtein(const struct eval_case *c, const json_t *options,
    struct arena *a, struct score *out, struct err *err)
{
	double most = option_number(options, "max_distance", -1);
	size_t edits = 0, longer = 0;
	struct sides s;
	bool ok;

	if (sides_start(&s, c, a, characters,
		option_bool(options, "ignore_case"), err) != 0)
		return -1;
	ok = fewest_edits(&s, &edits, &longer);
	sides_end(&s);
	if (!ok)
		return too_long(err);
	score_graded(out, longer != 0 ? 1 - (double)edits / (double)longer : 1);
	if (most >= 0)
		out->passed = (double)edits <= most;
	out->reason = arena_printf(a, "%zu edit%s in %zu characters", edits,
	    edits == 1 ? "" : "s", longer);
	return 0;
}

/* --- BLEU and chrF */

static const char *const smoothings[] = {
    [BLEU_EXP] = "exp",
    [BLEU_FLOOR] = "floor",
    [BLEU_ADD_K] = "add-k",
    [BLEU_NONE] = "none",
};
_Static_assert(ARRAY_LEN(smoothings) == BLEU__MAX, "a name for each");

static const char *const splits[] = {"13a", "none", "char"};
static tokenizer *const splitters[] = {
    tokens_13a, tokens_words, visible_characters};
_Static_assert(ARRAY_LEN(splits) == ARRAY_LEN(splitters), "one for each");

int
bleu_check(const json_t *options, struct err *err)
{
	if (option_word(options, "smoothing", smoothings, ARRAY_LEN(smoothings),
		err) < 0)
		return -1;
	return option_word(options, "tokenize", splits, ARRAY_LEN(splits), err);
}

int
score_bleu(const struct eval_case *c, const json_t *options, struct arena *a,
    struct score *out, struct err *err)
{
	int smoothing = option_word(
	    options, "smoothing", smoothings, ARRAY_LEN(smoothings), err);
	int split =
	    option_word(options, "tokenize", splits, ARRAY_LEN(splits), err);
	double value = option_number(options, "smooth_value", NAN);
	struct sides s;

	if (smoothing < 0 || split < 0)
		return -1;
	if (sides_start(&s, c, a, splitters[split],
		option_bool(options, "lowercase"), err) != 0)
		return -1;
	report(a, out, "BLEU",
	    metric_bleu(
		s.out, s.refs, s.n_refs, (enum bleu_smoothing)smoothing, value),
	    s.n_refs);
	sides_end(&s);
	return 0;
}

static int
read_chrf(const json_t *options, struct chrf *chrf, struct err *err)
{
	double order = option_number(options, "order", 6);

	chrf->beta = option_number(options, "beta", 2);
	chrf->eps_smoothing = option_bool(options, "eps_smoothing");
	if (!(order >= 1 && order <= METRIC_ORDERS) || order != floor(order))
		return fail(err, ERR_UNCONFIGURED,
		    "'order' is a whole number from 1 to %d", METRIC_ORDERS);
	if (!(chrf->beta > 0))
		return fail(err, ERR_UNCONFIGURED, "'beta' is above 0");
	chrf->order = (size_t)order;
	return 0;
}

int
chrf_check(const json_t *options, struct err *err)
{
	struct chrf chrf;

	return read_chrf(options, &chrf, err);
}

int
score_chrf(const struct eval_case *c, const json_t *options, struct arena *a,
    struct score *out, struct err *err)
{
	bool spaces = option_bool(options, "whitespace");
	struct chrf chrf;
	struct sides s;
	double score = 0;

	if (read_chrf(options, &chrf, err) != 0 ||
	    sides_start(&s, c, a, spaces ? characters : visible_characters,
		option_bool(options, "lowercase"), err) != 0)
		return -1;
	for (size_t i = 0; i < s.n_refs; i++)
		score = fmax(score, metric_chrf(s.out, s.refs[i], &chrf));
	report(a, out, "chrF", score, s.n_refs);
	sides_end(&s);
	return 0;
}
