/* The configuration of experiments: evals, datasets, and what is shown of
 * them. */
#include "conf_files.h"

#include "../../cgi/check.h"
#include "../../common/base/json.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void
expect_text(const char *got, const char *expected)
{
	if (expected == NULL)
		assert_null(got);
	else
		assert_string_equal(got, expected);
}

/* `regex` takes a pattern. */
static void
test_evals(void **state)
{
	struct conf *conf = conf_from(WITH_SECRET
	    "evals:\n"
	    "  builtin: [contains, equals]\n"
	    "  \"\xc3\xa9\": {use: regex, options: {pattern: "
	    "^a}}\n"
	    "  contains: {not: true, weight: 2.5, threshold: "
	    "-0.5, timeout: 0.25,\n"
	    "    transform: {pointer: /a/0, strip_fences: "
	    "true}}\n"
	    "  run: {exec: [./x y, file:z, 'true'], workers: "
	    "2}\n"
	    "  in_path: {exec: env}\n"
	    "  post: {http: 'http://h/e', secret: s}\n"
	    "  judge: {judge: j.json, models: [gpt-4o, echo/x], "
	    "options: {swap: yes, n: [1, 0x10, ~]}}\n"
	    "  alike: {similar: openai/e}\n",
	    NULL);
	const struct settings *s = &conf->settings;
	const struct eval_conf *e = s->evals;
	struct buf b;

	(void)state;
	assert_int_equal(conf->code, CONF_OK);
	assert_int_equal(s->n_evals, 8);
	assert_string_equal(e[0].name, "alike");
	assert_int_equal(e[0].kind, EVAL_SIMILAR);
	assert_string_equal(e[0].models[0], "openai/e");
	assert_null(e[0].models[1]);

	assert_int_equal(e[1].kind, EVAL_BUILTIN);
	assert_string_equal(e[1].builtin->name, "contains");
	assert_true(e[1].negate && e[1].strip_fences);
	assert_true(e[1].weight == 2.5 && e[1].threshold == -0.5);
	assert_string_equal(e[1].pointer, "/a/0");
	assert_int_equal(e[1].timeout_ms, 250);
	assert_null(e[1].options);

	assert_string_equal(e[2].name, "equals");
	assert_true(isnan(e[2].weight) && isnan(e[2].threshold));
	assert_int_equal(e[2].timeout_ms, 30000);

	assert_string_equal(e[3].argv[0], "env");
	assert_null(e[3].argv[1]);
	assert_int_equal(e[3].workers, 0);

	buf_init(&b, 4096);
	assert_int_equal(e[4].kind, EVAL_JUDGE);
	json_print(&b, e[4].options);
	assert_string_equal(
	    buf_str(&b), "{\"swap\":\"yes\",\"n\":[1,16,null]}");
	assert_non_null(strstr(e[4].judge, "/j.json"));
	assert_string_equal(e[4].models[1], "echo/x");
	assert_null(e[4].models[2]);

	assert_string_equal(e[5].url, "http://h/e");
	assert_string_equal(e[5].secret, "s");

	assert_int_equal(e[6].kind, EVAL_COMMAND);
	assert_memory_equal(e[6].argv[0], conf_dir, strlen(conf_dir));
	assert_non_null(strstr(e[6].argv[0], "x y"));
	assert_string_equal(e[6].argv[1], "file:z");
	assert_string_equal(e[6].argv[2], "true");
	assert_null(e[6].argv[3]);
	assert_int_equal(e[6].workers, 2);

	assert_string_equal(e[7].name, "\xc3\xa9");
	assert_string_equal(e[7].builtin->name, "regex");

	assert_ptr_equal(settings_eval(s, STR("contains")), &e[1]);
	assert_null(settings_eval(s, STR("nothing")));
	assert_string_equal(
	    settings_eval(s, STR("icontains"))->builtin->name, "icontains");
	buf_free(&b);
	conf_free(conf);
}

