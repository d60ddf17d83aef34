/* What built-in evals share: reading their options, which were checked before,
 * and making results and reasons.  It refuses to know any eval. */
#include "score.h"

#include "../base/js.h"
#include "../base/json.h"
#include "../base/utf.h"

/* --- options */

bool
option_bool(const json_t *options, const char *name)
{
	return json_is_true(json_object_get(options, name));
}

double
option_number(const json_t *options, const char *name, double otherwise)
{
	const json_t *value = json_object_get(options, name);

	return json_is_number(value) ? json_number_value(value) : otherwise;
}

struct str
option_text(const json_t *options, const char *name)
{
	return json_str(json_object_get(options, name));
}

struct texts
option_texts(struct arena *a, const json_t *options, const char *name)
{
	const json_t *value = json_object_get(options, name);

	return value != NULL ? score_texts(a, value) : (struct texts){NULL, 0};
}

int
option_word(const json_t *options, const char *name, const char *const *words,
    size_t n, struct err *err)
{
	struct str text = option_text(options, name);
	struct buf b;

	if (text.p == NULL)
		return 0;
	for (size_t i = 0; i < n; i++) {
		if (str_is(text, words[i]))
			return (int)i;
	}
	buf_init(&b, 256);
	for (size_t i = 0; i < n; i++)
		buf_addf(&b, "%s%s", i != 0 ? ", " : "", words[i]);
	(void)fail(err, ERR_UNCONFIGURED, "'%s' is '%.*s', but may be %s", name,
	    (int)(text.len < 80 ? text.len : 80), text.p, buf_str(&b));
	buf_free(&b);
	return -1;
}

/* --- what is compared */

struct str
score_output(struct arena *a, const struct eval_case *c)
{
	struct str text = builtin_text(a, c->output);

	return text.p != NULL ? text : STR("");
}

struct texts
score_texts(struct arena *a, const json_t *value)
{
	size_t n = json_is_array(value) ? json_array_size(value) : 1;
	struct str *texts = arena_array(a, n + 1, sizeof(*texts));

	if (!json_is_array(value))
		texts[0] = builtin_text(a, value);
	for (size_t i = 0; json_is_array(value) && i < n; i++)
		texts[i] = builtin_text(a, json_array_get(value, i));
	return (struct texts){texts, n};
}

struct texts
score_wanted(struct arena *a, const struct eval_case *c, const json_t *options,
    const char *name)
{
	struct texts texts = option_texts(a, options, name);

	if (texts.n != 0 || c->expected == NULL)
		return texts;
	return score_texts(a, c->expected);
}

const json_t *
score_parse(struct arena *a, const json_t *value, struct err *err)
{
	if (value == NULL) {
		(void)fail(err, ERR_REQUEST, "there is no value");
		return NULL;
	}
	if (!json_is_string(value))
		return value;
	return json_own(a, json_read(json_str(value), err));
}

int
score_no_expected(struct err *err, const char *option)
{
	if (option == NULL)
		return fail(err, ERR_REQUEST, "the row has no expected_output");
	return fail(err, ERR_REQUEST,
	    "the row has no expected_output, and the option '%s' is not set",
	    option);
}

/* --- results */

void
score_yes_no(struct score *out, bool passed)
{
	*out = (struct score){.score = passed ? 1 : 0, .passed = passed};
}

void
score_graded(struct score *out, double score)
{
	*out = (struct score){.score = score, .passed = score >= SCORE_PASS};
}

const char *
score_quote_text(struct arena *a, struct str text)
{
	if (text.p == NULL)
		return "nothing";
	return arena_printf(a, "\"%s\"", text_cut(a, text, TEXT_QUOTE));
}

const char *
score_quote(struct arena *a, const json_t *value)
{
	if (value == NULL)
		return "nothing";
	if (json_is_string(value))
		return score_quote_text(a, json_str(value));
	return text_cut(a, builtin_text(a, value), TEXT_QUOTE);
}

const char *
score_number(struct arena *a, double number)
{
	char text[JS_NUMBER_LEN];

	return arena_strndup(a, text, js_number_print(text, number));
}

const char *
score_difference(struct arena *a, const struct difference *d)
{
	const char *at;

	if (d->where == NULL)
		return NULL;
	at = d->where[0] != '\0'
		 ? arena_printf(
		       a, " at %s", text_cut(a, str_from(d->where), TEXT_QUOTE))
		 : "";
	return arena_printf(a, "expected %s, got %s%s", score_quote(a, d->want),
	    score_quote(a, d->got), at);
}
