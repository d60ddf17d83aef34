/* Finds the code for a job and answers what fails.  It refuses to know how a
 * request came in. */
#include "dispatch.h"

#include "../base/clock.h"
#include "../base/crypt.h"
#include "../base/json.h"
#include "../base/limits.h"
#include "../base/log.h"
#include "../base/utf.h"
#include "../base/xalloc.h"
#include "../store/store.h"
#include "alert.h"
#include "dataset_run.h"
#include "deliver.h"
#include "eval_run.h"
#include "mcp.h"
#include "metrics.h"
#include "prompt_name.h"
#include "prompt_run.h"
#include "runs.h"
#include "scope.h"
#include "trace_send.h"

#include <stdlib.h>
#include <string.h>

struct runner {
	struct engine engine;
	struct prompt_cache *prompts;
};

static int
run_get_evals(struct engine *engine, struct arena *a, const struct job *job,
    struct reply *reply, struct err *err)
{
	const struct settings *s = engine->settings;
	struct buf names, body;
	const char *name;

	(void)a;
	(void)job;
	(void)err;
	buf_init(&names, LIMIT_LINE_BYTES);
	buf_init(&body, LIMIT_LINE_BYTES);
	for (size_t i = 0; i < s->n_evals; i++) {
		buf_addc(&names, i == 0 ? '[' : ',');
		name = s->evals[i].name;
		json_print_string(&names, str_from(name));
	}
	buf_adds(&names, s->n_evals == 0 ? "[]" : "]");
	buf_adds(&body, "{\"type\":\"evals\",\"result\":");
	json_print_string(&body, buf_text(&names));
	buf_adds(&body, ",\"traceId\":\"\"}");
	reply->json(reply, 200, buf_text(&body));
	buf_free(&names);
	buf_free(&body);
	return 0;
}

static int (*const jobs[])(struct engine *, struct arena *, const struct job *,
    struct reply *, struct err *) = {
    [JOB_PROMPT_RUN] = prompt_run,
    [JOB_DATASET_RUN] = dataset_run,
    [JOB_GET_EVALS] = run_get_evals,
    [JOB_ALERT] = alert_job,
};
_Static_assert(ARRAY_LEN(jobs) == JOB__MAX, "a row for every job");

static bool
is_run(const struct job *job)
{
	return job->type == JOB_PROMPT_RUN || job->type == JOB_DATASET_RUN;
}

static int
run_job(struct runner *r, struct arena *a, struct job *job, struct reply *reply,
    struct err *err)
{
	r->engine.spend =
	    spend_new(&r->engine, a, job->signed_by, job->data, err);
	if (r->engine.spend == NULL)
		return -1;
	if (is_run(job) && job->ast == NULL &&
	    prompt_named(&r->engine, a, r->prompts, job, reply, err) < 0)
		return -1;
	return jobs[job->type](&r->engine, a, job, reply, err);
}

/* Such a text may quote a prompt, or what a model has said. */
static bool
may_quote(enum err_code code)
{
	return code == ERR_REQUEST || code == ERR_PROMPT ||
	       code == ERR_PROVIDER;
}

static void
log_error(const struct err *err)
{
	bool quiet = may_quote(err->code);

	log_line(LEVEL_WARNING, "failed",
	    quiet ? "code=%s status=%d" : "code=%s status=%d reason=\"%s\"",
	    err_name(err->code), err_status(err->code), err->msg);
	if (quiet)
		log_reason(LEVEL_DEBUG, "failed", err->msg);
}

static void
answer_error(const struct runner *r, struct reply *reply, struct err *err)
{
	if (err->code == ERR_BUDGET)
		reply->retry_after = spend_resets(r->engine.spend);
	log_error(err);
	reply_fail(reply, err);
	err_free(err);
}

void
runner_run(
    struct runner *r, struct arena *a, struct job *job, struct reply *reply)
{
	struct err err = {0};
	int rc;

