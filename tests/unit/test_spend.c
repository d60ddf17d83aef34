/* Prices and how they are found, what a call may cost at most, whose budgets
 * it is taken from, and that they hold for all processes together. */
#include "../../common/base/clock.h"
#include "../../common/run/glob.h"
#include "../../common/run/price.h"
#include "../../common/run/scope_int.h"

#include <sys/stat.h>
#include <sys/wait.h>

#include <ftw.h>
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define NEAR(a, b) assert_true(fabs((a) - (b)) < 1e-9)

static char root[] = "/tmp/test_spend.XXXXXX";
static char file[100];
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

/* --- periods */

/* 2024-02-29T12:34:56.789Z */
enum { LEAP = 1709210096 };

static void
test_periods(void **state)
{
	struct arena *a = arena_new(NULL);
	struct scope s = {.name = "ci", .run = NAN, .day = 1, .month = 10};
	struct store_budget b[PERIODS];

	(void)state;
	assert_int_equal(
	    scope_periods(&s, a, LEAP * INT64_C(1000) + 789, b), 2);
	assert_string_equal(b[0].key, "budget:ci:day");
	NEAR(b[0].most, 1);
	assert_int_equal(b[0].from, INT64_C(1709164800000));
	assert_int_equal(b[0].to, INT64_C(1709251200000));
	assert_string_equal(b[1].key, "budget:ci:month");
	assert_int_equal(b[1].from, INT64_C(1706745600000)); /* 1 February */
	assert_int_equal(b[1].to, INT64_C(1709251200000));   /* 1 March */
	/* The last millisecond of a year. */
	assert_int_equal(scope_periods(&s, a, INT64_C(1735689599999), b), 2);
	assert_int_equal(b[0].to, INT64_C(1735689600000));
	assert_int_equal(b[1].to, INT64_C(1735689600000));
	s.day = NAN;
	assert_int_equal(scope_periods(&s, a, 0, b), 1);
	assert_int_equal(scope_periods(NULL, a, 0, b), 0);
	arena_free(a);
}

/* --- requests */

/* A model at 1 dollar for 1,000 tokens that come out and nothing else. */
static const struct price_row rows[] = {
    {"m", {.output = 1000}}, {"z", {.input = 1e-9, .cached = 1e-9}}};
static const struct prices prices = {rows, ARRAY_LEN(rows), NAN, 500};
static const char *const models[] = {"openai/*", NULL};
static const char *const nothing[] = {NULL};
static const struct scope scopes[] = {
    {.name = "ci",
	.models = models,
	.tools = nothing,
	.run = 2,
	.day = NAN,
	.month = NAN},
    {.name = "daily", .run = NAN, .day = 3, .month = 100},
    {.name = "monthly", .run = NAN, .day = 100, .month = 1.5},
};
static const struct settings settings = {
    .scopes = scopes, .n_scopes = ARRAY_LEN(scopes), .prices = &prices};

struct fixture {
	struct arena *arena;
	struct engine engine;
	struct ask ask;
	struct err err;
	json_t *config, *messages;
};

static void
begin(struct fixture *f, const char *secret, const char *data)
{
	json_t *json = json_loads(data, 0, NULL);

	assert_non_null(json);
	*f = (struct fixture){.arena = arena_new(NULL)};
	f->engine.settings = &settings;
	f->engine.store = store_new(file);
	f->engine.spend =
	    spend_new(&f->engine, f->arena, secret, json, &f->err);
	f->messages = json_pack("[{ssss}]", "role", "user", "content", "hi");
	f->config = json_pack("{si}", "max_tokens", 1000);
	f->ask = (struct ask){.provider = &openai,
	    .model = "m",
	    .messages = f->messages,
	    .config = f->config};
	json_decref(json);
}

static void
end(struct fixture *f)
{
	arena_free(f->arena);
	store_free(f->engine.store);
	json_decref(f->config);
	json_decref(f->messages);
	err_free(&f->err);
}

static int
reserve(struct fixture *f, struct charge **charge)
{
	err_free(&f->err);
	return spend_begin(&f->engine, f->arena, &f->ask, charge, &f->err);
}

