/* Evals of every kind that needs no model, from the row to the entry in its
 * line: built-in ones, commands and posts that behave, and those that hang,
 * crash, flood and answer garbage. */
#include "../../common/base/clock.h"
#include "../../common/base/crypt.h"
#include "eval_slots.h"
#include "script_server.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* --- what is common, with an eval of this test */

static int
run_own(const struct eval_case *c, const json_t *options, struct arena *a,
    struct score *out, struct err *err)
{
	const char *output = json_string_value(c->output);

	(void)options;
	if (c->output == NULL || output == NULL)
		output = "no text";
	if (strcmp(output, "bad") == 0)
		return fail_text(err, ERR_PROVIDER, STR("cannot be scored"));
	out->score = atof(output);
	out->passed = out->score > 0;
	out->reason = arena_strdup(a, output);
	return 0;
}

static const struct builtin own = {.name = "own", .run = run_own};

static struct eval_conf
own_conf(void)
{
	struct eval_conf conf = slot_conf(EVAL_BUILTIN);

	conf.builtin = &own;
	return conf;
}

static void
test_builtin(void **state)
{
	struct eval_conf conf = own_conf();
	struct slot *s;

	(void)state;
	s = slot_start_output(&conf, "0.25");
	assert_true(eval_done(s->eval)); /* at once, and nobody is called */
	engine_turn(&slot_engine, 0);
	assert_int_equal(s->done, 0);
	slot_expect(s, "{\"name\":\"e\",\"score\":0.25,\"passed\":true,"
		       "\"reason\":\"0.25\"}");
	slot_expect_output(&conf, "bad",
	    "{\"name\":\"e\",\"score\":0,\"passed\":false,"
	    "\"reason\":\"eval error: cannot be scored\"}");
}

static void
test_rules(void **state)
{
	struct eval_conf conf = own_conf();

	(void)state;
	conf.threshold = 0.5;
	slot_expect_output(&conf, "0.25",
	    "{\"name\":\"e\",\"score\":0.25,\"passed\":false,"
	    "\"reason\":\"0.25\"}");
	slot_expect_output(&conf, "0.5",
	    "{\"name\":\"e\",\"score\":0.5,\"passed\":true,"
	    "\"reason\":\"0.5\"}");
	conf.negate = true;
	conf.weight = 2;
	slot_expect_output(&conf, "0.25",
	    "{\"name\":\"e\",\"score\":0.75,\"passed\":true,"
	    "\"reason\":\"0.25\",\"weight\":2}");
	/* A failure is not turned into a success. */
	slot_expect_output(&conf, "bad",
	    "{\"name\":\"e\",\"score\":0,\"passed\":false,"
	    "\"reason\":\"eval error: cannot be scored\",\"weight\":2}");
}

static void
test_fences(void **state)
{
	struct eval_conf conf = own_conf();

	(void)state;
	conf.strip_fences = true;
	slot_expect_output(&conf, "plain ", RESULT("plain "));
	slot_expect_output(&conf, "```\na\n```", RESULT("a"));
	slot_expect_output(&conf, " \n```json\n{}\n\n```\r\n ", RESULT("{}"));
	slot_expect_output(&conf, "~~~~ x\na\n~~~\n~~~~~", RESULT("a\\n~~~"));
	slot_expect_output(&conf, "```\nnever closed", RESULT("never closed"));
	slot_expect_output(&conf, "```\n```", RESULT(""));
	slot_expect_output(&conf, "```", RESULT(""));
	slot_expect_output(&conf, "```a``` b", RESULT("```a``` b"));
	slot_expect_output(&conf, "``\na\n``", RESULT("``\\na\\n``"));
	slot_expect_output(
	    &conf, "```\na\n```\nb", RESULT("```\\na\\n```\\nb"));
	slot_expect_output(&conf, "", RESULT(""));
}

static void
expect_pointer(const char *pointer, const char *result)
{
	struct eval_conf conf = own_conf();

	conf.pointer = pointer;
	conf.strip_fences = true;
	slot_expect_output(&conf,
	    "```json\n{\"a\":[{\"b\":\"deep\"},\"x\"],\"\":\"none\","
	    "\"m~n\":\"tilde\",\"o/p\":\"slash\",\"n\":null}\n```",
	    result);
}

#define NOTHING(pointer) FAILED("the output holds nothing at " pointer)

