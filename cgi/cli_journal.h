/* The commands `runs` and `purge`. */
#ifndef CLI_JOURNAL_H
#define CLI_JOURNAL_H

int cli_runs(const char *file, int n_args, char *const *args);
int cli_purge(const char *file, int n_args, char *const *args);

#endif
