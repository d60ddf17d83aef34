/* Judges and embeddings against a scripted provider: a process of this test
 * whose models answer what their names say. */
#include "../../common/run/eval_run.h"

#include "../../common/base/clock.h"
#include "../../common/base/json.h"
#include "../../common/run/prompt_file.h"
#include "../../common/store/store.h"
#include "../../common/template/prompt.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <math.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define PATIENCE 20000 /* ms; a test that waits so long has failed */

/* --- the provider */

static const struct {
	const char *model;
	int status;
	const char *says; /* the content of the answer, or of the refusal */
} models[] = {
    {"good", 200,
	"{\"reason\":\"all there\",\"label\":\"correct\",\"score\":1}"},
    {"fair", 200, "{\"reason\":\"most\",\"label\":\"partial\",\"score\":0.5}"},
    {"bad", 200, "{\"reason\":\"no\",\"label\":\"wrong\",\"score\":0}"},
    {"strict", 200, "{\"score\":0.9,\"passed\":false,\"label\":\"wrong\"}"},
    {"brief", 200, "{\"passed\":true}"},
    {"range", 200, "{\"score\":7}"},
    {"list", 200, "[1]"},
    {"prose", 200, "I would say it is fine."},
    {"fenced", 200, "Here:\n```json\n{\"score\": 0.25}\n```\n"},
    {"broken", 500, "out of order"},
    {"none", 200, NULL},
};

static int port;
static pid_t provider;

static bool
before(const char *text, const char *a, const char *b)
{
	const char *at = strstr(text, a), *other = strstr(text, b);

	return at != NULL && (other == NULL || at < other);
}

/* Whoever knows the apple prefers it, wherever it stands. */
static const char *
comparison(const char *model, const char *body)
{
	bool apple = before(body, "an apple", "a pear");

	if (strcmp(model, "first") == 0)
		return "{\"score\":1,\"reason\":\"it comes first\"}";
	if (strcmp(model, "apple") == 0)
		return apple ? "{\"score\":1,\"reason\":\"ripe\"}"
			     : "{\"score\":0,\"reason\":\"still ripe\"}";
	if (strcmp(model, "pear") == 0)
		return apple ? "{\"score\":0}" : "{\"score\":0.8}";
	return NULL;
}

static json_t *
vector(const char *text)
{
	double x = strstr(text, "apple") != NULL ? 1 : -2;
	double y = strstr(text, "tree") != NULL ? 1 : 0;

	return json_pack("[f, f]", x, y);
}

/* In the wrong order, with the places in it. */
static json_t *
embeddings(const char *model, const json_t *input)
{
	json_t *data = json_array();
	size_t n = json_array_size(input);

	for (size_t i = n; i-- > (strcmp(model, "embed-few") == 0 ? 1 : 0);)
		json_array_append_new(data,
		    json_pack("{s:I, s:o}", "index", (json_int_t)i, "embedding",
			vector(json_string_value(json_array_get(input, i)))));
	return json_pack(
	    "{s:o, s:{s:i}}", "data", data, "usage", "prompt_tokens", 7);
}

static json_t *
chat_answer(const char *content)
{
	return json_pack("{s:[{s:s, s:{s:s, s:s}}]}", "choices",
	    "finish_reason", "stop", "message", "role", "assistant", "content",
	    content);
}

static json_t *
answer_to(const char *path, const char *body, int *status)
{
	static int asked;
	json_t *request = json_loads(body, 0, NULL);
	const char *model =
	    json_string_value(json_object_get(request, "model"));
	const char *says = comparison(model, body);
	json_t *answer = NULL;

	*status = 200;
	if (strncmp(path, "/v1/embeddings ", 15) == 0) {
		if (strcmp(model, "embed-flaky") == 0 && asked++ % 3 != 2)
			*status = 429;
		answer = *status == 200 ? embeddings(model,
					      json_object_get(request, "input"))
					: json_object();
	} else if (says != NULL) {
		answer = chat_answer(says);
	}
	for (size_t i = 0; answer == NULL && i < ARRAY_LEN(models); i++) {
		if (strcmp(models[i].model, model) != 0)
			continue;
		*status = models[i].status;
		if (models[i].says != NULL && *status == 200)
			answer = chat_answer(models[i].says);
		else if (models[i].says != NULL)
			answer = json_pack(
			    "{s:{s:s}}", "error", "message", models[i].says);
	}
	json_decref(request);
	return answer;
}

