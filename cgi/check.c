/* Shows a configuration to the person who wrote it.  It refuses to know how it
 * was read. */
#include "check.h"

#include "../common/base/log.h"
#include "../common/run/limit.h"
#include "../common/run/alert.h"
#include "../common/run/tool.h"
#include "../common/store/store.h"
#include "version.h"

#include <math.h>
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

struct str
check_host(const char *url)
{
	const char *host = strstr(url, "://"), *at;
	size_t len;

	host = host != NULL ? host + 3 : url;
	len = strcspn(host, "/?#");
	for (at = host + len; at > host && at[-1] != '@'; at--)
		;
	return (struct str){at, (size_t)(host + len - at)};
}

/* A URL may hold a secret before its host and behind its path. */
static void
print_url(FILE *out, const char *url)
{
	const char *scheme = strstr(url, "://");
	const char *from = check_host(url).p;

	(void)fprintf(out, "%.*s%.*s",
	    scheme != NULL ? (int)(scheme + 3 - url) : 0, url,
	    (int)strcspn(from, "?#"), from);
}

static void
print_place(FILE *out, const struct provider *p)
{
	unsigned can = p->driver != NULL ? p->driver->abilities : 0;

	if ((can & DRIVER_LOCAL) != 0)
		(void)fprintf(out, "built in");
	else if ((can & DRIVER_CHILD) != 0)
		(void)fprintf(out, "%s, %lld workers",
		    p->argv != NULL ? p->argv[0] : "no exec",
		    (long long)p->workers);
	else
		print_url(
		    out, p->base_url != NULL ? p->base_url : "no base_url");
}

static void
print_key(FILE *out, const struct conf_provider *from, const struct provider *p)
{
	size_t n = 0;

	while (p->pool != NULL && p->pool[n] != NULL)
		n++;
	if (n > 0)
		(void)fprintf(out, "%zu keys", n);
	else if (p->api_key != NULL)
		(void)fprintf(out, "key from %s", from->api_key.source);
	else
		(void)fprintf(out, "no key");
}

static void
print_limits(FILE *out, const struct provider_limits *limits)
{
	if (limits == NULL)
		return;
	if (limits->concurrent > 0)
		(void)fprintf(
		    out, ", %lld calls at once", (long long)limits->concurrent);
	if (limits->requests_per_minute > 0)
		(void)fprintf(
		    out, ", %.0f calls a minute", limits->requests_per_minute);
	if (limits->tokens_per_minute > 0)
		(void)fprintf(
		    out, ", %.0f tokens a minute", limits->tokens_per_minute);
}

/* Those that are known and of which nothing is set. */
static void
print_idle(FILE *out, const struct models *m)
{
	const char *before = "providers without a key or an address: ";
	size_t i;

	for (i = 0; i < m->n_providers; i++) {
		if (!m->providers[i].idle)
			continue;
		(void)fprintf(out, "%s%s", before, m->providers[i].name);
		before = ", ";
	}
	if (before[0] == ',')
		(void)fprintf(out, "\n");
}

static void
print_providers(FILE *out, const struct conf *conf)
{
	const struct conf_provider *from = conf->provider_list.items;
	const struct provider *p = conf->settings.models.providers;
	size_t i;

	for (i = 0; i < conf->settings.models.n_providers; i++, p++) {
		if (p->idle)
			continue;
		(void)fprintf(out, "provider: %s, driver %s, ", p->name,
		    p->driver != NULL ? p->driver->name : "unknown");
		print_place(out, p);
		(void)fprintf(out, ", ");
		print_key(out, &from[i], p);
		print_limits(out, p->limits);
		if (p->lacks != NULL)
			(void)fprintf(out, ", needs %s", p->lacks);
		(void)fprintf(out, "\n");
	}
	print_idle(out, &conf->settings.models);
}

