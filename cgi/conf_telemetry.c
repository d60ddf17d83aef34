/* From options to where traces, metrics and scores go and what they may show.
 * It refuses to know what is in them. */
#include "../common/base/limits.h"
#include "conf_load.h"

#include <string.h>

/* Beside "otlp-metrics:", as the store keeps it. */
enum { NAME_BYTES = LIMIT_DELIVER_NAME_BYTES - 16 };

/* A token that is shorter than this can be guessed. */
enum { TOKEN_SHORT = 16 };

/* --- AgentMark itself */

/* Raw keys, no Bearer (protocol.md 8.1). */
static const char *const *
agentmark_headers(struct loader *l)
{
	const struct conf *conf = l->conf;
	const struct {
		const char *name, *value;
	} rows[] = {
	    {"Authorization", conf->agentmark.key},
	    {"X-Agentmark-App-Id", conf->agentmark.app_id},
	    {"X-Agentmark-Environment",
		conf_header_value(
		    l, "telemetry.environment", &conf->tracing.environment)},
	    {"X-Agentmark-Pr-Number",
		conf_header_value(
		    l, "telemetry.pull_request", &conf->tracing.pull_request)},
	};
	const char **headers;
	size_t i, n = 0;

	headers =
	    arena_array(conf->arena, ARRAY_LEN(rows) + 1, sizeof(*headers));
	for (i = 0; i < ARRAY_LEN(rows); i++)
		if (rows[i].value != NULL)
			headers[n++] = arena_printf(
			    conf->arena, "%s: %s", rows[i].name, rows[i].value);
	headers[n] = NULL;
	return headers;
}

static void
add_agentmark(struct loader *l, struct telemetry *t)
{
	struct collector *c = &t->collectors[t->n_collectors++];

	*c = (struct collector){
	    .name = "agentmark",
	    .url = l->conf->agentmark.base,
	    .headers = agentmark_headers(l),
	    .encoding = OTLP_JSON,
	    .gzip = l->conf->tracing.gzip,
	};
	telemetry_routes(c, "agentmark:traces", "agentmark:metrics");
}

/* The other side files them under their traces, which it should have. */
static void
finish_scores(struct loader *l)
{
	struct conf *conf = l->conf;

	if (!conf->wants_scores || conf->agentmark.base == NULL)
		return;
	if (conf->agentmark.key == NULL && !conf_is_there(&conf->dev_server))
		conf_warning(l, 0,
		    "agentmark.scores: they are posted without a key, because "
		    "agentmark.api_key and agentmark.app_id are not set");
	if (!conf_wants_api(conf, conf->tracing.agentmark))
		conf_warning(l, 0,
		    "agentmark.scores: the traces that they belong to do not "
		    "go to AgentMark (telemetry.agentmark)");
	scores_init(&conf->scores,
	    arena_printf(
		conf->arena, "%s/v1/scores/batch", conf->agentmark.base),
	    agentmark_headers(l), conf->tracing.hide_outputs);
	conf->settings.scores = &conf->scores;
}

/* --- others */

static void
add_collector(
    struct loader *l, struct conf_collector *from, struct telemetry *t)
{
	struct arena *a = l->conf->arena;
	const char *name = from->item.name;
	struct collector *c = &t->collectors[t->n_collectors++];

	if (*name == '\0' || strlen(name) > NAME_BYTES ||
	    strpbrk(name, "\"\\") != NULL || conf_has_control(name))
		conf_problem(l, CONF_BAD_CONFIG, from->item.line,
		    "telemetry.collectors: a short name is wanted, not \"%s\"",
		    name);
	*c = (struct collector){
	    .name = name,
	    .url = conf_url(l, conf_key(l, &from->item, "url"), &from->url,
		from->item.line),
	    .headers = conf_headers(l, &from->item, &from->headers),
	    .encoding = (enum otlp_encoding)from->encoding,
	    .gzip = from->gzip,
	    .wants_metrics = from->metrics,
	};
	telemetry_routes(c, arena_printf(a, "otlp:%s", name),
	    arena_printf(a, "otlp-metrics:%s", name));
}

/* --- what all have in common */

static void
set_text(struct otlp_attr *attr, const char *key, const char *text)
{
	*attr = (struct otlp_attr){
	    .key = key, .type = OTLP_TEXT, .text = {text, strlen(text)}};
}

static void
make_resource(struct loader *l, struct telemetry *t)
{
	struct otlp_attr *attrs =
	    arena_array(l->conf->arena, 2, sizeof(*attrs));

	set_text(&attrs[t->n_resource++], "service.name", "agentmark-client");
	if (l->conf->agentmark.app_id != NULL)
		set_text(&attrs[t->n_resource++], "agentmark.app_id",
		    l->conf->agentmark.app_id);
	t->resource = attrs;
}

/* Whether somebody will read what is counted. */
static bool
counts(struct loader *l, const struct telemetry *t)
{
	const struct conf_value *token = &l->conf->status_token;
	bool wanted = l->conf->settings.notes_runs = conf_is_there(token);
	size_t i;

	if (wanted && strlen(token->text) < TOKEN_SHORT)
		conf_warning(l, token->line,
		    "status.token is shorter than %d bytes", TOKEN_SHORT);
	for (i = 0; i < t->n_collectors; i++)
		wanted = wanted || t->collectors[i].wants_metrics;
	if (wanted && l->conf->settings.store == NULL)
		conf_warning(
		    l, 0, "metrics are kept in the store, and there is none");
	return wanted;
}

void
conf_finish_telemetry(struct loader *l)
{
	struct conf *conf = l->conf;
	struct conf_tracing *from = &conf->tracing;
	struct conf_collector *items = from->collectors.items;
	struct telemetry *t = &conf->telemetry;
	size_t i;

	*t = (struct telemetry){
	    .hide_inputs = from->hide_inputs,
	    .hide_outputs = from->hide_outputs,
	    .media_bytes = from->media_bytes,
	};
	t->collectors = arena_array(
	    conf->arena, from->collectors.n + 1, sizeof(*t->collectors));
	if (conf_wants_api(conf, conf->tracing.agentmark))
		add_agentmark(l, t);
	for (i = 0; i < from->collectors.n; i++)
		add_collector(l, &items[i], t);
	make_resource(l, t);
	if (t->n_collectors != 0)
		conf->settings.telemetry = t;
	conf->settings.metrics = counts(l, t);
	finish_scores(l);
}
