/* Keeps as many rows at work as may be, and writes each as it ends.  It
 * refuses to know how a row is read, answered or scored. */
#include "dataset_run.h"

#include "../base/crypt.h"
#include "../base/json.h"
#include "../base/limits.h"
#include "../base/log.h"
#include "../base/utf.h"
#include "answers.h"
#include "beneath.h"
#include "row.h"
#include "runs.h"
#include "scope.h"
#include "slots.h"
#include "stream.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

enum {
	DEFAULT_CONCURRENCY = 20,
	UUID_LEN = 36,
	/* Lines that are looked at for one that can run, before the reply
	 * begins. */
	LOOKAHEAD_LINES = 1000,
	/* A crowd of refusals counts as one. */
	BACKOFF_MS = 500,
	/* Rows that are started before lines that are ready are written. */
	BURST_ROWS = 256
};

/* A row that runs. */
struct slot {
	struct row *row;
	struct slot *next_done;
	struct slot *prev, *next;
	struct run *run;
};

struct run {
	struct stream stream;
	struct engine *engine;
	struct arena *arena;
	struct prompt prompt;
	struct ask ask;
	struct row_plan plan;
	struct dataset *dataset;
	char run_id[UUID_LEN + 1];

	struct slot *running, *done; /* lists */
	size_t n_running;
	int64_t n_rows; /* taken from the dataset so far */

	/* How many may run: falls when the provider refuses, and comes back. */
	double limit, ceiling;
	uint64_t throttled;
	int64_t cut_at; /* loop_now() */

	bool ended; /* no more rows come */
};

/* --- what the request says */

static const char *
text_member(const json_t *data, const char *key)
{
	return json_string_value(json_object_get(data, key));
}

/* experimentId, or the first era's name; "" is a name (3.1). */
static const char *
run_name(const json_t *data)
{
	const char *name = text_member(data, "experimentId");

	if (name == NULL)
		name = text_member(data, "datasetRunName");
	return name != NULL ? name : "local-experiment";
}

/* max(1, floor(c) || 1), where only an absent key means the default. */
static double
concurrency(struct arena *a, const json_t *data)
{
	const json_t *json = json_object_get(data, "concurrency");
	double c = DEFAULT_CONCURRENCY;

	if (json != NULL)
		c = floor(js_to_number(a, js_from_json(a, json)));
	return c >= 1 ? c : 1;
}

/* datasetPath || test_settings.dataset */
static int
dataset_path(const struct run *run, const json_t *data, struct str *path,
    struct err *err)
{
	const json_t *own = json_object_get(data, "datasetPath");
	struct js other;

	if (json_string_length(own) != 0) {
		*path = (struct str){
		    json_string_value(own), json_string_length(own)};
		return 0;
	}
	other =
	    js_get(js_get(run->prompt.frontmatter, "test_settings"), "dataset");
	if (other.type != JS_STRING || !js_truthy(other))
		return fail(err, ERR_PROMPT,
		    "the dataset is named neither by datasetPath nor by "
		    "test_settings.dataset of the prompt");
	*path = utf8_from(run->arena, other.string);
	return 0;
}

/* A NUL would end the name for us and not for the API. */
static int
check_scope(const struct run *run, struct str path, struct err *err)
{
	const char *resolved = beneath_path(run->arena, path);

	if (memchr(path.p, '\0', path.len) != NULL)
		resolved = NULL;
	return scope_dataset(run->engine->spend, resolved, err);
}

/* The evals that test_settings names; an unknown one is skipped (3.6). */
static void
find_evals(struct run *run)
{
	struct js names =
	    js_get(js_get(run->prompt.frontmatter, "test_settings"), "evals");
	const struct eval_conf **evals;

	if (names.type != JS_ARRAY)
		return;
	evals = arena_array(run->arena, names.array->n, sizeof(*evals));
	for (size_t i = 0; i < names.array->n; i++) {
		struct str name = utf8_from(run->arena,
		    js_to_string(run->arena, names.array->items[i]));
		const struct eval_conf *conf =
		    settings_eval(run->engine->settings, name);

		if (conf != NULL)
			evals[run->plan.n_evals++] = conf;
		else
			log_reason(LEVEL_WARNING, "eval_unknown",
			    arena_strndup(run->arena, name.p, name.len));
	}
	run->plan.evals = evals;
}

