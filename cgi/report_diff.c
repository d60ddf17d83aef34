/* Finds the longest common subsequence of two texts' words and prints the rest
 * as changes.  It refuses to know what the texts are. */
#include "report_diff.h"

#include "../common/base/html.h"
#include "../common/base/limits.h"

#include <string.h>

struct words {
	struct str *items;
	size_t n;
};

static bool
is_space(char c)
{
	return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

/* Words and the white space between them, each an item. */
static struct words
cut(struct arena *a, struct str text)
{
	struct words w = {
	    .items = arena_array(a, text.len + 1, sizeof(*w.items)),
	};
	size_t at = 0, from;

	while (at < text.len) {
		from = at;
		while (at < text.len &&
		       is_space(text.p[at]) == is_space(text.p[from]))
			at++;
		w.items[w.n++] = (struct str){text.p + from, at - from};
	}
	return w;
}

static bool
same(struct str a, struct str b)
{
	return a.len == b.len && memcmp(a.p, b.p, a.len) == 0;
}

static void
print_words(struct buf *b, const char *tag, const struct str *items, size_t n)
{
	if (n == 0)
		return;
	if (tag != NULL)
		buf_addf(b, "<%s>", tag);
	for (size_t i = 0; i < n; i++)
		html_print(b, items[i]);
	if (tag != NULL)
		buf_addf(b, "</%s>", tag);
}

/* LENGTHS[i * (n + 1) + j]: of the common subsequence of what follows word I of
 * X and word J of Y. */
static uint16_t *
measure(struct arena *a, struct words x, struct words y)
{
	size_t width = y.n + 1;
	uint16_t *lengths = arena_array(a, (x.n + 1) * width, sizeof(*lengths)),
		 *at;

	memset(lengths, 0, (x.n + 1) * width * sizeof(*lengths));
	for (size_t i = x.n; i-- > 0;)
		for (size_t j = y.n; j-- > 0;) {
			at = &lengths[i * width + j];
			if (same(x.items[i], y.items[j]))
				*at = (uint16_t)(at[width + 1] + 1);
			else
				*at = at[width] > at[1] ? at[width] : at[1];
		}
	return lengths;
}

/* One change: what goes, then what comes. */
static void
print_change(struct buf *b, const struct str *x, size_t nx, const struct str *y,
    size_t ny)
{
	print_words(b, "del", x, nx);
	print_words(b, "ins", y, ny);
}

static void
walk(struct buf *b, struct words x, struct words y, const uint16_t *lengths)
{
	size_t i = 0, j = 0, from_i = 0, from_j = 0, width = y.n + 1;

	while (i < x.n && j < y.n) {
		if (same(x.items[i], y.items[j])) {
			print_change(b, x.items + from_i, i - from_i,
			    y.items + from_j, j - from_j);
			html_print(b, y.items[j]);
			from_i = ++i;
			from_j = ++j;
		} else if (lengths[(i + 1) * width + j] >=
			   lengths[i * width + j + 1]) {
			i++;
		} else {
			j++;
		}
	}
	print_change(
	    b, x.items + from_i, x.n - from_i, y.items + from_j, y.n - from_j);
}

static void
skip(struct words *w, size_t n)
{
	w->items += n;
	w->n -= n;
}

void
diff_print(struct buf *b, struct str before, struct str after)
{
	struct arena *a = arena_new(NULL);
	struct words x = cut(a, before), y = cut(a, after);
	const struct str *tail;
	size_t n = 0, end = 0;

	while (n < x.n && n < y.n && same(x.items[n], y.items[n]))
		n++;
	print_words(b, NULL, y.items, n);
	skip(&x, n);
	skip(&y, n);
	while (end < x.n && end < y.n &&
	       same(x.items[x.n - 1 - end], y.items[y.n - 1 - end]))
		end++;
	x.n -= end;
	y.n -= end;
	tail = y.items + y.n;
	if (x.n <= LIMIT_DIFF_WORDS && y.n <= LIMIT_DIFF_WORDS)
		walk(b, x, y, measure(a, x, y));
	else
		print_change(b, x.items, x.n, y.items, y.n);
	print_words(b, NULL, tail, end);
	arena_free(a);
}
