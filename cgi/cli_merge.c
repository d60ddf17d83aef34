/* `merge` and `report`: runs that are over, parts of one or whole, from their
 * journals.  It refuses to run anything. */
#include "cli_prompt.h"
#include "study.h"
#include "version.h"

#include <stdio.h>

int
cli_merge(const char *file, int n_args, char *const *args)
{
	(void)file;
	(void)n_args;
	(void)args;
	return EXIT_USAGE;
}

int
cli_report(const char *file, int n_args, char *const *args)
{
	return cli_merge(file, n_args, args);
}
