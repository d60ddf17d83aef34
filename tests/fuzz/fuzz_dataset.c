/* Any bytes as a dataset file: JSON Lines, gzip'd, or CSV, as the first byte
 * says.  Rows have an input, bad lines a text, indexes go up, and what a
 * sampling keeps is what it keeps of all rows. */
#include "../../common/net/loop.h"
#include "../../common/run/dataset_int.h"
#include "../../common/store/store.h"

#include <sys/mman.h>

#include <stdlib.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST_ROWS = 100000 };

static struct engine *
get_engine(void)
{
	static struct engine engine;

	if (engine.loop == NULL) {
		engine.loop = loop_new();
		engine.store = store_new(NULL);
	}
	return &engine;
}

static void
check_row(enum dataset_next next, const struct dataset_row *row,
    const struct err *err, int64_t last)
{
	bool wrong = next == DATASET_BAD || next == DATASET_BROKEN;

	if (wrong != (err->code != ERR_NONE))
		abort();
	if (next == DATASET_ROW && row->input.type != JS_OBJECT &&
	    row->input.type != JS_ARRAY)
		abort();
	if ((next == DATASET_ROW || next == DATASET_BAD) &&
	    (row->index <= last || row->line < 0))
		abort();
}

/* How many rows there were, good and bad. */
static size_t
read_all(int fd, enum dataset_form form, const struct sampling *sampling)
{
	struct arena *a = arena_new(NULL);
	struct err err = {0};
	struct dataset *d = dataset_over(
	    get_engine(), a, dup(fd), form, "fuzz", sampling, &err);
	enum dataset_next next = DATASET_ROW;
	int64_t last = -1;
	size_t n = 0;

	if (d == NULL || lseek(fd, 0, SEEK_SET) != 0)
		abort();
	while (next != DATASET_END && next != DATASET_BROKEN && n < MOST_ROWS) {
		struct arena *own = arena_new(a);
		struct dataset_row row = {0};

		next = dataset_next(d, own, &row, &err);
		check_row(next, &row, &err, last);
		if (next == DATASET_ROW || next == DATASET_BAD) {
			last = row.index;
			n++;
		}
		err_free(&err);
		arena_free(own);
	}
	dataset_close(d);
	arena_free(a);
	return n;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct sampling all = {.mode = SAMPLING_ALL};
	struct sampling part = {.mode = SAMPLING_SPLIT, .percent = 50};
	enum dataset_form form;
	size_t n, train;
	int fd;

	if (size == 0)
		return 0;
	form = (enum dataset_form)(data[0] % 3);
	fd = memfd_create("fuzz", 0);
	if (fd < 0 || write(fd, data + 1, size - 1) != (ssize_t)(size - 1))
		abort();
	n = read_all(fd, form, &all);
	train = read_all(fd, form, &part);
	part.test = true;
	/* A file that breaks off cannot be counted. */
	if (form != DATASET_GZIP && n < MOST_ROWS &&
	    train + read_all(fd, form, &part) != n)
		abort();
	(void)close(fd);
	return 0;
}
