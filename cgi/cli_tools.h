/* The command that lists tools. */
#ifndef CLI_TOOLS_H
#define CLI_TOOLS_H

int cli_tools(const char *file, int n_args, char *const *args);

#endif
