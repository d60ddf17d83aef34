/* What the signer of a request may use, and which budgets are his.  It refuses
 * to know what anything costs. */
#include "scope_int.h"

#include "glob.h"

#include <math.h>
#include <string.h>
#include <time.h>

const char scope_unsigned[] = "unsigned";

static const struct scope *
find_scope(const struct settings *s, const char *name)
{
	for (size_t i = 0; i < s->n_scopes; i++)
		if (strcmp(s->scopes[i].name, name) == 0)
			return &s->scopes[i];
	return NULL;
}

static const char *
name_of(struct arena *a, const char *secret)
{
	if (secret == NULL)
		return "this command";
	if (strcmp(secret, scope_unsigned) == 0)
		return "unsigned requests";
	return arena_printf(a, "the secret %s", secret);
}

/* data.maxCostUsd; *MOST stays where there is none. */
static int
lower(const json_t *data, double *most, struct err *err)
{
	const json_t *json = json_object_get(data, "maxCostUsd");
	double wanted;

	if (json == NULL || json_is_null(json))
		return 0;
	wanted = json_is_number(json) ? json_number_value(json) : (double)NAN;
	if (!isfinite(wanted) || wanted < 0)
		return fail(err, ERR_REQUEST,
		    "data.maxCostUsd must be a number of US dollars, 0 or "
		    "more");
	*most = isnan(*most) ? wanted : fmin(*most, wanted);
	return 0;
}

struct spend *
spend_new(struct engine *engine, struct arena *a, const char *secret,
    const json_t *data, struct err *err)
{
	struct spend *s = arena_zalloc(a, sizeof(*s));

	s->who = name_of(a, secret);
	if (secret != NULL)
		s->scope = find_scope(engine->settings, secret);
	s->most = s->scope != NULL ? s->scope->run : (double)NAN;
	return lower(data, &s->most, err) == 0 ? s : NULL;
}

static int
check(const struct spend *s, const char *const *globs, const char *what,
    const char *name, struct err *err)
{
	if (globs == NULL)
		return 0;
	for (; *globs != NULL; globs++)
		if (name != NULL && glob_match(*globs, name, false))
			return 0;
	return fail(err, ERR_SCOPE, "%s may not use the %s %s", s->who, what,
	    name != NULL ? name : "that leads out");
}

int
scope_model(const struct spend *s, const char *model, struct err *err)
{
	if (s == NULL || s->scope == NULL)
		return 0;
	return check(s, s->scope->models, "model", model, err);
}

int
scope_tool(const struct spend *s, const char *tool, struct err *err)
{
	if (s == NULL || s->scope == NULL)
		return 0;
	return check(s, s->scope->tools, "tool", tool, err);
}

int
scope_dataset(const struct spend *s, const char *dataset, struct err *err)
{
	if (s == NULL || s->scope == NULL)
		return 0;
	return check(s, s->scope->datasets, "dataset", dataset, err);
}

/* --- periods: the calendar's, in UTC */

static int64_t
day_of(int64_t now)
{
	enum { DAY_MS = 24 * 3600 * 1000 };

	return now - now % DAY_MS;
}

/* The first of the month that is AHEAD months after that of NOW. */
static int64_t
month_of(int64_t now, int ahead)
{
	time_t seconds = (time_t)(now / 1000);
	struct tm tm;

	if (gmtime_r(&seconds, &tm) == NULL)
		return now;
	tm = (struct tm){
	    .tm_year = tm.tm_year, .tm_mon = tm.tm_mon + ahead, .tm_mday = 1};
	return (int64_t)timegm(&tm) * 1000;
}

size_t
scope_periods(const struct scope *scope, struct arena *a, int64_t now,
    struct store_budget budgets[PERIODS])
{
	int64_t day = day_of(now);
	size_t n = 0;

	if (scope == NULL)
		return 0;
	if (!isnan(scope->day))
		budgets[n++] = (struct store_budget){
		    .key = arena_printf(a, "budget:%s:day", scope->name),
		    .most = scope->day,
		    .from = day,
		    .to = day + 24 * 3600 * 1000,
		};
	if (!isnan(scope->month))
		budgets[n++] = (struct store_budget){
		    .key = arena_printf(a, "budget:%s:month", scope->name),
		    .most = scope->month,
		    .from = month_of(now, 0),
		    .to = month_of(now, 1),
		};
	return n;
}
