/* Renders a row's prompt, asks the model, scores the answer.  It refuses to
 * know where rows come from and how many there are. */
#include "row.h"

#include "../base/clock.h"
#include "../base/json.h"
#include "../base/limits.h"
#include "../base/pointer.h"
#include "../base/utf.h"
#include "../wire/item_name.h"
#include "scores.h"
#include "metrics.h"
#include "steps.h"
#include "trace_root.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

struct row {
	struct sink sink; /* first */
	const struct row_plan *plan;
	struct arena *arena;
	struct dataset_row data;
	int64_t number, repeat;
	int64_t began, latency; /* ms; -1: there is none */
	struct bill bill;
	char hash[RECORD_HASH_LEN + 1];
	struct ask ask;
	struct steps *steps;
	struct result result;
	struct eval_case c;
	struct eval_run **evals;
	size_t pending; /* evals that run */
	char trace_id[TRACE_ID_LEN + 1];
	struct trace *trace; /* NULL: nothing is recorded */
	void (*done)(void *arg, struct row *row);
	void *arg;
};

static void
fail_row(struct row *row, const struct err *err)
{
	struct event ev = {.type = EVENT_ERROR};

	ev.text = str_from(err->msg);
	result_add(&row->result, &ev);
}

/* --- evals */

static json_t *
output(struct row *row)
{
	const struct result *r = &row->result;

	if (r->object)
		return r->value;
	return json_own(
	    row->arena, json_stringn_nocheck(buf_str(&r->text), r->text.len));
}

static int64_t
total_tokens(const struct usage *u)
{
	return u->total >= 0 ? u->total : u->input + u->output;
}

/* Those that are built in look at none. */
static json_t *
props(struct row *row)
{
	const struct row_plan *plan = row->plan;

	for (size_t i = 0; i < plan->n_evals; i++)
		if (plan->evals[i]->kind != EVAL_BUILTIN)
			return json_own(row->arena,
			    js_to_json(row->arena, row->data.input));
	return NULL;
}

static void
make_case(struct row *row)
{
	const struct result *r = &row->result;

	row->c = (struct eval_case){
	    .input = row->ask.messages,
	    .output = output(row),
	    .expected = row->data.expected,
	    .props = props(row),
	    .metadata = row->data.metadata,
	    .tool_calls = r->calls,
	    .latency_ms = row->latency,
	    .input_tokens = r->usage.input,
	    .output_tokens = r->usage.output,
	    .total_tokens = total_tokens(&r->usage),
	    .span = trace_root(row->trace),
	    .bill = &row->bill,
	};
}

static void
post_scores(const struct row *row)
{
	const struct row_plan *plan = row->plan;

	for (size_t i = 0; i < plan->n_evals; i++)
		scores_put(
		    plan->engine, row->trace_id, eval_result(row->evals[i]));
}

static void
eval_ended(void *arg)
{
	struct row *row = arg;

	if (--row->pending != 0)
		return;
	post_scores(row);
	row->done(row->arg, row);
}

/* They run side by side; one more is counted while they are started. */
static void
start_evals(struct row *row)
{
	const struct row_plan *plan = row->plan;

	row->pending = 1;
	if (plan->n_evals != 0)
		make_case(row);
	row->evals =
	    arena_array(row->arena, plan->n_evals, sizeof(*row->evals));
	memset(row->evals, 0, plan->n_evals * sizeof(*row->evals));
	for (size_t i = 0; i < plan->n_evals; i++) {
		row->evals[i] = eval_start(plan->engine, row->arena,
		    plan->evals[i], &row->c, eval_ended, row);
		if (!eval_done(row->evals[i]))
			row->pending++;
	}
	eval_ended(row);
}

/* --- the call */

static void
row_event(struct sink *self, const struct event *ev)
{
	struct row *row = (struct row *)self;

	result_add(&row->result, ev);
	if (ev->type != EVENT_FINISH && ev->type != EVENT_ERROR)
		return;
	row->latency = clock_mono_ms() - row->began;
	if (row->result.failed)
		row->done(row->arg, row);
	else
		start_evals(row);
}

