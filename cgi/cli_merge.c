/* `merge` and `report`: runs that are over, parts of one or whole, from their
 * journals.  It refuses to run anything. */
#include "cli_prompt.h"
#include "study.h"
#include "version.h"

#include "../common/base/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a run was, as its journal says. */
struct part {
	const char *run;
	json_t *head;
	long shard, shards; /* from 1 */
	bool whole;	    /* it came to its end */
};

static void
tell(struct cell *cell, json_t *text)
{
	(void)json_array_append_new(cell->run.problems, text);
}

static const char *
head_text(const struct part *p, const char *key)
{
	return json_string_value(json_object_get(p->head, key));
}

/* --- one journal */

static int
read_part(struct study *s, struct part *p, struct rows *rows, struct err *err)
{
	const char *shard, *end;
	char *slash;

	if (study_read_run(s, p->run, rows, &p->head, err) == -1) {
		err_prefix(err, "%s", p->run);
		return -1;
	}
	shard = head_text(p, "shard");
	p->shard = p->shards = 1;
	if (shard != NULL) {
		p->shard = strtol(shard, &slash, 10);
		p->shards = *slash == '/' ? strtol(slash + 1, NULL, 10) : 0;
	}
	if (p->shard < 1 || p->shards < p->shard || p->shards > LIMIT_SHARDS)
		return fail(
		    err, ERR_REQUEST, "%s: it is no run's journal", p->run);
	end = head_text(p, "end");
	p->whole = end != NULL && (strcmp(end, "complete") == 0 ||
				      strcmp(end, "decided") == 0);
	return 0;
}

/* Parts of one run say the same of what they are parts of. */
static int
compare(const struct part *a, const struct part *b, struct err *err)
{
	static const char *const keys[] = {
	    "prompt", "dataset", "evals", "sampling", "seed", "repeat"};
	const json_t *was, *is;

	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		was = json_object_get(a->head, keys[i]);
		is = json_object_get(b->head, keys[i]);
		if (was != is && !json_equal(was, is))
			return fail(err, ERR_REQUEST,
			    "%s and %s are no parts of one run: their %s "
			    "differs",
			    a->run, b->run, keys[i]);
	}
	if (a->shards != b->shards)
		return fail(err, ERR_REQUEST,
		    "%s is one of %ld shards and %s one of %ld", a->run,
		    a->shards, b->run, b->shards);
	return 0;
}

/* --- a run of parts */

/* A shard that was begun twice is whole when one of them is. */
static void
check_shards(struct cell *cell, const struct part *parts, size_t n)
{
	int shards = (int)parts->shards;

	for (int i = 1; i <= shards; i++) {
		const struct part *found = NULL;

		for (size_t k = 0; k < n; k++)
			if (parts[k].shard == i &&
			    (found == NULL || parts[k].whole))
				found = &parts[k];
		if (found != NULL && found->whole)
			continue;
		cell->cut = true;
		tell(cell,
		    json_sprintf(found == NULL
				     ? "shard %d of %d is missing"
				     : "shard %d of %d did not come to its end",
			i, shards));
	}
}

static void
check_end(struct cell *cell, const struct part *parts, size_t n)
{
	cell->cut = true;
	for (size_t i = 0; i < n; i++)
		if (parts[i].whole)
			cell->cut = false;
	if (cell->cut)
		tell(cell, json_string("the run did not come to its end"));
}

/* What the run was asked says of its statistics, unless the command does. */
static int
read_statistics(struct study *s, const struct part *p, struct err *err)
{
	static const char *const keys[] = {
	    "gates", "confidence", "statisticsSeed", "repeat", "stopEarly"};
	const json_t *asked = json_object_get(p->head, "asked");
	json_t *value;

	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		value = json_object_get(asked, keys[i]);
		if (value != NULL &&
		    json_object_get(s->o.data, keys[i]) == NULL)
			(void)json_object_set(s->o.data, keys[i], value);
	}
	return study_read_data(s, err);
}

