/* Evals that look at the output as JSON: what a model wrote as text is read
 * first.  It refuses to repair JSON; `strip_fences` of the configuration takes
 * Markdown away before. */
#include "score.h"

#include "schema.h"
#include "../base/json.h"
#include "../base/limits.h"

static const char *
type_name(const json_t *value)
{
	static const char *const names[] = {
	    [JSON_OBJECT] = "object",
	    [JSON_ARRAY] = "list",
	    [JSON_STRING] = "text",
	    [JSON_INTEGER] = "number",
	    [JSON_REAL] = "number",
	    [JSON_TRUE] = "boolean",
	    [JSON_FALSE] = "boolean",
	    [JSON_NULL] = "value",
	};

	return value != NULL ? names[json_typeof(value)] : "value";
}

/* The option `value`, or the row's expected output; NULL when neither is. */
static const json_t *
wanted(const struct eval_case *c, const json_t *options)
{
	const json_t *value = json_object_get(options, "value");

	return value != NULL ? value : c->expected;
}

int
score_equals(const struct eval_case *c, const json_t *options, struct arena *a,
    struct score *out, struct err *err)
{
	const json_t *want = wanted(c, options);

	if (want == NULL)
		return score_no_expected(err, "value");
	score_yes_no(out, c->output != NULL && compare_equal(want, c->output));
	if (!out->passed)
		out->reason =
		    arena_printf(a, "expected the %s %s, got the %s %s",
			type_name(want), score_quote(a, want),
			type_name(c->output), score_quote(a, c->output));
	return 0;
}

/* The output as JSON, or a result that says why it is none. */
static const json_t *
output_json(const struct eval_case *c, struct arena *a, struct score *out)
{
	struct err why = {0};
	const json_t *value = score_parse(a, c->output, &why);

	if (value == NULL) {
		score_yes_no(out, false);
		out->reason = c->output == NULL
				  ? "there is no output"
				  : arena_printf(a,
					"the output is not JSON: %s", why.msg);
	}
	err_free(&why);
	return value;
}

int
score_json_valid(const struct eval_case *c, const json_t *options,
    struct arena *a, struct score *out, struct err *err)
{
	(void)options;
	(void)err;
	if (output_json(c, a, out) != NULL)
		score_yes_no(out, true);
	return 0;
}

/* A text that is no JSON is itself. */
static const json_t *
parsed_or_text(struct arena *a, const json_t *value)
{
	struct err why = {0};
	const json_t *parsed = score_parse(a, value, &why);

	err_free(&why);
	return parsed != NULL ? parsed : value;
}

int
score_json_equal(const struct eval_case *c, const json_t *options,
    struct arena *a, struct score *out, struct err *err)
{
	const json_t *want = parsed_or_text(a, wanted(c, options));
	const json_t *got = parsed_or_text(a, c->output);

	(void)err;
	score_yes_no(
	    out, want != NULL && got != NULL && compare_equal(want, got));
	out->label = out->passed ? "equal" : "different";
	return 0;
}

int
score_json_diff(const struct eval_case *c, const json_t *options,
    struct arena *a, struct score *out, struct err *err)
{
	const json_t *want = parsed_or_text(a, wanted(c, options));
	size_t steps = LIMIT_EDIT_STEPS;
	struct difference first;

	if (want == NULL)
		return score_no_expected(err, "value");
	out->score = compare_share(a, want, parsed_or_text(a, c->output),
	    &steps, option_bool(options, "fuzzy"), &first);
	out->passed = first.where == NULL;
	out->reason = score_difference(a, &first);
	return 0;
}

/* --- schemas */

/* SCHEMA may be a text that holds one. */
static int
check_schema(const json_t *schema, const json_t *value, struct arena *a,
    struct str *reason, struct err *err)
{
	struct err why = {0};
	const json_t *parsed = score_parse(a, schema, &why);
	int ret = -1;

	if (parsed == NULL)
		(void)fail(err, ERR_UNCONFIGURED, "the schema is not JSON: %s",
		    why.msg);
	else
		ret = schema_check(parsed, value, a, reason, err);
	err_free(&why);
	return ret;
}