static void
print_models(FILE *out, const struct models *m)
{
	const struct model_rule *rule;
	size_t i;

	for (i = 0; i < m->n_rules; i++) {
		rule = &m->rules[i];
		(void)fprintf(out, "model: %s %s -> %s%s%s",
		    rule->regex ? "names that match" : "the name", rule->match,
		    rule->provider, rule->model != NULL ? ", as " : "",
		    rule->model != NULL ? rule->model : "");
		if (rule->executor != NULL)
			(void)fprintf(out, ", run by %s", rule->executor);
		for (size_t k = 0;
		     rule->fallback != NULL && rule->fallback[k] != NULL; k++)
			(void)fprintf(out, "%s %s", k == 0 ? ", else" : ",",
			    rule->fallback[k]);
		(void)fprintf(out, "\n");
	}
	(void)fprintf(out, "executor: %s\n",
	    m->executor != NULL ? m->executor : EXECUTOR_DIRECT);
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

/* Whether the eval is the built-in one of its name and nothing more. */
static bool
is_plain(const struct settings *s, const struct eval_conf *e)
{
	const struct eval_conf *b = s->builtin_evals;
	size_t i;

	for (i = 0; i < s->n_builtin_evals && strcmp(b[i].name, e->name) != 0;)
		i++;
	return i < s->n_builtin_evals && e->builtin == b[i].builtin &&
	       e->options == NULL && !e->negate && !e->strip_fences &&
	       isnan(e->weight) && isnan(e->threshold) && e->pointer == NULL &&
	       e->timeout_ms == b[i].timeout_ms;
}

static void
print_kind(FILE *out, const struct eval_conf *e)
{
	size_t i;

	switch (e->kind) {
	case EVAL_BUILTIN:
		(void)fprintf(out, "built in, %s",
		    e->builtin != NULL ? e->builtin->name : "unknown");
		break;
	case EVAL_COMMAND:
		(void)fprintf(out, "command %s, %lld workers",
		    e->argv != NULL ? e->argv[0] : "unknown",
		    (long long)e->workers);
		break;
	case EVAL_HTTP:
		(void)fprintf(out, "POST to ");
		print_url(out, e->url != NULL ? e->url : "nowhere");
		(void)fprintf(
		    out, ", %ssigned", e->secret != NULL ? "" : "not ");
		break;
	case EVAL_JUDGE:
		(void)fprintf(
		    out, "judge %s", e->judge != NULL ? e->judge : "unknown");
		break;
	case EVAL_SIMILAR:
		(void)fprintf(out, "similar in meaning");
		break;
	default:
		(void)fprintf(out, "unknown");
	}
	for (i = 0; e->models != NULL && e->models[i] != NULL; i++)
		(void)fprintf(
		    out, "%s%s", i == 0 ? ", by " : " and ", e->models[i]);
}

static void
print_eval(FILE *out, const struct eval_conf *e)
{
	(void)fprintf(out, "eval: %s, ", e->name);
	print_kind(out, e);
	if (e->negate)
		(void)fprintf(out, ", not");
	if (!isnan(e->weight))
		(void)fprintf(out, ", weight %g", e->weight);
	if (!isnan(e->threshold))
		(void)fprintf(out, ", threshold %g", e->threshold);
	if (e->strip_fences)
		(void)fprintf(out, ", without fences");
	if (e->pointer != NULL)
		(void)fprintf(out, ", of \"%s\"", e->pointer);
	(void)fprintf(out, ", within %g s\n", (double)e->timeout_ms / 1000);
}

static void
print_evals(FILE *out, const struct settings *s)
{
	size_t i, n = 0;

	for (i = 0; i < s->n_evals; i++)
		if (is_plain(s, &s->evals[i]))
			(void)fprintf(out, "%s %s",
			    n++ == 0 ? "evals: built in:" : "",
			    s->evals[i].name);
	if (n != 0)
		(void)fprintf(out, "\n");
	for (i = 0; i < s->n_evals; i++)
		if (!is_plain(s, &s->evals[i]))
			print_eval(out, &s->evals[i]);
	if (s->n_evals == 0)
		(void)fprintf(out, "evals: none\n");
}

static void
print_tools(FILE *out, const struct settings *s)
{
	for (size_t i = 0; i < s->n_tools; i++) {
		const struct tool_conf *t = &s->tools[i];

		(void)fprintf(out, "tool: %s, ", t->name);
		if (t->url != NULL) {
			(void)fprintf(out, "POST to ");
			print_url(out, t->url);
			(void)fprintf(
			    out, ", %ssigned", t->secret != NULL ? "" : "not ");
		} else {
			(void)fprintf(out, "command %s, %lld workers",
			    t->argv != NULL ? t->argv[0] : "unknown",
			    (long long)t->workers);
		}
		(void)fprintf(
		    out, ", within %g s\n", (double)t->timeout_ms / 1000);
	}
}

static void
print_servers(FILE *out, const struct settings *s)
{
	static const char *const transports[] = {[MCP_AUTO] = "",
	    [MCP_HTTP] = ", streamable HTTP",
	    [MCP_SSE] = ", SSE"};

	for (size_t i = 0; i < s->n_mcp; i++) {
		const struct mcp_conf *m = &s->mcp[i];

		(void)fprintf(out, "mcp: %s, ", m->name);
		if (m->url != NULL)
			print_url(out, m->url);
		else
			(void)fprintf(out, "command %s",
			    m->argv != NULL ? m->argv[0] : "unknown");
		(void)fprintf(out, "%s, within %g s\n",
		    transports[m->transport], (double)m->timeout_ms / 1000);
	}
}

/* Addresses of webhooks are secrets: of them only the host is shown. */
static void
print_host(FILE *out, const char *url)
{
	struct str host = check_host(url);

	(void)fprintf(out, " at %.*s", (int)host.len, host.p);
}

static void
print_names(FILE *out, const char *what, const char *const *names)
{
	if (names == NULL)
		return;
	(void)fprintf(out, ", %s", what);
	for (size_t i = 0; names[i] != NULL; i++)
		(void)fprintf(out, "%s%s", i == 0 ? " " : " or ", names[i]);
}

static void
print_alert(FILE *out, const struct alert_conf *a)
{
	static const char *const ways[] = {
	    [ALERT_SLACK] = "slack",
	    [ALERT_TEAMS] = "teams",
	    [ALERT_DISCORD] = "discord",
	    [ALERT_PAGERDUTY] = "pagerduty",
	    [ALERT_WEBHOOK] = "webhook",
	    [ALERT_MAIL] = "mail",
	    [ALERT_COMMAND] = "command",
	    [ALERT_SYSLOG] = "syslog",
	    [ALERT_FILE] = "file",
	    [ALERT__MAX] = "unknown",
	};

	_Static_assert(
	    ARRAY_LEN(ways) == ALERT__MAX + 1, "a name for every way");
	(void)fprintf(out, "alert: %s, %s", a->name, ways[a->via]);
	if (a->url != NULL)
		print_host(out, a->url);
	if (a->argv != NULL)
		(void)fprintf(out, " %s", a->argv[0]);
	if (a->path != NULL)
		(void)fprintf(out, " %s", a->path);
	if (a->via == ALERT_WEBHOOK)
		(void)fprintf(
		    out, ", %ssigned", a->secret != NULL ? "" : "not ");
	print_names(out, "to", a->to);
	print_names(out, "of", a->types);
	print_names(out, "when", a->statuses);
	if (!isnan(a->above))
		(void)fprintf(out, ", above %g", a->above);
	if (!isnan(a->below))
		(void)fprintf(out, ", below %g", a->below);
	(void)fprintf(out, ", within %g s\n", (double)a->timeout_ms / 1000);
}

static void
print_alerts(FILE *out, const struct settings *s)
{
	for (size_t i = 0; i < s->n_alerts; i++)
		print_alert(out, &s->alerts[i]);
}

static void
print_collectors(FILE *out, const struct telemetry *t)
{
	size_t i;

	if (t == NULL)
		(void)fprintf(out, "traces: not recorded\n");
	for (i = 0; t != NULL && i < t->n_collectors; i++) {
		const struct collector *c = &t->collectors[i];

		(void)fprintf(out, "traces: %s", c->name);
		print_host(out, c->url != NULL ? c->url : "no url");
		(void)fprintf(out, ", %s%s%s\n",
		    c->encoding == OTLP_JSON ? "JSON" : "protobuf",
		    c->gzip ? ", compressed" : "",
		    c->wants_metrics ? ", with metrics" : "");
	}
}

static void
print_experiments(FILE *out, const struct conf *conf)
{
	const struct settings *s = &conf->settings;
	const struct dataset_conf *d = s->datasets;

	if (d->root != NULL)
		(void)fprintf(out, "datasets: files below %s\n", d->root);
	if (d->api.base != NULL) {
		(void)fprintf(out, "datasets: AgentMark's API at ");
		print_url(out, d->api.base);
		if (d->api.key != NULL)
			(void)fprintf(out, ", app %s, key from %s\n",
			    d->api.app_id, conf->api_key.source);
		else
			(void)fprintf(out, ", no key\n");
	}
	if (d->root == NULL && d->api.base == NULL)
		(void)fprintf(out,
		    "datasets: none: set datasets.root, or agentmark.api_key "
		    "and agentmark.app_id\n");
	(void)fprintf(out, "experiments: %lld rows at once, ",
	    (long long)s->max_concurrency);
	if (s->max_experiments != 0)
		(void)fprintf(out, "%lld experiments at once, counted in %s\n",
		    (long long)s->max_experiments, s->state_dir);
	else
		(void)fprintf(out, "any number of experiments\n");
}

static void
print_store(FILE *out, const char *path)
{
	struct store *store = store_new(path);
	struct err err = {0};

	if (path == NULL)
		(void)fprintf(out,
		    "store: none: rates, budgets and leases are not kept\n");
	else if (store_check(store, &err) == 0)
		(void)fprintf(out, "store: %s\n", path);
	else
		(void)fprintf(out, "store: it cannot be used: %s\n", err.msg);
	err_free(&err);
	store_free(store);
}

static void
print_answers(FILE *out, const struct answers_conf *conf)
{
	if (conf->use == ANSWERS_NEVER || conf->hidden || conf->path == NULL)
		(void)fprintf(out, "kept answers: none\n");
	else
		(void)fprintf(out, "kept answers: %s, in %s\n",
		    conf->use == ANSWERS_ALWAYS ? "all"
						: "of requests that ask",
		    conf->path);
}

static void
print_rest(FILE *out, const struct conf *conf)
{
	const struct settings *s = &conf->settings;

	print_evals(out, s);
	print_tools(out, s);
	print_servers(out, s);
	print_alerts(out, s);
	print_collectors(out, s->telemetry);
	print_experiments(out, conf);
	check_print_spending(out, s);
	print_store(out, s->store);
	print_answers(out, &s->answers);
	(void)fprintf(
	    out, "largest body: %lld bytes\n", (long long)conf->body_bytes);
	(void)fprintf(out, "clocks:");
	print_seconds(out, "connect", s->clocks.connect);
	print_seconds(out, "first token", s->clocks.first);
	print_seconds(out, "idle", s->clocks.idle);
	print_seconds(out, "total", s->clocks.total);
	print_seconds(out, "heartbeat", s->heartbeat_ms);
	print_seconds(out, "stop", conf->stop_ms);
	(void)fprintf(out, "\nretries: %lld\n", (long long)s->max_retries);
	(void)fprintf(out, "log: %s, to %s, as %s\n",
	    log_level_name((enum log_level)conf->log_level),
	    conf->log_target.text,
	    conf->log_format == LOG_JSON ? "JSON" : "logfmt");
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
