/* Unfinished JSON: what AI SDK gave for every prefix of some documents, and
 * what must not take long. */
#include "../../common/base/err.h"
#include "../../common/base/json.h"
#include "../../common/base/utf.h"
#include "../../common/wire/partial.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *const states[] = {
    [PARTIAL_FAILED] = "failed-parse",
    [PARTIAL_REPAIRED] = "repaired-parse",
    [PARTIAL_SUCCESSFUL] = "successful-parse",
};

static struct str
text_of(const json_t *v)
{
	return (struct str){json_string_value(v), json_string_length(v)};
}

/* Compared as printed, but for the order of keys, which JavaScript changes. */
static bool
same(const json_t *a, const json_t *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	if (json_is_number(a) && json_is_number(b))
		return json_number_value(a) == json_number_value(b);
	if (json_is_array(a) && json_is_array(b)) {
		if (json_array_size(a) != json_array_size(b))
			return false;
		for (size_t i = 0; i < json_array_size(a); i++) {
			if (!same(json_array_get(a, i), json_array_get(b, i)))
				return false;
		}
		return true;
	}
	if (json_is_object(a) && json_is_object(b)) {
		json_t *left = (json_t *)(uintptr_t)a, *member;
		const char *key;

		if (json_object_size(a) != json_object_size(b))
			return false;
		json_object_foreach(left, key, member)
		{
			if (!same(member, json_object_get(b, key)))
				return false;
		}
		return true;
	}
	return json_equal(a, b);
}

/* Whether one line {text, state, value} holds. */
static bool
check_line(struct str line)
{
	struct err err = {0};
	json_t *want = json_read(line, &err), *got;
	enum partial state;
	bool ok;

	if (want == NULL)
		fail_msg("%s", err.msg);
	state = partial_parse(text_of(json_object_get(want, "text")), &got);
	ok = strcmp(states[state],
		 json_string_value(json_object_get(want, "state"))) == 0 &&
	     same(got, json_object_get(want, "value"));
	if (!ok)
		print_error("differs: %.*s\n", (int)line.len, line.p);
	json_decref(got);
	json_decref(want);
	return ok;
}

static FILE *
open_data(const char *name)
{
	const char *dir = getenv("srcdir");
	char path[4096];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/tests/data/unit/%s",
	    dir != NULL ? dir : ".", name);
	f = fopen(path, "r");
	if (f == NULL)
		fail_msg("%s: cannot be read", path);
	return f;
}

static void
test_recorded(void **state)
{
	FILE *f = open_data("partial-json.jsonl");
	size_t cap = 0, n = 0, failed = 0;
	char *line = NULL;
	ssize_t len;

	(void)state;
	while ((len = getline(&line, &cap, f)) > 0) {
		n++;
		if (!check_line((struct str){line, (size_t)len}))
			failed++;
	}
	free(line);
	(void)fclose(f);
	assert_int_equal(failed, 0);
	assert_true(n >= 307);
}

/* Oddities that the recorded documents do not show. */
static void
test_oddities(void **state)
{
	static const struct {
		const char *text;
		enum partial state;
		const char *value; /* or NULL */
	} cases[] = {
	    {"[-", PARTIAL_FAILED, NULL},
	    {"[x", PARTIAL_FAILED, NULL},
	    {"[1 x", PARTIAL_FAILED, NULL},
	    {"[1 ", PARTIAL_REPAIRED, "[1]"},
	    {"[1e+2", PARTIAL_REPAIRED, "[100]"},
	    {"[ ", PARTIAL_REPAIRED, "[]"},
	    {"tx", PARTIAL_FAILED, NULL},
	    {"true x", PARTIAL_REPAIRED, "true"},
	    {"1 2", PARTIAL_REPAIRED, "1"},
	    {"{\"a\":tr}", PARTIAL_FAILED, NULL},
	    {"{\"a\":tr,\"b\":1", PARTIAL_FAILED, NULL},
	    {"{\"a\\\"b\":1}", PARTIAL_SUCCESSFUL, "{\"a\\\"b\":1}"},
	    {"{\"a\\\":\":1}", PARTIAL_SUCCESSFUL, "{\"a\\\":\":1}"},
	    {"{\"a\\\"b\":1", PARTIAL_REPAIRED, "{\"a\\\"b\":1}"},
	    {"\xef\xbb\xbf{}", PARTIAL_FAILED, NULL},
	    {"{\"a\":{\"constructor\":{\"prototype\":1}}}", PARTIAL_FAILED,
		NULL},
	    {"{\"constructor\":{\"a\":1}}", PARTIAL_SUCCESSFUL,
		"{\"constructor\":{\"a\":1}}"},
	    {"[{\"__proto__\" : 1}", PARTIAL_FAILED, NULL},
	    {"{\"a\":\"\\\"__proto__\\\":\"}", PARTIAL_SUCCESSFUL,
		"{\"a\":\"\\\"__proto__\\\":\"}"},
	    {"nul", PARTIAL_REPAIRED, "null"},
	    {"\"a\\", PARTIAL_REPAIRED, "\"a\""},
	    {"\"\xed\xa0\xbd\xed\xb8\x80", PARTIAL_REPAIRED,
		"\"\xf0\x9f\x98\x80\""},
	    {"\"\xed\xa0\xbd", PARTIAL_REPAIRED, "\"\\ud83d\""},
	    {"\"\xed\x95\x9c", PARTIAL_REPAIRED, "\"\xed\x95\x9c\""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct str text = {cases[i].text, strlen(cases[i].text)};
		struct buf out;
		json_t *v;

		buf_init(&out, 1000);
		if (partial_parse(text, &v) != cases[i].state)
			fail_msg("%s", cases[i].text);
		if (v != NULL)
			json_print(&out, v);
		assert_string_equal(buf_str(&out),
		    cases[i].value != NULL ? cases[i].value : "");
		json_decref(v);
		buf_free(&out);
	}
}

/* Deep and long texts end soon. */
static void
test_pathological(void **state)
{
	static const char *const starts[] = {"[", "{\"a\":", "\"", "[1,",
	    "\"__proto__\"", "[\"__proto__\"     ,", "n", "-", "\\"};
	size_t len = 2u << 20;
	char *text = malloc(len);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(starts); i++) {
		size_t unit = strlen(starts[i]);
		json_t *v;

		for (size_t at = 0; at < len; at++)
			text[at] = starts[i][at % unit];
		(void)partial_parse((struct str){text, len}, &v);
		json_decref(v);
	}
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_recorded),
	    cmocka_unit_test(test_oddities),
	    cmocka_unit_test(test_pathological),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
