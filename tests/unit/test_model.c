/* Which provider serves a model's name (protocol.md 7.1). */
#include "../../common/provider/model.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static struct provider providers[] = {
    {.name = "openai"},
    {.name = "open"},
    {.name = "echo"},
};

static struct model_rule rules[] = {
    {.match = "^gpt-", .regex = true, .provider = "openai"},
    {.match = "pt-4", .regex = true, .provider = "open"},
    {.match = "gpt-own", .provider = "open", .model = "other/id"},
    {.match = "a/b", .provider = "open"},
    {.match = "lost", .provider = "gone"},
    {.match = "^(a+)+$", .regex = true, .provider = "echo"},
};

static struct models
table(void)
{
	struct models m = {
	    .providers = providers,
	    .n_providers = ARRAY_LEN(providers),
	    .rules = rules,
	    .n_rules = ARRAY_LEN(rules),
	};
	struct err err = {0};

	assert_int_equal(models_compile(&m, &err), 0);
	return m;
}

static void
test_found(void **state)
{
	static const struct {
		const char *name, *provider, *id;
	} cases[] = {
	    {"gpt-4o", "openai", "gpt-4o"},
	    {"my-gpt-4", "open", "my-gpt-4"},
	    {"gpt-own", "open", "other/id"},
	    {"a/b", "open", "a/b"},
	    {"openai/gpt-4", "open", "openai/gpt-4"},
	    {"openai/o3", "openai", "o3"},
	    {"open/x/y", "open", "x/y"},
	    {"echo/anything", "echo", "anything"},
	    {"aaa", "echo", "aaa"},
	};
	struct models m = table();
	struct err err = {0};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(cases); i++) {
		const struct provider *p;
		const char *id;

		assert_int_equal(
		    model_resolve(&m, cases[i].name, &p, &id, &err), 0);
		assert_string_equal(p->name, cases[i].provider);
		assert_string_equal(id, cases[i].id);
	}
	models_free(&m);
}

/* Who runs a prompt: what the model's rule says, then what holds for all. */
static void
test_routes(void **state)
{
	static const char *const others[] = {"echo/x", NULL};
	static struct provider who[] = {
	    {.name = "openai", .driver = &driver_chat},
	    {.name = "echo", .driver = &driver_echo},
	    {.name = "one", .driver = &driver_command},
	    {.name = "two", .driver = &driver_claude_agent},
	};
	static struct model_rule how[] = {
	    {.match = "by-one",
		.provider = "openai",
		.model = "gpt",
		.executor = "one",
		.fallback = others},
	    {.match = "straight", .provider = "openai", .executor = "direct"},
	    {.match = "old", .provider = "openai", .executor = "ai-sdk-v4"},
	    {.match = "agent", .provider = "two"},
	    {.match = "wrong", .provider = "openai", .executor = "echo"},
	};
	static const struct {
		const char *executor, *name, *provider, *id;
		bool v4;
	} cases[] = {
	    {NULL, "openai/m", "openai", "m", false},
	    {NULL, "by-one", "one", "gpt", false},
	    {NULL, "straight", "openai", "straight", false},
	    {NULL, "old", "openai", "old", true},
	    {"direct", "openai/m", "openai", "m", false},
	    {"ai-sdk-v4", "openai/m", "openai", "m", true},
	    {"ai-sdk-v4", "straight", "openai", "straight", false},
	    {"two", "openai/m", "two", "m", false},
	    {"two", "nobody/m", "two", "nobody/m", false},
	    {"two", "unheard-of", "two", "unheard-of", false},
	    {"two", "by-one", "one", "gpt", false},
	    {"one", "agent", "two", "agent", false},
	    {"one", "two/opus", "two", "opus", false},
	};
	struct models m = {.providers = who,
	    .n_providers = ARRAY_LEN(who),
	    .rules = how,
	    .n_rules = ARRAY_LEN(how)};
	struct model_route r;
	struct err err = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		m.executor = cases[i].executor;
		assert_int_equal(model_route(&m, cases[i].name, &r, &err), 0);
		assert_string_equal(r.provider->name, cases[i].provider);
		assert_string_equal(r.id, cases[i].id);
		assert_int_equal(r.v4, cases[i].v4);
	}
	m.executor = NULL;
	assert_int_equal(model_route(&m, "by-one", &r, &err), 0);
	assert_ptr_equal(r.fallback, others);
	assert_int_equal(model_route(&m, "wrong", &r, &err), -1);
	assert_string_equal(err.msg, "the executor 'echo' of the model 'wrong' "
				     "is a provider of models");
	err_free(&err);
	assert_int_equal(model_route(&m, "nobody/m", &r, &err), -1);
	err_free(&err);
}

