/* Where experiments find their rows and where they are counted: a directory,
 * AgentMark's API or that of its development server.  It refuses to open any of
 * them. */
#include "conf_load.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The directory's own path, so that nobody's working directory counts. */
static void
finish_root(struct loader *l)
{
	struct conf_value *root = &l->conf->root;
	const char *path;
	struct stat st;
	char *real;

	if (root->text == NULL)
		return;
	path = conf_beside(l, root->text);
	real = *root->text != '\0' ? realpath(path, NULL) : NULL;
	if (real == NULL)
		conf_problem(l, CONF_BAD_CONFIG, root->line,
		    "datasets.root: %s: %s", path,
		    *root->text != '\0' ? strerror(errno) : "no directory");
	else if (stat(real, &st) == -1 || !S_ISDIR(st.st_mode))
		conf_problem(l, CONF_BAD_CONFIG, root->line,
		    "datasets.root: %s is no directory", path);
	else
		l->conf->datasets.root = arena_strdup(l->conf->arena, real);
	free(real);
}

static const char *
credential(struct loader *l, const char *what, const struct conf_value *v)
{
	if (v->text == NULL || *v->text == '\0')
		return NULL;
	if (!conf_has_control(v->text))
		return v->text;
	conf_problem(
	    l, CONF_BAD_CONFIG, v->line, "%s holds a control character", what);
	return NULL;
}

static bool
is_there(const struct conf_value *v)
{
	return v->text != NULL && *v->text != '\0';
}

/* The key goes out only to whom it is for, and never without its app. */
static void
finish_api(struct loader *l)
{
	struct conf *conf = l->conf;
	struct dataset_conf *d = &conf->datasets;
	bool local = is_there(&conf->dev_server);
	const char *key = NULL, *app = NULL;

	if (!local) {
		key = credential(l, "agentmark.api_key", &conf->api_key);
		app = credential(l, "agentmark.app_id", &conf->app_id);
	}
	if ((key == NULL) != (app == NULL))
		conf_warning(l, 0,
		    "agentmark.api_key and agentmark.app_id are used only "
		    "together");
	if (conf->api == CONF_API_NO || (conf->api == CONF_API_AUTO && !local &&
					    (key == NULL || app == NULL)))
		return;
	if (local)
		d->api_base =
		    conf_url(l, "agentmark.dev_server", &conf->dev_server, 0);
	else
		d->api_base =
		    conf_url(l, "agentmark.base_url", &conf->base_url, 0);
	if (key != NULL && app != NULL) {
		d->api_key = key;
		d->app_id = app;
	}
}

static void
finish_state_dir(struct loader *l)
{
	const char *dir = l->conf->state_dir.text;

	if (dir != NULL && *dir != '\0') {
		l->conf->settings.state_dir = conf_beside(l, dir);
		return;
	}
	dir = conf_variable(l->source, "TMPDIR");
	if (dir == NULL || *dir != '/')
		dir = "/tmp";
	l->conf->settings.state_dir = arena_printf(l->conf->arena,
	    "%s/agentmark-fcgi-%lu", dir, (unsigned long)geteuid());
}

void
conf_finish_experiments(struct loader *l)
{
	finish_root(l);
	finish_api(l);
	finish_state_dir(l);
	l->conf->settings.datasets = &l->conf->datasets;
}
