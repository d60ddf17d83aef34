/* Keeps the lines of an experiment's rows outside of memory, and puts them in
 * the order of the dataset.  It refuses to know what is shown of them. */
#include "rows.h"

#include "../common/base/json.h"
#include "../common/base/limits.h"
#include "../common/base/xalloc.h"
#include "../common/run/temporary.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Where a line is. */
struct place {
	int64_t index, repeat;
	off_t offset;
	size_t len;
	bool failed;
};

struct rows {
	FILE *file;
	off_t end;
	struct place *places;
	size_t n, cap;
	int64_t next; /* above every index so far */
	bool guessed; /* there are lines that say no index */
	json_t *evals;
	json_t *line;			/* of the last row */
	struct buf text;		/* of the last row that was read */
	char hash[RECORD_HASH_LEN + 1]; /* of a row that brings none */
};

struct rows *
rows_new(struct err *err)
{
	int fd = temporary_file("the rows", err);
	struct rows *rows;

	if (fd == -1)
		return NULL;
	rows = xcalloc(1, sizeof(*rows));
	rows->file = fdopen(fd, "w+");
	rows->evals = json_array();
	buf_init(&rows->text, LIMIT_LINE_BYTES);
	return rows;
}

void
rows_free(struct rows *rows)
{
	if (rows == NULL)
		return;
	if (rows->file != NULL)
		(void)fclose(rows->file);
	json_decref(rows->evals);
	json_decref(rows->line);
	buf_free(&rows->text);
	free(rows->places);
	free(rows);
}

/* --- what a line says */

static int64_t
integer(const json_t *json, int64_t otherwise)
{
	return json_is_integer(json) ? json_integer_value(json) : otherwise;
}

/* A row as every endpoint of AgentMark tells it.  Only where it failed its
 * number is there; one that may be another's is of no use. */
static int64_t
guess_index(struct rows *rows, const json_t *line, bool has_input)
{
	int64_t index = integer(json_object_get(line, "index"), -1);

	rows->guessed = rows->guessed || has_input;
	return rows->guessed || index < 0 ? rows->next : index;
}

static bool
read_plain(struct rows *rows, const json_t *line, struct record *r)
{
	const char *type = json_string_value(json_object_get(line, "type"));
	const json_t *result = json_object_get(line, "result"), *input;
	struct buf b;

	*r = (struct record){.line = line, .hash = rows->hash};
	r->failed = type != NULL && strcmp(type, "error") == 0;
	if (r->failed)
		result = line;
	else if (type == NULL || strcmp(type, "dataset") != 0)
		return false;
	input = json_object_get(result, "input");
	if (input == NULL && json_object_get(line, "index") == NULL)
		return false; /* an error of the whole */
	r->index = guess_index(rows, line, input != NULL);
	r->ms = r->input = r->output = -1;
	r->cost = (double)NAN;
	r->evals = json_object_get(result, "evals");
	buf_init(&b, LIMIT_LINE_BYTES);
	if (input != NULL)
		json_print(&b, input);
	record_hash(rows->hash, (struct str){buf_str(&b), b.len},
	    json_object_get(result, "expectedOutput"));
	buf_free(&b);
	return true;
}

static bool
read_line(struct rows *rows, const json_t *line, struct record *r)
{
	struct err err = {0};
	int rc = record_read(line, r, &err);

	err_free(&err);
	return rc == 1 || read_plain(rows, line, r);
}

static void
note_evals(struct rows *rows, const json_t *evals)
{
	json_t *name;
	size_t i, k;

	for (i = 0; i < json_array_size(evals); i++) {
		name = json_object_get(json_array_get(evals, i), "name");
		for (k = 0; k < json_array_size(rows->evals); k++)
			if (json_equal(json_array_get(rows->evals, k), name))
				break;
		if (json_is_string(name) && k == json_array_size(rows->evals))
			(void)json_array_append(rows->evals, name);
	}
}

/* --- taking */

static void
add_place(struct rows *rows, const struct record *r, size_t len)
{
	if (rows->n == rows->cap) {
		rows->cap = rows->cap != 0 ? 2 * rows->cap : 256;
		rows->places =
		    xrealloc(rows->places, rows->cap * sizeof(*rows->places));
	}
	rows->places[rows->n++] = (struct place){.index = r->index,
	    .repeat = r->repeat,
	    .offset = rows->end,
	    .len = len,
	    .failed = r->failed};
	rows->end += (off_t)len;
	if (r->index >= rows->next)
		rows->next = r->index + 1;
}

int
rows_take(struct rows *rows, const json_t *line, struct str text,
    struct record *r, struct err *err)
{
	if (!read_line(rows, line, r))
		return 0;
	if (fseeko(rows->file, rows->end, SEEK_SET) == -1 ||
	    fwrite(text.p, 1, text.len, rows->file) != text.len)
		return fail(err, ERR_INTERNAL, "cannot keep the rows: %s",
		    strerror(errno));
	add_place(rows, r, text.len);
	note_evals(rows, r->evals);
	return 1;
}

/* --- order */

static int
compare(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	if (x->index != y->index)
		return x->index < y->index ? -1 : 1;
	if (x->repeat != y->repeat)
		return x->repeat < y->repeat ? -1 : 1;
	return (x->offset > y->offset) - (x->offset < y->offset);
}

static bool
is_same(const struct place *a, const struct place *b)
{
	return a->index == b->index && a->repeat == b->repeat;
}

size_t
rows_sort(struct rows *rows)
{
	size_t i, n = 0, all = rows->n;
	struct place *p = rows->places;

	if (all == 0)
		return 0;
	qsort(p, all, sizeof(*p), compare);
	for (i = 1; i < all; i++)
		if (!is_same(&p[n], &p[i]))
			p[++n] = p[i];
		else if (p[n].failed || !p[i].failed)
			p[n] = p[i];
	rows->n = n + 1;
	return all - rows->n;
}

size_t
rows_n(const struct rows *rows)
{
	return rows->n;
}

const json_t *
rows_evals(const struct rows *rows)
{
	return rows->evals;
}

size_t
rows_find(const struct rows *rows, int64_t index, int64_t repeat)
{
	const struct place wanted = {.index = index, .repeat = repeat};
	size_t low = 0, high = rows->n, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (compare(&rows->places[middle], &wanted) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low < rows->n && is_same(&rows->places[low], &wanted))
		return low;
	return rows->n;
}

size_t
rows_failed(const struct rows *rows, size_t from)
{
	while (from < rows->n && !rows->places[from].failed)
		from++;
	return from;
}

/* --- reading */

int
rows_get(struct rows *rows, size_t i, struct record *r, struct err *err)
{
	const struct place *p = &rows->places[i];
	char *to;

	buf_clear(&rows->text);
	to = buf_reserve(&rows->text, p->len);
	if (to == NULL || fseeko(rows->file, p->offset, SEEK_SET) == -1 ||
	    fread(to, 1, p->len, rows->file) != p->len)
		return fail(err, ERR_INTERNAL, "cannot read the rows again");
	rows->text.len += p->len;
	json_decref(rows->line);
	rows->line = json_read(rows_text(rows), err);
	if (rows->line == NULL)
		return -1;
	if (!read_line(rows, rows->line, r))
		return fail(err, ERR_INTERNAL, "the rows are broken");
	r->index = p->index;
	return 0;
}

struct str
rows_text(const struct rows *rows)
{
	return (struct str){rows->text.data, rows->text.len};
}
