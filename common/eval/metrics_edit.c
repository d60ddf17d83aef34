/* The edit distance and the longest common subsequence of two sequences, 64
 * cells of their table at once (Myers 1999, Hyyrö 2003 and 2004).  The table is
 * filled in bands of 64 rows, so memory is linear; what passes from a band to
 * the next is kept per column.  It refuses to know what the numbers are. */
#include "metrics.h"

#include "../base/xalloc.h"

#include <stdlib.h>
#include <string.h>

enum { BAND = 64 };

/* The two sequences with small numbers for what occurs in them. */
struct table {
	uint32_t *rows, *columns; /* owned */
	size_t n_rows, n_columns;
	uint64_t *masks; /* of one band: where a number is in its rows; owned */
};

static void
table_init(struct table *t, struct ids a, struct ids b)
{
	struct pairs pairs;

	pairs_init(&pairs);
	t->n_rows = a.n;
	t->n_columns = b.n;
	t->rows = xmalloc(xmul(a.n + 1, sizeof(*t->rows)));
	t->columns = xmalloc(xmul(b.n + 1, sizeof(*t->columns)));
	for (size_t i = 0; i < a.n; i++)
		t->rows[i] = pairs_id(&pairs, 0, a.p[i]);
	for (size_t i = 0; i < b.n; i++)
		t->columns[i] = pairs_id(&pairs, 0, b.p[i]);
	t->masks = xcalloc(pairs.n + (size_t)1, sizeof(*t->masks));
	pairs_free(&pairs);
}

static void
table_free(struct table *t)
{
	free(t->rows);
	free(t->columns);
	free(t->masks);
}

/* Sets the masks of the band that starts at row FIRST; returns its rows. */
static size_t
band_start(struct table *t, size_t first)
{
	size_t left = t->n_rows - first, n = left < BAND ? left : BAND;

	for (size_t i = 0; i < n; i++)
		t->masks[t->rows[first + i]] |= (uint64_t)1 << i;
	return n;
}

static void
band_end(struct table *t, size_t first, size_t n)
{
	for (size_t i = 0; i < n; i++)
		t->masks[t->rows[first + i]] = 0;
}

/* Takes what A and B start and end with in common away; returns its length. */
static size_t
trim(struct ids *a, struct ids *b)
{
	size_t n = 0;

	while (a->n > 0 && b->n > 0 && a->p[0] == b->p[0]) {
		a->p++;
		b->p++;
		a->n--;
		b->n--;
		n++;
	}
	while (a->n > 0 && b->n > 0 && a->p[a->n - 1] == b->p[b->n - 1]) {
		a->n--;
		b->n--;
		n++;
	}
	return n;
}

static bool
spend(struct ids a, struct ids b, size_t *steps)
{
	size_t bands = a.n / BAND + 1;

	if (b.n > *steps / bands)
		return false;
	*steps -= bands * b.n;
	return true;
}

/* One column of a band: differences between neighbouring cells, downwards as
 * bits (`up` +1, `down` -1).  IN is the difference to the column before above
 * the band, the one at bit LAST is returned. */
struct column {
	uint64_t up, down;
};

static int
distance_step(struct column *c, uint64_t equal, int in, unsigned last)
{
	uint64_t vertical = equal | c->down, horizontal, plus, minus;
	int out;

	if (in < 0)
		equal |= 1;
	horizontal = (((equal & c->up) + c->up) ^ c->up) | equal;
	plus = c->down | ~(horizontal | c->up);
	minus = c->up & horizontal;
	out = (int)(plus >> last & 1) - (int)(minus >> last & 1);
	plus = plus << 1 | (in > 0);
	minus = minus << 1 | (in < 0);
	c->up = minus | ~(vertical | plus);
	c->down = plus & vertical;
	return out;
}

bool
metric_distance(struct ids a, struct ids b, size_t *steps, size_t *distance)
{
	struct table t;
	signed char *border; /* differences along the band's upper edge */
	size_t i, j, n;
	long long sum;

	(void)trim(&a, &b);
	if (!spend(a, b, steps))
		return false;
	table_init(&t, a, b);
	border = xmalloc(b.n + 1);
	memset(border, 1, b.n + 1);
	for (i = 0; i < t.n_rows; i += n) {
		struct column c = {UINT64_MAX, 0};

		n = band_start(&t, i);
		for (j = 0; j < t.n_columns; j++)
			border[j] = (signed char)distance_step(&c,
			    t.masks[t.columns[j]], border[j], (unsigned)n - 1);
		band_end(&t, i, n);
	}
	for (sum = (long long)a.n, j = 0; j < b.n; j++)
		sum += border[j];
	*distance = (size_t)sum;
	free(border);
	table_free(&t);
	return true;
}

static size_t
ones(uint64_t x)
{
	size_t n = 0;

	for (; x != 0; x &= x - 1)
		n++;
	return n;
}

/* One column of a band: a zero bit is a row where the subsequence grows. */
static unsigned char
lcs_step(uint64_t *rows, uint64_t equal, unsigned char carry)
{
	uint64_t hit = *rows & equal, sum = *rows + hit, total = sum + carry;
	bool over = sum < hit || total < sum;

	*rows = total | (*rows - hit);
	return over;
}

bool
metric_lcs(struct ids a, struct ids b, size_t *steps, size_t *length)
{
	struct table t;
	unsigned char *carry;
	size_t i, j, n;

	*length = trim(&a, &b);
	if (!spend(a, b, steps))
		return false;
	table_init(&t, a, b);
	carry = xcalloc(b.n + 1, 1);
	for (i = 0; i < t.n_rows; i += n) {
		uint64_t rows = UINT64_MAX;

		n = band_start(&t, i);
		for (j = 0; j < t.n_columns; j++)
			carry[j] =
			    lcs_step(&rows, t.masks[t.columns[j]], carry[j]);
		band_end(&t, i, n);
		*length += ones(~rows);
	}
	free(carry);
	table_free(&t);
	return true;
}
