/* The JSON reader and printer: what is JSON and what is not, what JavaScript
 * makes of odd numbers and text, and where an error is. */
#include "../../common/base/js.h"
#include "../../common/base/json.h"
#include "../../common/base/limits.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* In memory of exactly its size, so that a sanitizer sees any step beyond. */
static struct str
exact(const char *s, size_t len)
{
	char *p = malloc(len == 0 ? 1 : len);

	assert_non_null(p);
	if (len != 0)
		memcpy(p, s, len);
	return (struct str){p, len};
}

static void
release(struct str s)
{
	free((char *)(uintptr_t)s.p);
}

static char *
reprint(const char *s, size_t len)
{
	struct str text = exact(s, len);
	struct err err = {0};
	json_t *tree = json_read(text, &err);
	char *out;
	struct buf b;

	release(text);
	if (tree == NULL) {
		assert_int_equal(err.code, ERR_REQUEST);
		return err.msg;
	}
	assert_int_equal(err.code, ERR_NONE);
	buf_init(&b, 1 << 20);
	json_print(&b, tree);
	json_decref(tree);
	out = strdup(buf_str(&b));
	buf_free(&b);
	return out;
}

static void
check(const char *in, const char *out)
{
	char *got = reprint(in, strlen(in));

	assert_string_equal(got, out);
	free(got);
}

static const struct {
	const char *in, *out;
} texts[] = {
    {"{}", "{}"},
    {" [ ] ", "[]"},
    {"\t{\"a\" :\r\n[1 , 2,{}],\"b\":null}\n", "{\"a\":[1,2,{}],\"b\":null}"},
    {"true", "true"},
    {"[true,false,null]", "[true,false,null]"},
    {"\xef\xbb\xbf{}", "{}"},
    {"\"\"", "\"\""},
    {"{\"\":\"\"}", "{\"\":\"\"}"},
    /* The last of equal keys, in the first one's place. */
    {"{\"a\":1,\"b\":2,\"a\":3}", "{\"a\":3,\"b\":2}"},
    {"{\"__proto__\":1,\"constructor\":2}",
	"{\"__proto__\":1,\"constructor\":2}"},
    {"{\"b\":1,\"1\":2}", "{\"b\":1,\"1\":2}"},
    /* Numbers. */
    {"[1.0,-0,-0.0,2e1,1E2,0.1,1e-7,1e21]", "[1,0,0,20,100,0.1,1e-7,1e+21]"},
    {"[9007199254740993,92233720368547758070,1e400,-1e400]",
	"[9007199254740992,92233720368547760000,null,null]"},
    {"[12345678901234567,999999999999999,1234567890123456]",
	"[12345678901234568,999999999999999,1234567890123456]"},
    /* Text. */
    {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u001F\\u007f\"",
	"\"\\\"\\\\/\\b\\f\\n\\r\\t\\u001f\x7f\""},
    {"\"\\u00e9\\u20AC\\ud83d\\uDE00\"",
	"\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\""},
    {"\"\xc3\xa9\xe2\x80\xa8</script>\"", "\"\xc3\xa9\xe2\x80\xa8</script>\""},
    {"\"\\ud800\"", "\"\\ud800\""},
    {"\"\\udc00\\ud83d\"", "\"\\udc00\\ud83d\""},
    {"\"\\ud83d\\u0041\\ud83dx\"", "\"\\ud83dA\\ud83dx\""},
    {"\"\\ud83d\\ud83d\\ude00\"", "\"\\ud83d\xf0\x9f\x98\x80\""},
    {"{\"\\u0000\":\"a\\u0000b\"}", "{\"\\u0000\":\"a\\u0000b\"}"},
    {"{\"\\u0061\":1,\"a\":2}", "{\"a\":2}"},
    {"{\"\\n\":\"\\t\",\"\\r\":[\"\\b\"]}",
	"{\"\\n\":\"\\t\",\"\\r\":[\"\\b\"]}"},
    {"\"\xff|\xe2\x82|\xed\xa0\x80|\xc0\xaf\"",
	"\"\xef\xbf\xbd|\xef\xbf\xbd|\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd|"
	"\xef\xbf\xbd\xef\xbf\xbd\""},
};

