/* Kept answers: which questions are the same, how those that are not differ in
 * words, and answers as bytes, whole and broken. */
#include "../../common/run/answers_int.h"

#include "../../common/base/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* --- questions */

static const struct {
	const char *name, *there, *here, *text;
} differences[] = {
    {"a number", "{\"config\":{\"temperature\":0.7}}",
	"{\"config\":{\"temperature\":0.5}}",
	"temperature 0.7 there, 0.5 here"},
    {"a key more", "{\"config\":{}}", "{\"config\":{\"seed\":1}}",
	"seed none there, 1 here"},
    {"a key less", "{\"config\":{\"seed\":1}}", "{\"config\":{}}",
	"seed 1 there, none here"},
    {"the model, told once",
	"{\"model\":\"a\",\"config\":{\"model_name\":\"x/a\"}}",
	"{\"model\":\"b\",\"config\":{\"model_name\":\"x/b\"}}",
	"model \"a\" there, \"b\" here"},
    {"a short message",
	"{\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]}",
	"{\"messages\":[{\"role\":\"user\",\"content\":\"b\"}]}",
	"message 1 \"a\" there, \"b\" here"},
    {"characters, not bytes",
	"{\"messages\":[{\"content\":\"\u00e4\u00f6\u00fc and all that comes "
	"behind them in this long text, to its end\"}]}",
	"{\"messages\":[{\"content\":\"\u00e4\u00f6\u00df and all that comes "
	"behind them in this long text, to its end\"}]}",
	"message 1 differs from character 3 on: \"\u00fc and all that comes "
	"behind them in thi\" there, \"\u00df and all that comes behind them "
	"in "
	"thi\" here"},
    {"a part", "{\"messages\":[{},{\"content\":[{\"text\":\"a\"}]}]}",
	"{\"messages\":[{},{\"content\":[{\"text\":\"b\"}]}]}",
	"message 2: 0.text \"a\" there, \"b\" here"},
    {"how many", "{\"messages\":[1]}", "{\"messages\":[1,2]}",
	"messages 1 there, 2 here"},
    {"another type", "{\"config\":{\"stop\":\"x\"}}",
	"{\"config\":{\"stop\":[\"x\"]}}", "stop \"x\" there, [\"x\"] here"},
    {"more than three", "{\"a\":1,\"b\":1,\"c\":1,\"d\":1,\"e\":1}",
	"{\"a\":2,\"b\":2,\"c\":2,\"d\":2,\"e\":2}",
	"a 1 there, 2 here; b 1 there, 2 here; c 1 there, 2 here; and 2 more"},
    {"none", "{\"a\":1}", "{\"a\":1}", NULL},
    {"no JSON", "{\"a\":", "{\"a\":1}", NULL},
};

static void
test_differences(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(differences); i++) {
		struct nearest near = {.arena = arena_new(NULL)};
		const char *there = differences[i].there;
		const char *here = differences[i].here;
		struct err err = {0};

		near.here = json_read((struct str){here, strlen(here)}, &err);
		assert_non_null(near.here);
		nearest_look(&near, (struct str){there, strlen(there)});
		if (differences[i].text == NULL)
			assert_int_equal(near.n, 0);
		else
			assert_string_equal(near.text, differences[i].text);
		json_decref(near.here);
		arena_free(near.arena);
	}
}

static void
test_nearest(void **state)
{
	struct nearest near = {.arena = arena_new(NULL)};

	(void)state;
	near.here = json_pack("{s:i,s:i}", "a", 1, "b", 1);
	nearest_look(&near, STR("{\"a\":2,\"b\":2}"));
	nearest_look(&near, STR("{\"a\":1,\"b\":3}"));
	nearest_look(&near, STR("{\"a\":4,\"b\":1}"));
	assert_string_equal(near.text, "b 3 there, 1 here");
	json_decref(near.here);
	arena_free(near.arena);
}

