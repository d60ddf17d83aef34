/* The drivers of Mastra's servers beside what test_conformance replays:
 * headers, every reason to finish, refusals, too many tool calls. */
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
	transcript_headers(&vendor_mastra, "Accept: text/event-stream");
	transcript_headers(&vendor_mastra_v0, "Accept: text/event-stream");
}

static void
check_reason(const char *vendor, const char *ours)
{
	const char *const forms[] = {
	    "{\"finishReason\":\"%s\"}",
	    "data: {\"type\":\"finish\",\"payload\":"
	    "{\"stepResult\":{\"reason\":\"%s\"}}}\n\n",
	};
	struct buf events, text;
	char want[160];
	size_t i;

	buf_init(&events, LIMIT_LINE_BYTES);
	buf_init(&text, LIMIT_LINE_BYTES);
	snprintf(want, sizeof(want),
	    "{\"finish\":\"%s\",\"usage\":{\"input\":0,\"output\":0,"
	    "\"total\":0,\"cached\":0,\"reasoning\":0}}\n",
	    ours);
	for (i = 0; i < ARRAY_LEN(forms); i++) {
		const char *place = strstr(forms[i], "%s");

		buf_clear(&text);
		buf_add(&text, forms[i], (size_t)(place - forms[i]));
		buf_adds(&text, vendor);
		buf_adds(&text, place + 2);
		transcript_run(
		    &vendor_mastra, buf_text(&text), i == 1, &events);
		assert_string_equal(buf_str(&events), want);
	}
	buf_free(&events);
	buf_free(&text);
}

static void
test_reasons(void **state)
{
	static const struct {
		const char *vendor, *ours;
	} cases[] = {
	    {"stop", "stop"},
	    {"length", "length"},
	    {"content-filter", "content-filter"},
	    {"tripwire", "content-filter"},
	    {"tool-calls", "tool-calls"},
	    {"error", "error"},
	    {"other", "other"},
	    {"retry", "other"},
	    {"unknown", "unknown"},
	    {"something-new", "unknown"},
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
	    {"{\"error\":\"Agent with id nope not found\"}",
		"Agent with id nope not found"},
	    {"{\"error\":\"Invalid request body\",\"issues\":[{}]}",
		"Invalid request body"},
	    {"<html>", "the provider answered with status 404"},
	    {"", "the provider answered with status 404"},
	};
	struct arena *a = arena_new(NULL);
	struct provider p = {.driver = &driver_mastra};
	struct ask ask = {.provider = &p};
	struct call *call = driver_call(a, &ask, NULL);
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(cases); i++) {
		struct str body = str_from(cases[i].body);

		assert_string_equal(
		    driver_mastra.explain(call, 404, body).p, cases[i].text);
	}
	arena_free(a);
}

/* More calls than an answer may have. */
static void
test_many_tools(void **state)
{
	struct buf text, events;
	unsigned i;

	(void)state;
	buf_init(&text, LIMIT_LINE_BYTES);
	buf_init(&events, LIMIT_LINE_BYTES);
	for (i = 0; i <= LIMIT_TOOL_CALLS; i++)
		buf_adds(
		    &text, "9:{\"toolCallId\":\"c\",\"toolName\":\"t\"}\n");
	transcript_run(&vendor_mastra_v0, buf_text(&text), true, &events);
	assert_non_null(strstr(buf_str(&events),
	    "{\"error\":\"the agent made more than 128 tool calls\"}"));
	buf_free(&text);
	buf_free(&events);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_headers),
	    cmocka_unit_test(test_reasons),
	    cmocka_unit_test(test_explain),
	    cmocka_unit_test(test_many_tools),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
