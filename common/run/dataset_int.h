/* What the files of a dataset share: a source gives bytes, records are cut out
 * of them, rows are made of records. */
#ifndef DATASET_INT_H
#define DATASET_INT_H

#include "../base/json.h"
#include "dataset.h"

/* --- bytes that were not read yet: data[start, end) */

struct window {
	char *data;
	size_t start, end, cap;
};

/* Room for LEN bytes behind the end, which may move what is there. */
char *window_reserve(struct window *w, size_t len) MUST_USE;
void window_free(struct window *w) NONNULL;

/* --- sources */

/* PATH as it is shown: UTF-8 without control characters. */
const char *dataset_told(struct arena *a, struct str path);

enum more {
	MORE_BYTES, /* perhaps none, but some work was done */
	MORE_WAIT,  /* nothing yet: they come while the engine turns */
	MORE_END,
	MORE_BROKEN
};

struct source {
	/* Adds to the window. */
	enum more (*fill)(struct source *s, struct window *w, struct err *err);
	/* Begins again from the first byte; NULL where that cannot be.  Errors
	 * of both name the dataset. */
	int (*rewind)(struct source *s, struct err *err);
};

/* An open file, which is closed with the arena. */
struct source *dataset_file(struct arena *a, int fd, bool gzip,
    const char *told, struct err *err) MUST_USE;

/* AgentMark's API, which is asked at once. */
struct source *dataset_api(struct engine *engine, struct arena *a,
    const struct dataset_conf *conf, struct str path, struct err *err) MUST_USE;

/* The same by way of a temporary file, so that it can be rewound. */
struct source *dataset_spool(struct engine *engine, struct arena *a,
    const struct dataset_conf *conf, struct str path, struct err *err) MUST_USE;

/* A file below ROOT, a directory; never one outside.  TOLD is the path as it
 * is shown. */
int dataset_open_below(struct arena *a, const char *root, struct str path,
    const char *told, struct err *err) MUST_USE;

/* --- records: lines, or CSV's, which may span lines */

enum next_record {
	RECORD_TEXT,
	RECORD_LONG,  /* longer than may be; it was passed over */
	RECORD_WAIT,  /* as MORE_WAIT */
	RECORD_SLICE, /* enough for one call: ask again soon */
	RECORD_END,
	RECORD_BROKEN
};

enum csv_state { CSV_START, CSV_PLAIN, CSV_QUOTED, CSV_QUOTE };

struct records {
	struct source *source;
	struct window window;
	bool csv;
	bool begun;    /* past the byte order mark */
	bool skipping; /* a record that is too long */
	enum csv_state state;
	size_t scanned;	  /* bytes from start that hold no end */
	int64_t line;	  /* that the record begins in, from 1 */
	int64_t newlines; /* within it, as far as it was scanned */
	size_t max;	  /* bytes of a record */
};

/* The next record that is not blank, and the line it begins in.  The text is
 * borrowed until the next call or turn of the engine.  BUDGET is what may still
 * be looked at, in bytes. */
enum next_record records_next(struct records *r, size_t *budget,
    struct str *text, int64_t *line, struct err *err) MUST_USE;

int records_rewind(struct records *r, struct err *err) MUST_USE;

/* --- rows */

enum row_kind {
	ROW_GOOD,
	ROW_NO_INPUT, /* JSON, but no row */
	ROW_NO_JSON   /* in->err says why */
};

/* The row that comes next in JSON. */
enum row_kind row_read(
    struct json_in *in, struct arena *a, struct dataset_row *row) MUST_USE;

/* Passes over one value as row_read() would. */
int row_skip(struct json_in *in) MUST_USE NONNULL;

/* The header of a CSV file, in the arena; NULL when rows cannot be made. */
struct csv;
struct csv *csv_header(
    struct arena *a, struct str record, struct err *err) MUST_USE;
int csv_row(const struct csv *csv, struct arena *a, struct str record,
    struct dataset_row *row, struct err *err) MUST_USE;

/* The next state behind C. */
enum csv_state csv_step(enum csv_state state, char c);

/* --- a dataset over an open file */

enum dataset_form { DATASET_JSONL, DATASET_GZIP, DATASET_CSV };

struct dataset *dataset_over(struct engine *engine, struct arena *a, int fd,
    enum dataset_form form, const char *told, const struct sampling *sampling,
    struct err *err) MUST_USE;

#endif
