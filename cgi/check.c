/* Shows a configuration to the person who wrote it.  It refuses to know how it
 * was read. */
#include "check.h"

#include "../common/base/log.h"
#include "version.h"

#include <string.h>

static const char *const modes[] = {
    [SIGN_REQUIRED] = "required",
    [SIGN_OPTIONAL] = "optional: verified where there is one",
    [SIGN_OFF] = "off: anybody may send requests",
};

static const char *
length_class(size_t len)
{
	if (len < 16)
		return "shorter than 16 bytes";
	return len < 32 ? "16 to 31 bytes" : "32 bytes or more";
}

static void
print_secrets(FILE *out, const struct conf *conf)
{
	const struct secrets *s = &conf->secrets;
	size_t i;

	(void)fprintf(out, "signatures: %s\n", modes[s->mode]);
	for (i = 0; i < s->n; i++)
		(void)fprintf(out, "secret: %s, from %s, %s\n",
		    s->items[i].name, conf->secret_sources[i],
		    length_class(s->items[i].key.len));
	if (s->n == 0)
		(void)fprintf(out, "secret: none\n");
}

static void
print_providers(FILE *out, const struct conf *conf)
{
	const struct conf_provider *from = conf->provider_list.items;
	const struct provider *p = conf->settings.models.providers;
	size_t i;

	for (i = 0; i < conf->settings.models.n_providers; i++, p++) {
		(void)fprintf(out, "provider: %s, driver %s", p->name,
		    p->driver != NULL ? p->driver->name : "unknown");
		if (p->driver != NULL &&
		    (p->driver->abilities & DRIVER_LOCAL) == 0)
			(void)fprintf(out, ", %s, ",
			    p->base_url != NULL ? p->base_url : "no base_url");
		else
			(void)fprintf(out, ", built in, ");
		if (p->api_key != NULL)
			(void)fprintf(
			    out, "key from %s\n", from[i].api_key.source);
		else
			(void)fprintf(out, "no key\n");
	}
}

static void
print_models(FILE *out, const struct models *m)
{
	const struct model_rule *rule;
	size_t i;

	for (i = 0; i < m->n_rules; i++) {
		rule = &m->rules[i];
		(void)fprintf(out, "model: %s %s -> %s%s%s\n",
		    rule->regex ? "names that match" : "the name", rule->match,
		    rule->provider, rule->model != NULL ? ", as " : "",
		    rule->model != NULL ? rule->model : "");
	}
	(void)fprintf(out, "model: PROVIDER/NAME -> that provider, as NAME\n");
	(void)fprintf(out, "model: any other name -> %s\n",
	    m->default_provider != NULL ? m->default_provider : "an error");
}

static void
print_seconds(FILE *out, const char *what, int64_t ms)
{
	if (ms == 0)
		(void)fprintf(out, " %s none", what);
	else
		(void)fprintf(out, " %s %g s", what, (double)ms / 1000);
}

static void
print_rest(FILE *out, const struct conf *conf)
{
	const struct settings *s = &conf->settings;
	size_t i;

	(void)fprintf(out, "evals:");
	for (i = 0; i < s->n_evals; i++)
		(void)fprintf(out, " %s", s->evals[i]);
	(void)fprintf(out, "%s\n", s->n_evals == 0 ? " none" : "");
	(void)fprintf(
	    out, "largest body: %lld bytes\n", (long long)conf->body_bytes);
	(void)fprintf(out, "clocks:");
	print_seconds(out, "connect", s->clocks.connect);
	print_seconds(out, "first token", s->clocks.first);
	print_seconds(out, "idle", s->clocks.idle);
	print_seconds(out, "total", s->clocks.total);
	print_seconds(out, "heartbeat", s->heartbeat_ms);
	(void)fprintf(out, "\nretries: %lld\n", (long long)s->max_retries);
	(void)fprintf(out, "log: %s, to %s\n",
	    log_level_name((enum log_level)conf->log_level),
	    conf->log_target.text);
}

static void
print_keyless(FILE *out, const struct conf *conf)
{
	const struct models *m = &conf->settings.models;
	size_t i;

	for (i = 0; i < m->n_providers; i++)
		if (m->providers[i].api_key != NULL)
			return;
	(void)fprintf(out,
	    "note: no provider has a key; the built-in model echo/NAME needs "
	    "none, but it only repeats the last user message\n");
}

void
check_print(FILE *out, const struct conf *conf)
{
	const struct conf_note *note = conf->notes.items;
	size_t i;

	(void)fprintf(out, PROGRAM " " PACKAGE_VERSION "\n");
	(void)fprintf(out, "configuration: %s\n",
	    conf->file != NULL ? conf->file : "no file, only the environment");
	print_secrets(out, conf);
	print_providers(out, conf);
	print_models(out, &conf->settings.models);
	print_rest(out, conf);
	print_keyless(out, conf);
	for (i = 0; i < conf->notes.n; i++)
		(void)fprintf(out, "%s: %s\n",
		    note[i].code == CONF_OK ? "warning" : "wrong",
		    note[i].text);
	if (conf->code != CONF_OK)
		(void)fprintf(out,
		    "every request is answered 503: not configured: %s\n",
		    conf_code_name(conf->code));
	else
		(void)fprintf(out, "ready\n");
}