static void
make_uuid(char out[UUID_LEN + 1])
{
	unsigned char id[16];
	char hex[33];

	crypt_random(id, sizeof(id));
	id[6] = (unsigned char)((id[6] & 0x0f) | 0x40); /* RFC 9562, 5.4 */
	id[8] = (unsigned char)((id[8] & 0x3f) | 0x80);
	hex_print(hex, id, sizeof(id));
	(void)snprintf(out, UUID_LEN + 1, "%.8s-%.4s-%.4s-%.4s-%.12s", hex,
	    hex + 8, hex + 12, hex + 16, hex + 20);
}

/* --- rows */

static void
row_done(void *arg, struct row *row)
{
	struct slot *slot = arg;
	struct run *run = slot->run;

	(void)row; /* the slot may not know it yet */
	slot->next_done = run->done;
	run->done = slot;
}

static void
start_row(struct run *run, struct arena *a, const struct dataset_row *data)
{
	struct slot *slot = arena_zalloc(a, sizeof(*slot));

	slot->run = run;
	slot->next = run->running;
	if (slot->next != NULL)
		slot->next->prev = slot;
	run->running = slot;
	run->n_running++;
	slot->row =
	    row_start(&run->plan, a, data, run->n_rows++, row_done, slot);
}

/* The slot lives in the arena of its row. */
static void
end_row(struct run *run, struct slot *slot)
{
	if (slot->next != NULL)
		slot->next->prev = slot->prev;
	if (slot->prev != NULL)
		slot->prev->next = slot->next;
	else
		run->running = slot->next;
	run->n_running--;
	row_free(slot->row);
}

static void
write_done_rows(struct run *run)
{
	struct slot *slot;

	while ((slot = run->done) != NULL) {
		run->done = slot->next_done;
		if (!row_failed(slot->row) && run->limit < run->ceiling)
			run->limit += 1 / run->limit;
		reply_add_usage(run->stream.reply, row_usage(slot->row));
		run->stream.reply->facts.rows++;
		run->stream.reply->facts.failed_rows += row_failed(slot->row);
		row_print(&run->stream.line, slot->row);
		stream_line(&run->stream);
		row_trace(slot->row);
		end_row(run, slot);
	}
}

/* A line of the dataset that cannot be run. */
static void
print_bad_line(
    struct run *run, const struct dataset_row *data, const struct err *err)
{
	struct buf *b = &run->stream.line;

	buf_adds(b, "{\"type\":\"error\",\"error\":");
	json_print_string(b, (struct str){err->msg, strlen(err->msg)});
	if (data->index >= 0)
		buf_addf(b, ",\"index\":%" PRId64, data->index);
	if (data->line > 0)
		buf_addf(b, ",\"line\":%" PRId64, data->line);
	buf_addf(b, ",\"runId\":\"%s\",\"runName\":", run->run_id);
	json_print_string(
	    b, (struct str){run->plan.run_name, strlen(run->plan.run_name)});
	buf_adds(b, "}\n");
}

/* Takes the next row and starts it.  A line that is no row is told in the
 * stream, or in ERR before the reply has begun. */
static enum dataset_next
take_row(struct run *run, struct err *err)
{
	struct dataset_row data = {.index = -1};
	struct arena *a = arena_new(run->arena);
	enum dataset_next next = dataset_next(run->dataset, a, &data, err);

	if (next == DATASET_ROW) {
		start_row(run, a, &data);
		return next;
	}
	if (next == DATASET_BAD || next == DATASET_BROKEN)
		print_bad_line(run, &data, err);
	run->ended = next == DATASET_END || next == DATASET_BROKEN;
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
	if ((double)run->n_running + 1 > run->limit)
		return false;
	return run->n_running == 0 || spend_room(run->engine);
}

static void
fill(struct run *run)
{
	struct err err = {0};

	for (int i = 0; i < BURST_ROWS && !run->ended && may_start(run); i++) {
		enum dataset_next next = take_row(run, &err);

		err_free(&err);
		stream_line(&run->stream);
		if (next == DATASET_WAIT)
			return;
	}
}

/* Something is still to come. */
static bool
more(const struct run *run)
{
	return !run->ended || run->n_running != 0;
}

