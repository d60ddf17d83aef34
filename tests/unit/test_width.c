/* How wide text is, and what is left of it: a table. */
#include "../../common/base/width.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct {
	const char *text;
	size_t width, columns;
	const char *fits;
} rows[] = {
    {"", 0, 5, ""}, {"abc", 3, 3, "abc"}, {"abcd", 4, 3, "ab\u2026"},
    {"abc", 3, 1, "\u2026"}, {"abc", 3, 0, ""},
    {"\u65e5\u672c\u8a9e", 6, 6, "\u65e5\u672c\u8a9e"},
    {"\u65e5\u672c\u8a9e", 6, 5, "\u65e5\u672c\u2026"},
    {"\u65e5\u672c\u8a9e", 6, 4, "\u65e5\u2026"},
    {"e\u0301te\u0301", 3, 3, "e\u0301te\u0301"},
    {"\U0001f600!", 3, 3, "\U0001f600!"},
    {"a\033[31mb\n", 8, 8, "a\ufffd[31mb\ufffd"}, {"a\xff", 2, 2, "a\ufffd"},
    {"a\u202eb", 3, 3, "a\ufffdb"},
    {"\xed\xa0\x80", 1, 1, "\ufffd"}, /* half a character */
};

static void
shows_what_fits(void **state)
{
	struct str text;
	struct buf b;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		text = (struct str){rows[i].text, strlen(rows[i].text)};
		buf_init(&b, 1000);
		width_fit(&b, text, rows[i].columns);
		if (width_of(text) != rows[i].width ||
		    strcmp(buf_str(&b), rows[i].fits) != 0)
			fail_msg("row %zu: %zu columns, %s", i, width_of(text),
			    buf_str(&b));
		buf_free(&b);
	}
}

static void
steers_no_terminal(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 1000);
	width_clean(&b, STR("a\033[31m\tb\r\n\xc2\x9b"
			    "2J\x7f\u202e"));
	assert_string_equal(buf_str(&b), "a\ufffd[31m\tb\ufffd\n\ufffd"
					 "2J\ufffd\ufffd");
	buf_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(steers_no_terminal),
	    cmocka_unit_test(shows_what_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