/* Deeper than anything is looked at. */
static void
test_deep(void **state)
{
	struct nearest near = {.arena = arena_new(NULL)};
	struct buf there, here;
	struct err err = {0};

	(void)state;
	buf_init(&there, 1 << 20);
	buf_init(&here, 1 << 20);
	for (int i = 0; i < 100; i++) {
		buf_adds(&there, "[");
		buf_adds(&here, "[");
	}
	buf_adds(&there, "1");
	buf_adds(&here, "2");
	for (int i = 0; i < 100; i++) {
		buf_adds(&there, "]");
		buf_adds(&here, "]");
	}
	near.here = json_read((struct str){buf_str(&here), here.len}, &err);
	nearest_look(&near, (struct str){buf_str(&there), there.len});
	assert_int_equal(near.n, 1);
	assert_non_null(strstr(near.text, "another one there"));
	json_decref(near.here);
	buf_free(&there);
	buf_free(&here);
	arena_free(near.arena);
}

static void
print(struct buf *b, const struct ask *ask)
{
	buf_clear(b);
	assert_true(question_print(b, ask, NULL) > 0);
}

static void
test_questions(void **state)
{
	const char *const argv[] = {"prog", "x", NULL};
	const char *const other[] = {"prog", "y", NULL};
	struct provider p = {.name = "p",
	    .driver = driver_find("chat"),
	    .base_url = "http://a",
	    .api_key = "secret-1"};
	struct ask ask = {.provider = &p, .model = "m"}, same;
	struct provider q = p;
	struct buf one, two;

	(void)state;
	buf_init(&one, 1 << 20);
	buf_init(&two, 1 << 20);
	ask.messages = json_pack("[s]", "hello");
	ask.config = json_pack("{s:i}", "seed", 1);
	print(&one, &ask);
	assert_string_equal(buf_str(&one),
	    "{\"provider\":\"p\",\"driver\":\"chat\",\"url\":\"http://a\","
	    "\"model\":\"m\",\"kind\":\"text\",\"config\":{\"seed\":1},"
	    "\"messages\":[\"hello\"]}");
	same = ask;
	same.stream = true;
	same.provider = &q;
	same.traceparent = "00-1";
	same.name = "a prompt";
	q.api_key = "secret-2";
	print(&two, &same);
	assert_string_equal(buf_str(&two), buf_str(&one));
	/* What changes it. */
	same.repeat = 1;
	print(&two, &same);
	assert_non_null(strstr(buf_str(&two), "\"repeat\":1"));
	same.v4 = true;
	print(&two, &same);
	assert_non_null(strstr(buf_str(&two), "\"v4\":true"));
	q.driver = driver_find("command");
	q.argv = argv;
	print(&one, &same);
	q.argv = other;
	print(&two, &same);
	assert_string_not_equal(buf_str(&two), buf_str(&one));
	json_decref((json_t *)ask.messages);
	json_decref((json_t *)ask.config);
	buf_free(&one);
	buf_free(&two);
}

/* --- bytes */

static void
write_all(struct pieces_out *out, const json_t *value)
{
	struct piece piece = {.step = true};

	buf_init(&out->bytes, 1 << 20);
	pieces_add(out, &piece);
	piece.step = false;
	piece.event.text = STR("Let me ");
	pieces_add(out, &piece);
	piece.event.text = STR("see.");
	pieces_add(out, &piece);
	piece.event = (struct event){.type = EVENT_REASONING_DELTA};
	piece.event.text = STR("hm");
	pieces_add(out, &piece);
	piece.agent = true;
	piece.event = (struct event){.type = EVENT_TOOL_CALL};
	piece.event.tool.id = STR("c1");
	piece.event.tool.name = STR("add");
	piece.event.tool.value = value;
	pieces_add(out, &piece);
	piece.ours = true;
	piece.event.type = EVENT_TOOL_RESULT;
	piece.event.tool.is_error = true;
	pieces_add(out, &piece);
	piece = (struct piece){.event.type = EVENT_OBJECT_DELTA};
	piece.event.object = value;
	pieces_add(out, &piece); /* is not kept */
	piece.event.type = EVENT_OBJECT_FINAL;
	pieces_add(out, &piece);
	piece.event = (struct event){.type = EVENT_FINISH};
	piece.event.finish.reason = FINISH_LENGTH;
	piece.event.finish.usage = (struct usage){
	    .input = 1, .output = 2, .total = -1, .cached = 4, .cost = 5};
	pieces_add(out, &piece);
	pieces_end(out, "openai", "gpt");
}

