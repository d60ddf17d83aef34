/* From options as they were read to what the program uses: secrets, providers
 * and rules for models, each checked against the others.  Evals and datasets
 * have files of their own.  It refuses to know where a value came from. */
#include "../common/base/limits.h"
#include "../common/base/utf.h"
#include "conf_load.h"

#include <stdlib.h>
#include <string.h>

/* A key of HMAC-SHA256 that is shorter than this can be guessed. */
enum { SECRET_SHORT = 16 };

static void
add_secret(struct loader *l, const char *name, const struct conf_value *value)
{
	struct conf *conf = l->conf;
	struct str key = {value->text, strlen(value->text)};

	if (key.len == 0 || str_is(key, "DEFAULT")) {
		conf_problem(l, CONF_BAD_SECRET, value->line,
		    "the secret %s (from %s) is %s", name, value->source,
		    key.len == 0 ? "empty"
				 : "the word DEFAULT, which everybody knows");
		return;
	}
	if (conf->secrets.n == LIMIT_SECRETS) {
		conf_problem(l, CONF_BAD_CONFIG, value->line,
		    "more than %d secrets", LIMIT_SECRETS);
		return;
	}
	if (key.len < SECRET_SHORT)
		conf_warning(l, value->line,
		    "the secret %s (from %s) is shorter than %d bytes", name,
		    value->source, SECRET_SHORT);
	conf->secret_sources[conf->secrets.n] = value->source;
	conf->secrets.items[conf->secrets.n++] = (struct secret){name, key};
}

const char *
conf_secret_name(struct loader *l, const struct conf_secret *s, size_t i)
{
	if (s->name.text != NULL)
		return s->name.text;
	return arena_printf(l->conf->arena, "webhook.secrets[%zu]", i);
}

static void
finish_secrets(struct loader *l)
{
	struct conf *conf = l->conf;
	const struct conf_secret *items = conf->secret_list.items, *s;
	const char *name;
	size_t i;

	conf->secrets.mode = (enum sign_mode)conf->signature;
	conf->secrets.items = arena_array(
	    conf->arena, LIMIT_SECRETS, sizeof(conf->secrets.items[0]));
	conf->secret_sources = arena_array(
	    conf->arena, LIMIT_SECRETS, sizeof(conf->secret_sources[0]));
	if (conf->secret.text != NULL)
		add_secret(l, CONF_PLAIN_SECRET, &conf->secret);
	for (i = 0; i < conf->secret_list.n; i++) {
		s = &items[i];
		name = conf_secret_name(l, s, i);
		if (s->value.text != NULL)
			add_secret(l, name, &s->value);
		else if (s->value.source == NULL)
			conf_problem(l, CONF_BAD_CONFIG, s->item.line,
			    "webhook.secrets: an item has no value");
	}
	/* Where something else is wrong, the secret may be missing by that. */
	if (conf->secrets.n == 0 && conf->secrets.mode != SIGN_OFF &&
	    conf->code == CONF_OK)
		conf_problem(l, CONF_NO_SECRET, 0,
		    "no secret: set webhook.secret in " CONF_FILE_NAME
		    " or AGENTMARK_WEBHOOK_SECRET in the environment (or say "
		    "webhook.signature: off)");
}

/* What would end a header's line would begin another header. */
bool
conf_has_control(const char *s)
{
	for (; *s != '\0'; s++)
		if ((unsigned char)*s < ' ' || *s == 127)
			return true;
	return false;
}

bool
conf_is_set(const struct conf_value *v)
{
	return v->source != NULL;
}

size_t
conf_which(const bool *given, size_t n)
{
	size_t which = n;

	for (size_t i = 0; i < n; i++)
		if (given[i])
			which = which == n ? i : n + 1;
	return which;
}

const char *const *
conf_names(struct loader *l, const struct conf_list *list)
{
	struct conf_list own = *list;
	const char **end;

	if (list->line == 0 && list->n == 0)
		return NULL;
	end = conf_add(l, &own, sizeof(*end));
	*end = NULL;
	return own.items;
}

