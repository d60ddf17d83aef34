/* The guard's promises, and the built-in model that speaks through it. */
#include "../../common/base/json.h"
#include "../../common/base/limits.h"
#include "../../common/base/utf.h"
#include "../../common/provider/guard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* Writes every event as a short word. */
struct record {
	struct sink sink;
	struct buf out;
	size_t n_objects;
};

static void
on_event(struct sink *self, const struct event *ev)
{
	static const char *const marks[] = {"t:", "r:", "call", "result",
	    "request", "o:", "final:", "finish:", "error:"};
	struct record *r = (struct record *)self;

	_Static_assert(ARRAY_LEN(marks) == EVENT__MAX, "a mark for each");
	if (r->out.len != 0)
		buf_addc(&r->out, '|');
	buf_adds(&r->out, marks[ev->type]);
	if (ev->type <= EVENT_REASONING_DELTA || ev->type == EVENT_ERROR)
		buf_add(&r->out, ev->text.p, ev->text.len);
	if (ev->type == EVENT_OBJECT_DELTA || ev->type == EVENT_OBJECT_FINAL) {
		json_print(&r->out, ev->object);
		r->n_objects++;
	}
	if (ev->type == EVENT_FINISH)
		buf_addf(&r->out, "%s %lld+%lld=%lld",
		    finish_name(ev->finish.reason),
		    (long long)ev->finish.usage.input,
		    (long long)ev->finish.usage.output,
		    (long long)ev->finish.usage.total);
}

static void
start(struct guard *g, struct record *r, enum prompt_kind kind, bool stream)
{
	*r = (struct record){.sink.event = on_event};
	buf_init(&r->out, LIMIT_LINE_BYTES);
	guard_init(g, &r->sink, kind, stream);
}

static void
say(struct guard *g, enum event_type type, const char *text)
{
	struct event ev = {.type = type, .text = {text, strlen(text)}};

	g->sink.event(&g->sink, &ev);
}

static void
finish(struct guard *g, enum finish_reason reason, int64_t total)
{
	struct event ev = {.type = EVENT_FINISH};

	ev.finish.reason = reason;
	ev.finish.usage = (struct usage){.input = 2, .output = 3};
	ev.finish.usage.total = total;
	g->sink.event(&g->sink, &ev);
}

static void
ended(struct guard *g, struct record *r, const char *want)
{
	assert_string_equal(buf_str(&r->out), want);
	guard_free(g);
	buf_free(&r->out);
}

static void
test_nothing_after_finish(void **state)
{
	struct record r;
	struct guard g;

	(void)state;
	start(&g, &r, PROMPT_TEXT, true);
	assert_false(g.emitted);
	say(&g, EVENT_TEXT_DELTA, "a");
	assert_true(g.emitted);
	finish(&g, FINISH_LENGTH, -1);
	say(&g, EVENT_TEXT_DELTA, "b");
	finish(&g, FINISH_STOP, -1);
	guard_fail(&g, STR("late"));
	assert_true(g.done);
	ended(&g, &r, "t:a|finish:length 2+3=5");
}

static void
test_nothing_after_error(void **state)
{
	struct record r;
	struct guard g;

	(void)state;
	start(&g, &r, PROMPT_TEXT, true);
	say(&g, EVENT_REASONING_DELTA, "hm");
	say(&g, EVENT_ERROR, "");
	say(&g, EVENT_ERROR, "again");
	finish(&g, FINISH_STOP, -1);
	ended(&g, &r, "r:hm|error:Unknown error");
}

static void
test_given_total(void **state)
{
	struct record r;
	struct guard g;

	(void)state;
	start(&g, &r, PROMPT_TEXT, false);
	finish(&g, FINISH_TOOL_CALLS, 9);
	ended(&g, &r, "finish:tool-calls 2+3=9");
}

static void
test_snapshots(void **state)
{
	struct record r;
	struct guard g;

	(void)state;
	start(&g, &r, PROMPT_OBJECT, true);
	say(&g, EVENT_TEXT_DELTA, "{\"a\":[1");
	say(&g, EVENT_TEXT_DELTA, ",");
	say(&g, EVENT_TEXT_DELTA, "2]");
	say(&g, EVENT_TEXT_DELTA, "}");
	finish(&g, FINISH_LENGTH, -1);
	ended(&g, &r,
	    "o:{\"a\":[1]}|o:{\"a\":[1,2]}|final:{\"a\":[1,2]}|"
	    "finish:length 2+3=5");
}

static void
test_never_parses(void **state)
{
	struct record r;
	struct guard g;

	(void)state;
	start(&g, &r, PROMPT_OBJECT, true);
	say(&g, EVENT_TEXT_DELTA, "Sorry, ");
	say(&g, EVENT_TEXT_DELTA, "no.");
	finish(&g, FINISH_STOP, -1);
	ended(&g, &r, "finish:stop 2+3=5");
}

