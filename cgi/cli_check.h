/* The command that checks. */
#ifndef CLI_CHECK_H
#define CLI_CHECK_H

int cli_check(const char *file, int n_args, char *const *args);

#endif
