/* Tries what the configuration names on this machine: directories, programs,
 * judges, the store.  Nothing is made that is not there yet, because it would
 * belong to whoever checks, and not to the user of the workers. */
#include "doctor.h"

#include "../common/run/alert.h"
#include "../common/run/eval_run.h"
#include "../common/run/prompt_file.h"
#include "../common/run/slots.h"
#include "../common/run/tool.h"
#include "../common/store/cache.h"
#include "../common/store/store.h"
#include "../common/template/prompt.h"
#include "conf_load.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

static const char as_workers[] =
    "run this check as the user of the workers, and let that user do it";

static const char *
named(struct doctor *d, const char *what, const char *name)
{
	return arena_printf(d->arena, "%s %s", what, name);
}

/* --- directories */

static void
try_root(struct doctor *d, const char *what, const char *root)
{
	DIR *dir;

	if (root == NULL)
		return;
	dir = opendir(root);
	if (dir != NULL)
		doctor_say(d, what, DOCTOR_OK, NULL, "%s can be read", root);
	else
		doctor_say(d, what, DOCTOR_ERROR, as_workers,
		    "%s cannot be read: %s", root, strerror(errno));
	if (dir != NULL)
		(void)closedir(dir);
}

static void
try_slots(struct doctor *d, const struct settings *s)
{
	static const char what[] = "experiments.state_dir";
	const char *dir = s->state_dir;
	struct err err = {0};
	int slot;

	if (s->max_experiments == 0 || dir == NULL)
		return;
	if (access(dir, F_OK) == -1) {
		doctor_say(d, what, DOCTOR_UNTRIED, NULL,
		    "%s is made by the first experiment", dir);
		return;
	}
	slot = slot_take(dir, s->max_experiments, &err);
	if (slot >= 0 || err.code == ERR_BUSY)
		doctor_say(
		    d, what, DOCTOR_OK, NULL, "%s can be written to", dir);
	else
		doctor_say(d, what, DOCTOR_ERROR, as_workers, "%s", err.msg);
	slot_release(slot);
	err_free(&err);
}

/* A lease is the least that can be written. */
static bool
can_write(struct store *store)
{
	int64_t lease = store_lease(store, "check", INT64_MAX);

	if (lease == -1)
		return false;
	store_lease_end(store, lease);
	return true;
}

static void
try_store(struct doctor *d, const char *path)
{
	struct store *store = store_new(path);
	struct err err = {0};

	if (path == NULL)
		;
	else if (store_check(store, &err) == -1)
		doctor_say(d, "store", DOCTOR_ERROR, as_workers, "%s", err.msg);
	else if (access(path, F_OK) == -1)
		doctor_say(d, "store", DOCTOR_OK, NULL,
		    "%s can be made by the first request", path);
	else if (can_write(store))
		doctor_say(d, "store", DOCTOR_OK, NULL,
		    "%s can be read and written", path);
	else
		doctor_say(d, "store", DOCTOR_ERROR, as_workers,
		    "%s cannot be written", path);
	err_free(&err);
	store_free(store);
}

static void
try_answers(struct doctor *d, const struct answers_conf *conf)
{
	struct cache *cache;
	struct err err = {0};

	if (conf->path == NULL || conf->use == ANSWERS_NEVER)
		return;
	cache = cache_new(conf->path, conf->bytes, conf->days);
	if (cache_check(cache, &err) == -1)
		doctor_say(
		    d, "kept answers", DOCTOR_ERROR, as_workers, "%s", err.msg);
	else
		doctor_say(
		    d, "kept answers", DOCTOR_OK, NULL, "%s", conf->path);
	err_free(&err);
	cache_free(cache);
}

/* --- programs */

static void
try_program(struct doctor *d, const char *what, const char *name,
    const char *const *argv)
{
	what = named(d, what, name);
	if (argv == NULL)
		doctor_say(d, what, DOCTOR_ERROR, "set exec", "no program");
	else if (conf_can_run(d->arena, argv[0]))
		doctor_say(d, what, DOCTOR_OK, NULL, "%s can be run", argv[0]);
	else
		doctor_say(d, what, DOCTOR_ERROR,
		    "install it, give its whole path, or chmod +x it",
		    "%s cannot be run", argv[0]);
}

