/* Tells of each attempt of a call in a span of its own, as OpenTelemetry's
 * conventions for generative AI have it.  It refuses to know what is decided
 * about attempts. */
#include "exec_trace.h"

#include "../base/clock.h"
#include "../base/utf.h"
#include "answers.h"
#include "exec_int.h"
#include "metrics.h"

#include <inttypes.h>
#include <string.h>

static const double NS = 1e9;

/* The operation, and what comes out of it. */
static const struct {
	const char *operation, *output;
} kinds[] = {
    [PROMPT_TEXT] = {"chat", "text"},
    [PROMPT_OBJECT] = {"chat", "json"},
    [PROMPT_IMAGE] = {"generate_content", "image"},
    [PROMPT_SPEECH] = {"generate_content", "speech"},
    [PROMPT_EMBED] = {"embeddings", NULL},
};
_Static_assert(ARRAY_LEN(kinds) == PROMPT__MAX, "a row for every kind");

/* What a prompt may say, and where it is told. */
static const struct {
	const char *name, *key;
	bool whole;
} settings[] = {
    {"temperature", "gen_ai.request.temperature", false},
    {"top_p", "gen_ai.request.top_p", false},
    {"top_k", "gen_ai.request.top_k", false},
    {"frequency_penalty", "gen_ai.request.frequency_penalty", false},
    {"presence_penalty", "gen_ai.request.presence_penalty", false},
    {"max_tokens", "gen_ai.request.max_tokens", true},
    {"seed", "gen_ai.request.seed", true},
    {"num_images", "gen_ai.request.choice.count", true},
};

/* Vendors that the conventions know by another name than we do. */
static const struct {
	const char *driver, *vendor;
} vendors[] = {
    {"anthropic", "anthropic"},
    {"bedrock", "aws.bedrock"},
    {"gemini", "gcp.gemini"},
    {"responses", "openai"},
};

static const char *
vendor(const struct provider *p)
{
	static const struct {
		const char *name, *vendor;
	} names[] = {
	    {"azure", "azure.ai.openai"},
	    {"xai", "x_ai"},
	    {"mistral", "mistral_ai"},
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(names); i++)
		if (strcmp(p->name, names[i].name) == 0)
			return names[i].vendor;
	for (i = 0; i < ARRAY_LEN(vendors); i++)
		if (strcmp(p->driver->name, vendors[i].driver) == 0)
			return vendors[i].vendor;
	return p->name;
}

static void
set_request(struct span *s, const struct ask *ask)
{
	const json_t *value;
	size_t i;

	for (i = 0; i < ARRAY_LEN(settings); i++) {
		value = json_object_get(ask->config, settings[i].name);
		if (settings[i].whole && json_is_integer(value))
			span_int(s, settings[i].key, json_integer_value(value));
		else if (!settings[i].whole && json_is_number(value))
			span_double(
			    s, settings[i].key, json_number_value(value));
	}
}

/* Host and port of a URL. */
static void
set_server(struct span *s, const char *url)
{
	const char *host = url != NULL ? strstr(url, "://") : NULL, *at;
	size_t len;
	int64_t port = 0;

	if (host == NULL)
		return;
	host += 3;
	len = strcspn(host, "/?#");
	at = memchr(host, '@', len);
	if (at != NULL) {
		len -= (size_t)(at + 1 - host);
		host = at + 1;
	}
	at = memchr(host, ':', len);
	if (at != NULL && *host != '[') {
		for (size_t i = 1; at + i < host + len && i < 6; i++)
			port = port * 10 + (at[i] - '0');
		len = (size_t)(at - host);
	}
	span_text(s, "server.address", (struct str){host, len});
	if (port > 0)
		span_int(s, "server.port", port);
}

static struct span *
open_span(struct arena *a, const struct ask *ask)
{
	const char *operation = kinds[ask->kind].operation;
	const char *name = vendor(ask->provider);
	struct span *s = span_start(
	    ask->span, arena_printf(a, "%s %s", operation, ask->model));

	span_kind(s, OTLP_CLIENT);
	span_string(s, "gen_ai.operation.name", operation);
	span_string(s, "gen_ai.provider.name", name);
	span_string(s, "gen_ai.system", name);
	span_string(s, "agentmark.provider", ask->provider->name);
	span_string(s, "gen_ai.request.model", ask->model);
	span_string(s, "gen_ai.output.type", kinds[ask->kind].output);
	span_bool(s, "gen_ai.request.stream", ask->stream);
	set_request(s, ask);
	return s;
}

static void
start_span(struct exec *x)
{
	struct exec_trace *t = &x->trace;
	char *parent = arena_alloc(x->attempt, TRACEPARENT_LEN + 1);

	t->span = open_span(x->attempt, &x->ask);
	if (!span_traceparent(t->span, parent))
		return;
	x->ask.traceparent = parent;
	span_int(t->span, "agentmark.attempt", t->tried);
	set_server(t->span, x->ask.provider->base_url);
}

void
exec_trace_start(struct exec *x)
{
	x->trace.tried++;
	x->trace.began = clock_mono_ns();
	x->trace.first = 0;
	x->trace.cost = 0;
	x->trace.open = true;
	if (x->ask.span != NULL)
		start_span(x);
}

/* --- what it says */

static void
set_usage(struct span *s, const struct usage *u)
{
	if (u->unknown)
		return;
	span_int(s, "gen_ai.usage.input_tokens", u->input);
	span_int(s, "gen_ai.usage.output_tokens", u->output);
	if (u->cached != 0)
		span_int(s, "gen_ai.usage.cache_read.input_tokens", u->cached);
	if (u->reasoning != 0)
		span_int(
		    s, "gen_ai.usage.reasoning.output_tokens", u->reasoning);
}

