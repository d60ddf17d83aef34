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
	if (path.len != 0 && memchr(path.p, '\0', path.len) != NULL)
		rc = fail(err, ERR_PROMPT, "Invalid path");
	else if (conf->root != NULL)
		rc = open_file(d, conf, path, err);
	else if (conf->api.base != NULL)
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

/* --- what a call says */

/* What dataset_next() was given, and what it is to return. */
struct answer {
	struct arena *arena;
	struct dataset_row *row;
	struct err *err;
	enum dataset_next next;
};

/* True: the answer is there. */
static bool
say(struct answer *x, enum dataset_next next)
{
	x->next = next;
	return true;
}

static bool
break_off(struct dataset *d, struct answer *x)
{
	d->state = STATE_ENDED;
	return say(x, DATASET_BROKEN);
}

/* Which line, where lines have numbers. */
static const char *
place(const struct answer *x)
{
	if (x->row->line == 0)
		return "";
	return arena_printf(x->arena, " at line %" PRId64, x->row->line);
}

static bool
say_too_long(const struct dataset *d, struct answer *x)
{
	(void)fail(x->err, ERR_PROMPT,
	    "Invalid dataset row%s: longer than %u bytes in dataset %s",
	    place(x), LIMIT_DATASET_LINE_BYTES, d->told);
	return say(x, DATASET_BAD);
}

/* WHY is the reader's; its line is always the first. */
static bool
say_row(const struct dataset *d, struct answer *x, enum row_kind kind,
    const struct err *why)
{
	const char *words;

	if (kind == ROW_GOOD)
		return say(x, DATASET_ROW);
	if (kind == ROW_NO_INPUT) {
		(void)fail(x->err, ERR_PROMPT,
		    "Invalid dataset row%s: missing or invalid 'input' field. "
		    "Each row must have an 'input' object.",
		    place(x));
		return say(x, DATASET_BAD);
	}
	words = strstr(why->msg, "column ");
	(void)fail(x->err, ERR_PROMPT,
	    "Failed to parse JSON%s in dataset %s: %s", place(x), d->told,
	    words != NULL ? words : why->msg);
	return say(x, DATASET_BAD);
}

/* --- rows */

/* Whether the row at d->index is wanted; none is while they are counted. */
static bool
is_wanted(const struct dataset *d)
{
	uint64_t bits = 0;

	if (d->state != STATE_READING)
		return false;
	if (d->sampling.mode == SAMPLING_PERCENT && !d->sampling.has_seed)
		crypt_random(&bits, sizeof(bits));
	return sampling_keeps(
	    &d->sampling, d->index, d->total, (double)(bits >> 11) * 0x1p-53);
}

static bool
say_line(const struct dataset *d, struct str text, struct answer *x)
{
	struct err why = {0};
	struct json_in in;
	enum row_kind kind;

	json_in_init(&in, text, &why);
	kind = row_read(&in, x->arena, x->row);
	if (kind != ROW_NO_JSON && json_in_finish(&in) != 0)
		kind = ROW_NO_JSON;
	(void)say_row(d, x, kind, &why);
	json_in_free(&in);
	err_free(&why);
	return true;
}