static int
start_call(struct row *row, struct err *err)
{
	const struct row_plan *plan = row->plan;
	struct span *root = trace_root(row->trace), *span;
	struct js compiled;
	int rc;

	span = span_start(root, "render");
	if (prompt_format(row->arena, plan->prompt, row->data.input, &compiled,
		err) < 0) {
		span_fail_with(span, err);
		return -1;
	}
	span_end(span);
	rc = ask_messages(row->arena, compiled, &row->ask, err);
	root_ask(root, row->arena, &row->ask, row->data.input);
	if (rc < 0)
		return -1;
	row->ask.span = root;
	ask_props(row->arena, plan->prompt, row->data.input, &row->ask);
	row->ask.row = &row->data.input;
	row->ask.repeat = row->repeat;
	row->ask.bill = &row->bill;
	row->began = clock_mono_ms();
	row->steps = steps_start(
	    plan->engine, row->arena, &row->ask, plan->tools, &row->sink, err);
	return row->steps != NULL ? 0 : -1;
}

static void
start_trace(struct row *row)
{
	const struct row_plan *plan = row->plan;
	char name[ITEM_NAME_LEN + 1];
	struct span *root;

	row->trace = trace_start(plan->engine, row->arena, "", row->trace_id);
	root = trace_root(row->trace);
	if (root == NULL)
		return;
	item_name(row->arena, row->data.input, row->number, name);
	span_name(root, arena_printf(row->arena, "experiment-%s-%" PRId64,
			    plan->run_name, row->number));
	span_link(root, plan->engine->traceparent);
	root_request(root, plan->data);
	root_prompt(root, row->arena, plan->prompt);
	root_row(root, row->arena,
	    &(struct root_row){
		.run_id = plan->run_id,
		.run_name = plan->run_name,
		.dataset = plan->dataset,
		.item = name,
		.expected = row->data.expected,
		.input = row->data.input,
	    });
}

static void
run(struct row *row)
{
	struct err err = {0};

	row->latency = -1;
	row->bill = (struct bill){0};
	result_init(&row->result, prompt_kind_name(row->ask.kind));
	if (start_call(row, &err) < 0) {
		fail_row(row, &err);
		row->done(row->arg, row);
	}
	err_free(&err);
}

struct row *
row_start(const struct row_plan *plan, const struct row_job *job)
{
	struct row *row = arena_zalloc(job->arena, sizeof(*row));

	row->sink.event = row_event;
	row->plan = plan;
	row->arena = job->arena;
	row->data = *job->data;
	row->number = job->number;
	row->repeat = job->repeat;
	row->ask = *plan->ask;
	row->done = job->done;
	row->arg = job->arg;
	start_trace(row);
	run(row);
	return row;
}

bool
row_refused(const struct row *row)
{
	return row->result.failed && row->bill.refused && row->bill.calls == 0;
}

void
row_again(struct row *row)
{
	steps_free(row->steps);
	row->steps = NULL;
	result_free(&row->result);
	row->ask = *row->plan->ask;
	run(row);
}

bool
row_failed(const struct row *row)
{
	return row->result.failed;
}

struct str
row_error(const struct row *row)
{
	return buf_text(&row->result.error);
}

const struct usage *
row_usage(const struct row *row)
{
	return &row->result.usage;
}

/* --- its line */

static void
print_ids(struct buf *b, const struct row *row)
{
	buf_adds(b, ",\"traceId\":\"");
	buf_adds(b, row->trace_id);
	buf_adds(b, "\",\"runId\":\"");
	buf_adds(b, row->plan->run_id);
	buf_adds(b, "\",\"runName\":");
	json_print_string(b, str_from(row->plan->run_name));
}

/* The hash is made of what is printed, which is there. */
static void
print_input(struct buf *b, struct row *row, unsigned hide)
{
	size_t at = b->len;

	if ((hide & ROW_HIDE_INPUTS) != 0)
		return;
	buf_adds(b, "\"input\":");
	at = b->len;
	(void)js_stringify(row->arena, b, row->data.input);
	if (row->plan->records && row->hash[0] == '\0')
		record_hash(row->hash,
		    (struct str){buf_str(b) + at, b->len - at},
		    row->data.expected);
	buf_addc(b, ',');
}

static void
print_error(struct buf *b, struct row *row, unsigned hide)
{
	const struct result *r = &row->result;
	char name[ITEM_NAME_LEN + 1];

	item_name(row->arena, row->data.input, row->number, name);
	buf_adds(b, "{\"type\":\"error\",\"error\":");
	json_print_string(b, buf_text(&r->error));
	buf_addf(b, ",\"index\":%" PRId64 ",\"itemName\":\"%s\",",
	    row->data.index, name);
	print_input(b, row, hide);
	b->len--; /* the last comma */
	print_ids(b, row);
}

static void
print_output(struct buf *b, const struct result *r)
{
	if (!r->object) {
		buf_adds(b, "\"actualOutput\":");
		json_print_string(b, buf_text(&r->text));
		buf_addc(b, ',');
	} else if (r->value != NULL) {
		buf_adds(b, "\"actualOutput\":");
		json_print(b, r->value);
		buf_addc(b, ',');
	}
}

