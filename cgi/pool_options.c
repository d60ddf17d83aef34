/* The command line of `pool`.  It refuses to know what the options do. */
#include "pool_int.h"

#include "../common/base/limits.h"
#include "cli_args.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum kind { KIND_TEXT, KIND_NUMBER, KIND_MODE, KIND_TIME, KIND_MEMORY };

struct pool_option {
	const char *name;
	size_t offset;
	enum kind kind;
	int64_t min, max; /* as they are kept */
};

#define IN(field) offsetof(struct pool_options, field)
#define WORKERS LIMIT_GATE_WORKERS

enum { MEBIBYTE = 1024 * 1024, DAY_MS = 24 * 3600 * 1000 };

static const struct pool_option options[] = {
    {"--listen", IN(listen.address), KIND_TEXT, 0, 0},
    {"--mode", IN(listen.mode), KIND_MODE, 0, 0777},
    {"--owner", IN(listen.owner), KIND_TEXT, 0, 0},
    {"--min", IN(min), KIND_NUMBER, 1, WORKERS},
    {"--max", IN(max), KIND_NUMBER, 1, WORKERS},
    {"--min-spare", IN(min_spare), KIND_NUMBER, 1, WORKERS},
    {"--max-spare", IN(max_spare), KIND_NUMBER, 1, WORKERS},
    {"--max-requests", IN(max_requests), KIND_NUMBER, 0, INT32_MAX},
    {"--max-memory", IN(max_memory), KIND_MEMORY, 0, INT64_C(1) << 40},
    {"--stop-timeout", IN(stop_ms), KIND_TIME, 0, DAY_MS},
    {"--reload-timeout", IN(reload_ms), KIND_TIME, 0, DAY_MS},
};

/* What a unit is worth; 0 when there is no such unit. */
static int64_t
scale_of(enum kind kind, const char *unit)
{
	if (kind == KIND_TIME) {
		if (*unit == '\0' || strcmp(unit, "s") == 0)
			return 1000;
		if (strcmp(unit, "ms") == 0)
			return 1;
		if (strcmp(unit, "m") == 0)
			return 60 * 1000;
		return strcmp(unit, "h") == 0 ? 3600 * 1000 : 0;
	}
	if (*unit != '\0')
		return 0;
	return kind == KIND_MEMORY ? MEBIBYTE : 1;
}

static bool
read_number(const struct pool_option *o, const char *text, int64_t *value)
{
	int64_t scale;
	long long n;
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	n = strtoll(text, &end, o->kind == KIND_MODE ? 8 : 10);
	scale = scale_of(o->kind, end);
	if (errno != 0 || scale == 0 || n > o->max / scale ||
	    n * scale < o->min)
		return false;
	*value = n * scale;
	return true;
}

static int
set(struct pool_options *to, const struct pool_option *o, const char *text)
{
	char *at = (char *)to + o->offset;
	char problem[80];
	int64_t value;

	if (o->kind == KIND_TEXT) {
		memcpy(at, &text, sizeof(text));
		return 0;
	}
	if (!read_number(o, text, &value)) {
		(void)snprintf(
		    problem, sizeof(problem), "pool: %s cannot be ", o->name);
		return cli_usage(problem, text);
	}
	memcpy(at, &value, sizeof(value));
	return 0;
}

static int
check(const struct pool_options *o)
{
	if (o->min > o->max)
		return cli_usage("pool: --min is more than --max", "");
	if (o->min_spare > o->max_spare)
		return cli_usage(
		    "pool: --min-spare is more than --max-spare", "");
	if (o->listen.address == NULL && o->listen.owner != NULL)
		return cli_usage("pool: --owner is for --listen", "");
	return 0;
}

int
pool_options_read(struct pool_options *to, int n_args, char *const *args)
{
	const char *said[ARRAY_LEN(options)] = {NULL};
	struct cli_arg known[ARRAY_LEN(options)];
	int rc;

	*to = (struct pool_options){
	    .listen = {.mode = 0660},
	    .min = 1,
	    .max = 64,
	    .min_spare = 1,
	    .max_spare = 4,
	    .stop_ms = 10 * 1000,
	    .reload_ms = 30 * 60 * 1000,
	};
	for (size_t i = 0; i < ARRAY_LEN(options); i++)
		known[i] = (struct cli_arg){options[i].name, &said[i], NULL};
	rc = cli_args("pool", known, ARRAY_LEN(known), n_args, args);
	for (size_t i = 0; rc == 0 && i < ARRAY_LEN(options); i++)
		if (said[i] != NULL)
			rc = set(to, &options[i], said[i]);
	if (rc != 0)
		return rc;
	return check(to);
}