static bool
say_csv(const struct dataset *d, struct str text, struct answer *x)
{
	if (csv_row(d->csv, x->arena, text, x->row, x->err) == 0)
		return say(x, DATASET_ROW);
	err_prefix(x->err, "Invalid dataset row%s", place(x));
	return say(x, DATASET_BAD);
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
	json_in_init(&r->in, buf_text(&r->text), &r->err);
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
take_item(struct dataset *d, bool wanted, struct answer *x, enum row_kind *kind)
{
	struct json_in *in = &d->array.in;
	int more = json_in_item(in);

	if (more == 0 && json_in_finish(in) == 0) {
		close_array(d);
		return false;
	}
	*kind = ROW_NO_JSON;
	if (more > 0 && wanted)
		*kind = row_read(in, x->arena, x->row);
	else if (more > 0 && row_skip(in) == 0)
		*kind = ROW_GOOD;
	x->row->index = d->index++;
	x->row->line = 0;
	if (*kind == ROW_NO_JSON)
		close_array(d);
	return true;
}

/* The next wanted row of the line. */
static bool
say_item(struct dataset *d, struct answer *x)
{
	enum row_kind kind;
	bool wanted;

	while (d->array.open) {
		wanted = is_wanted(d);
		if (take_item(d, wanted, x, &kind) && wanted)
			return say_row(d, x, kind, &d->array.err);
	}
	return false;
}

static bool
is_array(struct str text)
{
	size_t i = 0;

	while (i < text.len && (text.p[i] == ' ' || text.p[i] == '\t'))
		i++;
	return i < text.len && text.p[i] == '[';
}

/* --- records: true when there is something to say */

static bool
take_header(struct dataset *d, struct str text, struct answer *x)
{
	d->csv = csv_header(d->arena, text, x->err);
	if (d->csv != NULL)
		return false;
	err_prefix(x->err, "Dataset %s", d->told);
	return break_off(d, x);
}

static bool
take_text(struct dataset *d, struct str text, struct answer *x)
{
	bool wanted;

	if (d->records.csv && d->csv == NULL)
		return take_header(d, text, x);
	if (d->api && is_array(text)) {
		open_array(d, text);
		return false;
	}
	wanted = is_wanted(d);
	x->row->index = d->index++;
	if (!wanted)
		return false;
	return d->csv != NULL ? say_csv(d, text, x) : say_line(d, text, x);
}

static bool
take_long(struct dataset *d, struct answer *x)
{
	bool wanted = is_wanted(d);

	if (d->records.csv && d->csv == NULL) {
		(void)fail(x->err, ERR_PROMPT,
		    "Dataset %s: the header is too long", d->told);
		return break_off(d, x);
	}
	x->row->index = d->index++;
	return wanted && say_too_long(d, x);
}

static bool
take_end(struct dataset *d, struct answer *x)
{
	const struct sampling *s = &d->sampling;

	d->total = d->index;
	if (d->total == 0) {
		(void)fail(x->err, ERR_PROMPT,
		    "Dataset %s is empty or contains no valid rows", d->told);
		return break_off(d, x);
	}
	if (d->state == STATE_COUNTING) {
		d->state = STATE_READING;
		d->index = 0;
		d->csv = NULL;
		return records_rewind(&d->records, x->err) < 0 &&
		       break_off(d, x);
	}
	d->state = STATE_MISSING;
	while (d->missing < s->n_rows && s->rows[d->missing] < d->total)
		d->missing++;
	return false;
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
read_on(struct dataset *d, size_t *budget, struct answer *x)
{
	struct str text = {0};
	int64_t line = 0;
	enum next_record record =
	    records_next(&d->records, budget, &text, &line, x->err);

	x->row->line = d->api ? 0 : line;
	switch (record) {
	case RECORD_TEXT:
		return take_text(d, text, x);
	case RECORD_LONG:
		return take_long(d, x);
	case RECORD_END:
		return take_end(d, x);
	case RECORD_BROKEN:
		return break_off(d, x);
	case RECORD_SLICE:
		wake_soon(d);
		break;
	case RECORD_WAIT:
		break;
	}
	return say(x, DATASET_WAIT);
}

/* --- rows that there were not */

/* Whether no row from here on can be wanted. */
static bool
has_all(const struct dataset *d)
{
	const struct sampling *s = &d->sampling;

	return s->mode == SAMPLING_ROWS &&
	       (s->n_rows == 0 || d->index > s->rows[s->n_rows - 1]);
}

static bool
say_missing(struct dataset *d, struct answer *x)
{
	if (d->missing == d->sampling.n_rows) {
		d->state = STATE_ENDED;
		return false;
	}
	x->row->index = d->sampling.rows[d->missing++];
	x->row->line = 0;
	(void)fail(x->err, ERR_PROMPT,
	    "Row index %" PRId64 " is out of bounds for dataset with %" PRId64
	    " rows",
	    x->row->index, d->total);
	return say(x, DATASET_BAD);
}

enum dataset_next
dataset_next(struct dataset *d, struct arena *a, struct dataset_row *row,
    struct err *err)
{
	struct answer x = {a, row, err, DATASET_END};
	size_t budget = LIMIT_DATASET_SLICE_BYTES;
	bool said = false;

	while (!said && d->state != STATE_ENDED) {
		if (d->array.open)
			said = say_item(d, &x);
		else if (d->state == STATE_MISSING)
			said = say_missing(d, &x);
		else if (has_all(d))
			d->state = STATE_ENDED;
		else
			said = read_on(d, &budget, &x);
	}
	return x.next;
}
