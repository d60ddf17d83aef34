/* The table of built-in evals: their names, what they say about themselves, and
 * the functions that run them.  Documentation and the check of options are made
 * from it.  It refuses to score anything itself. */
#include "builtin.h"

#include "score.h"
#include "../base/json.h"
#include "../base/limits.h"
#include "../base/utf.h"

#include <string.h>

#define VALUE_HELP "what to look for, instead of the row's expected_output"
#define VALUES_HELP "one text or several, instead of the row's expected_output"
#define CASE_HELP "ignore upper and lower case"

static const struct eval_option value_text[] = {
    {"value", EVAL_TEXT, VALUE_HELP},
    {0},
};
static const struct eval_option value_texts[] = {
    {"value", EVAL_TEXTS, VALUES_HELP "; any of them will do"},
    {"ignore_case", EVAL_BOOL, CASE_HELP},
    {0},
};
static const struct eval_option values_texts[] = {
    {"values", EVAL_TEXTS, VALUES_HELP},
    {"ignore_case", EVAL_BOOL, CASE_HELP},
    {0},
};
static const struct eval_option value_json[] = {
    {"value", EVAL_JSON,
	"what to compare with, instead of the row's "
	"expected_output"},
    {0},
};
static const struct eval_option diff_options[] = {
    {"value", EVAL_JSON,
	"what to compare with, instead of the row's "
	"expected_output"},
    {"fuzzy", EVAL_BOOL,
	"texts earn their share of equal characters, numbers "
	"1 - |a - b| / (|a| + |b|)"},
    {0},
};
static const struct eval_option schema_options[] = {
    {"schema", EVAL_JSON,
	"the JSON Schema (2020-12), instead of the row's expected_output"},
    {0},
};
static const struct eval_option contains_json_options[] = {
    {"value", EVAL_JSON,
	"an object or list that the JSON must have all of, "
	"instead of the row's expected_output"},
    {"schema", EVAL_JSON, "a JSON Schema that it must satisfy"},
    {0},
};
static const struct eval_option regex_options[] = {
    {"pattern", EVAL_TEXT,
	"a pattern of PCRE2, instead of the row's expected_output"},
    {"flags", EVAL_TEXT,
	"letters: i ignores case, m lets ^ and $ match at "
	"lines, s lets . match line ends, x allows spaces"},
    {0},
};
static const struct eval_option levenshtein_options[] = {
    {"max_distance", EVAL_NUMBER,
	"passes with at most so many edits, whatever the score"},
    {"ignore_case", EVAL_BOOL, CASE_HELP},
    {0},
};
static const struct eval_option bleu_options[] = {
    {"tokenize", EVAL_TEXT,
	"13a (default), none: words between white space, "
	"char: every character, for Chinese and Japanese"},
    {"smoothing", EVAL_TEXT, "exp (default), floor, add-k or none"},
    {"smooth_value", EVAL_NUMBER, "of floor (default 0.1) and add-k (1)"},
    {"lowercase", EVAL_BOOL, CASE_HELP},
    {0},
};
static const struct eval_option chrf_options[] = {
    {"order", EVAL_NUMBER, "the longest n-grams, in characters (default 6)"},
    {"beta", EVAL_NUMBER, "how much more recall weighs (default 2)"},
    {"whitespace", EVAL_BOOL, "count white space too"},
    {"lowercase", EVAL_BOOL, CASE_HELP},
    {"eps_smoothing", EVAL_BOOL,
	"lengths of which there is no n-gram count as 0, as in chrF++.py and "
	"NLTK"},
    {0},
};
static const struct eval_option close_options[] = {
    {"value", EVAL_JSON, "the number, instead of the row's expected_output"},
    {"tolerance", EVAL_NUMBER, "allowed difference (default 1e-9)"},
    {"relative", EVAL_NUMBER,
	"allowed difference as a share of the number (default 1e-6); the "
	"larger of both counts"},
    {0},
};
static const struct eval_option overlap_options[] = {
    {"values", EVAL_TEXTS, VALUES_HELP},
    {"measure", EVAL_TEXT,
	"jaccard (default): common items over all; recall: "
	"over the expected; precision: over those of the "
	"output; f1: of both"},
    {"ignore_case", EVAL_BOOL, CASE_HELP},
    {0},
};
static const struct eval_option bounds[] = {
    {"min", EVAL_NUMBER, "the least that passes (default 1 if max is not set)"},
    {"max", EVAL_NUMBER, "the most that passes"},
    {0},
};
static const struct eval_option refusal_options[] = {
    {"phrases", EVAL_TEXTS, "more phrases that mean a refusal"},
    {0},
};
static const struct eval_option latency_options[] = {
    {"max_ms", EVAL_NUMBER,
	"the most that passes (default 10000 if min_ms is not set)"},
    {"min_ms", EVAL_NUMBER, "the least that passes"},
    {0},
};
static const struct eval_option tokens_options[] = {
    {"max", EVAL_NUMBER,
	"the most that passes (default 4096 if min is not set)"},
    {"min", EVAL_NUMBER, "the least that passes"},
    {"count", EVAL_TEXT, "total (default), input or output"},
    {0},
};
static const struct eval_option called_options[] = {
    {"name", EVAL_TEXTS,
	"the tool or tools, instead of names in the row's expected_output"},
    {0},
};
static const struct eval_option args_options[] = {
    {"name", EVAL_TEXT, "the tool (default: any)"},
    {"args", EVAL_JSON,
	"an object of arguments, instead of the row's expected_output"},
    {0},
};

