/* The configuration of what providers have beside a URL: keys, limits,
 * programs; and of who runs prompts and who steps in. */
#include "conf_files.h"

#include "../../common/run/limit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const struct provider *
provider(const struct conf *conf, const char *name)
{
	const struct models *m = &conf->settings.models;

	for (size_t i = 0; i < m->n_providers; i++)
		if (strcmp(m->providers[i].name, name) == 0)
			return &m->providers[i];
	fail_msg("no provider %s", name);
	return NULL;
}

static void
test_everything(void **state)
{
	struct conf *conf = conf_from(WITH_SECRET
	    "providers:\n"
	    "  openai: {api_key: k1, api_keys: [k2, k3],\n"
	    "    limits: {concurrent: 2, requests_per_minute: 3,\n"
	    "      tokens_per_minute: 4, wait: 0.5}}\n"
	    "  one: {exec: [sh, -c, x], env: {A: 'b: c', D: ''}, dir: d,\n"
	    "    workers: 2, options: {a: [1]}}\n"
	    "  two: {driver: claude-agent, exec: sh}\n"
	    "models:\n"
	    "  - {name: m, provider: openai, executor: one,\n"
	    "    fallback: [echo/x, openai/y]}\n"
	    "executor: two\n",
	    NULL);
	const struct provider *p = provider(conf, "openai");
	const struct model_rule *rule = conf->settings.models.rules;

	(void)state;
	assert_int_equal(conf->code, CONF_OK);
	assert_string_equal(p->api_key, "k1");
	assert_string_equal(p->pool[0], "k1");
	assert_string_equal(p->pool[2], "k3");
	assert_null(p->pool[3]);
	assert_int_equal(p->limits->concurrent, 2);
	assert_true(p->limits->requests_per_minute == 3);
	assert_true(p->limits->tokens_per_minute == 4);
	assert_int_equal(p->limits->wait_ms, 500);
	p = provider(conf, "one");
	assert_ptr_equal(p->driver, &driver_command);
	assert_string_equal(p->argv[2], "x");
	assert_null(p->argv[3]);
	assert_string_equal(p->env[0], "A=b: c");
	assert_string_equal(p->env[1], "D=");
	assert_null(p->env[2]);
	assert_int_equal(strncmp(p->dir, conf_dir, strlen(conf_dir)), 0);
	assert_int_equal(p->workers, 2);
	assert_true(json_is_array(json_object_get(p->options, "a")));
	assert_null(p->limits);
	p = provider(conf, "two");
	assert_ptr_equal(p->driver, &driver_claude_agent);
	assert_string_equal(rule->executor, "one");
	assert_string_equal(rule->fallback[0], "echo/x");
	assert_string_equal(rule->fallback[1], "openai/y");
	assert_null(rule->fallback[2]);
	assert_string_equal(conf->settings.models.executor, "two");
	conf_free(conf);
}

static void
test_problems(void **state)
{
	static const struct {
		const char *text, *expected;
	} cases[] = {
	    {WITH_SECRET "providers: {p: {driver: command}}\n",
		AT "2: providers.p.exec: a command is wanted\n"},
	    {WITH_SECRET "providers: {p: {driver: chat, base_url: http://h, "
			 "exec: /bin/sh}}\n",
		AT "2: providers.p: exec, env, dir and workers are for the "
		   "drivers command and claude-agent\n"},
	    {WITH_SECRET "providers: {p: {driver: claude-agent, exec: /bin/sh, "
			 "workers: 1}}\n",
		AT "2: providers.p.workers: claude-agent starts a process for "
		   "each call\n"},
	    {WITH_SECRET "providers: {openai: {api_keys: ['']}}\n",
		AT "2: providers.openai.api_keys: key 1 is empty or holds a "
		   "control character\n"},
	    {WITH_SECRET "executor: openai\n",
		AT "2: executor: openai is neither direct, ai-sdk-v4 nor a "
		   "provider whose driver runs prompts itself\n"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		conf_expect(cases[i].text, NULL, cases[i].expected);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_everything),
	    cmocka_unit_test(test_problems),
	};

	return cmocka_run_group_tests(tests, conf_set_up, conf_tear_down);
}
