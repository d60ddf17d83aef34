/* Tries all whom the program would ask or tell, side by side and for nothing:
 * lists of models, connections without a request, exports of no traces.  It
 * refuses to know any vendor's protocol. */
#include "doctor.h"

#include "../common/base/clock.h"
#include "../common/base/limits.h"
#include "../common/run/alert.h"
#include "../common/run/eval_run.h"
#include "../common/run/scores.h"
#include "../common/run/telemetry.h"
#include "../common/run/tool.h"
#include "check.h"

#include <string.h>

/* For one exchange; and for a server that is a program to be started. */
enum { PATIENCE_MS = 5000, SERVER_MS = 10000 };

static const char unreachable[] =
    "compare the address in the configuration; look at the name server, at "
    "firewalls,\nat the variables https_proxy and SSL_CERT_FILE";

/* Something that is tried, and what judges it. */
struct probe {
	struct probe *next;
	const char *what;
	struct trial *trial, *bare; /* BARE is without a key, or NULL */
	void (*judge)(struct doctor *d, const struct probe *p);
	const struct provider *provider;
	const char *source; /* of its key, or NULL */
};

struct server {
	const char *what;
	struct mcp_server *mcp;
	int rc; /* 0: it has not answered */
	size_t n_tools;
	const char *why;
};

struct network {
	struct doctor *doctor;
	struct engine engine;
	struct probe *first, **end;
	struct server *servers;
};

static struct probe *
add_probe(struct network *n, const char *what, const char *name,
    void (*judge)(struct doctor *d, const struct probe *p))
{
	struct arena *a = n->doctor->arena;
	struct probe *p = arena_zalloc(a, sizeof(*p));

	p->what = name != NULL ? arena_printf(a, "%s %s", what, name) : what;
	p->judge = judge;
	*n->end = p;
	n->end = &p->next;
	return p;
}

static struct trial *
ask(struct network *n, struct http_request request)
{
	request.clocks =
	    (struct http_clocks){.connect = PATIENCE_MS, .total = PATIENCE_MS};
	request.max_body = LIMIT_DOCTOR_REPLY_BYTES;
	return doctor_start(n->doctor, &request);
}

/* --- what came of it */

/* Whether there was an answer; without one that is all there is to say. */
static bool
has_answer(struct doctor *d, const struct probe *p)
{
	const struct trial *t = p->trial;

	if (t->status != 0)
		return true;
	doctor_say(d, p->what, DOCTOR_ERROR, unreachable, "%s: %s", t->host,
	    t->ended ? t->reason : "no answer");
	return false;
}

static void
judge_connection(struct doctor *d, const struct probe *p)
{
	const struct trial *t = p->trial;

	if (t->ended && t->how == HTTP_OK)
		doctor_say(d, p->what, DOCTOR_OK, NULL,
		    "%s can be reached (%lld ms)", t->host, (long long)t->last);
	else
		(void)has_answer(d, p);
}

static bool
is_good(const struct trial *t)
{
	return t != NULL && t->status >= 200 && t->status <= 299;
}

/* What Amazon says of a key that is right but must not list. */
static bool
may_not_list(const struct trial *t)
{
	return strstr(buf_str(&t->body), "not authorized to perform") != NULL;
}

static void
judge_list(struct doctor *d, const struct probe *p)
{
	long long ms = (long long)p->trial->last;

	if (p->source == NULL)
		doctor_say(
		    d, p->what, DOCTOR_OK, NULL, "it answers (%lld ms)", ms);
	else if (is_good(p->bare))
		doctor_say(d, p->what, DOCTOR_UNTRIED, NULL,
		    "it answers (%lld ms), but to anybody: the key was not "
		    "tried",
		    ms);
	else
		doctor_say(d, p->what, DOCTOR_OK, NULL,
		    "the key is accepted (%lld ms)", ms);
}