static void
check_reserved(struct fixture *f, enum err_code code, const char *words)
{
	struct charge *charge;

	assert_int_equal(reserve(f, &charge), code == ERR_NONE ? 0 : -1);
	if (f->err.code != code)
		fail_msg("%d: %s", f->err.code, f->err.msg);
	if (code != ERR_NONE && strstr(f->err.msg, words) == NULL)
		fail_msg("%s", f->err.msg);
}

static void
test_max_cost(void **state)
{
	static const struct {
		const char *data;
		double most; /* -1: refused */
	} cases[] = {
	    {"{}", 2},
	    {"{\"maxCostUsd\":null}", 2},
	    {"{\"maxCostUsd\":0.5}", .5},
	    {"{\"maxCostUsd\":0}", 0},
	    {"{\"maxCostUsd\":1}", 1},
	    {"{\"maxCostUsd\":100000}", 2},
	    {"{\"maxCostUsd\":1e300}", 2},
	    {"{\"maxCostUsd\":-1}", -1},
	    {"{\"maxCostUsd\":\"5\"}", -1},
	    {"{\"maxCostUsd\":\"NaN\"}", -1},
	    {"{\"maxCostUsd\":true}", -1},
	    {"{\"maxCostUsd\":[5]}", -1},
	};
	struct fixture f;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		begin(&f, "ci", cases[i].data);
		if (cases[i].most < 0) {
			assert_null(f.engine.spend);
			assert_int_equal(f.err.code, ERR_REQUEST);
			assert_non_null(strstr(f.err.msg, "maxCostUsd"));
		} else {
			NEAR(f.engine.spend->most, cases[i].most);
		}
		end(&f);
	}
	begin(&f, "nobody", "{\"maxCostUsd\":7}");
	NEAR(f.engine.spend->most, 7);
	end(&f);
	begin(&f, scope_unsigned, "{}");
	assert_true(isnan(f.engine.spend->most));
	end(&f);
}

static void
test_scope(void **state)
{
	struct fixture f;
	struct err err = {0};

	(void)state;
	begin(&f, "ci", "{}");
	assert_int_equal(scope_model(f.engine.spend, "openai/m", &err), 0);
	assert_int_equal(scope_model(f.engine.spend, "m", &err), -1);
	assert_int_equal(err.code, ERR_SCOPE);
	assert_string_equal(err.msg, "the secret ci may not use the model m");
	err_free(&err);
	assert_int_equal(scope_model(f.engine.spend, "OpenAI/m", &err), -1);
	err_free(&err);
	assert_int_equal(scope_tool(f.engine.spend, "search", &err), -1);
	err_free(&err);
	assert_int_equal(scope_dataset(f.engine.spend, NULL, &err), 0);
	assert_int_equal(scope_dataset(f.engine.spend, "a.jsonl", &err), 0);
	end(&f);
	begin(&f, NULL, "{}");
	assert_int_equal(scope_tool(f.engine.spend, "search", &err), 0);
	assert_int_equal(scope_tool(NULL, "search", &err), 0);
	end(&f);
}

static void
test_run_budget(void **state)
{
	struct usage usage = {.output = 250, .total = -1};
	struct charge *one, *two, *three;
	struct fixture f;

	(void)state;
	begin(&f, "ci", "{}");
	assert_int_equal(reserve(&f, &one), 0);
	assert_int_equal(reserve(&f, &two), 0);
	/* Two dollars are held, none is spent. */
	check_reserved(&f, ERR_BUSY, "hold the run budget of the secret ci");
	NEAR(spend_end(one, &usage, true), .25);
	NEAR(spend_end(one, &usage, true), 0); /* once only */
	check_reserved(&f, ERR_BUSY, "up to 1 USD");
	NEAR(spend_end(two, NULL, false), 0);
	NEAR(spend_total(f.engine.spend), .25);
	assert_int_equal(reserve(&f, &three), 0);
	NEAR(spend_end(three, NULL, true), 1); /* it was cut */
	check_reserved(
	    &f, ERR_BUDGET, "the run budget of the secret ci (2 USD) is spent");
	assert_int_equal(spend_resets(f.engine.spend), 0);
	end(&f);
}

