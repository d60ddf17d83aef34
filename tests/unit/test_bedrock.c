/* The driver of Amazon Bedrock as far as test_conformance.c does not prove it:
 * headers, what a request is signed or let in with, records that are errors,
 * and refusals. */
#include "records.h"
#include "vendors.h"

#include "../../common/base/json.h"
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
	transcript_headers(
	    &vendor_bedrock, "Accept: application/vnd.amazon.eventstream");
}

struct way {
	const char *key, *options;
	const char *scope, *auth; /* expected; NULL: none */
};

static void
check_way(const struct way *way)
{
	struct arena *a = arena_new(NULL);
	struct err err = {0};
	json_t *options = way->options != NULL
			      ? json_read(str_from(way->options), &err)
			      : NULL;
	struct provider p = {
	    .driver = &driver_bedrock,
	    .base_url = vendor_bedrock.base_url,
	    .api_key = way->key,
	    .options = options,
	};
	struct ask ask = {.provider = &p, .model = "m"};
	struct http_spec spec = {.sigv4 = "old", .sigv4_key = "old"};
	struct call *call = driver_call(a, &ask, NULL);

	assert_int_equal(driver_bedrock.build(call, &spec, &err), 0);
	if (way->scope != NULL) {
		assert_string_equal(spec.sigv4, way->scope);
		assert_string_equal(spec.sigv4_key, way->key);
	} else {
		assert_null(spec.sigv4);
		assert_null(spec.sigv4_key);
	}
	if (way->auth != NULL)
		assert_string_equal(spec.headers[2], way->auth);
	else
		assert_null(spec.headers[2]);
	json_decref(options);
	arena_free(a);
}

static void
test_authorization(void **state)
{
	static const struct way ways[] = {
	    {NULL, NULL, NULL, NULL},
	    {"ABSKtoken=", NULL, NULL, "Authorization: Bearer ABSKtoken="},
	    {"A:s", NULL, "aws:amz:us-east-1:bedrock", NULL},
	    {"A:s", "{\"region\":\"eu-west-3\"}", "aws:amz:eu-west-3:bedrock",
		NULL},
	    {"A:s", "{\"region\":\"r\",\"session_token\":\"t/=\"}",
		"aws:amz:r:bedrock", "X-Amz-Security-Token: t/="},
	    {"ABSK", "{\"session_token\":\"t\"}", NULL,
		"Authorization: Bearer ABSK"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ways); i++)
		check_way(&ways[i]);
}

/* What comes within the stream in place of an event. */
static void
test_error_record(void **state)
{
	static const char *const names[] = {
	    ":message-type", ":error-code", ":error-message"};
	static const char *const values[] = {
	    "error", "InternalFailure", "it broke"};
	struct transcripts raw = vendor_bedrock;
	struct buf b, events;

	(void)state;
	raw.encode = NULL;
	buf_init(&b, LIMIT_FRAME_BYTES);
	buf_init(&events, LIMIT_LINE_BYTES);
	record_add(&b, names, values, 3, STR(""));
	transcript_run(&raw, buf_text(&b), true, &events);
	assert_string_equal(buf_str(&events), "{\"error\":\"it broke\"}\n");
	buf_clear(&b);
	record_add(&b, names, values, 2, STR(""));
	transcript_run(&raw, buf_text(&b), true, &events);
	assert_string_equal(
	    buf_str(&events), "{\"error\":\"Unknown error\"}\n");
	buf_free(&b);
	buf_free(&events);
}

static void
test_explain(void **state)
{
	static const struct {
		const char *body, *text;
	} cases[] = {
	    {"{\"message\":\"The provided model identifier is invalid.\"}",
		"The provided model identifier is invalid."},
	    {"{\"Message\":\"Authentication failed\"}",
		"Authentication failed"},
	    {"{}", "the provider answered with status 403"},
	    {"<html>", "the provider answered with status 403"},
	};
	struct arena *a = arena_new(NULL);
	struct provider p = {.driver = &driver_bedrock};
	struct ask ask = {.provider = &p};
	struct call *call = driver_call(a, &ask, NULL);
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(cases); i++) {
		struct str body = str_from(cases[i].body);

		assert_string_equal(
		    driver_bedrock.explain(call, 403, body).p, cases[i].text);
	}
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_headers),
	    cmocka_unit_test(test_authorization),
	    cmocka_unit_test(test_error_record),
	    cmocka_unit_test(test_explain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
