/* JSON Schema beyond its test suite: what a reason and an error say, patterns,
 * references, and what is too deep or too much.  The cases are lines of
 * tests/data/schema. */
#include "../../common/base/json.h"
#include "../../common/base/limits.h"
#include "../../common/base/utf.h"
#include "../../common/eval/ecma.h"
#include "../../common/eval/schema.h"
#include "../../common/eval/uri.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct str
member(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	return (struct str){
	    json_string_value(value), json_string_length(value)};
}

/* Whether GOT is what the case wants, .p NULL for nothing. */
static bool
agrees(const char *line, struct str want, struct str got)
{
	if ((want.p == NULL) == (got.p == NULL) &&
	    (want.p == NULL || str_eq(want, got)))
		return true;
	print_error(
	    "%sgives: %.*s\n", line, (int)got.len, got.p != NULL ? got.p : "");
	return false;
}

/* Runs CHECK on every line of a file. */
static void
for_each_line(const char *name,
    bool (*check)(struct arena *a, const char *line, const json_t *x))
{
	const char *srcdir = getenv("srcdir");
	struct err err = {0};
	char path[4096], *line = NULL;
	size_t size = 0, lines = 0, wrong = 0;
	ssize_t len;
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/tests/data/schema/%s",
	    srcdir != NULL ? srcdir : ".", name);
	f = fopen(path, "r");
	if (f == NULL)
		fail_msg("cannot read %s", path);
	while ((len = getline(&line, &size, f)) > 0) {
		struct arena *a = arena_new(NULL);
		json_t *x = json_read((struct str){line, (size_t)len}, &err);

		if (x == NULL)
			fail_msg("%s: %s", line, err.msg);
		lines++;
		wrong += !check(a, line, x);
		json_decref(x);
		arena_free(a);
	}
	free(line);
	(void)fclose(f);
	assert_true(lines > 0);
	assert_int_equal(wrong, 0);
}

static bool
check_case(struct arena *a, const char *line, const json_t *x)
{
	const json_t *value = json_object_get(x, "value");
	struct err err = {0};
	struct str reason, error = {NULL, 0};
	json_t *null = json_null();
	bool ok;
	int rc;

	rc = schema_check(json_object_get(x, "schema"),
	    value != NULL ? value : null, a, &reason, &err);
	if (rc == -1)
		error = (struct str){err.msg, strlen(err.msg)};
	ok = agrees(line, member(x, "error"), error) &&
	     agrees(line, member(x, "reason"), reason);
	err_free(&err);
	return ok;
}

static void
test_cases(void **state)
{
	(void)state;
	for_each_line("cases.jsonl", check_case);
}

static bool
match_all(
    const struct ecma *re, const json_t *texts, int want, const char *line)
{
	size_t i, steps = 0;
	bool ok = true;

	for (i = 0; i < json_array_size(texts); i++) {
		const json_t *t = json_array_get(texts, i);
		struct str text = {json_string_value(t), json_string_length(t)};

		if (ecma_match(re, text, &steps) == want)
			continue;
		print_error("%stext %zu: expected %d\n", line, i, want);
		ok = false;
	}
	return ok;
}

static bool
check_pattern(struct arena *a, const char *line, const json_t *x)
{
	struct err err = {0};
	const struct ecma *re = ecma_compile(a, member(x, "pattern"), &err);
	struct str error = {NULL, 0};
	bool ok;

	if (re == NULL)
		error = (struct str){err.msg, strlen(err.msg)};
	ok = agrees(line, member(x, "error"), error);
	err_free(&err);
	if (re == NULL)
		return ok;
	return match_all(re, json_object_get(x, "yes"), 1, line) &&
	       match_all(re, json_object_get(x, "no"), 0, line) && ok;
}

static void
test_patterns(void **state)
{
	(void)state;
	for_each_line("patterns.jsonl", check_pattern);
}

/* No place of these texts takes long; all of them together do. */
static void
test_costly_patterns(void **state)
{
	static const char *const patterns[] = {"a*[xy]", "(a+a+)+[xy]"};
	struct arena *a = arena_new(NULL);
	struct err err = {0};
	char text[20000];
	size_t i, steps;

	(void)state;
	memset(text, 'a', sizeof(text));
	for (i = 0; i < ARRAY_LEN(patterns); i++) {
		const struct ecma *re = ecma_compile(
		    a, (struct str){patterns[i], strlen(patterns[i])}, &err);

		assert_non_null(re);
		steps = 0;
		assert_int_equal(
		    ecma_match(re, (struct str){text, sizeof(text)}, &steps),
		    -1);
		assert_true(steps > 1000000);
		for (size_t k = 13; k < sizeof(text); k += 14)
			text[k] = ' ';
	}
	arena_free(a);
}

static bool
check_uri(struct arena *a, const char *line, const json_t *x)
{
	return agrees(line, member(x, "uri"),
	    uri_resolve(a, member(x, "base"), member(x, "reference")));
}

static void
test_uris(void **state)
{
	(void)state;
	for_each_line("uris.jsonl", check_uri);
}