static void
test_max_tokens(void **state)
{
	struct charge *charge;
	struct fixture f;
	double cost;

	(void)state;
	begin(&f, "ci", "{}");
	json_object_del(f.config, "max_tokens");
	assert_int_equal(reserve(&f, &charge), 0);
	assert_int_equal(
	    json_integer_value(json_object_get(f.ask.config, "max_tokens")),
	    500);
	assert_null(json_object_get(f.config, "max_tokens"));
	NEAR(spend_end(charge, NULL, true), .5);
	json_object_set_new(f.config, "max_tokens", json_string("9"));
	f.ask.config = f.config;
	assert_int_equal(reserve(&f, &charge), 0);
	assert_int_equal(
	    json_integer_value(json_object_get(f.ask.config, "max_tokens")),
	    500);
	NEAR(spend_end(charge, NULL, false), 0);
	json_object_set_new(f.config, "max_tokens", json_integer(-5));
	f.ask.config = f.config;
	assert_int_equal(reserve(&f, &charge), 0);
	cost = spend_end(charge, NULL, true);
	NEAR(cost, .5);
	json_object_set_new(f.config, "max_tokens", json_real(1e300));
	f.ask.config = f.config;
	check_reserved(&f, ERR_BUDGET, "is spent");
	json_object_set_new(f.config, "max_tokens", json_integer(INT64_MAX));
	check_reserved(&f, ERR_BUDGET, "is spent");
	end(&f);
}

/* Without a budget nothing is changed, and what it cost is told. */
static void
test_no_budget(void **state)
{
	struct usage usage = {.output = 250, .total = -1};
	struct charge *charge;
	struct fixture f;

	(void)state;
	begin(&f, "nobody", "{}");
	json_object_del(f.config, "max_tokens");
	assert_int_equal(reserve(&f, &charge), 0);
	assert_null(json_object_get(f.ask.config, "max_tokens"));
	NEAR(spend_end(charge, &usage, true), .25);
	f.ask.model = "unknown";
	assert_int_equal(reserve(&f, &charge), 0);
	NEAR(spend_end(charge, &usage, true), 0);
	end(&f);
	begin(&f, "ci", "{}");
	f.ask.model = "unknown";
	check_reserved(&f, ERR_MODEL, "the model unknown of openai has no");
	f.engine.spend = NULL;
	assert_int_equal(reserve(&f, &charge), 0);
	assert_null(charge);
	NEAR(spend_end(NULL, &usage, true), 0);
	end(&f);
}

static void
test_told_costs(void **state)
{
	struct usage usage = {.output = 100, .total = -1, .has_cost = true};
	const struct {
		double told, counted;
	} cases[] = {{.7, .7}, {0, 0}, {NAN, .1}, {-5, .1}, {INFINITY, .1}};
	struct charge *charge;
	struct fixture f;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		begin(&f, "ci", "{}");
		assert_int_equal(reserve(&f, &charge), 0);
		usage.cost = cases[i].told;
		NEAR(spend_end(charge, &usage, true), cases[i].counted);
		end(&f);
	}
	/* Who tells no tokens has not said that it was free. */
	begin(&f, "ci", "{}");
	assert_int_equal(reserve(&f, &charge), 0);
	usage = (struct usage){.total = -1};
	NEAR(spend_end(charge, &usage, true), 1);
	end(&f);
}

/* Whatever ends the call without a word ends the reservation. */
static void
test_unended(void **state)
{
	struct arena *call;
	struct charge *charge;
	struct fixture f;

	(void)state;
	begin(&f, "ci", "{}");
	call = arena_new(f.arena);
	assert_int_equal(
	    spend_begin(&f.engine, call, &f.ask, &charge, &f.err), 0);
	NEAR(f.engine.spend->reserved, 1);
	arena_free(call);
	NEAR(f.engine.spend->reserved, 0);
	NEAR(spend_total(f.engine.spend), 1);
	end(&f);
}

/* --- days and months, in the store */