static void
test_pieces(void **state)
{
	struct arena *a = arena_new(NULL);
	json_t *value = json_pack("{s:f}", "x", 0.5);
	struct pieces_out out = {.text = 0};
	struct pieces in;
	struct usage *u;

	(void)state;
	write_all(&out, value);
	assert_int_equal(
	    pieces_read(
		a, (struct str){buf_str(&out.bytes), out.bytes.len}, &in),
	    0);
	assert_int_equal(in.n, 7);
	assert_true(in.items[0].step);
	assert_int_equal(in.items[1].event.text.len, 11);
	assert_memory_equal(in.items[1].event.text.p, "Let me see.", 11);
	assert_int_equal(in.items[2].event.type, EVENT_REASONING_DELTA);
	assert_true(in.items[3].agent && !in.items[3].ours);
	assert_true(json_equal(in.items[3].event.tool.value, value));
	assert_false(in.items[3].event.tool.is_error);
	assert_true(in.items[4].ours && in.items[4].event.tool.is_error);
	assert_true(json_equal(in.items[5].event.object, value));
	u = &in.items[6].event.finish.usage;
	assert_int_equal(in.items[6].event.finish.reason, FINISH_LENGTH);
	assert_true(u->input == 1 && u->output == 2 && u->total == -1);
	assert_true(u->cached == 4 && !u->unknown);
	assert_true(u->has_cost && u->cost <= 0); /* it costs nothing now */
	assert_string_equal(in.provider, "openai");
	assert_string_equal(in.model, "gpt");
	json_decref(value);
	buf_free(&out.bytes);
	arena_free(a);
}

/* Cut anywhere it is none; with any byte changed it is none or another one. */
static void
test_broken(void **state)
{
	json_t *value = json_pack("{s:f}", "x", 0.5);
	struct pieces_out out = {.text = 0};
	struct pieces in;
	size_t len;

	(void)state;
	write_all(&out, value);
	len = out.bytes.len;
	for (size_t i = 0; i < len; i++) {
		struct arena *a = arena_new(NULL);
		char *copy = malloc(i + 1);

		assert_non_null(copy);
		memcpy(copy, out.bytes.data, i);
		assert_int_equal(
		    pieces_read(a, (struct str){copy, i}, &in), -1);
		free(copy);
		for (int bit = 0; bit < 8; bit++) {
			out.bytes.data[i] ^= (char)(1 << bit);
			(void)!pieces_read(
			    a, (struct str){out.bytes.data, len}, &in);
			out.bytes.data[i] ^= (char)(1 << bit);
		}
		arena_free(a);
	}
	json_decref(value);
	buf_free(&out.bytes);
}

/* --- what a request may say */

static const struct {
	const char *data;
	int mode; /* -1: refused */
} requests[] = {
    {"{}", ANSWERS_OFF},
    {"{\"cache\":false}", ANSWERS_OFF},
    {"{\"cache\":true}", ANSWERS_KEEP},
    {"{\"replay\":\"strict\"}", ANSWERS_STRICT},
    {"{\"cache\":true,\"replay\":\"strict\"}", ANSWERS_STRICT},
    {"{\"cache\":1}", -1},
    {"{\"replay\":\"loose\"}", -1},
    {"{\"replay\":true}", -1},
};

static void
test_requests(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(requests); i++) {
		json_t *data = json_loads(requests[i].data, 0, NULL);
		enum answers_mode mode = ANSWERS_OFF;
		struct err err = {0};
		int rc = answers_read(data, &mode, &err);

		assert_int_equal(rc < 0 ? -1 : (int)mode, requests[i].mode);
		assert_int_equal(err.code, rc < 0 ? ERR_REQUEST : ERR_NONE);
		err_free(&err);
		json_decref(data);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_differences),
	    cmocka_unit_test(test_nearest),
	    cmocka_unit_test(test_deep),
	    cmocka_unit_test(test_questions),
	    cmocka_unit_test(test_pieces),
	    cmocka_unit_test(test_broken),
	    cmocka_unit_test(test_requests),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
