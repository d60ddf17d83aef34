/* The configuration of what secrets may use and spend, and of prices. */
#include "conf_files.h"

#include "../../common/run/price.h"
#include "../../common/run/scope.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void
test_scopes(void **state)
{
	struct conf *conf =
	    conf_from("webhook:\n"
		      "  secret: " SECRET "\n"
		      "  budget: {month: 100}\n"
		      "  secrets:\n"
		      "    - " SECRET "1\n"
		      "    - name: ci\n"
		      "      value: " SECRET "2\n"
		      "      models: [openai/*, 'env:X']\n"
		      "      tools: []\n"
		      "      datasets: ci/*\n"
		      "      budget: {run: 0.5, day: 0}\n"
		      "    - value: " SECRET "3\n"
		      "      tools: [a]\n"
		      "  signature: optional\n"
		      "  unsigned: {models: [], budget: {run: 0}}\n",
		NULL);
	const struct scope *s = conf->settings.scopes;

	(void)state;
	assert_int_equal(conf->code, CONF_OK);
	assert_int_equal(conf->settings.n_scopes, 4);
	assert_string_equal(s[0].name, "webhook.secret");
	assert_null(s[0].models);
	assert_true(isnan(s[0].run) && isnan(s[0].day) && s[0].month == 100);
	assert_string_equal(s[1].name, "ci");
	assert_string_equal(s[1].models[0], "openai/*");
	assert_string_equal(s[1].models[1], "env:X");
	assert_null(s[1].models[2]);
	assert_non_null(s[1].tools);
	assert_null(s[1].tools[0]);
	assert_string_equal(s[1].datasets[0], "ci/*");
	assert_true(s[1].run == .5 && s[1].day == 0 && isnan(s[1].month));
	assert_string_equal(s[2].name, "webhook.secrets[2]");
	assert_string_equal(s[3].name, scope_unsigned);
	assert_non_null(s[3].models);
	assert_null(s[3].models[0]);
	conf_free(conf);
}

static void
test_no_scopes(void **state)
{
	struct conf *conf = conf_from(WITH_SECRET, NULL);

	(void)state;
	assert_int_equal(conf->settings.n_scopes, 0);
	assert_true(isnan(conf->settings.prices->unpriced));
	assert_int_equal(conf->settings.prices->max_output, 4096);
	conf_free(conf);
}

static void
test_prices(void **state)
{
	struct conf *conf = conf_from(WITH_SECRET
	    "prices:\n"
	    "  gpt-4.1-mini: {input: 1.5, output: 2}\n"
	    "  own/*: {input: 3, cached: 0, call: 0.25}\n"
	    "  dall-e-3: {image: 0.04}\n"
	    "  tts-1: {characters: 15}\n"
	    "spending: {unpriced: 12.5, max_output_tokens: 100}\n",
	    NULL);
	const struct prices *p = conf->settings.prices;

	(void)state;
	assert_int_equal(conf->code, CONF_OK);
	assert_int_equal(p->n, 4);
	assert_string_equal(p->rows[0].key, "gpt-4.1-mini");
	assert_true(p->rows[0].price.input == 1.5);
	assert_true(p->rows[0].price.cached == 1.5);
	assert_true(p->rows[0].price.output == 2);
	assert_true(p->rows[1].price.cached == 0);
	assert_true(p->rows[1].price.call == .25);
	assert_true(p->rows[2].price.image == .04);
	assert_true(p->rows[3].price.characters == 15);
	assert_true(p->unpriced == 12.5);
	assert_int_equal(p->max_output, 100);
	conf_free(conf);
}

static void
test_errors(void **state)
{
	static const struct {
		const char *text, *expected;
	} cases[] = {
	    {"webhook:\n  secret: " SECRET "\n  budget: {day: -1}\n",
		AT "3: webhook.budget.day must be a number from 0 to 1000000, "
		   "not \"-1\"\n"},
	    {"webhook:\n  secret: " SECRET "\n  budget: {day: lots}\n",
		AT "3: webhook.budget.day must be a number from 0 to 1000000, "
		   "not \"lots\"\n"},
	    {"webhook:\n  secret: " SECRET "\n  budget: {week: 1}\n",
		AT "3: unknown key webhook.budget.week (known here: run, day, "
		   "month)\n"},
	    {"webhook:\n  secret: " SECRET "\n  secrets:\n"
	     "    - {name: a, value: " SECRET "1, tools: []}\n"
	     "    - {name: a, value: " SECRET "2}\n",
		AT "4: webhook.secrets: the name a is there twice, and what it "
		   "may use and spend depends on it\n"},
	    {"webhook:\n  secret: " SECRET "\n  secrets:\n"
	     "    - {name: unsigned, value: " SECRET "1, tools: []}\n",
		AT "4: webhook.secrets: the name unsigned is that of requests "
		   "without a signature\n"},
	    {"webhook: {secret: " SECRET ", signature: optional, tools: []}\n",
		"bad_config webhook.signature: requests without a signature "
		"may use and spend anything, so that what is said of secrets "
		"means nothing: require it, or limit webhook.unsigned\n"},
	    {"webhook: {secret: " SECRET ", budget: {day: 1}}\nstore: none\n",
		"bad_config the budget of webhook.secret for a day or a month "
		"needs a store, and there is none\n"},
	    {"webhook: {secret: " SECRET ", budget: {run: 1}}\nstore: none\n",
		""},
	    {WITH_SECRET "spending: {unpriced: free}\n",
		AT "2: spending.unpriced must be refuse or US dollars for a "
		   "million tokens, not \"free\"\n"},
	    {WITH_SECRET "spending: {max_output_tokens: 0}\n",
		AT "2: spending.max_output_tokens must be a whole number from "
		   "1 to 1000000, not \"0\"\n"},
	    {WITH_SECRET "prices: {gpt-4o: 5}\n",
		AT "2: prices.gpt-4o must be a mapping\n"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		conf_expect(cases[i].text, NULL, cases[i].expected);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_scopes),
	    cmocka_unit_test(test_no_scopes),
	    cmocka_unit_test(test_prices),
	    cmocka_unit_test(test_errors),
	};

	return cmocka_run_group_tests(tests, conf_set_up, conf_tear_down);
}