const char *const *
conf_headers(struct loader *l, const struct conf_item *item,
    const struct conf_list *list)
{
	const char *const *headers = conf_names(l, list);

	for (size_t i = 0; i < list->n; i++)
		if (conf_has_control(headers[i]) || *headers[i] == ':')
			conf_complain(
			    l, item, 0, ".headers cannot be sent as they are");
	return headers;
}

const char *
conf_signs(
    struct loader *l, const struct conf_item *item, const struct conf_value *v)
{
	if (conf_is_set(v) && !conf_is_there(v))
		conf_complain(l, item, v->line, ".secret: there is no secret");
	return v->text;
}

bool
conf_is_there(const struct conf_value *v)
{
	return v->text != NULL && *v->text != '\0';
}

const char *
conf_header_value(
    struct loader *l, const char *what, const struct conf_value *v)
{
	if (!conf_is_there(v))
		return NULL;
	if (!conf_has_control(v->text))
		return v->text;
	conf_problem(
	    l, CONF_BAD_CONFIG, v->line, "%s holds a control character", what);
	return NULL;
}

const char *
conf_url(
    struct loader *l, const char *what, const struct conf_value *v, size_t line)
{
	const char *url = v->text;
	size_t len;

	if (url == NULL || conf_has_control(url) || strchr(url, ' ') != NULL ||
	    (strncmp(url, "http://", 7) != 0 &&
		strncmp(url, "https://", 8) != 0)) {
		conf_problem(l, CONF_BAD_CONFIG, v->line != 0 ? v->line : line,
		    "%s must be a URL of http or https%s%s", what,
		    url != NULL ? ", not " : "", url != NULL ? url : "");
		return NULL;
	}
	len = strlen(url);
	while (len > 0 && url[len - 1] == '/')
		len--;
	return arena_strndup(l->conf->arena, url, len);
}

static const char *
known_drivers(struct loader *l)
{
	const char *list = "";
	size_t i;

	for (i = 0; drivers[i] != NULL; i++)
		list = arena_printf(l->conf->arena, "%s%s%s", list,
		    i == 0 ? "" : ", ", drivers[i]->name);
	return list;
}

static void
check_provider(
    struct loader *l, const struct conf_provider *from, struct provider *p)
{
	size_t line = from->item.line;

	if (p->driver == NULL) {
		conf_problem(l, CONF_BAD_CONFIG, from->driver.line,
		    "providers.%s.driver: there is no %s, only %s", p->name,
		    from->driver.text, known_drivers(l));
		return;
	}
	if (strchr(p->name, '/') != NULL || *p->name == '\0')
		conf_problem(l, CONF_BAD_CONFIG, line,
		    "providers: a name without / is wanted, not \"%s\"",
		    p->name);
	if (p->api_key != NULL && conf_has_control(p->api_key))
		conf_problem(l, CONF_BAD_CONFIG, from->api_key.line,
		    "providers.%s.api_key holds a control character", p->name);
	if ((p->driver->abilities & (DRIVER_LOCAL | DRIVER_CHILD)) != 0) {
		p->idle = false;
		return;
	}
	p->base_url = conf_url(
	    l, conf_key(l, &from->item, "base_url"), &from->base_url, line);
}

static void
finish_providers(struct loader *l)
{
	struct conf *conf = l->conf;
	const struct conf_list *list = &conf->provider_list;
	struct conf_provider *from = list->items;
	struct provider *p;
	size_t i;

	p = arena_array(conf->arena, list->n, sizeof(*p));
	conf->settings.models.providers = p;
	conf->settings.models.n_providers = list->n;
	for (i = 0; i < list->n; i++, p++, from++) {
		conf_default_driver(from);
		*p = (struct provider){
		    .name = from->item.name,
		    .driver = driver_find(from->driver.text),
		    .api_key = from->api_key.text,
		    .headers = conf_headers(l, &from->item, &from->headers),
		    .strict_schemas = from->strict_schemas,
		};
		if (p->api_key != NULL && *p->api_key == '\0')
			p->api_key = NULL;
		conf_finish_provider(l, from, p);
		conf_finish_vendor(l, from, p);
		check_provider(l, from, p);
	}
}