/* A client that leaves is nobody's failure. */
static int
run_rows(struct run *run, struct err *err)
{
	bool there = true;

	while (there && more(run)) {
		heed_refusals(run);
		write_done_rows(run);
		fill(run);
		there =
		    stream_turn(&run->stream, run->done == NULL && more(run));
	}
	return !there && stream_stopped(&run->stream)
		   ? stream_fail(&run->stream, err)
		   : 0;
}

/* --- the run */

/* Looks for a first row that can run: where there is none, a status tells more
 * than a stream of errors.  What was met on the way waits in the stream. */
static int
find_first(struct run *run, const struct sampling *sampling, struct err *err)
{
	struct err bad = {0}, first = {0};
	enum dataset_next next = DATASET_BAD;

	for (int i = 0; i < LOOKAHEAD_LINES && next == DATASET_BAD; i++) {
		while ((next = take_row(run, &bad)) == DATASET_WAIT)
			if (!stream_turn(&run->stream, true))
				return stream_fail(&run->stream, err);
		if (first.code == ERR_NONE)
			err_move(&first, &bad);
		err_free(&bad);
	}
	if (next == DATASET_ROW ||
	    (next == DATASET_END && first.code == ERR_NONE &&
		sampling->mode != SAMPLING_ALL)) {
		err_free(&first);
		return 0;
	}
	if (first.code == ERR_NONE)
		return fail(err, ERR_PROMPT,
		    "the dataset is empty or contains no valid rows");
	err_move(err, &first);
	return -1;
}

static int
prepare(struct run *run, const struct job *job, struct err *err)
{
	const struct settings *s = run->engine->settings;
	struct toolset *tools;

	if (prompt_check(run->arena, job->ast, s->markdown, PROMPT_FOR_ROWS,
		&run->prompt, err) < 0 ||
	    ask_prepare(run->engine, run->arena, &run->prompt, &run->ask, err) <
		0 ||
	    ask_tools(run->engine, run->arena, &run->ask, 0, &tools, err) < 0 ||
	    stream_tools(&run->stream, tools, err) < 0)
		return -1;
	make_uuid(run->run_id);
	log_context_set(LOG_RUN_ID, run->run_id);
	run->stream.reply->facts.model = run->ask.model;
	run->stream.reply->facts.id = arena_strdup(run->arena, run->run_id);
	run->stream.reply->facts.name = run_name(job->data);
	runs_begin(run->engine, run->stream.reply);
	run->plan = (struct row_plan){
	    .engine = run->engine,
	    .prompt = &run->prompt,
	    .ask = &run->ask,
	    .tools = tools,
	    .run_id = run->run_id,
	    .run_name = run_name(job->data),
	    .data = job->data,
	};
	find_evals(run);
	run->ceiling = fmin(
	    concurrency(run->arena, job->data), (double)s->max_concurrency);
	run->limit = run->ceiling;
	run->throttled = run->engine->throttled;
	return 0;
}

static int
run_experiment(struct run *run, const struct job *job, struct err *err)
{
	struct sampling sampling;
	struct str path;

	if (answers_use(run->engine, job->data, err) < 0 ||
	    prepare(run, job, err) < 0 ||
	    dataset_path(run, job->data, &path, err) < 0 ||
	    check_scope(run, path, err) < 0 ||
	    sampling_read(run->arena, json_object_get(job->data, "sampling"),
		&sampling, err) < 0)
		return -1;
	run->plan.dataset = arena_strndup(run->arena, path.p, path.len);
	run->dataset = dataset_open(run->engine, run->arena,
	    run->engine->settings->datasets, path, &sampling, err);
	if (run->dataset == NULL || find_first(run, &sampling, err) < 0)
		return -1;
	stream_head(&run->stream);
	stream_line(&run->stream);
	return run_rows(run, err);
}

int
dataset_run(struct engine *engine, struct arena *a, const struct job *job,
    struct reply *reply, struct err *err)
{
	const struct settings *s = engine->settings;
	struct run run = {.engine = engine, .arena = a};
	int lock = -1, rc;

	if (s->max_experiments > 0) {
		lock = slot_take(s->state_dir, s->max_experiments, err);
		if (lock < 0)
			return -1;
	}
	stream_start(&run.stream, engine, reply);
	rc = run_experiment(&run, job, err);
	while (run.running != NULL) {
		row_cancel(run.running->row);
		end_row(&run, run.running);
	}
	answers_end(engine);
	dataset_close(run.dataset);
	stream_stop(&run.stream);
	if (lock >= 0)
		slot_release(lock);
	return rc;
}
