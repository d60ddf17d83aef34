/* Patterns, prices and how they are found, and how large prompts are. */
#include "../../common/run/glob.h"
#include "../../common/run/price.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define NEAR(a, b) assert_true(fabs((a) - (b)) < 1e-9)

static const struct provider openai = {
    .name = "openai", .driver = &driver_chat};
static const struct provider echo = {.name = "echo", .driver = &driver_echo};
static const struct provider ollama = {
    .name = "ollama", .driver = &driver_ollama};

/* --- patterns */

static void
test_glob(void **state)
{
	static const struct {
		const char *pattern, *text;
		bool matches;
	} cases[] = {
	    {"", "", true},
	    {"", "a", false},
	    {"*", "", true},
	    {"*", "a/b", true},
	    {"a*", "a", true},
	    {"openai/*", "openai/gpt-4o", true},
	    {"openai/*", "Openai/gpt-4o", false},
	    {"openai/*", "openai", false},
	    {"openai/gpt-4o", "openai/gpt-4o-mini", false},
	    {"*-mini", "openai/gpt-4o-mini", true},
	    {"*-mini", "gpt-4o-mini-x", false},
	    {"gpt-?o", "gpt-4o", true},
	    {"gpt-?o", "gpt-o", false},
	    {"?", "\xe2\x82\xac", true},
	    {"??", "\xe2\x82\xac", false},
	    {"a*b*c", "aXXbYYbZc", true},
	    {"a*b*c", "aXXbYYbZ", false},
	    {"ci/*", "ci/../prod/a", true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (glob_match(cases[i].pattern, cases[i].text, false) !=
		    cases[i].matches)
			fail_msg("%s and %s", cases[i].pattern, cases[i].text);
	assert_true(glob_match("OpenAI/*", "openai/GPT", true));
}

/* What grows with the square of its length must not take for ever. */
static void
test_glob_time(void **state)
{
	char pattern[2001], text[20001];

	(void)state;
	for (size_t i = 0; i < 2000; i++)
		pattern[i] = i % 2 == 0 ? '*' : 'a';
	memset(text, 'a', 20000);
	pattern[2000] = text[20000] = '\0';
	pattern[1999] = 'b';
	assert_false(glob_match(pattern, text, false));
}

/* --- prices */

static double
input_price(
    const struct prices *prices, const struct provider *p, const char *model)
{
	struct price price;

	if (!price_find(prices, p, model, &price))
		return -1;
	return price.input;
}

static void
test_builtin(void **state)
{
	static const struct {
		const char *model;
		double input;
	} cases[] = {
	    {"gpt-4o", 2.5},
	    {"GPT-4o", 2.5},
	    {"gpt-4o-2024-08-06", 2.5},
	    {"gpt-4o-2024-05-13", 5},
	    {"openai/gpt-4o-mini", .15},
	    {"azure/openai/gpt-4o-mini", .15},
	    {"ft:gpt-4o-2024-08-06:org::id", 3.75},
	    {"ft:gpt-4o-mini-2024-07-18:org::id", .3},
	    {"o1", 15},
	    {"o1-2024-12-17", 15},
	    {"o3", 2},
	    {"o3-mini", 1.1},
	    {"gpt-5", 1.25},
	    {"gpt-5-mini-2025-08-07", .25},
	    {"gpt-4-0613", 30},
	    {"claude-sonnet-4-5-20250929", 3},
	    {"claude-3-5-haiku-latest", .8},
	    {"claude-sonnet-4@20250514", 3},
	    {"us.anthropic.claude-sonnet-4-20250514-v1:0", 3},
	    {"anthropic.claude-opus-4-5-20251101-v1:0", 5},
	    {"eu.amazon.nova-lite-v1:0", .06},
	    {"gemini-2.5-flash-preview-09-2025", .3},
	    {"gemini-2.5-flash-001", .3},
	    {"meta-llama/llama-4-scout-17b-16e-instruct", .11},
	    {"grok-4-fast-reasoning", .2},
	    {"mistral-small-latest", .2},
	    {"mistral-small-2506", .2},
	    /* Another version is another model. */
	    {"gpt-5.77", -1},
	    {"gpt-4o5", -1},
	    {"o1x", -1},
	    {"o9", -1},
	    {"o3-large", -1},
	    {"claude", -1},
	    {"", -1},
	    {"/", -1},
	    {"-v1", -1},
	    {"no-such-model", -1},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		double got = input_price(NULL, &openai, cases[i].model);

		if (fabs(got - cases[i].input) > 1e-9)
			fail_msg("%s: %g instead of %g", cases[i].model, got,
			    cases[i].input);
	}
	NEAR(input_price(NULL, &echo, "gpt-4o"), 0);
	NEAR(input_price(NULL, &ollama, "llama3"), 0);
}

/* No key is there twice, and none costs nothing. */
static void
test_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < price_table_n; i++) {
		const struct price *p = &price_table[i].price;

		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(
			    price_table[i].key, price_table[k].key);
		assert_true(p->input + p->image + p->characters > 0);
		assert_true(p->cached <= p->input);
		assert_int_equal(p->long_from != 0, p->long_input != 0);
	}
}

