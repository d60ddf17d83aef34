/* The names of rows, against the table of protocol.md 3.9. */
#include "../../common/wire/item_name.h"

#include "../../common/base/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void
check(const char *json, int64_t index, const char *name)
{
	struct arena *a = arena_new(NULL);
	struct err err = {0};
	struct json_in in;
	struct js input;
	char out[ITEM_NAME_LEN + 1];

	json_in_init(&in, (struct str){json, strlen(json)}, &err);
	assert_int_equal(json_in_js(&in, a, &input), 0);
	item_name(a, input, index, out);
	assert_string_equal(out, name);
	json_in_free(&in);
	arena_free(a);
}

static void
test_names(void **state)
{
	static const struct {
		const char *json, *name;
	} cases[] = {
	    {"{\"a\":1,\"b\":[2,3]}", "94dc2faee24e"},
	    {"{\"b\":[2,3],\"a\":1}", "94dc2faee24e"},
	    {"{\"xs\":[1,2,3]}", "413ec960d6b8"},
	    {"{\"xs\":[3,2,1]}", "ca304d7dbc5a"},
	    {"[1,2,3]", "f1e46f328e6d"},
	    {"\"hello\"", "5deaee1c1332"},
	    {"42", "a1d0c6e83f02"},
	    {"true", "b326b5062b2f"},
	    {"{\"name\":\"café\"}", "2650e617efa5"},
	    {"{\"name\":\"caf\\u00e9\"}", "2650e617efa5"},
	    {"{\"clé\":\"naïve\"}", "91befeb2393a"},
	    {"{\"x\":\"a😀b\"}", "7dcb3ddff94c"},
	    {"{\"a\":1}", "bb6cb5c68df4"},
	    {"{\"a\":1.0}", "bb6cb5c68df4"},
	    {"{\"a\":1.5}", "b88410157495"},
	    {"{\"a\":1e21}", "f5be122d5ec7"},
	    {"{\"a\":1e-7}", "933145e72b57"},
	    {"{\"a\":-0}", "258bd3b7a678"},
	    {"{\"a\":0}", "258bd3b7a678"},
	    {"{\"10\":1,\"9\":2,\"b\":3}", "3a6a4fb26820"},
	    {"0", "cfcd208495d5"},
	    {"false", "68934a3e9455"},
	    {"{\"a\":null}", "7dd3dede8904"},
	    {"[]", "d75171398898"},
	    {"{\"a\":{}}", "b9d611018f66"},
	    {"{\"q\":\"one\"}", "8906e9e74b9f"},
	    {"{\"q\":\"two\"}", "7efbf8861b4f"},
	    {"{\"q\":\"BOOM\"}", "67fe8584a1f8"},
	    /* what the rules say where the table has no row */
	    {"{\"\\ufffd\":1,\"\\ud83d\\ude00\":2}", "6458a2e21296"},
	    {"\"\\u0000\\b\\t\\n\\f\\r\\u001f\\\"\\\\/\\u007f\\u0080\"",
		"101f50bc19e4"},
	    {"\"\\ud800\"", "ae93e4059916"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		check(cases[i].json, 5, cases[i].name);
}

static void
test_nothing(void **state)
{
	struct arena *a = arena_new(NULL);
	char out[ITEM_NAME_LEN + 1];

	(void)state;
	check("null", 0, "0");
	check("\"\"", 7, "7");
	check("{}", 2, "2");
	check("{}", INT64_MAX, "9223372036854775807");
	item_name(a, JS_UNDEF, 3, out);
	assert_string_equal(out, "3");
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_names),
	    cmocka_unit_test(test_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
