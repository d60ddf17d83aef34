/* The policy of attempts: what is tried again and when, with which key, who
 * else is asked, and who waits for whom. */
#include "../../common/base/clock.h"
#include "../../common/base/log.h"
#include "../../common/run/limit.h"
#include "../../common/run/price.h"
#include "../../common/run/scope.h"
#include "../../common/store/store.h"
#include "exec_calls.h"
#include "script_server.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* How late a clock may be. */
enum { LATE_MS = 100 };

/* --- a vendor: the model is the path, or with the model `key` the key is */

static int
fake_build(struct call *call, struct http_spec *spec, struct err *err)
{
	static const char *headers[] = {NULL};
	const struct ask *ask = call->ask;
	const char *path = ask->model;

	if (strcmp(path, "key") == 0)
		path = ask->provider->api_key;
	if (strcmp(path, "bad") == 0)
		return fail_text(err, ERR_PROMPT, STR("it cannot be asked"));
	spec->url =
	    arena_printf(call->arena, "%s/%s", ask->provider->base_url, path);
	spec->headers = headers;
	spec->body = STR("{}");
	return 0;
}

static int
fake_frame(
    struct call *call, struct str event, struct str data, struct err *err)
{
	(void)event;
	(void)err;
	call->has_reason = true;
	driver_text(call, data);
	return 0;
}

static int
fake_end(struct call *call, struct err *err)
{
	const struct usage usage = {.input = 1, .output = 2, .total = 3};

	(void)err;
	driver_finish(call, FINISH_STOP, &usage);
	return 0;
}

static int
fake_body(struct call *call, struct str text, struct err *err)
{
	driver_text(call, text);
	return fake_end(call, err);
}

static struct str
fake_explain(struct call *call, int status, struct str text)
{
	const char *said = arena_printf(call->arena, "status %d", status);

	(void)text;
	return (struct str){said, strlen(said)};
}

static const struct driver fake = {
    .name = "fake",
    .abilities = DRIVER_TEXT,
    .framing = DRIVER_LINES,
    .any_type = true,
    .build = fake_build,
    .frame = fake_frame,
    .body = fake_body,
    .end = fake_end,
    .explain = fake_explain,
};

static struct provider
provider_at(int port)
{
	return (struct provider){.name = "p",
	    .driver = &fake,
	    .base_url = arena_printf(calls_arena, "http://127.0.0.1:%d", port)};
}

static struct ask
ask_of(const struct provider *p, const char *model)
{
	return (struct ask){.provider = p,
	    .model = model,
	    .kind = PROMPT_TEXT,
	    .messages = calls_messages("hello")};
}

#define HELLO "text hello\nfinish stop 1+2=3\n"

static int64_t
took(const struct said *s)
{
	return s->ended - s->began;
}

static int
requests(void)
{
	return (int)calls_engine.calls;
}

/* --- retries */

static void
test_what_is_tried_again(void **state)
{
	static const struct {
		const char *path, *text;
		int requests;
	} cases[] = {
	    {"ok", HELLO, 1},
	    {"status/503/10",
		"error Failed after 3 attempts. Last error: "
		"status 503\n",
		3},
	    {"status/429/10",
		"error Failed after 3 attempts. Last error: "
		"status 429\n",
		3},
	    {"status/408/0",
		"error Failed after 3 attempts. Last error: "
		"status 408\n",
		3},
	    {"status/400/10", "error status 400\n", 1},
	    {"status/401/10", "error status 401\n", 1},
	    {"status/404/10", "error status 404\n", 1},
	    {"flaky/503/10/2", HELLO, 3},
	    {"flaky/503/10/3",
		"error Failed after 3 attempts. Last error: "
		"status 503\n",
		3},
	};
	struct provider p = provider_at(server.port);

	(void)state;
	calls_settings.max_retries = 2;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct ask ask = ask_of(&p, cases[i].path);
		struct said s = {0};
		int before = requests();

		calls_run(&s, &ask, cases[i].text);
		assert_int_equal(requests() - before, cases[i].requests);
	}
}