/* Reasons quote what they judge. */
static void
print_eval(struct buf *b, const json_t *eval, unsigned hide)
{
	json_t *bare;

	if (hide == 0) {
		json_print(b, eval);
		return;
	}
	bare = json_copy((json_t *)eval);
	(void)json_object_del(bare, "reason");
	json_print(b, bare);
	json_decref(bare);
}

static void
print_result(struct buf *b, struct row *row, unsigned hide)
{
	const struct result *r = &row->result;

	buf_adds(b, "{\"type\":\"dataset\",\"result\":{");
	print_input(b, row, hide);
	if (row->data.expected != NULL && (hide & ROW_HIDE_INPUTS) == 0) {
		buf_adds(b, "\"expectedOutput\":");
		json_print(b, row->data.expected);
		buf_addc(b, ',');
	}
	if ((hide & ROW_HIDE_OUTPUTS) == 0)
		print_output(b, r);
	if (!r->media && !r->usage.unknown) {
		buf_adds(b, "\"tokens\":");
		json_print_int(b, total_tokens(&r->usage));
		buf_addc(b, ',');
	}
	buf_adds(b, "\"evals\":[");
	for (size_t i = 0; i < row->plan->n_evals; i++) {
		if (i != 0)
			buf_addc(b, ',');
		print_eval(b, eval_result(row->evals[i]), hide);
	}
	buf_adds(b, "]}");
	print_ids(b, row);
}

void
row_print(struct buf *b, struct row *row, unsigned hide)
{
	if (row->result.failed)
		print_error(b, row, hide);
	else
		print_result(b, row, hide);
}

/* --- its record */

static json_t *
part(struct row *row, struct str name)
{
	if (str_is(name, "input"))
		return json_own(
		    row->arena, js_to_json(row->arena, row->data.input));
	if (str_is(name, "expected_output"))
		return row->data.expected;
	return str_is(name, "metadata") ? row->data.metadata : NULL;
}

/* Text as it is, anything else as its JSON. */
static const char *
cluster(struct row *row)
{
	const char *p = row->plan->cluster;
	const json_t *value;
	struct buf b;
	size_t len;

	if (p == NULL)
		return NULL;
	len = strcspn(++p, "/");
	value = json_follow(part(row, (struct str){p, len}), p + len);
	if (value == NULL || json_is_null(value))
		return NULL;
	if (json_is_string(value))
		return json_string_value(value);
	buf_init(&b, LIMIT_LINE_BYTES);
	json_print(&b, value);
	p = arena_strndup(row->arena, buf_str(&b), b.len);
	buf_free(&b);
	return p;
}

const json_t *
row_evals(struct row *row)
{
	json_t *list;

	if (row->result.failed)
		return NULL;
	list = json_array();
	for (size_t i = 0; i < row->plan->n_evals; i++)
		(void)json_array_append(
		    list, (json_t *)eval_result(row->evals[i]));
	return json_own(row->arena, list);
}

void
row_record(struct row *row, struct record *r)
{
	const struct result *result = &row->result;
	bool counted =
	    result->finished && !result->media && !result->usage.unknown;

	*r = (struct record){
	    .index = row->data.index,
	    .repeat = row->repeat,
	    .hash = row->hash,
	    .cluster = cluster(row),
	    .failed = result->failed,
	    .cached = row->bill.cached > 0 && row->bill.calls == 0,
	    .ms = row->latency,
	    .input = counted ? result->usage.input : -1,
	    .output = counted ? result->usage.output : -1,
	    .cost = row->bill.unknown ? (double)NAN : row->bill.usd,
	};
}

void
row_trace(struct row *row)
{
	metric_add(row->plan->engine, METRIC_ROWS,
	    (const struct metric_label[]){
		{"status", row->result.failed ? "error" : "ok"}, {0}},
	    1);
	root_result(trace_root(row->trace), &row->result, !row->result.failed);
	trace_end(row->plan->engine, row->trace);
	row->trace = NULL;
}

void
row_cancel(struct row *row, const char *why)
{
	span_fail(trace_root(row->trace), str_from(why));
	row_trace(row);
}

void
row_free(struct row *row)
{
	if (row == NULL)
		return;
	for (size_t i = 0; row->evals != NULL && i < row->plan->n_evals; i++)
		eval_free(row->evals[i]);
	steps_free(row->steps);
	result_free(&row->result);
	arena_free(row->arena);
}