static void
try_file(struct doctor *d, const char *name, const char *path)
{
	const char *what = named(d, "alerts", name);
	const char *slash = strrchr(path, '/');
	const char *place = path;

	if (access(path, F_OK) == -1)
		place = slash == NULL ? "."
				      : arena_strndup(d->arena, path,
					    (size_t)(slash - path) + 1);
	if (access(place, W_OK) == 0)
		doctor_say(d, what, DOCTOR_OK, NULL, "%s can be written", path);
	else
		doctor_say(d, what, DOCTOR_ERROR, as_workers,
		    "%s cannot be written: %s", path, strerror(errno));
}

static void
try_programs(struct doctor *d, const struct settings *s)
{
	const struct provider *p = s->models.providers;
	size_t i;

	for (i = 0; i < s->models.n_providers; i++)
		if (!p[i].idle && p[i].driver != NULL &&
		    (p[i].driver->abilities & DRIVER_CHILD) != 0)
			try_program(d, "providers", p[i].name, p[i].argv);
	for (i = 0; i < s->n_tools; i++)
		if (s->tools[i].url == NULL)
			try_program(
			    d, "tools", s->tools[i].name, s->tools[i].argv);
	for (i = 0; i < s->n_alerts; i++)
		if (s->alerts[i].via == ALERT_COMMAND)
			try_program(
			    d, "alerts", s->alerts[i].name, s->alerts[i].argv);
		else if (s->alerts[i].via == ALERT_FILE &&
			 s->alerts[i].path != NULL)
			try_file(d, s->alerts[i].name, s->alerts[i].path);
}

/* --- evals */

/* The model that the judge's own prompt names. */
static int
check_own_model(struct doctor *d, const struct prompt *prompt, struct err *err)
{
	struct js config =
	    js_get(prompt->frontmatter, template_config_key(prompt->kind));
	const char *name = js_text(d->arena, js_get(config, "model_name"));
	const struct provider *provider;
	const char *id;

	if (name == NULL)
		return fail(err, ERR_PROMPT, "its prompt names no model");
	return model_resolve(
	    &d->conf->settings.models, name, &provider, &id, err);
}

static int
check_judge(struct doctor *d, const struct eval_conf *e, struct err *err)
{
	const struct settings *s = &d->conf->settings;
	struct prompt prompt;
	struct node *ast;

	if (prompt_file_read_path(d->arena, e->judge, &ast, err) == -1 ||
	    prompt_check(
		d->arena, ast, s->markdown, PROMPT_FOR_RUN, &prompt, err) == -1)
		return -1;
	/* Models of the configuration were looked up when it was read. */
	return e->models != NULL ? 0 : check_own_model(d, &prompt, err);
}

static void
try_judge(struct doctor *d, const struct eval_conf *e)
{
	const char *what = named(d, "evals", e->name);
	struct err err = {0};

	if (e->judge == NULL)
		return; /* that is an error of the configuration */
	if (check_judge(d, e, &err) == 0)
		doctor_say(d, what, DOCTOR_OK, NULL,
		    "%s is a prompt, and its model is known", e->judge);
	else
		doctor_say(d, what, DOCTOR_ERROR,
		    "mend the prompt, or name models that are configured",
		    "%s: %s", e->judge, err.msg);
	err_free(&err);
}

static void
try_evals(struct doctor *d, const struct settings *s)
{
	for (size_t i = 0; i < s->n_evals; i++)
		if (s->evals[i].kind == EVAL_COMMAND)
			try_program(
			    d, "evals", s->evals[i].name, s->evals[i].argv);
		else if (s->evals[i].kind == EVAL_JUDGE)
			try_judge(d, &s->evals[i]);
}

void
doctor_notes(struct doctor *d)
{
	const struct conf_note *note = d->conf->notes.items;
	size_t i;

	for (i = 0; i < d->conf->notes.n; i++)
		doctor_say(d, "configuration",
		    note[i].code == CONF_OK ? DOCTOR_WARNING : DOCTOR_ERROR,
		    NULL, "%s", note[i].text);
	if (i == 0)
		doctor_say(d, "configuration", DOCTOR_OK, NULL, "%s",
		    d->conf->file != NULL ? d->conf->file
					  : "of the environment alone");
}

void
doctor_files(struct doctor *d)
{
	const struct settings *s = &d->conf->settings;

	try_root(d, "datasets.root", s->datasets->root);
	try_root(d, "prompts.root", s->prompts.root);
	try_store(d, s->store);
	try_answers(d, &s->answers);
	try_slots(d, s);
	try_programs(d, s);
	try_evals(d, s);
}