static double
most(void)
{
	return 1;
}

/* A wait of our own is a quarter longer at most, one that the server wants is
 * as long as it wants. */
static void
test_jitter(void **state)
{
	struct provider p = provider_at(server.port);
	struct provider dead = provider_at(server.dead_port);
	struct ask asked = ask_of(&p, "status/503/300");
	struct ask own = ask_of(&dead, "ok");
	struct said s[2] = {0};

	(void)state;
	http_warm_up(calls_engine.loop);
	calls_settings.max_retries = 1;
	calls_engine.random = most;
	calls_start(&s[0], &asked);
	calls_start(&s[1], &own);
	calls_wait(&s[0]);
	calls_wait(&s[1]);
	assert_in_range(took(&s[0]), 300, 300 + LATE_MS);
	assert_in_range(took(&s[1]), 2500, 2500 + LATE_MS);
	calls_free(&s[0]);
	calls_free(&s[1]);
}

/* --- keys */

static char dir[] = "/tmp/test-exec-XXXXXX";

static int
with_store(void **state)
{
	(void)calls_setup(state);
	store_free(calls_engine.store);
	memcpy(dir + sizeof(dir) - 7, "XXXXXX", 6);
	assert_non_null(mkdtemp(dir));
	calls_engine.store =
	    store_new(arena_printf(calls_arena, "%s/store.db", dir));
	return 0;
}

static int
without_store(void **state)
{
	static const char *const ends[] = {"", "-wal", "-shm"};

	store_free(calls_engine.store);
	calls_engine.store = NULL;
	for (size_t i = 0; i < ARRAY_LEN(ends); i++)
		(void)unlink(
		    arena_printf(calls_arena, "%s/store.db%s", dir, ends[i]));
	(void)rmdir(dir);
	return calls_teardown(state);
}

static void
test_next_key_at_once(void **state)
{
	static const char *const keys[] = {
	    "status/429/5000", "status/401/0", "ok", NULL};
	static const struct provider_limits limits = {.wait_ms = 1000};
	struct provider p = provider_at(server.port);
	struct ask ask = ask_of(&p, "key");
	struct said s = {0};
	int before;

	(void)state;
	calls_settings.max_retries = 2;
	p.pool = keys;
	p.api_key = keys[0];
	p.limits = &limits;
	calls_run(&s, &ask, HELLO);
	assert_in_range(took(&s), 0, 1000);
	assert_in_range(requests(), 1, 3);
	/* Whatever the turn, those that were refused rest. */
	calls_run(&s, &ask, HELLO);
	calls_run(&s, &ask, HELLO);
	before = requests();
	for (int i = 0; i < 6; i++)
		calls_run(&s, &ask, HELLO);
	assert_int_equal(requests() - before, 6);
}

static void
test_no_key_is_left(void **state)
{
	static const char *const keys[] = {
	    "status/401/0", "status/403/0", NULL};
	static const struct provider_limits limits = {.wait_ms = 10};
	struct provider p = provider_at(server.port);
	struct ask ask = ask_of(&p, "key");
	struct said s = {0};

	(void)state;
	calls_settings.max_retries = 5;
	p.pool = keys;
	p.api_key = keys[0];
	p.limits = &limits;
	calls_start(&s, &ask);
	calls_wait(&s);
	assert_non_null(strstr(buf_str(&s.text),
	    "error Failed after 2 attempts with non-retryable error: "
	    "'status 40"));
	calls_free(&s);
	calls_run(&s, &ask, "error rate limit of provider p\n");
}

/* --- limits */