static void
test_texts(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(texts); i++)
		check(texts[i].in, texts[i].out);
}

static const struct {
	const char *in, *place, *what;
} wrong[] = {
    {"", "1, column 1", "unexpected end"},
    {" \n ", "2, column 2", "unexpected end"},
    {"{", "1, column 2", "unexpected end"},
    {"[1,", "1, column 4", "unexpected end"},
    {"{\"a\":", "1, column 6", "unexpected end"},
    {"\"abc", "1, column 5", "unexpected end"},
    {"\"abc\\", "1, column 6", "unexpected end"},
    {"[1,]", "1, column 4", "expected a value"},
    {"[,1]", "1, column 2", "expected a value"},
    {"[1 2]", "1, column 4", "expected ',' or ']'"},
    {"[1}", "1, column 3", "expected ',' or ']'"},
    {"{\"a\":1]", "1, column 7", "expected ',' or '}'"},
    {"{\"a\":1,}", "1, column 8", "expected a key in double quotes"},
    {"{a:1}", "1, column 2", "expected a key in double quotes"},
    {"{'a':1}", "1, column 2", "expected a key in double quotes"},
    {"{,}", "1, column 2", "expected a key in double quotes"},
    {"{\"a\" 1}", "1, column 6", "expected ':'"},
    {"{\"a\"}", "1, column 5", "expected ':'"},
    {"{}{}", "1, column 3", "unexpected text behind the value"},
    {"{}\n\n x", "3, column 2", "unexpected text behind the value"},
    {"[\"\xc3\xa9\xe2\x82\xac\",x]", "1, column 7", "expected a value"},
    {"01", "1, column 2", "unexpected text behind the value"},
    {"[-01]", "1, column 4", "expected ',' or ']'"},
    {"+1", "1, column 1", "expected a value"},
    {"[.5]", "1, column 2", "expected a value"},
    {"[1.]", "1, column 2", "expected a number"},
    {"[1e]", "1, column 2", "expected a number"},
    {"[-]", "1, column 2", "expected a number"},
    {"[1.5.2]", "1, column 5", "expected ',' or ']'"},
    {"NaN", "1, column 1", "expected a value"},
    {"nul", "1, column 1", "expected a value"},
    {"[nulll]", "1, column 6", "expected ',' or ']'"},
    {"True", "1, column 1", "expected a value"},
    {"[1]// x", "1, column 4", "unexpected text behind the value"},
    {"\"a\tb\"", "1, column 3", "control character in a string"},
    {"\"a\nb\"", "1, column 3", "control character in a string"},
    {"\"\\x41\"", "1, column 3", "bad escape in a string"},
    {"\"\\u12g4\"", "1, column 3", "bad escape in a string"},
    {"\"\\u12\"", "1, column 3", "bad escape in a string"},
    {"\"\\'\"", "1, column 3", "bad escape in a string"},
    {"\xc2\xa0{}", "1, column 1", "expected a value"},
    {"\v{}", "1, column 1", "expected a value"},
};

static void
test_wrong(void **state)
{
	char message[200];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(wrong); i++) {
		(void)snprintf(message, sizeof(message),
		    "invalid JSON at line %s: %s", wrong[i].place,
		    wrong[i].what);
		check(wrong[i].in, message);
	}
}

static void
test_nul_byte(void **state)
{
	char *got = reprint("{}\0", 3);

	(void)state;
	assert_string_equal(got, "invalid JSON at line 1, column 3: "
				 "unexpected text behind the value");
	free(got);
	got = reprint("\"a\0b\"", 5);
	assert_string_equal(got,
	    "invalid JSON at line 1, column 3: control character in a string");
	free(got);
}

/* Every prefix of a text fails, and fails at its end. */
static void
test_prefixes(void **state)
{
	static const char text[] = "{\"k\\u00e9y\":[1.5e3,\"v\\ud83d\\ude00\","
				   "true,null,{\"a\":[]}],\"z\":false}";
	size_t len;
	char *got;

	(void)state;
	for (len = 0; len < sizeof(text) - 1; len++) {
		got = reprint(text, len);
		assert_memory_equal(got, "invalid JSON", 12);
		free(got);
	}
	got = reprint(text, len);
	assert_int_equal(got[0], '{');
	free(got);
}