	reply->facts.began = clock_wall_ms();
	reply->facts.type = job_type_name(job->type);
	reply->facts.caller = job->signed_by;
	rc = run_job(r, a, job, reply, &err);
	if (is_run(job))
		runs_end(&r->engine, reply, &err);
	if (rc < 0)
		answer_error(r, reply, &err);
	r->engine.spend = NULL;
}

void
dispatch(struct runner *r, struct arena *a, const struct verified *body,
    const char *traceparent, struct reply *reply)
{
	struct err err = {0};
	struct job job;

	if (job_decode(body, a, &job, &err) < 0) {
		answer_error(r, reply, &err);
		return;
	}
	if (job.signed_by == NULL)
		job.signed_by = scope_unsigned;
	r->engine.traceparent = traceparent;
	runner_run(r, a, &job, reply);
	r->engine.traceparent = NULL;
}

static double
chance(void)
{
	uint32_t n;

	crypt_random(&n, sizeof(n));
	return (double)n / UINT32_MAX;
}

struct runner *
runner_new(const struct settings *settings)
{
	struct runner *r = xcalloc(1, sizeof(*r));

	r->engine.loop = loop_new();
	r->engine.random = chance;
	r->engine.settings = settings;
	r->engine.store = store_new(settings->store);
	r->prompts = prompt_cache_new();
	deliver_configure(&r->engine, settings->routes, settings->n_routes);
	metrics_start(&r->engine);
	return r;
}

static bool
is_same_store(const struct settings *a, const struct settings *b)
{
	if (a->store == NULL || b->store == NULL)
		return a->store == b->store;
	return strcmp(a->store, b->store) == 0;
}

void
runner_configure(struct runner *r, const struct settings *settings)
{
	engine_workers_free(&r->engine);
	mcp_free_all(&r->engine);
	traces_free(&r->engine);
	metrics_free(&r->engine);
	deliver_free(&r->engine);
	if (!is_same_store(r->engine.settings, settings)) {
		store_free(r->engine.store);
		r->engine.store = store_new(settings->store);
	}
	r->engine.settings = settings;
	deliver_configure(&r->engine, settings->routes, settings->n_routes);
	metrics_start(&r->engine);
}

void
runner_count(struct runner *r, const char *method, int status)
{
	char text[16];

	(void)snprintf(text, sizeof(text), "%d", status);
	metric_add(&r->engine, METRIC_REQUESTS,
	    (const struct metric_label[]){
		{"method", method}, {"status", text}, {0}},
	    1);
}

void
runner_metrics(struct runner *r, struct buf *b)
{
	metrics_print(&r->engine, b);
}

struct loop *
runner_loop(struct runner *r)
{
	return r->engine.loop;
}

struct engine *
runner_engine(struct runner *r)
{
	return &r->engine;
}

void
runner_stop(struct runner *r)
{
	r->engine.stopping = true;
}

bool
runner_owes(struct runner *r)
{
	traces_flush(&r->engine);
	metrics_flush(&r->engine);
	return deliver_busy(&r->engine);
}

bool
runner_holds(const struct runner *r)
{
	return deliver_holds(&r->engine);
}

void
runner_deliver(struct runner *r, int64_t max_ms)
{
	traces_flush(&r->engine);
	metrics_flush(&r->engine);
	deliver_finish(&r->engine, max_ms);
}

void
runner_linger(struct runner *r, int64_t max_ms)
{
	int64_t lease =
	    store_lease(r->engine.store, "deliver:cgi", LIMIT_LINGERING);

	if (lease == 0)
		return;
	deliver_finish(&r->engine, max_ms);
	if (lease > 0)
		store_lease_end(r->engine.store, lease);
}

void
runner_free(struct runner *r)
{
	if (r == NULL)
		return;
	engine_workers_free(&r->engine);
	mcp_free_all(&r->engine);
	traces_free(&r->engine);
	metrics_free(&r->engine);
	deliver_free(&r->engine);
	loop_free(r->engine.loop);
	prompt_cache_free(r->prompts);
	store_free(r->engine.store);
	free(r->engine.logged);
	free(r);
}