static void
test_one_at_a_time(void **state)
{
	static const struct provider_limits limits = {
	    .concurrent = 1, .wait_ms = 10000};
	struct provider p = provider_at(server.port);
	struct ask ask = ask_of(&p, "wait/200");
	struct said s[3] = {0};
	int64_t last = 0;

	(void)state;
	p.limits = &limits;
	for (int i = 0; i < 3; i++)
		calls_start(&s[i], &ask);
	for (int i = 0; i < 3; i++)
		calls_wait(&s[i]);
	for (int i = 0; i < 3; i++)
		last = s[i].ended > last ? s[i].ended : last;
	assert_true(last - s[0].began >= 600);
	for (int i = 0; i < 3; i++)
		calls_expect(&s[i], HELLO);
}

static void
test_waits_long_enough(void **state)
{
	static const struct provider_limits limits = {
	    .requests_per_minute = 2, .wait_ms = 200};
	struct provider p = provider_at(server.port);
	struct ask ask = ask_of(&p, "ok");
	struct said s = {0};

	(void)state;
	p.limits = &limits;
	calls_run(&s, &ask, HELLO);
	calls_run(&s, &ask, HELLO);
	calls_run(&s, &ask, "error rate limit of provider p\n");
}

/* The estimate is corrected by what it came to: three tokens. */
static void
test_tokens(void **state)
{
	static const struct provider_limits limits = {
	    .tokens_per_minute = 120, .wait_ms = 100};
	struct provider p = provider_at(server.port);
	struct ask ask = ask_of(&p, "ok");
	struct said s = {0};

	(void)state;
	p.limits = &limits;
	ask.config = calls_json("{\"max_tokens\":80}");
	for (int i = 0; i < 5; i++)
		calls_run(&s, &ask, HELLO);
	ask.config = calls_json("{\"max_tokens\":110}");
	calls_run(&s, &ask, "error rate limit of provider p\n");
}

/* --- fallbacks */

static void
test_fallbacks(void **state)
{
	static const struct {
		const char *model, *text;
	} cases[] = {
	    {"status/503/10", HELLO},
	    {"status/401/10", HELLO},
	    {"status/404/10", HELLO},
	    {"empty", HELLO},
	    {"mute", HELLO},
	    {"status/400/10", "error status 400\n"},
	    {"status/413/10", "error status 413\n"},
	    {"status/422/10", "error status 422\n"},
	};
	struct provider p = provider_at(server.port);
	struct provider dead = provider_at(server.dead_port);
	const struct target others[] = {
	    {&dead, "ok"}, {&p, "status/500/0"}, {&p, "ok"}};

	(void)state;
	calls_settings.clocks.first = 200;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct ask ask = ask_of(&p, cases[i].model);
		struct said s = {0};

		ask.fallbacks = others;
		ask.n_fallbacks = ARRAY_LEN(others);
		calls_run(&s, &ask, cases[i].text);
	}
}

/* The last one's error is told; a request that cannot be made is nobody's. */
static void
test_fallbacks_end(void **state)
{
	struct provider p = provider_at(server.port);
	const struct target others[] = {
	    {&p, "bad"}, {&p, "status/500/0"}, {&p, "status/403/0"}};
	struct ask ask = ask_of(&p, "status/503/10");
	struct said s = {0};
	struct err err = {0};

	(void)state;
	ask.fallbacks = others;
	ask.n_fallbacks = ARRAY_LEN(others);
	calls_run(&s, &ask, "error status 403\n");
	ask.model = "bad";
	assert_null(
	    exec_start(&calls_engine, calls_arena, &ask, &s.sink, &err));
	assert_string_equal(err.msg, "it cannot be asked");
	err_free(&err);
}

/* What has begun to go out is not said again by another. */
static void
test_no_fallback_after_the_first_word(void **state)
{
	struct provider p = provider_at(server.port);
	const struct target others[] = {{&p, "ok"}};
	struct ask ask = ask_of(&p, "begun");
	struct said s = {0};

	(void)state;
	ask.fallbacks = others;
	ask.n_fallbacks = 1;
	ask.stream = true;
	calls_start(&s, &ask);
	calls_wait(&s);
	assert_non_null(strstr(buf_str(&s.text), "text one\nerror "));
	calls_free(&s);
}

/* --- clocks: each says which it was, in time */

