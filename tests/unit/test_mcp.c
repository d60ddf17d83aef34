/* The client of the Model Context Protocol against servers that behave and
 * servers that do not, over all transports. */
#include "../../common/run/mcp.h"

#include "../../common/base/buf.h"
#include "../../common/base/clock.h"
#include "../../common/base/json.h"
#include "../../common/base/limits.h"
#include "../../common/base/log.h"
#include "../../common/net/proc.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define PATIENCE 60000 /* ms; a test that waits so long has failed */
#define TIMEOUT 15000  /* of servers that are to answer */

static struct engine engine;
static struct arena *arena;
static struct proc *web;
static int port;
static struct loop *web_loop;

/* --- the servers */

static const char *
script(void)
{
	static char path[512];
	const char *top = getenv("srcdir");

	(void)snprintf(path, sizeof(path), "%s/tests/unit/mcp_server.py",
	    top != NULL ? top : ".");
	return path;
}

static void
on_port(void *arg, struct str line)
{
	(void)arg;
	port = atoi(line.p);
}

static void
on_web_end(void *arg, enum proc_end how, int code, struct str err_text)
{
	(void)arg;
	(void)how;
	fail_msg("the server ended with %d: %.*s", code, (int)err_text.len,
	    err_text.p);
}

static int
start_web(void **state)
{
	const char *const argv[] = {"python3", script(), "http", NULL};
	const struct proc_request request = {.argv = argv, .max_line = 100};
	const struct proc_events events = {on_port, on_web_end, NULL};
	struct err err = {0};

	(void)state;
	web_loop = loop_new();
	web = proc_start(web_loop, &request, &events, &err);
	assert_non_null(web);
	while (port == 0)
		loop_turn(web_loop, 1000);
	return 0;
}

static int
stop_web(void **state)
{
	(void)state;
	proc_free(web);
	loop_free(web_loop);
	return 0;
}

static int
setup(void **state)
{
	(void)state;
	memset(&engine, 0, sizeof(engine));
	engine.loop = loop_new();
	arena = arena_new(NULL);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	mcp_free_all(&engine);
	loop_free(engine.loop);
	arena_free(arena);
	return 0;
}

static const struct mcp_conf *
stdio(const char *mode)
{
	struct mcp_conf *conf = arena_zalloc(arena, sizeof(*conf));
	const char **argv = arena_array(arena, 5, sizeof(*argv));

	argv[0] = "python3";
	argv[1] = script();
	argv[2] = "stdio";
	argv[3] = mode;
	argv[4] = NULL;
	*conf = (struct mcp_conf){
	    .name = mode, .argv = argv, .timeout_ms = TIMEOUT};
	return conf;
}

static struct mcp_conf *
http(const char *mode)
{
	static const char *const headers[] = {"X-Key: k", NULL};
	struct mcp_conf *conf = arena_zalloc(arena, sizeof(*conf));

	*conf = (struct mcp_conf){
	    .name = mode,
	    .url = arena_printf(arena, "http://127.0.0.1:%d/%s", port, mode),
	    .headers = headers,
	    .timeout_ms = TIMEOUT,
	};
	return conf;
}

/* --- asking */

/* Names of the tools, or what is wrong. */
static const char *
tools(const struct mcp_conf *conf)
{
	struct mcp_server *s = mcp_get(&engine, conf);
	int64_t until = clock_mono_ms() + PATIENCE;
	const json_t *list = NULL;
	struct err err = {0};
	const char *text = "";
	int rc;

	while ((rc = mcp_tools(s, &list, &err)) == 0) {
		loop_turn(engine.loop, 1000);
		assert_true(clock_mono_ms() < until);
	}
	if (rc < 0)
		text = arena_strdup(arena, err.msg);
	for (size_t i = 0; rc > 0 && i < json_array_size(list); i++)
		text = arena_printf(arena, "%s%s%s", text, i > 0 ? " " : "",
		    json_string_value(
			json_object_get(json_array_get(list, i), "name")));
	err_free(&err);
	return text;
}

struct asked {
	struct mcp_call *call;
	int done;
};

static void
on_done(void *arg)
{
	struct asked *a = arg;

	bool is_error;

	a->done++;
	assert_non_null(mcp_call_result(a->call, &is_error));
}

