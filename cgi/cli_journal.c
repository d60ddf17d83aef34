/* `runs` and `purge`: what experiments have left on the disk.  They refuse to
 * know what a row says. */

#include "../common/base/clock.h"
#include "../common/run/journal.h"
#include "../common/store/cache.h"
#include "cli.h"
#include "cli_prompt.h"
#include "conf.h"
#include "grid.h"
#include "version.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is said instead of a number of days. */
enum { DAYS_MAX = 36500, DAYS_AS_CONFIGURED = -1, DAYS_ALL = -2 };

/* The configuration with a place for journals, or NULL: it was said why. */
static struct conf *
load(const char *file)
{
	struct conf *conf = conf_load(&(struct conf_source){.file = file});

	if (conf_wrong(conf) == NULL && conf->settings.journals != NULL)
		return conf;
	conf_tell(conf);
	if (conf_wrong(conf) == NULL)
		(void)fprintf(stderr,
		    PROGRAM ": there are no journals: experiments.journal is "
			    "off\n");
	conf_free(conf);
	return NULL;
}

static const char *
text(const json_t *json, const char *key)
{
	const char *s = json_string_value(json_object_get(json, key));

	return s != NULL ? s : "?";
}

static const char *
state(const struct journal_entry *entry)
{
	if (entry->running)
		return "running";
	return entry->end != NULL ? text(entry->end, "reason") : "cut off";
}

static void
print_run(void *arg, const struct journal_entry *entry)
{
	int64_t *n = arg;

	if ((*n)++ == 0)
		(void)printf("%-36s  %-20s  %-8s  %9s  %s\n", "run", "began",
		    "state", "bytes", "name and dataset");
	(void)printf("%s  %-20s  %-8s  %9" PRId64 "  ", entry->run_id,
	    text(entry->head, "began"), state(entry), entry->bytes);
	grid_put(stdout, false, GRID_PLAIN, text(entry->head, "name"));
	(void)printf(", ");
	grid_put(stdout, false, GRID_PLAIN, text(entry->head, "dataset"));
	(void)printf("\n");
}

int
cli_runs(const char *file, int n_args, char *const *args)
{
	struct err err = {0};
	struct conf *conf;
	int64_t n = 0;
	int rc;

	if (n_args > 0)
		return cli_usage("runs: unexpected ", args[0]);
	conf = load(file);
	if (conf == NULL)
		return EXIT_FAILED;
	rc = journal_list(conf->settings.journals, print_run, &n, &err);
	if (rc < 0)
		(void)fprintf(stderr, PROGRAM ": %s\n", err.msg);
	else if (n == 0)
		(void)printf("no journals in %s\n", conf->settings.journals);
	err_free(&err);
	conf_free(conf);
	return rc < 0 ? EXIT_FAILED : 0;
}

static int
read_days(int n_args, char *const *args, int64_t *days)
{
	const char *said = NULL;
	bool all = false;
	const struct cli_arg known[] = {
	    {"--older-than", &said, NULL},
	    {"--all", NULL, &all},
	};
	int status = cli_args("purge", known, ARRAY_LEN(known), n_args, args);
	char *end;

	*days = all ? DAYS_ALL : DAYS_AS_CONFIGURED;
	if (status != 0 || said == NULL)
		return status;
	*days = strtoll(said, &end, 10);
	if (all || said[0] < '0' || said[0] > '9' || *end != '\0' ||
	    *days > DAYS_MAX)
		return cli_usage("purge: --older-than: how many days?", "");
	return 0;
}

/* The moment before which things go, ms; CONFIGURED days of 0 are for ever. */
static int64_t
moment(int64_t days, int64_t configured)
{
	if (days == DAYS_ALL)
		return INT64_MAX;
	if (days == DAYS_AS_CONFIGURED && configured == 0)
		return 0;
	if (days == DAYS_AS_CONFIGURED)
		days = configured;
	return clock_wall_ms() - days * 24 * 3600 * 1000;
}

static int
purge(const struct settings *s, int64_t days)
{
	struct err err = {0};
	int64_t n, answers;

	n = journal_purge(s->journals, moment(days, s->journal_days));
	(void)printf("%" PRId64 " journal%s removed\n", n, n == 1 ? "" : "s");
	answers =
	    cache_purge(s->answers.path, moment(days, s->answers.days), &err);
	if (answers < 0)
		(void)fprintf(stderr, PROGRAM ": %s\n", err.msg);
	else
		(void)printf("%" PRId64 " kept answer%s removed\n", answers,
		    answers == 1 ? "" : "s");
	err_free(&err);
	return answers < 0 ? EXIT_FAILED : 0;
}

int
cli_purge(const char *file, int n_args, char *const *args)
{
	struct conf *conf;
	int64_t days;
	int status = read_days(n_args, args, &days);

	if (status != 0)
		return status;
	conf = load(file);
	if (conf == NULL)
		return EXIT_FAILED;
	status = purge(&conf->settings, days);
	conf_free(conf);
	return status;
}
