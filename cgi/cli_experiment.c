/* `experiment`: prompts times models, one after the other, here or at an
 * endpoint.  It refuses to know what a run says and how that is shown. */
#include "cli_prompt.h"
#include "study.h"

#include "../common/base/crypt.h"
#include "../common/run/dispatch.h"
#include "../common/template/prompt.h"
#include "../common/wire/sampling.h"
#include "cli_post.h"
#include "version.h"

#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { DELIVER_MS = 10000 };

/* --- what was asked for */

/* Parts that were drawn by chance fit together only when all draw the same. */
static int
check_sample(struct study *s, struct err *err)
{
	json_t *sampling = json_object_get(s->o.data, "sampling");
	struct sampling read;
	uint32_t seed;

	if (sampling_read(s->arena, sampling, &read, err) == -1)
		return -1;
	if (read.mode != SAMPLING_PERCENT || read.has_seed)
		return 0;
	if (s->experiment.shards > 1)
		return fail(err, ERR_REQUEST,
		    "--shard: a --sample needs a --seed, so that all shards "
		    "draw the same");
	crypt_random(&seed, sizeof(seed));
	seed %= 1000000;
	(void)fprintf(
	    stderr, "the sample is that of --seed %u\n", (unsigned)seed);
	return json_object_set_new(sampling, "seed", json_integer(seed));
}

static bool
is_hidden(const char *secret)
{
	return secret == NULL || strncmp(secret, "env:", 4) == 0 ||
	       strncmp(secret, "file:", 5) == 0;
}

static int
check(struct study *s, struct err *err)
{
	const struct study_options *o = &s->o;

	if (o->files.n == 0 && o->power == 0)
		return fail(err, ERR_REQUEST, "which prompt?");
	if (!is_hidden(o->secret))
		return fail(err, ERR_REQUEST,
		    "--secret: env:NAME or file:PATH; everybody on a machine "
		    "can read arguments");
	if (o->url != NULL && o->markdown != -1)
		return fail(err, ERR_REQUEST,
		    "--markdown: that is the endpoint's own option");
	if (s->experiment.resume != NULL && s->n_cells > 1)
		return fail(err, ERR_REQUEST,
		    "--resume goes on with one run: one prompt, one model");
	return check_sample(s, err);
}

/* --- cells */

/* The file's name without its ending. */
static const char *
prompt_name(struct arena *a, const char *path)
{
	static const char *const endings[] = {".prompt.mdx", ".mdx", ".json"};
	const char *name = basename(arena_strdup(a, path));
	size_t len = strlen(name), end;

	for (size_t i = 0; i < ARRAY_LEN(endings); i++) {
		end = strlen(endings[i]);
		if (len > end && strcmp(name + len - end, endings[i]) == 0)
			return arena_strndup(a, name, len - end);
	}
	return name;
}

static bool
is_taken(const struct study *s, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(s->cells[i].run.name, name) == 0)
			return true;
	return false;
}

static void
name_cell(struct study *s, size_t n, const char *path, const char *model)
{
	struct report_run *run = &s->cells[n].run;
	const char *prompt = prompt_name(s->arena, path);

	for (int i = 2;; i++) {
		run->name = s->o.models.n < 2 ? prompt
					      : arena_printf(s->arena,
						    "%s (%s)", prompt, model);
		if (!is_taken(s, n, run->name))
			break;
		prompt =
		    i == 2 ? path : arena_printf(s->arena, "%s %d", path, i);
	}
	run->prompt = prompt;
	run->problems = json_array();
}

/* What the prompt says of itself. */
static int
describe(struct study *s, struct cell *cell, struct err *err)
{
	const char *said =
	    json_string_value(json_object_get(s->o.data, "datasetPath"));
	enum template_kind kind;
	struct js front, config;

	if (prompt_frontmatter(s->arena, cell->ast, &front, err) == -1)
		return -1;
	kind = prompt_kind_of(front, PROMPT_FOR_ROWS);
	if (kind != TEMPLATE__MAX) {
		config = js_get(front, template_config_key(kind));
		cell->run.model =
		    js_text(s->arena, js_get(config, "model_name"));
	}
	cell->run.dataset = said;
	if (said == NULL)
		cell->run.dataset = js_text(s->arena,
		    js_get(js_get(front, "test_settings"), "dataset"));
	return 0;
}

static int
make_cells_of(struct study *s, const char *path, size_t *n, struct err *err)
{
	size_t models = s->o.models.n > 0 ? s->o.models.n : 1;
	struct node *ast;
	const char *model;

	if (cli_prompt(s->arena, path, &ast, err) == -1)
		return -1;
	for (size_t i = 0; i < models; i++, ++*n) {
		model = i < s->o.models.n ? s->o.models.items[i] : NULL;
		name_cell(s, *n, path, model);
		s->cells[*n].ast = ast;
		if ((model != NULL &&
			prompt_with_model(s->arena, ast, PROMPT_FOR_ROWS, model,
			    &s->cells[*n].ast, err) == -1) ||
		    describe(s, &s->cells[*n], err) == -1) {
			err_prefix(err, "%s", path);
			return -1;
		}
	}
	return 0;
}

