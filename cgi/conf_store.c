/* Where the store is.  It refuses to open it. */
#include "conf_load.h"

#include <string.h>

void
conf_finish_store(struct loader *l)
{
	struct settings *s = &l->conf->settings;
	const char *path = l->conf->store.text;

	if (path == NULL || *path == '\0')
		s->store =
		    arena_printf(l->conf->arena, "%s/store.db", s->state_dir);
	else if (strcmp(path, "none") != 0)
		s->store = conf_beside(l, path);
}