/* TIMES copies of HEAD, then MIDDLE, then as many of TAIL. */
static json_t *
nest(const char *head, const char *middle, const char *tail, size_t times)
{
	struct err err = {0};
	struct buf b;
	json_t *json;
	size_t i;

	buf_init(&b, 1u << 26);
	for (i = 0; i < times; i++)
		buf_adds(&b, head);
	buf_adds(&b, middle);
	for (i = 0; i < times; i++)
		buf_adds(&b, tail);
	json = json_read((struct str){buf_str(&b), b.len}, &err);
	if (json == NULL)
		fail_msg("%s", err.msg);
	buf_free(&b);
	return json;
}

/* WANT is the error, or NULL for a value that is valid; takes both trees. */
static void
assert_error(json_t *schema, json_t *value, const char *want)
{
	struct arena *a = arena_new(NULL);
	struct err err = {0};
	struct str reason;
	int rc = schema_check(schema, value, a, &reason, &err);

	assert_string_equal(rc == -1	       ? err.msg
			    : reason.p == NULL ? "valid"
					       : reason.p,
	    want != NULL ? want : "valid");
	err_free(&err);
	json_decref(schema);
	json_decref(value);
	arena_free(a);
}

static void
test_deep(void **state)
{
	static const char list[] = "{\"items\": {\"$ref\": \"#\"}}";

	(void)state;
	assert_error(nest("{\"items\": ", "{}", "}", 900),
	    nest("[", "", "]", 900), NULL);
	assert_error(nest("", list, "", 1), nest("[", "", "]", 1000), NULL);
	assert_error(nest("", list, "", 1), nest("[", "", "]", 1500),
	    "the schema is nested too deep for this value");
	assert_error(nest("{\"not\":", "{}", "}", 2000), json_null(), NULL);
}

/* Schemas come from configurations in YAML too, which json_read() does not
 * bound. */
static void
test_deep_schema(void **state)
{
	json_t *schema = json_true(), *outer;
	size_t i;

	(void)state;
	for (i = 0; i < LIMIT_SCHEMA_DEPTH + 2; i++) {
		outer = json_object();
		(void)json_object_set_new_nocheck(outer, "not", schema);
		schema = outer;
	}
	assert_error(schema, json_null(), "bad schema: it is nested too deep");
}

static void
test_budget(void **state)
{
	/* Either list of a list is tried twice, and nothing fits a number. */
	static const char twice[] = "{\"type\": \"array\", \"anyOf\": ["
				    "{\"items\": {\"$ref\": \"#\"}},"
				    "{\"items\": {\"$ref\": \"#\"}}]}";

	(void)state;
	assert_error(nest("", twice, "", 1), nest("[", "5", "]", 60),
	    "the schema takes more than 10000000 steps for this value");
}

static void
test_names(void **state)
{
	json_t *schema = json_object(), *defs = json_object(), *def;
	char text[32];
	int i;

	(void)state;
	for (i = 0; i <= LIMIT_SCHEMA_NAMES; i++) {
		def = json_object();
		(void)snprintf(text, sizeof(text), "a%d", i);
		(void)json_object_set_new(def, "$anchor", json_string(text));
		(void)json_object_set_new(defs, text, def);
	}
	(void)json_object_set_new(schema, "$defs", defs);
	assert_error(schema, json_null(),
	    "bad schema: /$defs/a1000: more than 1000 names of schemas");
}

/* Many different items and members: what must not take the square of their
 * number. */
static void
test_large(void **state)
{
	json_t *items = json_array(), *members = json_object();
	char name[32];
	int i;

	(void)state;
	for (i = 0; i < 50000; i++) {
		(void)snprintf(name, sizeof(name), "m%d", i);
		(void)json_array_append_new(items, json_string(name));
		(void)json_object_set_new(members, name, json_true());
	}
	assert_error(json_pack("{s:b, s:{s:O}, s:b}", "uniqueItems", 1, "items",
			 "enum", items, "unevaluatedItems", 0),
	    json_incref(items), NULL);
	assert_error(json_pack("{s:o, s:b, s:[{s:o}]}", "properties",
			 json_copy(members), "unevaluatedProperties", 0,
			 "allOf", "properties", json_copy(members)),
	    members, NULL);
	json_decref(items);
}

/* 64-bit integers do not fit a double: trees that json_read() did not make may
 * hold them. */
static void
test_integers(void **state)
{
	(void)state;
	assert_error(json_pack("{s:{s:I}, s:I}", "not", "const",
			 (json_int_t)9007199254740992, "multipleOf",
			 (json_int_t)9007199254740993),
	    json_integer(9007199254740993), NULL);
	assert_error(json_pack("{s:I}", "multipleOf", (json_int_t)10),
	    json_integer(INT64_MAX),
	    "(root): expected a multiple of 10 (multipleOf), got "
	    "9223372036854775807");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_cases),
	    cmocka_unit_test(test_patterns),
	    cmocka_unit_test(test_costly_patterns),
	    cmocka_unit_test(test_uris),
	    cmocka_unit_test(test_deep),
	    cmocka_unit_test(test_deep_schema),
	    cmocka_unit_test(test_budget),
	    cmocka_unit_test(test_names),
	    cmocka_unit_test(test_large),
	    cmocka_unit_test(test_integers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
