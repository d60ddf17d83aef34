/* The commands that run experiments and report on them: one prompt or several,
 * each with one model or several, over one dataset. */
#ifndef STUDY_H
#define STUDY_H

#include "../common/base/ast.h"
#include "../common/base/limits.h"
#include "../common/run/experiment.h"
#include "../common/template/markdown.h"
#include "cli.h"
#include "conf.h"
#include "report.h"

struct runner;

enum format {
	FORMAT_TABLE,
	FORMAT_JSONL,
	FORMAT_CSV,
	FORMAT_JSON,
	FORMAT_JUNIT,
	FORMAT_HTML,
	FORMAT__MAX
};
extern const char *const study_format_names[];

struct study_list {
	const char *items[LIMIT_STUDY_RUNS];
	size_t n;
};

struct study_options {
	struct study_list files, models; /* prompts, or runs that are over */
	struct study_list outputs;
	json_t *data; /* what a request says; owned */
	const char *url, *secret, *baseline;
	double power; /* 0: not asked for */
	int format;   /* FORMAT__MAX: not said */
	int markdown; /* enum markdown_style; -1: not said */
};

extern const struct cli_option study_options[];

/* Fails where an argument is none; O->data is there all the same.  REPORT: of
 * a command that only reports. */
int study_read_options(struct study_options *o, bool report, int n_args,
    char *const *args, struct err *err) MUST_USE;

struct study_output {
	FILE *file;
	const char *path; /* NULL: standard output */
	enum format format;
};

/* One prompt with one model, and what came of it. */
struct cell {
	struct report_run run;
	const struct node *ast;
	struct summary *summary;
	double cost;
	bool started;	 /* there are rows */
	bool row_failed; /* one of them at least */
	bool cut;	 /* some are missing */
	bool gate_failed;
};

struct study {
	struct arena *arena;
	struct study_options o;
	struct experiment experiment; /* what o.data says */
	struct conf *conf;
	struct runner *runner; /* NULL: an endpoint elsewhere is asked */
	struct loop *loop;     /* the runner's, or our own */
	const char *secret;    /* NULL: not signed */
	struct rows *baseline; /* NULL: none, or the endpoint has it */
	const char *baseline_name;
	struct cell *cells;
	size_t n_cells;
	struct study_output outputs[LIMIT_STUDY_OUTPUTS];
	size_t n_outputs;
	bool streams;	     /* one of them wants lines as they come */
	json_t *comparisons; /* array */
	int stop_fd;	     /* closes when a person ends this */
	bool stopped;
	bool merges; /* all runs are parts of one */
};

/* What the data of the options says (study_rows.c). */
int study_read_data(struct study *s, struct err *err) MUST_USE;

/* Runs a cell and reads all that is said of it (study_cell.c). */
void study_run(struct study *s, struct cell *cell);

/* Before the first row of a cell and behind its last one: statistics, compared
 * with the baseline's or the first cell's where there is one.  THEIRS is what
 * the endpoint says, or NULL (study_rows.c). */
int study_begin(struct study *s, struct cell *cell, struct err *err) MUST_USE;
void study_finish(struct study *s, struct cell *cell, const json_t *theirs);

/* Behind the last cell: all comparisons, corrected for how many there are. */
void study_compare(struct study *s) NONNULL;

/* Adds the rows of a journal to ROWS.  *HEAD is a new reference to what it says
 * of its run, with why it ended as `end`. */
int study_read_run(struct study *s, const char *run, struct rows *rows,
    json_t **head, struct err *err) MUST_USE;

/* The baseline that the options name: a journal of this machine, or else one
 * that the endpoint knows. */
int study_find_baseline(struct study *s, struct err *err) MUST_USE;

/* Adds all of ROWS to a summary (study_rows.c). */
int study_add_rows(
    struct summary *summary, struct rows *rows, struct err *err) MUST_USE;

/* Tells how many rows it takes (study_power.c). */
int study_power(struct study *s, struct err *err) MUST_USE;

/* Opens what is written, before anything is paid for; and writes it.  The
 * exit status (study_output.c). */
int study_open_outputs(struct study *s, struct err *err) MUST_USE;
void study_line(struct study *s, struct str line) NONNULL; /* as it comes */
int study_report(struct study *s) MUST_USE NONNULL;

void study_free(struct study *s) NONNULL;

/* Lets the first SIGINT or SIGTERM end this in good order, and the next one at
 * once (study_stop.c). */
int study_catch_stop(struct study *s, struct err *err) MUST_USE;
bool study_is_stopped(void);

#endif
