/* Where the store and the answers that are kept are.  It refuses to open them.
 */
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

/* Beside the store, under its name. */
static const char *
cache_path(struct loader *l, const char *store)
{
	const char *slash = strrchr(store, '/');
	const char *dot = strrchr(store, '.');
	size_t len = strlen(store);

	if (dot != NULL && slash != NULL && dot > slash + 1)
		len = (size_t)(dot - store);
	return arena_printf(
	    l->conf->arena, "%.*s-answers%s", (int)len, store, store + len);
}

static void
finish_answers(struct loader *l)
{
	struct conf *conf = l->conf;
	struct answers_conf *a = &conf->settings.answers;

	a->use = (enum answers_use)conf->cache_use;
	a->hidden = conf->tracing.hide_inputs || conf->tracing.hide_outputs;
	if (conf->settings.store != NULL)
		a->path = cache_path(l, conf->settings.store);
	if (a->use == ANSWERS_ALWAYS && a->hidden)
		conf_problem(l, CONF_BAD_CONFIG, 0,
		    "experiments.cache: always keeps what "
		    "telemetry.hide_inputs and hide_outputs hide");
	else if (a->use == ANSWERS_ALWAYS && a->path == NULL)
		conf_problem(l, CONF_BAD_CONFIG, 0,
		    "experiments.cache: always needs a store, and store is "
		    "none");
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
	finish_answers(l);
}
