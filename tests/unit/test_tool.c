/* Tools: which ones a prompt gets, under which names, and what becomes of a
 * call.  Commands are run by /bin/sh, URLs are those of the scripted server. */
#include "../../common/run/tool.h"

#include "../../common/base/clock.h"
#include "../../common/base/json.h"
#include "../../common/store/store.h"
#include "script_server.h"

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

struct fixture {
	struct arena *arena;
	struct settings settings;
	struct engine engine;
	struct tool_conf confs[16];
	json_t *schema, *names, *args;
	int dones;
};

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->arena = arena_new(NULL);
	f->settings.tools = f->confs;
	f->engine.loop = loop_new();
	f->engine.store = store_new(NULL);
	f->engine.settings = &f->settings;
	f->schema = json_loads("{\"type\":\"object\",\"properties\":{\"n\":{"
			       "\"type\":\"number\"}},\"required\":[\"n\"]}",
	    0, NULL);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	engine_workers_free(&f->engine);
	loop_free(f->engine.loop);
	store_free(f->engine.store);
	arena_free(f->arena);
	json_decref(f->schema);
	json_decref(f->names);
	json_decref(f->args);
	free(f);
	return 0;
}

static struct tool_conf *
add_conf(struct fixture *f, const char *name)
{
	struct tool_conf *conf = &f->confs[f->settings.n_tools++];

	*conf = (struct tool_conf){.name = name, .timeout_ms = PATIENCE};
	return conf;
}

static struct tool_conf *
add_script(struct fixture *f, const char *name, const char *script)
{
	struct tool_conf *conf = add_conf(f, name);
	const char **argv = arena_array(f->arena, 4, sizeof(*argv));

	argv[0] = "/bin/sh";
	argv[1] = "-c";
	argv[2] = script;
	argv[3] = NULL;
	conf->argv = argv;
	return conf;
}

static struct toolset *
open_set(struct fixture *f, const char *names, unsigned flags, struct err *err)
{
	json_decref(f->names);
	f->names = json_loads(names, JSON_DECODE_ANY, NULL);
	assert_non_null(f->names);
	return toolset_open(&f->engine, f->arena, f->names, flags, err);
}

/* --- names */

/* The vendors' names, each with that of the wire where they differ. */
static void
expect_names(
    struct fixture *f, const char *names, unsigned flags, const char *wanted)
{
	struct err err = {0};
	struct toolset *set = open_set(f, names, flags, &err);
	const struct tool_decl *decls;
	struct buf got;
	size_t n;

	buf_init(&got, 1 << 16);
	assert_non_null(set);
	assert_int_equal(toolset_ready(set, &err), 1);
	decls = toolset_decls(set, &n);
	for (size_t i = 0; i < n; i++) {
		struct str name = {decls[i].name, strlen(decls[i].name)};
		struct str wire = toolset_wire_name(set, name);

		buf_addf(&got, "%s%s", i != 0 ? " " : "", decls[i].name);
		if (wire.len != name.len ||
		    memcmp(wire.p, name.p, name.len) != 0)
			buf_addf(&got, "=%.*s", (int)wire.len, wire.p);
	}
	assert_string_equal(buf_str(&got), wanted);
	buf_free(&got);
}

static void
test_names(void **state)
{
	static const char *const all[] = {"plain", "a.b", "a_b", "a b",
	    "gr\303\274\303\237e", "",
	    "0123456789012345678901234567890123456789012345678901234567890123",
	    "01234567890123456789012345678901234567890123456789012345678901234"
	    "5",
	    "012345678901234567890123456789012345678901234567890123456789012"
	    "34!"};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		(void)add_script(f, all[i], "true");
	expect_names(f, "[]", 0, "");
	expect_names(f, "null", 0, "");
	expect_names(f, "[\"plain\"]", 0, "plain");
	expect_names(f, "[\"plain\",\"a.b\",\"plain\"]", 0, "plain a_b=a.b");
	expect_names(
	    f, "[\"a.b\",\"a b\",\"a_b\"]", 0, "a_b_2=a.b a_b_3=a b a_b");
	expect_names(
	    f, "[\"gr\303\274\303\237e\"]", 0, "gr__e=gr\303\274\303\237e");
	expect_names(f,
	    "[\"0123456789012345678901234567890123456789012345678901234567890"
	    "12345\",\"01234567890123456789012345678901234567890123456789012345"
	    "6789012"
	    "34!\",\"0123456789012345678901234567890123456789012345678901234567"
	    "890123\"]",
	    0,
	    "01234567890123456789012345678901234567890123456789012345678901_2="
	    "0123456789012345678901234567890123456789012345678901234567890123"
	    "45 "
	    "01234567890123456789012345678901234567890123456789012345678901_3="
	    "012345678901234567890123456789012345678901234567890123456789012"
	    "34! "
	    "0123456789012345678901234567890123456789012345678901234567890123");
	expect_names(f, "[\"plain\",\"Read\",\"mcp://x/y\",\"mcp://\"]",
	    TOOLSET_OTHERS, "plain");
}

