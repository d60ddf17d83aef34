/* JavaScript's values: numbers as text and back, conversions, the order and the
 * look-up of properties, dates, JSON.stringify. */
#include "../../common/base/js.h"
#include "../../common/base/json.h"
#include "../../common/base/utf.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct arena *arena;

static int
setup(void **state)
{
	(void)state;
	arena = arena_new(NULL);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

static const char *
utf8(struct str16 s)
{
	return utf8_from(arena, s).p;
}

static struct js
parse(const char *json)
{
	struct err err = {0};
	struct json_in in;
	struct js v;

	json_in_init(&in, (struct str){json, strlen(json)}, &err);
	assert_int_equal(json_in_js(&in, arena, &v), 0);
	assert_int_equal(json_in_finish(&in), 0);
	json_in_free(&in);
	return v;
}

static const char *
stringify(struct js v)
{
	const char *out = NULL;
	struct buf b;

	buf_init(&b, 1 << 20);
	if (js_stringify(arena, &b, v))
		out = arena_strndup(arena, buf_str(&b), b.len);
	buf_free(&b);
	return out;
}

/* What V8 prints. */
static const struct {
	double d;
	const char *text;
} printed[] = {
    {0, "0"},
    {-0.0, "0"},
    {1, "1"},
    {-42, "-42"},
    {0.1, "0.1"},
    {-2.5, "-2.5"},
    {1.1, "1.1"},
    {0.1 + 0.2, "0.30000000000000004"},
    {1e-6, "0.000001"},
    {1e-7, "1e-7"},
    {1.5e-7, "1.5e-7"},
    {123e-20, "1.23e-18"},
    {1e15, "1000000000000000"},
    {1e20, "100000000000000000000"},
    {123456789012345680000.0, "123456789012345680000"},
    {1e21, "1e+21"},
    {1.5e300, "1.5e+300"},
    {9007199254740991.0, "9007199254740991"},
    {9007199254740992.0, "9007199254740992"},
    {9007199254740994.0, "9007199254740994"},
    {9223372036854775807.0, "9223372036854776000"},
    {0x1p-44, "5.684341886080802e-14"},
    {0x1p-1074, "5e-324"},
    {0x1p-1073, "1e-323"},
    {0x1p-1022, "2.2250738585072014e-308"},
    {0x0.fffffffffffffp-1022, "2.225073858507201e-308"},
    {0x1.fffffffffffffp1023, "1.7976931348623157e+308"},
    {9.5367431640625e-7, "9.5367431640625e-7"},
    {4.35, "4.35"},
    {1.0 / 3, "0.3333333333333333"},
    {2.0 / 3, "0.6666666666666666"},
    {5e-5, "0.00005"},
    {1e23, "1e+23"},
    {123456.789, "123456.789"},
    {NAN, "NaN"},
    {INFINITY, "Infinity"},
    {-INFINITY, "-Infinity"},
};

static void
test_print(void **state)
{
	char out[JS_NUMBER_LEN];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(printed); i++) {
		assert_int_equal(js_number_print(out, printed[i].d),
		    strlen(printed[i].text));
		assert_string_equal(out, printed[i].text);
	}
	assert_int_equal(js_integer_print(out, INT64_MIN), 20);
	assert_string_equal(out, "-9223372036854775808");
}

static const struct {
	const char *text;
	double d;
	size_t len; /* how much of it is the number; 0: none is there */
} read_numbers[] = {
    {"0", 0, 1},
    {"-0", -0.0, 2},
    {"12,", 12, 2},
    {"01", 0, 1},
    {"1.25e2x", 125, 6},
    {"1E+2", 100, 4},
    {"1e-2", 0.01, 4},
    {"123456789012345678901234567890", 123456789012345678901234567890.0, 30},
    {"9007199254740993", 9007199254740992.0, 16},
    {"9007199254740995", 9007199254740996.0, 16},
    {"0.1", 0.1, 3},
    {"0.30000000000000004", 0.1 + 0.2, 19},
    {"2.2250738585072011e-308", 0x0.fffffffffffffp-1022, 23},
    {"1e400", INFINITY, 5},
    {"-1e400", -INFINITY, 6},
    {"1e-400", 0, 6},
    {"1e99999999999999999999", INFINITY, 22},
    {"0e99999999999999999999", 0, 22},
    {"8.5e22", 8.5e22, 6},
    {"1e23", 1e23, 4},
    {"", 0, 0},
    {"-", 0, 0},
    {"+1", 0, 0},
    {".5", 0, 0},
    {"1.", 0, 0},
    {"1e", 0, 0},
    {"1e+", 0, 0},
    {"-x", 0, 0},
    {"Infinity", 0, 0},
};

