/* Where the store is.  It refuses to open it. */
#include "../common/base/crypt.h"
#include "conf_load.h"

#include <stdlib.h>
#include <string.h>

/* Installations of one user that know nothing of each other must not take each
 * other's money, turns and deliveries: each file has a store of its own. */
static const char *
default_name(struct loader *l)
{
	enum { SHOWN = 4 };
	const char *file = l->conf->file;
	uint8_t hash[CRYPT_SHA256_LEN];
	char hex[2 * SHOWN + 1], *real;

	if (file == NULL || l->conf->state_dir.text != NULL)
		return "store.db";
	real = realpath(file, NULL);
	if (real != NULL)
		file = real;
	crypt_sha256((struct str){file, strlen(file)}, hash);
	free(real);
	hex_print(hex, hash, SHOWN);
	return arena_printf(l->conf->arena, "store-%s.db", hex);
}

void
conf_finish_store(struct loader *l)
{
	struct settings *s = &l->conf->settings;
	const char *path = l->conf->store.text;

	if (path == NULL || *path == '\0')
		s->store = arena_printf(
		    l->conf->arena, "%s/%s", s->state_dir, default_name(l));
	else if (strcmp(path, "none") != 0)
		s->store = conf_beside(l, path);
}