/* Who is declared, when that is said in one way or another. */
static void
test_declared(void **state)
{
	static const struct {
		const char *text;
		size_t n, more; /* of all built-in ones, and beside them */
	} cases[] = {
	    {"", 1, 0},
	    {"evals:\n", 1, 0},
	    {"evals: {builtin: all}\n", 1, 0},
	    {"evals: [all]\n", 1, 0},
	    {"evals: {builtin: [all, regex]}\n", 1, 0},
	    {"evals: {builtin: all, regex: , mine: {use: regex}}\n", 1, 1},
	    {"evals: {mine: {use: regex}}\n", 0, 1},
	    {"evals: {regex: , builtin: regex}\n", 0, 1},
	    {"evals: []\n", 0, 0},
	    {"evals: {}\n", 0, 0},
	    {"evals: {builtin: []}\n", 0, 0},
	};
	char text[256];
	struct conf *conf;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		(void)snprintf(
		    text, sizeof(text), WITH_SECRET "%s", cases[i].text);
		conf = conf_from(text, NULL);
		assert_int_equal(conf->code, CONF_OK);
		assert_int_equal(conf->settings.n_evals,
		    cases[i].n * n_builtins + cases[i].more);
		conf_free(conf);
	}
}

static void
test_eval_problems(void **state)
{
	static const struct {
		const char *text, *expected;
	} cases[] = {
	    {"[regex, regex]\n", AT "2: evals: regex is there twice\n"},
	    {"[nothing]\n", AT "2: evals: there is no built-in eval nothing\n"},
	    {"{x: }\n", AT "2: evals.x needs one of use, exec, http, judge and "
			   "similar\n"},
	    {"{regex: {exec: /bin/sh, http: 'http://h'}}\n",
		AT "2: evals.regex needs one of use, exec, http, judge and "
		   "similar\n"},
	    {"{x: {use: nothing}}\n",
		AT "2: evals.x.use: there is no built-in eval nothing\n"},
	    {"{x: {exec: []}}\n", AT "2: evals.x.exec: a command is wanted\n"},
	    {"{x: {exec: [/bin/sh], options: {}}}\n",
		AT "2: evals.x: options is for use and judge only\n"},
	    {"{x: {use: regex, workers: 1}}\n",
		AT "2: evals.x: workers is for exec only\n"},
	    {"{x: {http: nowhere}}\n",
		AT "2: evals.x.http must be a URL of http or https, not "
		   "nowhere\n"},
	    {"{x: {http: 'http://h', secret: ''}}\n",
		AT "2: evals.x.secret: there is no secret\n"},
	    {"{x: {exec: ./nothing}}\n",
		"ok agentmark-fcgi.yaml:2: evals.x.exec: ./nothing cannot be "
		"run\n"},
	    {"{x: {exec: nothing-of-the-kind}}\n",
		"ok agentmark-fcgi.yaml:2: evals.x.exec: nothing-of-the-kind "
		"is not in PATH\n"},
	    {"{x: {judge: nothing}}\n",
		"ok agentmark-fcgi.yaml:2: evals.x: nothing cannot be read\n"},
	    {"{x: {similar: nothing}}\n", NULL},
	    {"{regex: {timeout: 0}}\n",
		AT "2: evals.regex.timeout must be more than 0\n"},
	    {"{regex: {weight: -1}}\n",
		AT "2: evals.NAME.weight must be a number from 0 to 1000000, "
		   "not \"-1\"\n"},
	    {"{regex: {transform: {pointer: a}}}\n",
		AT "2: evals.regex.transform.pointer: a JSON pointer begins "
		   "with /\n"},
	    {"{regex: {options: [1]}}\n",
		AT "2: evals.NAME.options must be a mapping\n"},
	    {"{regex: {options: {pattern: a,\n  pattern: b}}}\n",
		AT "3: the key pattern is there twice\n"},
	    {"{regex: {\"options\": {pattern: .inf}}}\n", NULL},
	    {"\n  regex: {options: {pattern: a,\n    colour: red}}\n", NULL},
	    {"{builtin: {}}\n", AT "2: evals.builtin must be a list\n"},
	    {"regex\n", AT "2: evals must be a mapping\n"},
	    {"{'NAME.use': regex}\n",
		AT "2: evals.NAME.use must be a mapping\n"
		   "bad_config agentmark-fcgi.yaml:2: evals.NAME.use needs "
		   "one of use, exec, http, judge and similar\n"},
	};
	char text[256];
	struct conf *conf;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		(void)snprintf(
		    text, sizeof(text), WITH_SECRET "evals: %s", cases[i].text);
		if (cases[i].expected != NULL) {
			conf_expect(text, NULL, cases[i].expected);
			continue;
		}
		conf = conf_from(text, NULL);
		assert_int_equal(conf->code, CONF_BAD_CONFIG);
		conf_free(conf);
	}
	/* The line is that of the option which is wrong. */
	conf = conf_from(WITH_SECRET "evals:\n  regex:\n    options:\n"
				     "      pattern: a\n      colour: red\n",
	    NULL);
	assert_non_null(
	    strstr(((struct conf_note *)conf->notes.items)->text, "yaml:6: "));
	conf_free(conf);
}

