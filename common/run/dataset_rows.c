/* Keeps as many rows of an experiment at work as may be, and writes each as it
 * ends.  It refuses to know how a row is read, answered, scored or kept. */
#include "dataset_run_int.h"

#include "../base/json.h"
#include "../base/limits.h"
#include "../base/utf.h"
#include "scope.h"

#include <inttypes.h>
#include <math.h>

enum {
	/* A crowd of refusals counts as one. */
	BACKOFF_MS = 500,
	/* Lines that are gathered before they are written and sent. */
	BATCH_BYTES = 64 * 1024
};

/* --- starting and ending */

static void
row_done(void *arg, struct row *row)
{
	struct slot *slot = arg;
	struct run *run = slot->run;

	(void)row; /* the slot may not know it yet */
	slot->next_done = run->done;
	run->done = slot;
}

/* One user of it less. */
static void
give_back(struct given *given)
{
	if (given != NULL && --given->users == 0)
		arena_free(given->arena);
}

/* No more rows are started; those that run may end. */
static void
stop(struct run *run, const char *reason, struct str why)
{
	if (run->reason != NULL)
		return;
	run->reason = reason;
	run->why = arena_strndup(run->arena, why.p, why.len);
	run->ended = true;
	give_back(run->given);
	run->given = NULL;
}

static void
start_row(struct run *run, struct given *given, int64_t repeat)
{
	struct arena *a = arena_new(run->arena);
	struct slot *slot = arena_zalloc(a, sizeof(*slot));

	slot->run = run;
	slot->given = given;
	given->users++;
	slot->next = run->running;
	if (slot->next != NULL)
		slot->next->prev = slot;
	run->running = slot;
	run->n_running++;
	run->n_started++;
	slot->row = row_start(&run->plan, &(struct row_job){
					      .arena = a,
					      .data = &given->data,
					      .number = given->number,
					      .repeat = repeat,
					      .done = row_done,
					      .arg = slot,
					  });
}

/* Starts the next repeat that was not done before. */
static void
start_next(struct run *run)
{
	struct given *g = run->given;
	int64_t repeat;

	while (g->next < run->experiment.repeat &&
	       progress_has(run->progress, g->data.index, g->next))
		g->next++;
	repeat = g->next++;
	if (repeat < run->experiment.repeat)
		start_row(run, g, repeat);
	if (g->next < run->experiment.repeat)
		return;
	run->given = NULL;
	give_back(g);
}

/* The slot lives in the arena of its row. */
static void
end_row(struct run *run, struct slot *slot)
{
	struct given *given = slot->given;

	if (slot->next != NULL)
		slot->next->prev = slot->prev;
	if (slot->prev != NULL)
		slot->prev->next = slot->next;
	else
		run->running = slot->next;
	row_free(slot->row);
	give_back(given);
}

/* --- money */

/* A row that found none is not done: it is tried again when no other row holds
 * what it needs, and ends the run when that does not help. */
static void
hold(struct run *run, struct slot *slot)
{
	run->n_running--;
	slot->next_done = run->held;
	run->held = slot;
	if (slot->alone)
		stop(run, "cost", row_error(slot->row));
}

static void
retry_held(struct run *run)
{
	struct slot *slot = run->held;

	if (slot == NULL || run->n_running != 0 || run->reason != NULL)
		return;
	run->held = slot->next_done;
	slot->alone = true;
	run->n_running++;
	row_again(slot->row);
}

/* --- lines */

/* Keeps them and lets them go. */
void
run_let_go(struct run *run)
{
	struct err err = {0};

	if (progress_flush(run->progress, &run->stream, &err) < 0)
		stop(run, "disk", str_from(err.msg));
	err_free(&err);
}

static void
write_row(struct run *run, struct slot *slot)
{
	struct reply *reply = run->stream.reply;
	bool failed = row_failed(slot->row);

	if (!failed && run->limit < run->ceiling)
		run->limit += 1 / run->limit;
	reply_add_usage(reply, row_usage(slot->row));
	reply->facts.rows++;
	reply->facts.failed_rows += failed;
	progress_row(run->progress, &run->stream, slot->row);
	row_trace(slot->row);
	run->n_running--;
	end_row(run, slot);
}

static void
write_done_rows(struct run *run)
{
	bool capped = isfinite(run->experiment.max_cost);
	struct slot *slot;

	while ((slot = run->done) != NULL) {
		run->done = slot->next_done;
		if (capped && row_refused(slot->row))
			hold(run, slot);
		else
			write_row(run, slot);
		if (run->stream.line.len > BATCH_BYTES)
			run_let_go(run);
	}
	run_let_go(run);
	if (run->reason == NULL && progress_decided(run->progress))
		stop(run, "decided", STR("the gates are decided"));
	retry_held(run);
}

