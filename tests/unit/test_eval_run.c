/* Evals of every kind that needs no model, from the row to the entry in its
 * line: commands, workers and posts that behave, and those that hang, crash,
 * flood and answer garbage. */
#include "../../common/run/eval_run.h"

#include "../../common/base/clock.h"
#include "../../common/base/crypt.h"
#include "../../common/base/json.h"
#include "../../common/base/log.h"
#include "script_server.h"

#include <sys/wait.h>

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define PATIENCE 20000 /* ms; a test that waits so long has failed */

enum { MAX = 32 };

static struct settings settings;
static struct engine engine;
static struct arena *arena;

/* Evals that run at once, and what came of them. */
struct slot {
	struct eval_run *eval;
	struct eval_case c;
	int done;
};
static struct slot slots[MAX];

static int
setup(void **state)
{
	(void)state;
	arena = arena_new(NULL);
	engine = (struct engine){.loop = loop_new(), .settings = &settings};
	memset(slots, 0, sizeof(slots));
	return 0;
}

static void
close_engine(void)
{
	for (int i = 0; i < MAX; i++)
		eval_free(slots[i].eval);
	eval_pools_free(&engine);
	loop_free(engine.loop);
	arena_free(arena);
}

static int
teardown(void **state)
{
	(void)state;
	close_engine();
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
	return 0;
}

static int
setup_server(void **state)
{
	return setup(state) == 0 ? script_server_start(state) : -1;
}

static int
teardown_server(void **state)
{
	close_engine();
	return script_server_stop(state);
}

static void
drop_json(void *json)
{
	json_decref(json);
}

static const json_t *
parse(const char *text)
{
	struct err err = {0};
	json_t *json = json_read((struct str){text, strlen(text)}, &err);

	if (json == NULL)
		fail_msg("%s: %s", text, err.msg);
	arena_on_free(arena, drop_json, json);
	return json;
}

static const json_t *
text(const char *s)
{
	json_t *json = json_string(s);

	arena_on_free(arena, drop_json, json);
	return json;
}

static struct eval_conf
new_conf(enum eval_kind kind)
{
	return (struct eval_conf){.name = "e",
	    .kind = kind,
	    .weight = NAN,
	    .threshold = NAN,
	    .timeout_ms = 10000};
}

static struct eval_conf
shell_conf(const char *script, int64_t workers)
{
	struct eval_conf conf = new_conf(EVAL_COMMAND);
	const char **argv = arena_array(arena, 4, sizeof(*argv));

	argv[0] = "sh";
	argv[1] = "-c";
	argv[2] = script;
	argv[3] = NULL;
	conf.argv = argv;
	conf.workers = workers;
	return conf;
}

static void
on_done(void *arg)
{
	struct slot *s = arg;

	s->done++;
	assert_true(eval_done(s->eval));
}

static struct slot *
start(const struct eval_conf *conf, struct eval_case c)
{
	struct slot *s = slots;

	while (s->eval != NULL)
		s++;
	s->c = c;
	s->eval = eval_start(&engine, arena, conf, &s->c, on_done, s);
	return s;
}

static struct slot *
start_output(const struct eval_conf *conf, const char *output)
{
	return start(conf, (struct eval_case){.output = text(output),
			       .latency_ms = -1,
			       .input_tokens = -1,
			       .output_tokens = -1,
			       .total_tokens = -1});
}

static void
wait_for(const struct slot *s)
{
	int64_t until = clock_mono_ms() + PATIENCE;

	while (!eval_done(s->eval)) {
		engine_turn(&engine, 1000);
		assert_true(clock_mono_ms() < until);
	}
}

static void
expect(const struct slot *s, const char *result)
{
	struct buf b;

	buf_init(&b, 1 << 20);
	wait_for(s);
	json_print(&b, eval_result(s->eval));
	assert_string_equal(buf_str(&b), result);
	buf_free(&b);
}

/* One eval of OUTPUT from start to end. */
static void
expect_output(
    const struct eval_conf *conf, const char *output, const char *result)
{
	struct slot *s = start_output(conf, output);

	expect(s, result);
	eval_free(s->eval);
	*s = (struct slot){0};
}

static void
expect_shell(const char *script, const char *result)
{
	struct eval_conf conf = shell_conf(script, 0);

	expect_output(&conf, "o", result);
}

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
	struct eval_conf conf = new_conf(EVAL_BUILTIN);

	conf.builtin = &own;
	return conf;
}