static void
test_day(void **state)
{
	struct usage usage = {.output = 900, .total = -1};
	struct charge *one, *two;
	struct fixture f, other;
	int64_t wait;

	(void)state;
	begin(&f, "daily", "{}");
	begin(&other, "daily", "{}");
	assert_int_equal(reserve(&f, &one), 0);
	assert_int_equal(reserve(&other, &two), 0);
	NEAR(spend_end(one, &usage, true), .9);
	assert_int_equal(reserve(&f, &one), 0);
	check_reserved(&other, ERR_BUSY, "hold the day budget");
	NEAR(spend_end(one, &usage, true), .9);
	NEAR(spend_end(two, &usage, true), .9);
	check_reserved(&other, ERR_BUDGET,
	    "the day budget of the secret daily (3 USD) is spent");
	assert_non_null(strstr(other.err.msg, "T00:00:00Z"));
	wait = spend_resets(other.engine.spend);
	assert_true(wait > 0 && wait <= 24 * 3600);
	/* What is smaller still fits. */
	json_object_set_new(other.config, "max_tokens", json_integer(100));
	check_reserved(&other, ERR_NONE, "");
	end(&other);
	end(&f);
	begin(&f, "monthly", "{}");
	assert_int_equal(reserve(&f, &one), 0);
	NEAR(spend_end(one, &usage, true), .9);
	check_reserved(&f, ERR_BUDGET, "the month budget of the secret");
	end(&f);
}

/* What cannot be counted is not spent. */
static void
test_no_store(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f, "daily", "{}");
	store_free(f.engine.store);
	f.engine.store = store_new("/dev/null/store");
	check_reserved(&f, ERR_BUDGET, "cannot be counted");
	end(&f);
}

/* --- processes */

enum { WORKERS = 8, ROUNDS = 30 };

static _Noreturn void
work(int n)
{
	struct usage usage = {.output = 70, .total = -1};
	struct charge *charge;
	struct fixture f;

	begin(&f, "daily", "{}");
	json_object_set_new(f.config, "max_tokens", json_integer(100));
	for (int i = 0; i < ROUNDS; i++) {
		if (reserve(&f, &charge) < 0)
			continue;
		if (i == ROUNDS / 2 && n % 2 == 0)
			(void)raise(SIGKILL); /* a reservation is open */
		(void)spend_end(charge, &usage, true);
	}
	end(&f);
	_exit(0);
}

static void
test_processes(void **state)
{
	struct arena *a = arena_new(NULL);
	struct store_budget b[PERIODS];
	double spent = 0, reserved = 0;
	struct store *store;
	pid_t children[WORKERS];
	int status;

	(void)state;
	for (int i = 0; i < WORKERS; i++) {
		children[i] = fork();
		if (children[i] == 0)
			work(i);
	}
	for (int i = 0; i < WORKERS; i++)
		assert_int_equal(waitpid(children[i], &status, 0), children[i]);
	assert_int_equal(scope_periods(&scopes[1], a, clock_wall_ms(), b), 2);
	store = store_new(file);
	store_spent(store, &b[0], &spent, &reserved);
	/* 240 calls want 16.80; nothing goes over 3.00 and little is left. */
	assert_true(spent + reserved <= 3 + 1e-9);
	assert_true(spent + reserved > 2.85);
	store_free(store);
	arena_free(a);
}

/* --- the directory */

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static int
fresh(void **state)
{
	(void)state;
	(void)nftw(root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	(void)mkdir(root, 0700);
	(void)snprintf(file, sizeof(file), "%s/store", root);
	return 0;
}

static int
leave(void **state)
{
	(void)state;
	(void)nftw(root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	return 0;
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
	    cmocka_unit_test(test_periods),
	    cmocka_unit_test(test_max_cost),
	    cmocka_unit_test(test_scope),
	    cmocka_unit_test(test_run_budget),
	    cmocka_unit_test(test_max_tokens),
	    cmocka_unit_test(test_no_budget),
	    cmocka_unit_test(test_told_costs),
	    cmocka_unit_test(test_unended),
	    cmocka_unit_test_setup(test_day, fresh),
	    cmocka_unit_test_setup(test_no_store, fresh),
	    cmocka_unit_test_setup(test_processes, fresh),
	};

	if (mkdtemp(root) == NULL)
		return 1;
	(void)snprintf(file, sizeof(file), "%s/store", root);
	return cmocka_run_group_tests(tests, NULL, leave);
}
