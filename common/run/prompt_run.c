/* Joins the renderer, the model and the wire for one prompt.  It refuses to
 * know who carries the reply and what any vendor's protocol looks like. */
#include "prompt_run.h"

#include "../base/log.h"
#include "../wire/chunk.h"
#include "answers.h"
#include "ask.h"
#include "metrics.h"
#include "runs.h"
#include "steps.h"
#include "stream.h"
#include "trace_root.h"

struct run {
	struct sink sink; /* first */
	struct stream stream;
	struct ask ask;
	struct toolset *tools;
	char trace_id[TRACE_ID_LEN + 1];
	struct trace *trace;  /* NULL: nothing is recorded */
	struct result result; /* of a one-shot run, or for the trace */
};

static int
make_ask(
    struct run *run, struct arena *a, const struct job *job, struct err *err)
{
	struct engine *engine = run->stream.engine;
	struct span *root = trace_root(run->trace), *span;
	struct ask *ask = &run->ask;
	struct prompt prompt;
	int rc;

	span = span_start(root, "render");
	if (prompt_load(a, job->ast, engine->settings->markdown, job->props,
		&prompt, err) < 0) {
		span_fail_with(span, err);
		return -1;
	}
	span_end(span);
	root_prompt(root, a, &prompt);
	if (ask_prepare(engine, a, &prompt, ask, err) < 0)
		return -1;
	if (ask->name != NULL && *ask->name != '\0')
		span_name(root, ask->name);
	rc = ask_messages(a, prompt.compiled, ask, err);
	root_ask(root, a, ask, job->props);
	if (rc < 0)
		return -1;
	ask->span = root;
	ask->stream = job->stream && !prompt_kind_is_media(ask->kind);
	ask_props(a, &prompt, job->props, ask);
	run->stream.reply->facts.model = ask->model;
	run->stream.reply->facts.name = ask->name;
	runs_begin(engine, run->stream.reply);
	if (ask_tools(engine, a, ask, 0, &run->tools, err) < 0)
		return -1;
	return stream_tools(&run->stream, run->tools, err);
}

static void
count_tokens(struct run *run, const struct event *ev)
{
	if (ev->type == EVENT_FINISH)
		reply_add_usage(run->stream.reply, &ev->finish.usage);
}

static void
stream_event(struct sink *self, const struct event *ev)
{
	struct run *run = (struct run *)self;

	count_tokens(run, ev);
	if (run->trace != NULL || ev->type == EVENT_ERROR)
		result_add(&run->result, ev);
	chunk_print(&run->stream.line, run->ask.kind == PROMPT_OBJECT, ev);
	stream_line(&run->stream);
}

/* False when the client has left, or when the server stops. */
static bool
wait_for_end(struct run *run, const struct steps *steps)
{
	while (!steps_done(steps))
		if (!stream_turn(&run->stream, true))
			return false;
	return true;
}

static int
run_stream(struct run *run, struct arena *a, struct err *err)
{
	struct stream *s = &run->stream;
	struct steps *steps;
	int rc = 0;

	run->sink.event = stream_event;
	result_init(&run->result, prompt_kind_name(run->ask.kind));
	steps =
	    steps_start(s->engine, a, &run->ask, run->tools, &run->sink, err);
	if (steps == NULL)
		return -1;
	stream_head(s);
	if (wait_for_end(run, steps)) {
		chunk_print_done(&s->line, run->trace_id);
		stream_line(s);
		stream_flush(s);
	} else if (stream_stopped(s)) {
		rc = stream_fail(s, err);
	} else {
		span_fail(trace_root(run->trace), STR("the client has left"));
	}
	steps_free(steps);
	return rc;
}

static void
gather_event(struct sink *self, const struct event *ev)
{
	struct run *run = (struct run *)self;

	count_tokens(run, ev);
	result_add(&run->result, ev);
}

static int
answer(struct run *run, struct err *err)
{
	struct result *result = &run->result;
	struct stream *s = &run->stream;

	if (result->failed)
		return fail_text(err, ERR_PROVIDER, buf_text(&result->error));
	result_print(&s->line, result, run->trace_id);
	if (buf_full(&s->line))
		return fail(err, ERR_PROVIDER, "the answer is too large");
	s->reply->json(s->reply, 200, buf_text(&s->line));
	return 0;
}

static int
run_once(struct run *run, struct arena *a, struct err *err)
{
	struct stream *s = &run->stream;
	struct steps *steps;
	int rc = -1;

	run->sink.event = gather_event;
	result_init(&run->result, prompt_kind_name(run->ask.kind));
	steps =
	    steps_start(s->engine, a, &run->ask, run->tools, &run->sink, err);
	if (steps != NULL)
		rc = wait_for_end(run, steps) ? answer(run, err)
					      : stream_fail(s, err);
	steps_free(steps);
	return rc;
}

static void
start_trace(struct run *run, struct arena *a, const struct job *job)
{
	struct engine *engine = run->stream.engine;
	struct span *root;

	run->trace = trace_start(engine, a, "prompt-run", run->trace_id);
	root = trace_root(run->trace);
	span_link(root, engine->traceparent);
	root_request(root, job->data);
}

/* A one-shot run that failed has no output (8.3). */
static void
end_trace(struct run *run, int rc, const struct err *err)
{
	struct span *root = trace_root(run->trace);

	if (rc < 0)
		span_fail_with(root, err);
	else if (run->result.type != NULL)
		root_result(root, &run->result, false);
	trace_end(run->stream.engine, run->trace);
}

static void
count_run(struct run *run, int rc)
{
	bool failed = rc < 0 || run->result.failed;
	const char *status = failed ? "error" : "ok";

	if (run->stream.reply->gone)
		status = "left"; /* as in the list of runs */
	metric_add(run->stream.engine, METRIC_RUNS,
	    (const struct metric_label[]){
		{"kind", run->result.type != NULL ? run->result.type : "none"},
		{"status", status}, {0}},
	    1);
}

int
prompt_run(struct engine *engine, struct arena *a, const struct job *job,
    struct reply *reply, struct err *err)
{
	struct run run = {0};
	int rc;

	stream_start(&run.stream, engine, reply);
	start_trace(&run, a, job);
	log_context_set(LOG_TRACE_ID, run.trace_id);
	reply->facts.id = arena_strdup(a, run.trace_id);
	rc = answers_use(engine, job->data, err);
	if (rc == 0)
		rc = make_ask(&run, a, job, err);
	if (rc == 0)
		rc = run.ask.stream ? run_stream(&run, a, err)
				    : run_once(&run, a, err);
	answers_end(engine);
	stream_stop(&run.stream);
	end_trace(&run, rc, err);
	count_run(&run, rc);
	if (run.result.failed)
		reply->facts.error = arena_strndup(
		    a, buf_str(&run.result.error), run.result.error.len);
	if (run.result.type != NULL)
		result_free(&run.result);
	return rc;
}