static void
test_depth(void **state)
{
	enum { N = LIMIT_JSON_DEPTH + 1 };
	char text[2 * N], *got;

	(void)state;
	memset(text, '[', N);
	memset(text + N, ']', N);
	got = reprint(text + 1, 2 * N - 2);
	assert_int_equal(strlen(got), 2 * N - 2);
	free(got);
	got = reprint(text, sizeof(text));
	assert_string_equal(
	    got, "invalid JSON at line 1, column 2049: nested too deep");
	free(got);
}

/* Strings of every length, with an odd byte at every place. */
static void
test_lengths(void **state)
{
	static const char *const odd[] = {
	    "x", "\\\"", "\\\\", "\\n", "\xc3\xa9", "\\u0001"};
	char text[200], *got;
	size_t i, len, at, n;

	(void)state;
	for (i = 0; i < ARRAY_LEN(odd); i++) {
		n = strlen(odd[i]);
		for (len = 0; len < 70; len++) {
			at = (len * 31 + 7) % (len + 1);
			text[0] = '"';
			memset(text + 1, 'a', len);
			memcpy(text + 1 + at, odd[i], n);
			memset(text + 1 + at + n, 'b', len - at);
			text[1 + len + n] = '"';
			text[2 + len + n] = '\0';
			got = reprint(text, 2 + len + n);
			assert_string_equal(got, text);
			free(got);
		}
	}
}

static const struct {
	const char *in;
	size_t len; /* how much is passed over; 0: it fails */
} skipped[] = {
    {"{}", 2},
    {"[]x", 2},
    {"  {\"a\":[1,{\"b\":\"]}\"}]} ,", 22},
    {"\"a\\\"b\",", 6},
    {"\"\\\\\",", 4},
    {"12.5e3,", 6},
    {"true]", 4},
    {"[\"\\\\\"]]", 6},
    {"[\"\\\\\\\"]\"]]", 9},
    {"[\"[[[[\"]", 8},
    {"{", 0},
    {"[[]", 0},
    {"{\"a\":\"}", 0},
    {"\"abc", 0},
    {"\"abc\\\"", 0},
    {"\"abc\\", 0},
    {"[}", 0},
    {"{]", 0},
    {"", 0},
    {",", 0},
    {"]", 0},
};

static void
skip_one(const char *s, size_t len, size_t want)
{
	struct str text = exact(s, len);
	struct err err = {0};
	struct json_in in;
	int rc;

	json_in_init(&in, text, &err);
	rc = json_in_skip(&in);
	assert_int_equal(rc, want == 0 ? -1 : 0);
	if (want != 0)
		assert_int_equal(in.p - in.start, want);
	else
		assert_int_equal(json_in_peek(&in), JSON_IN_BAD);
	json_in_free(&in);
	err_free(&err);
	release(text);
}

/* Each case also behind text that moves it over the borders of blocks. */
static void
test_skip(void **state)
{
	char text[300];
	size_t i, shift, len;

	(void)state;
	for (i = 0; i < ARRAY_LEN(skipped); i++) {
		len = strlen(skipped[i].in);
		skip_one(skipped[i].in, len, skipped[i].len);
		for (shift = 0; shift < 140; shift++) {
			text[0] = '[';
			text[1] = '"';
			memset(text + 2, 'y', shift);
			memcpy(text + 2 + shift, "\",", 2);
			memcpy(text + 4 + shift, skipped[i].in, len);
			text[4 + shift + len] = ']';
			if (skipped[i].len == len)
				skip_one(
				    text, 5 + shift + len, 5 + shift + len);
		}
	}
}

/* Runs of backslashes of every length, at every place of a block. */
static void
test_skip_backslashes(void **state)
{
	char text[400];
	size_t run, shift, n;

	(void)state;
	for (shift = 0; shift < 130; shift++) {
		for (run = 0; run < 140; run++) {
			n = 0;
			text[n++] = '[';
			text[n++] = '"';
			memset(text + n, 'y', shift);
			n += shift;
			memset(text + n, '\\', run);
			n += run;
			memcpy(text + n, "\"]", 2);
			n += 2;
			/* An odd run escapes the quote. */
			skip_one(text, n, run % 2 == 0 ? n : 0);
		}
	}
}

