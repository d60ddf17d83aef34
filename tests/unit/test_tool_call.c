/* Calls of tools: their pieces, their ceilings, and what tells of them. */
#include "../../common/base/json.h"
#include "../../common/base/limits.h"
#include "../../common/base/utf.h"
#include "../../common/provider/tool_ask.h"
#include "../../common/provider/tool_call.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Writes every call as a line. */
struct record {
	struct sink sink;
	struct buf out;
};

static void
on_event(struct sink *self, const struct event *ev)
{
	struct record *r = (struct record *)self;

	assert_int_equal(ev->type, EVENT_TOOL_CALL);
	buf_addf(&r->out, "%.*s %.*s%s ", (int)ev->tool.id.len, ev->tool.id.p,
	    (int)ev->tool.name.len, ev->tool.name.p,
	    ev->tool.is_error ? " bad" : "");
	json_print(&r->out, ev->tool.value);
	if (ev->tool.keep != NULL) {
		buf_addc(&r->out, ' ');
		json_print(&r->out, ev->tool.keep);
	}
	buf_addc(&r->out, '\n');
}

static const struct provider vendor = {.driver = &driver_chat};

struct given {
	struct arena *arena;
	struct record record;
	struct call *call;
	struct tool_calls calls;
	struct err err;
};

static void
begin(struct given *g, const json_t *messages)
{
	struct ask ask = {.provider = &vendor, .messages = messages};

	*g = (struct given){.arena = arena_new(NULL)};
	g->record.sink.event = on_event;
	buf_init(&g->record.out, LIMIT_LINE_BYTES);
	g->call = driver_call(g->arena, &ask, &g->record.sink);
}

static void
finish(struct given *g)
{
	tool_calls_free(&g->calls);
	buf_free(&g->record.out);
	err_free(&g->err);
	arena_free(g->arena);
}

static struct tool_call *
add(struct given *g, json_int_t index, const char *piece)
{
	struct tool_call *made =
	    tool_calls_at(g->call, &g->calls, index, &g->err);

	assert_non_null(made);
	assert_int_equal(tool_call_add(&g->calls, made,
			     (struct str){piece, strlen(piece)}, &g->err),
	    0);
	return made;
}

static void
test_pieces(void **state)
{
	struct given g;
	struct tool_call *made;

	(void)state;
	begin(&g, NULL);
	tool_call_name(add(&g, 3, "{\"a\""), STR("x"), STR("first"));
	tool_call_name(add(&g, 7, ""), STR("y"), STR("second"));
	made = add(&g, 3, ":1}");
	tool_call_name(made, STR("other"), STR("other"));
	made->keep = json_pack("{ss}", "driver", "chat");
	tool_call_name(add(&g, 8, "{\"a\""), STR("z"), STR("third"));
	tool_calls_emit(g.call, &g.calls);
	tool_calls_emit(g.call, &g.calls);
	assert_string_equal(buf_str(&g.record.out),
	    "x first {\"a\":1} {\"driver\":\"chat\"}\n"
	    "y second {}\n"
	    "z third bad \"{\\\"a\\\"\"\n");
	/* An index that comes again is of a new call. */
	tool_call_name(add(&g, 3, "[]"), STR("v"), STR("fourth"));
	buf_clear(&g.record.out);
	tool_calls_emit(g.call, &g.calls);
	assert_string_equal(buf_str(&g.record.out), "v fourth []\n");
	finish(&g);
}

static void
test_ids(void **state)
{
	json_t *messages =
	    json_pack("[{s:s},{s:[{s:s},{s:s},{s:s}]},{s:[{s:s}]}]", "content",
		"tool-call", "content", "type", "text", "type", "tool-call",
		"type", "tool-call", "content", "type", "tool-result");
	struct given g;

	(void)state;
	assert_non_null(messages);
	begin(&g, messages);
	tool_call_name(add(&g, 0, ""), STR(""), STR("a"));
	tool_call_name(add(&g, 1, ""), STR("own"), STR("b"));
	tool_call_name(add(&g, 2, ""), STR(""), STR("c"));
	tool_calls_emit(g.call, &g.calls);
	assert_string_equal(
	    buf_str(&g.record.out), "call_3 a {}\nown b {}\ncall_5 c {}\n");
	finish(&g);
	json_decref(messages);
}

