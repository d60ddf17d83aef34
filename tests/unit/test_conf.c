/* The configuration: each case is a file and what becomes of it.  Files are
 * written to a directory of their own; variables come from the test alone. */
#include "../../cgi/conf.h"
#include "../../cgi/doc.h"
#include "../../common/base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define SECRET "0123456789abcdef"
#define WITH_SECRET "webhook: {secret: " SECRET "}\n"

static char directory[] = "/tmp/test_conf.XXXXXX";
static char path[64];

static void
write_file(const char *name, mode_t mode, const char *text)
{
	char where[128];
	FILE *f;

	(void)snprintf(where, sizeof(where), "%s/%s", directory, name);
	f = fopen(where, "w");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(where, mode), 0);
}

/* A request's parameters: name, value, …, NULL. */
static const char *
param(void *arg, const char *name)
{
	const char *const *pairs = arg;

	for (; pairs != NULL && *pairs != NULL; pairs += 2)
		if (strcmp(pairs[0], name) == 0)
			return pairs[1];
	return NULL;
}

static struct conf *
load(const char *text, const char *const *pairs)
{
	struct conf_source source = {.file = path, .param = param};

	source.arg = (void *)(uintptr_t)pairs;
	write_file("agentmark-fcgi.yaml", 0600, text);
	return conf_load(&source);
}

/* The notes, one a line, each behind its code; the directory is left out. */
static char *
notes(const struct conf *conf)
{
	const struct conf_note *note = conf->notes.items;
	const char *text, *at;
	struct buf b;

	buf_init(&b, 65536);
	for (size_t i = 0; i < conf->notes.n; i++) {
		buf_addf(&b, "%s ", conf_code_name(note[i].code));
		text = note[i].text;
		while ((at = strstr(text, directory)) != NULL) {
			buf_add(&b, text, (size_t)(at - text));
			text = at + strlen(directory) + 1;
		}
		buf_addf(&b, "%s\n", text);
	}
	return b.data != NULL ? b.data : calloc(1, 1);
}

static void
expect_notes(const char *text, const char *const *pairs, const char *expected)
{
	struct conf *conf = load(text, pairs);
	char *got = notes(conf);

	assert_string_equal(got, expected);
	free(got);
	conf_free(conf);
}

static void
test_defaults(void **state)
{
	struct conf *conf = load(WITH_SECRET, NULL);
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
	assert_int_equal(s->n_evals, 0);
	assert_int_equal(conf->log_level, LEVEL_INFO);
	assert_string_equal(conf->log_target.text, "stderr");
	assert_int_equal(s->models.n_providers, 2);
	assert_string_equal(s->models.providers[0].name, "openai");
	assert_string_equal(
	    s->models.providers[0].base_url, "https://api.openai.com/v1");
	assert_null(s->models.providers[0].api_key);
	assert_string_equal(s->models.providers[1].driver->name, "echo");
	assert_null(s->models.default_provider);
	conf_free(conf);
}

static void
test_everything(void **state)
{
	struct conf *conf = load(
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
	    "default_provider: echo\nevals: [b, a, \"\xc3\xa9\"]\n"
	    "heartbeat: 0.25\ntimeouts: {connect: 1.5, first_token: 2,\n"
	    "  idle: 3, total: 4}\nretries: 0\necho: {delay_ms: 5}\n"
	    "log: {level: debug, target: x.log}\n",
	    NULL);
	const struct settings *s = &conf->settings;
	const struct provider *mine = &s->models.providers[2];

	(void)state;
	assert_int_equal(conf->code, CONF_OK);
	assert_int_equal(conf->notes.n, 0);
	assert_int_equal(conf->secrets.mode, SIGN_OPTIONAL);
	assert_int_equal(conf->secrets.n, 2);
	assert_string_equal(conf->secrets.items[0].name, "webhook.secrets[0]");
	assert_string_equal(conf->secrets.items[0].key.p, SECRET "-old");
	assert_string_equal(conf->secrets.items[1].name, "new");
	assert_string_equal(s->models.providers[0].api_key, "k1");
	assert_string_equal(s->models.providers[0].base_url, "http://h/v1");
	assert_string_equal(mine->name, "mine");
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
	assert_int_equal(s->n_evals, 3);
	assert_string_equal(s->evals[0], "a");
	assert_string_equal(s->evals[2], "\xc3\xa9");
	assert_int_equal(s->heartbeat_ms, 250);
	assert_int_equal(s->clocks.connect, 1500);
	assert_int_equal(s->clocks.total, 4000);
	assert_int_equal(s->max_retries, 0);
	assert_int_equal(s->echo_delay_ms, 5);
	assert_int_equal(conf->body_bytes, 2048);
	assert_int_equal(conf->log_level, LEVEL_DEBUG);
	assert_non_null(strstr(conf->log_target.text, "/x.log"));
	conf_free(conf);
}