static void
refused(struct models *m, const char *name, const char *text)
{
	const struct provider *p;
	struct err err = {0};
	const char *id;

	assert_int_equal(model_resolve(m, name, &p, &id, &err), -1);
	assert_string_equal(err.msg, text);
	err_free(&err);
}

static void
test_unknown(void **state)
{
	static const char *const list =
	    "; configured providers: openai, open, echo; configured models: "
	    "^gpt-, pt-4, gpt-own, a/b, lost, ^(a+)+$";
	struct models m = table();
	char text[512];
	size_t i;
	static const struct {
		const char *name, *why;
	} cases[] = {
	    {"some-model", "no provider for the model 'some-model'"},
	    {"nosuch/thing", "no provider for the model 'nosuch/thing'"},
	    {"openai/", "expected 'provider/model' as the model's name, got "
			"'openai/'"},
	    {"/x", "expected 'provider/model' as the model's name, got '/x'"},
	    {"", "no provider for the model ''"},
	};

	(void)state;
	for (i = 0; i < ARRAY_LEN(cases); i++) {
		(void)snprintf(text, sizeof(text), "%s%s", cases[i].why, list);
		refused(&m, cases[i].name, text);
	}
	refused(&m, "lost",
	    "the model 'lost' needs the provider 'gone', which is not "
	    "configured");
	models_free(&m);
}

static void
test_nothing_configured(void **state)
{
	struct models m = {0};

	(void)state;
	refused(&m, "x",
	    "no provider for the model 'x'; configured providers: none");
}

static void
test_default(void **state)
{
	struct models m = table();
	const struct provider *p;
	struct err err = {0};
	const char *id;

	(void)state;
	m.default_provider = "openai";
	assert_int_equal(model_resolve(&m, "x", &p, &id, &err), 0);
	assert_string_equal(p->name, "openai");
	assert_string_equal(id, "x");
	assert_int_equal(model_resolve(&m, "no/x", &p, &id, &err), -1);
	err_free(&err);
	models_free(&m);
}

static void
test_slow_pattern(void **state)
{
	struct models m = table();

	(void)state;
	refused(&m, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!",
	    "the model pattern '^(a+)+$' takes too long for the model "
	    "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!'");
	models_free(&m);
}

static void
test_long_name(void **state)
{
	struct models m = table();
	char name[2050];

	(void)state;
	memset(name, 'x', sizeof(name));
	name[2049] = '\0';
	refused(&m, name, "the model's name is longer than 2048 bytes");
	models_free(&m);
}

static void
test_bad_pattern(void **state)
{
	struct model_rule bad = {.match = "gpt-(", .regex = true};
	struct models m = {.rules = &bad, .n_rules = 1};
	struct err err = {0};

	(void)state;
	assert_int_equal(models_compile(&m, &err), -1);
	assert_int_equal(err.code, ERR_UNCONFIGURED);
	assert_string_equal(err.msg,
	    "the model pattern 'gpt-(' is wrong at character 5: missing "
	    "closing parenthesis");
	err_free(&err);
	models_free(&m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_found),
	    cmocka_unit_test(test_routes),
	    cmocka_unit_test(test_unknown),
	    cmocka_unit_test(test_nothing_configured),
	    cmocka_unit_test(test_default),
	    cmocka_unit_test(test_slow_pattern),
	    cmocka_unit_test(test_long_name),
	    cmocka_unit_test(test_bad_pattern),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
