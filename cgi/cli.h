/* What the program does when a person starts it. */
#ifndef CLI_H
#define CLI_H

#include "../common/base/err.h"

/* An option of a command that has many.  A table of them ends with one without
 * a name. */
struct cli_option {
	const char *name;
	const char *arg; /* NULL: it takes none */
	const char *help;
	int (*read)(void *to, const struct cli_option *o, const char *value,
	    struct err *err);
	const char *member; /* of a request's `data`, that it becomes */
	size_t offset;	    /* of what it sets in TO, otherwise */
	bool shared;	    /* with the commands that only report */
};

/* FILE is that of --config, or NULL; ARGS what follows the command's name. */
struct command {
	const char *name, *args;
	int (*run)(const char *file, int n_args, char *const *args);
	const char *help;
};
extern const struct command cli_commands[];
extern const size_t cli_n_commands;

/* The commands, each in the file of its name; render, parse and run work on one
 * prompt, experiment, merge and report on experiments. */
int cli_check(const char *file, int n_args, char *const *args);
int cli_experiment(const char *file, int n_args, char *const *args);
int cli_merge(const char *file, int n_args, char *const *args);
int cli_parse(const char *file, int n_args, char *const *args);
int cli_purge(const char *file, int n_args, char *const *args);
int cli_relay(const char *file, int n_args, char *const *args);
int cli_render(const char *file, int n_args, char *const *args);
int cli_report(const char *file, int n_args, char *const *args);
int cli_run_prompt(const char *file, int n_args, char *const *args);
int cli_runs(const char *file, int n_args, char *const *args);
int cli_tools(const char *file, int n_args, char *const *args);
int init_command(const char *file, int n_args, char *const *args);
int pool_command(const char *file, int n_args, char *const *args);

/* The options of a command that has a table of them, or NULL. */
const struct cli_option *cli_options_of(const struct command *c) NONNULL;

/* Takes --config FILE from the front of the arguments: *FILE is it or NULL.
 * Returns how many were taken, or -1. */
int cli_options(int argc, char *const *argv, const char **file) MUST_USE;

/* Runs a command; the exit status. */
int cli_run(const char *file, int argc, char *const *argv) MUST_USE;

/* A program that nobody serves and that was told nothing says so: 2. */
int cli_lost(const char *file) MUST_USE;

#endif
