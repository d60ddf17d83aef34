/* Guesses what an experiment costs from some of its rows, each rendered.  It
 * refuses to ask anybody. */
#include "estimate.h"

#include "../base/limits.h"
#include "../base/utf.h"
#include "price.h"
#include "scope.h"

#include <inttypes.h>
#include <math.h>

enum { BURST_ROWS = 256 };

struct estimate {
	const struct row_plan *plan;
	int64_t rows, rendered;
	double tokens, cost; /* of those that were rendered */
	bool unpriced;
};

/* A row that cannot be rendered costs nothing. */
static void
add_rendered(struct estimate *e, struct arena *a, struct js input)
{
	const struct row_plan *plan = e->plan;
	struct ask ask = *plan->ask;
	struct err err = {0};
	int64_t tokens;
	double cost;
	struct js compiled;

	e->rendered++;
	if (prompt_format(a, plan->prompt, input, &compiled, &err) == 0 &&
	    ask_messages(a, compiled, &ask, &err) == 0) {
		cost = spend_estimate(plan->engine, a, &ask, &tokens);
		e->tokens += (double)tokens;
		e->cost += cost;
		e->unpriced = e->unpriced || isnan(cost);
	}
	err_free(&err);
}

/* The rows of SHARD, as the run will take them. */
static int
read_rows(struct estimate *e, struct dataset *d, const struct experiment *x,
    struct stream *s, struct err *err)
{
	enum dataset_next next = DATASET_ROW;
	int64_t kept = 0;

	while (next != DATASET_END && next != DATASET_BROKEN) {
		struct dataset_row row = {.index = -1};
		struct arena *a = arena_new(NULL);
		struct err bad = {0};
		bool mine = false;

		next = dataset_next(d, a, &row, &bad);
		if (next == DATASET_ROW || next == DATASET_BAD)
			mine = kept++ % x->shards == x->shard;
		if (mine && next == DATASET_ROW && ++e->rows != 0 &&
		    e->rendered < LIMIT_ESTIMATE_ROWS)
			add_rendered(e, a, row.input);
		err_free(&bad);
		arena_free(a);
		if ((next == DATASET_WAIT || kept % BURST_ROWS == 0) &&
		    !stream_turn(s, next == DATASET_WAIT))
			return stream_fail(s, err);
	}
	return 0;
}

static int
count_rows(struct estimate *e, const struct experiment *x,
    const struct sampling *sampling, struct stream *s, struct err *err)
{
	const struct row_plan *plan = e->plan;
	struct arena *a = arena_new(NULL);
	struct err bad = {0};
	struct dataset *d;
	int rc = 0;

	d = dataset_open(plan->engine, a, plan->engine->settings->datasets,
	    str_from(plan->dataset), sampling, &bad);
	if (d != NULL)
		rc = read_rows(e, d, x, s, err);
	dataset_close(d);
	err_free(&bad);
	arena_free(a);
	return rc;
}

int
estimate_print(struct buf *b, const struct experiment *x,
    const struct row_plan *plan, const struct sampling *sampling,
    struct stream *s, struct err *err)
{
	struct estimate e = {.plan = plan};
	bool file = plan->engine->settings->datasets->root != NULL;
	double each;

	if (file && count_rows(&e, x, sampling, s, err) < 0)
		return -1;
	buf_adds(b, "{\"type\":\"estimate\"");
	if (file)
		buf_addf(b, ",\"rows\":%" PRId64, e.rows);
	buf_addf(b, ",\"repeat\":%" PRId64, x->repeat);
	if (e.rendered != 0) {
		each = (double)e.rows * (double)x->repeat / (double)e.rendered;
		buf_addf(b, ",\"inputTokens\":%.0f", e.tokens * each);
		if (!e.unpriced)
			buf_addf(b, ",\"costUsd\":%.12g", e.cost * each);
	}
	if (isfinite(x->max_cost))
		buf_addf(b, ",\"maxCostUsd\":%.12g", x->max_cost);
	buf_adds(b, "}\n");
	return 0;
}
