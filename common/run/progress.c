/* Joins an experiment and its journal: what was done before is not done again,
 * and what is done is kept before anybody sees it.  It refuses to know which
 * row comes next and who is asked. */
#include "progress.h"

#include "../base/clock.h"
#include "../base/crypt.h"
#include "../base/json.h"
#include "../base/limits.h"
#include "../base/log.h"
#include "../base/xalloc.h"
#include "journal.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Lines that are sent again before the loop looks after the others. */
enum { BURST_LINES = 256 };

struct progress {
	const struct experiment *e;
	const struct row_plan *plan;
	struct arena *arena;
	struct journal *journal; /* NULL: none is written */
	unsigned hide;
	json_t *head;
	/* Rows that were done before: a bit for INDEX * repeat + REPEAT. */
	unsigned char *done;
	size_t n_done;	   /* bytes */
	double paid;	   /* for them, and for those that run again */
	double paid_again; /* for the latter */
	int64_t n_again;
	struct buf line; /* for the journal */
};

/* --- what was done before */

static int64_t
bit_of(const struct progress *p, int64_t index, int64_t repeat)
{
	return index <= LIMIT_JOURNAL_ROWS ? index * p->e->repeat + repeat
					   : LIMIT_JOURNAL_ROWS;
}

static int
mark(struct progress *p, const struct record *r, struct err *err)
{
	int64_t bit = bit_of(p, r->index, r->repeat);
	size_t byte = (size_t)bit / 8, n = p->n_done;

	if (bit >= LIMIT_JOURNAL_ROWS)
		return fail(err, ERR_REQUEST,
		    "the run %s has more than %" PRId64 " rows and repeats, "
		    "which is too many to go on with it",
		    p->e->resume, LIMIT_JOURNAL_ROWS);
	if (byte >= n) {
		p->n_done = byte < 512 ? 1024 : 2 * byte;
		p->done = xrealloc(p->done, p->n_done);
		memset(p->done + n, 0, p->n_done - n);
	}
	p->done[byte] |= (unsigned char)(1u << bit % 8);
	return 0;
}

bool
progress_has(const struct progress *p, int64_t index, int64_t repeat)
{
	int64_t bit = bit_of(p, index, repeat);

	return (size_t)bit / 8 < p->n_done &&
	       (p->done[bit / 8] >> bit % 8 & 1) != 0;
}

double
progress_paid(const struct progress *p)
{
	return p->paid;
}

bool
progress_lasts(const struct progress *p)
{
	return p->journal != NULL;
}

/* --- the head of a journal */

static const char *
prompt_hash(const struct progress *p)
{
	uint8_t digest[CRYPT_HASH_LEN];
	char hex[2 * CRYPT_HASH_LEN + 1];
	struct buf b;

	buf_init(&b, LIMIT_BODY_BYTES_MAX);
	ast_print(p->arena, &b, p->plan->prompt->ast);
	crypt_hash((struct str){buf_str(&b), b.len}, digest);
	buf_free(&b);
	hex_print(hex, digest, sizeof(digest));
	return arena_strdup(p->arena, hex);
}

static const char *
now_text(struct arena *a)
{
	time_t now = (time_t)(clock_wall_ms() / 1000);
	char text[32] = "";
	struct tm tm;

	if (gmtime_r(&now, &tm) != NULL)
		(void)strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	return arena_strdup(a, text);
}

static json_t *
eval_names(const struct row_plan *plan)
{
	json_t *names = json_array();

	for (size_t i = 0; i < plan->n_evals; i++)
		(void)json_array_append_new(
		    names, json_string_nocheck(plan->evals[i]->name));
	return names;
}

static void
drop_json(void *json)
{
	json_decref(json);
}

/* A sample without a seed is drawn once for all parts of a run. */
static void
set_seed(struct sampling *s, const json_t *seed)
{
	uint32_t random = 0;

	if (s->mode != SAMPLING_PERCENT || s->has_seed)
		return;
	crypt_random(&random, sizeof(random));
	s->has_seed = true;
	s->seed = json_is_number(seed) ? json_number_value(seed) : random;
}

static void
make_head(struct progress *p, const struct sampling *s)
{
	const struct row_plan *plan = p->plan;
	json_t *sampling = json_object_get(plan->data, "sampling");
	json_t *head = json_object();

	p->head = head;
	arena_on_free(p->arena, drop_json, head);
	json_object_set_new(head, "type", json_string("run"));
	json_object_set_new(head, "runId", json_string(plan->run_id));
	json_object_set_new(head, "name", json_string_nocheck(plan->run_name));
	json_object_set_new(
	    head, "dataset", json_string_nocheck(plan->dataset));
	json_object_set_new(head, "prompt", json_string(prompt_hash(p)));
	json_object_set_new(head, "evals", eval_names(plan));
	json_object_set_new(head, "repeat", json_integer(p->e->repeat));
	json_object_set_new(head, "shard",
	    json_sprintf(
		"%" PRId64 "/%" PRId64, p->e->shard + 1, p->e->shards));
	json_object_set_new(head, "sampling",
	    sampling != NULL ? json_incref(sampling) : json_null());
	if (s->has_seed)
		json_object_set_new(head, "seed", json_real(s->seed));
	if (p->hide != 0)
		json_object_set_new(head, "hidden", json_true());
	json_object_set_new(head, "began", json_string(now_text(p->arena)));
	json_object_set_new(head, "asked", json_incref((json_t *)plan->data));
}

