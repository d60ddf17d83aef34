/* The command line of a command. */
#ifndef CLI_ARGS_H
#define CLI_ARGS_H

#include "../common/base/base.h"

enum { EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_INTERRUPTED = 130 };

/* A wrong use: 2. */
int cli_usage(const char *problem, const char *what);

/* An option that takes a value, or one that is there or not.  One without a
 * name is the file that the command is for. */
struct cli_arg {
	const char *name;
	const char **value;
	bool *flag;
};

/* Takes `--name VALUE` and `--name=VALUE`; of an option that is there twice the
 * last one counts.  A wrong use of COMMAND has been told: its exit status. */
int cli_args(const char *command, const struct cli_arg *known, size_t n,
    int n_args, char *const *args) MUST_USE;

#endif
