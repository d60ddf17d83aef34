/* The texts that are made from the tables of options and commands. */
#ifndef DOC_H
#define DOC_H

#include <stdio.h>

void doc_help(FILE *out);
void doc_example(FILE *out); /* a configuration file with every option */
void doc_man(FILE *out);     /* the manual page, in mdoc */

#endif