static void
begin(struct asked *a, const struct mcp_conf *conf, const char *tool,
    const char *args)
{
	struct err err = {0};
	json_t *json = json_read((struct str){args, strlen(args)}, &err);

	assert_non_null(json);
	a->done = 0;
	a->call = mcp_call(&engine, arena, conf, tool, json, on_done, a);
	json_decref(json);
	assert_int_equal(a->done, 0);
}

/* What came of it: JSON, behind "error: " when it is one. */
static const char *
end(struct asked *a)
{
	int64_t until = clock_mono_ms() + PATIENCE;
	const json_t *value;
	const char *text;
	bool is_error;
	struct buf b;

	while (a->done == 0) {
		loop_turn(engine.loop, 1000);
		assert_true(clock_mono_ms() < until);
	}
	assert_int_equal(a->done, 1);
	value = mcp_call_result(a->call, &is_error);
	buf_init(&b, LIMIT_LINE_BYTES);
	if (is_error && json_is_string(value))
		buf_adds(&b, json_string_value(value));
	else
		json_print(&b, value);
	text =
	    arena_printf(arena, "%s%s", is_error ? "error: " : "", buf_str(&b));
	buf_free(&b);
	mcp_call_free(a->call);
	return text;
}

static const char *
call(const struct mcp_conf *conf, const char *tool, const char *args)
{
	struct asked a;

	begin(&a, conf, tool, args);
	return end(&a);
}

/* --- standard input and output */

static void
test_stdio(void **state)
{
	const struct mcp_conf *conf = stdio("ok");
	const json_t *list;
	struct err err = {0};
	struct buf b;

	(void)state;
	assert_string_equal(tools(conf), "echo sum picture");
	assert_int_equal(mcp_tools(mcp_get(&engine, conf), &list, &err), 1);
	buf_init(&b, 1000);
	json_print(&b, json_array_get(list, 0));
	json_print(&b, json_array_get(list, 1));
	assert_string_equal(buf_str(&b),
	    "{\"name\":\"echo\",\"description\":\"Says it again\","
	    "\"inputSchema\":{\"type\":\"object\",\"properties\":{\"text\":"
	    "{\"type\":\"string\"}}}}"
	    "{\"name\":\"sum\",\"inputSchema\":{\"type\":\"object\"}}");
	buf_free(&b);
	assert_string_equal(call(conf, "seen", "{}"),
	    "\"initialize\\nnotifications/initialized\\ntools/list\\n"
	    "tools/list\\ntools/call\"");
}

static void
expect_results(const struct mcp_conf *conf)
{
	assert_string_equal(call(conf, "echo", "{\"text\":\"h\xc3\xa9\"}"),
	    "\"Echo: h\xc3\xa9\"");
	assert_string_equal(
	    call(conf, "sum", "{\"a\":2,\"b\":3}"), "{\"sum\":5}");
	assert_string_equal(call(conf, "picture", "{}"),
	    "[{\"type\":\"text\",\"text\":\"one\"},{\"type\":\"image\","
	    "\"data\":\"AA==\",\"mimeType\":\"image/png\"}]");
	assert_string_equal(call(conf, "lines", "null"), "\"one\\ntwo\"");
	assert_string_equal(call(conf, "fail", "{}"), "error: it\nbroke");
	assert_string_equal(call(conf, "input", "{}"),
	    "error: the tool asks for input of the user, which nobody can "
	    "give here");
	assert_string_equal(
	    call(conf, "none", "{}"), "error: Tool none not found");
}

static void
test_results(void **state)
{
	(void)state;
	expect_results(stdio("ok"));
	expect_results(stdio("batch"));
	expect_results(stdio("newer"));
	expect_results(stdio("wrongids"));
	expect_results(stdio("babble"));
	expect_results(stdio("stateless"));
	assert_string_equal(tools(stdio("notools")), "");
}

/* A server's questions are answered, and so is the call after them. */
static void
test_questions(void **state)
{
	(void)state;
	assert_string_equal(call(stdio("ok"), "ask", "{}"),
	    "\"[{}, {\\\"roots\\\": []}, {\\\"code\\\": -32601, "
	    "\\\"message\\\": \\\"method not found\\\"}]\"");
	assert_string_equal(
	    call(stdio("ok"), "pester", "{\"n\":1000}"), "\"pestered\"");
	assert_string_equal(call(stdio("ok"), "pester", "{\"n\":1001}"),
	    "error: the MCP server ok said 1000 things that nobody asked for");
}