static void
test_read(void **state)
{
	const char *p, *next;
	size_t i, len;
	double d;
	bool ok;

	(void)state;
	for (i = 0; i < ARRAY_LEN(read_numbers); i++) {
		p = read_numbers[i].text;
		len = read_numbers[i].len;
		ok = js_number_read(p, p + strlen(p), &d, &next);
		assert_int_equal(ok, len != 0);
		if (!ok)
			continue;
		assert_int_equal(next - p, len);
		assert_memory_equal(&d, &read_numbers[i].d, sizeof(d));
	}
}

/* A thousand digits, of which all count: just above the middle of two doubles
 * is the upper one. */
static void
test_read_long(void **state)
{
	char text[1200];
	const char *next;
	double d;

	(void)state;
	memset(text, '0', sizeof(text));
	memcpy(text, "9007199254740993.", 17);
	assert_true(js_number_read(text, text + 1000, &d, &next));
	assert_true(d == 9007199254740992.0);
	assert_ptr_equal(next, text + 1000);
	text[999] = '1';
	assert_true(js_number_read(text, text + 1000, &d, &next));
	assert_true(d == 9007199254740994.0);
}

static const struct {
	const char *text;
	double d;
} to_number[] = {
    {"", 0},
    {"  \n ", 0},
    {" 42 ", 42},
    {"-2.5", -2.5},
    {"+.5e1", 5},
    {"5.", 5},
    {"007", 7},
    {"1e1000", INFINITY},
    {"Infinity", INFINITY},
    {"-Infinity", -INFINITY},
    {"0x1F", 31},
    {"0b101", 5},
    {"0O17", 15},
    {"0x20000000000001", 9007199254740992.0},
    {"0x20000000000003", 9007199254740996.0},
    {"0x200000000000010000000000001", 0x1p105 + 0x1p53},
    {"0b100000000000000000000000000000000000000000000000000001",
	9007199254740992.0},
};

static const char *const not_numbers[] = {"x", ".", "+", "1e", "1 2", "0x",
    "-0x1", "0b2", "0o8", "1_000", "infinity", "nan", "1e1.5", "0x1.8", "--1",
    "1\xc2\xb2"};

static void
test_to_number(void **state)
{
	struct js v;
	size_t i;
	double d;

	(void)state;
	for (i = 0; i < ARRAY_LEN(to_number); i++) {
		v = js_string_lit(arena, to_number[i].text);
		d = js_to_number(arena, v);
		assert_true(d == to_number[i].d);
	}
	for (i = 0; i < ARRAY_LEN(not_numbers); i++) {
		v = js_string_utf8(arena,
		    (struct str){not_numbers[i], strlen(not_numbers[i])});
		assert_true(isnan(js_to_number(arena, v)));
	}
	assert_true(js_to_number(arena, js_null()) == 0);
	assert_true(isnan(js_to_number(arena, JS_UNDEF)));
	assert_true(js_to_number(arena, js_bool(true)) == 1);
	assert_true(js_to_number(arena, parse("[]")) == 0);
	assert_true(js_to_number(arena, parse("[[7]]")) == 7);
	assert_true(isnan(js_to_number(arena, parse("[1,2]"))));
	assert_true(isnan(js_to_number(arena, parse("{}"))));
	assert_true(js_to_number(arena, js_date(arena, 5)) == 5);
}