static void
serve_one(int fd)
{
	static char request[1 << 20];
	size_t len = 0;
	char *body, *length, *text;
	json_t *answer;
	int status;

	for (;;) {
		ssize_t n =
		    recv(fd, request + len, sizeof(request) - len - 1, 0);

		if (n <= 0)
			return;
		len += (size_t)n;
		request[len] = '\0';
		body = strstr(request, "\r\n\r\n");
		length = strstr(request, "Content-Length: ");
		if (body != NULL && length != NULL &&
		    len - (size_t)(body + 4 - request) >=
			strtoul(length + 16, NULL, 10))
			break;
	}
	answer = answer_to(strchr(request, ' ') + 1, body + 4, &status);
	if (answer == NULL) {
		(void)poll(NULL, 0, PATIENCE); /* says nothing */
		return;
	}
	text = json_dumps(answer, 0);
	(void)dprintf(fd,
	    "HTTP/1.1 %d X\r\nContent-Type: application/json\r\n"
	    "retry-after-ms: 1\r\nConnection: close\r\n"
	    "Content-Length: %zu\r\n\r\n%s",
	    status, strlen(text), text);
	free(text);
	json_decref(answer);
}

static int
start_provider(void **state)
{
	struct sockaddr_in at = {.sin_family = AF_INET};
	socklen_t len = sizeof(at);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), fd;

	(void)state;
	(void)signal(SIGPIPE, SIG_IGN);
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(listener, (struct sockaddr *)&at, sizeof(at)) < 0 ||
	    listen(listener, 64) < 0 ||
	    getsockname(listener, (struct sockaddr *)&at, &len) < 0)
		return -1;
	port = ntohs(at.sin_port);
	provider = fork();
	while (provider == 0) {
		fd = accept(listener, NULL, NULL);
		if (fd < 0)
			_exit(1);
		serve_one(fd);
		(void)close(fd);
	}
	return close(listener);
}

static int
stop_provider(void **state)
{
	(void)state;
	(void)kill(provider, SIGKILL);
	return waitpid(provider, NULL, 0) == provider ? 0 : -1;
}

/* --- one eval */

struct fixture {
	struct arena *arena;
	struct provider providers[2];
	struct settings settings;
	struct engine engine;
	struct eval_conf conf;
	struct eval_case row;
	json_t *values, *options;
	int dones;
};

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->arena = arena_new(NULL);
	f->providers[0] = (struct provider){
	    .name = "mock",
	    .driver = &driver_chat,
	    .base_url = arena_printf(f->arena, "http://127.0.0.1:%d/v1", port),
	};
	f->providers[1] =
	    (struct provider){.name = "echo", .driver = &driver_echo};
	f->settings.models.providers = f->providers;
	f->settings.models.n_providers = 2;
	f->settings.models.default_provider = "mock";
	f->engine.loop = loop_new();
	f->engine.store = store_new(NULL);
	f->engine.settings = &f->settings;
	f->conf = (struct eval_conf){
	    .name = "j",
	    .kind = EVAL_JUDGE,
	    .judge = arena_printf(f->arena, "%s/deploy/judges/pairwise.json",
		getenv("srcdir") != NULL ? getenv("srcdir") : "."),
	    .weight = NAN,
	    .threshold = NAN,
	};
	f->values = json_pack("[[{s:s, s:s}], s, s]", "role", "user", "content",
	    "Which fruit?", "an apple", "a pear");
	f->row = (struct eval_case){
	    .input = json_array_get(f->values, 0),
	    .output = json_array_get(f->values, 1),
	    .expected = json_array_get(f->values, 2),
	    .latency_ms = -1,
	    .input_tokens = -1,
	    .output_tokens = -1,
	    .total_tokens = -1,
	};
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	json_decref(f->values);
	json_decref(f->options);
	loop_free(f->engine.loop);
	store_free(f->engine.store);
	free(f->engine.logged);
	arena_free(f->arena);
	free(f);
	return 0;
}

