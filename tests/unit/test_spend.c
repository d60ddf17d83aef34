/* What a call may cost at most, whose budgets it is taken from, and that they
 * hold for all processes together. */
#include "../../common/base/clock.h"
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

static void
test_room(void **state)
{
	struct usage usage = {.output = 100, .total = -1};
	struct charge *one, *two;
	struct fixture f;

	(void)state;
	begin(&f, "nobody", "{}");
	assert_true(spend_room(&f.engine));
	assert_int_equal(reserve(&f, &one), 0);
	assert_true(spend_room(&f.engine));
	end(&f);
	begin(&f, "ci", "{}");
	assert_int_equal(reserve(&f, &one), 0);
	assert_true(spend_room(&f.engine));
	assert_int_equal(reserve(&f, &two), 0);
	assert_false(spend_room(&f.engine));
	NEAR(spend_end(one, NULL, false), 0);
	assert_true(spend_room(&f.engine));
	NEAR(spend_end(two, &usage, true), .1);
	assert_int_equal(reserve(&f, &one), 0);
	assert_false(spend_room(&f.engine));
	end(&f);
}

/* The whole of what is made in parts, whatever is held just now. */
static void
test_check(void **state)
{
	static const struct {
		const char *secret;
		int tokens;
		const char *words; /* NULL: it fits */
	} cases[] = {
	    {"nobody", 1000000, NULL},
	    {"ci", 2000, NULL},
	    {"ci", 2001, "the run budget of the secret ci (2 USD) is spent"},
	    {"daily", 3000, NULL},
	    {"daily", 3001, "the day budget of the secret daily"},
	    {"monthly", 1501, "the month budget of the secret monthly"},
	};
	struct fixture f;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		begin(&f, cases[i].secret, "{}");
		json_object_set_new(
		    f.config, "max_tokens", json_integer(cases[i].tokens));
		assert_int_equal(
		    spend_check(&f.engine, f.arena, &f.ask, &f.err),
		    cases[i].words == NULL ? 0 : -1);
		if (cases[i].words != NULL) {
			assert_int_equal(f.err.code, ERR_BUDGET);
			assert_non_null(strstr(f.err.msg, cases[i].words));
		}
		end(&f);
	}
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
	/* That is held now, but the rest would not do either. */
	check_reserved(&f, ERR_BUDGET, "the day budget");
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
	    cmocka_unit_test(test_periods),
	    cmocka_unit_test(test_max_cost),
	    cmocka_unit_test(test_scope),
	    cmocka_unit_test(test_run_budget),
	    cmocka_unit_test(test_max_tokens),
	    cmocka_unit_test(test_no_budget),
	    cmocka_unit_test(test_told_costs),
	    cmocka_unit_test(test_unended),
	    cmocka_unit_test(test_room),
	    cmocka_unit_test_setup(test_check, fresh),
	    cmocka_unit_test_setup(test_day, fresh),
	    cmocka_unit_test_setup(test_no_store, fresh),
	    cmocka_unit_test_setup(test_processes, fresh),
	};

	if (mkdtemp(root) == NULL)
		return 1;
	(void)snprintf(file, sizeof(file), "%s/store", root);
	return cmocka_run_group_tests(tests, NULL, leave);
}