static void
test_wrong_names(void **state)
{
	static const struct {
		const char *names, *expected;
	} cases[] = {
	    {"\"plain\"", "`tools` must be a list of names"},
	    {"[1]", "`tools` must be a list of names"},
	    {"[\"plian\"]",
		"the tool plian is not configured; there are: plain, other"},
	    {"[\"mcp://\"]", "Invalid MCP URI: mcp:// (it has the form "
			     "mcp://SERVER/TOOL, or mcp://SERVER/* for all "
			     "tools)"},
	    {"[\"mcp://s\"]", "Invalid MCP URI: mcp://s (it has the form "
			      "mcp://SERVER/TOOL, or mcp://SERVER/* for all "
			      "tools)"},
	    {"[\"mcp://s/t\"]", "the MCP server of mcp://s/t is not "
				"configured; there are: none"},
	    {"{\"plain\":5}", "the tool plain of the prompt must be an object "
			      "with description and parameters"},
	    {"{\"plain\":{\"description\":1}}",
		"the description of the tool plain must be text"},
	    {"{\"plain\":{\"parameters\":[]}}",
		"the parameters of the tool plain must be a JSON Schema "
		"object"},
	};
	struct fixture *f = *state;

	(void)add_script(f, "plain", "true");
	(void)add_script(f, "other", "true");
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err err = {0};

		assert_null(open_set(f, cases[i].names, 0, &err));
		assert_string_equal(err.msg, cases[i].expected);
		assert_int_equal(err.code, ERR_PROMPT);
		err_free(&err);
	}
}

/* What the prompt says overrules what is configured. */
static void
test_own_definitions(void **state)
{
	struct fixture *f = *state;
	struct err err = {0};
	struct toolset *set;
	const struct tool_decl *decls;
	size_t n;

	add_script(f, "one", "true")->description = "ours";
	add_script(f, "two", "true")->parameters = f->schema;
	set = open_set(f,
	    "{\"two\":{\"description\":\"yours\"},\"one\":{\"parameters\":{"
	    "\"type\":\"object\",\"x\":1}}}",
	    0, &err);
	assert_int_equal(toolset_ready(set, &err), 1);
	decls = toolset_decls(set, &n);
	assert_int_equal(n, 2);
	assert_string_equal(decls[0].name, "two");
	assert_string_equal(decls[0].description, "yours");
	assert_ptr_equal(decls[0].schema, f->schema);
	assert_string_equal(decls[1].description, "ours");
	assert_non_null(json_object_get(decls[1].schema, "x"));
}

/* --- calls */

static void
count_done(void *arg)
{
	((struct fixture *)arg)->dones++;
}

static struct tool_run *
start(struct fixture *f, const char *name, const char *args)
{
	struct err err = {0};
	struct toolset *set;
	char names[200];
	bool bad;

	(void)snprintf(names, sizeof(names), "[\"%s\"]", f->confs[0].name);
	set = open_set(f, names, 0, &err);
	assert_int_equal(toolset_ready(set, &err), 1);
	json_decref(f->args);
	f->args = args != NULL ? json_loads(args, JSON_DECODE_ANY, NULL) : NULL;
	bad = args != NULL && f->args == NULL;
	if (bad)
		f->args = json_string(args);
	f->dones = 0;
	return tool_start(set, f->arena, (struct str){name, strlen(name)},
	    f->args, bad, count_done, f);
}

