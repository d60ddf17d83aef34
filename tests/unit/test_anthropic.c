/* The driver of Anthropic's messages as far as test_conformance.c does not
 * prove it: headers, refusals, replies that are cut. */
#include "../../common/provider/driver.h"
#include "../../common/base/utf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void
test_cut_reply(void **state)
{
	static const struct provider vendor = {.driver = &driver_anthropic};
	struct arena *a = arena_new(NULL);
	struct ask ask = {.provider = &vendor, .model = "m"};
	struct call *call = driver_call(a, &ask, NULL);
	struct err err = {0};

	(void)state;
	assert_int_equal(driver_anthropic.end(call, true, &err), -1);
	assert_string_equal(err.msg, driver_cut_text);
	err_free(&err);
	arena_free(a);
}

/* Builds a request with KEY and the header EXTRA, either of which may be NULL,
 * and compares what follows the first two headers. */
static void
check_headers(const char *key, const char *extra, const char *const *want)
{
	const char *const more[] = {extra, NULL};
	struct arena *a = arena_new(NULL);
	struct provider p = {.driver = &driver_anthropic,
	    .base_url = "https://vendor.test/v1",
	    .api_key = key,
	    .headers = extra != NULL ? more : NULL};
	struct ask ask = {.provider = &p, .model = "m", .stream = key != NULL};
	struct http_spec spec;
	struct err err = {0};
	size_t i;

	assert_int_equal(
	    driver_anthropic.build(driver_call(a, &ask, NULL), &spec, &err), 0);
	assert_string_equal(spec.headers[0], "Content-Type: application/json");
	assert_string_equal(spec.headers[1], ask.stream
						 ? "Accept: text/event-stream"
						 : "Accept: application/json");
	for (i = 0; want[i] != NULL; i++)
		assert_string_equal(spec.headers[2 + i], want[i]);
	assert_null(spec.headers[2 + i]);
	arena_free(a);
}

static void
test_headers(void **state)
{
	static const char version[] = "anthropic-version: 2023-06-01";
	static const char *const keyed[] = {version, "x-api-key: key", NULL};
	static const char *const more[] = {version, "anthropic-beta: b", NULL};

	(void)state;
	check_headers("key", NULL, keyed);
	check_headers(NULL, "anthropic-beta: b", more);
}

static void
test_explain(void **state)
{
	static const char body[] =
	    "{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\","
	    "\"message\":\"Overloaded\"},\"request_id\":\"req_1\"}";
	static const struct provider vendor = {.driver = &driver_anthropic};
	struct arena *a = arena_new(NULL);
	struct ask ask = {.provider = &vendor, .model = "m"};
	struct call *call = driver_call(a, &ask, NULL);

	(void)state;
	assert_string_equal(
	    driver_anthropic.explain(call, 529, STR(body)).p, "Overloaded");
	assert_string_equal(driver_anthropic.explain(call, 502, STR("")).p,
	    "the provider answered with status 502");
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_headers),
	    cmocka_unit_test(test_cut_reply),
	    cmocka_unit_test(test_explain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