static void
test_restart(void **state)
{
	struct record r;
	struct guard g;

	(void)state;
	start(&g, &r, PROMPT_OBJECT, true);
	say(&g, EVENT_TEXT_DELTA, "Sorr");
	assert_false(g.emitted);
	guard_restart(&g);
	say(&g, EVENT_TEXT_DELTA, "[1]");
	finish(&g, FINISH_STOP, -1);
	ended(&g, &r, "o:[1]|final:[1]|finish:stop 2+3=5");
}

static void
test_one_shot(void **state)
{
	static const struct {
		const char *text, *want;
		enum finish_reason reason;
	} cases[] = {
	    {" {\"a\":1}\n", "final:{\"a\":1}|finish:stop 2+3=5", FINISH_STOP},
	    {"[1]", "final:[1]|finish:length 2+3=5", FINISH_LENGTH},
	    {"[1]", "final:[1]|finish:stop 2+3=5", FINISH_TOOL_CALLS},
	    {"null", "final:null|finish:stop 2+3=5", FINISH_STOP},
	    {"{\"a\":1",
		"error:No object generated: could not parse the "
		"response.",
		FINISH_STOP},
	    {"",
		"error:No object generated: the model did not return a "
		"response.",
		FINISH_STOP},
	};
	struct record r;
	struct guard g;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(cases); i++) {
		start(&g, &r, PROMPT_OBJECT, false);
		say(&g, EVENT_TEXT_DELTA, cases[i].text);
		finish(&g, cases[i].reason, -1);
		ended(&g, &r, cases[i].want);
	}
}

static void
test_own_objects(void **state)
{
	struct event ev = {.type = EVENT_OBJECT_DELTA};
	struct record r;
	struct guard g;

	(void)state;
	ev.object = json_true();
	start(&g, &r, PROMPT_OBJECT, true);
	g.sink.event(&g.sink, &ev);
	finish(&g, FINISH_STOP, -1);
	ended(&g, &r, "o:true|final:true|finish:stop 2+3=5");
	start(&g, &r, PROMPT_OBJECT, false);
	ev.type = EVENT_OBJECT_FINAL;
	g.sink.event(&g.sink, &ev);
	finish(&g, FINISH_STOP, -1);
	ended(&g, &r, "final:true|finish:stop 2+3=5");
}

/* A long object in small pieces: far fewer snapshots than pieces, but the
 * last one is whole. */
static void
test_long_object(void **state)
{
	const size_t pieces = 100000;
	struct record r;
	struct guard g;
	size_t i;

	(void)state;
	start(&g, &r, PROMPT_OBJECT, true);
	buf_free(&r.out);
	buf_init(&r.out, 0);
	say(&g, EVENT_TEXT_DELTA, "[\"");
	for (i = 0; i < pieces; i++)
		say(&g, EVENT_TEXT_DELTA, "abcd");
	finish(&g, FINISH_STOP, -1);
	assert_true(r.n_objects > 4000 && r.n_objects < 5000);
	assert_int_equal(
	    json_string_length(json_array_get(g.last, 0)), 4 * pieces);
	guard_free(&g);
}