static void
judge_refusal(struct doctor *d, const struct probe *p)
{
	struct arena *a = d->arena;
	const char *name = p->provider->name;

	if (may_not_list(p->trial))
		doctor_say(d, p->what, DOCTOR_OK, NULL,
		    "the key is known; it may not list anything, and need not");
	else if (p->source == NULL)
		doctor_say(d, p->what, DOCTOR_ERROR,
		    arena_printf(a, "set providers.%s.api_key", name),
		    "%d: it wants a key", p->trial->status);
	else
		doctor_say(d, p->what, DOCTOR_ERROR,
		    arena_printf(a,
			"set a key of this vendor's that is valid "
			"(providers.%s.api_key; now from %s)",
			name, p->source),
		    "%d: the key is refused", p->trial->status);
}

static void
judge_provider(struct doctor *d, const struct probe *p)
{
	static const char base_url[] = "compare base_url with what the vendor "
				       "documents";
	int status = p->trial->status;

	if (!has_answer(d, p))
		return;
	if (is_good(p->trial))
		judge_list(d, p);
	/* Google says 400 of a key that is none. */
	else if (status == 400 || status == 401 || status == 403)
		judge_refusal(d, p);
	else if (status == 404 || status == 405 || status == 501)
		doctor_say(d, p->what, DOCTOR_UNTRIED, base_url,
		    "%d: it answers but has no such list: the key was not "
		    "tried",
		    status);
	else if (status == 429 || status >= 500)
		doctor_say(d, p->what, DOCTOR_WARNING,
		    "try again later; look at the vendor's page for limits "
		    "and credit",
		    "it answers %d", status);
	else
		doctor_say(d, p->what, DOCTOR_ERROR, base_url, "it answers %d",
		    status);
}

