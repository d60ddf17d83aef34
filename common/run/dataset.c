/* A dataset row by row: which source it comes from, which rows are wanted, and
 * what becomes of the lines that are none (protocol.md 3.1 to 3.4).  It refuses
 * to know what a row is used for. */
#include "dataset.h"

#include "../base/crypt.h"
#include "../base/limits.h"
#include "../base/utf.h"
#include "dataset_int.h"

#include <inttypes.h>
#include <string.h>

enum dataset_state {
	STATE_COUNTING, /* how many rows there are, for a split */
	STATE_READING,
	STATE_MISSING, /* telling which rows there were not */
	STATE_ENDED
};

/* A line that is an array of rows, which the API may send. */
struct array {
	struct buf text;
	struct json_in in;
	struct err err;
	bool open;
};

struct dataset {
	struct engine *engine;
	struct arena *arena;
	const char *told; /* the path, for messages */
	struct sampling sampling;
	bool api; /* lines may be arrays and have no numbers */
	enum dataset_state state;
	struct records records;
	struct csv *csv; /* once the header was read */
	struct array array;
	struct timer timer;
	int64_t index;	/* of the row that comes next */
	int64_t total;	/* -1: unknown */
	size_t missing; /* which of sampling.rows is to be told next */
};

/* --- opening */