static void
test_out_of_order(void **state)
{
	const struct mcp_conf *conf = stdio("ok");
	struct asked a, b;

	(void)state;
	begin(&a, conf, "swap", "{\"text\":\"first\"}");
	begin(&b, conf, "swap", "{\"text\":\"second\"}");
	assert_string_equal(end(&a), "\"first\"");
	assert_string_equal(end(&b), "\"second\"");
}

static void
test_change(void **state)
{
	const struct mcp_conf *conf = stdio("ok");

	(void)state;
	assert_string_equal(tools(conf), "echo sum picture");
	assert_string_equal(call(conf, "change", "{}"), "\"changed\"");
	assert_string_equal(tools(conf), "echo sum picture new");
}

static void
test_environment(void **state)
{
	static const char *const env[] = {"MCP_TEST=x=y", NULL};
	struct mcp_conf conf = *stdio("ok");

	(void)state;
	assert_int_equal(setenv("SECRET", "x", 1), 0);
	conf.env = env;
	conf.dir = "/";
	if (conf.argv[1][0] == '/')
		assert_string_equal(
		    call(&conf, "env", "{}"), "\"x=y / False\"");
	(void)unsetenv("SECRET");
}

static void
test_cancel(void **state)
{
	const struct mcp_conf *conf = stdio("ok");
	struct asked a;

	(void)state;
	begin(&a, conf, "slow", "{}");
	mcp_call_free(a.call); /* before there is a session */
	assert_string_equal(tools(conf), "echo sum picture");
	begin(&a, conf, "slow", "{\"progress\":true}");
	loop_turn(engine.loop, 0);
	mcp_call_free(a.call);
	assert_string_equal(call(conf, "seen", "{}"),
	    "\"initialize\\nnotifications/initialized\\ntools/list\\n"
	    "tools/list\\ntools/call\\nnotifications/cancelled no longer "
	    "needed\\ntools/call\"");
	assert_int_equal(a.done, 0);
}

/* Calls in flight fail with the reason; the next one finds a new server. */
static void
test_death(void **state)
{
	const struct mcp_conf *conf = stdio("ok");
	struct asked a, b;

	(void)state;
	assert_string_equal(tools(conf), "echo sum picture");
	begin(&a, conf, "slow", "{}");
	begin(&b, conf, "die", "{}");
	assert_string_equal(end(&a),
	    "error: the MCP server ok ended with status 3: Error: on purpose");
	assert_string_equal(end(&b),
	    "error: the MCP server ok ended with status 3: Error: on purpose");
	assert_string_equal(
	    call(conf, "echo", "{\"text\":\"again\"}"), "\"Echo: again\"");
	assert_string_equal(tools(conf), "echo sum picture");
}

/* One that does not live is not started at every use. */
static void
test_backoff(void **state)
{
	static const char expected[] = "the MCP server exit ended with status "
				       "1: cannot open the database";
	const struct mcp_conf *conf = stdio("exit");
	int64_t start;

	(void)state;
	assert_string_equal(tools(conf), expected);
	assert_string_equal(tools(conf), expected);
	start = clock_mono_ms();
	for (int i = 0; i < 1000; i++)
		assert_string_equal(tools(conf), expected);
	assert_true(clock_mono_ms() - start < 10000);
	(void)usleep(600 * 1000);
	assert_string_equal(tools(conf), expected);
}

static void
test_faults(void **state)
{
	static const char *const no_program[] = {"no-such-program", NULL};
	struct mcp_conf conf = *stdio("mute");
	int64_t start = clock_mono_ms();

	(void)state;
	conf.timeout_ms = 200;
	assert_string_equal(tools(&conf),
	    "the MCP server mute did not answer initialize within 0.2 s");
	assert_true(clock_mono_ms() - start < 5000);
	assert_string_equal(tools(stdio("flood")),
	    "the MCP server flood said 1000 things that nobody asked for");
	assert_string_equal(tools(stdio("refuse")),
	    "the MCP server refuse refuses to begin: not today");
	assert_string_equal(tools(stdio("badversion")),
	    "the MCP server badversion speaks the protocol \"1999-01-01\", "
	    "which is not known here");
	assert_string_equal(tools(stdio("endless")),
	    "the MCP server endless lists its tools in more than 100 pages");
	assert_string_equal(tools(stdio("many")),
	    "the MCP server many has more than 1000 tools, or 16777216 bytes "
	    "of them");
	conf.name = "nothing";
	conf.argv = no_program;
	assert_string_equal(tools(&conf),
	    "the MCP server nothing is not there: cannot start "
	    "no-such-program: No such file or directory");
}

