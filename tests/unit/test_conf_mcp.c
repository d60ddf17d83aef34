/* The configuration of MCP servers, and what is shown of them. */
#include "conf_files.h"

#include "../../cgi/check.h"
#include "../../common/run/mcp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void
test_servers(void **state)
{
	struct conf *conf = conf_from(WITH_SECRET
	    "mcp:\n"
	    "  files: {exec: [/bin/sh, -i, './x y'], dir: sub, timeout: 0.5,\n"
	    "    env: {A: env:HOME, B: 'x: y'}}\n"
	    "  beside: {exec: ./server}\n"
	    "  remote: {url: 'http://h/mcp/', transport: http,\n"
	    "    headers: {X: y}}\n"
	    "  old: {url: 'https://h/sse?x=1', transport: sse}\n",
	    NULL);
	const struct mcp_conf *m = conf->settings.mcp;

	(void)state;
	assert_int_equal(conf->code, CONF_OK);
	assert_int_equal(conf->settings.n_mcp, 4);
	assert_string_equal(m[0].name, "files");
	assert_string_equal(m[0].argv[0], "/bin/sh");
	assert_string_equal(m[0].argv[2], "./x y");
	assert_null(m[0].argv[3]);
	assert_null(m[0].url);
	assert_int_equal(strncmp(m[0].env[0], "A=/", 3), 0);
	assert_string_equal(m[0].env[1], "B=x: y");
	assert_null(m[0].env[2]);
	assert_non_null(strstr(m[0].dir, "/sub"));
	assert_int_equal(m[0].timeout_ms, 500);
	assert_non_null(strstr(m[1].argv[0], "/./server"));
	assert_int_equal(m[1].timeout_ms, 30000);
	assert_null(m[1].env);
	assert_null(m[1].dir);
	assert_null(m[2].argv);
	assert_string_equal(m[2].url, "http://h/mcp/");
	assert_string_equal(m[2].headers[0], "X: y");
	assert_null(m[2].headers[1]);
	assert_int_equal(m[2].transport, MCP_HTTP);
	assert_string_equal(m[3].url, "https://h/sse?x=1");
	assert_int_equal(m[3].transport, MCP_SSE);
	assert_null(m[3].headers);
	conf_free(conf);
}

/* env("NAME") as AgentMark has it, and the forms that its documentation
 * shows. */
static void
test_env(void **state)
{
	struct conf *conf;
	const struct mcp_conf *m;

	(void)state;
	assert_int_equal(setenv("MCP_TEST_1", "value", 1), 0);
	conf = conf_from(WITH_SECRET
	    "mcp:\n"
	    "  a: {url: 'http://env(MCP_TEST_1)/mcp', headers: {\n"
	    "    A: env(\"MCP_TEST_1\"), B: \"env('MCP_TEST_1')\",\n"
	    "    C: Bearer env(MCP_TEST_1), D: "
	    "env(MCP_TEST_1)env(MCP_TEST_1)!,\n"
	    "    E: env(lower) env(\"MCP_TEST_1) env() env(MCP}}\n"
	    "  b: {exec: [/bin/sh, 'env(MCP_TEST_1)'], env: {A: "
	    "env(MCP_TEST_1)},\n"
	    "    dir: /env(MCP_TEST_1)}\n",
	    NULL);
	m = conf->settings.mcp;
	assert_int_equal(conf->code, CONF_OK);
	assert_string_equal(m[0].url, "http://value/mcp");
	assert_string_equal(m[0].headers[0], "A: value");
	assert_string_equal(m[0].headers[1], "B: value");
	assert_string_equal(m[0].headers[2], "C: Bearer value");
	assert_string_equal(m[0].headers[3], "D: valuevalue!");
	assert_string_equal(
	    m[0].headers[4], "E: env(lower) env(\"MCP_TEST_1) env() env(MCP");
	assert_string_equal(m[1].argv[1], "value");
	assert_string_equal(m[1].env[0], "A=value");
	assert_string_equal(m[1].dir, "/value");
	conf_free(conf);
	(void)unsetenv("MCP_TEST_1");
	conf_expect(WITH_SECRET "mcp:\n"
				"  a:\n"
				"    url: http://h/env(MCP_TEST_1)\n",
	    NULL,
	    AT "4: mcp.a.url: Missing environment variable: MCP_TEST_1\n");
	conf_expect(WITH_SECRET "mcp:\n"
				"  a: {exec: [/bin/sh, env(HTTP_COOKIE)]}\n",
	    NULL,
	    AT "3: mcp.a.exec: Missing environment variable: HTTP_COOKIE\n");
}

static void
test_problems(void **state)
{
	(void)state;
	conf_expect(WITH_SECRET "mcp: {a: {}, b: {url: 'http://h', exec: env}}",
	    NULL,
	    AT "2: mcp.a needs either exec or url\n" AT
	       "2: mcp.b needs either exec or url\n");
	conf_expect(WITH_SECRET
	    "mcp:\n"
	    "  a: {url: 'ftp://h'}\n"
	    "  b: {exec: []}\n"
	    "  c/d: {exec: /bin/sh, timeout: 0}\n"
	    "  e: {exec: /bin/sh, headers: {A: b}}\n"
	    "  f: {url: 'http://h', dir: /}\n"
	    "  g: {url: 'http://h', headers: {A: \"b\\nc\"}}\n"
	    "  h: {exec: /bin/sh, env: {A=B: c}}\n",
	    NULL,
	    AT "3: mcp.a.url must be a URL of http or https, not ftp://h\n" AT
	       "4: mcp.b.exec: a command is wanted\n" AT
	       "5: mcp.c/d: a name without / is wanted\n" AT
	       "5: mcp.c/d.timeout must be more than 0\n" AT
	       "6: mcp.e: headers and transport are for url only\n" AT
	       "7: mcp.f: env and dir are for exec only\n" AT
	       "8: mcp.g.headers cannot be sent as they are\n"
	       "bad_config mcp.h.env: A=B is no name of a variable\n");
}

static void
test_check(void **state)
{
	struct conf *conf = conf_from(WITH_SECRET
	    "mcp:\n"
	    "  a: {exec: /bin/sh}\n"
	    "  b: {url: 'http://u:secret@h/mcp?key=secret', transport: sse,\n"
	    "    headers: {Authorization: secret}}\n",
	    NULL);
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	(void)state;
	check_print(out, conf);
	(void)fclose(out);
	assert_non_null(
	    strstr(text, "\nmcp: a, command /bin/sh, within 30 s\n"));
	assert_non_null(
	    strstr(text, "\nmcp: b, http://h/mcp, SSE, within 30 s\n"));
	assert_null(strstr(text, "secret@"));
	assert_null(strstr(text, "=secret"));
	free(text);
	conf_free(conf);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_servers),
	    cmocka_unit_test(test_env),
	    cmocka_unit_test(test_problems),
	    cmocka_unit_test(test_check),
	};

	return cmocka_run_group_tests(tests, conf_set_up, conf_tear_down);
}
