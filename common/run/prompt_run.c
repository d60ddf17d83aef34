/* Joins the renderer, the model and the wire for one prompt.  It refuses to
 * know who carries the reply and what any vendor's protocol looks like. */
#include "prompt_run.h"

#include "../base/crypt.h"
#include "../base/limits.h"
#include "../template/prompt.h"
#include "../wire/chunk.h"

#include <string.h>

enum { TRACE_BYTES = 16, TURN_MS = 60000 };

/* What kinds of prompt are called and where their configuration is. */
static const struct {
	enum prompt_kind kind;
	const char *config;
} kinds[] = {
    [TEMPLATE_OBJECT] = {PROMPT_OBJECT, "object_config"},
    [TEMPLATE_TEXT] = {PROMPT_TEXT, "text_config"},
    [TEMPLATE_IMAGE] = {PROMPT_IMAGE, "image_config"},
    [TEMPLATE_SPEECH] = {PROMPT_SPEECH, "speech_config"},
};

struct run {
	struct sink sink;
	struct engine *engine;
	struct reply *reply;
	struct ask ask;
	char trace_id[2 * TRACE_BYTES + 1];
	struct result result; /* of a one-shot run */
	struct buf line;      /* of a stream */
	struct timer heartbeat;
	int64_t last_flush; /* loop_now() */
	bool unflushed, gone;
};

static void
drop_json(void *json)
{
	json_decref(json);
}

static const json_t *
member_as_json(struct arena *a, struct js object, const char *key)
{
	json_t *json = js_to_json(a, js_get(object, key));

	if (json == NULL)
		return NULL;
	arena_on_free(a, drop_json, json);
	return json;
}

/* What this version can run at all. */
static int
check_abilities(const struct ask *ask, struct err *err)
{
	if (ask->kind == PROMPT_IMAGE || ask->kind == PROMPT_SPEECH)
		return fail(err, ERR_UNSUPPORTED,
		    "%s prompts cannot be run by this version",
		    prompt_kind_name(ask->kind));
	if (json_array_size(json_object_get(ask->config, "tools")) != 0)
		return fail(err, ERR_UNSUPPORTED,
		    "tools cannot be run by this version; the prompt names "
		    "some in `tools`");
	if (json_array_size(ask->messages) == 0)
		return fail(err, ERR_PROMPT,
		    "Invalid prompt: messages must not be empty"); /* D4 */
	return 0;
}

/* Renders the prompt and finds who is to answer it. */
static int
make_ask(
    struct run *run, struct arena *a, const struct job *job, struct err *err)
{
	const struct settings *settings = run->engine->settings;
	struct ask *ask = &run->ask;
	struct prompt prompt;
	const char *name;

	if (prompt_load(
		a, job->ast, settings->markdown, job->props, &prompt, err) < 0)
		return -1;
	ask->kind = kinds[prompt.kind].kind;
	ask->stream = job->stream;
	ask->config =
	    member_as_json(a, prompt.compiled, kinds[prompt.kind].config);
	ask->messages = member_as_json(a, prompt.compiled, "messages");
	if (check_abilities(ask, err) < 0)
		return -1;
	name = json_string_value(json_object_get(ask->config, "model_name"));
	if (name == NULL)
		return fail(err, ERR_PROMPT, "%s.model_name is missing",
		    kinds[prompt.kind].config);
	return model_resolve(
	    &settings->models, name, &ask->provider, &ask->model, err);
}

/* --- the stream */

static void
flush(struct run *run)
{
	if (!run->unflushed)
		return;
	run->unflushed = false;
	run->reply->flush(run->reply);
	run->last_flush = loop_now(run->engine->loop);
}

static void
write_line(struct run *run)
{
	run->reply->write(
	    run->reply, (struct str){buf_str(&run->line), run->line.len});
	buf_clear(&run->line);
	run->unflushed = true;
}