static void
test_too_slow(void **state)
{
	struct mcp_conf conf = *stdio("ok");

	(void)state;
	assert_string_equal(tools(&conf), "echo sum picture");
	conf.timeout_ms = 1500;
	assert_string_equal(call(&conf, "slow", "{\"progress\":true}"),
	    "error: the MCP server ok did not answer within 1.5 s");
	conf.timeout_ms = TIMEOUT;
	assert_string_equal(call(&conf, "seen", "{}"),
	    "\"initialize\\nnotifications/initialized\\ntools/list\\n"
	    "tools/list\\ntools/call\\nnotifications/cancelled timed out\\n"
	    "tools/call\"");
	/* One that says nothing at all is started anew. */
	conf.timeout_ms = 100;
	assert_string_equal(call(&conf, "slow", "{}"),
	    "error: the MCP server ok did not answer within 0.1 s");
	conf.timeout_ms = TIMEOUT;
	assert_string_equal(call(&conf, "seen", "{}"),
	    "\"initialize\\nnotifications/initialized\\ntools/call\"");
}

static void
test_huge(void **state)
{
	const struct mcp_conf *conf = stdio("ok");
	const char *text = call(conf, "huge", "{\"bytes\":16000000}");

	(void)state;
	assert_int_equal(strlen(text), 16000002);
	assert_string_equal(call(conf, "huge", "{\"bytes\":17000000}"),
	    "error: the MCP server ok wrote too much at once");
	assert_string_equal(
	    call(conf, "echo", "{\"text\":\"x\"}"), "\"Echo: x\"");
}

/* --- HTTP */

static void
test_http(void **state)
{
	static const char *const modes[] = {"json", "stream", "nosession"};
	const char *seen;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
		const struct mcp_conf *conf = http(modes[i]);

		assert_string_equal(tools(conf), "echo sum picture");
		expect_results(conf);
	}
	assert_string_equal(tools(http("lingers")), "echo sum picture");
	(void)call(http("json"), "seen", "{}");
	mcp_free_all(&engine);
	seen = call(http("json"), "seen", "{}");
	/* The old session is ended, the new one begins without its name. */
	assert_non_null(
	    strstr(seen, " 2025-06-18 k\\nPOST /json k\\nPOST /json s"));
	assert_non_null(strstr(seen, "DELETE /json s"));
}

static void
test_stateless_http(void **state)
{
	const struct mcp_conf *conf = http("stateless");

	(void)state;
	(void)call(conf, "seen", "{}");
	assert_string_equal(call(conf, "seen", "{}"),
	    "\"POST /stateless 2026-07-28 k tools/call seen\\ntools/call\"");
	expect_results(conf);
}

/* A session that the server has forgotten is begun anew, once. */
static void
test_lost_session(void **state)
{
	static const char *const modes[] = {"lost", "lost400"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
		const struct mcp_conf *conf = http(modes[i]);
		struct asked a, b;

		assert_string_equal(tools(conf), "echo sum picture");
		(void)call(conf, "forget", "{}");
		begin(&a, conf, "echo", "{\"text\":\"a\"}");
		begin(&b, conf, "echo", "{\"text\":\"b\"}");
		assert_string_equal(end(&a), "\"Echo: a\"");
		assert_string_equal(end(&b), "\"Echo: b\"");
		(void)call(conf, "forget", "{}");
		assert_string_equal(tools(conf), "echo sum picture");
	}
	assert_string_equal(tools(http("forgets")),
	    "the MCP server forgets forgets its sessions");
}

static void
test_http_faults(void **state)
{
	struct mcp_conf *conf;

	(void)state;
	assert_string_equal(tools(http("unauthorized")),
	    "the MCP server unauthorized answers with status 401: "
	    "invalid_token");
	assert_string_equal(tools(http("redirect")),
	    "the MCP server redirect answers with status 307 (redirects are "
	    "not followed)");
	assert_string_equal(tools(http("html")),
	    "the MCP server html answers with what is no message");
	assert_string_equal(tools(http("cut")),
	    "the MCP server cut ends its reply without an answer");
	assert_string_equal(tools(http("refuse")),
	    "the MCP server refuse refuses to begin: not today");
	conf = http("mute");
	conf->timeout_ms = 200;
	assert_string_equal(tools(conf),
	    "the MCP server mute did not answer initialize within 0.2 s");
	conf = http("dead");
	conf->url = "http://127.0.0.1:1/";
	assert_non_null(
	    strstr(tools(conf), "the MCP server dead cannot be reached: "));
	conf = http("nosession");
	assert_string_equal(tools(conf), "echo sum picture");
	conf->timeout_ms = 200;
	assert_string_equal(call(conf, "slow", "{}"),
	    "error: the MCP server nosession did not answer within 0.2 s");
}