static void
test_pointer(void **state)
{
	struct eval_conf conf = own_conf();

	(void)state;
	expect_pointer("/a/0/b", RESULT("deep"));
	expect_pointer("/a/1", RESULT("x"));
	expect_pointer("/", RESULT("none"));
	expect_pointer("/m~0n", RESULT("tilde"));
	expect_pointer("/o~1p", RESULT("slash"));
	expect_pointer("/n", RESULT("no text"));
	expect_pointer("", RESULT("no text"));
	expect_pointer("/a/2", NOTHING("/a/2"));
	expect_pointer("/a/01", NOTHING("/a/01"));
	expect_pointer("/a/-", NOTHING("/a/-"));
	expect_pointer("/a/0/b/c", NOTHING("/a/0/b/c"));
	expect_pointer("/m~n", NOTHING("/m~n"));
	expect_pointer("/m~", NOTHING("/m~"));
	expect_pointer("a", NOTHING("a"));
	conf.pointer = "/a";
	slot_expect_output(&conf, "not JSON",
	    FAILED("the output is not JSON, which `pointer` "
		   "needs"));
}

/* --- commands */

static void
expect_shell(const char *script, const char *result)
{
	struct eval_conf conf = slot_shell(script, 0);

	slot_expect_output(&conf, "o", result);
}

static void
test_command_sees_the_row(void **state)
{
	struct eval_conf conf =
	    slot_shell("read -r line; printf '{\"got\":%s}' \"$line\"", 0);
	struct eval_case c = {.input = slot_json("[{\"role\":\"user\"}]"),
	    .output = slot_text("line\nbreak"),
	    .expected = slot_json("null"),
	    .props = slot_json("{\"q\":1.5}"),
	    .metadata = slot_json("{\"m\":[]}"),
	    .tool_calls = slot_json("[]"),
	    .latency_ms = 12,
	    .input_tokens = 1,
	    .output_tokens = 0,
	    .total_tokens = -1};

	(void)state;
	slot_expect(slot_start(&conf, c),
	    "{\"name\":\"e\",\"got\":{\"input\":[{\"role\":\"user\"}],"
	    "\"output\":\"line\\nbreak\",\"expectedOutput\":null,"
	    "\"props\":{\"q\":1.5},\"metadata\":{\"m\":[]},\"latencyMs\":12,"
	    "\"usage\":{\"inputTokens\":1,\"outputTokens\":0},"
	    "\"toolCalls\":[]}}");
	slot_expect_output(
	    &conf, "o", "{\"name\":\"e\",\"got\":{\"output\":\"o\"}}");
}

/* Keys stay as they were given, and a name is theirs (protocol.md 3.6). */
static void
test_command_answers(void **state)
{
	struct eval_conf conf = slot_shell("echo '{\"passed\":false}'", 0);

	(void)state;
	expect_shell("cat >&2; echo; echo '  '; echo '{\"label\":\"l\",\"x\":"
		     "[1],\"score\":0.5}'; echo more",
	    "{\"name\":\"e\",\"label\":\"l\",\"x\":[1],\"score\":0.5}");
	expect_shell("echo '{\"score\":1,\"name\":\"other\"}'; exit 1",
	    "{\"name\":\"other\",\"score\":1}");
	expect_shell("echo '{}'", "{\"name\":\"e\"}");
	conf.negate = true;
	conf.threshold = 0.5;
	slot_expect_output(&conf, "o", "{\"name\":\"e\",\"passed\":true}");
}

static void
test_command_fails(void **state)
{
	struct eval_conf conf = slot_conf(EVAL_COMMAND);

	(void)state;
	expect_shell(
	    "echo '{\"error\":\"exploded\"}'; exit 1", FAILED("exploded"));
	expect_shell(
	    "echo '{\"error\":{\"message\":\"m\"},\"score\":1}'", FAILED("m"));
	expect_shell("echo '[1]'", FAILED("the answer is no object: [1]"));
	expect_shell("echo 'nan'", FAILED("the answer is not JSON: nan"));
	expect_shell("echo '{\"score\":NaN}'",
	    FAILED("the answer is not JSON: {\\\"score\\\":NaN}"));
	expect_shell("exit 0", FAILED("the command gave no answer"));
	expect_shell("cat >&2; printf 'why\\nlast  \\n\\n' >&2; exit 3",
	    FAILED("the command ended with status 3: last"));
	expect_shell(
	    "kill -KILL $$", FAILED("the command died of signal 9 (Killed)"));
	slot_expect_no_program(&conf);
}

static void
test_command_floods(void **state)
{
	int64_t begin = clock_mono_ms();

	(void)state;
	expect_shell("cat /dev/zero", FAILED("the command wrote too much"));
	expect_shell("yes ''", FAILED("the command wrote too much"));
	expect_shell("yes >&2", FAILED("the command wrote too much"));
	assert_true(clock_mono_ms() - begin < 15000);
}

static void
test_command_hangs(void **state)
{
	struct eval_conf conf =
	    slot_shell("trap '' TERM; while :; do sleep 1000; done", 0);
	int64_t begin = clock_mono_ms();

	(void)state;
	conf.timeout_ms = 200;
	slot_expect_output(&conf, "o", FAILED("timed out after 200 ms"));
	assert_in_range(clock_mono_ms() - begin, 195, 1500);
}