static const struct clock_case {
	const char *path;
	struct http_clocks clocks;
	const char *said;
	bool full; /* a server whose queue of connections is full */
} clock_cases[] = {
    {"full", {.connect = 200}, "connect", true},
    {"mute", {.first = 200}, "first byte", false},
    {"stall", {.idle = 200}, "idle", false},
    {"drip", {.total = 200}, "total", false},
};

enum { QUEUE = 4 };

/* Nobody accepts there, and no more connections are taken: the kernel drops
 * what asks for one.  FDS are to be closed. */
static int
full_port(int fds[QUEUE])
{
	struct sockaddr_in at = {.sin_family = AF_INET};
	socklen_t len = sizeof(at);

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	fds[0] = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(fds[0], (struct sockaddr *)&at, len), 0);
	assert_int_equal(listen(fds[0], 0), 0);
	assert_int_equal(getsockname(fds[0], (struct sockaddr *)&at, &len), 0);
	for (int i = 1; i < QUEUE; i++) {
		fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		(void)connect(fds[i], (struct sockaddr *)&at, sizeof(at));
	}
	return ntohs(at.sin_port);
}

static int64_t
run_out(const struct clock_case *c, int full)
{
	struct provider p = provider_at(c->full ? full : server.port);
	struct ask ask = ask_of(&p, c->path);
	struct said s = {0};

	ask.stream = true;
	calls_settings.clocks = c->clocks;
	calls_start(&s, &ask);
	calls_wait(&s);
	assert_non_null(strstr(buf_str(&s.text), c->said));
	calls_free(&s);
	return took(&s);
}

static void
test_clocks(void **state)
{
	int fds[QUEUE], full = full_port(fds);

	(void)state;
	http_warm_up(calls_engine.loop);
	for (size_t i = 0; i < ARRAY_LEN(clock_cases); i++)
		assert_in_range(
		    run_out(&clock_cases[i], full), 200, 200 + LATE_MS);
	for (int i = 0; i < QUEUE; i++)
		(void)close(fds[i]);
}

/* What cannot be asked is not paid. */
static void
test_unmade_costs_nothing(void **state)
{
	static const struct price_row rows[] = {{"bad", {.call = 1}}};
	static const struct prices prices = {rows, 1, NAN, 500};
	struct provider p = provider_at(server.port);
	struct ask ask = ask_of(&p, "bad");
	json_t *data = json_pack("{s:f}", "maxCostUsd", 5.0);
	struct sink out = {NULL};
	struct err err = {0};

	(void)state;
	calls_settings.prices = &prices;
	calls_engine.spend =
	    spend_new(&calls_engine, calls_arena, NULL, data, &err);
	assert_non_null(calls_engine.spend);
	assert_null(exec_start(&calls_engine, calls_arena, &ask, &out, &err));
	assert_string_equal(err.msg, "it cannot be asked");
	assert_true(spend_total(calls_engine.spend) <= 0);
	assert_true(spend_room(&calls_engine));
	err_free(&err);
	json_decref(data);
}

#define TEST(name)                                                             \
	cmocka_unit_test_setup_teardown(name, calls_setup, calls_teardown)
#define STORED(name)                                                           \
	cmocka_unit_test_setup_teardown(name, with_store, without_store)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_what_is_tried_again),
	    TEST(test_jitter),
	    STORED(test_next_key_at_once),
	    STORED(test_no_key_is_left),
	    STORED(test_one_at_a_time),
	    STORED(test_waits_long_enough),
	    STORED(test_tokens),
	    TEST(test_fallbacks),
	    TEST(test_fallbacks_end),
	    TEST(test_no_fallback_after_the_first_word),
	    TEST(test_clocks),
	    TEST(test_unmade_costs_nothing),
	};

	(void)signal(SIGPIPE, SIG_IGN);
	log_set_level(LEVEL_ERROR);
	return cmocka_run_group_tests(
	    tests, script_server_start, script_server_stop);
}