static void
set_reason(struct span *s, const char *reason)
{
	char list[64];

	(void)snprintf(list, sizeof(list), "[\"%s\"]", reason);
	span_texts(s, "gen_ai.response.finish_reasons", list);
}

static void
end(struct exec *x)
{
	struct exec_trace *t = &x->trace;

	if (t->first != 0)
		span_double(t->span, "gen_ai.response.time_to_first_chunk",
		    (double)(t->first - t->began) / NS);
	if (x->call != NULL)
		span_string(t->span, "gen_ai.response.model", x->call->model);
	if (x->status != 0)
		span_int(t->span, "http.response.status_code", x->status);
	span_end(t->span);
	t->span = NULL;
}

/* --- what is counted */

/* How it ended: REASON or ERROR, the other is NULL. */
static void
measure(struct exec *x, const char *reason, const char *error)
{
	const struct exec_trace *t = &x->trace;
	const struct metric_label labels[] = {
	    {"gen_ai_operation_name", kinds[x->ask.kind].operation},
	    {"gen_ai_provider_name", vendor(x->ask.provider)},
	    {"gen_ai_request_model", x->ask.model},
	    {"gen_ai_response_finish_reason", reason},
	    {"error_type", error},
	    {0},
	};
	const struct metric_label few[] = {
	    labels[0], labels[1], labels[2], {0}};

	metric_add(x->engine, METRIC_DURATION, labels,
	    (double)(clock_mono_ns() - t->began) / NS);
	if (t->first != 0)
		metric_add(x->engine, METRIC_FIRST_TOKEN, few,
		    (double)(t->first - t->began) / NS);
	if (t->cost > 0)
		metric_add(x->engine, METRIC_COST, few, t->cost);
}

static void
count_tokens(struct exec *x, const char *type, int64_t n)
{
	const struct metric_label labels[] = {
	    {"gen_ai_operation_name", kinds[x->ask.kind].operation},
	    {"gen_ai_provider_name", vendor(x->ask.provider)},
	    {"gen_ai_request_model", x->ask.model},
	    {"gen_ai_token_type", type},
	    {0},
	};

	metric_add(x->engine, METRIC_TOKENS, labels, (double)n);
}

static void
count_finish(struct exec *x, const char *reason, const struct usage *usage)
{
	if (!x->engine->settings->metrics)
		return;
	measure(x, reason, NULL);
	if (usage->unknown)
		return;
	count_tokens(x, "input", usage->input);
	count_tokens(x, "output", usage->output);
}

/* --- its end */

static void
finish(struct exec *x, const struct event *ev)
{
	struct exec_trace *t = &x->trace;
	const char *reason = finish_name(ev->finish.reason);

	if (!t->open)
		return;
	t->open = false;
	count_finish(x, reason, &ev->finish.usage);
	if (t->span == NULL)
		return;
	set_usage(t->span, &ev->finish.usage);
	if (t->cost > 0)
		span_double(t->span, "agentmark.usage.cost_usd", t->cost);
	set_reason(t->span, reason);
	end(x);
}

/* The tokens of that time, which cost nothing now. */
void
exec_trace_kept(
    struct arena *a, const struct ask *ask, const struct answer *answer)
{
	struct answer_source source = answer_source(answer);
	struct span *s = open_span(a, ask);

	span_bool(s, "agentmark.cached", true);
	span_string(s, "agentmark.cached.provider", source.provider);
	span_string(s, "agentmark.cached.model", source.model);
	span_double(s, "agentmark.usage.cost_usd", 0);
	if (source.finish != NULL) {
		set_usage(s, &source.finish->finish.usage);
		set_reason(s, finish_name(source.finish->finish.reason));
	}
	span_end(s);
}

static void
fail_attempt(struct exec *x, struct str why)
{
	const char *type = err_name(x->err.code);
	char status[16];

	if (!x->trace.open)
		return;
	x->trace.open = false;
	(void)snprintf(status, sizeof(status), "%d", x->status);
	if (x->status >= 300)
		type = status;
	if (x->engine->settings->metrics)
		measure(x, NULL, type);
	if (x->trace.span == NULL)
		return;
	span_string(x->trace.span, "error.type", type);
	span_fail(x->trace.span, why);
	end(x);
}

void
exec_trace_event(struct exec *x, const struct event *ev)
{
	switch (ev->type) {
	case EVENT_FINISH:
		finish(x, ev);
		break;
	case EVENT_ERROR:
		fail_attempt(x, ev->text);
		break;
	case EVENT_TEXT_DELTA:
	case EVENT_REASONING_DELTA:
	case EVENT_OBJECT_DELTA:
	case EVENT_TOOL_CALL:
		if (x->ask.stream && x->trace.first == 0)
			x->trace.first = clock_mono_ns();
		break;
	default:
		break;
	}
}

/* --- failures */

static struct str
why(const struct exec *x)
{
	const char *text = x->err.msg != NULL ? x->err.msg : "";

	return str_from(text);
}

void
exec_trace_retry(struct exec *x, int64_t wait)
{
	char ms[24];

	(void)snprintf(ms, sizeof(ms), "%" PRId64, wait);
	span_event(x->trace.span, "retry", "agentmark.retry.wait_ms", ms);
	fail_attempt(x, why(x));
}

void
exec_trace_move(struct exec *x, const struct target *next)
{
	span_event(x->trace.span, "fallback", "agentmark.fallback.provider",
	    next->provider->name);
	fail_attempt(x, why(x));
}

void
exec_trace_fail(struct exec *x)
{
	fail_attempt(x, why(x));
}

void
exec_trace_stop(struct exec *x)
{
	fail_attempt(x, STR("cancelled"));
}
