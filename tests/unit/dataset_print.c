/* A dataset as text.  It refuses to know what is right. */
#include "dataset_print.h"

#include "../../common/net/loop.h"

#include <inttypes.h>

static void
add_tree(struct buf *out, const char *name, const json_t *tree)
{
	if (tree == NULL)
		return;
	buf_addf(out, " %s ", name);
	json_print(out, tree);
}

static void
add_row(struct arena *a, struct buf *out, const struct dataset_row *row)
{
	buf_addf(out, "%" PRId64 "@%" PRId64 " ", row->index, row->line);
	(void)js_stringify(a, out, row->input);
	add_tree(out, "expects", row->expected);
	add_tree(out, "metadata", row->metadata);
	buf_addc(out, '\n');
}

static enum dataset_next
print_next(struct dataset *d, struct buf *out)
{
	struct arena *a = arena_new(NULL);
	struct dataset_row row = {0};
	struct err err = {0};
	enum dataset_next next = dataset_next(d, a, &row, &err);

	if (next == DATASET_ROW)
		add_row(a, out, &row);
	else if (next == DATASET_BAD)
		buf_addf(out, "bad %" PRId64 "@%" PRId64 " %s\n", row.index,
		    row.line, err.msg);
	else if (next == DATASET_BROKEN)
		buf_addf(out, "broken %s\n", err.msg);
	err_free(&err);
	arena_free(a);
	return next;
}

void
dataset_print(
    struct engine *engine, struct dataset *d, struct buf *out, int max)
{
	enum dataset_next next;

	do {
		next = print_next(d, out);
		if (next == DATASET_WAIT)
			loop_turn(engine->loop, 10000);
		else
			max--;
	} while (next != DATASET_END && next != DATASET_BROKEN && max > 0);
}