static void
test_to_string(void **state)
{
	struct js f = {.type = JS_FUNCTION, .function = "push"};

	(void)state;
	assert_string_equal(utf8(js_to_string(arena, JS_UNDEF)), "undefined");
	assert_string_equal(utf8(js_to_string(arena, js_null())), "null");
	assert_string_equal(utf8(js_to_string(arena, js_bool(true))), "true");
	assert_string_equal(
	    utf8(js_to_string(arena, js_number(1e21))), "1e+21");
	assert_string_equal(
	    utf8(js_to_string(arena, parse("{\"a\":1}"))), "[object Object]");
	assert_string_equal(
	    utf8(js_to_string(
		arena, parse("[1,[2,[3,null]],null,{},\"\\ud800\",true]"))),
	    "1,2,3,,,[object Object],\xed\xa0\x80,true");
	assert_string_equal(
	    utf8(js_to_string(arena, f)), "function push() { [native code] }");
	assert_string_equal(
	    utf8(js_to_string(arena, js_date(arena, 1704164645006.0))),
	    "Tue Jan 02 2024 03:04:05 GMT+0000 (Coordinated Universal Time)");
	assert_string_equal(
	    utf8(js_to_string(arena, js_date(arena, NAN))), "Invalid Date");
	assert_string_equal(
	    utf8(js_to_string(arena, js_date(arena, -62198755200000.0))),
	    "Fri Jan 01 -0001 00:00:00 GMT+0000 (Coordinated Universal Time)");
}

static const struct {
	double ms;
	const char *text;
} dates[] = {
    {0, "1970-01-01T00:00:00.000Z"},
    {-1, "1969-12-31T23:59:59.999Z"},
    {951782400000, "2000-02-29T00:00:00.000Z"},
    {1709251199999, "2024-02-29T23:59:59.999Z"},
    {4107542400000, "2100-03-01T00:00:00.000Z"},
    {-62167219200000, "0000-01-01T00:00:00.000Z"},
    {-62167219200001, "-000001-12-31T23:59:59.999Z"},
    {253402300800000, "+010000-01-01T00:00:00.000Z"},
    {8.64e15, "+275760-09-13T00:00:00.000Z"},
    {-8.64e15, "-271821-04-20T00:00:00.000Z"},
    {8.64e15 + 1, ""},
    {NAN, ""},
};

static void
test_dates(void **state)
{
	char out[32];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(dates); i++) {
		assert_int_equal(
		    js_date_print(out, dates[i].ms), strlen(dates[i].text));
		assert_string_equal(out, dates[i].text);
	}
}

static void
test_stringify(void **state)
{
	struct js o = js_object(arena), list = js_array(arena);
	struct js f = {.type = JS_FUNCTION, .function = "f"};

	(void)state;
	assert_null(stringify(JS_UNDEF));
	assert_null(stringify(f));
	js_push(arena, list.array, JS_UNDEF);
	js_push(arena, list.array, f);
	js_push(arena, list.array, js_number(-0.0));
	js_push(arena, list.array, js_number(NAN));
	js_push(arena, list.array, js_number(0.1));
	js_set_lit(arena, o.object, "u", JS_UNDEF);
	js_set_lit(arena, o.object, "b", js_bool(false));
	js_set_lit(arena, o.object, "f", f);
	js_set_lit(arena, o.object, "10", list);
	js_set_lit(arena, o.object, "d", js_date(arena, 0));
	js_set_lit(arena, o.object, "n", js_date(arena, NAN));
	js_set_lit(arena, o.object, "9", js_null());
	js_set_lit(arena, o.object, "e", js_object(arena));
	assert_string_equal(stringify(o),
	    "{\"9\":null,\"10\":[null,null,0,null,0.1],\"b\":false,"
	    "\"d\":\"1970-01-01T00:00:00.000Z\",\"n\":null,\"e\":{}}");
	assert_string_equal(
	    stringify(
		parse("\"\\u0000\\b\\f\\n\\r\\t\\u001F\\\"\\\\\\/\\u007f"
		      "\\u2028\\ud83d\\ude00\\ud83d\\ude\x30\x30\\udc00\"")),
	    "\"\\u0000\\b\\f\\n\\r\\t\\u001f\\\"\\\\/\x7f\xe2\x80\xa8"
	    "\xf0\x9f\x98\x80\xf0\x9f\x98\x80\\udc00\"");
}