static void
test_datasets(void **state)
{
	static const struct {
		const char *text, *pairs[7], *base, *key;
	} cases[] = {
	    {"", {NULL}, NULL, NULL},
	    {"", {"AGENTMARK_API_KEY", "k", "AGENTMARK_APP_ID", "a", NULL},
		"https://api.agentmark.co", "k"},
	    {"datasets: {api: false}\n",
		{"AGENTMARK_API_KEY", "k", "AGENTMARK_APP_ID", "a", NULL}, NULL,
		NULL},
	    {"datasets: {api: true}\n", {"AGENTMARK_BASE_URL", "http://b/"},
		"http://b", NULL},
	    {"", {"AGENTMARK_API_KEY", "k"}, NULL, NULL},
	    {"agentmark: {api_key: k, app_id: a}\n",
		{"AGENTMARK_DEV_SERVER", "http://l/"}, "http://l", NULL},
	};
	struct conf *conf;
	char text[256];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		(void)snprintf(
		    text, sizeof(text), WITH_SECRET "%s", cases[i].text);
		conf = conf_from(text, cases[i].pairs);
		assert_int_equal(conf->code, CONF_OK);
		expect_text(conf->datasets.api.base, cases[i].base);
		expect_text(conf->datasets.api.key, cases[i].key);
		expect_text(conf->datasets.api.app_id,
		    cases[i].key != NULL ? "a" : NULL);
		conf_free(conf);
	}
	conf_expect(WITH_SECRET "datasets: {root: nothing}\n", NULL,
	    AT "2: datasets.root: nothing: No such file or directory\n");
	conf_expect(WITH_SECRET "datasets: {root: agentmark-fcgi.yaml}\n", NULL,
	    AT "2: datasets.root: agentmark-fcgi.yaml is no directory\n");
	conf_expect(WITH_SECRET "agentmark: {app_id: x}\n", NULL,
	    "ok agentmark.api_key and agentmark.app_id are used only "
	    "together\n");
	conf_expect(WITH_SECRET "agentmark: {dev_server: here}\n", NULL,
	    AT "2: agentmark.dev_server must be a URL of http or https, not "
	       "here\n");
}

/* What a person is shown has no secrets in it. */
static void
test_check(void **state)
{
	struct conf *conf =
	    conf_from("webhook: {secret: 'hidden-hidden-hidden'}\n"
		      "store: no/such/s.db\n"
		      "agentmark: {api_key: hidden, app_id: app1}\n"
		      "evals:\n"
		      "  post: {http: 'http://u:hidden@h:1/p?t=hidden', "
		      "secret: hidden}\n"
		      "  run: {exec: [cat, --key=hidden]}\n"
		      "  regex:\n",
		NULL);
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	(void)state;
	assert_non_null(f);
	check_print(f, conf);
	assert_int_equal(fclose(f), 0);
	assert_null(strstr(text, "hidden"));
	assert_non_null(strstr(text, "evals: built in: regex\n"));
	assert_non_null(strstr(
	    text, "eval: post, POST to http://h:1/p, signed, within 30 s\n"));
	assert_non_null(
	    strstr(text, "eval: run, command cat, 0 workers, within 30 s\n"));
	assert_non_null(strstr(text, "app app1"));
	assert_non_null(strstr(text, "store: it cannot be used: a directory"));
	free(text);
	conf_free(conf);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_evals),
	    cmocka_unit_test(test_declared),
	    cmocka_unit_test(test_eval_problems),
	    cmocka_unit_test(test_datasets),
	    cmocka_unit_test(test_check),
	};

	return cmocka_run_group_tests(tests, conf_set_up, conf_tear_down);
}