static int
begin(struct progress *p, struct err *err)
{
	const struct settings *s = p->plan->engine->settings;

	buf_clear(&p->line);
	json_print(&p->line, p->head);
	p->journal = journal_create(s->journals, p->plan->run_id,
	    (struct str){buf_str(&p->line), p->line.len}, err);
	if (p->journal == NULL)
		return -1;
	journal_sweep(s->journals, s->journal_days);
	return 0;
}

/* --- going on */

struct resume {
	struct progress *progress;
	struct sampling *sampling;
	struct arena *arena; /* of one line */
	bool begun;	     /* past the head */
};

static void
add_text(struct buf *b, const json_t *json)
{
	if (json_is_string(json))
		buf_adds(b, json_string_value(json));
	else if (json == NULL)
		buf_adds(b, "none");
	else
		json_print(b, json);
}

/* What the run was begun with is what it goes on with. */
static int
compare(const struct progress *p, const json_t *was, struct err *err)
{
	static const char *const keys[] = {
	    "prompt", "dataset", "evals", "sampling", "repeat", "shard"};
	struct buf b;

	buf_init(&b, LIMIT_ERR_BYTES / 2);
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		const json_t *a = json_object_get(was, keys[i]);
		const json_t *c = json_object_get(p->head, keys[i]);

		if (a != NULL && json_equal((json_t *)a, (json_t *)c))
			continue;
		buf_addf(&b, "%s %s (", b.len != 0 ? "," : "", keys[i]);
		add_text(&b, a);
		buf_adds(&b, " then, ");
		add_text(&b, c);
		buf_adds(&b, " now)");
	}
	if (b.len != 0)
		(void)fail(err, ERR_REQUEST,
		    "the run %s was begun with another%s", p->e->resume,
		    buf_str(&b));
	buf_free(&b);
	return err->code == ERR_NONE ? 0 : -1;
}

static int
resume_head(struct resume *r, struct str text, struct err *err)
{
	json_t *was = json_read(text, err);
	int rc = was == NULL ? -1 : compare(r->progress, was, err);

	if (rc == 0)
		set_seed(r->sampling, json_object_get(was, "seed"));
	json_decref(was);
	return rc;
}

/* Failed rows that were taken out before have been paid, too. */
static void
resume_other(struct progress *p, struct str text)
{
	static const char retry[] = "{\"type\":\"retry\",";
	struct err err = {0};
	json_t *json;

	if (text.len < sizeof(retry) - 1 ||
	    memcmp(text.p, retry, sizeof(retry) - 1) != 0)
		return;
	json = json_read(text, &err);
	p->paid += json_number_value(json_object_get(json, "costUsd"));
	json_decref(json);
	err_free(&err);
}

static int
resume_line(void *arg, struct str text, struct err *err)
{
	struct resume *r = arg;
	struct progress *p = r->progress;
	struct record record;
	struct arena *a;
	int rc;

	if (!r->begun) {
		r->begun = true;
		return resume_head(r, text, err);
	}
	a = arena_new(NULL);
	rc = record_scan(text, a, &record, err);
	arena_free(a);
	if (rc <= 0) {
		resume_other(p, text);
		return rc;
	}
	if (isfinite(record.cost))
		p->paid += record.cost;
	if (!record.failed || !p->e->retry_errors)
		return mark(p, &record, err);
	p->n_again++;
	if (isfinite(record.cost))
		p->paid_again += record.cost;
	return 1;
}

static int
go_on(struct progress *p, struct sampling *sampling, struct err *err)
{
	const struct settings *s = p->plan->engine->settings;
	struct resume r = {.progress = p, .sampling = sampling};

	if (s->journals == NULL)
		return fail(err, ERR_REQUEST,
		    "no run can be gone on with: experiments.journal is off");
	p->journal =
	    journal_resume(s->journals, p->e->resume, resume_line, &r, err);
	if (p->journal == NULL)
		return -1;
	if (p->n_again == 0)
		return 0;
	buf_clear(&p->line);
	buf_addf(&p->line,
	    "{\"type\":\"retry\",\"rows\":%" PRId64 ",\"costUsd\":%.12g}",
	    p->n_again, p->paid_again);
	journal_add(p->journal, (struct str){buf_str(&p->line), p->line.len});
	return journal_flush(p->journal, err);
}

/* --- */

static void
free_progress(void *arg)
{
	struct progress *p = arg;

	free(p->done);
	buf_free(&p->line);
}