static void
wait_for(struct fixture *f)
{
	int64_t until = clock_mono_ms() + PATIENCE;

	assert_int_equal(f->dones, 0);
	while (f->dones == 0) {
		engine_turn(&f->engine, 1000);
		assert_true(clock_mono_ms() < until);
	}
	assert_int_equal(f->dones, 1);
}

/* An error is written behind "! ". */
static void
expect(
    struct fixture *f, const char *name, const char *args, const char *wanted)
{
	struct tool_run *r = start(f, name, args);
	const json_t *result;
	bool is_error;
	struct buf got;

	wait_for(f);
	result = tool_result(r, &is_error);
	buf_init(&got, 1 << 26);
	if (is_error)
		buf_addf(&got, "! %s", json_string_value(result));
	else
		json_print(&got, result);
	assert_string_equal(buf_str(&got), wanted);
	buf_free(&got);
	tool_free(r);
}

static void
test_answers(void **state)
{
	static const struct {
		const char *script, *args, *wanted;
	} cases[] = {
	    {"cat", "{\"n\":1}", "{\"n\":1}"},
	    {"echo 5", "{\"n\":1}", "5"},
	    {"echo null", "{\"n\":1}", "null"},
	    {"echo; echo '  '; echo '\"x\"'; echo more", "{\"n\":1}", "\"x\""},
	    {"echo '{\"error\":\"no such town\"}'; exit 1", "{\"n\":1}",
		"! no such town"},
	    {"echo '{\"error\":null,\"rows\":[]}'", "{\"n\":1}",
		"{\"error\":null,\"rows\":[]}"},
	    {"echo sunny", "{\"n\":1}",
		"! the tool's answer is not JSON: sunny"},
	    {"true", "{\"n\":1}", "! the command gave no answer"},
	    {"echo first >&2; echo 'no key' >&2; exit 3", "{\"n\":1}",
		"! the command ended with status 3: no key"},
	    {"kill -9 $$", "{\"n\":1}",
		"! the command died of signal 9 (Killed)"},
	    {"yes", "{\"n\":1}", "! the tool's answer is not JSON: y"},
	    {"cat /dev/zero", "{\"n\":1}", "! the command wrote too much"},
	    {"echo >&2 $0; exec <&-; sleep 0.2; echo 1", "{\"n\":1}", "1"},
	    {"cat", "{\"n\":\"one\"}",
		"! the arguments do not fit the tool's schema: /n: expected a "
		"number (type), got \"one\""},
	    {"cat", NULL,
		"! the arguments do not fit the tool's schema: (root): "
		"expected a member \"n\" (required)"},
	    {"cat", "{\"n\":",
		"! the arguments cannot be read: invalid JSON at "
		"line 1, column 6: unexpected end"},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		f->settings.n_tools = 0;
		add_script(f, "t", cases[i].script)->parameters = f->schema;
		expect(f, "t", cases[i].args, cases[i].wanted);
	}
}

/* One worker, whatever it did to the call before. */
static void
test_workers(void **state)
{
	static const char script[] =
	    "while read -r line; do case $line in\n"
	    "*echo*) echo \"$line\";; *pid*) echo $$;; *crash*) kill -9 $$;;\n"
	    "*leave*) echo gone >&2; exit 4;; *garbage*) echo '{x';;\n"
	    "*hang*) sleep 1000;; *error*) echo '{\"error\":\"no\"}';;\n"
	    "esac; done";
	struct fixture *f = *state;
	struct tool_conf *conf = add_script(f, "t", script);
	struct tool_run *r;
	bool is_error;
	long long pid;

	conf->workers = 1;
	conf->timeout_ms = 500;
	r = start(f, "t", "{\"a\":\"pid\"}");
	wait_for(f);
	pid = json_integer_value(tool_result(r, &is_error));
	tool_free(r);
	expect(f, "t", "{\"a\":\"echo\"}", "{\"a\":\"echo\"}");
	expect(f, "t", "{\"a\":\"error\"}", "! no");
	r = start(f, "t", "{\"a\":\"pid\"}");
	wait_for(f);
	assert_int_equal(json_integer_value(tool_result(r, &is_error)), pid);
	tool_free(r);
	expect(f, "t", "{\"a\":\"crash\"}",
	    "! the command died of signal 9 (Killed)");
	expect(f, "t", "{\"a\":\"leave\"}",
	    "! the command ended with status 4: gone");
	expect(f, "t", "{\"a\":\"garbage\"}",
	    "! the tool's answer is not JSON: {x");
	expect(f, "t", "{\"a\":\"hang\"}", "! the tool timed out after 500 ms");
	expect(f, "t", "{\"a\":\"echo\"}", "{\"a\":\"echo\"}");
}