static void
test_order(void **state)
{
	static const char json[] =
	    "{\"b\":1,\"10\":2,\"9\":3,\"01\":4,\"4294967294\":5,"
	    "\"4294967295\":6,\"-1\":7,\"1.5\":8,\"\":9,\"0\":10,"
	    "\"__proto__\":11,\"99999999999\":12,\"a\":13,\"10\":14}";

	(void)state;
	assert_string_equal(stringify(parse(json)),
	    "{\"0\":10,\"9\":3,\"10\":14,\"4294967294\":5,\"b\":1,\"01\":4,"
	    "\"4294967295\":6,\"-1\":7,\"1.5\":8,\"\":9,\"__proto__\":11,"
	    "\"99999999999\":12,\"a\":13}");
}

/* Large enough for the index to grow several times. */
static void
test_large_object(void **state)
{
	enum { N = 20000 };
	struct js o = js_object(arena);
	const struct js *found;
	char key[16];
	int i;

	(void)state;
	for (i = 0; i < N; i++) {
		key[js_number_print(key, i)] = '\0';
		js_set_lit(arena, o.object, key, js_number(i));
		js_set_lit(arena, o.object, "again", js_number(i));
	}
	assert_int_equal(o.object->n, N + 1);
	assert_true(o.object->index_size >= 2 * o.object->n);
	for (i = 0; i < N; i++) {
		key[js_number_print(key, i)] = '\0';
		found = js_find(o.object, utf16_lit(arena, key));
		assert_non_null(found);
		assert_true(found->number == i);
	}
	assert_null(js_find(o.object, utf16_lit(arena, "none")));
	assert_true(js_get(o, "again").number == N - 1);
	assert_int_equal(js_get(o, "none").type, JS_UNDEFINED);
	assert_int_equal(js_get(js_null(), "none").type, JS_UNDEFINED);
}

static void
test_truth(void **state)
{
	(void)state;
	assert_false(js_truthy(JS_UNDEF));
	assert_false(js_truthy(js_null()));
	assert_false(js_truthy(js_number(-0.0)));
	assert_false(js_truthy(js_number(NAN)));
	assert_false(js_truthy(js_string_lit(arena, "")));
	assert_true(js_truthy(js_string_lit(arena, "0")));
	assert_true(js_truthy(js_number(-1)));
	assert_true(js_truthy(js_array(arena)));
	assert_true(js_truthy(js_object(arena)));
	assert_string_equal(js_typeof(js_null()), "object");
	assert_string_equal(js_typeof(js_number(1)), "number");
}

static void
test_jansson(void **state)
{
	static const char json[] = "{\"2\":[1,0.5,true,null,\"x\\u0000y\"],"
				   "\"a\\u0000b\":{\"c\":\"\xe2\x82\xac\"}}";
	struct js v = parse(json);
	json_t *tree = js_to_json(arena, v);
	struct buf b;

	(void)state;
	buf_init(&b, 1 << 16);
	json_print(&b, tree);
	assert_string_equal(buf_str(&b), json);
	assert_string_equal(stringify(js_from_json(arena, tree)), json);
	buf_free(&b);
	json_decref(tree);
	assert_null(js_to_json(arena, JS_UNDEF));
	tree = js_to_json(arena, parse("[\"\\ud800\",1e400]"));
	assert_string_equal(
	    json_string_value(json_array_get(tree, 0)), "\xef\xbf\xbd");
	assert_true(json_is_null(json_array_get(tree, 1)));
	json_decref(tree);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_print),
	    cmocka_unit_test(test_read),
	    cmocka_unit_test(test_read_long),
	    cmocka_unit_test(test_to_number),
	    cmocka_unit_test(test_to_string),
	    cmocka_unit_test(test_dates),
	    cmocka_unit_test(test_stringify),
	    cmocka_unit_test(test_order),
	    cmocka_unit_test(test_large_object),
	    cmocka_unit_test(test_truth),
	    cmocka_unit_test(test_jansson),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
