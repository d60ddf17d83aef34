/* What a provider has beside its URL and key: more keys, limits, the program of
 * an executor; and which executor and which fallbacks models have.  It refuses
 * to know how they are used. */
#include "../common/run/limit.h"
#include "conf_load.h"

#include <string.h>

/* --- keys and limits */

static const char *const *
make_pool(struct loader *l, const struct conf_provider *from)
{
	const struct conf_list *keys = &from->api_keys;
	const char *const *given = keys->items, *first = from->api_key.text;
	const char **pool;
	size_t n = 0;

	if (keys->n == 0)
		return NULL;
	pool = arena_array(l->conf->arena, keys->n + 2, sizeof(*pool));
	if (first != NULL && *first != '\0')
		pool[n++] = first;
	for (size_t i = 0; i < keys->n; i++) {
		if (*given[i] == '\0' || conf_has_control(given[i]))
			conf_problem(l, CONF_BAD_CONFIG, keys->line,
			    "providers.%s.api_keys: key %zu is empty or holds "
			    "a control character",
			    from->item.name, i + 1);
		pool[n++] = given[i];
	}
	pool[n] = NULL;
	return pool;
}

static void
make_limits(
    struct loader *l, const struct conf_provider *from, struct provider *p)
{
	const struct conf_limits *c = &from->limits;
	const char *store = l->conf->store.text;
	struct provider_limits *limits;

	if (c->concurrent == 0 && c->requests == 0 && c->tokens == 0 &&
	    p->pool == NULL)
		return;
	if (store != NULL && strcmp(store, "none") == 0)
		conf_warning(l, from->item.line,
		    "providers.%s: limits and refused keys are not kept "
		    "without a store",
		    from->item.name);
	limits = arena_zalloc(l->conf->arena, sizeof(*limits));
	*limits = (struct provider_limits){
	    .concurrent = c->concurrent,
	    .requests_per_minute = (double)c->requests,
	    .tokens_per_minute = (double)c->tokens,
	    .wait_ms = c->wait_ms,
	};
	p->limits = limits;
}

/* --- executors */

static const char *const *
default_command(struct loader *l, const struct conf_provider *from,
    const struct provider *p)
{
	const char **argv;

	if (p->driver != &driver_claude_agent || from->exec.n != 0)
		return conf_command(l, &from->item, &from->exec);
	argv = arena_array(l->conf->arena, 2, sizeof(*argv));
	argv[0] = "claude";
	argv[1] = NULL;
	return argv;
}

static void
make_program(
    struct loader *l, const struct conf_provider *from, struct provider *p)
{
	p->argv = default_command(l, from, p);
	p->env = conf_env(l, &from->item, &from->env);
	if (from->dir.text != NULL)
		p->dir = conf_beside(l, from->dir.text);
	p->workers = from->workers;
	if (p->driver == &driver_claude_agent && p->workers != 0)
		conf_problem(l, CONF_BAD_CONFIG, from->item.line,
		    "providers.%s.workers: claude-agent starts a process for "
		    "each call",
		    from->item.name);
}

void
conf_default_driver(struct conf_provider *from)
{
	bool named = from->driver.text != NULL && from->driver.line != 0;

	if (from->driver.text == NULL)
		from->driver.text = "chat";
	if (!named && from->exec.n != 0)
		from->driver.text = driver_command.name;
}

void
conf_finish_provider(
    struct loader *l, const struct conf_provider *from, struct provider *p)
{
	bool child =
	    p->driver != NULL && (p->driver->abilities & DRIVER_CHILD) != 0;

	p->options = from->options.json;
	p->pool = make_pool(l, from);
	if (p->pool != NULL)
		p->api_key = p->pool[0];
	make_limits(l, from, p);
	if (child)
		make_program(l, from, p);
	else if (from->exec.n != 0 || from->env.n != 0 ||
		 from->dir.text != NULL || from->workers != 0)
		conf_problem(l, CONF_BAD_CONFIG, from->item.line,
		    "providers.%s: exec, env, dir and workers are for the "
		    "drivers command and claude-agent",
		    from->item.name);
}

/* --- models */

static const char *
check_executor(struct loader *l, const char *what, const struct conf_value *v)
{
	const struct models *m = &l->conf->settings.models;
	const char *name = v->text;

	if (name == NULL || strcmp(name, EXECUTOR_DIRECT) == 0 ||
	    strcmp(name, EXECUTOR_AI_SDK_V4) == 0)
		return name;
	for (size_t i = 0; i < m->n_providers; i++) {
		const struct provider *p = &m->providers[i];
		unsigned agent = DRIVER_AGENT | DRIVER_CHILD;

		if (strcmp(p->name, name) == 0 &&
		    (p->driver == NULL || (p->driver->abilities & agent) != 0))
			return name;
	}
	conf_problem(l, CONF_BAD_CONFIG, v->line,
	    "%s: %s is neither " EXECUTOR_DIRECT ", " EXECUTOR_AI_SDK_V4
	    " nor a provider whose driver runs prompts itself",
	    what, name);
	return NULL;
}

void
conf_finish_model(
    struct loader *l, const struct conf_model *from, struct model_rule *rule)
{
	rule->executor =
	    check_executor(l, "models[].executor", &from->executor);
	rule->fallback = conf_names(l, &from->fallback);
}

/* Names that nobody serves would be found out when they are needed most. */
static void
check_fallbacks(struct loader *l, const struct model_rule *rule)
{
	const struct models *m = &l->conf->settings.models;
	struct model_route route;

	for (size_t i = 0; rule->fallback != NULL && rule->fallback[i] != NULL;
	     i++) {
		struct err err = {0};

		if (model_route(m, rule->fallback[i], &route, &err) < 0)
			conf_problem(l, CONF_BAD_CONFIG, 0,
			    "models[].fallback of %s: %s", rule->match,
			    err.msg);
		err_free(&err);
	}
}

void
conf_finish_executors(struct loader *l)
{
	struct models *m = &l->conf->settings.models;

	m->executor = check_executor(l, "executor", &l->conf->executor);
	if (l->conf->code != CONF_OK)
		return; /* providers or patterns may be missing by that */
	for (size_t i = 0; i < m->n_rules; i++)
		check_fallbacks(l, &m->rules[i]);
}