static void
test_unknown(void **state)
{
	struct fixture *f = *state;

	(void)add_script(f, "get.it", "cat");
	expect(f, "other", "{}", "! there is no tool other; there are: get_it");
	expect(f, "", NULL, "! there is no tool ; there are: get_it");
	expect(f, "get_it", "{}", "{}");
	expect(f, "get.it", NULL, "{}");
}

/* More than a pipe holds, each way. */
static void
test_huge(void **state)
{
	enum { MEGABYTES = 3 << 20 };
	struct fixture *f = *state;
	char *args = malloc(MEGABYTES + 20);

	(void)add_script(f, "t", "cat");
	memcpy(args, "{\"a\":\"", 6);
	memset(args + 6, 'x', MEGABYTES);
	memcpy(args + 6 + MEGABYTES, "\"}", 3);
	expect(f, "t", args, args);
	f->confs[0].workers = 1;
	expect(f, "t", args, args);
	free(args);
}

static bool
is_alive(const char *file)
{
	char text[32] = "";
	FILE *in = fopen(file, "r");

	if (in == NULL || fgets(text, sizeof(text), in) == NULL)
		text[0] = '\0';
	if (in != NULL)
		(void)fclose(in);
	return text[0] != '\0' && kill(atoi(text), 0) == 0;
}

/* The process is there, then it is not: too late, or not wanted any more. */
static void
test_ends(void **state)
{
	struct fixture *f = *state;
	int64_t until = clock_mono_ms() + PATIENCE;
	char file[] = "/tmp/test_tool_XXXXXX";
	struct tool_conf *conf;
	struct tool_run *r;

	assert_true(close(mkstemp(file)) == 0);
	conf = add_script(f, "t",
	    arena_printf(f->arena, "echo $$ >%s; exec sleep 1000", file));
	conf->timeout_ms = 300;
	expect(f, "t", "{}", "! the tool timed out after 300 ms");
	while (is_alive(file) && clock_mono_ms() < until)
		engine_turn(&f->engine, 20);
	assert_false(is_alive(file));

	conf->timeout_ms = PATIENCE;
	r = start(f, "t", "{}");
	while (!is_alive(file) && clock_mono_ms() < until)
		engine_turn(&f->engine, 20);
	tool_free(r);
	while (is_alive(file) && clock_mono_ms() < until)
		engine_turn(&f->engine, 20);
	assert_false(is_alive(file));
	assert_int_equal(f->dones, 0);
	(void)unlink(file);
}

static void
test_http(void **state)
{
	static const struct {
		const char *path, *wanted;
	} cases[] = {
	    {"/ok", "! the tool's answer is not JSON: hello"},
	    {"/limit", "! the tool's status is 429"},
	    {"/none", "! the tool's answer is not JSON: "},
	    {"/cut", NULL},
	    {"/empty", NULL},
	    {"/flood", NULL},
	    {"/stall", NULL},
	};
	struct fixture *f = *state;
	struct tool_conf *conf = add_conf(f, "t");
	struct tool_run *r;
	bool is_error;

	conf->kind = TOOL_HTTP;
	conf->secret = "s";
	conf->timeout_ms = 1500;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		conf->url = arena_printf(f->arena, "http://127.0.0.1:%d%s",
		    server.port, cases[i].path);
		if (cases[i].wanted != NULL) {
			expect(f, "t", "{\"a\":1}", cases[i].wanted);
			continue;
		}
		r = start(f, "t", "{\"a\":1}");
		wait_for(f);
		assert_true(json_is_string(tool_result(r, &is_error)));
		assert_true(is_error);
		tool_free(r);
	}
	r = start(f, "t", "{}");
	engine_turn(&f->engine, 10);
	tool_free(r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_names, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_wrong_names, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		test_own_definitions, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_answers, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_workers, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_unknown, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_huge, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_ends, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_http, setup, teardown),
	};

	(void)signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(
	    tests, script_server_start, script_server_stop);
}