/* A line of the dataset that cannot be run. */
static void
print_bad_line(
    struct run *run, const struct dataset_row *data, const struct err *err)
{
	struct buf b;

	buf_init(&b, LIMIT_LINE_BYTES);
	buf_adds(&b, "{\"type\":\"error\",\"error\":");
	json_print_string(&b, str_from(err->msg));
	if (data->index >= 0)
		buf_addf(&b, ",\"index\":%" PRId64, data->index);
	if (data->line > 0)
		buf_addf(&b, ",\"line\":%" PRId64, data->line);
	buf_addf(&b, ",\"runId\":\"%s\",\"runName\":", run->run_id);
	json_print_string(&b, str_from(run->plan.run_name));
	progress_bad(run->progress, &run->stream, buf_text(&b), data->index);
	buf_free(&b);
}

/* Whether a line that the sampling kept is of this part of the dataset: the
 * parts take turns. */
static bool
is_mine(struct run *run, enum dataset_next next, int64_t index)
{
	const struct experiment *e = &run->experiment;

	if (next != DATASET_ROW && (next != DATASET_BAD || index < 0))
		return next == DATASET_BROKEN || next == DATASET_BAD;
	return run->n_kept++ % e->shards == e->shard;
}

static void
take_given(struct run *run, struct arena *a, const struct dataset_row *data)
{
	struct given *given = arena_zalloc(a, sizeof(*given));

	given->arena = a;
	given->data = *data;
	given->number = run->n_rows - 1;
	given->users = 1;
	run->given = given;
	start_next(run);
}

enum dataset_next
run_take(struct run *run, struct err *err)
{
	struct dataset_row data = {.index = -1};
	struct arena *a = arena_new(run->arena);
	enum dataset_next next = dataset_next(run->dataset, a, &data, err);
	bool mine = is_mine(run, next, data.index);

	run->n_rows += next == DATASET_ROW || next == DATASET_BAD;
	run->ended = next == DATASET_END || next == DATASET_BROKEN;
	if (mine && next == DATASET_ROW) {
		take_given(run, a, &data);
		return next;
	}
	if (mine && !progress_has(run->progress, data.index, 0))
		print_bad_line(run, &data, err);
	else
		err_free(err);
	arena_free(a);
	return next;
}

/* Halves what may run when the provider has refused. */
static void
heed_refusals(struct run *run)
{
	int64_t now = loop_now(run->engine->loop);

	if (run->engine->throttled == run->throttled)
		return;
	run->throttled = run->engine->throttled;
	if (now - run->cut_at < BACKOFF_MS)
		return;
	run->cut_at = now;
	run->limit = run->limit > 2 ? run->limit / 2 : 1;
}

/* A row that would not find money waits for those that run, which give back
 * what they do not need.  When none does it is told so. */
static bool
may_start(const struct run *run)
{
	if ((double)run->n_running + 1 > run->limit || run->held != NULL)
		return false;
	return run->n_running == 0 || spend_room(run->engine);
}

/* True: there is more to start at once. */
static bool
fill(struct run *run)
{
	enum dataset_next next = DATASET_ROW;
	struct err err = {0};

	for (int i = 0; i < BURST_ROWS; i++) {
		if ((run->ended && run->given == NULL) || !may_start(run) ||
		    next == DATASET_WAIT)
			return false;
		if (run->given != NULL)
			start_next(run);
		else
			next = run_take(run, &err);
		err_free(&err);
	}
	return true;
}

/* Something is still to come. */
static bool
more(const struct run *run)
{
	return !run->ended || run->given != NULL || run->n_running != 0 ||
	       (run->held != NULL && run->reason == NULL);
}

static void
heed_time(struct run *run)
{
	if (run->stop_at != 0 && loop_now(run->engine->loop) >= run->stop_at)
		stop(run, "time",
		    STR("the run has used its time "
			"(experiments.run_seconds)"));
}

/* Rows that run too long after that are given up. */
static bool
is_late(const struct run *run)
{
	return run->cut_off_at != 0 &&
	       loop_now(run->engine->loop) >= run->cut_off_at;
}

/* A client that leaves is nobody's failure. */
int
run_rows(struct run *run, struct err *err)
{
	bool there = true, eager;

	while (there && more(run) && !is_late(run)) {
		heed_refusals(run);
		heed_time(run);
		write_done_rows(run);
		eager = fill(run);
		run_let_go(run);
		there = stream_turn(
		    &run->stream, run->done == NULL && !eager && more(run));
	}
	write_done_rows(run);
	return !there && stream_stopped(&run->stream)
		   ? stream_fail(&run->stream, err)
		   : 0;
}

void
run_drop(struct run *run)
{
	const char *why =
	    run->reason != NULL ? "the run has ended" : "the client has left";

	while (run->running != NULL) {
		row_cancel(run->running->row, why);
		end_row(run, run->running);
	}
	give_back(run->given);
	run->given = NULL;
}
