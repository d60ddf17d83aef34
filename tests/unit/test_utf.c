/* UTF-8, WTF-8 and UTF-16: what is valid, what becomes U+FFFD, and that a text
 * survives the way there and back. */
#include "../../common/base/utf.h"

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

static struct str
text(const char *s)
{
	return (struct str){s, strlen(s)};
}

/* Bad bytes and what a text decoder of JavaScript makes of them. */
static const struct {
	const char *in, *out;
} cleaned[] = {
    {"", ""},
    {"plain", "plain"},
    {"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80",
	"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"},
    {"\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf"},
    {"a\xff"
     "b",
	"a\xef\xbf\xbd"
	"b"},
    {"\xc0\x80", "\xef\xbf\xbd\xef\xbf\xbd"},
    {"\xe2\x82", "\xef\xbf\xbd"},
    {"\xe2\x82x", "\xef\xbf\xbdx"},
    {"\xf0\x9f\x98", "\xef\xbf\xbd"},
    {"\xf0\x80\x80\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
    {"\xf4\x90\x80\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
    {"\xe0\x9f\xbf", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
    {"\x80", "\xef\xbf\xbd"},
    {"\xed\xa0\xbd", "\xef\xbf\xbd"},
    {"\xed\xb8\x80x", "\xef\xbf\xbdx"},
    {"\xed\xa0\xbd\xed\xb8\x80", "\xf0\x9f\x98\x80"},
    {"\xed\xa0", "\xef\xbf\xbd\xef\xbf\xbd"},
};

static void
test_clean(void **state)
{
	struct str in, out;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(cleaned); i++) {
		in = text(cleaned[i].in);
		out = utf8_clean(arena, in);
		assert_string_equal(out.p, cleaned[i].out);
		assert_int_equal(out.len, strlen(cleaned[i].out));
		assert_true(utf8_valid(out));
		assert_int_equal(utf8_valid(in), out.p == in.p);
	}
}

/* Every code point, the surrogates among them. */
static void
test_round_trip(void **state)
{
	char bytes[4];
	struct str one, back;
	struct str16 units;
	uint32_t cp;
	size_t i;

	(void)state;
	for (cp = 0; cp < 0x110000; cp += cp < 0x10000 ? 1 : 257) {
		struct arena *a = cp % 4096 == 0 ? arena : arena_new(arena);

		one = (struct str){bytes, utf8_put(bytes, cp)};
		units = utf16_from(a, one);
		assert_int_equal(units.len, cp < 0x10000 ? 1 : 2);
		i = 0;
		assert_int_equal(utf16_next(units, &i), cp);
		assert_int_equal(i, units.len);
		back = utf8_from(a, units);
		assert_true(str_eq(back, one));
		i = 0;
		assert_int_equal(wtf8_next(one, &i), cp);
		if (a != arena)
			arena_free(a);
	}
}

static void
test_pairs(void **state)
{
	static const uint16_t units[] = {
	    0xdc00, 'a', 0xd83d, 0xde00, 0xd83d, 'b', 0xd83d};
	static const char wtf8[] = "\xed\xb0\x80"
				   "a\xf0\x9f\x98\x80\xed\xa0\xbd"
				   "b\xed\xa0\xbd";
	struct str16 s = {units, ARRAY_LEN(units)};
	struct str out = utf8_from(arena, s);

	(void)state;
	assert_true(str_is(out, wtf8));
	assert_true(str16_eq(utf16_from(arena, out), s));
	/* Halves that were written apart are joined again. */
	out = text("\xed\xa0\xbd\xed\xb8\x80");
	s = utf16_from(arena, out);
	assert_int_equal(s.len, 2);
	assert_true(str_is(utf8_from(arena, s), "\xf0\x9f\x98\x80"));
}

/* A pair lies on every border of the pieces that are converted at once. */
static void
test_long(void **state)
{
	enum { N = 1000 };
	uint16_t units[N + 1];
	struct str whole;
	struct str16 s;
	struct buf b;
	size_t i, shift;

	(void)state;
	for (shift = 0; shift < 2; shift++) {
		units[0] = 'x';
		for (i = 0; i < N; i++)
			units[i + shift] = i % 2 == 0 ? 0xd83d : 0xde00;
		s = (struct str16){units, N + shift};
		buf_init(&b, N * 8);
		utf8_add16(&b, s);
		whole = utf8_from(arena, s);
		assert_true(str_eq((struct str){buf_str(&b), b.len}, whole));
		assert_int_equal(whole.len, N * 2 + shift);
		buf_free(&b);
	}
}

static void
test_compare(void **state)
{
	struct str16 a = utf16_lit(arena, "abc"), b = utf16_lit(arena, "abd");
	struct str16 none = utf16_lit(arena, "");
	struct str16 astral = utf16_from(arena, text("\xf0\x9f\x98\x80"));
	struct str16 private = utf16_from(arena, text("\xee\x80\x80"));

	(void)state;
	assert_true(str16_cmp(a, b) < 0);
	assert_true(str16_cmp(b, a) > 0);
	assert_int_equal(str16_cmp(a, a), 0);
	assert_true(str16_cmp(none, a) < 0);
	assert_true(str16_cmp(astral, private) < 0); /* by units */
	assert_true(str16_is(a, "abc"));
	assert_false(str16_is(a, "ab"));
	assert_false(str16_is(a, "abcd"));
	assert_non_null(none.p);
	assert_true(str_eq((struct str){NULL, 0}, text("")));
}

static void
test_space(void **state)
{
	static const char padded[] =
	    "\xef\xbb\xbf \t\n\v\f\r\xc2\xa0\xe1\x9a\x80"
	    "a b\xe2\x80\x80\xe2\x80\x8a\xe2\x80\xa8"
	    "\xe2\x80\xa9\xe2\x80\xaf\xe2\x81\x9f"
	    "\xe3\x80\x80";

	(void)state;
	assert_true(
	    str16_is(str16_trim(utf16_from(arena, text(padded))), "a b"));
	assert_int_equal(str16_trim(utf16_lit(arena, " \n ")).len, 0);
	assert_false(js_is_space(0x200b));
	assert_false(js_is_space(0x180e));
	assert_false(js_is_space(0x85));
	assert_false(js_is_space(0));
}

/* Each pair of texts, one behind the other. */
static void
test_seam(void **state)
{
	static const struct {
		const char *a, *b, *want;
	} cases[] = {
	    {"x\xed\xa0\xbd", "\xed\xb8\x80y", "x\xf0\x9f\x98\x80y"},
	    {"\xed\xa0\xbd", "\xed\xb8\x80", "\xf0\x9f\x98\x80"},
	    {"\xed\xa0\xbd", "\xed\xb8", "\xed\xa0\xbd\xed\xb8"},
	    {"\xed\xa0\xbd", "abc",
		"\xed\xa0\xbd"
		"abc"},
	    {"\xed\xa0\xbd", "\xed\xa0\xbd", "\xed\xa0\xbd\xed\xa0\xbd"},
	    {"\xed\xb8\x80", "\xed\xa0\xbd", "\xed\xb8\x80\xed\xa0\xbd"},
	    {"abc", "\xed\xb8\x80", "abc\xed\xb8\x80"},
	    {"abc", "def", "abcdef"},
	    {"", "def", "def"},
	    {"abc", "", "abc"},
	};
	struct buf b;
	size_t i;

	(void)state;
	buf_init(&b, 64);
	for (i = 0; i < ARRAY_LEN(cases); i++) {
		buf_clear(&b);
		wtf8_add(&b, (struct str){cases[i].a, strlen(cases[i].a)});
		wtf8_add(&b, (struct str){cases[i].b, strlen(cases[i].b)});
		assert_string_equal(buf_str(&b), cases[i].want);
	}
	buf_free(&b);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_clean),
	    cmocka_unit_test(test_round_trip),
	    cmocka_unit_test(test_pairs),
	    cmocka_unit_test(test_seam),
	    cmocka_unit_test(test_long),
	    cmocka_unit_test(test_compare),
	    cmocka_unit_test(test_space),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