static void
count_done(void *arg)
{
	((struct fixture *)arg)->dones++;
}

static void
expect(struct fixture *f, const char *wanted)
{
	int64_t until = clock_mono_ms() + PATIENCE;
	struct eval_run *e =
	    eval_start(&f->engine, f->arena, &f->conf, &f->row, count_done, f);
	bool at_once = eval_done(e);
	struct buf got;

	f->dones = 0;
	while (!eval_done(e)) {
		engine_turn(&f->engine, 1000);
		assert_true(clock_mono_ms() < until);
	}
	assert_int_equal(f->dones, at_once ? 0 : 1);
	buf_init(&got, 1 << 20);
	json_print(&got, eval_result(e));
	assert_string_equal(buf_str(&got), wanted);
	buf_free(&got);
	eval_free(e);
}

static void
ask_models(struct fixture *f, const char *const *names)
{
	f->conf.models = names;
}

/* --- judges */

static void
test_one_judge(void **state)
{
	struct fixture *f = *state;

	ask_models(f, (const char *const[]){"good", NULL});
	expect(f, "{\"name\":\"j\",\"score\":1,\"passed\":true,\"label\":"
		  "\"correct\",\"reason\":\"all there\"}");
	ask_models(f, (const char *const[]){"mock/strict", NULL});
	expect(f, "{\"name\":\"j\",\"score\":0.9,\"passed\":false,"
		  "\"label\":\"wrong\"}");
	ask_models(f, (const char *const[]){"brief", NULL});
	expect(f, "{\"name\":\"j\",\"score\":1,\"passed\":true}");
	ask_models(f, (const char *const[]){"fair", NULL});
	expect(f, "{\"name\":\"j\",\"score\":0.5,\"passed\":true,\"label\":"
		  "\"partial\",\"reason\":\"most\"}");
	f->conf.threshold = 0.6;
	expect(f, "{\"name\":\"j\",\"score\":0.5,\"passed\":false,\"label\":"
		  "\"partial\",\"reason\":\"most\"}");
}

#define FAILED                                                                 \
	"{\"name\":\"j\",\"score\":0,\"passed\":false,\"reason\":"             \
	"\"eval error: "

static void
test_bad_answers(void **state)
{
	struct fixture *f = *state;

	ask_models(f, (const char *const[]){"range", NULL});
	expect(f, FAILED "the judge's answer has no score from 0 to 1\"}");
	ask_models(f, (const char *const[]){"list", NULL});
	expect(f, FAILED "the judge's answer is no JSON object\"}");
	ask_models(f, (const char *const[]){"prose", NULL});
	expect(f, FAILED "No object generated: could not parse the "
			 "response.\"}");
	ask_models(f, (const char *const[]){"broken", NULL});
	expect(f, FAILED "out of order\"}");
	f->conf.judge = "/no/such/judge.json";
	expect(f,
	    FAILED "the judge: the folder of prompts cannot be opened: No such "
		   "file or directory\"}");
}

static void
test_vote(void **state)
{
	struct fixture *f = *state;

	ask_models(f, (const char *const[]){"good", "bad", "fair", NULL});
	expect(f, "{\"name\":\"j\",\"score\":0.5,\"passed\":true,\"label\":"
		  "\"correct\",\"reason\":\"good: all there\\nbad: no\\n"
		  "fair: most\"}");
	ask_models(f, (const char *const[]){"good", "bad", NULL});
	expect(f, "{\"name\":\"j\",\"score\":0.5,\"passed\":false,\"label\":"
		  "\"wrong\",\"reason\":\"good: all there\\nbad: no\"}");
	ask_models(f, (const char *const[]){"broken", "good", "range", NULL});
	expect(f, "{\"name\":\"j\",\"score\":1,\"passed\":true,\"label\":"
		  "\"correct\",\"reason\":\"broken: failed: out of order\\n"
		  "good: all there\\nrange: failed: the judge's answer has no "
		  "score from 0 to 1\"}");
	ask_models(f, (const char *const[]){"broken", "list", NULL});
	expect(f, FAILED "broken: failed: out of order\\nlist: failed: the "
			 "judge's answer is no JSON object\"}");
}

