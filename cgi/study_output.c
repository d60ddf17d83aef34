/* Where reports go and in which format, and the status that scripts look at.
 * It refuses to know what a format looks like. */
#include "study.h"

#include "../common/run/dispatch.h"
#include "cli_prompt.h"
#include "grid.h"
#include "version.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

const char *const study_format_names[] = {
    [FORMAT_TABLE] = "table",
    [FORMAT_JSONL] = "jsonl",
    [FORMAT_CSV] = "csv",
    [FORMAT_JSON] = "json",
    [FORMAT_JUNIT] = "junit",
    [FORMAT_HTML] = "html",
};
_Static_assert(ARRAY_LEN(study_format_names) == FORMAT__MAX, "a name each");

static const struct {
	const char *ending;
	int (*write)(FILE *, const struct report *, struct err *);
} formats[] = {
    [FORMAT_TABLE] = {".txt", report_table},
    [FORMAT_JSONL] = {".jsonl", report_jsonl},
    [FORMAT_CSV] = {".csv", report_csv},
    [FORMAT_JSON] = {".json", report_json},
    [FORMAT_JUNIT] = {".xml", report_junit},
    [FORMAT_HTML] = {".html", report_html},
};
_Static_assert(ARRAY_LEN(formats) == FORMAT__MAX, "a writer each");

/* --- opening */

static int
format_of(const struct study_options *o, const char *path, enum format *format,
    struct err *err)
{
	const char *ending = strrchr(path, '.');

	*format = (enum format)o->format;
	if (o->format != FORMAT__MAX)
		return 0;
	for (size_t i = 0; ending != NULL && i < FORMAT__MAX; i++) {
		*format = (enum format)i;
		if (strcmp(ending, formats[i].ending) == 0)
			return 0;
	}
	return fail(err, ERR_REQUEST,
	    "--output: the ending of %s says no format: use .txt, .jsonl, "
	    ".csv, .json, .xml or .html, or --format",
	    path);
}

static int
open_file(struct study *s, const char *path, struct err *err)
{
	struct study_output *out = &s->outputs[s->n_outputs];

	if (format_of(&s->o, path, &out->format, err) == -1)
		return -1;
	out->path = path;
	out->file = fopen(path, "we");
	if (out->file == NULL)
		return fail(err, ERR_REQUEST, "--output: %s: %s", path,
		    strerror(errno));
	s->n_outputs++;
	return 0;
}

/* A person sees the table, whatever is written to files. */
static void
open_standard(struct study *s)
{
	enum format format = (enum format)s->o.format;

	if (s->n_outputs > 0)
		format = FORMAT_TABLE;
	else if (format == FORMAT__MAX)
		format =
		    isatty(STDOUT_FILENO) == 1 ? FORMAT_TABLE : FORMAT_JSONL;
	s->outputs[s->n_outputs++] =
	    (struct study_output){.file = stdout, .format = format};
}

int
study_open_outputs(struct study *s, struct err *err)
{
	for (size_t i = 0; i < s->o.outputs.n; i++) {
		if (s->n_outputs + 1 == LIMIT_STUDY_OUTPUTS)
			return fail(err, ERR_REQUEST,
			    "--output: more than %zu files", i);
		if (open_file(s, s->o.outputs.items[i], err) == -1)
			return -1;
	}
	open_standard(s);
	for (size_t i = 0; i < s->n_outputs; i++)
		if (s->outputs[i].format == FORMAT_JSONL)
			s->streams = true;
	return 0;
}

void
study_line(struct study *s, struct str line)
{
	for (size_t i = 0; i < s->n_outputs; i++) {
		FILE *out = s->outputs[i].file;

		if (s->outputs[i].format != FORMAT_JSONL)
			continue;
		(void)fwrite(line.p, 1, line.len, out);
		(void)fputc('\n', out);
		(void)fflush(out);
	}
}

/* --- writing */

static int
write_output(
    const struct study_output *out, const struct report *r, struct err *err)
{
	const char *name = out->path != NULL ? out->path : "standard output";
	int rc = formats[out->format].write(out->file, r, err);

	if (rc == 0 && (fflush(out->file) != 0 || ferror(out->file)))
		rc = fail(err, ERR_INTERNAL, "%s: it cannot be written", name);
	return rc;
}

static void
tell_of(const struct study *s, const struct cell *cell, const char *before,
    const char *text)
{
	bool several = s->n_cells > 1;
	const char *line = arena_printf(s->arena, "%s%s%s%s\n",
	    several ? cell->run.name : "", several ? ": " : "", before, text);

	grid_text(stderr, (struct str){line, strlen(line)});
}

/* What a script cannot see in the report. */
static void
tell(const struct study *s)
{
	const struct cell *cell;
	size_t i, k;

	for (i = 0; i < s->n_cells; i++) {
		cell = &s->cells[i];
		for (k = 0; k < json_array_size(cell->run.problems); k++) {
			(void)fputs(PROGRAM ": ", stderr);
			tell_of(s, cell, "",
			    json_string_value(
				json_array_get(cell->run.problems, k)));
		}
		if (cell->cut && cell->run.resumable)
			tell_of(s, cell,
			    "to go on: the same command with --resume ",
			    cell->run.run_id);
	}
}

static int
status_of(const struct study *s)
{
	int status = EXIT_USAGE;

	for (size_t i = 0; i < s->n_cells; i++)
		if (s->cells[i].started)
			status = 0;
	for (size_t i = 0; i < s->n_cells && status == 0; i++)
		if (!s->cells[i].started || s->cells[i].row_failed ||
		    s->cells[i].gate_failed || s->cells[i].cut)
			status = EXIT_FAILED;
	return status;
}

int
study_report(struct study *s)
{
	struct report_run *runs =
	    arena_array(s->arena, s->n_cells, sizeof(*runs));
	struct report report = {.runs = runs,
	    .comparisons = s->comparisons,
	    .streamed = s->loop != NULL};
	int status = status_of(s);
	struct err err = {0};
	size_t i;

	for (i = 0; i < s->n_cells; i++)
		if (s->cells[i].started)
			runs[report.n++] = s->cells[i].run;
	tell(s);
	for (i = 0; report.n > 0 && i < s->n_outputs; i++) {
		if (write_output(&s->outputs[i], &report, &err) == 0)
			continue;
		(void)fprintf(stderr, PROGRAM ": %s\n", err.msg);
		err_free(&err);
		status = EXIT_FAILED;
	}
	return s->stopped ? EXIT_INTERRUPTED : status;
}

void
study_free(struct study *s)
{
	size_t i;

	for (i = 0; i < s->n_cells && s->cells != NULL; i++) {
		struct cell *cell = &s->cells[i];

		summary_free(cell->summary);
		rows_free(cell->run.rows);
		json_decref(cell->run.summary);
		json_decref(cell->run.problems);
	}
	for (i = 0; i < s->n_outputs; i++)
		if (s->outputs[i].path != NULL)
			(void)fclose(s->outputs[i].file);
	rows_free(s->baseline);
	json_decref(s->comparisons);
	json_decref(s->o.data);
	if (s->runner == NULL)
		loop_free(s->loop);
	runner_free(s->runner);
	conf_free(s->conf);
	arena_free(s->arena);
}
