/* Which tools a model called, and with what.  Calls are as rows carry them:
 * {toolCallId, toolName, args}. */
#include "score.h"

#include "../base/json.h"
#include "../base/utf.h"

static struct str
name_of(const json_t *call)
{
	return json_str(json_object_get(call, "toolName"));
}

static bool
was_called(const json_t *calls, struct str name)
{
	for (size_t i = 0; i < json_array_size(calls); i++) {
		if (str_eq(name_of(json_array_get(calls, i)), name))
			return true;
	}
	return false;
}

/* "add, get_weather"; "none". */
static const char *
names(struct arena *a, const json_t *calls)
{
	struct buf b;
	const char *out;

	if (json_array_size(calls) == 0)
		return "none";
	buf_init(&b, 4096);
	for (size_t i = 0; i < json_array_size(calls); i++) {
		struct str name = name_of(json_array_get(calls, i));

		buf_adds(&b, i != 0 ? ", " : "");
		buf_add(&b, name.p, name.len);
	}
	out = text_cut(a, buf_text(&b), TEXT_QUOTE);
	buf_free(&b);
	return out;
}

/* Names are an option or texts that the row expects; an expected value of
 * another kind says nothing about names. */
static struct texts
wanted_names(const struct eval_case *c, const json_t *options, struct arena *a)
{
	struct texts want = option_texts(a, options, "name");
	bool texts = json_is_string(c->expected) || json_is_array(c->expected);

	for (size_t i = 0; i < json_array_size(c->expected); i++)
		texts = texts && json_is_string(json_array_get(c->expected, i));
	return want.n == 0 && texts ? score_texts(a, c->expected) : want;
}

int
score_tool_called(const struct eval_case *c, const json_t *options,
    struct arena *a, struct score *out, struct err *err)
{
	struct texts want = wanted_names(c, options, a);
	struct str missing = {NULL, 0};
	size_t found = 0;

	(void)err;
	if (want.n == 0) {
		score_yes_no(out, json_array_size(c->tool_calls) != 0);
		out->reason = arena_printf(
		    a, "tools called: %s", names(a, c->tool_calls));
		return 0;
	}
	for (size_t i = 0; i < want.n; i++) {
		if (was_called(c->tool_calls, want.p[i]))
			found++;
		else if (missing.p == NULL)
			missing = want.p[i];
	}
	out->score = (double)found / (double)want.n;
	out->passed = found == want.n;
	out->reason =
	    out->passed
		? arena_printf(a, "tools called: %s", names(a, c->tool_calls))
		: arena_printf(a, "%s was not called; tools called: %s",
		      score_quote_text(a, missing), names(a, c->tool_calls));
	return 0;
}

/* Whether one of the calls of NAME (of any tool: .p NULL) has ARGS; the reason
 * is about the last one. */
static bool
has_args(struct arena *a, const json_t *calls, struct str name,
    const json_t *args, const char **reason)
{
	for (size_t i = 0; i < json_array_size(calls); i++) {
		const json_t *call = json_array_get(calls, i), *got;
		struct difference first;
		struct err why = {0};

		if (name.p != NULL && !str_eq(name_of(call), name))
			continue;
		got = score_parse(a, json_object_get(call, "args"), &why);
		err_free(&why);
		if (compare_subset(a, args, got, &first))
			return true;
		*reason = score_difference(a, &first);
	}
	return false;
}

int
score_tool_args(const struct eval_case *c, const json_t *options,
    struct arena *a, struct score *out, struct err *err)
{
	const json_t *args = json_object_get(options, "args");
	struct str name = option_text(options, "name");
	const char *reason = NULL;
	struct err why = {0};

	args = score_parse(a, args != NULL ? args : c->expected, &why);
	err_free(&why);
	if (args == NULL && c->expected == NULL)
		return score_no_expected(err, "args");
	if (!json_is_object(args))
		return fail(err, ERR_REQUEST,
		    "the arguments to look for are no object");
	score_yes_no(out, has_args(a, c->tool_calls, name, args, &reason));
	if (out->passed)
		return 0;
	if (reason == NULL)
		reason = arena_printf(a, "%s was not called",
		    name.p != NULL ? score_quote_text(a, name) : "a tool");
	out->reason = reason;
	return 0;
}