static void
test_swap(void **state)
{
	struct fixture *f = *state;

	f->options = json_pack("{s:b}", "swap", 1);
	f->conf.options = f->options;
	ask_models(f, (const char *const[]){"apple", NULL});
	expect(f, "{\"name\":\"j\",\"score\":1,\"passed\":true,\"label\":"
		  "\"win\",\"reason\":\"ripe\"}");
	ask_models(f, (const char *const[]){"pear", NULL});
	expect(f, "{\"name\":\"j\",\"score\":0,\"passed\":false,\"label\":"
		  "\"loss\"}");
	ask_models(f, (const char *const[]){"first", NULL});
	expect(f, "{\"name\":\"j\",\"score\":0.5,\"passed\":true,\"label\":"
		  "\"tie\",\"reason\":\"the verdict depends on the order: it "
		  "comes first | it comes first\"}");
	ask_models(f, (const char *const[]){"fair", NULL});
	expect(f, "{\"name\":\"j\",\"score\":0.5,\"passed\":true,\"label\":"
		  "\"tie\",\"reason\":\"most\"}");
	ask_models(f, (const char *const[]){"pear", "broken", "apple", NULL});
	f->conf.threshold = 1;
	expect(f, "{\"name\":\"j\",\"score\":0.5,\"passed\":false,\"label\":"
		  "\"loss\",\"reason\":\"broken: failed: out of order\\n"
		  "apple: ripe\"}");
	f->row.expected = NULL;
	expect(f, FAILED "the row has no expected_output to compare with\"}");
}

/* A tree without a wrapper, of a text prompt; its own model is asked. */
static void
test_text_prompt(void **state)
{
	static const char tree[] =
	    "{\"type\":\"root\",\"children\":[{\"type\":\"yaml\",\"value\":"
	    "\"name: j\\ntext_config:\\n  model_name: MODEL\"},"
	    "{\"type\":\"mdxJsxFlowElement\",\"name\":\"User\",\"attributes\":"
	    "[],\"children\":[{\"type\":\"mdxFlowExpression\",\"value\":"
	    "\"props.json\"}]}]}";
	const char *at = strstr(tree, "MODEL");
	struct fixture *f = *state;
	char path[] = "/tmp/test_judge.XXXXXX";
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	(void)dprintf(fd, "%.*smock/fenced%s", (int)(at - tree), tree, at + 5);
	f->conf.judge = path;
	f->options = json_pack("{s:s}", "json", "{\"score\":1}");
	f->conf.options = f->options;
	expect(f, "{\"name\":\"j\",\"score\":0.25,\"passed\":false}");
	ask_models(f, (const char *const[]){"echo/any", NULL});
	expect(f, "{\"name\":\"j\",\"score\":1,\"passed\":true}");
	ask_models(f, (const char *const[]){"prose", NULL});
	expect(f, FAILED "the judge's answer is no JSON object\"}");
	(void)ftruncate(fd, 3);
	expect(f, arena_printf(f->arena,
		      FAILED "the judge: %s: invalid JSON at line 1, column 4: "
			     "unexpected end\"}",
		      path + sizeof("/tmp/") - 1));
	(void)close(fd);
	(void)unlink(path);
}

