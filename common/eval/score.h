/* The functions behind the table of built-in evals, and what they share: their
 * options, the texts and values that they compare, and how a result is made. */
#ifndef SCORE_H
#define SCORE_H

#include "builtin.h"
#include "compare.h"
#include "text.h"

typedef int score_function(const struct eval_case *c, const json_t *options,
    struct arena *a, struct score *out, struct err *err);

/* score_text.c */
score_function score_exact_match, score_contains, score_icontains,
    score_contains_all, score_contains_any, score_starts_with, score_ends_with,
    score_one_of, score_is_empty;

/* score_refusal.c; the phrases end with NULL */
score_function score_is_refusal;
extern const char *const refusal_phrases[];

/* score_regex.c */
score_function score_regex;
int regex_check(const json_t *options, struct err *err) MUST_USE;

/* score_json.c */
score_function score_equals, score_json_valid, score_json_equal,
    score_json_diff, score_json_schema, score_contains_json;
int schema_option_check(const json_t *options, struct err *err) MUST_USE;

/* score_metric.c */
score_function score_levenshtein, score_rouge_1, score_rouge_2, score_rouge_l,
    score_bleu, score_gleu, score_chrf, score_f1;
int bleu_check(const json_t *options, struct err *err) MUST_USE;
int chrf_check(const json_t *options, struct err *err) MUST_USE;

/* score_number.c */
score_function score_numeric_close, score_length, score_word_count,
    score_latency, score_tokens;
int tokens_check(const json_t *options, struct err *err) MUST_USE;

/* score_list.c */
score_function score_list_overlap;
int list_check(const json_t *options, struct err *err) MUST_USE;

/* score_tool.c */
score_function score_tool_called, score_tool_args;

/* --- options */

bool option_bool(const json_t *options, const char *name);
double option_number(const json_t *options, const char *name, double otherwise);
struct str option_text(const json_t *options, const char *name);

/* A text or a list of texts; n is 0 when it is not set. */
struct texts option_texts(
    struct arena *a, const json_t *options, const char *name);

/* The index of the option's text in WORDS; 0 when it is not set, -1 and an
 * error when it is none of them. */
int option_word(const json_t *options, const char *name,
    const char *const *words, size_t n, struct err *err);

/* --- what is compared */

/* The output as text; empty when there is none. */
struct str score_output(struct arena *a, const struct eval_case *c);

/* A list as its items' texts, anything else as one text. */
struct texts score_texts(struct arena *a, const json_t *value);

/* The option NAME, or the row's expected output; n is 0 when neither is. */
struct texts score_wanted(struct arena *a, const struct eval_case *c,
    const json_t *options, const char *name);

/* VALUE, or what its text says as JSON; NULL when it says none, and the error
 * tells why.  Borrowed from the arena. */
const json_t *score_parse(
    struct arena *a, const json_t *value, struct err *err);

/* The error of a row that has nothing to compare with; -1. */
int score_no_expected(struct err *err, const char *option);

/* --- results */

/* Scores from this on pass, unless a threshold says otherwise. */
#define SCORE_PASS 0.5

void score_yes_no(struct score *out, bool passed);
void score_graded(struct score *out, double score);

/* A value as a reason quotes it, short. */
const char *score_quote(struct arena *a, const json_t *value);
const char *score_quote_text(struct arena *a, struct str text);
const char *score_number(struct arena *a, double number);

/* "expected 3.5, got 4 at /nested/ratio"; NULL when nothing differs. */
const char *score_difference(struct arena *a, const struct difference *d);

#endif
