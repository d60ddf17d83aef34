/* The report as JSON: lines as they came, or one document, a row at a time.  It
 * refuses to know what is in a line. */
#include "report.h"

#include "../common/base/json.h"
#include "../common/base/limits.h"

#include <string.h>

static void
put(FILE *out, const json_t *json)
{
	struct buf b;

	buf_init(&b, LIMIT_LINE_BYTES);
	json_print(&b, json);
	(void)fwrite(buf_str(&b), 1, b.len, out);
	buf_free(&b);
}

static int
put_rows(FILE *out, struct rows *rows, const char *between, const char *end,
    struct err *err)
{
	struct record r;
	struct str text;

	for (size_t i = 0; i < rows_n(rows); i++) {
		if (rows_get(rows, i, &r, err) == -1)
			return -1;
		if (i > 0)
			(void)fputs(between, out);
		text = rows_text(rows);
		(void)fwrite(text.p, 1, text.len, out);
		(void)fputs(end, out);
	}
	return 0;
}

int
report_jsonl(FILE *out, const struct report *report, struct err *err)
{
	const struct report_run *run = report->runs;
	json_t *line;

	for (size_t i = 0; i < report->n; i++, run++) {
		if (!report->streamed &&
		    put_rows(out, run->rows, "", "\n", err) == -1)
			return -1;
		line = json_object();
		(void)json_object_set_new(line, "type", json_string("summary"));
		if (report->n > 1)
			(void)json_object_set_new(
			    line, "run", json_string_nocheck(run->name));
		(void)json_object_update(line, run->summary);
		put(out, line);
		(void)fputc('\n', out);
		json_decref(line);
	}
	return 0;
}

static void
put_text(FILE *out, const char *key, const char *text)
{
	struct buf b;

	if (text == NULL)
		return;
	buf_init(&b, LIMIT_LINE_BYTES);
	json_print_string(&b, (struct str){text, strlen(text)});
	(void)fprintf(out, "\"%s\":%s,", key, buf_str(&b));
	buf_free(&b);
}

static int
put_run(FILE *out, const struct report_run *run, struct err *err)
{
	(void)fputc('{', out);
	put_text(out, "name", run->name);
	if (run->run_id != NULL)
		put_text(out, "runId", run->run_id);
	else
		(void)fputs("\"runId\":null,", out);
	put_text(out, "model", run->model);
	put_text(out, "dataset", run->dataset);
	put_text(out, "ended", run->ended);
	(void)fputs("\"problems\":", out);
	put(out, run->problems);
	(void)fputs(",\"summary\":", out);
	put(out, run->summary);
	(void)fputs(",\"rows\":[\n", out);
	if (put_rows(out, run->rows, ",\n", "", err) == -1)
		return -1;
	(void)fputs("\n]}", out);
	return 0;
}

int
report_json(FILE *out, const struct report *report, struct err *err)
{
	(void)fputs("{\"runs\":[", out);
	for (size_t i = 0; i < report->n; i++) {
		if (i > 0)
			(void)fputc(',', out);
		if (put_run(out, &report->runs[i], err) == -1)
			return -1;
	}
	(void)fputs("],\"comparisons\":", out);
	put(out, report->comparisons);
	(void)fputs("}\n", out);
	return 0;
}