static void
describe(struct study *s, struct cell *cell, const struct part *p, size_t n)
{
	const char *name = head_text(p, "name");

	cell->run.name = arena_strdup(s->arena, name != NULL ? name : p->run);
	for (struct cell *other = s->cells; other < cell; other++)
		if (strcmp(other->run.name, cell->run.name) == 0)
			cell->run.name = p->run;
	if (head_text(p, "dataset") != NULL)
		cell->run.dataset =
		    arena_strdup(s->arena, head_text(p, "dataset"));
	if (head_text(p, "model") != NULL)
		cell->run.model = arena_strdup(s->arena, head_text(p, "model"));
	if (n == 1 && head_text(p, "runId") != NULL)
		cell->run.run_id =
		    arena_strdup(s->arena, head_text(p, "runId"));
}

static int
add_rows(struct study *s, struct cell *cell, struct err *err)
{
	struct rows *rows = cell->run.rows;
	size_t doubles = rows_sort(rows);
	struct record r;

	if (doubles > 0)
		tell(
		    cell, json_sprintf("%d rows are there twice: the last good "
				       "answer counts",
			      (int)doubles));
	if (study_begin(s, cell, err) == -1)
		return -1;
	for (size_t i = 0; i < rows_n(rows); i++) {
		if (rows_get(rows, i, &r, err) == -1 ||
		    summary_add(cell->summary, &r, err) == -1)
			return -1;
		cell->row_failed = cell->row_failed || r.failed;
		cell->started = true;
	}
	if (!cell->started)
		tell(cell, json_string("there are no rows"));
	study_finish(s, cell, NULL);
	return 0;
}

/* One cell of N journals. */
static int
make_cell(struct study *s, struct cell *cell, const char *const *runs, size_t n,
    struct err *err)
{
	struct part *parts = arena_zalloc(s->arena, n * sizeof(*parts));
	size_t i;
	int rc = 0;

	cell->run.problems = json_array();
	cell->run.rows = rows_new(err);
	if (cell->run.rows == NULL)
		return -1;
	for (i = 0; rc == 0 && i < n; i++) {
		parts[i].run = runs[i];
		rc = read_part(s, &parts[i], cell->run.rows, err);
		if (rc == 0 && i > 0)
			rc = compare(&parts[0], &parts[i], err);
	}
	if (rc == 0)
		rc = read_statistics(s, &parts[0], err);
	if (rc == 0) {
		describe(s, cell, &parts[0], n);
		if (s->merges && parts->shards > 1)
			check_shards(cell, parts, n);
		else
			check_end(cell, parts, n);
		rc = add_rows(s, cell, err);
	}
	for (i = 0; i < n; i++)
		json_decref(parts[i].head);
	return rc;
}

/* --- the commands */

static int
make_cells(struct study *s, struct err *err)
{
	const char *const *runs = s->o.files.items;
	size_t n = s->o.files.n;

	s->n_cells = s->merges ? 1 : n;
	s->cells = arena_zalloc(s->arena, s->n_cells * sizeof(*s->cells));
	if (s->merges)
		return make_cell(s, s->cells, runs, n, err);
	for (size_t i = 0; i < n; i++)
		if (make_cell(s, &s->cells[i], &runs[i], 1, err) == -1)
			return -1;
	return 0;
}

static int
prepare(struct study *s, const char *file, int n_args, char *const *args,
    struct err *err)
{
	if (study_read_options(&s->o, true, n_args, args, err) == -1)
		return -1;
	if (s->o.files.n == 0)
		return fail(err, ERR_REQUEST, "which run?");
	s->conf = conf_load(&(struct conf_source){.file = file});
	if (study_find_baseline(s, err) == -1 || make_cells(s, err) == -1)
		return -1;
	return study_open_outputs(s, err);
}

static int
run(const char *name, const char *file, int n_args, char *const *args)
{
	struct study s = {.arena = arena_new(NULL),
	    .merges = strcmp(name, "merge") == 0,
	    .comparisons = json_array(),
	    .stop_fd = -1};
	struct err err = {0};
	int status = EXIT_USAGE;

	if (prepare(&s, file, n_args, args, &err) == -1) {
		(void)fprintf(stderr, PROGRAM ": %s: %s\n", name, err.msg);
	} else {
		study_compare(&s);
		status = study_report(&s);
	}
	err_free(&err);
	study_free(&s);
	return status;
}

int
cli_merge(const char *file, int n_args, char *const *args)
{
	return run("merge", file, n_args, args);
}

int
cli_report(const char *file, int n_args, char *const *args)
{
	return run("report", file, n_args, args);
}
