/* Rows of a CSV file (RFC 4180): the first record names the columns.
 * `expected_output` is what is expected, `metadata.X` a member of the metadata,
 * and `input.X` or any other name a member of the input; all are text.  An
 * empty cell of `expected_output` says that nothing is expected.  A column
 * without a name is passed over. */
#include "dataset_int.h"

#include "../base/json.h"
#include "../base/limits.h"
#include "../base/utf.h"

#include <string.h>

enum column_kind { COLUMN_NONE, COLUMN_INPUT, COLUMN_EXPECTED, COLUMN_META };

struct column {
	enum column_kind kind;
	struct str name;
	struct str16 key; /* of an input */
};

struct csv {
	struct column *columns;
	size_t n;
};

enum csv_state
csv_step(enum csv_state state, char c)
{
	switch (state) {
	case CSV_START:
		if (c == '"')
			return CSV_QUOTED;
		return c == ',' ? CSV_START : CSV_PLAIN;
	case CSV_PLAIN:
		return c == ',' ? CSV_START : CSV_PLAIN;
	case CSV_QUOTED:
		return c == '"' ? CSV_QUOTE : CSV_QUOTED;
	case CSV_QUOTE:
		break;
	}
	if (c == '"')
		return CSV_QUOTED;
	return c == ',' ? CSV_START : CSV_PLAIN;
}

/* What is in quotes, each two of which mean one. */
static struct str
unquote(struct arena *a, struct str quoted, size_t doubled)
{
	char *out;
	size_t n = 0;

	if (doubled == 0)
		return quoted;
	out = arena_alloc(a, quoted.len - doubled);
	for (size_t i = 0; i < quoted.len; i++) {
		out[n++] = quoted.p[i];
		i += quoted.p[i] == '"';
	}
	return (struct str){out, n};
}

/* A cell in quotes, which are taken off; *P is at the first. */
static int
read_quoted(struct arena *a, const char **p, const char *end, struct str *cell,
    struct err *err)
{
	const char *start = *p + 1, *from = start, *quote;
	size_t doubled = 0;

	for (;;) {
		quote = memchr(from, '"', (size_t)(end - from));
		if (quote == NULL)
			return fail(err, ERR_PROMPT, "a quote is not closed");
		from = quote + 1;
		if (from == end || *from != '"')
			break;
		from++;
		doubled++;
	}
	if (from != end && *from != ',')
		return fail(
		    err, ERR_PROMPT, "text follows the end of a quoted cell");
	*cell =
	    unquote(a, (struct str){start, (size_t)(quote - start)}, doubled);
	*p = from;
	return 0;
}

/* The cell at *P, which is moved to the comma behind it or to END. */
static int
read_cell(struct arena *a, const char **p, const char *end, struct str *cell,
    struct err *err)
{
	const char *comma;

	if (*p != end && **p == '"')
		return read_quoted(a, p, end, cell, err);
	comma = memchr(*p, ',', (size_t)(end - *p));
	if (comma == NULL)
		comma = end;
	*cell = (struct str){*p, (size_t)(comma - *p)};
	*p = comma;
	return 0;
}

static bool
has_prefix(struct str s, const char *prefix)
{
	size_t len = strlen(prefix);

	return s.len > len && memcmp(s.p, prefix, len) == 0;
}

static void
name_column(struct arena *a, struct column *c, struct str cell)
{
	struct str name = utf8_clean(a, cell);

	c->kind = COLUMN_INPUT;
	if (name.len == 0) {
		c->kind = COLUMN_NONE;
	} else if (str_is(name, "expected_output")) {
		c->kind = COLUMN_EXPECTED;
	} else if (has_prefix(name, "metadata.")) {
		c->kind = COLUMN_META;
		name = (struct str){name.p + 9, name.len - 9};
	} else if (has_prefix(name, "input.")) {
		name = (struct str){name.p + 6, name.len - 6};
	}
	c->name.p = arena_strndup(a, name.p, name.len);
	c->name.len = name.len;
	c->key = utf16_from(a, c->name);
}

static int
check_columns(const struct csv *csv, struct err *err)
{
	bool input = false;

	for (size_t i = 0; i < csv->n; i++) {
		const struct column *c = &csv->columns[i];

		input |= c->kind == COLUMN_INPUT;
		for (size_t k = 0; k < i && c->kind != COLUMN_NONE; k++)
			if (csv->columns[k].kind == c->kind &&
			    str_eq(csv->columns[k].name, c->name))
				return fail(err, ERR_PROMPT,
				    "two columns are named %.*s",
				    (int)c->name.len, c->name.p);
	}
	if (!input)
		return fail(err, ERR_PROMPT, "no column is an input");
	return 0;
}

struct csv *
csv_header(struct arena *a, struct str record, struct err *err)
{
	struct csv *csv = arena_zalloc(a, sizeof(*csv));
	const char *p = record.p, *end = record.p + record.len;
	struct str cell;
	size_t cap = 0;

	for (;; p++) {
		if (read_cell(a, &p, end, &cell, err) < 0)
			return NULL;
		if (csv->n == LIMIT_CSV_COLUMNS) {
			(void)fail(err, ERR_PROMPT, "more than %u columns",
			    LIMIT_CSV_COLUMNS);
			return NULL;
		}
		if (csv->n == cap) {
			cap = cap != 0 ? cap * 2 : 16;
			csv->columns = arena_grow(a, csv->columns, csv->n, cap,
			    sizeof(*csv->columns));
		}
		name_column(a, &csv->columns[csv->n++], cell);
		if (p == end)
			break;
	}
	return check_columns(csv, err) == 0 ? csv : NULL;
}

static json_t *
text(struct arena *a, struct str cell)
{
	struct str clean = utf8_clean(a, cell);

	return json_stringn_nocheck(clean.len != 0 ? clean.p : "", clean.len);
}

static void
set_cell(struct arena *a, const struct column *c, struct str cell,
    struct dataset_row *row)
{
	switch (c->kind) {
	case COLUMN_INPUT:
		js_set(a, row->input.object, c->key, js_string_utf8(a, cell));
		break;
	case COLUMN_EXPECTED:
		if (cell.len == 0)
			break;
		row->expected = text(a, cell);
		(void)json_own(a, row->expected);
		break;
	case COLUMN_META:
		if (row->metadata == NULL) {
			row->metadata = json_object();
			(void)json_own(a, row->metadata);
		}
		(void)json_object_setn_new_nocheck(
		    row->metadata, c->name.p, c->name.len, text(a, cell));
		break;
	case COLUMN_NONE:
		break;
	}
}

int
csv_row(const struct csv *csv, struct arena *a, struct str record,
    struct dataset_row *row, struct err *err)
{
	const char *p = record.p, *end = record.p + record.len;
	struct str cell;
	size_t i;

	row->input = js_object(a);
	row->expected = row->metadata = NULL;
	for (i = 0; i < csv->n; i++, p++) {
		if (read_cell(a, &p, end, &cell, err) < 0)
			return -1;
		set_cell(a, &csv->columns[i], cell, row);
		if (p == end)
			break;
	}
	if (i + 1 == csv->n)
		return 0;
	return fail(err, ERR_PROMPT, "%s cells than the header has (%zu)",
	    i < csv->n ? "fewer" : "more", csv->n);
}