static void
test_events(void **state)
{
	static const char text[] = "{\"a\\n\":[1,\"x\\n\"],\"b\":{\"c\":[[2]],"
				   "\"d\":4},\"e\":true}";
	struct err err = {0};
	struct json_in in;
	struct str s;
	double d;

	(void)state;
	json_in_init(&in, STR(text), &err);
	assert_int_equal(json_in_peek(&in), JSON_IN_OBJECT);
	assert_int_equal(json_in_enter(&in), 0);
	assert_int_equal(json_in_key(&in, &s), 1);
	assert_memory_equal(s.p, "a\n", 2);
	assert_int_equal(json_in_enter(&in), 0);
	assert_int_equal(json_in_item(&in), 1);
	assert_int_equal(json_in_number(&in, &d), 0);
	assert_int_equal(json_in_item(&in), 1);
	assert_int_equal(json_in_string(&in, &s), 0);
	assert_memory_equal(s.p, "x\n", 2);
	assert_int_equal(json_in_item(&in), 0);
	assert_int_equal(json_in_key(&in, &s), 1);
	assert_int_equal(json_in_enter(&in), 0);
	assert_int_equal(json_in_key(&in, &s), 1);
	assert_int_equal(json_in_skip(&in), 0);
	assert_int_equal(json_in_leave(&in), 0);
	assert_int_equal(json_in_key(&in, &s), 1);
	assert_memory_equal(s.p, "e", 1);
	assert_int_equal(json_in_peek(&in), JSON_IN_TRUE);
	assert_int_equal(json_in_literal(&in), 0);
	assert_int_equal(json_in_key(&in, &s), 0);
	assert_int_equal(json_in_finish(&in), 0);
	assert_int_equal(json_in_peek(&in), JSON_IN_END);
	assert_int_equal(json_in_string(&in, &s), -1);
	assert_int_equal(json_in_peek(&in), JSON_IN_BAD);
	assert_int_equal(json_in_finish(&in), -1);
	json_in_free(&in);
	err_free(&err);
}

static void
test_js_numbers(void **state)
{
	struct arena *a = arena_new(NULL);
	struct err err = {0};
	struct json_in in;
	struct js v;

	(void)state;
	json_in_init(&in, STR("[1e400,-0]"), &err);
	assert_int_equal(json_in_js(&in, a, &v), 0);
	assert_true(isinf(v.array->items[0].number));
	assert_true(signbit(v.array->items[1].number) != 0);
	json_in_free(&in);
	arena_free(a);
}

static void
test_print(void **state)
{
	json_t *o = json_object();
	struct buf b;

	(void)state;
	json_set_str(
	    o, "bytes", STR("\xff\xed\xa0\xbd\xed\xb8\x80\xed\xa0\xbd"));
	json_set_str(o, "none", (struct str){NULL, 0});
	json_object_set_new(o, "big", json_integer(INT64_MAX));
	json_object_set_new(o, "real", json_real(1e300));
	buf_init(&b, 1 << 16);
	json_print(&b, o);
	assert_string_equal(buf_str(&b),
	    "{\"bytes\":\"\xef\xbf\xbd\xf0\x9f\x98\x80\\ud83d\",\"none\":\"\","
	    "\"big\":9223372036854775807,\"real\":1e+300}");
	buf_clear(&b);
	json_print_string(&b, (struct str){NULL, 0});
	assert_string_equal(buf_str(&b), "\"\"");
	buf_free(&b);
	/* What does not fit is told. */
	buf_init(&b, 20);
	json_print(&b, o);
	assert_true(buf_full(&b));
	assert_true(b.len <= 20);
	buf_free(&b);
	json_decref(o);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_texts),
	    cmocka_unit_test(test_wrong),
	    cmocka_unit_test(test_nul_byte),
	    cmocka_unit_test(test_prefixes),
	    cmocka_unit_test(test_depth),
	    cmocka_unit_test(test_lengths),
	    cmocka_unit_test(test_skip),
	    cmocka_unit_test(test_skip_backslashes),
	    cmocka_unit_test(test_events),
	    cmocka_unit_test(test_js_numbers),
	    cmocka_unit_test(test_print),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
