/* Finds the provider of a model by its name: exact names, then patterns in
 * order, then PROVIDER/MODEL, then a default.  It knows no model by itself;
 * what names mean is the configuration's business. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "model.h"

#include "../base/limits.h"

#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

/* Names that an error lists of each sort. */
enum { LISTED_MAX = 20 };

static int
compile(struct model_rule *rule, struct err *err)
{
	const uint32_t flags =
	    PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C;
	PCRE2_UCHAR text[128];
	PCRE2_SIZE at;
	int code;

	if (!rule->regex || rule->compiled != NULL)
		return 0;
	rule->compiled = pcre2_compile((PCRE2_SPTR)rule->match,
	    PCRE2_ZERO_TERMINATED, flags, &code, &at, NULL);
	if (rule->compiled != NULL)
		return 0;
	if (pcre2_get_error_message(code, text, sizeof(text)) < 0)
		text[0] = '\0';
	return fail(err, ERR_UNCONFIGURED,
	    "the model pattern '%s' is wrong at character %zu: %s", rule->match,
	    at, (const char *)text);
}

int
models_compile(struct models *m, struct err *err)
{
	size_t i;

	for (i = 0; i < m->n_rules; i++)
		if (compile(&m->rules[i], err) < 0)
			return -1;
	return 0;
}

void
models_free(struct models *m)
{
	size_t i;

	for (i = 0; i < m->n_rules; i++) {
		pcre2_code_free(m->rules[i].compiled);
		m->rules[i].compiled = NULL;
	}
}

/* 1 and 0 for a match and none; -1 and an error when that takes too long. */
static int
pattern_matches(
    const struct model_rule *rule, const char *name, struct err *err)
{
	pcre2_match_context *limits;
	pcre2_match_data *data;
	int n;

	limits = pcre2_match_context_create(NULL);
	data = pcre2_match_data_create(1, NULL);
	if (limits == NULL || data == NULL)
		abort();
	pcre2_set_match_limit(limits, LIMIT_REGEX_MATCHES);
	n = pcre2_match(
	    rule->compiled, (PCRE2_SPTR)name, strlen(name), 0, 0, data, limits);
	pcre2_match_data_free(data);
	pcre2_match_context_free(limits);
	if (n >= 0)
		return 1;
	if (n == PCRE2_ERROR_NOMATCH)
		return 0;
	return fail(err, ERR_MODEL,
	    "the model pattern '%s' takes too long for the model '%s'",
	    rule->match, name);
}

static const struct provider *
find_provider(const struct models *m, const char *name, size_t len)
{
	size_t i;

	for (i = 0; i < m->n_providers; i++) {
		const struct provider *p = &m->providers[i];

		if (strncmp(p->name, name, len) == 0 && p->name[len] == '\0')
			return p;
	}
	return NULL;
}

/* 1 when RULE matches NAME, 0 when not, -1 with an error. */
static int
rule_matches(const struct model_rule *rule, const char *name, struct err *err)
{
	if (rule->regex)
		return pattern_matches(rule, name, err);
	return strcmp(rule->match, name) == 0;
}

/* The first matching rule, exact names before patterns. */
static int
find_rule(const struct models *m, const char *name,
    const struct model_rule **found, struct err *err)
{
	size_t i, pass;
	int rc;

	*found = NULL;
	if (strlen(name) > LIMIT_MODEL_BYTES)
		return fail(err, ERR_MODEL,
		    "the model's name is longer than %u bytes",
		    LIMIT_MODEL_BYTES);
	for (pass = 0; pass < 2; pass++) {
		for (i = 0; i < m->n_rules; i++) {
			const struct model_rule *rule = &m->rules[i];

			if (rule->regex != (pass == 1))
				continue;
			rc = rule_matches(rule, name, err);
			if (rc > 0)
				*found = rule;
			if (rc != 0)
				return rc;
		}
	}
	return 0;
}

static void
list_name(struct buf *b, size_t i, const char *name)
{
	if (i > LISTED_MAX)
		return;
	buf_adds(b, i == 0 ? " " : ", ");
	buf_adds(b, i == LISTED_MAX ? "…" : name);
}

/* Those that somebody has set something of, or the others. */
static size_t
list_providers(struct buf *b, const struct models *m, bool idle)
{
	size_t i, n = 0;

	for (i = 0; i < m->n_providers; i++)
		if (m->providers[i].idle == idle)
			list_name(b, n++, m->providers[i].name);
	return n;
}

static bool
any_idle(const struct models *m)
{
	size_t i;

	for (i = 0; i < m->n_providers; i++)
		if (m->providers[i].idle)
			return true;
	return false;
}

