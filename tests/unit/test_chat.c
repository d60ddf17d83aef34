/* The driver of chat completions as far as test_conformance.c does not prove
 * it: headers, refusals, replies that are cut. */
#include "vendors.h"

#include "../../common/base/utf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void
test_headers(void **state)
{
	(void)state;
	transcript_headers(&vendor_chat, "Accept: text/event-stream");
}

static void
test_cut_reply(void **state)
{
	struct arena *a = arena_new(NULL);
	struct provider p = {.driver = &driver_chat};
	struct ask ask = {.provider = &p};
	struct err err = {0};

	(void)state;
	assert_int_equal(
	    driver_chat.end(driver_call(a, &ask, NULL), true, &err), -1);
	assert_string_equal(err.msg, driver_cut_text);
	err_free(&err);
	arena_free(a);
}

static void
test_explain(void **state)
{
	static const struct {
		const char *body, *text;
	} cases[] = {
	    {"{\"error\":{\"message\":\"no\"}}", "no"},
	    {"{\"message\":\"a\",\"error\":{\"message\":\"b\"}}", "a"},
	    {"{\"data\":{\"error\":{\"message\":\"c\"}}}", "c"},
	    {"{\"error\":\"plain\"}", "plain"},
	    {"{\"detail\":[1]}", "{\"detail\":[1]}"},
	    {"\"text\"", "text"},
	    {"", "the provider answered with status 502"},
	    {"{}", "the provider answered with status 502"},
	    {"<html>", "the provider answered with status 502"},
	};
	struct arena *a = arena_new(NULL);
	struct provider p = {.driver = &driver_chat};
	struct ask ask = {.provider = &p};
	struct call *call = driver_call(a, &ask, NULL);
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(cases); i++) {
		struct str body = str_from(cases[i].body);

		assert_string_equal(
		    driver_chat.explain(call, 502, body).p, cases[i].text);
	}
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