static void
test_http_cancel(void **state)
{
	const struct mcp_conf *conf = http("json");
	struct asked a, b;

	(void)state;
	assert_string_equal(tools(conf), "echo sum picture");
	begin(&a, conf, "slow", "{}");
	begin(&b, conf, "echo", "{\"text\":\"b\"}");
	assert_string_equal(end(&b), "\"Echo: b\"");
	mcp_call_free(a.call);
	assert_string_equal(
	    call(conf, "echo", "{\"text\":\"c\"}"), "\"Echo: c\"");
	begin(&a, conf, "slow", "{}"); /* left to the end */
	loop_turn(engine.loop, 0);
	mcp_free_all(&engine);
	assert_string_equal(end(&a), "error: the MCP servers were ended");
}

/* --- SSE */

static void
test_sse(void **state)
{
	const struct mcp_conf *conf = http("old");
	struct mcp_conf chosen = *conf;
	struct asked a, b;
	const char *seen;

	(void)state;
	(void)call(http("json"), "seen", "{}");
	assert_string_equal(tools(conf), "echo sum picture");
	seen = call(conf, "seen", "{}");
	assert_non_null(
	    strstr(seen, "POST /old k\\nGET /old k\\nPOST /messages?stream="));
	assert_non_null(strstr(seen, " 2024-11-05 k\\n"));
	expect_results(conf);
	begin(&a, conf, "swap", "{\"text\":\"first\"}");
	begin(&b, conf, "swap", "{\"text\":\"second\"}");
	assert_string_equal(end(&a), "\"first\"");
	assert_string_equal(end(&b), "\"second\"");
	assert_non_null(strstr(call(conf, "ask", "{}"), "-32601"));
	/* The stream is the session. */
	assert_string_equal(call(conf, "hang_up", "{}"),
	    "error: the MCP server old ended its stream (complete)");
	assert_string_equal(
	    call(conf, "echo", "{\"text\":\"x\"}"), "\"Echo: x\"");
	mcp_free_all(&engine);
	chosen.transport = MCP_SSE;
	assert_string_equal(tools(&chosen), "echo sum picture");
}

static void
test_sse_faults(void **state)
{
	struct mcp_conf *conf;

	(void)state;
	assert_non_null(strstr(tools(http("elsewhere")),
	    "the MCP server elsewhere wants messages at another host, "
	    "http://127.0.0.2:1/messages?stream="));
	assert_string_equal(tools(http("closes")),
	    "the MCP server closes ended its stream (complete)");
	assert_string_equal(tools(http("page")),
	    "the MCP server page answers POST with status 405 and GET with "
	    "what is no stream of events");
	conf = http("silent");
	conf->timeout_ms = 200;
	assert_string_equal(tools(conf),
	    "the MCP server silent did not open its stream within 0.2 s");
	conf = http("json");
	conf->transport = MCP_SSE;
	assert_string_equal(
	    tools(conf), "the MCP server json answers GET with status 405");
	conf = http("old");
	conf->transport = MCP_HTTP;
	assert_string_equal(
	    tools(conf), "the MCP server old answers with status 405");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_stdio),
	    TEST(test_results),
	    TEST(test_questions),
	    TEST(test_out_of_order),
	    TEST(test_change),
	    TEST(test_environment),
	    TEST(test_cancel),
	    TEST(test_death),
	    TEST(test_backoff),
	    TEST(test_faults),
	    TEST(test_too_slow),
	    TEST(test_huge),
	    TEST(test_http),
	    TEST(test_stateless_http),
	    TEST(test_lost_session),
	    TEST(test_http_faults),
	    TEST(test_http_cancel),
	    TEST(test_sse),
	    TEST(test_sse_faults),
	};

	(void)signal(SIGPIPE, SIG_IGN);
	log_set_level(LEVEL_ERROR);
	return cmocka_run_group_tests(tests, start_web, stop_web);
}
