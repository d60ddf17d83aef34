/* What a trace costs: microseconds of processor time for one run with its call
 * and its rendering, recorded, printed in both encodings and put into the
 * outbox of the store, and the same where nobody wants it.  Usage: trace_bench
 * STORE, a file that must not be there. */
#include "../../common/run/metrics.h"
#include "../../common/run/telemetry.h"
#include "../../common/run/trace_root.h"
#include "../../common/run/trace_send.h"
#include "../../common/store/store.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { RUNS = 20000, ANSWER = 2000 };

static const struct metric_label labels[] = {
    {"gen_ai_operation_name", "chat"},
    {"gen_ai_request_model", "gpt-4o-mini"},
    {0},
};

static double
cpu_us(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec * 1e6 + (double)ts.tv_nsec / 1e3;
}

static void
call(struct span *root)
{
	struct span *s = span_start(root, "chat gpt-4o-mini");

	span_kind(s, OTLP_CLIENT);
	span_string(s, "gen_ai.operation.name", "chat");
	span_string(s, "gen_ai.provider.name", "openai");
	span_string(s, "gen_ai.system", "openai");
	span_string(s, "agentmark.provider", "openai");
	span_string(s, "gen_ai.request.model", "gpt-4o-mini");
	span_string(s, "gen_ai.response.model", "gpt-4o-mini-2024-07-18");
	span_string(s, "server.address", "api.openai.com");
	span_texts(s, "gen_ai.response.finish_reasons", "[\"stop\"]");
	span_int(s, "gen_ai.usage.input_tokens", 500);
	span_int(s, "gen_ai.usage.output_tokens", 400);
	span_int(s, "http.response.status_code", 200);
	span_double(s, "gen_ai.response.time_to_first_chunk", 0.321);
	span_double(s, "agentmark.usage.cost_usd", 0.000315);
	span_end(s);
}

static void
run(struct engine *engine, const struct ask *ask, const struct result *result)
{
	struct arena *a = arena_new(NULL);
	char id[TRACE_ID_LEN + 1];
	struct trace *t = trace_start(engine, a, "prompt", id);
	struct span *root = trace_root(t);

	span_end(span_start(root, "render"));
	root_ask(root, a, ask, (struct js){.type = JS_UNDEFINED});
	if (root != NULL)
		call(root);
	root_result(root, result, false);
	metric_add(engine, METRIC_RUNS, labels, 1);
	metric_add(engine, METRIC_TOKENS, labels, 500);
	metric_add(engine, METRIC_TOKENS, labels, 400);
	metric_add(engine, METRIC_DURATION, labels, 1.5);
	metric_add(engine, METRIC_FIRST_TOKEN, labels, 0.3);
	trace_end(engine, t);
	arena_free(a);
	/* As a run each by itself would have it. */
	traces_flush(engine);
	metrics_flush(engine);
}

static void
measure(const char *what, struct engine *engine, const struct ask *ask,
    const struct result *result)
{
	double began = cpu_us();

	for (int i = 0; i < RUNS; i++)
		run(engine, ask, result);
	(void)printf("%s: %.2f us\n", what, (cpu_us() - began) / RUNS);
}

int
main(int argc, char **argv)
{
	struct collector collectors[] = {
	    {.name = "json", .url = "http://127.0.0.1:9"},
	    {.name = "protobuf",
		.url = "http://127.0.0.1:9",
		.encoding = OTLP_PROTOBUF},
	};
	struct telemetry telemetry = {
	    .collectors = collectors, .n_collectors = 1, .media_bytes = 65536};
	struct settings settings = {0};
	const struct route *routes[] = {
	    &collectors[0].traces, &collectors[1].traces};
	struct engine engine = {.settings = &settings};
	struct ask ask = {.kind = PROMPT_TEXT};
	struct result result;
	char text[ANSWER];

	if (argc != 2) {
		(void)fprintf(stderr, "usage: trace_bench STORE\n");
		return 2;
	}
	memset(text, 'x', sizeof(text));
	ask.config = json_pack("{s:s}", "model_name", "gpt-4o-mini");
	ask.messages = json_pack("[{s:s,s:s#},{s:s,s:s#}]", "role", "system",
	    "content", text, 500, "role", "user", "content", text, 1500);
	result_init(&result, "text");
	buf_add(&result.text, text, sizeof(text));
	result.finished = true;
	telemetry_routes(&collectors[0], "a", "am");
	telemetry_routes(&collectors[1], "b", "bm");
	engine.loop = loop_new();
	engine.store = store_new(argv[1]);
	measure("nobody wants it", &engine, &ask, &result);
	settings.telemetry = &telemetry;
	measure("recorded and printed", &engine, &ask, &result);
	deliver_configure(&engine, routes, 2);
	measure("and put into the outbox", &engine, &ask, &result);
	telemetry.n_collectors = 2;
	measure("two collectors, both encodings", &engine, &ask, &result);
	settings.metrics = true;
	measure("with metrics", &engine, &ask, &result);
	traces_free(&engine);
	metrics_free(&engine);
	deliver_free(&engine);
	store_free(engine.store);
	loop_free(engine.loop);
	result_free(&result);
	json_decref((json_t *)ask.config);
	json_decref((json_t *)ask.messages);
	return 0;
}