static void
test_builtin(void **state)
{
	struct eval_conf conf = own_conf();
	struct slot *s;

	(void)state;
	s = start_output(&conf, "0.25");
	assert_true(eval_done(s->eval)); /* at once, and nobody is called */
	engine_turn(&engine, 0);
	assert_int_equal(s->done, 0);
	expect(s, "{\"name\":\"e\",\"score\":0.25,\"passed\":true,"
		  "\"reason\":\"0.25\"}");
	expect_output(&conf, "bad",
	    "{\"name\":\"e\",\"score\":0,\"passed\":false,"
	    "\"reason\":\"eval error: cannot be scored\"}");
}

static void
test_rules(void **state)
{
	struct eval_conf conf = own_conf();

	(void)state;
	conf.threshold = 0.5;
	expect_output(&conf, "0.25",
	    "{\"name\":\"e\",\"score\":0.25,\"passed\":false,"
	    "\"reason\":\"0.25\"}");
	expect_output(&conf, "0.5",
	    "{\"name\":\"e\",\"score\":0.5,\"passed\":true,"
	    "\"reason\":\"0.5\"}");
	conf.negate = true;
	conf.weight = 2;
	expect_output(&conf, "0.25",
	    "{\"name\":\"e\",\"score\":0.75,\"passed\":true,"
	    "\"reason\":\"0.25\",\"weight\":2}");
	/* A failure is not turned into a success. */
	expect_output(&conf, "bad",
	    "{\"name\":\"e\",\"score\":0,\"passed\":false,"
	    "\"reason\":\"eval error: cannot be scored\",\"weight\":2}");
}

#define SEEN(value)                                                            \
	"{\"name\":\"e\",\"score\":0,\"passed\":false,\"reason\":\"" value "\"}"

static void
test_fences(void **state)
{
	struct eval_conf conf = own_conf();

	(void)state;
	conf.strip_fences = true;
	expect_output(&conf, "plain ", SEEN("plain "));
	expect_output(&conf, "```\na\n```", SEEN("a"));
	expect_output(&conf, " \n```json\n{}\n\n```\r\n ", SEEN("{}"));
	expect_output(&conf, "~~~~ x\na\n~~~\n~~~~~", SEEN("a\\n~~~"));
	expect_output(&conf, "```\nnever closed", SEEN("never closed"));
	expect_output(&conf, "```\n```", SEEN(""));
	expect_output(&conf, "```", SEEN(""));
	expect_output(&conf, "```a``` b", SEEN("```a``` b"));
	expect_output(&conf, "``\na\n``", SEEN("``\\na\\n``"));
	expect_output(&conf, "```\na\n```\nb", SEEN("```\\na\\n```\\nb"));
	expect_output(&conf, "", SEEN(""));
}

static void
expect_pointer(const char *pointer, const char *result)
{
	struct eval_conf conf = own_conf();

	conf.pointer = pointer;
	conf.strip_fences = true;
	expect_output(&conf,
	    "```json\n{\"a\":[{\"b\":\"deep\"},\"x\"],\"\":\"none\","
	    "\"m~n\":\"tilde\",\"o/p\":\"slash\",\"n\":null}\n```",
	    result);
}

#define NOTHING(pointer)                                                       \
	SEEN("eval error: the output holds nothing at " pointer)

static void
test_pointer(void **state)
{
	struct eval_conf conf = own_conf();

	(void)state;
	expect_pointer("/a/0/b", SEEN("deep"));
	expect_pointer("/a/1", SEEN("x"));
	expect_pointer("/", SEEN("none"));
	expect_pointer("/m~0n", SEEN("tilde"));
	expect_pointer("/o~1p", SEEN("slash"));
	expect_pointer("/n", SEEN("no text"));
	expect_pointer("", SEEN("no text"));
	expect_pointer("/a/2", NOTHING("/a/2"));
	expect_pointer("/a/01", NOTHING("/a/01"));
	expect_pointer("/a/-", NOTHING("/a/-"));
	expect_pointer("/a/0/b/c", NOTHING("/a/0/b/c"));
	expect_pointer("/m~n", NOTHING("/m~n"));
	expect_pointer("/m~", NOTHING("/m~"));
	expect_pointer("a", NOTHING("a"));
	conf.pointer = "/a";
	expect_output(&conf, "not JSON",
	    SEEN("eval error: the output is not JSON, which `pointer` "
		 "needs"));
}