static bool
has_provider(const struct conf *conf, const char *name)
{
	const struct models *m = &conf->settings.models;
	size_t i;

	for (i = 0; i < m->n_providers; i++)
		if (strcmp(m->providers[i].name, name) == 0)
			return true;
	return false;
}

static void
add_rule(struct loader *l, const struct conf_model *from)
{
	struct models *m = &l->conf->settings.models;
	size_t line = from->item.line;

	if ((from->name.text == NULL) == (from->match.text == NULL)) {
		conf_problem(l, CONF_BAD_CONFIG, line,
		    "models: an item needs either match or name");
		return;
	}
	if (from->provider.text == NULL ||
	    !has_provider(l->conf, from->provider.text)) {
		conf_problem(l, CONF_BAD_CONFIG, line,
		    "models: %s is none of the providers",
		    from->provider.text != NULL ? from->provider.text
						: "(no provider)");
		return;
	}
	m->rules[m->n_rules] = (struct model_rule){
	    .match =
		from->name.text != NULL ? from->name.text : from->match.text,
	    .regex = from->match.text != NULL,
	    .provider = from->provider.text,
	    .model = from->model.text,
	};
	conf_finish_model(l, from, &m->rules[m->n_rules++]);
}

static void
free_models(void *arg)
{
	models_free(arg);
}

static void
finish_models(struct loader *l)
{
	struct conf *conf = l->conf;
	struct models *m = &conf->settings.models;
	const struct conf_model *items = conf->model_list.items;
	struct err err = {0};
	size_t i;

	m->rules = arena_array(conf->arena,
	    conf->model_list.n + conf_n_preset_models, sizeof(m->rules[0]));
	for (i = 0; i < conf->model_list.n; i++)
		add_rule(l, &items[i]);
	for (i = 0; i < conf_n_preset_models; i++)
		m->rules[m->n_rules++] = (struct model_rule){
		    .match = conf_preset_models[i].match,
		    .regex = true,
		    .provider = conf_preset_models[i].provider,
		};
	m->default_provider = conf->default_provider.text;
	if (m->default_provider != NULL &&
	    !has_provider(conf, m->default_provider))
		conf_problem(l, CONF_BAD_CONFIG, conf->default_provider.line,
		    "default_provider: %s is none of the providers",
		    m->default_provider);
	arena_on_free(conf->arena, free_models, m);
	if (models_compile(m, &err) == -1)
		conf_problem(l, CONF_BAD_CONFIG, 0, "%s", err.msg);
	err_free(&err);
	conf_finish_executors(l);
}

static void
finish_log(struct loader *l)
{
	struct conf_value *target = &l->conf->log_target;

	if (target->text == NULL)
		target->text = "stderr";
	if (strcmp(target->text, "stderr") != 0 &&
	    strcmp(target->text, "syslog") != 0 &&
	    strcmp(target->text, "journald") != 0 &&
	    strncmp(target->text, "journald:", 9) != 0)
		target->text = conf_beside(l, target->text);
}

void
conf_finish(struct loader *l)
{
	finish_secrets(l);
	finish_providers(l);
	finish_models(l);
	conf_finish_evals(l);
	conf_finish_tools(l);
	conf_finish_mcp(l);
	conf_finish_experiments(l);
	conf_finish_store(l);
	conf_finish_spending(l);
	conf_finish_alerts(l);
	conf_finish_telemetry(l);
	conf_finish_routes(l);
	finish_log(l);
	l->conf->settings.markdown = (enum markdown_style)l->conf->markdown;
}