static void
stream_event(struct sink *self, const struct event *ev)
{
	struct run *run = (struct run *)self;

	chunk_print(&run->line, run->ask.kind == PROMPT_OBJECT, ev);
	if (run->line.len != 0)
		write_line(run);
}

static void
on_client(void *arg, bool gone)
{
	struct run *run = arg;

	run->gone = run->gone || gone;
}

static void
wait_for_end(struct run *run, struct exec *x)
{
	struct watch *watch = NULL;

	if (run->reply->fd >= 0)
		watch = loop_watch(
		    run->engine->loop, run->reply->fd, on_client, run);
	while (!exec_done(x) && !run->gone && !run->reply->gone) {
		engine_turn(run->engine, TURN_MS);
		flush(run);
	}
	loop_unwatch(watch);
}

static void set_heartbeat(struct run *run);

/* Web servers notice at a write that a client left a silent model. */
static void
beat(void *arg)
{
	struct run *run = arg;
	int64_t silent = loop_now(run->engine->loop) - run->last_flush;

	if (silent >= run->engine->settings->heartbeat_ms) {
		buf_addc(&run->line, '\n');
		write_line(run);
		flush(run);
	}
	set_heartbeat(run);
}

static void
set_heartbeat(struct run *run)
{
	int64_t ms = run->engine->settings->heartbeat_ms;

	if (ms > 0)
		timer_set(run->engine->loop, &run->heartbeat,
		    run->last_flush + ms, beat, run);
}

static int
run_stream(struct run *run, struct arena *a, struct err *err)
{
	struct exec *x;

	run->sink.event = stream_event;
	x = exec_start(run->engine, a, &run->ask, &run->sink, err);
	if (x == NULL)
		return -1;
	run->reply->stream(run->reply);
	run->unflushed = true;
	flush(run);
	set_heartbeat(run);
	wait_for_end(run, x);
	exec_free(x);
	timer_clear(run->engine->loop, &run->heartbeat);
	chunk_print_done(&run->line, run->trace_id);
	write_line(run);
	flush(run);
	return 0;
}

/* --- one reply */

static void
gather_event(struct sink *self, const struct event *ev)
{
	struct run *run = (struct run *)self;

	result_add(&run->result, ev);
}

static int
answer(struct run *run, struct err *err)
{
	struct result *result = &run->result;

	if (result->failed)
		return fail_text(err, ERR_PROVIDER,
		    (struct str){buf_str(&result->error), result->error.len});
	result_print(&run->line, result, run->trace_id);
	if (buf_full(&run->line))
		return fail(err, ERR_PROVIDER, "the answer is too large");
	run->reply->json(
	    run->reply, 200, (struct str){buf_str(&run->line), run->line.len});
	return 0;
}

static int
run_once(struct run *run, struct arena *a, struct err *err)
{
	struct exec *x;
	int rc = -1;

	run->sink.event = gather_event;
	result_init(&run->result, run->ask.kind == PROMPT_OBJECT);
	x = exec_start(run->engine, a, &run->ask, &run->sink, err);
	if (x == NULL)
		goto out;
	wait_for_end(run, x);
	rc = exec_done(x) ? answer(run, err)
			  : fail(err, ERR_GONE, "the client has left");
	exec_free(x);
out:
	result_free(&run->result);
	return rc;
}

int
prompt_run(struct engine *engine, struct arena *a, const struct job *job,
    struct reply *reply, struct err *err)
{
	struct run run = {.engine = engine, .reply = reply};
	unsigned char id[TRACE_BYTES];
	int rc;

	if (make_ask(&run, a, job, err) < 0)
		return -1;
	crypt_random(id, sizeof(id));
	hex_print(run.trace_id, id, sizeof(id));
	buf_init(&run.line, LIMIT_LINE_BYTES);
	rc = run.ask.stream ? run_stream(&run, a, err) : run_once(&run, a, err);
	buf_free(&run.line);
	return rc;
}
