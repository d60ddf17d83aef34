/* One run: the request, made here or elsewhere, and what comes back line by
 * line.  It refuses to know what else is run and how it is shown. */
#include "study.h"

#include "../common/base/json.h"
#include "../common/run/dispatch.h"
#include "../common/wire/job.h"
#include "cli_post.h"
#include "meter.h"

#include <math.h>
#include <string.h>

struct live {
	struct reply reply; /* first */
	struct study *study;
	struct cell *cell;
	struct meter meter;
	struct buf lines;  /* what is not a whole line yet */
	json_t *theirs;	   /* the endpoint's own summary */
	bool has_estimate; /* so that it will send one */
};

static void
tell(struct cell *cell, const char *what, const char *text)
{
	struct buf b;

	buf_init(&b, LIMIT_LINE_BYTES);
	buf_addf(&b, "%s%s", what, text);
	(void)json_array_append_new(
	    cell->run.problems, json_stringn_nocheck(buf_str(&b), b.len));
	buf_free(&b);
}

static void
cut(struct cell *cell, const char *what, const char *text)
{
	cell->cut = true;
	tell(cell, what, text);
}

static void
tell_error(struct cell *cell, struct err *err)
{
	cut(cell, "", err->msg);
	err_free(err);
}

/* --- lines */

static const char *
text_of(const json_t *line, const char *key)
{
	return json_string_value(json_object_get(line, key));
}

static void
keep_text(struct study *s, const char **to, const char *text)
{
	if (*to == NULL && text != NULL)
		*to = arena_strdup(s->arena, text);
}

/* {"type":"end"}: it is decided or something ran out. */
static void
take_end(struct live *l, const json_t *line)
{
	const char *reason = text_of(line, "reason");
	struct cell *cell = l->cell;

	keep_text(l->study, &cell->run.ended, text_of(line, "message"));
	keep_text(l->study, &cell->run.ended, reason);
	keep_text(l->study, &cell->run.run_id, text_of(line, "resume"));
	cell->run.resumable = json_object_get(line, "resume") != NULL;
	if (reason == NULL || strcmp(reason, "decided") != 0)
		cell->cut = true;
}

static void
take_estimate(struct live *l, const json_t *line)
{
	int64_t rows = json_integer_value(json_object_get(line, "rows"));
	int64_t repeat = json_integer_value(json_object_get(line, "repeat"));

	l->has_estimate = true;
	keep_text(l->study, &l->cell->run.run_id, text_of(line, "runId"));
	if (rows > 0 && rows < INT32_MAX && repeat < INT32_MAX)
		l->meter.total = rows * (repeat > 1 ? repeat : 1);
}

static void
take_row(struct live *l, const json_t *line, const struct record *r)
{
	struct cell *cell = l->cell;
	struct err err = {0};

	cell->started = true;
	cell->row_failed = cell->row_failed || r->failed;
	if (isfinite(r->cost) && !r->cached)
		cell->cost += r->cost;
	keep_text(l->study, &cell->run.run_id, text_of(line, "runId"));
	if (summary_add(cell->summary, r, &err) == -1)
		tell_error(cell, &err);
	meter_row(&l->meter, r);
}

static void
take_other(struct live *l, const char *type, json_t *line)
{
	const char *message = text_of(line, "error");

	if (strcmp(type, "estimate") == 0) {
		take_estimate(l, line);
	} else if (strcmp(type, "end") == 0) {
		take_end(l, line);
	} else if (strcmp(type, "summary") == 0) {
		json_decref(l->theirs);
		l->theirs = json_incref(line);
	} else if (strcmp(type, "error") == 0) {
		cut(l->cell, "", message != NULL ? message : "it failed");
	}
}

static void
take_line(struct live *l, struct str text)
{
	struct study *s = l->study;
	struct err err = {0};
	json_t *line = json_read(text, &err);
	const char *type = line != NULL ? text_of(line, "type") : NULL;
	struct record r;
	int rc;

	if (type == NULL) {
		cut(l->cell, "a line of the answer is none that is known", "");
		err_free(&err);
		json_decref(line);
		return;
	}
	rc = rows_take(l->cell->run.rows, line, text, &r, &err);
	if (rc == 1)
		take_row(l, line, &r);
	else if (rc == 0)
		take_other(l, type, line);
	else
		tell_error(l->cell, &err);
	if (s->streams && strcmp(type, "summary") != 0) {
		meter_clear(&l->meter);
		study_line(s, text);
	}
	json_decref(line);
}