/* What they are rendered to is the same from source and from the tree. */
static void
test_sources(void **state)
{
	static const char *const names[] = {"closed_qa", "factuality",
	    "faithfulness", "pairwise", "relevance", "toxicity"};
	struct fixture *f = *state;
	struct js rendered[2];
	struct err err = {0};
	struct prompt prompt;
	struct node *ast;
	struct buf b[2];

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		for (int k = 0; k < 2; k++) {
			const char *path = arena_printf(f->arena,
			    "%s/deploy/judges/%s%s",
			    getenv("srcdir") != NULL ? getenv("srcdir") : ".",
			    names[i], k == 0 ? ".json" : ".prompt.mdx");

			if (prompt_file_read_path(f->arena, path, &ast, &err) <
				0 ||
			    prompt_load(f->arena, ast, MARKDOWN_2_1, JS_UNDEF,
				&prompt, &err) < 0)
				fail_msg("%s: %s", path, err.msg);
			rendered[k] = prompt.compiled;
			buf_init(&b[k], 1 << 20);
			assert_true(js_stringify(f->arena, &b[k], rendered[k]));
		}
		assert_string_equal(buf_str(&b[0]), buf_str(&b[1]));
		assert_non_null(strstr(buf_str(&b[0]), "END"));
		buf_free(&b[0]);
		buf_free(&b[1]);
	}
}

/* --- similar */

static void
compare(struct fixture *f, const char *output, const char *expected)
{
	json_decref(f->values);
	f->values = json_pack("[s, s]", output, expected);
	f->row.output = json_array_get(f->values, 0);
	f->row.expected = json_array_get(f->values, 1);
}

static void
test_similar(void **state)
{
	struct fixture *f = *state;

	f->conf.kind = EVAL_SIMILAR;
	ask_models(f, (const char *const[]){"mock/embed", NULL});
	compare(f, "an apple", "the apple tree");
	expect(f, "{\"name\":\"j\",\"score\":0.7071067811865475,"
		  "\"passed\":false,\"reason\":\"cosine 0.7071\"}");
	f->conf.threshold = 0.7;
	expect(f, "{\"name\":\"j\",\"score\":0.7071067811865475,"
		  "\"passed\":true,\"reason\":\"cosine 0.7071\"}");
	compare(f, "an apple", "a pear");
	expect(f, "{\"name\":\"j\",\"score\":0,\"passed\":false,"
		  "\"reason\":\"cosine -1.0000\"}");
	compare(f, "apple", "apple");
	expect(f, "{\"name\":\"j\",\"score\":1,\"passed\":true,"
		  "\"reason\":\"the texts are equal\"}");
	compare(f, "", "apple");
	expect(f, "{\"name\":\"j\",\"score\":0,\"passed\":false,"
		  "\"reason\":\"one of the texts is empty\"}");
}

static void
test_similar_failures(void **state)
{
	struct fixture *f = *state;

	f->conf.kind = EVAL_SIMILAR;
	ask_models(f, (const char *const[]){"embed-few", NULL});
	expect(f, FAILED "the provider made 1 embeddings of 2 texts\"}");
	ask_models(f, (const char *const[]){"echo/any", NULL});
	expect(f, FAILED "the provider echo makes no embeddings\"}");
	ask_models(f, (const char *const[]){"embed-flaky", NULL});
	expect(f, FAILED "the provider answered with status 429\"}");
	f->settings.max_retries = 1;
	expect(f, "{\"name\":\"j\",\"score\":0,\"passed\":false,"
		  "\"reason\":\"cosine -1.0000\"}");
	f->row.expected = NULL;
	expect(f, FAILED "the row has no expected_output\"}");
}

/* --- the end */

static void
test_time_limit_and_cancel(void **state)
{
	struct fixture *f = *state;
	struct eval_run *e;

	ask_models(f, (const char *const[]){"none", "good", NULL});
	f->conf.timeout_ms = 50;
	expect(f, FAILED "timed out after 50 ms\"}");
	e = eval_start(&f->engine, f->arena, &f->conf, &f->row, count_done, f);
	engine_turn(&f->engine, 1);
	eval_free(e);
	engine_turn(&f->engine, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_one_judge, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_bad_answers, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_vote, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_swap, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_text_prompt, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_sources, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_similar, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		test_similar_failures, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		test_time_limit_and_cancel, setup, teardown),
	};

	return cmocka_run_group_tests(tests, start_provider, stop_provider);
}
