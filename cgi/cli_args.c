/* Reads the command lines of commands.  It refuses to know what an option means
 * and whether its value is good. */
#include "cli_args.h"

#include "version.h"

#include <stdio.h>
#include <string.h>

int
cli_usage(const char *problem, const char *what)
{
	(void)fprintf(stderr, PROGRAM ": %s%s\nTry `" PROGRAM " --help`.\n",
	    problem, what);
	return EXIT_USAGE;
}

static int
wrong(const char *command, const char *problem, const char *what)
{
	char text[80];

	(void)snprintf(text, sizeof(text), "%s: %s ", command, problem);
	return cli_usage(text, what);
}

/* "-" is standard input; a second file is none that the command is for. */
static bool
is(const struct cli_arg *known, const char *arg)
{
	size_t len = strcspn(arg, "=");

	if (known->name == NULL)
		return (arg[0] != '-' || arg[1] == '\0') &&
		       *known->value == NULL;
	return strlen(known->name) == len && memcmp(known->name, arg, len) == 0;
}

int
cli_args(const char *command, const struct cli_arg *known, size_t n, int n_args,
    char *const *args)
{
	for (int i = 0; i < n_args; i++) {
		const char *value = strchr(args[i], '=');
		const struct cli_arg *o = known;

		while (o < known + n && !is(o, args[i]))
			o++;
		if (o == known + n || (o->flag != NULL && value != NULL))
			return wrong(command, "unexpected", args[i]);
		if (o->flag != NULL) {
			*o->flag = true;
			continue;
		}
		if (o->name == NULL)
			value = args[i];
		else if (value != NULL)
			value++;
		else if (++i < n_args)
			value = args[i];
		else
			return wrong(
			    command, "a value is missing behind", o->name);
		*o->value = value;
	}
	return 0;
}
