/* One list of what every driver must be proven to do, and the replaying of all
 * that proves it.  A driver conforms when its transcripts and talks come out as
 * written and show each item of the list; what its vendor has no way to say is
 * named in vendors.c, and must not show.  The items of the network are proven
 * end to end (tests/e2e): a refusal with Retry-After that is obeyed, a client
 * that is gone, which closes the call. */
#include "talk.h"
#include "vendors.h"

#include "../../common/base/utf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum item {
	ITEM_TEXT,
	ITEM_STREAM,
	ITEM_OBJECT,
	ITEM_OBJECT_STREAM,
	ITEM_TOOLS,
	ITEM_TOOLS_STREAM,
	ITEM_TOOLS_OBJECT,
	ITEM_TOOLS_OBJECT_STREAM,
	ITEM_PARALLEL,
	ITEM_NO_ARGS,
	ITEM_BAD_ARGS,
	ITEM_FAILED_TOOL,
	ITEM_TEXT_BEFORE_CALL,
	ITEM_USAGE,
	ITEM_USAGE_STREAM,
	ITEM_CACHED,
	ITEM_REASONING,
	ITEM_STOP,
	ITEM_LENGTH,
	ITEM_CONTENT_FILTER,
	ITEM_TOOL_CALLS,
	ITEM_UNKNOWN,
	ITEM_ERROR,
	ITEM_ERROR_BEFORE,
	ITEM_ERROR_MIDDLE,
	ITEM_CUT,
	ITEM_EMPTY,
	ITEM_EMPTY_STREAM,
	ITEM_UNICODE,
	ITEM__MAX
};

static const char *const item_names[] = {
    [ITEM_TEXT] = "text",
    [ITEM_STREAM] = "text stream",
    [ITEM_OBJECT] = "object",
    [ITEM_OBJECT_STREAM] = "object stream",
    [ITEM_TOOLS] = "tools with two steps",
    [ITEM_TOOLS_STREAM] = "tools with two steps, stream",
    [ITEM_TOOLS_OBJECT] = "object with tools",
    [ITEM_TOOLS_OBJECT_STREAM] = "object with tools, stream",
    [ITEM_PARALLEL] = "parallel calls",
    [ITEM_NO_ARGS] = "call without arguments",
    [ITEM_BAD_ARGS] = "arguments that are no JSON",
    [ITEM_FAILED_TOOL] = "failed tool",
    [ITEM_TEXT_BEFORE_CALL] = "text before calls",
    [ITEM_USAGE] = "usage",
    [ITEM_USAGE_STREAM] = "usage, stream",
    [ITEM_CACHED] = "cached tokens",
    [ITEM_REASONING] = "reasoning tokens",
    [ITEM_STOP] = "finish stop",
    [ITEM_LENGTH] = "finish length",
    [ITEM_CONTENT_FILTER] = "finish content-filter",
    [ITEM_TOOL_CALLS] = "finish tool-calls",
    [ITEM_UNKNOWN] = "finish unknown",
    [ITEM_ERROR] = "error in place of an answer",
    [ITEM_ERROR_BEFORE] = "error before a stream",
    [ITEM_ERROR_MIDDLE] = "error in the middle of a stream",
    [ITEM_CUT] = "cut stream",
    [ITEM_EMPTY] = "empty answer",
    [ITEM_EMPTY_STREAM] = "empty stream",
    [ITEM_UNICODE] = "unicode split across chunks",
};
_Static_assert(ARRAY_LEN(item_names) == ITEM__MAX, "every item has a name");

/* --- what one transcript shows */

struct shown {
	bool stream, object; /* what was asked */
	size_t n, n_texts, n_snapshots, n_calls;
	bool final, unicode, no_args, bad_args;
	const json_t *finish, *usage, *error; /* NULL: it did not come */
	bool text_first;		      /* text before the first call */
};

static void
look_at_call(struct shown *s, const json_t *call)
{
	const json_t *args = json_object_get(call, "args");

	if (s->n_calls == 0)
		s->text_first = s->n_texts != 0;
	s->n_calls++;
	if (json_is_object(args) && json_object_size(args) == 0)
		s->no_args = true;
	if (json_object_get(call, "badArgs") != NULL)
		s->bad_args = true;
}

static void
look_at_text(struct shown *s, struct str text)
{
	size_t i;

	s->n_texts++;
	for (i = 0; i < text.len; i++)
		if ((unsigned char)text.p[i] >= 0x80)
			s->unicode = true;
}

