/* What is known of vendors ahead: addresses with values in them, keys by
 * variables, quirks and headers, keys of Amazon's, and what is said of those
 * that are not complete or not set. */
#include "../../cgi/conf_vendor.h"
#include "conf_files.h"

#include "../../common/base/crypt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct provider *
find(const struct conf *conf, const char *name)
{
	const struct models *m = &conf->settings.models;

	for (size_t i = 0; i < m->n_providers; i++)
		if (strcmp(m->providers[i].name, name) == 0)
			return &m->providers[i];
	fail_msg("no provider %s", name);
	return NULL;
}

/* Every row is a provider, and its variable is its key. */
static void
test_rows(void **state)
{
	const char *pairs[3] = {NULL};
	struct conf *conf;

	(void)state;
	for (size_t i = 0; i < conf_n_vendors; i++) {
		const struct vendor *v = &conf_vendors[i];
		const struct provider *p;

		pairs[0] = v->variable;
		pairs[1] = "the-key";
		conf = conf_from(WITH_SECRET, pairs);
		assert_int_equal(conf->code, CONF_OK);
		p = find(conf, v->name);
		assert_string_equal(p->driver->name, v->driver);
		assert_int_equal(p->quirks, v->quirks);
		if (v->variable != NULL)
			assert_string_equal(p->api_key, "the-key");
		assert_int_equal(
		    p->idle, v->variable == NULL && v->base_url != NULL);
		if (v->base_url != NULL && strchr(v->base_url, '{') == NULL)
			assert_string_equal(p->base_url, v->base_url);
		conf_free(conf);
	}
}

static void
test_addresses(void **state)
{
	static const char *const pairs[] = {
	    "AZURE_RESOURCE_NAME", "mine", "AWS_REGION", "eu-central-1", NULL};
	static const char *const bad[] = {
	    "AWS_REGION", "evil.test/", "AZURE_RESOURCE_NAME", "a@b", NULL};
	struct conf *conf = conf_from(WITH_SECRET, pairs);

	(void)state;
	assert_string_equal(find(conf, "azure")->base_url,
	    "https://mine.openai.azure.com/openai/v1");
	assert_null(find(conf, "azure")->lacks);
	assert_string_equal(find(conf, "bedrock")->base_url,
	    "https://bedrock-runtime.eu-central-1.amazonaws.com");
	conf_free(conf);
	conf = conf_from(WITH_SECRET, NULL);
	assert_string_equal(
	    find(conf, "azure")->lacks, "providers.azure.resource");
	assert_string_equal(find(conf, "bedrock")->base_url,
	    "https://bedrock-runtime.us-east-1.amazonaws.com");
	conf_free(conf);
	conf = conf_from(WITH_SECRET
	    "providers: {azure: {base_url: 'https://gw/{resource}/{region}', "
	    "resource: r, region: west}}\n",
	    NULL);
	assert_string_equal(find(conf, "azure")->base_url, "https://gw/r/west");
	conf_free(conf);
	conf_expect(WITH_SECRET, bad,
	    "bad_config providers.bedrock.region: letters, digits and - are "
	    "wanted, not \"evil.test/\"\n"
	    "bad_config providers.azure.resource: letters, digits and - are "
	    "wanted, not \"a@b\"\n");
}

static void
test_quirks(void **state)
{
	struct conf *conf = conf_from(WITH_SECRET
	    "providers: {mistral: {quirks: [top_k, no_stop]}, "
	    "cohere: {quirks: []}, mine: {base_url: 'http://x', "
	    "quirks: json_object}}\n",
	    NULL);

	(void)state;
	assert_int_equal(conf->code, CONF_OK);
	assert_int_equal(
	    find(conf, "mistral")->quirks, QUIRK_TOP_K | QUIRK_NO_STOP);
	assert_int_equal(find(conf, "cohere")->quirks, 0);
	assert_int_equal(find(conf, "mine")->quirks, QUIRK_JSON_OBJECT);
	assert_int_equal(find(conf, "deepseek")->quirks,
	    QUIRK_JSON_OBJECT | QUIRK_NO_STRICT | QUIRK_NO_SEED);
	conf_free(conf);
	conf_expect(WITH_SECRET "providers: {groq: {quirks: [slow]}}\n", NULL,
	    AT "2: providers.groq.quirks: there is no slow\n");
}