const char *
dataset_told(struct arena *a, struct str path)
{
	struct str clean = utf8_clean(a, path);
	char *told = arena_strndup(a, clean.p, clean.len);

	for (char *p = told; p < told + clean.len; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = '?';
	return told;
}

static bool
ends_in(struct str s, const char *suffix)
{
	size_t len = strlen(suffix);

	return s.len > len && memcmp(s.p + s.len - len, suffix, len) == 0;
}

static int
form_of(struct str path, enum dataset_form *form, struct err *err)
{
	static const char *const suffixes[] = {[DATASET_JSONL] = ".jsonl",
	    [DATASET_GZIP] = ".jsonl.gz",
	    [DATASET_CSV] = ".csv"};

	for (size_t i = 0; i < ARRAY_LEN(suffixes); i++) {
		if (!ends_in(path, suffixes[i]))
			continue;
		*form = (enum dataset_form)i;
		return 0;
	}
	return fail(err, ERR_PROMPT,
	    "Dataset must be a JSON Lines file (.jsonl), packed (.jsonl.gz), "
	    "or a CSV file (.csv)");
}

static void
close_dataset(void *arg)
{
	struct dataset *d = arg;

	timer_clear(d->engine->loop, &d->timer);
	window_free(&d->records.window);
	if (d->array.open)
		json_in_free(&d->array.in);
	buf_free(&d->array.text);
	err_free(&d->array.err);
}

static struct dataset *
new_dataset(struct engine *engine, struct arena *parent,
    const struct sampling *sampling)
{
	struct arena *a = arena_new(parent);
	struct dataset *d = arena_zalloc(a, sizeof(*d));

	d->engine = engine;
	d->arena = a;
	d->sampling = *sampling;
	d->records.max = LIMIT_DATASET_LINE_BYTES;
	d->total = -1;
	d->state =
	    sampling_needs_total(sampling) ? STATE_COUNTING : STATE_READING;
	buf_init(&d->array.text, LIMIT_DATASET_LINE_BYTES);
	arena_on_free(a, close_dataset, d);
	return d;
}

static int
use_file(struct dataset *d, int fd, enum dataset_form form, struct err *err)
{
	d->records.csv = form == DATASET_CSV;
	d->records.source =
	    dataset_file(d->arena, fd, form == DATASET_GZIP, d->told, err);
	return d->records.source != NULL ? 0 : -1;
}

static int
open_file(struct dataset *d, const struct dataset_conf *conf, struct str path,
    struct err *err)
{
	enum dataset_form form = DATASET_JSONL;
	int fd;

	if (form_of(path, &form, err) < 0)
		return -1;
	fd = dataset_open_below(d->arena, conf->root, path, d->told, err);
	return fd >= 0 ? use_file(d, fd, form, err) : -1;
}

static int
open_api(struct dataset *d, const struct dataset_conf *conf, struct str path,
    struct err *err)
{
	d->api = true;
	d->records.source =
	    d->state == STATE_COUNTING
		? dataset_spool(d->engine, d->arena, conf, path, err)
		: dataset_api(d->engine, d->arena, conf, path, err);
	return d->records.source != NULL ? 0 : -1;
}

struct dataset *
dataset_open(struct engine *engine, struct arena *a,
    const struct dataset_conf *conf, struct str path,
    const struct sampling *sampling, struct err *err)
{
	struct dataset *d = new_dataset(engine, a, sampling);
	int rc;

	d->told = dataset_told(d->arena, path);
	if (memchr(path.p, '\0', path.len) != NULL)
		rc = fail(err, ERR_PROMPT, "Invalid path");
	else if (conf->root != NULL)
		rc = open_file(d, conf, path, err);
	else if (conf->api_base != NULL)
		rc = open_api(d, conf, path, err);
	else
		rc = fail(err, ERR_PROMPT,
		    "Loader not found: neither a folder of datasets nor "
		    "AgentMark's API is configured");
	if (rc == 0)
		return d;
	dataset_close(d);
	return NULL;
}

struct dataset *
dataset_over(struct engine *engine, struct arena *a, int fd,
    enum dataset_form form, const char *told, const struct sampling *sampling,
    struct err *err)
{
	struct dataset *d = new_dataset(engine, a, sampling);

	d->told = told;
	if (use_file(d, fd, form, err) == 0)
		return d;
	dataset_close(d);
	return NULL;
}

void
dataset_close(struct dataset *d)
{
	if (d != NULL)
		arena_free(d->arena);
}

/* --- bad lines */

/* Which line, where lines have numbers. */
static const char *
place(struct arena *a, int64_t line)
{
	return line > 0 ? arena_printf(a, " at line %" PRId64, line) : "";
}

/* The reader's words without its line, which is always the first. */
static enum dataset_next
bad_json(const struct dataset *d, struct arena *a, int64_t line,
    const struct err *why, struct err *err)
{
	const char *words = strstr(why->msg, "column ");

	(void)fail(err, ERR_PROMPT, "Failed to parse JSON%s in dataset %s: %s",
	    place(a, line), d->told, words != NULL ? words : why->msg);
	return DATASET_BAD;
}

static enum dataset_next
no_row(struct arena *a, int64_t line, struct err *err)
{
	(void)fail(err, ERR_PROMPT,
	    "Invalid dataset row%s: missing or invalid 'input' field. Each row "
	    "must have an 'input' object.",
	    place(a, line));
	return DATASET_BAD;
}

static enum dataset_next
too_long(
    const struct dataset *d, struct arena *a, int64_t line, struct err *err)
{
	(void)fail(err, ERR_PROMPT,
	    "Invalid dataset row%s: longer than %u bytes in dataset %s",
	    place(a, line), LIMIT_DATASET_LINE_BYTES, d->told);
	return DATASET_BAD;
}

/* --- rows */

static enum dataset_next
judge(const struct dataset *d, enum row_kind kind, struct arena *a,
    const struct dataset_row *row, const struct err *why, struct err *err)
{
	if (kind == ROW_NO_JSON)
		return bad_json(d, a, row->line, why, err);
	if (kind == ROW_NO_INPUT)
		return no_row(a, row->line, err);
	return DATASET_ROW;
}

static enum dataset_next
row_of_line(const struct dataset *d, struct arena *a, struct str text,
    struct dataset_row *row, struct err *err)
{
	struct err why = {0};
	struct json_in in;
	enum row_kind kind;
	enum dataset_next next;

	json_in_init(&in, text, &why);
	kind = row_read(&in, a, row);
	if (kind != ROW_NO_JSON && json_in_finish(&in) != 0)
		kind = ROW_NO_JSON;
	next = judge(d, kind, a, row, &why, err);
	json_in_free(&in);
	err_free(&why);
	return next;
}

static enum dataset_next
row_of_csv(const struct dataset *d, struct arena *a, struct str text,
    struct dataset_row *row, struct err *err)
{
	if (csv_row(d->csv, a, text, row, err) == 0)
		return DATASET_ROW;
	err_prefix(err, "Invalid dataset row%s", place(a, row->line));
	return DATASET_BAD;
}

/* Whether the row at d->index is wanted. */
static bool
is_wanted(const struct dataset *d)
{
	uint64_t bits = 0;

	if (d->sampling.mode == SAMPLING_PERCENT && !d->sampling.has_seed)
		crypt_random(&bits, sizeof(bits));
	return sampling_keeps(
	    &d->sampling, d->index, d->total, (double)(bits >> 11) * 0x1p-53);
}

/* --- arrays of rows */

/* The line stays here while its rows are asked for: it is copied. */
static void
open_array(struct dataset *d, struct str text)
{
	struct array *r = &d->array;

	buf_clear(&r->text);
	buf_add(&r->text, text.p, text.len);
	err_free(&r->err);
	json_in_init(
	    &r->in, (struct str){buf_str(&r->text), r->text.len}, &r->err);
	r->open = json_in_enter(&r->in) == 0;
}

static void
close_array(struct dataset *d)
{
	json_in_free(&d->array.in);
	d->array.open = false;
}

/* The next row of the line; false behind the last one.  What is no JSON ends
 * the line and counts as a row. */
static bool
take_item(struct dataset *d, bool wanted, struct arena *a,
    struct dataset_row *row, enum row_kind *kind)
{
	struct json_in *in = &d->array.in;
	int more = json_in_item(in);

	if (more == 0 && json_in_finish(in) == 0) {
		close_array(d);
		return false;
	}
	*kind = ROW_NO_JSON;
	if (more > 0 && wanted)
		*kind = row_read(in, a, row);
	else if (more > 0 && row_skip(in) == 0)
		*kind = ROW_GOOD;
	row->index = d->index++;
	row->line = 0;
	if (*kind == ROW_NO_JSON)
		close_array(d);
	return true;
}

/* The next wanted row of the line; false behind the last one. */
static bool
row_of_array(struct dataset *d, struct arena *a, struct dataset_row *row,
    struct err *err, enum dataset_next *out)
{
	enum row_kind kind;
	bool wanted;

	while (d->array.open) {
		wanted = d->state == STATE_READING && is_wanted(d);
		if (!take_item(d, wanted, a, row, &kind) || !wanted)
			continue;
		*out = judge(d, kind, a, row, &d->array.err, err);
		return true;
	}
	return false;
}

/* --- one step: true when there is something to say, which is OUT */

static bool
is_array(struct str text)
{
	size_t i = 0;

	while (i < text.len && (text.p[i] == ' ' || text.p[i] == '\t'))
		i++;
	return i < text.len && text.p[i] == '[';
}

static bool
break_off(struct dataset *d, enum dataset_next *out)
{
	d->state = STATE_ENDED;
	*out = DATASET_BROKEN;
	return true;
}

static bool
take_header(
    struct dataset *d, struct str text, struct err *err, enum dataset_next *out)
{
	d->csv = csv_header(d->arena, text, err);
	if (d->csv != NULL)
		return false;
	err_prefix(err, "Dataset %s", d->told);
	return break_off(d, out);
}

/* ROW has its line. */
static bool
take_text(struct dataset *d, struct str text, struct arena *a,
    struct dataset_row *row, struct err *err, enum dataset_next *out)
{
	bool wanted;

	if (d->records.csv && d->csv == NULL)
		return take_header(d, text, err, out);
	if (d->api && is_array(text)) {
		open_array(d, text);
		return false;
	}
	wanted = d->state == STATE_READING && is_wanted(d);
	row->index = d->index++;
	if (!wanted)
		return false;
	*out = d->csv != NULL ? row_of_csv(d, a, text, row, err)
			      : row_of_line(d, a, text, row, err);
	return true;
}

static bool
take_long(struct dataset *d, struct arena *a, struct dataset_row *row,
    struct err *err, enum dataset_next *out)
{
	bool wanted = d->state == STATE_READING && is_wanted(d);

	if (d->records.csv && d->csv == NULL) {
		(void)fail(err, ERR_PROMPT,
		    "Dataset %s: the header is too long", d->told);
		return break_off(d, out);
	}
	row->index = d->index++;
	if (wanted)
		*out = too_long(d, a, row->line, err);
	return wanted;
}

static bool
take_end(struct dataset *d, struct err *err, enum dataset_next *out)
{
	const struct sampling *s = &d->sampling;

	d->total = d->index;
	if (d->total == 0) {
		(void)fail(err, ERR_PROMPT,
		    "Dataset %s is empty or contains no valid rows", d->told);
		return break_off(d, out);
	}
	if (d->state == STATE_COUNTING) {
		d->state = STATE_READING;
		d->index = 0;
		d->csv = NULL;
		return records_rewind(&d->records, err) < 0 &&
		       break_off(d, out);
	}
	d->state = STATE_MISSING;
	while (d->missing < s->n_rows && s->rows[d->missing] < d->total)
		d->missing++;
	return false;
}

/* Whether no row from here on can be wanted. */
static bool
has_all(const struct dataset *d)
{
	const struct sampling *s = &d->sampling;

	return s->mode == SAMPLING_ROWS &&
	       (s->n_rows == 0 || d->index > s->rows[s->n_rows - 1]);
}

static void
nothing(void *arg)
{
	(void)arg;
}

/* Nothing is to be waited for: the loop only looks after the others. */
static void
wake_soon(struct dataset *d)
{
	struct loop *loop = d->engine->loop;

	timer_set(loop, &d->timer, loop_now(loop), nothing, NULL);
}

static bool
read_on(struct dataset *d, size_t *budget, struct arena *a,
    struct dataset_row *row, struct err *err, enum dataset_next *out)
{
	struct str text = {0};
	int64_t line = 0;
	enum record record =
	    records_next(&d->records, budget, &text, &line, err);

	row->line = d->api ? 0 : line;
	switch (record) {
	case RECORD_TEXT:
		return take_text(d, text, a, row, err, out);
	case RECORD_LONG:
		return take_long(d, a, row, err, out);
	case RECORD_END:
		return take_end(d, err, out);
	case RECORD_BROKEN:
		return break_off(d, out);
	case RECORD_SLICE:
		wake_soon(d);
		break;
	case RECORD_WAIT:
		break;
	}
	*out = DATASET_WAIT;
	return true;
}

static bool
tell_missing(struct dataset *d, struct dataset_row *row, struct err *err,
    enum dataset_next *out)
{
	if (d->missing == d->sampling.n_rows) {
		d->state = STATE_ENDED;
		return false;
	}
	row->index = d->sampling.rows[d->missing++];
	row->line = 0;
	(void)fail(err, ERR_PROMPT,
	    "Row index %" PRId64 " is out of bounds for dataset with %" PRId64
	    " rows",
	    row->index, d->total);
	*out = DATASET_BAD;
	return true;
}

enum dataset_next
dataset_next(struct dataset *d, struct arena *a, struct dataset_row *row,
    struct err *err)
{
	size_t budget = LIMIT_DATASET_SLICE_BYTES;
	enum dataset_next out = DATASET_END;
	bool said = false;

	while (!said && d->state != STATE_ENDED) {
		if (d->array.open)
			said = row_of_array(d, a, row, err, &out);
		else if (d->state == STATE_MISSING)
			said = tell_missing(d, row, err, &out);
		else if (has_all(d))
			d->state = STATE_ENDED;
		else
			said = read_on(d, &budget, a, row, err, &out);
	}
	return out;
}
