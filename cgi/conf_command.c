/* Commands of the configuration: what of evals, tools and servers is run.  It
 * refuses to know what for. */
#include "conf_load.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool
conf_can_run(struct arena *a, const char *name)
{
	const char *dir = getenv("PATH");
	size_t len;

	if (strchr(name, '/') != NULL)
		return access(name, X_OK) == 0;
	if (dir == NULL)
		dir = "/bin:/usr/bin"; /* execvp(3) */
	while (dir != NULL) {
		len = strcspn(dir, ":");
		if (access(arena_printf(a, "%.*s/%s", (int)len, dir, name),
			X_OK) == 0)
			return true;
		dir = dir[len] == ':' ? dir + len + 1 : NULL;
	}
	return false;
}

const char *const *
conf_command(struct loader *l, const struct conf_item *item,
    const struct conf_list *list)
{
	const char **argv = (const char **)(uintptr_t)conf_names(l, list);
	const char *what = conf_key(l, item, "exec");
	size_t line = list->line != 0 ? list->line : item->line;

	if (argv == NULL || argv[0] == NULL || *argv[0] == '\0') {
		conf_problem(
		    l, CONF_BAD_CONFIG, line, "%s: a command is wanted", what);
		return NULL;
	}
	if (strchr(argv[0], '/') != NULL) {
		argv[0] = conf_beside(l, argv[0]);
		if (!conf_can_run(l->conf->arena, argv[0]))
			conf_warning(
			    l, line, "%s: %s cannot be run", what, argv[0]);
	} else if (!conf_can_run(l->conf->arena, argv[0])) {
		conf_warning(l, line, "%s: %s is not in PATH", what, argv[0]);
	}
	return argv;
}

/* A name with = in it would be another name. */
static const char *
variable(struct loader *l, const struct conf_item *item, const char *line)
{
	const char *colon = strchr(line, ':');

	if (colon != line && memchr(line, '=', (size_t)(colon - line)) == NULL)
		return arena_printf(l->conf->arena, "%.*s=%s",
		    (int)(colon - line), line, colon + 2);
	conf_problem(l, CONF_BAD_CONFIG, 0, "%s: %.*s is no name of a variable",
	    conf_key(l, item, "env"), (int)(colon - line), line);
	return line;
}

const char *const *
conf_env(struct loader *l, const struct conf_item *item,
    const struct conf_list *list)
{
	const char *const *given = list->items;
	const char **env;

	if (list->n == 0)
		return NULL;
	env = arena_array(l->conf->arena, list->n + 1, sizeof(*env));
	for (size_t i = 0; i < list->n; i++)
		env[i] = variable(l, item, given[i]);
	env[list->n] = NULL;
	return env;
}
