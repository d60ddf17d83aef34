/* Word by word: what is printed holds both texts, each whole, and marks no more
 * than has changed. */
#include "../../cgi/report_diff.h"
#include "../../common/base/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void
check(const char *before, const char *after, const char *html)
{
	struct buf b;

	buf_init(&b, 1 << 20);
	diff_print(&b, (struct str){before, strlen(before)},
	    (struct str){after, strlen(after)});
	assert_string_equal(buf_str(&b), html);
	buf_free(&b);
}

static void
test_words(void **state)
{
	(void)state;
	check("", "", "");
	check("same words", "same words", "same words");
	check("", "new", "<ins>new</ins>");
	check("old", "", "<del>old</del>");
	check("a b c", "a x c", "a <del>b</del><ins>x</ins> c");
	check("a b c d", "b c d", "<del>a </del>b c d");
	check("the cat sat", "the black cat sat down",
	    "the <ins>black </ins>cat sat<ins> down</ins>");
	check("one\ntwo", "one two", "one<del>\n</del><ins> </ins>two");
	check("x", "<b>&\"", "<del>x</del><ins>&lt;b&gt;&amp;&quot;</ins>");
	check("\xff", "a", "<del>\xef\xbf\xbd</del><ins>a</ins>");
}

/* Without what is marked as new it is the old text, and the other way. */
static char *
without(const char *html, const char *open, const char *close)
{
	char *out = calloc(1, strlen(html) + 1), *to = out;
	const char *at = html, *from;

	while ((from = strstr(at, open)) != NULL) {
		memcpy(to, at, (size_t)(from - at));
		to += from - at;
		at = strstr(from, close) + strlen(close);
	}
	memcpy(to, at, strlen(at));
	return out;
}

static char *
plain(const char *html)
{
	char *out = calloc(1, strlen(html) + 1), *to = out;

	for (; *html != '\0'; html++)
		if (*html == '<')
			html = strchr(html, '>');
		else
			*to++ = *html;
	return out;
}

static void
check_holds(const char *before, const char *after)
{
	char *a, *b, *old, *new;
	struct buf html;

	buf_init(&html, 16 << 20);
	diff_print(&html, (struct str){before, strlen(before)},
	    (struct str){after, strlen(after)});
	a = without(buf_str(&html), "<ins>", "</ins>");
	b = without(buf_str(&html), "<del>", "</del>");
	old = plain(a);
	new = plain(b);
	assert_string_equal(old, before);
	assert_string_equal(new, after);
	free(a);
	free(b);
	free(old);
	free(new);
	buf_free(&html);
}

static void
random_text(char *text, unsigned *seed, size_t words)
{
	static const char *const pieces[] = {"a", "b ", " ", "cc", "\n", "d e"};
	const char *piece;

	for (size_t i = 0; i < words; i++) {
		*seed = *seed * 1103515245u + 12345u;
		piece = pieces[(*seed >> 16) % 6];
		memcpy(text, piece, strlen(piece));
		text += strlen(piece);
	}
	*text = '\0';
}

static void
test_both_are_there(void **state)
{
	static char x[1 << 16], y[1 << 16];
	unsigned seed = 1;

	(void)state;
	for (int i = 0; i < 300; i++) {
		random_text(x, &seed, (size_t)i % 40);
		random_text(y, &seed, (size_t)i % 37);
		check_holds(x, y);
	}
	/* More words than are compared. */
	random_text(x, &seed, 3 * LIMIT_DIFF_WORDS);
	random_text(y, &seed, 3 * LIMIT_DIFF_WORDS);
	check_holds(x, y);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_words),
	    cmocka_unit_test(test_both_are_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
