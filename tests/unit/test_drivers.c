/* The drivers as far as test_conformance.c does not prove them, of which most
 * is a table: headers, every reason to finish, refusals. */
#include "records.h"
#include "vendors.h"

#include "../../common/base/json.h"
#include "../../common/base/limits.h"
#include "../../common/base/utf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* --- headers */

static void
check_headers(const struct transcripts *t, bool keyed)
{
	static const char *const extra[] = {"X-Team: p", NULL};
	struct arena *a = arena_new(NULL);
	struct provider p = {.driver = t->driver,
	    .base_url = t->base_url,
	    .api_key = keyed ? t->key : NULL,
	    .headers = keyed ? extra : NULL};
	struct ask ask = {.provider = &p, .model = "m", .stream = keyed};
	const char *const want[] = {
	    "Content-Type: application/json",
	    keyed ? t->accept : "Accept: application/json",
	    t->header,
	    keyed ? t->auth : NULL,
	    keyed ? extra[0] : NULL,
	};
	struct http_spec spec = {0};
	struct err err = {0};
	size_t i, n = 0;

	assert_int_equal(
	    t->driver->build(driver_call(a, &ask, NULL), &spec, &err), 0);
	for (i = 0; i < ARRAY_LEN(want); i++)
		if (want[i] != NULL)
			assert_string_equal(spec.headers[n++], want[i]);
	assert_null(spec.headers[n]);
	arena_free(a);
}

static void
test_headers(void **state)
{
	(void)state;
	for (size_t i = 0; vendors[i] != NULL; i++) {
		check_headers(vendors[i], true);
		check_headers(vendors[i], false);
	}
}

/* --- reasons to finish */

struct reason {
	const char *vendor, *ours;
};

static const struct reason anthropic_reasons[] = {
    {"end_turn", "stop"},
    {"stop_sequence", "stop"},
    {"pause_turn", "stop"},
    {"max_tokens", "length"},
    {"model_context_window_exceeded", "length"},
    {"refusal", "content-filter"},
    {"tool_use", "tool-calls"},
    {"something_new", "unknown"},
    {NULL, NULL},
};

/* With what Mistral's models call a context that is full. */
static const struct reason chat_reasons[] = {
    {"stop", "stop"},
    {"length", "length"},
    {"model_length", "length"},
    {"content_filter", "content-filter"},
    {"tool_calls", "tool-calls"},
    {"function_call", "tool-calls"},
    {"something_new", "unknown"},
    {NULL, NULL},
};

static const struct reason gemini_reasons[] = {
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
    {NULL, NULL},
};

static const struct reason mastra_reasons[] = {
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
    {NULL, NULL},
};

static const struct reason ollama_reasons[] = {
    {"\"stop\"", "stop"},
    {"\"length\"", "length"},
    {"\"load\"", "other"},
    {"\"unload\"", "other"},
    {"\"something new\"", "unknown"},
    {"null", "stop"},
    {NULL, NULL},
};

static const struct reason responses_reasons[] = {
    {"\"completed\",\"incomplete_details\":null", "stop"},
    {"null", "stop"},
    {"\"incomplete\",\"incomplete_details\":{\"reason\":"
     "\"max_output_tokens\"}",
	"length"},
    {"\"incomplete\",\"incomplete_details\":{\"reason\":"
     "\"content_filter\"}",
	"content-filter"},
    {"\"incomplete\",\"incomplete_details\":{\"reason\":"
     "\"something new\"}",
	"unknown"},
    {"\"incomplete\",\"incomplete_details\":null", "unknown"},
    {NULL, NULL},
};

/* Where a reason stands in a reply and in a stream: between two texts. */
static const struct {
	const struct transcripts *t;
	const struct reason *reasons;
	const char *reply[2], *stream[2];
} ends[] = {
    {&vendor_anthropic, anthropic_reasons,
	{"{\"content\":[],\"stop_reason\":\"", "\"}"},
	{"data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"",
	    "\"}}\n\ndata: {\"type\":\"message_stop\"}\n\n"}},
    {&vendor_chat, chat_reasons,
	{"{\"choices\":[{\"message\":{},\"finish_reason\":\"", "\"}]}"},
	{"data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"",
	    "\"}]}\n\ndata: [DONE]\n\n"}},
    {&vendor_gemini, gemini_reasons,
	{"{\"candidates\":[{\"finishReason\":\"", "\"}]}"},
	{"data: {\"candidates\":[{\"finishReason\":\"", "\"}]}\n\n"}},
    {&vendor_mastra, mastra_reasons, {"{\"finishReason\":\"", "\"}"},
	{"data: {\"type\":\"finish\",\"payload\":{\"stepResult\":"
	 "{\"reason\":\"",
	    "\"}}}\n\n"}},
    {&vendor_ollama, ollama_reasons, {"{\"done\":true,\"done_reason\":", "}"},
	{"{\"done\":true,\"done_reason\":", "}"}},
    {&vendor_responses, responses_reasons, {"{\"output\":[],\"status\":", "}"},
	{"data: {\"type\":\"response.incomplete\",\"response\":"
	 "{\"output\":[],\"status\":",
	    "}}\n\n"}},
};

