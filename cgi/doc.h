/* The texts that are made from the tables of options and commands. */
#ifndef DOC_H
#define DOC_H

#include "conf_table.h"

#include <stdio.h>

void doc_help(FILE *out);
void doc_example(FILE *out); /* a configuration file with every option */

/* The manual pages, in mdoc: of the program and of its configuration. */
void doc_man_program(FILE *out);
void doc_man_file(FILE *out);

/* The variable that sets an option, or NULL. */
const struct variable *doc_variable(const struct option *o);

#endif
