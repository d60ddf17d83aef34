/* Joins an experiment and its journal: what was done before is not done again,
 * and what is done is kept before anybody sees it.  It refuses to know which
 * row comes next and who is asked. */
#include "progress.h"

#include "../base/crypt.h"
#include "../base/json.h"
#include "../base/limits.h"
#include "../base/log.h"
#include "../base/xalloc.h"
#include "journal.h"
#include "run_head.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Lines that are sent again before the loop looks after the others. */
enum { BURST_LINES = 256 };

struct progress {
	const struct experiment *e;
	const struct row_plan *plan;
	struct journal *journal; /* NULL: none is written */
	unsigned hide;
	const json_t *head;
	/* Rows that were done before: a bit for INDEX * repeat + REPEAT. */
	unsigned char *done;
	size_t n_done;	   /* bytes */
	double paid;	   /* for them, and for those that run again */
	double paid_again; /* for the latter */
	int64_t n_again;
	struct buf line;	 /* for the journal */
	struct summary *summary; /* NULL: none is wanted */
	struct err trouble;	 /* of counting */
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

/* --- beginning */

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

static int
begin(struct progress *p, struct err *err)
{
	const struct settings *s = p->plan->engine->settings;

	buf_clear(&p->line);
	json_print(&p->line, p->head);
	p->journal = journal_create(
	    s->journals, p->plan->run_id, buf_text(&p->line), err);
	if (p->journal == NULL)
		return -1;
	journal_sweep(s->journals, s->journal_days);
	return 0;
}

/* --- going on */

struct resume {
	struct progress *progress;
	struct sampling *sampling;
	bool begun; /* past the head */
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

/* A line that is read again counts as one that was written now. */
static int
count_line(struct progress *p, struct str text, struct err *err)
{
	struct record record;
	json_t *line;
	int rc;

	if (p->summary == NULL)
		return 0;
	line = json_read(text, err);
	if (line == NULL)
		return -1;
	rc = record_read(line, &record, err);
	if (rc > 0)
		rc = summary_add(p->summary, &record, err);
	json_decref(line);
	return rc;
}

static int
resume_line(void *arg, struct str text, struct err *err)
{
	struct resume *r = arg;
	struct progress *p = r->progress;
	struct record record;
	int rc;

	if (!r->begun) {
		r->begun = true;
		return resume_head(r, text, err);
	}
	rc = record_scan(text, &record, err);
	if (rc <= 0) {
		resume_other(p, text);
		return rc;
	}
	if (isfinite(record.cost))
		p->paid += record.cost;
	if (!record.failed || !p->e->retry_errors)
		return mark(p, &record, err) == 0 ? count_line(p, text, err)
						  : -1;
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
	journal_add(p->journal, buf_text(&p->line));
	return journal_flush(p->journal, err);
}

/* --- statistics */

static int
baseline_line(void *arg, const json_t *line, struct str text, struct err *err)
{
	struct progress *p = arg;
	struct record record;
	int rc = record_read(line, &record, err);

	(void)text;
	return rc > 0 ? summary_baseline(p->summary, &record, err) : rc;
}

static int
begin_summary(struct progress *p, struct err *err)
{
	const struct experiment *e = p->e;
	int rc;

	if (!e->summary && !e->statistics.early)
		return 0;
	p->summary = summary_new(&e->statistics, NULL);
	if (e->baseline == NULL)
		return 0;
	rc = journal_read(p->plan->engine->settings->journals, e->baseline,
	    baseline_line, p, err);
	if (rc < 0)
		err_prefix(err, "data.baseline");
	return rc;
}

static void
count_row(struct progress *p, const struct record *r)
{
	if (p->summary == NULL || p->trouble.code != ERR_NONE)
		return;
	if (summary_add(p->summary, r, &p->trouble) < 0)
		log_reason(LEVEL_ERROR, "summary_broken", p->trouble.msg);
}

bool
progress_decided(const struct progress *p)
{
	return p->e->statistics.early && summary_decided(p->summary) != 0;
}

void
progress_summary(struct progress *p, struct buf *b)
{
	json_t *json;

	if (!p->e->summary)
		return;
	json = summary_json(p->summary);
	json_print(b, json);
	buf_addc(b, '\n');
	json_decref(json);
}

/* --- */

static void
free_progress(void *arg)
{
	struct progress *p = arg;

	summary_free(p->summary);
	err_free(&p->trouble);
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
	p->hide = (s->hide_inputs ? ROW_HIDE_INPUTS : 0u) |
		  (s->hide_outputs ? ROW_HIDE_OUTPUTS : 0u);
	buf_init(&p->line, LIMIT_LINE_BYTES);
	arena_on_free(a, free_progress, p);
	if (begin_summary(p, err) < 0)
		return NULL;
	if (e->resume == NULL && s->journals == NULL)
		return p;
	if (e->resume == NULL)
		set_seed(sampling, NULL);
	p->head = run_head(a, e, plan, sampling, p->hide != 0);
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
	struct resend *r = arg;
	struct stream *s = r->stream;
	struct str front, row;

	if (!record_is_row(text) || !record_split(text, &front, &row))
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
	journal_add(p->journal, buf_text(&p->line));
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
		keep(p, buf_text(&hidden), &r);
		buf_free(&hidden);
	} else if (p->journal != NULL) {
		keep(p, (struct str){buf_str(line) + at, line->len - at}, &r);
	}
	if (p->e->details)
		record_print(line, &r);
	buf_adds(line, "}\n");
	if (p->summary == NULL)
		return;
	r.evals = row_evals(row);
	count_row(p, &r);
}

/* One that is told with an index that no dataset has is told again. */
void
progress_bad(
    struct progress *p, struct stream *s, struct str line, int64_t index)
{
	struct record r = {
	    .index = index,
	    .hash = "",
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
	if (index >= 0)
		count_row(p, &r);
}

int
progress_flush(struct progress *p, struct stream *s, struct err *err)
{
	int rc = 0;

	if (p->trouble.code != ERR_NONE)
		rc = fail(err, p->trouble.code, "%s", p->trouble.msg);
	if (p->journal != NULL && rc == 0) {
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
	journal_add(p->journal, buf_text(&p->line));
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
