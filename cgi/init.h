/* The command that configures the program: it asks four questions, or takes
 * their answers as options, and writes the configuration, the secret and the
 * snippet of the web server. */
#ifndef INIT_H
#define INIT_H

int init_command(const char *file, int n_args, char *const *args);

#endif