/* What was held back is shown before an error. */
static void
test_error_shows_rest(void **state)
{
	char text[20000];
	struct record r;
	struct guard g;

	(void)state;
	memset(text, ' ', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	start(&g, &r, PROMPT_OBJECT, true);
	say(&g, EVENT_TEXT_DELTA, text);
	say(&g, EVENT_TEXT_DELTA, "[1");
	guard_fail(&g, STR("cut"));
	ended(&g, &r, "o:[1]|error:cut");
}

static void
test_too_large(void **state)
{
	static char text[LIMIT_OBJECT_BYTES + 2];
	struct record r;
	struct guard g;

	(void)state;
	memset(text, ' ', sizeof(text) - 1);
	start(&g, &r, PROMPT_OBJECT, false);
	say(&g, EVENT_TEXT_DELTA, text);
	finish(&g, FINISH_STOP, -1);
	ended(&g, &r, "error:the object is too large");
}

static void
echo(enum prompt_kind kind, const char *messages, const char *want)
{
	static const struct provider p = {
	    .name = "echo", .driver = &driver_echo};
	struct arena *a = arena_new(NULL);
	struct err err = {0};
	json_t *json = json_read(str_from(messages), &err);
	struct ask ask = {.provider = &p,
	    .model = "x",
	    .kind = kind,
	    .stream = true,
	    .messages = json};
	struct record r;
	struct guard g;
	struct call *call;
	int rc;

	assert_non_null(json);
	start(&g, &r, kind, true);
	call = driver_call(a, &ask, &g.sink);
	while ((rc = driver_echo.next(call, &err)) > 0)
		assert_false(g.done);
	if (rc < 0)
		guard_fail(&g, str_from(err.msg));
	assert_true(g.done);
	err_free(&err);
	arena_free(a);
	json_decref(json);
	ended(&g, &r, want);
}

static void
test_echo(void **state)
{
	(void)state;
	echo(PROMPT_TEXT,
	    "[{\"role\":\"system\",\"content\":\"be brief\"},"
	    "{\"role\":\"user\",\"content\":\"one\"},"
	    "{\"role\":\"user\",\"content\":\" two\\n three  \"}]",
	    "t: two|t:\n three  |finish:stop 5+2=7");
	echo(PROMPT_TEXT, "[{\"role\":\"user\",\"content\":\"\"}]",
	    "finish:stop 0+0=0");
	echo(PROMPT_TEXT, "[]", "finish:stop 0+0=0");
	echo(PROMPT_TEXT, "[{\"role\":\"user\",\"content\":\" \"}]",
	    "t: |finish:stop 0+0=0");
	echo(PROMPT_TEXT,
	    "[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":"
	    "\"see\"},{\"type\":\"image\",\"image\":\"AAAA\"}]}]",
	    "t:see|finish:stop 1+1=2");
	echo(PROMPT_OBJECT,
	    "[{\"role\":\"user\",\"content\":\"{\\\"a\\\": 1}\"}]",
	    "o:{}|o:{\"a\":1}|final:{\"a\":1}|finish:stop 2+2=4");
	echo(PROMPT_OBJECT, "[{\"role\":\"user\",\"content\":\"hi\"}]",
	    "error:the built-in model echo makes no objects: the last user "
	    "message must be JSON itself");
}

static void
test_names(void **state)
{
	(void)state;
	assert_ptr_equal(driver_find("chat"), &driver_chat);
	assert_ptr_equal(driver_find("echo"), &driver_echo);
	assert_null(driver_find("nothing"));
	assert_string_equal(prompt_kind_name(PROMPT_OBJECT), "object");
	assert_string_equal(finish_name(FINISH_UNKNOWN), "unknown");
}

static void
call_tool(struct guard *g, enum event_type type)
{
	struct event ev = {.type = type};

	ev.tool.id = STR("c");
	ev.tool.name = STR("f");
	g->sink.event(&g->sink, &ev);
}

/* An object that waits for tools has no value, and its reason says so. */
static void
test_object_calls(void **state)
{
	struct record r;
	struct guard g;

	(void)state;
	start(&g, &r, PROMPT_OBJECT, false);
	call_tool(&g, EVENT_TOOL_CALL);
	finish(&g, FINISH_TOOL_CALLS, -1);
	ended(&g, &r, "call|finish:tool-calls 2+3=5");
	start(&g, &r, PROMPT_OBJECT, true);
	say(&g, EVENT_TEXT_DELTA, "Let me see");
	call_tool(&g, EVENT_TOOL_CALL);
	finish(&g, FINISH_TOOL_CALLS, -1);
	ended(&g, &r, "call|finish:tool-calls 2+3=5");
	start(&g, &r, PROMPT_OBJECT, false);
	call_tool(&g, EVENT_TOOL_CALL);
	finish(&g, FINISH_STOP, -1);
	ended(&g, &r, "call|finish:tool-calls 2+3=5");
	start(&g, &r, PROMPT_OBJECT, false);
	call_tool(&g, EVENT_TOOL_CALL);
	say(&g, EVENT_TEXT_DELTA, "[1]");
	finish(&g, FINISH_STOP, -1);
	ended(&g, &r, "call|final:[1]|finish:stop 2+3=5");
}

/* One that runs its tools itself still owes the object. */
static void
test_object_answered_calls(void **state)
{
	struct record r;
	struct guard g;

	(void)state;
	start(&g, &r, PROMPT_OBJECT, false);
	call_tool(&g, EVENT_TOOL_CALL);
	call_tool(&g, EVENT_TOOL_RESULT);
	finish(&g, FINISH_TOOL_CALLS, -1);
	ended(&g, &r,
	    "call|result|error:No object generated: the model did not return "
	    "a response.");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_nothing_after_finish),
	    cmocka_unit_test(test_nothing_after_error),
	    cmocka_unit_test(test_given_total),
	    cmocka_unit_test(test_snapshots),
	    cmocka_unit_test(test_never_parses),
	    cmocka_unit_test(test_restart),
	    cmocka_unit_test(test_one_shot),
	    cmocka_unit_test(test_own_objects),
	    cmocka_unit_test(test_long_object),
	    cmocka_unit_test(test_error_shows_rest),
	    cmocka_unit_test(test_too_large),
	    cmocka_unit_test(test_echo),
	    cmocka_unit_test(test_names),
	    cmocka_unit_test(test_object_calls),
	    cmocka_unit_test(test_object_answered_calls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