static int
make_cells(struct study *s, struct err *err)
{
	size_t n = 0;

	s->n_cells = s->o.files.n * (s->o.models.n > 0 ? s->o.models.n : 1);
	if (s->n_cells > LIMIT_STUDY_RUNS)
		return fail(err, ERR_REQUEST, "these are %zu runs, above %u",
		    s->n_cells, LIMIT_STUDY_RUNS);
	s->cells = arena_zalloc(s->arena, s->n_cells * sizeof(*s->cells));
	for (size_t i = 0; i < s->o.files.n; i++)
		if (make_cells_of(s, s->o.files.items[i], &n, err) == -1)
			return -1;
	return 0;
}

/* --- where */

static int
check_conf(const struct conf *conf, struct err *err)
{
	const char *wrong = conf_wrong(conf);

	return wrong == NULL ? 0 : fail(err, ERR_UNCONFIGURED, "%s", wrong);
}

/* A file that a person names is the one that he sees; where datasets have no
 * place, what a prompt names is beside it. */
static int
find_dataset(struct study *s, struct err *err)
{
	const char *path =
	    json_string_value(json_object_get(s->o.data, "datasetPath"));
	const char *root = NULL;

	if (path != NULL && access(path, R_OK) == 0)
		root = path[0] == '/' ? "/" : ".";
	else if (s->conf->datasets.root == NULL)
		root = cli_project(s->arena, s->o.files.items[0], err);
	else
		return 0;
	s->conf->datasets.root = root;
	return root != NULL ? 0 : -1;
}

static int
prepare_here(struct study *s, struct err *err)
{
	if (check_conf(s->conf, err) == -1 || find_dataset(s, err) == -1)
		return -1;
	if (s->o.markdown != -1)
		s->conf->settings.markdown = (enum markdown_style)s->o.markdown;
	log_set_level(LEVEL_ERROR);
	s->runner = runner_new(&s->conf->settings);
	s->loop = runner_loop(s->runner);
	return 0;
}

static int
prepare_elsewhere(struct study *s, const char *file, struct err *err)
{
	if (cli_secret(s->arena, s->o.secret, file, &s->secret, err) == -1)
		return -1;
	s->loop = loop_new();
	return 0;
}

/* --- the command */

static int
prepare_runs(struct study *s, const char *file, struct err *err)
{
	if (s->o.url != NULL ? prepare_elsewhere(s, file, err) == -1
			     : prepare_here(s, err) == -1)
		return -1;
	return study_catch_stop(s, err);
}

/* Used unless the command says otherwise, or none can be kept here. */
static void
set_cache(struct study *s)
{
	const struct answers_conf *conf = &s->conf->settings.answers;
	bool kept =
	    conf->use != ANSWERS_NEVER && !conf->hidden && conf->path != NULL;

	if (json_object_get(s->o.data, "cache") == NULL &&
	    (kept || s->o.url != NULL))
		(void)json_object_set_new(s->o.data, "cache", json_true());
}

static int
prepare(struct study *s, const char *file, struct err *err)
{
	if (study_read_data(s, err) == -1 || make_cells(s, err) == -1 ||
	    check(s, err) == -1)
		return -1;
	s->conf = conf_load(&(struct conf_source){.file = file});
	set_cache(s);
	if (study_find_baseline(s, err) == -1 ||
	    study_open_outputs(s, err) == -1)
		return -1;
	return s->o.power == 0 ? prepare_runs(s, file, err) : 0;
}

static int
run(struct study *s)
{
	for (size_t i = 0; i < s->n_cells && !s->stopped; i++)
		study_run(s, &s->cells[i]);
	study_compare(s);
	if (s->runner != NULL && !s->stopped && runner_owes(s->runner))
		runner_deliver(s->runner, DELIVER_MS);
	return study_report(s);
}

int
cli_experiment(const char *file, int n_args, char *const *args)
{
	struct study s = {.arena = arena_new(NULL),
	    .comparisons = json_array(),
	    .stop_fd = -1};
	struct err err = {0};
	int status = EXIT_USAGE;

	if (study_read_options(&s.o, false, n_args, args, &err) == -1 ||
	    prepare(&s, file, &err) == -1 ||
	    (s.o.power != 0 && study_power(&s, &err) == -1))
		(void)fprintf(stderr, PROGRAM ": experiment: %s\n", err.msg);
	else
		status = s.o.power != 0 ? 0 : run(&s);
	err_free(&err);
	study_free(&s);
	return status;
}