#define BEST " With a list of texts expected, the best one counts."

const struct builtin builtins[] = {
    {"exact_match", "Passes when the output is the expected output, as text.",
	NULL, score_exact_match, NULL},
    {"equals",
	"Passes when the output is the expected value, of the same type: 42 "
	"is not \"42\". The order of an object's members does not matter.",
	value_json, score_equals, NULL},
    {"contains", "Passes when the expected text is part of the output.",
	value_text, score_contains, NULL},
    {"icontains",
	"Passes when the expected text is part of the output, whatever the "
	"case of letters.",
	value_text, score_icontains, NULL},
    {"contains_all",
	"Passes when every one of the texts is part of the output; the score "
	"is the share of them that is.",
	values_texts, score_contains_all, NULL},
    {"contains_any",
	"Passes when at least one of the texts is part of the output.",
	values_texts, score_contains_any, NULL},
    {"starts_with", "Passes when the output starts with the expected text.",
	value_texts, score_starts_with, NULL},
    {"ends_with", "Passes when the output ends with the expected text.",
	value_texts, score_ends_with, NULL},
    {"regex",
	"Passes when the pattern is found in the output. A search that takes "
	"too many steps is a failed eval.",
	regex_options, score_regex, regex_check},
    {"one_of",
	"Passes when the output, without white space around it, is one of "
	"the texts.",
	values_texts, score_one_of, NULL},
    {"is_empty",
	"Passes when the output is nothing, null, white space, or a list or "
	"object without anything in it.",
	NULL, score_is_empty, NULL},
    {"is_refusal",
	"Passes when the first 300 characters of the output hold a phrase of "
	"those below: the model refuses to answer.",
	refusal_options, score_is_refusal, NULL},
    {"length",
	"Passes when the output has as many characters (Unicode code points) "
	"as allowed.",
	bounds, score_length, NULL},
    {"word_count",
	"Passes when the output has as many words, between white space, as "
	"allowed.",
	bounds, score_word_count, NULL},
    {"json_valid", "Passes when the output is JSON.", NULL, score_json_valid,
	NULL},
    {"json_equal",
	"Passes when output and expected output are the same JSON; texts that "
	"hold JSON are read first.",
	value_json, score_json_equal, NULL},
    {"json_diff",
	"The share of the expected JSON that the output has: members of an "
	"object and items of a list count the same, unexpected ones count "
	"against it. Passes when nothing differs.",
	diff_options, score_json_diff, NULL},
    {"json_schema", "Passes when the output is JSON that the schema allows.",
	schema_options, score_json_schema, schema_option_check},
    {"contains_json",
	"Passes when there is a JSON object or list in the output, within "
	"other text or not, that has all that the expected one has. Lists "
	"must have as many items. Of the brackets in a text, the first 100 "
	"are tried.",
	contains_json_options, score_contains_json, schema_option_check},
    {"levenshtein",
	"1 - edits / characters of the longer text, where an edit inserts, "
	"deletes or replaces a character (a Unicode code point)." BEST,
	levenshtein_options, score_levenshtein, NULL},
    {"rouge_1",
	"ROUGE-1, F measure, as google-research's rouge_score without its "
	"stemmer: words are runs of a-z and 0-9 after lower-casing, so it is "
	"for languages in Latin letters." BEST,
	NULL, score_rouge_1, NULL},
    {"rouge_2", "ROUGE-2, the same for pairs of words." BEST, NULL,
	score_rouge_2, NULL},
    {"rouge_l",
	"ROUGE-L, the same for the longest common subsequence of words." BEST,
	NULL, score_rouge_l, NULL},
    {"bleu",
	"Sentence BLEU as sacreBLEU 2 computes it (13a, exp smoothing, "
	"effective order), divided by 100. A list of texts expected is "
	"several references.",
	bleu_options, score_bleu, bleu_check},
    {"gleu",
	"Google's BLEU (GLEU) of one sentence as NLTK computes it, over "
	"n-grams of one to four words; words are those of bleu's 13a." BEST,
	NULL, score_gleu, NULL},
    {"chrf",
	"chrF2 of one sentence as sacreBLEU 2 computes it, divided by 100: "
	"n-grams of one to six characters, white space left out." BEST,
	chrf_options, score_chrf, chrf_check},
    {"f1",
	"F1 of the words as SQuAD's evaluation script computes it: lower "
	"case, without ASCII punctuation and without a, an and the." BEST,
	NULL, score_f1, NULL},
    {"numeric_close",
	"Passes when the output's number is close to the expected one. Of a "
	"text with several numbers the last one counts; commas between "
	"thousands are left out.",
	close_options, score_numeric_close, NULL},
    {"list_overlap",
	"What the output's and the expected items have in common. Items come "
	"from a list, a text that is a JSON list, lines, or what stands "
	"between commas; each counts once.",
	overlap_options, score_list_overlap, list_check},
    {"latency", "Passes when the model answered in time.", latency_options,
	score_latency, NULL},
    {"tokens", "Passes when the model used as many tokens as allowed.",
	tokens_options, score_tokens, tokens_check},
    {"tool_called",
	"Passes when the model called all of the tools; the score is the "
	"share that it called. Without names, any call passes.",
	called_options, score_tool_called, NULL},
    {"tool_args",
	"Passes when one of the model's tool calls has all of the arguments, "
	"and maybe others.",
	args_options, score_tool_args, NULL},
};
const size_t n_builtins = ARRAY_LEN(builtins);

