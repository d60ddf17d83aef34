/* Frontmatter: what js-yaml gave for the recorded texts, and a table of the
 * types that they do not hold. */
#include "../../common/base/json.h"
#include "../../common/base/utf.h"
#include "../../common/template/frontmatter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct {
	const char *yaml, *json; /* NULL: an error */
} rows[] = {
    {"k: 0b101", "{\"k\":5}"},
    {"k: -0o17", "{\"k\":-15}"},
    {"k: 0x20000000000001", "{\"k\":9007199254740992}"},
    {"k: 0x20000000000003", "{\"k\":9007199254740996}"},
    {"k: 0x2000000000000100000001", "{\"k\":3.868562622766814e+25}"},
    {"k: 0b", "{\"k\":\"0b\"}"},
    {"k: 0X1F", "{\"k\":\"0X1F\"}"},
    {"k: 1_000", "{\"k\":\"1_000\"}"},
    {"k: 017", "{\"k\":17}"},
    {"k: 1.e3", "{\"k\":1000}"},
    {"k: .5e1", "{\"k\":5}"},
    {"k: -.5", "{\"k\":\"-.5\"}"},
    {"k: .e1", "{\"k\":\".e1\"}"},
    {"k: 1e", "{\"k\":\"1e\"}"},
    {"k: 1e400", "{\"k\":\"1e400\"}"},
    {"k: -.INF", "{\"k\":null}"},
    {"k: yes", "{\"k\":\"yes\"}"},
    {"k: 12:30:45", "{\"k\":\"12:30:45\"}"},
    {"k: 2024-02-29", "{\"k\":\"2024-02-29T00:00:00.000Z\"}"},
    {"k: 2023-02-30", "{\"k\":\"2023-03-02T00:00:00.000Z\"}"},
    {"k: 2024-13-01", "{\"k\":\"2025-01-01T00:00:00.000Z\"}"},
    {"k: 2024-00-01", "{\"k\":\"2023-12-01T00:00:00.000Z\"}"},
    {"k: 0050-01-01", "{\"k\":\"1950-01-01T00:00:00.000Z\"}"},
    {"k: 2024-1-2", "{\"k\":\"2024-1-2\"}"},
    {"k: 2024-1-2T3:04:05", "{\"k\":\"2024-01-02T03:04:05.000Z\"}"},
    {"k: 2024-01-02 03:04:05.6789 +01:30",
	"{\"k\":\"2024-01-02T01:34:05.678Z\"}"},
    {"k: 2024-01-02t23:59:59-1", "{\"k\":\"2024-01-03T00:59:59.000Z\"}"},
    {"k: 2024-01-02T03:04", "{\"k\":\"2024-01-02T03:04\"}"},
    {"k: ! 5", "{\"k\":\"5\"}"},
    {"k: !!str", "{\"k\":\"\"}"},
    {"k: !!int \"5\"", "{\"k\":5}"},
    {"k: !!int", NULL},
    {"k: !!seq", "{\"k\":[]}"},
    {"k: !!map", "{\"k\":{}}"},
    {"k: !!map [a]", NULL},
    {"k: !!set {a, b: 1}", NULL},
    {"k: !!omap [a: 1, b: 2]", "{\"k\":[{\"a\":1},{\"b\":2}]}"},
    {"k: !!pairs [a: 1, a: 2]", "{\"k\":[[\"a\",1],[\"a\",2]]}"},
    {"k: !!binary aGVsbA==",
	"{\"k\":{\"0\":104,\"1\":101,\"2\":108,\"3\":108}}"},
    {"k: !!binary aGVsb", NULL},
    {"k: !foo x", NULL},
    {"1: a\n01: b", NULL},
    {"? [a, ~, {b: 1}]\n: v", "{\"a,,[object Object]\":\"v\"}"},
    {"? [[a]]\n: v", NULL},
    {"a: &x {p: 1, q: 2}\nb: {<<: *x, q: 3}",
	"{\"a\":{\"p\":1,\"q\":2},\"b\":{\"p\":1,\"q\":3}}"},
    {"a: {<<: [{p: 1}, {p: 2, q: 3}]}", "{\"a\":{\"p\":1,\"q\":3}}"},
    {"a: {<<: {p: 1}, p: 2, p: 3}", NULL},
    {"a: {\"<<\": {p: 1}}", "{\"a\":{\"<<\":{\"p\":1}}}"},
    {"a: {<<: ~}", NULL},
    {"{props.x}", "{\"props.x\":null}"},
    {"# only", "null"},
    {"\n\n", "null"},
    {"", ""},
    {"  ", ""},
    {"\xef\xbb\xbf", ""},
    {"k: |\n  a\n  b", "{\"k\":\"a\\nb\\n\"}"},
};