static void
judge_collector(struct doctor *d, const struct probe *p)
{
	static const struct {
		int status;
		const char *mend;
	} rows[] = {
	    {401, "set its key among the headers"},
	    {403, "set its key among the headers"},
	    {404, "give the address that comes before /v1/traces"},
	    {405, "give the address that comes before /v1/traces"},
	    {415, "set another encoding"},
	};
	int status = p->trial->status;

	if (!has_answer(d, p))
		return;
	if (is_good(p->trial)) {
		doctor_say(d, p->what, DOCTOR_OK, NULL,
		    "it takes an empty export (%lld ms)",
		    (long long)p->trial->last);
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (rows[i].status == status) {
			doctor_say(d, p->what, DOCTOR_ERROR, rows[i].mend,
			    "it answers %d to an empty export", status);
			return;
		}
	doctor_say(d, p->what, DOCTOR_WARNING, NULL,
	    "it answers %d to an empty export", status);
}

/* There is nothing at the path that is asked for. */
static void
judge_api(struct doctor *d, const struct probe *p)
{
	int status = p->trial->status;

	if (!has_answer(d, p))
		return;
	if (is_good(p->trial) || status == 404)
		doctor_say(d, p->what, DOCTOR_OK, NULL, "it answers (%lld ms)",
		    (long long)p->trial->last);
	else if (status == 401 || status == 403)
		doctor_say(d, p->what, DOCTOR_ERROR,
		    "set agentmark.api_key and agentmark.app_id as AgentMark's "
		    "settings show them",
		    "%d: the key is refused", status);
	else
		doctor_say(
		    d, p->what, DOCTOR_WARNING, NULL, "it answers %d", status);
}

/* --- who is asked */

static struct trial *
list_models(struct network *n, const struct provider *p)
{
	struct ask *question =
	    arena_zalloc(n->doctor->arena, sizeof(*question));
	struct http_spec spec = {0};

	*question = (struct ask){.provider = p, .model = ""};
	p->driver->probe(driver_call(n->doctor->arena, question, NULL), &spec);
	return ask(n, (struct http_request){
			  .url = spec.url,
			  .headers = (const char *const *)spec.headers,
			  .sigv4 = spec.sigv4,
			  .sigv4_key = spec.sigv4_key,
		      });
}

static void
add_key(struct network *n, const struct provider *from, const char *key,
    const char *name, const char *source)
{
	struct probe *p = add_probe(n, "providers", name, judge_provider);
	struct provider *own = arena_dup(n->doctor->arena, from, sizeof(*from)),
			*bare;

	own->api_key = key;
	p->provider = own;
	p->source = key != NULL ? source : NULL;
	p->trial = list_models(n, own);
	if (key == NULL)
		return;
	bare = arena_dup(n->doctor->arena, from, sizeof(*from));
	bare->api_key = NULL;
	p->bare = list_models(n, bare);
}

static void
add_provider(struct network *n, const struct provider *p, const char *source)
{
	struct arena *a = n->doctor->arena;
	const char *what = arena_printf(a, "providers %s", p->name);

	if (p->lacks != NULL || p->base_url == NULL) {
		doctor_say(n->doctor, what, DOCTOR_UNTRIED, NULL, "it needs %s",
		    p->lacks != NULL ? p->lacks : "a base_url");
	} else if (p->driver->probe == NULL) {
		doctor_say(n->doctor, what, DOCTOR_UNTRIED, NULL,
		    "there is no request that costs nothing");
	} else if (p->pool != NULL) {
		for (size_t i = 0; p->pool[i] != NULL; i++)
			add_key(n, p, p->pool[i],
			    arena_printf(a, "%s, key %zu", p->name, i + 1),
			    "its list of keys");
	} else {
		add_key(n, p, p->api_key, p->name, source);
	}
}

static void
add_providers(struct network *n, const struct conf *conf)
{
	const struct conf_provider *from = conf->provider_list.items;
	const struct provider *p = conf->settings.models.providers;
	const char *source;
	size_t i;

	for (i = 0; i < conf->settings.models.n_providers; i++) {
		if (p[i].idle || p[i].driver == NULL ||
		    (p[i].driver->abilities & (DRIVER_LOCAL | DRIVER_CHILD)) !=
			0)
			continue;
		source = from[i].api_key.source;
		add_provider(n, &p[i], source != NULL ? source : "nowhere");
	}
}

static void
add_connection(
    struct network *n, const char *what, const char *name, const char *url)
{
	struct probe *p = add_probe(n, what, name, judge_connection);

	p->trial =
	    ask(n, (struct http_request){.url = url, .connect_only = true});
}

static void
add_alert(struct network *n, const struct alert_conf *a)
{
	const struct http_mail mail = {
	    a->user, a->password, a->from != NULL ? a->from : "", a->to};
	struct probe *p;

	if (a->via == ALERT_MAIL && a->url != NULL) {
		p = add_probe(n, "alerts", a->name, judge_connection);
		p->trial = ask(
		    n, (struct http_request){
			   .url = a->url, .mail = &mail, .connect_only = true});
	} else if (a->via == ALERT_PAGERDUTY && a->url == NULL) {
		add_connection(
		    n, "alerts", a->name, "https://events.pagerduty.com/");
	} else if (a->url != NULL) {
		add_connection(n, "alerts", a->name, a->url);
	}
}

/* An export of no traces: of protobuf it has no bytes at all. */
static void
add_collector(struct network *n, const struct collector *c)
{
	struct arena *a = n->doctor->arena;
	const char **headers;
	struct probe *p;
	size_t k = 0;

	if (c->url == NULL)
		return;
	while (c->headers != NULL && c->headers[k] != NULL)
		k++;
	headers = arena_array(a, k + 2, sizeof(*headers));
	if (k > 0)
		memcpy(headers, c->headers, k * sizeof(*headers));
	headers[k] = c->encoding == OTLP_JSON
			 ? "Content-Type: application/json"
			 : "Content-Type: application/x-protobuf";
	headers[k + 1] = NULL;
	p = add_probe(n, "telemetry", c->name, judge_collector);
	p->trial = ask(n,
	    (struct http_request){
		.url = arena_printf(a, "%s/v1/traces", c->url),
		.headers = headers,
		.body = c->encoding == OTLP_JSON ? STR("{\"resourceSpans\":[]}")
						 : STR(""),
	    });
}

static void
add_api(struct network *n, const struct conf *conf)
{
	const struct api_conf *api = conf->datasets.api.base != NULL
					 ? &conf->datasets.api
					 : &conf->settings.prompts.api;
	struct probe *p;

	if (api->base != NULL) {
		p = add_probe(n, "agentmark", "API", judge_api);
		p->trial = ask(n, api_request(n->doctor->arena, api,
				      STR("check"), "application/json"));
	}
	if (conf->settings.scores != NULL)
		add_connection(n, "agentmark", "scores", conf->scores.url);
}

static void
add_servers(struct network *n, const struct settings *s)
{
	struct arena *a = n->doctor->arena;

	n->servers = arena_array(a, s->n_mcp, sizeof(*n->servers));
	for (size_t i = 0; i < s->n_mcp; i++)
		n->servers[i] = (struct server){
		    .what = arena_printf(a, "mcp %s", s->mcp[i].name),
		    .mcp = mcp_get(&n->engine, &s->mcp[i]),
		};
}

/* --- all at once */

static bool
server_waits(struct network *n, struct server *s)
{
	struct err err = {0};
	const json_t *tools;

	if (s->rc != 0)
		return false;
	s->rc = mcp_tools(s->mcp, &tools, &err);
	if (s->rc > 0)
		s->n_tools = json_array_size(tools);
	if (s->rc < 0)
		s->why = arena_strdup(n->doctor->arena, err.msg);
	err_free(&err);
	return s->rc == 0;
}

static bool
waits(struct network *n, const struct settings *s)
{
	const struct probe *p;
	bool any = false;

	for (p = n->first; p != NULL; p = p->next)
		any = any || !p->trial->ended ||
		      (p->bare != NULL && !p->bare->ended);
	for (size_t i = 0; i < s->n_mcp; i++)
		any = server_waits(n, &n->servers[i]) || any;
	return any;
}

static void
wait_for_all(struct network *n, const struct settings *s)
{
	int64_t until = clock_mono_ms() + SERVER_MS, now;

	while (waits(n, s) && (now = clock_mono_ms()) < until)
		loop_turn(n->engine.loop, (int)(until - now));
}

static void
judge_server(struct doctor *d, const struct server *s)
{
	if (s->rc > 0)
		doctor_say(
		    d, s->what, DOCTOR_OK, NULL, "%zu tools", s->n_tools);
	else
		doctor_say(d, s->what, DOCTOR_ERROR,
		    "`agentmark-fcgi tools` asks it with all the time that is "
		    "configured",
		    "%s",
		    s->rc < 0 ? s->why : "it has not told its tools in 10 s");
}

static void
add_all(struct network *n, const struct conf *conf)
{
	const struct settings *s = &conf->settings;
	size_t i;

	add_providers(n, conf);
	for (i = 0; i < s->n_evals; i++)
		if (s->evals[i].kind == EVAL_HTTP && s->evals[i].url != NULL)
			add_connection(
			    n, "evals", s->evals[i].name, s->evals[i].url);
	for (i = 0; i < s->n_tools; i++)
		if (s->tools[i].url != NULL)
			add_connection(
			    n, "tools", s->tools[i].name, s->tools[i].url);
	for (i = 0; i < s->n_alerts; i++)
		add_alert(n, &s->alerts[i]);
	for (i = 0; s->telemetry != NULL && i < s->telemetry->n_collectors; i++)
		add_collector(n, &s->telemetry->collectors[i]);
	add_api(n, conf);
	add_servers(n, s);
}

void
doctor_network(struct doctor *d)
{
	const struct settings *s = &d->conf->settings;
	struct network n = {
	    .doctor = d,
	    .engine = {.loop = d->loop, .settings = s},
	};
	const struct probe *p;
	size_t i;

	n.end = &n.first;
	add_all(&n, d->conf);
	wait_for_all(&n, s);
	for (p = n.first; p != NULL; p = p->next)
		p->judge(d, p);
	for (i = 0; i < s->n_mcp; i++)
		judge_server(d, &n.servers[i]);
	mcp_free_all(&n.engine);
	engine_workers_free(&n.engine);
}