const struct builtin *
builtin_find(const char *name)
{
	for (size_t i = 0; i < n_builtins; i++) {
		if (strcmp(builtins[i].name, name) == 0)
			return &builtins[i];
	}
	return NULL;
}

/* --- options */

static bool
are_texts(const json_t *value)
{
	for (size_t i = 0; i < json_array_size(value); i++) {
		if (!json_is_string(json_array_get(value, i)))
			return false;
	}
	return json_is_string(value) || json_array_size(value) != 0;
}

/* What a value of TYPE is called, or NULL when VALUE is one. */
static const char *
mistake(enum eval_option_type type, const json_t *value)
{
	switch (type) {
	case EVAL_TEXT:
		return json_is_string(value) ? NULL : "a text";
	case EVAL_TEXTS:
		return are_texts(value) ? NULL : "a text or a list of texts";
	case EVAL_NUMBER:
		return json_is_number(value) ? NULL : "a number";
	case EVAL_BOOL:
		return json_is_boolean(value) ? NULL : "true or false";
	case EVAL_JSON:
	default:
		return NULL;
	}
}

static int
unknown(const struct builtin *b, const char *name, struct err *err)
{
	const struct eval_option *o = b->options;
	struct buf names;

	buf_init(&names, 1024);
	for (; o != NULL && o->name != NULL; o++)
		buf_addf(&names, "%s%s", names.len != 0 ? ", " : "", o->name);
	(void)fail(err, ERR_UNCONFIGURED,
	    "'%s' has no option '%.80s'; it takes %s", b->name, name,
	    names.len != 0 ? buf_str(&names) : "none");
	buf_free(&names);
	return -1;
}

static int
check_option(const struct builtin *b, const char *name, const json_t *value,
    struct err *err)
{
	const struct eval_option *o = b->options;
	const char *is;

	while (o != NULL && o->name != NULL && strcmp(o->name, name) != 0)
		o++;
	if (o == NULL || o->name == NULL)
		return unknown(b, name, err);
	is = mistake(o->type, value);
	if (is == NULL)
		return 0;
	return fail(
	    err, ERR_UNCONFIGURED, "'%s' of '%s' is not %s", name, b->name, is);
}

int
builtin_check(const struct builtin *b, const json_t *options, struct err *err)
{
	json_t *walked = (json_t *)options;
	void *it;

	if (options == NULL)
		return 0;
	if (!json_is_object(options))
		return fail(err, ERR_UNCONFIGURED,
		    "the options of '%s' are not an object", b->name);
	for (it = json_object_iter(walked); it != NULL;
	     it = json_object_iter_next(walked, it)) {
		if (check_option(b, json_object_iter_key(it),
			json_object_iter_value(it), err) != 0)
			return -1;
	}
	if (b->check == NULL || b->check(options, err) >= 0)
		return 0;
	err_prefix(err, "'%s'", b->name);
	return -1;
}

/* --- what is scored */

struct str
builtin_text(struct arena *a, const json_t *value)
{
	struct str text;
	struct buf b;

	if (value == NULL)
		return (struct str){NULL, 0};
	if (json_is_string(value))
		return json_str(value);
	buf_init(&b, LIMIT_LINE_BYTES);
	json_print(&b, value);
	text = (struct str){arena_strndup(a, buf_str(&b), b.len), b.len};
	buf_free(&b);
	return text;
}
