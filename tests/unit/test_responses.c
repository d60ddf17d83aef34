/* The driver of OpenAI's Responses API as far as test_conformance.c does not
 * prove it: headers, strict schemas, every reason to finish, refusals. */
#include "vendors.h"

#include "../../common/base/json.h"
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
	transcript_headers(&vendor_responses, "Accept: text/event-stream");
}

static void
test_strict(void **state)
{
	static const char want[] =
	    "{\"model\":\"m\",\"text\":{\"format\":{\"type\":\"json_schema\","
	    "\"schema\":{},\"strict\":true,\"name\":\"response\"}},"
	    "\"input\":[]}";
	struct arena *a = arena_new(NULL);
	struct provider p = {.driver = &driver_responses,
	    .base_url = "https://vendor.test/v1",
	    .strict_schemas = true};
	struct ask ask = {.provider = &p, .model = "m", .kind = PROMPT_OBJECT};
	json_t *config = json_pack("{s:{}}", "schema");
	struct http_spec spec = {0};
	struct err err = {0};
	struct call *call;

	(void)state;
	ask.config = config;
	call = driver_call(a, &ask, NULL);
	assert_int_equal(driver_responses.build(call, &spec, &err), 0);
	assert_string_equal(spec.body.p, want);
	assert_string_equal(spec.url, "https://vendor.test/v1/responses");
	json_decref(config);
	arena_free(a);
}

/* The same response, whole and as the last event of a stream. */
static void
check_reason(const char *status, const char *why, const char *ours)
{
	struct buf events;
	char response[160], event[240], want[160];
	int n, m;

	buf_init(&events, LIMIT_LINE_BYTES);
	snprintf(want, sizeof(want),
	    "{\"finish\":\"%s\",\"usage\":{\"input\":0,\"output\":0,"
	    "\"total\":0,\"cached\":0,\"reasoning\":0}}\n",
	    ours);
	n = snprintf(response, sizeof(response),
	    "{\"status\":%s,\"incomplete_details\":%s,\"output\":[]}", status,
	    why);
	transcript_run(&vendor_responses, (struct str){response, (size_t)n},
	    false, &events);
	assert_string_equal(buf_str(&events), want);
	m = snprintf(event, sizeof(event),
	    "data: {\"type\":\"response.incomplete\",\"response\":%s}\n\n",
	    response);
	transcript_run(
	    &vendor_responses, (struct str){event, (size_t)m}, true, &events);
	assert_string_equal(buf_str(&events), want);
	buf_free(&events);
}

static void
test_reasons(void **state)
{
	(void)state;
	check_reason("\"completed\"", "null", "stop");
	check_reason("null", "null", "stop");
	check_reason(
	    "\"incomplete\"", "{\"reason\":\"max_output_tokens\"}", "length");
	check_reason("\"incomplete\"", "{\"reason\":\"content_filter\"}",
	    "content-filter");
	check_reason(
	    "\"incomplete\"", "{\"reason\":\"something new\"}", "unknown");
	check_reason("\"incomplete\"", "null", "unknown");
}

/* Counts calls that are told with something to keep. */
struct kept {
	struct sink sink;
	unsigned calls, keeps;
};

static void
on_kept(struct sink *self, const struct event *ev)
{
	struct kept *k = (struct kept *)self;

	if (ev->type != EVENT_TOOL_CALL)
		return;
	k->calls++;
	k->keeps += ev->tool.keep != NULL;
}

/* What is stored for one key is not named with another. */
static void
check_keys(const char *const *pool, unsigned keeps)
{
	static const char reply[] =
	    "{\"status\":\"completed\",\"output\":[{\"type\":"
	    "\"function_call\",\"id\":\"fc_1\",\"call_id\":\"c\","
	    "\"name\":\"f\",\"arguments\":\"{}\"}]}";
	struct arena *a = arena_new(NULL);
	struct provider p = {.driver = &driver_responses, .pool = pool};
	struct ask ask = {.provider = &p};
	struct kept kept = {.sink.event = on_kept};
	struct call *call = driver_call(a, &ask, &kept.sink);
	struct err err = {0};

	assert_int_equal(driver_responses.body(call,
			     (struct str){reply, sizeof(reply) - 1}, &err),
	    0);
	assert_int_equal(kept.calls, 1);
	assert_int_equal(kept.keeps, keeps);
	arena_free(a);
}

static void
test_keys(void **state)
{
	static const char *const one[] = {"a", NULL};
	static const char *const two[] = {"a", "b", NULL};

	(void)state;
	check_keys(NULL, 1);
	check_keys(one, 1);
	check_keys(two, 0);
}

static void
test_explain(void **state)
{
	static const char body[] = "{\"error\":{\"message\":\"Slow down\"}}";
	struct arena *a = arena_new(NULL);
	struct provider p = {.driver = &driver_responses};
	struct ask ask = {.provider = &p};
	struct call *call = driver_call(a, &ask, NULL);
	struct str text = {body, sizeof(body) - 1};

	(void)state;
	assert_string_equal(
	    driver_responses.explain(call, 429, text).p, "Slow down");
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_headers),
	    cmocka_unit_test(test_strict),
	    cmocka_unit_test(test_reasons),
	    cmocka_unit_test(test_keys),
	    cmocka_unit_test(test_explain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