#define AT "bad_config agentmark-fcgi.yaml:"

static void
test_problems(void **state)
{
	static const struct {
		const char *text, *expected;
	} cases[] = {
	    {WITH_SECRET "colour: red\n",
		AT "2: unknown key colour (known here: webhook, limits, "
		   "providers, models, default_provider, templates, evals, "
		   "heartbeat, timeouts, retries, echo, log)\n"},
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
		   "chat, echo\n"},
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
	    {WITH_SECRET "evals: [a, a]\n",
		"bad_config evals: a is there twice\n"},
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
		expect_notes(cases[i].text, NULL, cases[i].expected);
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
	    load(WITH_SECRET "providers: {openai: {api_key: key1}}\n"
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

	expect_notes(WITH_SECRET, empty,
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
	struct conf_source source = {.file = path, .param = param};
	struct conf *conf = load("heartbeat: 2\n", one), *old = conf;

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
	write_file("secret", 0600, SECRET "-of-a-file\n");
	conf = load("webhook: {secret: 'file:secret'}\n", NULL);
	assert_int_equal(conf->code, CONF_OK);
	assert_string_equal(conf->secrets.items[0].key.p, SECRET "-of-a-file");
	conf_free(conf);

	write_file("secret", 0644, SECRET "-of-a-file\n");
	expect_notes("webhook: {secret: 'file:secret', signature: off}\n", NULL,
	    AT "1: webhook.secret: everybody can read secret: chmod o-r "
	       "it\n");
	expect_notes("webhook: {secret: 'file:none', signature: off}\n", NULL,
	    AT "1: webhook.secret: cannot read none: No such file or "
	       "directory\n");
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
	expect_notes(text, pairs, "");

	for (p = text; p != NULL && *p != '\0'; p = strchr(p, '\n')) {
		p += *p == '\n';
		if (*p == '#' && p[1] != '\n' && (p[1] != ' ' || p[2] == ' '))
			memmove(p, p + 1, strlen(p));
	}
	write_file("old", 0600, SECRET "\n");
	p = strstr(text, "file:/etc/agentmark-fcgi.old-secret");
	assert_non_null(p);
	memcpy(p, "file:old                           ", 35);
	setenv("NAME_API_KEY", "key", 1);
	expect_notes(text, pairs, "");
	free(text);
}

static int
set_up(void **state)
{
	static const char *const unwanted[] = {"AGENTMARK_WEBHOOK_SECRET",
	    "AGENTMARK_FCGI_CONFIG", "AGENTMARK_FCGI_SIGNATURE",
	    "OPENAI_API_KEY", "OPENAI_BASE_URL", "NO_SUCH_VARIABLE"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(unwanted); i++)
		(void)unsetenv(unwanted[i]);
	(void)setenv("PATH", "echo", 1);
	if (mkdtemp(directory) == NULL)
		return -1;
	(void)snprintf(path, sizeof(path), "%s/agentmark-fcgi.yaml", directory);
	return 0;
}

static int
tear_down(void **state)
{
	static const char *const names[] = {
	    "agentmark-fcgi.yaml", "secret", "old"};
	char where[128];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		(void)snprintf(
		    where, sizeof(where), "%s/%s", directory, names[i]);
		(void)unlink(where);
	}
	return rmdir(directory);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_defaults),
	    cmocka_unit_test(test_everything),
	    cmocka_unit_test(test_problems),
	    cmocka_unit_test(test_variables),
	    cmocka_unit_test(test_refresh),
	    cmocka_unit_test(test_secret_files),
	    cmocka_unit_test(test_named_file),
	    cmocka_unit_test(test_example),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
