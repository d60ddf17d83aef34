/* Scores as AgentMark's API takes them, and what its replies say. */
#include "../../common/base/crypt.h"
#include "../../common/base/json.h"
#include "../../common/base/limits.h"
#include "../../common/run/scores.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TRACE "0af7651916cd43dd8448eb211c80319c"
#define ENDS "\"type\":\"experiment\",\"source\":\"experiment\",\"data_type\":"

static const struct scores plain, hiding = {.hide_reasons = true};

static json_t *
read_json(const char *text)
{
	struct err err = {0};
	json_t *json = json_read((struct str){text, strlen(text)}, &err);

	assert_non_null(json);
	return json;
}

/* What is sent for RESULT, "" for nothing; freed by the caller. */
static char *
print(const struct scores *s, const json_t *result)
{
	struct arena *a = arena_new(NULL);
	const char *id = NULL;
	struct buf b;
	char *text;

	buf_init(&b, LIMIT_SCORE_BYTES);
	if (!scores_print(a, &b, s, TRACE, result, &id))
		buf_clear(&b);
	else
		assert_in_range(strlen(id), sizeof(TRACE), 128);
	assert_false(buf_full(&b));
	text = strdup(buf_str(&b));
	buf_free(&b);
	arena_free(a);
	return text;
}

static const struct {
	const char *result, *sent;
	bool hide;
} bodies[] = {
    {"{\"name\":\"exact\",\"score\":0.5,\"label\":\"half\",\"reason\":"
     "\"a \\\"b\\\"\",\"passed\":true,\"weight\":2}",
	"{\"client_id\":\"" TRACE ":exact\",\"resource_id\":\"" TRACE
	"\",\"name\":\"exact\",\"score\":0.5,\"label\":\"half\",\"reason\":"
	"\"a \\\"b\\\"\"," ENDS "\"\"}",
	false},
    {"{\"name\":\"a\",\"score\":1,\"reason\":\"secret\"}",
	"{\"client_id\":\"" TRACE ":a\",\"resource_id\":\"" TRACE
	"\",\"name\":\"a\",\"score\":1,\"label\":\"N/A\"," ENDS "\"\"}",
	true},
    {"{\"name\":\"a\",\"passed\":true,\"dataType\":\"boolean\"}",
	"{\"client_id\":\"" TRACE ":a\",\"resource_id\":\"" TRACE
	"\",\"name\":\"a\",\"score\":1,\"label\":\"PASS\"," ENDS "\"boolean\"}",
	false},
    {"{\"name\":\"a\",\"score\":null,\"passed\":false,\"label\":\"\"}",
	"{\"client_id\":\"" TRACE ":a\",\"resource_id\":\"" TRACE
	"\",\"name\":\"a\",\"score\":0,\"label\":\"FAIL\"," ENDS "\"\"}",
	false},
    {"{\"name\":\"a\",\"score\":\"high\"}", "", false},
    {"{\"name\":\"\",\"score\":1}", "", false},
    {"{\"score\":1}", "", false},
};

static void
test_bodies(void **state)
{
	json_t *result;
	char *sent;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(bodies); i++) {
		result = read_json(bodies[i].result);
		sent = print(bodies[i].hide ? &hiding : &plain, result);
		assert_string_equal(sent, bodies[i].sent);
		free(sent);
		json_decref(result);
	}
}

/* The API takes no lone surrogates, and ids of 128 bytes. */
static void
test_texts(void **state)
{
	static char name[300], reason[3 * LIMIT_SCORE_TEXT_BYTES];
	json_t *result = json_object(), *back;
	const char *text;
	char *sent;
	size_t i;

	(void)state;
	memset(name, 'n', sizeof(name) - 1);
	for (i = 0; i + 3 < sizeof(reason); i += 3)
		memcpy(reason + i, "\xe2\x82\xac", 3);
	json_set_str(result, "name", (struct str){name, strlen(name)});
	json_set_str(result, "label", STR("x\xed\xa0\x80"));
	json_set_str(result, "reason", (struct str){reason, strlen(reason)});
	(void)json_object_set_new(result, "score", json_integer(1));
	sent = print(&plain, result);
	back = read_json(sent);
	text = json_string_value(json_object_get(back, "client_id"));
	assert_int_equal(strlen(text), 32 + 1 + 64);
	text = json_string_value(json_object_get(back, "name"));
	assert_string_equal(text, name);
	text = json_string_value(json_object_get(back, "label"));
	assert_memory_equal(text, "x\xef\xbf\xbd", 4);
	text = json_string_value(json_object_get(back, "reason"));
	assert_int_equal(strlen(text), LIMIT_SCORE_TEXT_BYTES / 3 * 3);
	assert_memory_equal(text, reason, strlen(text));
	free(sent);
	json_decref(result);
	json_decref(back);
}

static const struct {
	const char *reply;
	int64_t refused;
} replies[] = {
    {"{\"data\":{\"summary\":{\"total\":3,\"succeeded\":1,\"failed\":2}}}", 2},
    {"{\"results\":[],\"summary\":{\"failed\":1}}", 1},
    {"{\"data\":{\"results\":[]}}", -1},
    {"{\"summary\":{\"failed\":\"1\"}}", -1},
    {"[]", -1},
    {"{\"data\":", -1},
    {"", -1},
};

static void
test_replies(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(replies); i++)
		assert_int_equal(scores_refused((struct str){replies[i].reply,
				     strlen(replies[i].reply)}),
		    replies[i].refused);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_bodies),
	    cmocka_unit_test(test_texts),
	    cmocka_unit_test(test_replies),
	};

	if (crypt_init() == -1)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
