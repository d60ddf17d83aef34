/* Finds out who answers a prompt: the provider or executor of its model, and
 * who else when that fails.  It refuses to know what is asked. */
#include "../base/log.h"
#include "ask.h"
#include "scope.h"

static bool
is_able(const struct ask *ask, const struct driver *driver)
{
	static const unsigned needed[PROMPT__MAX] = {
	    [PROMPT_TEXT] = DRIVER_TEXT,
	    [PROMPT_OBJECT] = DRIVER_OBJECT,
	    [PROMPT_IMAGE] = DRIVER_IMAGE,
	    [PROMPT_SPEECH] = DRIVER_SPEECH,
	};

	return (driver->abilities & needed[ask->kind]) != 0;
}

/* In the reference's words (protocol.md 10.1). */
static int
check_abilities(const struct ask *ask, struct err *err)
{
	const struct driver *driver = ask->provider->driver;

	if (is_able(ask, driver))
		return 0;
	return fail(err, ERR_MODEL,
	    "Executor '%s' does not support %s prompts.",
	    driver->executor != NULL ? driver->executor : ask->provider->name,
	    prompt_kind_name(ask->kind));
}

static bool
names_tools(const struct ask *ask)
{
	const json_t *tools = json_object_get(ask->config, "tools");

	return json_array_size(tools) > 0 || json_object_size(tools) > 0;
}

/* Tools are run either by us, step by step, or by an agent: which of them is
 * decided before the first call. */
static const char *
why_not(const struct ask *ask, const struct driver *driver)
{
	unsigned first = ask->provider->driver->abilities;

	if (!is_able(ask, driver))
		return "it cannot answer such prompts";
	if (!names_tools(ask))
		return NULL;
	if ((driver->abilities & (DRIVER_TOOLS | DRIVER_AGENT)) == 0)
		return "it takes no tools";
	if (((driver->abilities ^ first) & DRIVER_AGENT) != 0)
		return "tools are run in another way there";
	return NULL;
}

/* Adds what NAME leads to, unless it cannot be used. */
static void
add_fallback(const struct engine *engine, const struct spend *spend,
    const char *name, struct ask *ask, struct target *targets)
{
	struct model_route route;
	struct err err = {0};
	const char *why = NULL;

	if (model_route(&engine->settings->models, name, &route, &err) < 0 ||
	    (spend != NULL && scope_model(spend, name, &err) < 0))
		why = err.msg;
	else
		why = why_not(ask, route.provider->driver);
	if (why == NULL)
		targets[ask->n_fallbacks++] =
		    (struct target){route.provider, route.id};
	else
		log_line(LEVEL_INFO, "fallback_skipped",
		    "model=%s reason=\"%s\"", name, why);
	err_free(&err);
}

int
ask_route(const struct engine *engine, const struct spend *spend,
    struct arena *a, const char *name, struct ask *ask, struct err *err)
{
	struct model_route route;
	struct target *targets;
	size_t n = 0;

	if (model_route(&engine->settings->models, name, &route, err) < 0)
		return -1;
	ask->provider = route.provider;
	ask->model = route.id;
	ask->v4 = route.v4;
	ask->n_fallbacks = 0;
	if (check_abilities(ask, err) < 0)
		return -1;
	while (route.fallback != NULL && route.fallback[n] != NULL)
		n++;
	targets = arena_array(a, n + 1, sizeof(*targets));
	for (size_t i = 0; i < n; i++)
		add_fallback(engine, spend, route.fallback[i], ask, targets);
	ask->fallbacks = targets;
	return 0;
}