static void
check_reason(const struct transcripts *t, const char *const around[2],
    const struct reason *reason, bool stream)
{
	struct buf text, want, events;

	buf_init(&text, LIMIT_LINE_BYTES);
	buf_init(&want, LIMIT_LINE_BYTES);
	buf_init(&events, LIMIT_LINE_BYTES);
	buf_addf(&text, "%s%s%s", around[0], reason->vendor, around[1]);
	buf_addf(&want,
	    "{\"finish\":\"%s\",\"usage\":{\"input\":0,\"output\":0,"
	    "\"total\":0,\"cached\":0,\"reasoning\":0}}\n",
	    reason->ours);
	transcript_run(t, buf_text(&text), stream, &events);
	assert_string_equal(buf_str(&events), buf_str(&want));
	buf_free(&text);
	buf_free(&want);
	buf_free(&events);
}

static void
test_reasons(void **state)
{
	const struct reason *r;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ends); i++)
		for (r = ends[i].reasons; r->vendor != NULL; r++) {
			check_reason(ends[i].t, ends[i].reply, r, false);
			check_reason(ends[i].t, ends[i].stream, r, true);
		}
}

/* --- refusals */

static const struct {
	const struct driver *driver;
	int status;
	const char *body, *text;
} refusals[] = {
    {&driver_chat, 502, "{\"error\":{\"message\":\"no\"}}", "no"},
    {&driver_chat, 502, "{\"message\":\"a\",\"error\":{\"message\":\"b\"}}",
	"a"},
    {&driver_chat, 502, "{\"data\":{\"error\":{\"message\":\"c\"}}}", "c"},
    {&driver_chat, 502, "{\"error\":\"plain\"}", "plain"},
    {&driver_chat, 502, "{\"detail\":[1]}", "{\"detail\":[1]}"},
    {&driver_chat, 502, "\"text\"", "text"},
    {&driver_chat, 502, "", "the provider answered with status 502"},
    {&driver_chat, 502, "{}", "the provider answered with status 502"},
    {&driver_chat, 502, "<html>", "the provider answered with status 502"},
    {&driver_anthropic, 529,
	"{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\","
	"\"message\":\"Overloaded\"},\"request_id\":\"req_1\"}",
	"Overloaded"},
    {&driver_anthropic, 502, "", "the provider answered with status 502"},
    {&driver_responses, 429, "{\"error\":{\"message\":\"Slow down\"}}",
	"Slow down"},
    {&driver_ollama, 404, "{\"error\":\"model 'x' not found\"}",
	"model 'x' not found"},
    {&driver_gemini, 400,
	"{\"error\":{\"code\":400,\"message\":\"API key not valid.\","
	"\"status\":\"INVALID_ARGUMENT\"}}",
	"API key not valid."},
    {&driver_gemini, 503,
	"[{\"error\":{\"code\":503,\"message\":\"overloaded\"}}]",
	"overloaded"},
    {&driver_gemini, 503, "[]", "the provider answered with status 503"},
    {&driver_gemini, 503, "<html>", "the provider answered with status 503"},
    {&driver_gemini, 503, "", "the provider answered with status 503"},
    {&driver_bedrock, 403,
	"{\"message\":\"The provided model identifier is invalid.\"}",
	"The provided model identifier is invalid."},
    {&driver_bedrock, 403, "{\"Message\":\"Authentication failed\"}",
	"Authentication failed"},
    {&driver_bedrock, 403, "{}", "the provider answered with status 403"},
    {&driver_bedrock, 403, "<html>", "the provider answered with status 403"},
    {&driver_mastra, 404, "{\"error\":\"Agent with id nope not found\"}",
	"Agent with id nope not found"},
    {&driver_mastra, 404,
	"{\"error\":\"Invalid request body\",\"issues\":[{}]}",
	"Invalid request body"},
    {&driver_mastra, 404, "<html>", "the provider answered with status 404"},
    {&driver_mastra, 404, "", "the provider answered with status 404"},
};

static void
test_refusals(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(refusals); i++) {
		struct arena *a = arena_new(NULL);
		struct provider p = {.driver = refusals[i].driver};
		struct ask ask = {.provider = &p, .model = "m"};

		assert_string_equal(
		    p.driver
			->explain(driver_call(a, &ask, NULL),
			    refusals[i].status, str_from(refusals[i].body))
			.p,
		    refusals[i].text);
		arena_free(a);
	}
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

/* --- Amazon: what a request is signed or let in with, records that are errors
 */

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

/* --- what OpenAI stored for one key is not named with another */

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

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_headers),
	    cmocka_unit_test(test_reasons),
	    cmocka_unit_test(test_refusals),
	    cmocka_unit_test(test_many_tools),
	    cmocka_unit_test(test_authorization),
	    cmocka_unit_test(test_error_record),
	    cmocka_unit_test(test_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
