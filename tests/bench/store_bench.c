/* What the store costs: microseconds for a question of a worker that has it
 * open, and for all that a CGI process does to ask one.  Usage: store_bench
 * FILE, which must not be there. */
#include "../../common/base/clock.h"
#include "../../common/store/store.h"

#include <stdio.h>

enum { KEPT = 20000, OPENED = 1000 };

static void
print(const char *what, int64_t began, int n)
{
	(void)printf("%s: %.1f us\n", what,
	    (double)(clock_mono_ns() - began) / 1000 / n);
}

/* MOST 0: nobody may have anything, so all but the first have to wait. */
static void
measure_rate(const char *path, const char *what, double most)
{
	struct store *s = store_new(path);
	int64_t began = clock_mono_ns(), waits = 0;

	for (int i = 0; i < KEPT; i++)
		waits += store_rate(s, what, 1, most) != 0;
	print(what, began, KEPT);
	(void)waits;
	store_free(s);
}

static void
measure_lease(const char *path)
{
	struct store *s = store_new(path);
	int64_t began = clock_mono_ns();

	for (int i = 0; i < KEPT; i++)
		store_lease_end(s, store_lease(s, "l", 4));
	print("a lease and its end", began, KEPT);
	store_free(s);
}

static void
measure_opening(const char *path)
{
	int64_t began = clock_mono_ns(), waits = 0;

	for (int i = 0; i < OPENED; i++) {
		struct store *s = store_new(path);

		waits += store_rate(s, "opened", 1, 1e9) != 0;
		store_free(s);
	}
	(void)waits;
	print("opened for one rate", began, OPENED);
}

int
main(int argc, char **argv)
{
	if (argc != 2) {
		(void)fprintf(stderr, "usage: store_bench FILE\n");
		return 2;
	}
	measure_rate(argv[1], "rate that is taken", 1e9);
	measure_rate(argv[1], "rate that has to wait", 0);
	measure_lease(argv[1]);
	measure_opening(argv[1]);
	return 0;
}
