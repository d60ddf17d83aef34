/* The regex eval: whether a pattern is found in the output.  It refuses to know
 * what a search may cost. */
#include "score.h"

#include "../base/limits.h"
#include "../base/utf.h"
#include "regex.h"

#include <stdlib.h>
#include <string.h>

static const struct {
	char letter;
	uint32_t option;
} flags[] = {
    {'i', PCRE2_CASELESS},
    {'m', PCRE2_MULTILINE},
    {'s', PCRE2_DOTALL},
    {'x', PCRE2_EXTENDED},
    /* Letters of JavaScript's patterns that mean nothing here. */
    {'u', 0},
    {'g', 0},
};

static int
read_flags(struct str text, uint32_t *options, struct err *err)
{
	*options = REGEX_OPTIONS | PCRE2_UCP;
	for (size_t i = 0; i < text.len; i++) {
		size_t k = 0;

		while (k < ARRAY_LEN(flags) && flags[k].letter != text.p[i])
			k++;
		if (k == ARRAY_LEN(flags))
			return fail(err, ERR_UNCONFIGURED,
			    "'flags' may hold i, m, s and x");
		*options |= flags[k].option;
	}
	return 0;
}

/* NULL and an error for what is no pattern. */
static pcre2_code *
compile(struct str pattern, struct str letters, struct err *err)
{
	pcre2_compile_context *limits = pcre2_compile_context_create(NULL);
	pcre2_code *code = NULL;
	PCRE2_UCHAR why[120];
	uint32_t options;
	size_t at;
	int n;

	if (limits == NULL)
		abort();
	pcre2_set_max_pattern_length(limits, LIMIT_PATTERN_BYTES);
	if (read_flags(letters, &options, err) == 0) {
		code = pcre2_compile((PCRE2_SPTR)pattern.p, pattern.len,
		    options, &n, &at, limits);
		if (code == NULL) {
			(void)pcre2_get_error_message(n, why, sizeof(why));
			(void)fail(err, ERR_UNCONFIGURED,
			    "the pattern is not valid: %s at byte %zu",
			    (const char *)why, at);
		}
	}
	pcre2_compile_context_free(limits);
	return code;
}

int
regex_check(const json_t *options, struct err *err)
{
	struct str pattern = option_text(options, "pattern");
	struct str letters = option_text(options, "flags");
	pcre2_code *code;

	if (pattern.p == NULL)
		pattern = STR("");
	code = compile(pattern, letters, err);
	pcre2_code_free(code);
	return code != NULL ? 0 : -1;
}

int
score_regex(const struct eval_case *c, const json_t *options, struct arena *a,
    struct score *out, struct err *err)
{
	const json_t *value = json_object_get(options, "pattern");
	struct str pattern = builtin_text(a, value ? value : c->expected);
	struct str text = utf8_clean(a, score_output(a, c));
	pcre2_match_data *data;
	pcre2_code *code;
	size_t *at, steps = 0;
	int n;

	if (pattern.p == NULL)
		return score_no_expected(err, "pattern");
	code = compile(pattern, option_text(options, "flags"), err);
	if (code == NULL)
		return -1;
	data = pcre2_match_data_create(1, NULL);
	if (data == NULL)
		abort();
	n = regex_search(code, text, data, &steps);
	score_yes_no(out, n >= 0);
	at = pcre2_get_ovector_pointer(data);
	if (n >= 0 && at[1] >= at[0])
		out->reason = arena_printf(a, "matches %s",
		    score_quote_text(
			a, (struct str){text.p + at[0], at[1] - at[0]}));
	else if (n == PCRE2_ERROR_NOMATCH)
		out->reason = "no match";
	pcre2_match_data_free(data);
	pcre2_code_free(code);
	if (n >= 0 || n == PCRE2_ERROR_NOMATCH)
		return 0;
	return fail(err, ERR_UNCONFIGURED,
	    "the pattern takes too long for this output");
}