/* --- commands */

static void
test_command_sees_the_row(void **state)
{
	struct eval_conf conf =
	    shell_conf("read -r line; printf '{\"got\":%s}' \"$line\"", 0);
	struct eval_case c = {.input = parse("[{\"role\":\"user\"}]"),
	    .output = text("line\nbreak"),
	    .expected = parse("null"),
	    .props = parse("{\"q\":1.5}"),
	    .metadata = parse("{\"m\":[]}"),
	    .tool_calls = parse("[]"),
	    .latency_ms = 12,
	    .input_tokens = 1,
	    .output_tokens = 0,
	    .total_tokens = -1};

	(void)state;
	expect(start(&conf, c),
	    "{\"name\":\"e\",\"got\":{\"input\":[{\"role\":\"user\"}],"
	    "\"output\":\"line\\nbreak\",\"expectedOutput\":null,"
	    "\"props\":{\"q\":1.5},\"metadata\":{\"m\":[]},\"latencyMs\":12,"
	    "\"usage\":{\"inputTokens\":1,\"outputTokens\":0},"
	    "\"toolCalls\":[]}}");
	expect_output(
	    &conf, "o", "{\"name\":\"e\",\"got\":{\"output\":\"o\"}}");
}

/* Keys stay as they were given, and a name is theirs (protocol.md 3.6). */
static void
test_command_answers(void **state)
{
	struct eval_conf conf = shell_conf("echo '{\"passed\":false}'", 0);

	(void)state;
	expect_shell("cat >&2; echo; echo '  '; echo '{\"label\":\"l\",\"x\":"
		     "[1],\"score\":0.5}'; echo more",
	    "{\"name\":\"e\",\"label\":\"l\",\"x\":[1],\"score\":0.5}");
	expect_shell("echo '{\"score\":1,\"name\":\"other\"}'; exit 1",
	    "{\"name\":\"other\",\"score\":1}");
	expect_shell("echo '{}'", "{\"name\":\"e\"}");
	conf.negate = true;
	conf.threshold = 0.5;
	expect_output(&conf, "o", "{\"name\":\"e\",\"passed\":true}");
}

#define FAILED(reason) SEEN("eval error: " reason)

/* Under tools that make a fork of every vfork the child can only say it with
 * its status. */
static void
expect_no_program(struct eval_conf *conf)
{
	struct slot *s;
	const char *reason;

	conf->argv = (const char *[]){"/no/such/program", NULL};
	s = start_output(conf, "o");
	wait_for(s);
	reason =
	    json_string_value(json_object_get(eval_result(s->eval), "reason"));
	if (strcmp(reason, "eval error: the command ended with status 127") !=
	    0)
		assert_string_equal(reason,
		    "eval error: cannot start /no/such/program: No such file "
		    "or directory");
}

static void
test_command_fails(void **state)
{
	struct eval_conf conf = new_conf(EVAL_COMMAND);

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
	expect_no_program(&conf);
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
	    shell_conf("trap '' TERM; while :; do sleep 1000; done", 0);
	int64_t begin = clock_mono_ms();

	(void)state;
	conf.timeout_ms = 200;
	expect_output(&conf, "o", FAILED("timed out after 200 ms"));
	assert_in_range(clock_mono_ms() - begin, 195, 1500);
}

/* One that has answered and does not end gets a second. */
static void
test_command_lingers(void **state)
{
	struct eval_conf conf =
	    shell_conf("echo '{\"score\":1}'; sleep 1000", 0);
	int64_t begin = clock_mono_ms();

	(void)state;
	conf.timeout_ms = 500;
	expect_output(&conf, "o", "{\"name\":\"e\",\"score\":1}");
	assert_in_range(clock_mono_ms() - begin, 900, 3000);
}

static void
test_side_by_side(void **state)
{
	struct eval_conf slow = shell_conf("sleep .3; echo '{\"score\":1}'", 0);
	struct eval_conf hang = shell_conf("sleep 1000", 0);
	int64_t begin = clock_mono_ms();
	struct slot *s[8], *h;

	(void)state;
	h = start_output(&hang, "o");
	for (int i = 0; i < 8; i++)
		s[i] = start_output(&slow, "o");
	for (int i = 0; i < 8; i++)
		expect(s[i], "{\"name\":\"e\",\"score\":1}");
	assert_in_range(clock_mono_ms() - begin, 290, 2000);
	for (int i = 0; i < 8; i++)
		assert_int_equal(s[i]->done, 1);
	eval_free(h->eval); /* cancelled */
	h->eval = NULL;
	engine_turn(&engine, 20);
	assert_int_equal(h->done, 0);
}