int
schema_option_check(const json_t *options, struct err *err)
{
	const json_t *schema = json_object_get(options, "schema");
	struct arena *a;
	struct str reason;
	int ret;

	if (schema == NULL)
		return 0;
	a = arena_new(NULL);
	ret = check_schema(schema, options, a, &reason, err);
	arena_free(a);
	return ret < 0 ? -1 : 0;
}

int
score_json_schema(const struct eval_case *c, const json_t *options,
    struct arena *a, struct score *out, struct err *err)
{
	const json_t *schema = json_object_get(options, "schema");
	const json_t *value;
	struct str reason;

	if (schema == NULL)
		schema = c->expected;
	if (schema == NULL)
		return score_no_expected(err, "schema");
	value = output_json(c, a, out);
	if (value == NULL)
		return 0;
	if (check_schema(schema, value, a, &reason, err) < 0)
		return -1;
	score_yes_no(out, reason.p == NULL);
	if (!out->passed)
		out->reason = text_cut(a, reason, (size_t)4 * TEXT_QUOTE);
	return 0;
}

/* --- JSON inside of text */

/* What an embedded value must be like; NULL: anything. */
struct wish {
	const json_t *schema, *part;
};

/* 1 when VALUE is as wished, 0 with a reason, -1 with an error. */
static int
fulfils(const struct wish *w, const json_t *value, struct arena *a,
    const char **reason, struct err *err)
{
	struct str why = {NULL, 0};
	struct difference first;

	if (w->part != NULL && !compare_subset(a, w->part, value, &first)) {
		*reason = score_difference(a, &first);
		return 0;
	}
	if (w->schema == NULL)
		return 1;
	if (check_schema(w->schema, value, a, &why, err) < 0)
		return -1;
	if (why.p != NULL)
		*reason = text_cut(a, why, (size_t)4 * TEXT_QUOTE);
	return why.p == NULL;
}

/* The next object or list in TEXT from *I on, which is moved behind it; *TRIES
 * bounds how many brackets are looked at. */
static const json_t *
next_json(struct arena *a, struct str text, size_t *i, unsigned *tries)
{
	for (; *i < text.len; (*i)++) {
		struct str rest = {text.p + *i, text.len - *i};
		struct err why = {0};
		struct json_in in;
		json_t *value;

		if (text.p[*i] != '{' && text.p[*i] != '[')
			continue;
		if (*tries == 0)
			return NULL;
		(*tries)--;
		json_in_init(&in, rest, &why);
		value = json_in_tree(&in);
		if (value != NULL)
			*i += (size_t)(in.p - rest.p);
		json_in_free(&in);
		err_free(&why);
		if (value != NULL)
			return json_own(a, value);
	}
	return NULL;
}

/* Any object or list in the output that is as wished; the reason is about the
 * first one. */
static int
find_json(const struct wish *w, const struct eval_case *c, struct arena *a,
    struct score *out, struct err *err)
{
	const json_t *value = json_is_string(c->output) ? NULL : c->output;
	struct str text = score_output(a, c);
	unsigned tries = LIMIT_JSON_TRIES;
	size_t i = value != NULL ? text.len : 0;
	const char *first = NULL, *reason;
	int ok;

	score_yes_no(out, false);
	if (value == NULL)
		value = next_json(a, text, &i, &tries);
	for (; value != NULL; value = next_json(a, text, &i, &tries)) {
		ok = fulfils(w, value, a, &reason, err);
		if (ok != 0) {
			score_yes_no(out, ok > 0);
			return ok > 0 ? 0 : -1;
		}
		if (first == NULL)
			first = reason;
	}
	out->reason = first != NULL ? first : "no JSON in the output";
	return 0;
}

int
score_contains_json(const struct eval_case *c, const json_t *options,
    struct arena *a, struct score *out, struct err *err)
{
	struct wish w = {json_object_get(options, "schema"),
	    json_object_get(options, "value")};

	/* An expected text that is no JSON is about something else. */
	if (w.part == NULL && w.schema == NULL)
		w.part = parsed_or_text(a, c->expected);
	if (w.part != NULL && !json_is_object(w.part) && !json_is_array(w.part))
		w.part = NULL;
	return find_json(&w, c, a, out, err);
}
