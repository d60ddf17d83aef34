/* Turns what is known of a request into a row of the store.  It refuses to know
 * what a run does and how its row is shown. */
#include "runs.h"

#include "../base/clock.h"
#include "../base/log.h"
#include "../store/store.h"
#include "scope.h"
#include "telemetry.h"

#include <unistd.h>

/* Texts of failures may quote prompts and answers. */
static const char *
shown(const struct engine *engine, const char *error)
{
	const struct telemetry *t = engine->settings->telemetry;

	return t != NULL && (t->hide_inputs || t->hide_outputs) ? "(hidden)"
								: error;
}

static void
note(struct engine *engine, const struct reply *reply, const char *status,
    const char *error)
{
	const struct reply_facts *facts = &reply->facts;
	struct store_run run = {
	    .id = facts->id,
	    .kind = facts->type,
	    .name = facts->name,
	    .model = facts->model,
	    .caller = facts->caller,
	    .status = status,
	    .error = error,
	    .began = facts->began,
	    .ended = clock_wall_ms(),
	    .input = facts->input_tokens,
	    .output = facts->output_tokens,
	    .rows = facts->rows,
	    .failed = facts->failed_rows,
	    .cost = spend_total(engine->spend),
	    .pid = (int64_t)getpid(),
	};

	if (run.id == NULL)
		run.id = log_context(LOG_REQUEST_ID);
	store_run_put(engine->store, &run);
}

void
runs_begin(struct engine *engine, const struct reply *reply)
{
	if (engine->settings->notes_runs)
		note(engine, reply, "running", NULL);
}

void
runs_end(
    struct engine *engine, const struct reply *reply, const struct err *err)
{
	const char *error = reply->facts.error;

	if (!engine->settings->notes_runs)
		return;
	if (err->code != ERR_NONE)
		error = err->msg;
	if (error != NULL)
		note(engine, reply, "error", shown(engine, error));
	else
		note(engine, reply, reply->gone ? "left" : "ok", NULL);
}
