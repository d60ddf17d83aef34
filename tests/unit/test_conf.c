/* The configuration: each case is a file and what becomes of it. */
#include "conf_files.h"

#include "../../cgi/doc.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static const struct provider *
provider_named(const struct settings *s, const char *name)
{
	size_t i;

	for (i = 0; i < s->models.n_providers; i++)
		if (strcmp(s->models.providers[i].name, name) == 0)
			return &s->models.providers[i];
	fail_msg("there is no provider %s", name);
	return NULL;
}

/* One that is there by itself, and has no key. */
static void
check_provider(const struct settings *s, const char *name, const char *driver,
    const char *base_url)
{
	const struct provider *p = provider_named(s, name);

	assert_string_equal(p->driver->name, driver);
	assert_null(p->api_key);
	if (base_url != NULL)
		assert_string_equal(p->base_url, base_url);
}

static void
test_state_directory(void **state)
{
	struct conf *conf;

	(void)state;
	assert_int_equal(setenv("STATE_DIRECTORY", "/var/lib/x:/y", 1), 0);
	conf = conf_from(WITH_SECRET, NULL);
	assert_int_equal(unsetenv("STATE_DIRECTORY"), 0);
	assert_string_equal(conf->settings.state_dir, "/var/lib/x");
	conf_free(conf);
}

static void
test_defaults(void **state)
{
	struct conf *conf = conf_from(WITH_SECRET, NULL);
	const struct settings *s = &conf->settings;

	(void)state;
	assert_int_equal(conf->code, CONF_OK);
	assert_int_equal(conf->notes.n, 0);
	assert_int_equal(conf->secrets.mode, SIGN_REQUIRED);
	assert_int_equal(conf->secrets.n, 1);
	assert_string_equal(conf->secrets.items[0].name, "webhook.secret");
	assert_int_equal(conf->body_bytes, 10485760);
	assert_int_equal(s->heartbeat_ms, 1000);
	assert_int_equal(s->clocks.connect, 10000);
	assert_int_equal(s->clocks.first, 300000);
	assert_int_equal(s->clocks.idle, 300000);
	assert_int_equal(s->clocks.total, 0);
	assert_int_equal(s->max_retries, 2);
	assert_int_equal(s->echo_delay_ms, 0);
	assert_int_equal(s->n_evals, n_builtins);
	assert_int_equal(s->n_builtin_evals, n_builtins);
	assert_null(s->datasets->root);
	assert_null(s->datasets->api.base);
	assert_int_equal(s->max_concurrency, 100);
	assert_int_equal(s->max_experiments, 4);
	assert_non_null(strstr(s->state_dir, "/agentmark-fcgi-"));
	assert_ptr_equal(strstr(s->store, arena_printf(conf->arena, "%s/store-",
					      s->state_dir)),
	    s->store);
	assert_int_equal(conf->log_level, LEVEL_INFO);
	assert_string_equal(conf->log_target.text, "stderr");
	check_provider(s, "openai", "chat", "https://api.openai.com/v1");
	check_provider(
	    s, "anthropic", "anthropic", "https://api.anthropic.com/v1");
	check_provider(s, "echo", "echo", NULL);
	check_provider(s, "google", "gemini",
	    "https://generativelanguage.googleapis.com/v1beta");
	check_provider(s, "ollama", "ollama", "http://127.0.0.1:11434");
	assert_null(s->models.default_provider);
	conf_free(conf);
}