/* --- workers */

/* Answers with its process id, and does what the row says. */
#define WORKER                                                                 \
	"while read -r line; do case $line in "                                \
	"*hang*) sleep 1000;; "                                                \
	"*crash*) echo boom >&2; kill -KILL $$;; "                             \
	"*leave*) echo '{\"pid\":'$$'}'; exit 0;; "                            \
	"*never*) exit 0;; "                                                   \
	"*garbage*) echo what;; "                                              \
	"*twice*) printf '\\n{\"pid\":%d}\\n{\"pid\":0}\\n' $$;; "             \
	"*flood*) yes '';; "                                                   \
	"*) echo '{\"pid\":'$$'}';; esac; done"

static json_int_t
pid_of(const struct slot *s)
{
	const json_t *pid;

	wait_for(s);
	pid = json_object_get(eval_result(s->eval), "pid");
	if (pid == NULL)
		fail_msg("%s", json_string_value(json_object_get(
				   eval_result(s->eval), "reason")));
	return json_integer_value(pid);
}

static json_int_t
ask(const struct eval_conf *conf, const char *output)
{
	struct slot *s = start_output(conf, output);
	json_int_t pid = pid_of(s);

	assert_true(pid > 0);
	eval_free(s->eval);
	*s = (struct slot){0};
	return pid;
}

static void
test_workers_are_shared(void **state)
{
	struct eval_conf conf = shell_conf(WORKER, 2);
	struct slot *s[12];
	json_int_t seen[2] = {0}, pid;

	(void)state;
	for (int i = 0; i < 12; i++)
		s[i] = start_output(&conf, "o");
	for (int i = 0; i < 12; i++) {
		pid = pid_of(s[i]);
		if (seen[0] == 0 || seen[0] == pid)
			seen[0] = pid;
		else if (seen[1] == 0 || seen[1] == pid)
			seen[1] = pid;
		else
			fail_msg("a third worker");
	}
	assert_true(seen[1] != 0);
	pid = ask(&conf, "o");
	assert_true(pid == seen[0] || pid == seen[1]);
	eval_pools_free(&engine);
	pid = ask(&conf, "o");
	assert_true(pid != seen[0] && pid != seen[1]);
}

/* The request that hung fails, those that wait behind it are served, though
 * they have waited longer than their own time. */
static void
test_worker_hangs(void **state)
{
	struct eval_conf conf = shell_conf(WORKER, 1);
	struct slot *hang[2], *s[4];
	json_int_t pid = ask(&conf, "o");

	(void)state;
	conf.timeout_ms = 300;
	hang[0] = start_output(&conf, "hang");
	hang[1] = start_output(&conf, "hang");
	for (int i = 0; i < 4; i++)
		s[i] = start_output(&conf, "o");
	for (int i = 0; i < 4; i++)
		assert_true(pid_of(s[i]) != pid);
	expect(hang[0], FAILED("timed out after 300 ms"));
	expect(hang[1], FAILED("timed out after 300 ms"));
}

static void
test_worker_crashes(void **state)
{
	struct eval_conf conf = shell_conf(WORKER, 2);
	struct slot *crash, *s[6];

	(void)state;
	crash = start_output(&conf, "crash");
	for (int i = 0; i < 6; i++)
		s[i] = start_output(&conf, "o");
	expect(crash, FAILED("the command died of signal 9 (Killed): boom"));
	for (int i = 0; i < 6; i++)
		assert_true(pid_of(s[i]) > 0);
}