/* One that has answered and does not end gets a second. */
static void
test_command_lingers(void **state)
{
	struct eval_conf conf =
	    slot_shell("echo '{\"score\":1}'; sleep 1000", 0);
	int64_t begin = clock_mono_ms();

	(void)state;
	conf.timeout_ms = 500;
	slot_expect_output(&conf, "o", "{\"name\":\"e\",\"score\":1}");
	assert_in_range(clock_mono_ms() - begin, 900, 3000);
}

static void
test_side_by_side(void **state)
{
	struct eval_conf slow = slot_shell("sleep .3; echo '{\"score\":1}'", 0);
	struct eval_conf hang = slot_shell("sleep 1000", 0);
	int64_t begin = clock_mono_ms();
	struct slot *s[8], *h;

	(void)state;
	h = slot_start_output(&hang, "o");
	for (int i = 0; i < 8; i++)
		s[i] = slot_start_output(&slow, "o");
	for (int i = 0; i < 8; i++)
		slot_expect(s[i], "{\"name\":\"e\",\"score\":1}");
	assert_in_range(clock_mono_ms() - begin, 290, 2000);
	for (int i = 0; i < 8; i++)
		assert_int_equal(s[i]->done, 1);
	eval_free(h->eval); /* cancelled */
	h->eval = NULL;
	engine_turn(&slot_engine, 20);
	assert_int_equal(h->done, 0);
}

/* --- posts */

static int
setup_server(void **state)
{
	return slot_setup(state) == 0 ? script_server_start(state) : -1;
}

static int
teardown_server(void **state)
{
	slot_close();
	return script_server_stop(state);
}

static struct eval_conf
post_conf(const char *path)
{
	struct eval_conf conf = slot_conf(EVAL_HTTP);

	conf.url = arena_printf(
	    slot_arena, "http://127.0.0.1:%d%s", server.port, path);
	return conf;
}

static void
test_post(void **state)
{
	struct eval_conf conf = post_conf("/signed");

	(void)state;
	slot_expect_output(&conf, "é",
	    "{\"name\":\"e\",\"signature\":\"none\","
	    "\"body\":{\"output\":\"é\"}}");
	conf.secret = "topsecret";
	slot_expect_output(&conf, "é",
	    "{\"name\":\"e\",\"signature\":\"sha256="
	    "a2b55bdcca85f3bbeb7015aeb05d63c6a7b35ab6d0f43c9c44ec29709b25b115"
	    "\",\"body\":{\"output\":\"é\"}}");
}

static void
expect_post(const char *path, const char *result)
{
	struct eval_conf conf = post_conf(path);

	conf.timeout_ms = 1000;
	slot_expect_output(&conf, "o", result);
}

static void
test_post_fails(void **state)
{
	struct eval_conf conf = post_conf("/signed");

	(void)state;
	expect_post("/limit", FAILED("the answer's status is 429"));
	expect_post("/ok", FAILED("the answer is not JSON: hello"));
	expect_post("/none", FAILED("the answer is not JSON: "));
	expect_post("/mute", FAILED("timed out after 1000 ms"));
	expect_post("/drip", FAILED("timed out after 1000 ms"));
	expect_post("/flood", FAILED("the reply is larger than 1048576 bytes"));
	expect_post("/empty", FAILED("Empty reply from server"));
	conf.url = "ftp://127.0.0.1/";
	slot_expect_output(&conf, "o",
	    FAILED("the address of a provider begins neither with http:// "
		   "nor with https://"));
}

static void
test_post_is_cancelled(void **state)
{
	struct eval_conf conf = post_conf("/stall");
	struct slot *s = slot_start_output(&conf, "o");

	(void)state;
	engine_turn(&slot_engine, 50);
	engine_turn(&slot_engine, 50);
	eval_free(s->eval);
	s->eval = NULL;
	engine_turn(&slot_engine, 0);
	assert_int_equal(s->done, 0);
}

#define TEST(name)                                                             \
	cmocka_unit_test_setup_teardown(name, slot_setup, slot_teardown)
#define POST(name)                                                             \
	cmocka_unit_test_setup_teardown(name, setup_server, teardown_server)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_builtin),
	    TEST(test_rules),
	    TEST(test_fences),
	    TEST(test_pointer),
	    TEST(test_command_sees_the_row),
	    TEST(test_command_answers),
	    TEST(test_command_fails),
	    TEST(test_command_floods),
	    TEST(test_command_hangs),
	    TEST(test_command_lingers),
	    TEST(test_side_by_side),
	    POST(test_post),
	    POST(test_post_fails),
	    POST(test_post_is_cancelled),
	};

	(void)signal(SIGPIPE, SIG_IGN);
	if (crypt_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
