/* The job dataset-run: what it is begun with, and its first and last lines.  It
 * refuses to know which row runs when. */
#include "dataset_run_int.h"

#include "../base/crypt.h"
#include "../base/json.h"
#include "../base/limits.h"
#include "../base/log.h"
#include "../base/utf.h"
#include "answers.h"
#include "beneath.h"
#include "estimate.h"
#include "runs.h"
#include "scope.h"
#include "slots.h"

#include <math.h>
#include <string.h>

enum {
	DEFAULT_CONCURRENCY = 20,
	/* Lines that are looked at for one that can run, before the reply
	 * begins. */
	LOOKAHEAD_LINES = 1000,
	/* Rows that run when a run's time is over have a tenth of it more. */
	GRACE_PART = 10
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
		*path = json_str(own);
		return 0;
	}
	if (js_truthy(js_from_json(run->arena, own)))
		return fail(err, ERR_PROMPT, "datasetPath must be a string");
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
make_uuid(char out[RUN_ID_LEN + 1])
{
	unsigned char id[16];
	char hex[33];

	crypt_random(id, sizeof(id));
	id[6] = (unsigned char)((id[6] & 0x0f) | 0x40); /* RFC 9562, 5.4 */
	id[8] = (unsigned char)((id[8] & 0x3f) | 0x80);
	hex_print(hex, id, sizeof(id));
	(void)snprintf(out, RUN_ID_LEN + 1, "%.8s-%.4s-%.4s-%.4s-%.12s", hex,
	    hex + 8, hex + 12, hex + 16, hex + 20);
}

/* --- the run */

/* Whether there may be nothing to run. */
static bool
is_partial(const struct run *run, const struct sampling *sampling)
{
	return sampling->mode != SAMPLING_ALL || run->experiment.shards > 1 ||
	       run->experiment.resume != NULL;
}

/* Looks for a first row that can run: where there is none, a status tells more
 * than a stream of errors.  What was met on the way waits in the stream. */
static int
find_first(struct run *run, const struct sampling *sampling, struct err *err)
{
	enum dataset_next next = DATASET_BAD;
	struct err bad = {0}, first = {0};
	int64_t looked = 0, told = 0;

	while (run->n_started == 0 && !run->ended && told < LOOKAHEAD_LINES) {
		next = run_take(run, &bad);
		told += bad.code != ERR_NONE;
		if (first.code == ERR_NONE)
			err_move(&first, &bad);
		err_free(&bad);
		if ((next == DATASET_WAIT || ++looked % BURST_ROWS == 0) &&
		    !stream_turn(&run->stream, next == DATASET_WAIT)) {
			err_free(&first);
			return stream_fail(&run->stream, err);
		}
	}
	if (run->n_started != 0 ||
	    (first.code == ERR_NONE && is_partial(run, sampling)) ||
	    (run->experiment.resume != NULL && next != DATASET_BROKEN)) {
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
	const struct experiment *e = &run->experiment;
	struct toolset *tools;

	if (experiment_read(run->arena, job->data, &run->experiment, err) < 0 ||
	    prompt_check(run->arena, job->ast, s->markdown, PROMPT_FOR_ROWS,
		&run->prompt, err) < 0 ||
	    ask_prepare(run->engine, run->arena, &run->prompt, &run->ask, err) <
		0 ||
	    ask_tools(run->engine, run->arena, &run->ask, 0, &tools, err) < 0 ||
	    stream_tools(&run->stream, tools, err) < 0)
		return -1;
	make_uuid(run->run_id);
	if (e->resume != NULL)
		memcpy(run->run_id, e->resume, sizeof(run->run_id));
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
	    .cluster = e->cluster,
	};
	find_evals(run);
	run->ceiling = fmin(
	    concurrency(run->arena, job->data), (double)s->max_concurrency);
	run->limit = run->ceiling;
	run->throttled = run->engine->throttled;
	return 0;
}

/* A sample that everyone draws anew has no parts. */
static int
check_sampling(const struct run *run, const struct sampling *s, struct err *err)
{
	if (run->experiment.shards > 1 && s->mode == SAMPLING_PERCENT &&
	    !s->has_seed)
		return fail(err, ERR_REQUEST,
		    "data.shard needs a seed where data.sampling draws a "
		    "sample");
	return 0;
}

