/* Where prompts and the rows of experiments are found, and where they are
 * counted: a directory, AgentMark's API or that of its development server.  It
 * refuses to open any of them. */
#include "conf_load.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The directory's own path, so that nobody's working directory counts. */
static void
finish_root(struct loader *l, const char *what, const struct conf_value *root,
    const char **to)
{
	const char *path;
	struct stat st;
	char *real;

	if (root->text == NULL)
		return;
	path = conf_beside(l, root->text);
	real = *root->text != '\0' ? realpath(path, NULL) : NULL;
	if (real == NULL)
		conf_problem(l, CONF_BAD_CONFIG, root->line, "%s: %s: %s", what,
		    path,
		    *root->text != '\0' ? strerror(errno) : "no directory");
	else if (stat(real, &st) == -1 || !S_ISDIR(st.st_mode))
		conf_problem(l, CONF_BAD_CONFIG, root->line,
		    "%s: %s is no directory", what, path);
	else
		*to = arena_strdup(l->conf->arena, real);
	free(real);
}

/* The key goes out only to whom it is for, and never without its app. */
static void
finish_api(struct loader *l, struct api_conf *api)
{
	struct conf *conf = l->conf;
	const char *key, *app;

	*api = (struct api_conf){0};
	if (conf_is_there(&conf->dev_server)) {
		api->base =
		    conf_url(l, "agentmark.dev_server", &conf->dev_server, 0);
		return;
	}
	key = conf_header_value(l, "agentmark.api_key", &conf->api_key);
	app = conf_header_value(l, "agentmark.app_id", &conf->app_id);
	if ((key == NULL) != (app == NULL))
		conf_warning(l, 0,
		    "agentmark.api_key and agentmark.app_id are used only "
		    "together");
	api->base = conf_url(l, "agentmark.base_url", &conf->base_url, 0);
	if (key == NULL || app == NULL)
		return;
	api->key = key;
	api->app_id = app;
}

bool
conf_wants_api(const struct conf *conf, int wanted)
{
	bool there =
	    conf->agentmark.key != NULL || conf_is_there(&conf->dev_server);

	return conf->agentmark.base != NULL &&
	       (wanted == CONF_API_YES || (wanted == CONF_API_AUTO && there));
}

static void
finish_state_dir(struct loader *l)
{
	const char *dir = l->conf->state_dir.text;

	if (dir != NULL && *dir != '\0') {
		l->conf->settings.state_dir = conf_beside(l, dir);
		return;
	}
	/* Of systemd, for this service alone. */
	dir = conf_variable(l->source, "STATE_DIRECTORY");
	if (dir != NULL && *dir == '/') {
		l->conf->settings.state_dir = arena_printf(
		    l->conf->arena, "%.*s", (int)strcspn(dir, ":"), dir);
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
	struct conf *conf = l->conf;

	finish_root(l, "datasets.root", &conf->root, &conf->datasets.root);
	finish_root(l, "prompts.root", &conf->prompt_root,
	    &conf->settings.prompts.root);
	finish_api(l, &conf->agentmark);
	if (conf_wants_api(conf, conf->api))
		conf->datasets.api = conf->agentmark;
	if (conf_wants_api(conf, conf->prompt_api))
		conf->settings.prompts.api = conf->agentmark;
	finish_state_dir(l);
	if (conf->wants_journals)
		conf->settings.journals = arena_printf(
		    conf->arena, "%s/journals", conf->settings.state_dir);
	conf->settings.hide_inputs = conf->tracing.hide_inputs;
	conf->settings.hide_outputs = conf->tracing.hide_outputs;
	conf->settings.datasets = &conf->datasets;
}
