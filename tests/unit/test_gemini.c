/* The driver of Google's Gemini as far as test_conformance.c does not prove it:
 * headers, every reason to finish, and refusals. */
#include "vendors.h"

#include "../../common/base/limits.h"
#include "../../common/base/utf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void
test_headers(void **state)
{
	(void)state;
	transcript_headers(&vendor_gemini, "Accept: text/event-stream");
}

static void
check_reason(const char *vendor, const char *ours)
{
	struct buf events;
	char text[160], want[160];
	int pass, n;

	buf_init(&events, LIMIT_LINE_BYTES);
	snprintf(want, sizeof(want),
	    "{\"finish\":\"%s\",\"usage\":{\"input\":0,\"output\":0,"
	    "\"total\":0,\"cached\":0,\"reasoning\":0}}\n",
	    ours);
	for (pass = 0; pass < 2; pass++) {
		n = snprintf(text, sizeof(text),
		    "%s{\"candidates\":[{\"finishReason\":\"%s\"}]}\n\n",
		    pass == 0 ? "" : "data: ", vendor);
		transcript_run(&vendor_gemini, (struct str){text, (size_t)n},
		    pass == 1, &events);
		assert_string_equal(buf_str(&events), want);
	}
	buf_free(&events);
}

static void
test_reasons(void **state)
{
	static const struct {
		const char *vendor, *ours;
	} cases[] = {
	    {"STOP", "stop"},
	    {"MAX_TOKENS", "length"},
	    {"SAFETY", "content-filter"},
	    {"RECITATION", "content-filter"},
	    {"BLOCKLIST", "content-filter"},
	    {"PROHIBITED_CONTENT", "content-filter"},
	    {"SPII", "content-filter"},
	    {"IMAGE_SAFETY", "content-filter"},
	    {"IMAGE_PROHIBITED_CONTENT", "content-filter"},
	    {"IMAGE_RECITATION", "content-filter"},
	    {"MALFORMED_FUNCTION_CALL", "error"},
	    {"MALFORMED_RESPONSE", "error"},
	    {"MISSING_THOUGHT_SIGNATURE", "error"},
	    {"TOO_MANY_TOOL_CALLS", "error"},
	    {"UNEXPECTED_TOOL_CALL", "error"},
	    {"LANGUAGE", "other"},
	    {"OTHER", "other"},
	    {"IMAGE_OTHER", "other"},
	    {"NO_IMAGE", "other"},
	    {"FINISH_REASON_UNSPECIFIED", "other"},
	    {"SOMETHING_NEW", "unknown"},
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(cases); i++)
		check_reason(cases[i].vendor, cases[i].ours);
}

static void
test_explain(void **state)
{
	static const struct {
		const char *body, *text;
	} cases[] = {
	    {"{\"error\":{\"code\":400,\"message\":\"API key not valid.\","
	     "\"status\":\"INVALID_ARGUMENT\"}}",
		"API key not valid."},
	    {"[{\"error\":{\"code\":503,\"message\":\"overloaded\"}}]",
		"overloaded"},
	    {"[]", "the provider answered with status 503"},
	    {"<html>", "the provider answered with status 503"},
	    {"", "the provider answered with status 503"},
	};
	struct arena *a = arena_new(NULL);
	struct provider p = {.driver = &driver_gemini};
	struct ask ask = {.provider = &p};
	struct call *call = driver_call(a, &ask, NULL);
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(cases); i++) {
		struct str body = str_from(cases[i].body);

		assert_string_equal(
		    driver_gemini.explain(call, 503, body).p, cases[i].text);
	}
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
