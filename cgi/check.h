/* `check`: what the configuration means and what is wrong with it. */
#ifndef CHECK_H
#define CHECK_H

#include "conf.h"

#include <stdio.h>

/* Never prints a secret: only its name, where it is from and how long it is,
 * roughly. */
void check_print(FILE *out, const struct conf *conf);

/* Of a URL the host with its port: the rest may hold secrets. */
struct str check_host(const char *url) NONNULL;

/* Its part that says what secrets may use and spend. */
void check_print_spending(FILE *out, const struct settings *s);

#endif