struct progress *
progress_open(struct arena *a, const struct experiment *e,
    const struct row_plan *plan, struct sampling *sampling, struct err *err)
{
	const struct settings *s = plan->engine->settings;
	struct progress *p = arena_zalloc(a, sizeof(*p));
	struct err reason = {0};

	p->e = e;
	p->plan = plan;
	p->arena = a;
	p->hide = (s->hide_inputs ? ROW_HIDE_INPUTS : 0u) |
		  (s->hide_outputs ? ROW_HIDE_OUTPUTS : 0u);
	buf_init(&p->line, LIMIT_LINE_BYTES);
	arena_on_free(a, free_progress, p);
	if (e->resume == NULL && s->journals == NULL)
		return p;
	if (e->resume == NULL)
		set_seed(sampling, NULL);
	make_head(p, sampling);
	if (e->resume != NULL)
		return go_on(p, sampling, err) == 0 ? p : NULL;
	if (begin(p, &reason) < 0)
		log_reason(LEVEL_WARNING, "journal_unmade", reason.msg);
	err_free(&reason);
	return p;
}

/* --- telling again */

struct resend {
	struct progress *progress;
	struct stream *stream;
	int64_t lines;
};

static int
resend_line(void *arg, struct str text, struct err *err)
{
	static const char good[] = "{\"type\":\"dataset\",";
	static const char bad[] = "{\"type\":\"error\",";
	struct resend *r = arg;
	struct stream *s = r->stream;
	struct str front, row;

	if ((strncmp(text.p, good, sizeof(good) - 1) != 0 &&
		strncmp(text.p, bad, sizeof(bad) - 1) != 0) ||
	    !record_split(text, &front, &row))
		return 0;
	if (r->progress->e->details) {
		buf_add(&s->line, text.p, text.len);
		buf_addc(&s->line, '\n');
	} else {
		buf_add(&s->line, front.p, front.len);
		buf_adds(&s->line, "}\n");
	}
	stream_line(s);
	if (++r->lines % BURST_LINES != 0 || stream_turn(s, false))
		return 0;
	return stream_fail(s, err);
}

int
progress_resend(struct progress *p, struct stream *s, struct err *err)
{
	struct resend r = {.progress = p, .stream = s};

	if (p->e->resume == NULL)
		return 0;
	return journal_scan(p->plan->engine->settings->journals, p->e->resume,
	    resend_line, &r, err);
}

/* --- keeping */

/* LINE has neither its record nor its last brace. */
static void
keep(struct progress *p, struct str line, const struct record *r)
{
	buf_clear(&p->line);
	buf_add(&p->line, line.p, line.len);
	record_print(&p->line, r);
	buf_addc(&p->line, '}');
	journal_add(p->journal, (struct str){buf_str(&p->line), p->line.len});
}

void
progress_row(struct progress *p, struct stream *s, struct row *row)
{
	struct buf *line = &s->line;
	size_t at = line->len;
	struct record r;

	row_print(line, row, 0);
	if (p->plan->records)
		row_record(row, &r);
	if (p->journal != NULL && p->hide != 0) {
		struct buf hidden;

		buf_init(&hidden, LIMIT_LINE_BYTES);
		row_print(&hidden, row, p->hide);
		keep(p, (struct str){buf_str(&hidden), hidden.len}, &r);
		buf_free(&hidden);
	} else if (p->journal != NULL) {
		keep(p, (struct str){buf_str(line) + at, line->len - at}, &r);
	}
	if (p->e->details)
		record_print(line, &r);
	buf_adds(line, "}\n");
}

/* One that is told with an index that no dataset has is told again. */
void
progress_bad(
    struct progress *p, struct stream *s, struct str line, int64_t index)
{
	struct record r = {
	    .index = index,
	    .failed = true,
	    .ms = -1,
	    .input = -1,
	    .output = -1,
	    .cost = (double)NAN,
	};
	bool kept = index >= 0 && bit_of(p, index, 0) < LIMIT_JOURNAL_ROWS;

	if (p->journal != NULL && kept)
		keep(p, line, &r);
	buf_add(&s->line, line.p, line.len);
	if (p->e->details && index >= 0)
		record_print(&s->line, &r);
	buf_adds(&s->line, "}\n");
}

int
progress_flush(struct progress *p, struct stream *s, struct err *err)
{
	int rc = 0;

	if (p->journal != NULL) {
		rc = journal_flush(p->journal, err);
		if (rc == 0 && journal_low(p->journal))
			rc = fail(err, ERR_INTERNAL,
			    "the disk of the journal is full");
		if (journal_tick(
			p->journal, loop_now(p->plan->engine->loop), err) < 0)
			rc = -1;
	}
	stream_line(s);
	return rc;
}

void
progress_end(struct progress *p, const char *reason)
{
	if (p->journal == NULL)
		return;
	buf_clear(&p->line);
	buf_addf(&p->line, "{\"type\":\"end\",\"reason\":\"%s\"}", reason);
	journal_add(p->journal, (struct str){buf_str(&p->line), p->line.len});
}

void
progress_close(struct progress *p)
{
	struct err err = {0};

	if (p == NULL)
		return;
	if (journal_close(p->journal, &err) < 0)
		log_reason(LEVEL_ERROR, "journal_unwritten", err.msg);
	p->journal = NULL;
	err_free(&err);
}