static void
look_at(struct shown *s, const json_t *ev)
{
	const json_t *text = json_object_get(ev, "text");
	const json_t *call = json_object_get(ev, "toolCall");

	s->n++;
	if (text != NULL)
		look_at_text(s, driver_string(text));
	if (call != NULL)
		look_at_call(s, call);
	if (json_object_get(ev, "object") != NULL)
		s->n_snapshots++;
	if (json_object_get(ev, "final") != NULL)
		s->final = true;
	if (json_object_get(ev, "error") != NULL)
		s->error = json_object_get(ev, "error");
	if (json_object_get(ev, "finish") != NULL) {
		s->finish = json_object_get(ev, "finish");
		s->usage = json_object_get(ev, "usage");
	}
}

/* --- what all of a driver's show */

struct proof {
	bool of[ITEM__MAX];
};

static void
prove(struct proof *p, enum item item, bool shown)
{
	if (shown)
		p->of[item] = true;
}

static int64_t
tokens(const struct shown *s, const char *key)
{
	return json_integer_value(json_object_get(s->usage, key));
}

static void
prove_finish(struct proof *p, const struct shown *s)
{
	static const struct {
		enum finish_reason reason;
		enum item item;
	} all[] = {
	    {FINISH_STOP, ITEM_STOP},
	    {FINISH_LENGTH, ITEM_LENGTH},
	    {FINISH_CONTENT_FILTER, ITEM_CONTENT_FILTER},
	    {FINISH_TOOL_CALLS, ITEM_TOOL_CALLS},
	    {FINISH_UNKNOWN, ITEM_UNKNOWN},
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(all); i++)
		prove(p, all[i].item,
		    str_is(
			driver_string(s->finish), finish_name(all[i].reason)));
	prove(p, s->stream ? ITEM_USAGE_STREAM : ITEM_USAGE,
	    tokens(s, "input") > 0 && tokens(s, "output") > 0);
	prove(p, ITEM_CACHED, tokens(s, "cached") > 0);
	prove(p, ITEM_REASONING, tokens(s, "reasoning") > 0);
	prove(p, ITEM_OBJECT, !s->stream && s->final);
	prove(
	    p, ITEM_OBJECT_STREAM, s->stream && s->final && s->n_snapshots > 1);
	prove(p, ITEM_TEXT, !s->stream && s->n_texts != 0);
	prove(p, ITEM_STREAM, s->stream && s->n_texts > 1);
	prove(p, ITEM_UNICODE, s->stream && s->unicode);
	prove(p, s->stream ? ITEM_EMPTY_STREAM : ITEM_EMPTY,
	    !s->object && s->n == 1);
}

static void
prove_error(struct proof *p, const struct shown *s)
{
	bool cut = str_is(driver_string(s->error), driver_cut_text);
	bool begun = s->n_texts + s->n_snapshots != 0;

	if (!s->stream) {
		prove(p, ITEM_ERROR, true);
		return;
	}
	prove(p, ITEM_CUT, cut && begun);
	prove(p, ITEM_ERROR_BEFORE, !cut && s->n == 1);
	prove(p, ITEM_ERROR_MIDDLE, !cut && begun);
}

static void
prove_events(struct proof *p, const struct shown *s)
{
	if (s->finish != NULL)
		prove_finish(p, s);
	else if (s->error != NULL)
		prove_error(p, s);
	prove(p, ITEM_PARALLEL, s->n_calls > 1);
	prove(p, ITEM_NO_ARGS, s->no_args);
	prove(p, ITEM_BAD_ARGS, s->bad_args);
	prove(p, ITEM_TEXT_BEFORE_CALL, s->text_first);
}

static bool
any_failed(const json_t *results)
{
	size_t i;

	for (i = 0; i < json_array_size(results); i++)
		if (json_is_true(
			json_object_get(json_array_get(results, i), "isError")))
			return true;
	return false;
}

/* A talk of more than one step. */
static void
prove_talk(struct proof *p, const json_t *talk)
{
	const json_t *steps = json_object_get(talk, "steps");
	bool stream = json_is_true(json_object_get(talk, "stream"));
	bool object =
	    str_is(driver_string(json_object_get(talk, "kind")), "object");
	size_t i, k;

	for (i = 0; i < json_array_size(steps); i++) {
		const json_t *step = json_array_get(steps, i);
		const json_t *events = json_object_get(step, "events");
		struct shown s = {.stream = stream, .object = object};

		for (k = 0; k < json_array_size(events); k++)
			look_at(&s, json_array_get(events, k));
		prove_events(p, &s);
		prove(p, ITEM_FAILED_TOOL,
		    any_failed(json_object_get(step, "results")));
	}
	if (i < 2)
		return;
	if (object)
		prove(p, stream ? ITEM_TOOLS_OBJECT_STREAM : ITEM_TOOLS_OBJECT,
		    true);
	else
		prove(p, stream ? ITEM_TOOLS_STREAM : ITEM_TOOLS, true);
}