static void
test_everything(void **state)
{
	struct conf *conf = conf_from(
	    "webhook:\n  secrets:\n  - " SECRET "-old\n"
	    "  - {name: new, value: " SECRET "-new}\n  signature: optional\n"
	    "limits: {body_bytes: 2048}\n"
	    "templates: {markdown: 2.2}\n"
	    "providers:\n"
	    "  openai: {api_key: k1, base_url: 'http://h/v1//'}\n"
	    "  mine:\n    driver: chat\n    base_url: http://m\n"
	    "    headers: {X-A: b, X-C: d e}\n    strict_schemas: true\n"
	    "models:\n- {match: ^mock, provider: mine}\n"
	    "- {name: fast, provider: mine, model: real}\n"
	    "default_provider: echo\nevals: [regex, contains]\n"
	    "datasets: {root: ., api: true}\n"
	    "agentmark: {base_url: 'http://a/', api_key: k, app_id: i}\n"
	    "experiments: {concurrency: 7, at_once: 0, state_dir: slots}\n"
	    "store: kept/s.db\n"
	    "heartbeat: 0.25\ntimeouts: {connect: 1.5, first_token: 2,\n"
	    "  idle: 3, total: 4}\nretries: 0\necho: {delay_ms: 5}\n"
	    "log: {level: debug, target: x.log, format: json}\n",
	    NULL);
	const struct settings *s = &conf->settings;
	const struct provider *mine = provider_named(s, "mine");
	char real[PATH_MAX];

	(void)state;
	assert_non_null(realpath(conf_dir, real));
	assert_int_equal(conf->code, CONF_OK);
	assert_int_equal(conf->notes.n, 0);
	assert_int_equal(conf->secrets.mode, SIGN_OPTIONAL);
	assert_int_equal(conf->secrets.n, 2);
	assert_string_equal(conf->secrets.items[0].name, "webhook.secrets[0]");
	assert_string_equal(conf->secrets.items[0].key.p, SECRET "-old");
	assert_string_equal(conf->secrets.items[1].name, "new");
	assert_string_equal(s->models.providers[0].api_key, "k1");
	assert_string_equal(s->models.providers[0].base_url, "http://h/v1");
	assert_string_equal(mine->headers[0], "X-A: b");
	assert_string_equal(mine->headers[1], "X-C: d e");
	assert_null(mine->headers[2]);
	assert_true(mine->strict_schemas);
	assert_string_equal(s->models.rules[0].match, "^mock");
	assert_true(s->models.rules[0].regex);
	assert_string_equal(s->models.rules[1].match, "fast");
	assert_false(s->models.rules[1].regex);
	assert_string_equal(s->models.rules[1].model, "real");
	assert_string_equal(s->models.default_provider, "echo");
	assert_int_equal(s->markdown, MARKDOWN_2_2);
	assert_int_equal(s->n_evals, 2);
	assert_string_equal(s->evals[0].name, "contains");
	assert_string_equal(s->evals[1].name, "regex");
	assert_string_equal(s->datasets->root, real);
	assert_string_equal(s->datasets->api.base, "http://a");
	assert_string_equal(s->datasets->api.key, "k");
	assert_string_equal(s->datasets->api.app_id, "i");
	assert_int_equal(s->max_concurrency, 7);
	assert_int_equal(s->max_experiments, 0);
	assert_non_null(strstr(s->state_dir, "/slots"));
	assert_string_equal(
	    s->store, arena_printf(conf->arena, "%s/kept/s.db", conf_dir));
	assert_int_equal(s->heartbeat_ms, 250);
	assert_int_equal(s->clocks.connect, 1500);
	assert_int_equal(s->clocks.total, 4000);
	assert_int_equal(s->max_retries, 0);
	assert_int_equal(s->echo_delay_ms, 5);
	assert_int_equal(conf->body_bytes, 2048);
	assert_int_equal(conf->log_level, LEVEL_DEBUG);
	assert_int_equal(conf->log_format, LOG_JSON);
	assert_non_null(strstr(conf->log_target.text, "/x.log"));
	conf_free(conf);
}