static void
test_key_headers(void **state)
{
	struct conf *conf = conf_from(WITH_SECRET
	    "providers: {groq: {key_header: X-Key}, azure: {key_header: ''}}\n",
	    NULL);

	(void)state;
	assert_string_equal(find(conf, "groq")->key_header, "X-Key");
	assert_null(find(conf, "azure")->key_header);
	assert_null(find(conf, "openai")->key_header);
	conf_free(conf);
	conf = conf_from(WITH_SECRET, NULL);
	assert_string_equal(find(conf, "azure")->key_header, "api-key");
	conf_free(conf);
	conf_expect(WITH_SECRET "providers: {groq: {key_header: 'a: b'}}\n",
	    NULL,
	    AT "2: providers.groq.key_header is no name of a header: "
	       "\"a: b\"\n");
}

static const char *
option(const struct provider *p, const char *name)
{
	return json_string_value(json_object_get(p->options, name));
}

static void
test_amazon(void **state)
{
	static const char *const pairs[] = {"AWS_ACCESS_KEY_ID", "AKID",
	    "AWS_SECRET_ACCESS_KEY", "s/e+c", "AWS_SESSION_TOKEN", "t",
	    "AWS_REGION", "eu-west-1", NULL};
	static const char *const both[] = {"AWS_ACCESS_KEY_ID", "AKID",
	    "AWS_SECRET_ACCESS_KEY", "s", "AWS_BEARER_TOKEN_BEDROCK", "b",
	    NULL};
	static const char *const half[] = {"AWS_ACCESS_KEY_ID", "AKID", NULL};
	struct conf *conf = conf_from(WITH_SECRET, pairs);
	const struct provider *p = find(conf, "bedrock");

	(void)state;
	assert_string_equal(p->api_key, "AKID:s/e+c");
	assert_string_equal(option(p, "region"), "eu-west-1");
	assert_string_equal(option(p, "session_token"), "t");
	assert_false(p->idle);
	conf_free(conf);
	conf = conf_from(WITH_SECRET, both);
	assert_string_equal(find(conf, "bedrock")->api_key, "b");
	conf_free(conf);
	conf = conf_from(WITH_SECRET, half);
	assert_null(find(conf, "bedrock")->api_key);
	conf_free(conf);
	conf = conf_from(WITH_SECRET "providers: {eu: {driver: bedrock, "
				     "region: eu-north-1, api_key: 'A:s', "
				     "base_url: 'http://{region}.test', "
				     "options: {x: 1}}}\n",
	    NULL);
	p = find(conf, "eu");
	assert_string_equal(p->base_url, "http://eu-north-1.test");
	assert_string_equal(option(p, "region"), "eu-north-1");
	assert_non_null(json_object_get(p->options, "x"));
	conf_free(conf);
}

/* What is not complete cannot be used, and says what it lacks; names that
 * nobody serves are answered with what is set first. */
static void
test_unusable(void **state)
{
	static const char *const pairs[] = {"GROQ_API_KEY", "k", NULL};
	struct conf *conf = conf_from(WITH_SECRET, pairs);
	const struct models *m = &conf->settings.models;
	const struct provider *p;
	const char *id;
	struct err err = {0};

	(void)state;
	assert_int_equal(model_resolve(m, "azure/gpt", &p, &id, &err), -1);
	assert_string_equal(err.msg,
	    "the model 'azure/gpt' needs the provider 'azure', which needs "
	    "providers.azure.resource");
	assert_int_equal(err.code, ERR_UNCONFIGURED);
	err_free(&err);
	assert_int_equal(model_resolve(m, "x", &p, &id, &err), -1);
	assert_non_null(strstr(err.msg,
	    "no provider for the model 'x'; configured providers: groq, echo; "
	    "without a key or an address: openai, anthropic, google, "));
	err_free(&err);
	assert_int_equal(model_resolve(m, "groq/a/b", &p, &id, &err), 0);
	assert_string_equal(id, "a/b");
	conf_free(conf);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_rows),
	    cmocka_unit_test(test_addresses),
	    cmocka_unit_test(test_quirks),
	    cmocka_unit_test(test_key_headers),
	    cmocka_unit_test(test_amazon),
	    cmocka_unit_test(test_unusable),
	};

	if (crypt_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, conf_set_up, conf_tear_down);
}
