/* The driver of Ollama's own API as far as test_conformance.c does not prove
 * it: headers, every reason to finish, and refusals. */
#include "vendors.h"

#include "../../common/base/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void
test_headers(void **state)
{
	(void)state;
	transcript_headers(&vendor_ollama, "Accept: application/x-ndjson");
}

static void
check_reason(const char *vendor, const char *ours)
{
	struct buf events;
	char text[160], want[160];
	int n;

	buf_init(&events, LIMIT_LINE_BYTES);
	snprintf(want, sizeof(want),
	    "{\"finish\":\"%s\",\"usage\":{\"input\":0,\"output\":0,"
	    "\"total\":0,\"cached\":0,\"reasoning\":0}}\n",
	    ours);
	n = snprintf(
	    text, sizeof(text), "{\"done\":true,\"done_reason\":%s}", vendor);
	transcript_run(
	    &vendor_ollama, (struct str){text, (size_t)n}, false, &events);
	assert_string_equal(buf_str(&events), want);
	transcript_run(
	    &vendor_ollama, (struct str){text, (size_t)n}, true, &events);
	assert_string_equal(buf_str(&events), want);
	buf_free(&events);
}

static void
test_reasons(void **state)
{
	(void)state;
	check_reason("\"stop\"", "stop");
	check_reason("\"length\"", "length");
	check_reason("\"load\"", "other");
	check_reason("\"unload\"", "other");
	check_reason("\"something new\"", "unknown");
	check_reason("null", "stop");
}

static void
test_explain(void **state)
{
	static const char body[] = "{\"error\":\"model 'x' not found\"}";
	struct arena *a = arena_new(NULL);
	struct provider p = {.driver = &driver_ollama};
	struct ask ask = {.provider = &p};
	struct call *call = driver_call(a, &ask, NULL);

	(void)state;
	assert_string_equal(
	    driver_ollama
		.explain(call, 404, (struct str){body, sizeof(body) - 1})
		.p,
	    "model 'x' not found");
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_headers),
	    cmocka_unit_test(test_reasons),
	    cmocka_unit_test(test_explain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