static void
test_problems(void **state)
{
	static const struct {
		const char *text, *expected;
	} cases[] = {
	    {WITH_SECRET "limits: {colour: red}\n",
		AT "2: unknown key limits.colour (known here: "
		   "body_bytes)\n"},
	    {WITH_SECRET "limits:\n  body_byte: 1\n",
		AT "3: unknown key limits.body_byte (known here: "
		   "body_bytes)\n"},
	    {WITH_SECRET "limits: {body_bytes: lots}\n",
		AT "2: limits.body_bytes must be a whole number from 1024 to "
		   "268435456, not \"lots\"\n"},
	    {WITH_SECRET "limits: {body_bytes: 1}\n",
		AT "2: limits.body_bytes must be a whole number from 1024 to "
		   "268435456, not \"1\"\n"},
	    {WITH_SECRET "limits: {body_bytes: [1]}\n",
		AT "2: limits.body_bytes must be a number\n"},
	    {WITH_SECRET "heartbeat: -1\n",
		AT "2: heartbeat must be seconds from 0 to 3600, not "
		   "\"-1\"\n"},
	    {WITH_SECRET "limits: 5\n", AT "2: limits must be a mapping\n"},
	    {WITH_SECRET "retries: 1\nretries: 2\n",
		AT "3: the key retries is there twice\n"},
	    {"webhook: {secret: " SECRET ", signature: maybe}\n",
		AT "1: webhook.signature must be one of required, optional, "
		   "off, not \"maybe\"\n"},
	    {"webhook: {secret: [x]}\n", AT "1: webhook.secret must be text\n"},
	    {"webhook: {secret: DEFAULT}\n",
		"bad_secret agentmark-fcgi.yaml:1: the secret webhook.secret "
		"(from agentmark-fcgi.yaml) is the word DEFAULT, which "
		"everybody knows\n"},
	    {"webhook: {secret: ''}\n",
		"bad_secret agentmark-fcgi.yaml:1: the secret webhook.secret "
		"(from agentmark-fcgi.yaml) is empty\n"},
	    {"webhook: {secret: short}\n",
		"ok agentmark-fcgi.yaml:1: the secret webhook.secret (from "
		"agentmark-fcgi.yaml) is shorter than 16 bytes\n"},
	    {"webhook: {signature: off}\n", ""},
	    {"heartbeat: 2\n",
		"no_secret no secret: set webhook.secret in "
		"agentmark-fcgi.yaml or AGENTMARK_WEBHOOK_SECRET in the "
		"environment (or say webhook.signature: off)\n"},
	    {WITH_SECRET "providers: {p: {driver: carrier-pigeon}}\n",
		AT "2: providers.p.driver: there is no carrier-pigeon, only "
		   "anthropic, bedrock, chat, claude-agent, command, echo, "
		   "gemini, mastra, mastra-v0, ollama, responses\n"},
	    {WITH_SECRET "providers: {p: {driver: chat}}\n",
		AT "2: providers.p.base_url must be a URL of http or "
		   "https\n"},
	    {WITH_SECRET "providers: {p: {base_url: 'ftp://x'}}\n",
		AT "2: providers.p.base_url must be a URL of http or https, "
		   "not ftp://x\n"},
	    {WITH_SECRET "providers: {p: 5}\n",
		AT "2: providers.p must be a mapping\n"
		   "bad_config agentmark-fcgi.yaml:2: providers.p.base_url "
		   "must be a URL of http or https\n"},
	    {WITH_SECRET "providers: {openai: {api_key: \"a\\nb\"}}\n",
		AT "2: providers.openai.api_key holds a control character\n"},
	    {WITH_SECRET "models:\n- {match: a}\n",
		AT "3: models: (no provider) is none of the providers\n"},
	    {WITH_SECRET "models:\n- {match: a, name: a, provider: echo}\n",
		AT "3: models: an item needs either match or name\n"},
	    {WITH_SECRET "models:\n- text\n",
		AT "3: an item of models must be a mapping\n"
		   "bad_config agentmark-fcgi.yaml:3: models: an item needs "
		   "either match or name\n"},
	    {WITH_SECRET "default_provider: nobody\n",
		AT "2: default_provider: nobody is none of the providers\n"},
	    {WITH_SECRET "a: [\n",
		AT "3: did not find expected node content\n"},
	    {WITH_SECRET "log: {target: env:HTTP_X}\n",
		AT "2: log.target: env:HTTP_X names no variable that may be "
		   "used\n"},
	    {WITH_SECRET "default_provider: env:NO_SUCH_VARIABLE\n",
		"ok agentmark-fcgi.yaml:2: default_provider: the variable "
		"NO_SUCH_VARIABLE is not set\n"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		conf_expect(cases[i].text, NULL, cases[i].expected);
}

static void
test_variables(void **state)
{
	static const char *const pairs[] = {"AGENTMARK_WEBHOOK_SECRET",
	    "from the request itself", "OPENAI_API_KEY", "key2",
	    "OPENAI_BASE_URL", "http://x/v1/", "PATH", "evil", NULL};
	static const char *const empty[] = {
	    "AGENTMARK_WEBHOOK_SECRET", "", "OPENAI_API_KEY", "", NULL};
	struct conf *conf =
	    conf_from(WITH_SECRET "providers: {openai: {api_key: key1}}\n"
				  "default_provider: env:PATH\n",
		pairs);
	const struct provider *openai = conf->settings.models.providers;

	(void)state;
	assert_string_equal(
	    conf->secrets.items[0].key.p, "from the request itself");
	assert_string_equal(
	    conf->secret_sources[0], "AGENTMARK_WEBHOOK_SECRET");
	assert_string_equal(openai->api_key, "key2");
	assert_string_equal(openai->base_url, "http://x/v1");
	/* Not of the list: the process's own. */
	assert_string_equal(conf->default_provider.text, getenv("PATH"));
	conf_free(conf);

	conf_expect(WITH_SECRET, empty,
	    "bad_secret the secret webhook.secret (from "
	    "AGENTMARK_WEBHOOK_SECRET) is empty\n");
}

static void
test_refresh(void **state)
{
	static const char *const one[] = {
	    "AGENTMARK_WEBHOOK_SECRET", "the secret of one host", NULL};
	static const char *const two[] = {
	    "AGENTMARK_WEBHOOK_SECRET", "the secret of another", NULL};
	struct conf_source source = {.file = conf_path, .param = conf_param};
	struct conf *conf = conf_from("heartbeat: 2\n", one), *old = conf;

	(void)state;
	source.arg = (void *)(uintptr_t)one;
	assert_false(conf_refresh(&conf, &source));
	assert_ptr_equal(conf, old);
	source.arg = (void *)(uintptr_t)two;
	assert_true(conf_refresh(&conf, &source));
	assert_string_equal(
	    conf->secrets.items[0].key.p, "the secret of another");
	conf_free(old);
	conf_free(conf);
}

static void
test_secret_files(void **state)
{
	struct conf *conf;

	(void)state;
	conf_write("secret", 0600, SECRET "-of-a-file\n");
	conf = conf_from("webhook: {secret: 'file:secret'}\n", NULL);
	assert_int_equal(conf->code, CONF_OK);
	assert_string_equal(conf->secrets.items[0].key.p, SECRET "-of-a-file");
	conf_free(conf);

	conf_write("secret", 0644, SECRET "-of-a-file\n");
	conf_expect("webhook: {secret: 'file:secret', signature: off}\n", NULL,
	    AT "1: webhook.secret: everybody can read secret: chmod o-r "
	       "it\n");
	conf_expect("webhook: {secret: 'file:none', signature: off}\n", NULL,
	    AT "1: webhook.secret: cannot read none: No such file or "
	       "directory\n");
}

/* The first note about a configuration that has MODE and, for root, OWNER. */
static void
expect_exposed(mode_t mode, uid_t owner, const char *text, const char *expected)
{
	const struct conf_source source = {.file = conf_path};
	const char *found = "";
	struct conf *conf;

	conf_write("agentmark-fcgi.yaml", mode, text);
	if (owner != geteuid())
		assert_int_equal(chown(conf_path, owner, (gid_t)-1), 0);
	conf = conf_load(&source);
	assert_int_equal(conf->code,
	    strstr(expected, "chmod") != NULL ? CONF_BAD_CONFIG : CONF_OK);
	assert_in_range(conf->notes.n, 0, 1);
	if (conf->notes.n == 1)
		found = ((const struct conf_note *)conf->notes.items)->text;
	found =
	    strstr(found, ".yaml:") != NULL ? strstr(found, ".yaml:") : found;
	assert_memory_equal(found, expected, strlen(expected) + 1);
	conf_free(conf);
	assert_int_equal(unlink(conf_path), 0);
}

static void
test_exposed_configuration(void **state)
{
	static const char plain[] = "webhook:\n  secret: " SECRET "\n"
				    "providers: {openai: {api_key: k}}\n";
	static const char none[] = "webhook: {signature: off}\n";
	char expected[200];

	(void)state;
	(void)snprintf(expected, sizeof(expected),
	    ".yaml:2: webhook.secret: everybody can read %s: chmod o-r it",
	    conf_path);
	expect_exposed(0644, geteuid(), plain, expected);
	expect_exposed(0640, geteuid(), plain, "");
	expect_exposed(0644, geteuid(), none, "");
	if (geteuid() != 0)
		return;
	*strstr(expected, ": chmod") = '\0';
	expect_exposed(0644, 1, plain, expected);
	expect_exposed(0644, 1, none, "");
}

static void
test_named_file(void **state)
{
	const struct conf_source source = {.file = "/nonexistent/file"};
	struct conf *conf = conf_load(&source);
	const struct conf_note *note = conf->notes.items;

	(void)state;
	assert_int_equal(conf->code, CONF_BAD_CONFIG);
	assert_string_equal(note->text,
	    "cannot read /nonexistent/file: No such file or directory");
	conf_free(conf);
}

/* What the example names. */
static void
make_directories(void)
{
	static const char *const names[] = {"datasets", "evals", "judges",
	    "agentmark", "tools", "mcp", "executors"};
	char where[128];

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		(void)snprintf(
		    where, sizeof(where), "%s/%s", conf_dir, names[i]);
		assert_int_equal(mkdir(where, 0700), 0);
	}
	conf_write("evals/tone", 0700, "");
	conf_write("tools/weather", 0700, "");
	conf_write("page", 0700, "");
	conf_write("mcp/files", 0700, "");
	conf_write("executors/answer", 0700, "");
	conf_write("judges/factuality.prompt.mdx", 0600, "");
}

/* The example as it is printed is a configuration, and so it is when every
 * option in it is used. */
static void
test_example(void **state)
{
	static const char *const pairs[] = {
	    "AGENTMARK_WEBHOOK_SECRET", SECRET, NULL};
	char *text = NULL, *p;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	(void)state;
	assert_non_null(f);
	doc_example(f);
	assert_int_equal(fclose(f), 0);
	conf_expect(text, pairs, "");

	for (p = text; p != NULL && *p != '\0'; p = strchr(p, '\n')) {
		p += *p == '\n';
		if (*p == '#' && p[1] != '\n' && (p[1] != ' ' || p[2] == ' '))
			memmove(p, p + 1, strlen(p));
	}
	conf_write("old", 0600, SECRET "\n");
	p = strstr(text, "file:/etc/agentmark-fcgi.old-secret");
	assert_non_null(p);
	memcpy(p, "file:old                           ", 35);
	(void)setenv("NAME_API_KEY", "key", 1);
	(void)setenv("NAME_API_KEY_1", "key", 1);
	(void)setenv("NAME_API_KEY_2", "key", 1);
	(void)setenv("AWS_ACCESS_KEY_ID", "key", 1);
	(void)setenv("AWS_SECRET_ACCESS_KEY", "key", 1);
	(void)setenv("AWS_SESSION_TOKEN", "key", 1);
	(void)setenv("EVAL_SECRET", "key", 1);
	(void)setenv("WEATHER_KEY", "key", 1);
	(void)setenv("TOOL_SECRET", "key", 1);
	(void)setenv("REMOTE_TOKEN", "key", 1);
	(void)setenv("AGENTMARK_API_KEY", "key", 1);
	(void)setenv("SLACK_WEBHOOK_URL", "https://slack/x", 1);
	(void)setenv("TEAMS_WEBHOOK_URL", "https://teams/x", 1);
	(void)setenv("DISCORD_WEBHOOK_URL", "https://discord/x", 1);
	(void)setenv("PAGERDUTY_KEY", "key", 1);
	(void)setenv("ALERT_SECRET", "key", 1);
	(void)setenv("SMTP_PASSWORD", "key", 1);
	(void)setenv("COLLECTOR_KEY", "key", 1);
	(void)setenv("STATUS_TOKEN", "a token of some length", 1);
	make_directories();
	conf_expect(text, pairs, "");
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_defaults),
	    cmocka_unit_test(test_state_directory),
	    cmocka_unit_test(test_everything),
	    cmocka_unit_test(test_problems),
	    cmocka_unit_test(test_variables),
	    cmocka_unit_test(test_refresh),
	    cmocka_unit_test(test_secret_files),
	    cmocka_unit_test(test_exposed_configuration),
	    cmocka_unit_test(test_named_file),
	    cmocka_unit_test(test_example),
	};

	return cmocka_run_group_tests(tests, conf_set_up, conf_tear_down);
}