/* The value as JSON, the empty text for undefined, NULL for an error. */
static const char *
load(struct arena *a, struct str16 text)
{
	struct err err = {0};
	struct js value;
	const char *json;
	struct buf b;

	if (frontmatter_load(a, text, &value, &err) == -1) {
		assert_int_equal(err.code, ERR_PROMPT);
		assert_true(strlen(err.msg) > 0);
		err_free(&err);
		return NULL;
	}
	buf_init(&b, 1 << 20);
	(void)js_stringify(a, &b, value);
	json = arena_strdup(a, buf_str(&b));
	buf_free(&b);
	return json;
}

static void
types(void **state)
{
	struct arena *a = arena_new(NULL);
	struct str text;
	const char *got;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(rows); i++) {
		text = (struct str){rows[i].yaml, strlen(rows[i].yaml)};
		got = load(a, utf16_from(a, text));
		if (rows[i].json == NULL
			? got != NULL
			: got == NULL || strcmp(got, rows[i].json) != 0)
			fail_msg("%s: want %s, got %s", rows[i].yaml,
			    rows[i].json, got);
	}
	arena_free(a);
}

/* An alias may not make a small text expand to a large one. */
static void
aliases(void **state)
{
	struct arena *a = arena_new(NULL);
	struct buf b;
	int i;

	(void)state;
	buf_init(&b, 1 << 20);
	buf_adds(&b, "l0: &l0 [x, x, x, x, x, x, x, x, x, x]\n");
	for (i = 1; i < 9; i++)
		buf_addf(&b,
		    "l%d: &l%d [*l%d, *l%d, *l%d, *l%d, *l%d, *l%d, *l%d]\n", i,
		    i, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1);
	assert_null(load(a, utf16_from(a, (struct str){b.data, b.len})));
	buf_free(&b);
	arena_free(a);
}

static void
check_line(struct arena *a, const char *line)
{
	struct err err = {0};
	json_t *row, *got = NULL;
	const json_t *want;
	const char *json;
	struct str text;

	row = json_read((struct str){line, strlen(line)}, &err);
	assert_non_null(row);
	text.p = json_string_value(json_object_get(row, "yaml"));
	text.len = json_string_length(json_object_get(row, "yaml"));
	want = json_object_get(row, "json");
	if (!json_is_true(json_object_get(row, "exempt"))) {
		json = load(a, utf16_from(a, text));
		if ((json == NULL) != (json_object_get(row, "error") != NULL))
			fail_msg("%s: got %s", line, json);
		if (json != NULL && *json != '\0')
			got = json_read((struct str){json, strlen(json)}, &err);
		if (json != NULL && want != got && !json_equal(want, got))
			fail_msg("%s: got %s", line, json);
		json_decref(got);
	}
	json_decref(row);
}

static void
recorded(void **state)
{
	const char *top = getenv("srcdir");
	struct arena *a = arena_new(NULL);
	unsigned n = 0;
	char *line = NULL;
	size_t cap = 0;
	FILE *f;

	(void)state;
	f = fopen(arena_printf(a, "%s/tests/data/unit/yaml.jsonl",
		      top != NULL ? top : "."),
	    "r");
	assert_non_null(f);
	while (getline(&line, &cap, f) > 0) {
		check_line(a, line);
		n++;
	}
	assert_true(n > 100);
	free(line);
	(void)fclose(f);
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(types),
	    cmocka_unit_test(aliases),
	    cmocka_unit_test(recorded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