static int
unknown(
    const struct models *m, const char *name, const char *why, struct err *err)
{
	struct buf b;
	size_t i;

	buf_init(&b, LIMIT_ERR_BYTES);
	buf_addf(&b, "%s '%s'; configured providers:", why, name);
	if (list_providers(&b, m, false) == 0)
		buf_adds(&b, " none");
	if (any_idle(m)) {
		buf_adds(&b, "; without a key or an address:");
		(void)list_providers(&b, m, true);
	}
	if (m->n_rules != 0)
		buf_adds(&b, "; configured models:");
	for (i = 0; i < m->n_rules; i++)
		list_name(&b, i, m->rules[i].match);
	(void)fail_text(err, ERR_MODEL, buf_text(&b));
	buf_free(&b);
	return -1;
}

/* PROVIDER/MODEL at the first slash; the model may hold more of them. */
static int
resolve_path(const struct models *m, const char *name,
    const struct provider **provider, const char **id, struct err *err)
{
	const char *slash = strchr(name, '/');

	if (slash == name || slash[1] == '\0')
		return unknown(m, name,
		    "expected 'provider/model' as the model's name, got", err);
	*provider = find_provider(m, name, (size_t)(slash - name));
	if (*provider == NULL)
		return unknown(m, name, "no provider for the model", err);
	*id = slash + 1;
	return 0;
}

/* A provider that a rule or the default names. */
static int
resolve_named(const struct models *m, const char *name, const char *wanted,
    const struct provider **provider, struct err *err)
{
	*provider = find_provider(m, wanted, strlen(wanted));
	if (*provider != NULL)
		return 0;
	return fail(err, ERR_UNCONFIGURED,
	    "the model '%s' needs the provider '%s', which is not configured",
	    name, wanted);
}

static int
find(const struct models *m, const char *name, const struct model_rule *rule,
    const struct provider **provider, const char **id, struct err *err)
{
	*provider = NULL;
	*id = name;
	if (rule != NULL) {
		if (rule->model != NULL)
			*id = rule->model;
		return resolve_named(m, name, rule->provider, provider, err);
	}
	if (strchr(name, '/') != NULL)
		return resolve_path(m, name, provider, id, err);
	if (m->default_provider == NULL)
		return unknown(m, name, "no provider for the model", err);
	return resolve_named(m, name, m->default_provider, provider, err);
}

/* One that is known and not complete is none. */
static int
resolve(const struct models *m, const char *name, const struct model_rule *rule,
    const struct provider **provider, const char **id, struct err *err)
{
	const struct provider *found;

	if (find(m, name, rule, provider, id, err) < 0)
		return -1;
	found = *provider;
	if (found->lacks == NULL)
		return 0;
	return fail(err, ERR_UNCONFIGURED,
	    "the model '%s' needs the provider '%s', which needs %s", name,
	    found->name, found->lacks);
}

int
model_resolve(const struct models *m, const char *name,
    const struct provider **provider, const char **id, struct err *err)
{
	const struct model_rule *rule;

	if (find_rule(m, name, &rule, err) < 0)
		return -1;
	return resolve(m, name, rule, provider, id, err);
}

static bool
is_word(const char *executor, const char *word)
{
	return executor != NULL && strcmp(executor, word) == 0;
}

static bool
is_executor(const struct provider *p)
{
	return p != NULL && p->driver != NULL &&
	       (p->driver->abilities & (DRIVER_AGENT | DRIVER_CHILD)) != 0;
}

/* The provider that EXECUTOR names; an id that the name does not lead to is the
 * whole name. */
static int
run_by(const struct models *m, const char *name, const char *executor,
    struct model_route *route, struct err *err)
{
	if (route->provider == NULL)
		route->id = name;
	if (resolve_named(m, name, executor, &route->provider, err) < 0)
		return -1;
	if (is_executor(route->provider))
		return 0;
	return fail(err, ERR_UNCONFIGURED,
	    "the executor '%s' of the model '%s' is a provider of models",
	    executor, name);
}

int
model_route(const struct models *m, const char *name, struct model_route *route,
    struct err *err)
{
	const struct model_rule *rule;
	struct err unresolved = {0};
	const char *executor = m->executor;
	bool own;

	*route = (struct model_route){0};
	if (find_rule(m, name, &rule, err) < 0)
		return -1;
	own = rule != NULL && rule->executor != NULL;
	if (own)
		executor = rule->executor;
	if (rule != NULL)
		route->fallback = rule->fallback;
	(void)!resolve(
	    m, name, rule, &route->provider, &route->id, &unresolved);
	route->v4 = is_word(executor, EXECUTOR_AI_SDK_V4);
	if (executor == NULL || route->v4 ||
	    is_word(executor, EXECUTOR_DIRECT) ||
	    (!own && is_executor(route->provider))) {
		if (unresolved.code == ERR_NONE)
			return 0;
		err_move(err, &unresolved);
		return -1;
	}
	err_free(&unresolved);
	return run_by(m, name, executor, route, err);
}