static void
prove_transcripts(struct proof *p, const struct transcripts *t, bool stream)
{
	struct arena *a = arena_new(NULL);
	const char **names =
	    transcript_names(a, t, "transcripts", stream ? t->suffix : ".json");
	size_t i, k;

	for (i = 0; names[i] != NULL; i++) {
		json_t *events = transcript_events(a, t, names[i]);
		struct shown s = {.stream = stream};

		s.object = strstr(names[i], "object") != NULL;
		for (k = 0; k < json_array_size(events); k++)
			look_at(&s, json_array_get(events, k));
		prove_events(p, &s);
		json_decref(events);
	}
	arena_free(a);
}

static void
prove_talks(struct proof *p, const struct transcripts *t)
{
	struct arena *a = arena_new(NULL);
	const char **names = transcript_names(a, t, "talks", ".json");
	size_t i;

	for (i = 0; names[i] != NULL; i++) {
		json_t *talk = transcript_json(a, t, "talks", names[i]);

		prove_talk(p, talk);
		json_decref(talk);
	}
	arena_free(a);
}

/* --- the tests */

static bool
lacks(const struct transcripts *t, const char *item)
{
	size_t i;

	for (i = 0; t->lacks != NULL && t->lacks[i] != NULL; i++)
		if (strcmp(t->lacks[i], item) == 0)
			return true;
	return false;
}

static void
test_items(void **state)
{
	const struct transcripts *t = *state;
	struct proof p = {{false}};
	size_t i, missing = 0;

	prove_transcripts(&p, t, false);
	prove_transcripts(&p, t, true);
	if (!t->agent)
		prove_talks(&p, t);
	for (i = 0; i < ITEM__MAX; i++) {
		if (p.of[i] != lacks(t, item_names[i]))
			continue;
		print_error("%s: %s: %s\n", t->dir, item_names[i],
		    p.of[i] ? "shown, and said to be lacking" : "not shown");
		missing++;
	}
	assert_int_equal(missing, 0);
}

static void
test_requests(void **state)
{
	transcript_requests(*state);
}

static void
test_streams(void **state)
{
	transcript_streams(*state);
}

static void
test_cuts(void **state)
{
	transcript_cuts(*state);
}

static void
test_replies(void **state)
{
	transcript_replies(*state);
}

static void
test_talks(void **state)
{
	const struct transcripts *t = *state;

	if (!t->agent)
		talk_all(t);
}

/* Whatever speaks to an address is held to the list. */
static void
test_all_are_here(void **state)
{
	size_t i, k;

	(void)state;
	for (i = 0; drivers[i] != NULL; i++) {
		if (drivers[i]->build == NULL)
			continue;
		for (k = 0; vendors[k] != NULL; k++)
			if (vendors[k]->driver == drivers[i])
				break;
		if (vendors[k] == NULL)
			fail_msg("no transcripts of %s", drivers[i]->name);
	}
}

static const struct {
	const char *name;
	CMUnitTestFunction fn;
} parts[] = {
    {"items", test_items},
    {"requests", test_requests},
    {"streams", test_streams},
    {"cuts", test_cuts},
    {"replies", test_replies},
    {"talks", test_talks},
};

int
main(void)
{
	struct arena *a = arena_new(NULL);
	struct CMUnitTest *tests;
	size_t n = 0, used = 0, i, k;
	int rc;

	while (vendors[n] != NULL)
		n++;
	tests = arena_array(a, n * ARRAY_LEN(parts) + 1, sizeof(*tests));
	tests[used++] = (struct CMUnitTest)cmocka_unit_test(test_all_are_here);
	for (i = 0; i < n; i++)
		for (k = 0; k < ARRAY_LEN(parts); k++)
			tests[used++] = (struct CMUnitTest){
			    .name = arena_printf(
				a, "%s: %s", vendors[i]->dir, parts[k].name),
			    .test_func = parts[k].fn,
			    .initial_state = (void *)(uintptr_t)vendors[i],
			};
	rc = _cmocka_run_group_tests("drivers", tests, used, NULL, NULL);
	arena_free(a);
	return rc;
}
