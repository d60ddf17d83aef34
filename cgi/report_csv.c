/* The report as CSV (RFC 4180): a row of the dataset is a row, an eval four
 * columns.  It refuses to know what evals mean. */
#include "report_int.h"

#include "../common/base/json.h"
#include "../common/base/limits.h"
#include "../common/base/utf.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What is no character becomes U+FFFD. */
static void
put_field(FILE *out, struct str text)
{
	bool quote = text.len != 0 && (memchr(text.p, ',', text.len) != NULL ||
					  memchr(text.p, '"', text.len) ||
					  memchr(text.p, '\n', text.len) ||
					  memchr(text.p, '\r', text.len));
	char bytes[4];
	size_t i = 0;
	uint32_t c;

	if (quote)
		(void)fputc('"', out);
	while (i < text.len) {
		c = wtf8_next(text, &i);
		if (c == UTF8_BAD || (c >= 0xd800 && c <= 0xdfff))
			c = 0xfffd;
		if (c == '"')
			(void)fputc('"', out);
		(void)fwrite(bytes, 1, utf8_put(bytes, c), out);
	}
	if (quote)
		(void)fputc('"', out);
}

/* Whether a spreadsheet would calculate, or worse, what is no number. */
static bool
is_formula(struct str text)
{
	char *end;

	if (text.len == 0 || memchr("=+-@\t\r", *text.p, 6) == NULL)
		return false;
	(void)strtod(text.p, &end);
	return end != text.p + text.len;
}

/* An apostrophe in front says that it is text. */
static void
put_text(FILE *out, struct str text)
{
	struct buf b;

	buf_init(&b, LIMIT_LINE_BYTES);
	if (is_formula(text))
		buf_addc(&b, '\'');
	buf_add(&b, text.p, text.len);
	put_field(out, (struct str){buf_str(&b), b.len});
	buf_free(&b);
}

static void
put_string(FILE *out, const char *text)
{
	put_text(out, (struct str){text, strlen(text)});
}

/* Text as it is, anything else as JSON. */
static void
put_value(FILE *out, const json_t *value)
{
	struct buf b;

	(void)fputc(',', out);
	if (value == NULL || json_is_null(value))
		return;
	if (json_is_string(value)) {
		put_text(out, (struct str){json_string_value(value),
				  json_string_length(value)});
		return;
	}
	buf_init(&b, LIMIT_LINE_BYTES);
	json_print(&b, value);
	put_field(out, (struct str){buf_str(&b), b.len});
	buf_free(&b);
}

static void
put_count(FILE *out, int64_t n)
{
	(void)fputc(',', out);
	if (n >= 0)
		(void)fprintf(out, "%" PRId64, n);
}

static const char *const eval_columns[] = {
    "score", "passed", "label", "reason"};

/* Of all runs, each name once, in the order of the first one that has it. */
static json_t *
all_evals(const struct report *report)
{
	json_t *all = json_array(), *name;
	size_t i, k, n;

	for (i = 0; i < report->n; i++) {
		const json_t *evals = rows_evals(report->runs[i].rows);

		for (k = 0; k < json_array_size(evals); k++) {
			name = json_array_get(evals, k);
			for (n = 0; n < json_array_size(all); n++)
				if (json_equal(json_array_get(all, n), name))
					break;
			if (n == json_array_size(all))
				(void)json_array_append(all, name);
		}
	}
	return all;
}

static void
put_head(FILE *out, bool several, const json_t *evals)
{
	struct buf b;

	(void)fprintf(out, "%sindex,repeat,input,expected,output,error",
	    several ? "run," : "");
	buf_init(&b, LIMIT_LINE_BYTES);
	for (size_t i = 0; i < json_array_size(evals); i++)
		for (size_t k = 0; k < ARRAY_LEN(eval_columns); k++) {
			buf_clear(&b);
			buf_addf(&b, "%s %s",
			    json_string_value(json_array_get(evals, i)),
			    eval_columns[k]);
			(void)fputc(',', out);
			put_string(out, buf_str(&b));
		}
	buf_free(&b);
	(void)fputs(",inputTokens,outputTokens,costUsd,ms\r\n", out);
}

static void
put_row(FILE *out, const struct record *r, const json_t *evals)
{
	const json_t *result = json_object_get(r->line, "result"), *eval;

	if (result == NULL)
		result = r->line;
	(void)fprintf(out, "%" PRId64 ",%" PRId64, r->index, r->repeat);
	put_value(out, json_object_get(result, "input"));
	put_value(out, json_object_get(result, "expectedOutput"));
	put_value(out, json_object_get(result, "actualOutput"));
	put_value(out, json_object_get(r->line, "error"));
	for (size_t i = 0; i < json_array_size(evals); i++) {
		eval = report_find(
		    r->evals, json_string_value(json_array_get(evals, i)));
		for (size_t k = 0; k < ARRAY_LEN(eval_columns); k++)
			put_value(out, json_object_get(eval, eval_columns[k]));
	}
	put_count(out, r->input);
	put_count(out, r->output);
	(void)fputc(',', out);
	if (isfinite(r->cost))
		(void)fprintf(out, "%.12g", r->cost);
	put_count(out, r->ms);
	(void)fputs("\r\n", out);
}

int
report_csv(FILE *out, const struct report *report, struct err *err)
{
	json_t *evals = all_evals(report);
	bool several = report->n > 1;
	struct record r;
	int rc = 0;

	put_head(out, several, evals);
	for (size_t i = 0; rc == 0 && i < report->n; i++) {
		const struct report_run *run = &report->runs[i];

		for (size_t k = 0; rc == 0 && k < rows_n(run->rows); k++) {
			rc = rows_get(run->rows, k, &r, err);
			if (rc == -1)
				break;
			if (several) {
				put_string(out, run->name);
				(void)fputc(',', out);
			}
			put_row(out, &r, evals);
		}
	}
	json_decref(evals);
	return rc;
}