static void
test_too_many(void **state)
{
	struct given g;
	unsigned i;

	(void)state;
	begin(&g, NULL);
	for (i = 0; i < LIMIT_TOOL_CALLS; i++) {
		(void)add(&g, (json_int_t)i, "{}");
		if (i % 2 == 0)
			tool_calls_emit(g.call, &g.calls);
	}
	assert_null(tool_calls_at(g.call, &g.calls, 1000, &g.err));
	assert_string_equal(
	    g.err.msg, "the model made more than 128 tool calls at once");
	finish(&g);
}

static void
test_too_large(void **state)
{
	const size_t part = LIMIT_OBJECT_BYTES / 4;
	struct tool_call *made;
	struct given g;
	char *text = malloc(part);
	int i;

	(void)state;
	assert_non_null(text);
	memset(text, ' ', part);
	begin(&g, NULL);
	for (i = 0; i < 4; i++) {
		made = tool_calls_at(g.call, &g.calls, i, &g.err);
		assert_non_null(made);
		assert_int_equal(tool_call_add(&g.calls, made,
				     (struct str){text, part}, &g.err),
		    0);
	}
	assert_int_equal(tool_call_add(&g.calls, made, STR("x"), &g.err), -1);
	assert_string_equal(g.err.msg,
	    "the arguments of tool calls are larger than 16777216 bytes");
	free(text);
	finish(&g);
}

/* What vendors are told of a part that holds VALUE, which is taken. */
static void
check_text(const char *type, json_t *value, bool bad, const char *want)
{
	struct arena *a = arena_new(NULL);
	const char *key = strcmp(type, "tool-call") == 0 ? "args" : "result";
	json_t *part = json_pack("{ss}", "type", type), *input;
	struct tool_part read;
	struct err err = {0};
	struct str text;

	json_object_set_new(part,
	    strcmp(key, "args") == 0 ? "badArgs" : "isError",
	    json_boolean(bad));
	if (value != NULL)
		json_object_set_new(part, key, value);
	tool_part_read(part, &driver_chat, &read);
	assert_int_equal(tool_part_text(a, &read, &text, &err), 0);
	assert_int_equal(text.len, strlen(want));
	assert_memory_equal(text.p, want, text.len);
	input = tool_part_input(&read);
	assert_true(json_is_object(input));
	json_decref(input);
	json_decref(part);
	arena_free(a);
}

static void
test_texts(void **state)
{
	(void)state;
	check_text("tool-call", json_pack("{si}", "a", 1), false, "{\"a\":1}");
	check_text("tool-call", json_string("x"), false, "\"x\"");
	check_text("tool-call", json_string("{x"), true, "{x");
	check_text("tool-call", NULL, false, "{}");
	check_text("tool-result", json_string("x"), false, "x");
	check_text("tool-result", json_string("why"), true, "why");
	check_text("tool-result", json_pack("[i]", 1), false, "[1]");
	check_text("tool-result", json_null(), false, "null");
	check_text("tool-result", NULL, false, "null");
}

/* What a driver keeps is for it alone. */
static void
test_keep(void **state)
{
	json_t *part = json_pack(
	    "{sss{ss}}", "type", "tool-call", "keep", "driver", "responses");
	struct tool_part read;

	(void)state;
	tool_part_read(part, &driver_responses, &read);
	assert_non_null(read.keep);
	tool_part_read(part, &driver_chat, &read);
	assert_null(read.keep);
	json_decref(part);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_pieces),
	    cmocka_unit_test(test_ids),
	    cmocka_unit_test(test_too_many),
	    cmocka_unit_test(test_too_large),
	    cmocka_unit_test(test_texts),
	    cmocka_unit_test(test_keep),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