/* What is not understood any more is not asked again. */
static void
test_worker_loses_its_place(void **state)
{
	struct eval_conf conf = shell_conf(WORKER, 1);
	struct slot *garbage, *twice, *flood, *s[3];
	json_int_t pid;

	(void)state;
	log_set_level(LEVEL_ERROR);
	pid = ask(&conf, "o");
	garbage = start_output(&conf, "garbage");
	s[0] = start_output(&conf, "o");
	twice = start_output(&conf, "twice");
	s[1] = start_output(&conf, "o");
	flood = start_output(&conf, "flood");
	s[2] = start_output(&conf, "o");
	expect(garbage, FAILED("the answer is not JSON: what"));
	assert_true(pid_of(s[0]) != pid);
	assert_true(pid_of(twice) == pid_of(s[0]));
	assert_true(pid_of(s[1]) != 0);
	assert_true(pid_of(s[1]) != pid_of(s[0]));
	expect(flood, FAILED("the command wrote too much"));
	assert_true(pid_of(s[2]) != 0);
	log_set_level(LEVEL_INFO);
}

/* A worker may leave between two requests. */
static void
test_worker_leaves(void **state)
{
	struct eval_conf conf = shell_conf(WORKER, 1);
	struct slot *s[4], *never;

	(void)state;
	for (int i = 0; i < 4; i++)
		s[i] = start_output(&conf, "leave");
	for (int i = 0; i < 4; i++)
		assert_true(pid_of(s[i]) > 0);
	never = start_output(&conf, "never");
	expect(never, FAILED("the command gave no answer"));
}

static void
test_worker_does_not_start(void **state)
{
	struct eval_conf conf = shell_conf("echo why >&2; exit 4", 3);
	struct slot *s[6];

	(void)state;
	for (int i = 0; i < 6; i++)
		s[i] = start_output(&conf, "o");
	for (int i = 0; i < 6; i++)
		expect(s[i], FAILED("the command ended with status 4: why"));
	expect_no_program(&conf);
}

/* Those that are cancelled cost the others nothing. */
static void
test_workers_are_cancelled(void **state)
{
	struct eval_conf conf = shell_conf(WORKER, 1);
	struct slot *s[4];

	(void)state;
	s[0] = start_output(&conf, "hang");
	s[1] = start_output(&conf, "o");
	s[2] = start_output(&conf, "o");
	s[3] = start_output(&conf, "hang");
	eval_free(s[1]->eval);
	eval_free(s[0]->eval);
	s[0]->eval = s[1]->eval = NULL;
	assert_true(pid_of(s[2]) > 0);
	engine_turn(&engine, 0);
	eval_pools_free(&engine);
	expect(s[3], FAILED("the workers were ended"));
	assert_int_equal(s[0]->done + s[1]->done, 0);
}

/* --- posts */

static struct eval_conf
post_conf(const char *path)
{
	struct eval_conf conf = new_conf(EVAL_HTTP);

	conf.url =
	    arena_printf(arena, "http://127.0.0.1:%d%s", server.port, path);
	return conf;
}

static void
test_post(void **state)
{
	struct eval_conf conf = post_conf("/signed");

	(void)state;
	expect_output(&conf, "é",
	    "{\"name\":\"e\",\"signature\":\"none\","
	    "\"body\":{\"output\":\"é\"}}");
	conf.secret = "topsecret";
	expect_output(&conf, "é",
	    "{\"name\":\"e\",\"signature\":\"sha256="
	    "a2b55bdcca85f3bbeb7015aeb05d63c6a7b35ab6d0f43c9c44ec29709b25b115"
	    "\",\"body\":{\"output\":\"é\"}}");
}

static void
expect_post(const char *path, const char *result)
{
	struct eval_conf conf = post_conf(path);

	conf.timeout_ms = 1000;
	expect_output(&conf, "o", result);
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
	expect_output(&conf, "o",
	    FAILED("the address of a provider begins neither with http:// "
		   "nor with https://"));
}

static void
test_post_is_cancelled(void **state)
{
	struct eval_conf conf = post_conf("/stall");
	struct slot *s = start_output(&conf, "o");

	(void)state;
	engine_turn(&engine, 50);
	engine_turn(&engine, 50);
	eval_free(s->eval);
	s->eval = NULL;
	engine_turn(&engine, 0);
	assert_int_equal(s->done, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
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
	    TEST(test_workers_are_shared),
	    TEST(test_worker_hangs),
	    TEST(test_worker_crashes),
	    TEST(test_worker_loses_its_place),
	    TEST(test_worker_leaves),
	    TEST(test_worker_does_not_start),
	    TEST(test_workers_are_cancelled),
	    POST(test_post),
	    POST(test_post_fails),
	    POST(test_post_is_cancelled),
	};

	(void)signal(SIGPIPE, SIG_IGN);
	if (crypt_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