static void
test_configured(void **state)
{
	static const struct price_row rows[] = {
	    {"gpt-4o", {.input = 100}},
	    {"openai/*", {.input = 200}},
	    {"openai/gpt-4*", {.input = 300}},
	    {"in-house", {.input = 400}},
	    {"echo/paid", {.input = 500}},
	    {"*-ours", {.input = 600}},
	};
	struct prices prices = {rows, ARRAY_LEN(rows), NAN, 4096};
	const struct provider other = {.name = "other", .driver = &driver_chat};

	(void)state;
	NEAR(input_price(&prices, &openai, "gpt-4o"), 100);
	NEAR(input_price(&prices, &openai, "gpt-4o-2024-08-06"), 100);
	NEAR(input_price(&prices, &openai, "gpt-4.1"), 300);
	NEAR(input_price(&prices, &openai, "o1"), 200);
	NEAR(input_price(&prices, &other, "o1"), 15);
	NEAR(input_price(&prices, &other, "in-house:7b"), 400);
	NEAR(input_price(&prices, &other, "unknown"), -1);
	NEAR(input_price(&prices, &other, "model-OURS"), 600);
	NEAR(input_price(&prices, &echo, "paid"), 500);
	NEAR(input_price(&prices, &echo, "free"), 0);
	prices.unpriced = 7;
	NEAR(input_price(&prices, &other, "unknown"), 7);
	NEAR(input_price(&prices, &echo, "free"), 0);
}

static void
test_cost(void **state)
{
	static const struct price p = {.input = 10,
	    .cached = 1,
	    .output = 100,
	    .image = 3,
	    .characters = 15,
	    .call = 0.5,
	    .long_from = 1000000,
	    .long_input = 2,
	    .long_output = 1.5};
	const struct price_units none = {0};
	const struct price_units two = {.images = 2};
	const struct price_units spoken = {.characters = 2000000};
	struct usage u = {.input = 1000000, .output = 10000, .total = -1};

	(void)state;
	NEAR(price_of(&p, PROMPT_TEXT, &u, &none), .5 + 10 + 1);
	u.cached = 500000;
	NEAR(price_of(&p, PROMPT_TEXT, &u, &none), .5 + 5 + .5 + 1);
	u.cached = 5000000; /* more than there are */
	NEAR(price_of(&p, PROMPT_TEXT, &u, &none), .5 + 1 + 1);
	u.cached = 0;
	u.total = 1020000; /* thought, and not told */
	NEAR(price_of(&p, PROMPT_TEXT, &u, &none), .5 + 10 + 2);
	u = (struct usage){.input = 2000000, .output = 10000, .total = -1};
	NEAR(price_of(&p, PROMPT_TEXT, &u, &none), .5 + 40 + 1.5);
	u = (struct usage){.total = -1};
	NEAR(price_of(&p, PROMPT_IMAGE, &u, &two), .5 + 6);
	NEAR(price_of(&p, PROMPT_SPEECH, &u, &spoken), .5 + 30);
}

static int64_t
tokens(const char *messages)
{
	struct price p = {0};
	struct ask ask = {.provider = &openai, .model = "m"};
	json_t *json = json_loads(messages, 0, NULL);
	int64_t n;

	assert_non_null(json);
	ask.messages = json;
	n = price_tokens(&p, &ask);
	json_decref(json);
	return n;
}

static void
test_tokens(void **state)
{
	(void)state;
	/* Tokens of the text are fewer, whichever vendor counts. */
	assert_true(
	    tokens("[{\"role\":\"user\",\"content\":\"hello world\"}]") >= 6);
	assert_true(tokens("[{\"role\":\"user\",\"content\":"
			   "\"hello world hello world hello world\"}]") < 100);
	assert_true(tokens("[{\"content\":\"!?!?!?!?!?!?!?!?!?!?\"}]") >= 20);
	assert_true(tokens("[{\"content\":[{\"type\":\"image\",\"image\":"
			   "\"data:image/png;base64,AAAA\"}]}]") >= 5000);
	assert_true(tokens("[{\"content\":[{\"type\":\"file\",\"data\":"
			   "\"https://example.com/a.pdf\","
			   "\"mimeType\":\"application/pdf\"}]}]") >= 200000);
	assert_true(tokens("[{\"content\":[{\"type\":\"file\",\"data\":"
			   "\"x\",\"mimeType\":\"image/png\"}]}]") < 10000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_glob),
	    cmocka_unit_test(test_glob_time),
	    cmocka_unit_test(test_builtin),
	    cmocka_unit_test(test_table),
	    cmocka_unit_test(test_configured),
	    cmocka_unit_test(test_cost),
	    cmocka_unit_test(test_tokens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