static void
on_write(struct reply *reply, struct str text)
{
	struct live *l = (struct live *)reply;
	const char *end;
	size_t len, done = 0;

	buf_add(&l->lines, text.p, text.len);
	if (buf_full(&l->lines)) {
		cut(l->cell, "a line of the answer is too long", "");
		reply->gone = true;
		return;
	}
	while (done < l->lines.len && (end = memchr(l->lines.data + done, '\n',
					   l->lines.len - done)) != NULL) {
		len = (size_t)(end - l->lines.data) - done;
		if (len > 0) /* else a heartbeat */
			take_line(l, (struct str){l->lines.data + done, len});
		done += len + 1;
	}
	buf_drop(&l->lines, done);
}

static void
on_json(struct reply *reply, int status, struct str body)
{
	struct live *l = (struct live *)reply;
	struct err err = {0};
	json_t *json = json_read(body, &err);
	const char *message = text_of(json, "message");

	if (message == NULL)
		message = text_of(json, "error");
	if (message != NULL)
		cut(l->cell, "", message);
	else
		cut(l->cell, "the answer is no stream of lines",
		    status >= 200 && status <= 299 ? "" : ", but an error");
	json_decref(json);
	err_free(&err);
}

static void
on_stream(struct reply *reply)
{
	reply->started = true;
}

static void
on_flush(struct reply *reply)
{
	(void)reply;
}

/* --- the request */

static json_t *
make_data(const struct study *s, const struct cell *cell)
{
	json_t *data = json_copy(s->o.data);
	double left = s->experiment.max_cost;

	for (size_t i = 0; i < s->n_cells; i++)
		left -= s->cells[i].cost;
	if (isfinite(left))
		(void)json_object_set_new(
		    data, "maxCostUsd", json_real(left > 0 ? left : 0));
	if (json_object_get(data, "experimentId") == NULL)
		(void)json_object_set_new(data, "experimentId",
		    json_string_nocheck(cell->run.prompt));
	(void)json_object_set_new(data, "details", json_true());
	(void)json_object_set_new(data, "summary", json_true());
	return data;
}

static void
run_here(struct live *l, const json_t *data)
{
	struct arena *a = arena_new(NULL);
	struct job job = {.type = JOB_DATASET_RUN,
	    .ast = l->cell->ast,
	    .props = JS_UNDEF,
	    .stream = true,
	    .data = data};

	runner_run(l->study->runner, a, &job, &l->reply);
	arena_free(a);
}

static void
run_elsewhere(struct live *l, const json_t *data)
{
	struct study *s = l->study;
	struct arena *a = arena_new(NULL);
	struct buf body, members;

	buf_init(&body, LIMIT_LINE_BYTES);
	buf_init(&members, LIMIT_LINE_BYTES);
	json_print(&members, data);
	buf_adds(&body, "{\"type\":\"dataset-run\",\"data\":{\"ast\":");
	ast_print(a, &body, l->cell->ast);
	buf_addf(&body, ",%s}", buf_str(&members) + 1); /* without its { */
	if (buf_full(&body))
		cut(l->cell, "the prompt is too large to be sent", "");
	else
		cli_post(s->loop,
		    &(struct cli_post){s->o.url, s->secret,
			{buf_str(&body), body.len}, SIZE_MAX},
		    &l->reply);
	buf_free(&members);
	buf_free(&body);
	arena_free(a);
}

/* An endpoint that was to say more, and a line without its end. */
static void
check_end(struct live *l)
{
	struct study *s = l->study;
	struct cell *cell = l->cell;

	s->stopped = s->stopped || study_is_stopped();
	if (s->stopped) {
		cell->cut = true;
		keep_text(s, &cell->run.ended, "it was interrupted");
		cell->run.resumable = cell->run.run_id != NULL;
	} else if (l->lines.len != 0 ||
		   (l->has_estimate && l->theirs == NULL && !cell->cut)) {
		cut(cell, "the answer ends before its end", "");
		cell->run.resumable = cell->run.run_id != NULL;
	}
}

void
study_run(struct study *s, struct cell *cell)
{
	struct live l = {
	    .reply = {.json = on_json,
		.stream = on_stream,
		.write = on_write,
		.flush = on_flush,
		.fd = s->stop_fd},
	    .study = s,
	    .cell = cell,
	};
	json_t *data = make_data(s, cell);
	struct err err = {0};

	if (study_begin(s, cell, &err) == -1) {
		tell_error(cell, &err);
		json_decref(data);
		return;
	}
	buf_init(&l.lines, LIMIT_LINE_BYTES);
	meter_start(&l.meter, s->loop, cell->run.name, cell->summary);
	if (s->runner != NULL)
		run_here(&l, data);
	else
		run_elsewhere(&l, data);
	meter_stop(&l.meter);
	check_end(&l);
	study_finish(s, cell, l.theirs);
	json_decref(l.theirs);
	buf_free(&l.lines);
	json_decref(data);
}