/* What the request names is there and may be used; the rows that were done
 * before are known. */
static int
open_all(struct run *run, const struct job *job, struct sampling *sampling,
    struct err *err)
{
	const struct experiment *e = &run->experiment;
	struct str path;

	if (answers_use(run->engine, job->data, err) < 0 ||
	    prepare(run, job, err) < 0 ||
	    dataset_path(run, job->data, &path, err) < 0 ||
	    check_scope(run, path, err) < 0 ||
	    sampling_read(run->arena, json_object_get(job->data, "sampling"),
		sampling, err) < 0 ||
	    check_sampling(run, sampling, err) < 0)
		return -1;
	run->plan.dataset = arena_strndup(run->arena, path.p, path.len);
	run->progress = progress_open(run->arena, e, &run->plan, sampling, err);
	if (run->progress == NULL)
		return -1;
	run->plan.records = e->details || e->summary || e->statistics.early ||
			    progress_lasts(run->progress);
	if (isfinite(e->max_cost))
		spend_lower(run->engine->spend,
		    fmax(0, e->max_cost - progress_paid(run->progress)));
	run->dataset = dataset_open(run->engine, run->arena,
	    run->engine->settings->datasets, path, sampling, err);
	return run->dataset != NULL ? 0 : -1;
}

/* Lines of rows that were done before go before those of now, which are not
 * kept yet. */
static int
tell_again(struct run *run, struct err *err)
{
	struct buf now = run->stream.line;
	int rc;

	buf_init(&run->stream.line, LIMIT_LINE_BYTES);
	rc = progress_resend(run->progress, &run->stream, err);
	buf_free(&run->stream.line);
	run->stream.line = now;
	return rc;
}

static void
print_reason(const struct run *run, struct buf *b)
{
	buf_addf(
	    b, "{\"type\":\"end\",\"reason\":\"%s\",\"message\":", run->reason);
	json_print_string(b, str_from(run->why));
	if (progress_lasts(run->progress))
		buf_addf(b, ",\"resume\":\"%s\"", run->run_id);
	buf_adds(b, "}\n");
}

static void
print_end(struct run *run)
{
	struct buf *b = &run->stream.line;

	progress_end(
	    run->progress, run->reason != NULL ? run->reason : "complete");
	run_let_go(run);
	if (run->reason != NULL)
		print_reason(run, b);
	progress_summary(run->progress, b);
	stream_line(&run->stream);
}

static int
run_experiment(struct run *run, const struct job *job, struct err *err)
{
	struct sampling sampling;
	struct buf estimate;
	int rc = 0;

	if (open_all(run, job, &sampling, err) < 0)
		return -1;
	buf_init(&estimate, LIMIT_LINE_BYTES);
	if (run->experiment.summary)
		rc = estimate_print(&estimate, &run->experiment, &run->plan,
		    &sampling, &run->stream, err);
	if (rc == 0)
		rc = find_first(run, &sampling, err);
	if (rc == 0) {
		stream_head(&run->stream);
		run->stream.reply->write(
		    run->stream.reply, buf_text(&estimate));
		rc = tell_again(run, err);
	}
	buf_free(&estimate);
	if (rc < 0 || run_rows(run, err) < 0)
		return -1;
	if (!run->stream.reply->gone)
		print_end(run);
	return 0;
}

int
dataset_run(struct engine *engine, struct arena *a, const struct job *job,
    struct reply *reply, struct err *err)
{
	const struct settings *s = engine->settings;
	struct run run = {.engine = engine, .arena = a};
	int64_t now = loop_now(engine->loop);
	int lock = -1, rc;

	if (s->max_experiments > 0) {
		lock = slot_take(s->state_dir, s->max_experiments, err);
		if (lock < 0)
			return -1;
	}
	if (s->run_ms > 0) {
		run.stop_at = now + s->run_ms;
		run.cut_off_at = run.stop_at + s->run_ms / GRACE_PART;
	}
	stream_start(&run.stream, engine, reply);
	rc = run_experiment(&run, job, err);
	run_drop(&run);
	progress_close(run.progress);
	answers_end(engine);
	dataset_close(run.dataset);
	stream_stop(&run.stream);
	slot_release(lock);
	return rc;
}
