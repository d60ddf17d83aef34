/* The engine against a scripted server: a process of this test that listens on
 * 127.0.0.1 and plays one script for each path. */
#include "../../common/net/http.h"

#include "../../common/base/buf.h"
#include "../../common/base/clock.h"
#include "script_server.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define PATIENCE 20000 /* ms; a test that waits so long has failed */

/* One exchange and what came of it. */
struct exchange {
	struct http *http;
	int status, pieces, ends;
	struct buf body;
	enum http_end how;
	char reason[300];
	char free_in; /* 'h', 'd', 'e': http_free() in that event */
};

static void
free_in(struct exchange *x, char event)
{
	if (x->free_in != event)
		return;
	http_free(x->http);
	x->http = NULL;
	x->ends += event == 'e' ? 0 : 1;
}

static void
on_head(void *arg, int status)
{
	struct exchange *x = arg;

	assert_int_equal(x->status, 0);
	x->status = status;
	free_in(x, 'h');
}

static void
on_data(void *arg, struct str bytes)
{
	struct exchange *x = arg;

	assert_true(x->status > 0 && x->ends == 0);
	x->pieces++;
	buf_add(&x->body, bytes.p, bytes.len);
	free_in(x, 'd');
}

static void
on_end(void *arg, enum http_end how, const char *reason)
{
	struct exchange *x = arg;

	x->ends++;
	x->how = how;
	(void)snprintf(x->reason, sizeof(x->reason), "%s", reason);
	free_in(x, 'e');
}

/* Starts R, whose url is completed when it begins with a slash. */
static void
begin(struct loop *loop, struct exchange *x, struct http_request r)
{
	const struct http_events events = {on_head, on_data, on_end, x};
	struct err err = {0};
	char url[200];

	if (r.url[0] == '/') {
		(void)snprintf(url, sizeof(url), "http://127.0.0.1:%d%s",
		    server.port, r.url);
		r.url = url;
	}
	if (r.max_body == 0)
		r.max_body = 4 << 20;
	buf_init(&x->body, 4 << 20);
	x->http = http_start(loop, &r, &events, &err);
	if (x->http == NULL)
		fail_msg("%s", err.msg);
}

static void
wait_for_end(struct loop *loop, const struct exchange *x)
{
	int64_t until = clock_mono_ms() + PATIENCE;

	while (x->ends == 0) {
		loop_turn(loop, 1000);
		assert_true(clock_mono_ms() < until);
	}
	assert_int_equal(x->ends, 1);
}

static void
discard(struct exchange *x)
{
	char free_in_event = x->free_in;

	http_free(x->http);
	buf_free(&x->body);
	*x = (struct exchange){.free_in = free_in_event};
}

static void
fetch(struct loop *loop, struct exchange *x, struct http_request r)
{
	begin(loop, x, r);
	wait_for_end(loop, x);
}

static void
test_replies(void **state)
{
	static const struct {
		const char *path;
		int status;
		const char *body;
		enum http_end how;
	} cases[] = {
	    {"/ok", 200, "hello", HTTP_OK},
	    {"/none", 204, "", HTTP_OK},
	    {"/stream", 200, "onetwothree", HTTP_OK},
	    {"/limit", 429, "{}", HTTP_OK},
	    {"/continue", 200, "ok", HTTP_OK},
	    {"/closed", 200, "all of it", HTTP_OK},
	    {"/cut", 200, "abc", HTTP_CUT},
	    {"/cutchunk", 200, "abc", HTTP_CUT},
	    {"/cuthead", 0, "", HTTP_NO_REPLY},
	    {"/empty", 0, "", HTTP_NO_REPLY},
	};
	struct loop *loop = loop_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct exchange x = {0};

		fetch(loop, &x, (struct http_request){.url = cases[i].path});
		assert_int_equal(x.how, cases[i].how);
		assert_int_equal(x.status, cases[i].status);
		assert_string_equal(buf_str(&x.body), cases[i].body);
		assert_true(x.reason[0] != '\0');
		if (strcmp(cases[i].path, "/stream") == 0)
			assert_int_equal(x.pieces, 3);
		discard(&x);
	}
	loop_free(loop);
}

static void
test_headers(void **state)
{
	struct loop *loop = loop_new();
	struct exchange x = {0};

	(void)state;
	fetch(loop, &x, (struct http_request){.url = "/limit"});
	assert_string_equal(http_header(x.http, "retry-after"), "7");
	assert_string_equal(http_header(x.http, "Retry-After-Ms"), "1500");
	assert_null(http_header(x.http, "content-type"));
	discard(&x);
	fetch(loop, &x, (struct http_request){.url = "/ok"});
	assert_string_equal(
	    http_header(x.http, "content-type"), "text/plain; charset=utf-8");
	assert_null(http_header(x.http, "retry-after"));
	discard(&x);
	fetch(loop, &x, (struct http_request){.url = "/continue"});
	assert_null(http_header(x.http, "retry-after"));
	discard(&x);
	loop_free(loop);
}

static void
test_what_is_sent(void **state)
{
	const char *const headers[] = {
	    "Content-Type: application/json", "Authorization: Bearer k", NULL};
	struct http_request post = {.url = "/echo", .headers = headers};
	struct loop *loop = loop_new();
	struct exchange x = {0};
	size_t large = 2 << 20; /* curl would ask before it sends that */
	char *body = malloc(large);

	(void)state;
	memset(body, 'b', large);
	for (size_t len = 0; len <= large; len += large / 4) {
		post.body = (struct str){body, len};
		fetch(loop, &x, post);
		assert_memory_equal(x.body.data, "POST /echo HTTP/1.1\r\n", 21);
		assert_non_null(
		    strstr(x.body.data, "\r\nContent-Type: application/json\r\n"
					"Authorization: Bearer k\r\n"));
		assert_non_null(
		    strstr(x.body.data, "\r\nUser-Agent: agentmark-fcgi/"));
		assert_null(strstr(x.body.data, "Expect"));
		assert_null(strstr(x.body.data, "Accept-Encoding"));
		assert_memory_equal(x.body.data + x.body.len - len, body, len);
		discard(&x);
	}
	fetch(loop, &x, (struct http_request){.url = "/echo"});
	assert_memory_equal(x.body.data, "GET /echo HTTP/1.1\r\n", 20);
	assert_null(strstr(x.body.data, "Content-Length"));
	discard(&x);
	free(body);
	loop_free(loop);
}

static void
test_clocks(void **state)
{
	static const struct {
		const char *path;
		struct http_clocks clocks;
		const char *reason;
	} cases[] = {
	    {"/mute", {.first = 60, .total = 9000},
		"no answer within 60 ms (first byte)"},
	    {"/headonly", {.first = 60}, "no answer within 60 ms (first byte)"},
	    {"/stall", {.first = 9000, .idle = 60}, "silent for 60 ms (idle)"},
	    {"/drip", {.first = 400, .idle = 400, .total = 450},
		"not complete within 450 ms (total)"},
	    {NULL, {.connect = 60, .first = 9000},
		"no connection within 60 ms (connect)"},
	};
	struct loop *loop = loop_new();
	char mute[100];

	(void)state;
	(void)snprintf(
	    mute, sizeof(mute), "https://127.0.0.1:%d/", server.mute_port);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct http_request r = {.clocks = cases[i].clocks};
		int64_t start = clock_mono_ms();
		struct exchange x = {0};

		r.url = cases[i].path != NULL ? cases[i].path : mute;
		fetch(loop, &x, r);
		assert_int_equal(x.how, HTTP_CLOCK);
		assert_string_equal(x.reason, cases[i].reason);
		assert_in_range(clock_mono_ms() - start, 60, PATIENCE);
		discard(&x);
	}
	loop_free(loop);
}

static void
test_failures(void **state)
{
	static const char *const headers[] = {"Authorization: SECRET", NULL};
	struct http_request r = {.headers = headers};
	struct loop *loop = loop_new();
	struct exchange x = {0};
	char url[100];

	(void)state;
	r.url = url;
	(void)snprintf(url, sizeof(url), "http://u:SECRET@127.0.0.1:%d/ok",
	    server.dead_port);
	fetch(loop, &x, r);
	assert_int_equal(x.how, HTTP_NO_REPLY);
	assert_non_null(strstr(x.reason, "connect"));
	assert_null(strstr(x.reason, "SECRET"));
	discard(&x);

	(void)snprintf(url, sizeof(url),
	    "https://u:SECRET@127.0.0.1:%d/ok?SECRET", server.port);
	fetch(loop, &x, r);
	assert_int_equal(x.how, HTTP_NO_REPLY);
	assert_non_null(strstr(x.reason, "SSL"));
	assert_null(strstr(x.reason, "SECRET"));
	discard(&x);

	(void)snprintf(url, sizeof(url), "http://u:SECRET@[bad/ok");
	fetch(loop, &x, r);
	assert_int_equal(x.how, HTTP_NO_REPLY);
	assert_null(strstr(x.reason, "SECRET"));
	discard(&x);

	fetch(loop, &x, (struct http_request){.url = "/ok", .max_body = 4});
	assert_int_equal(x.how, HTTP_TOO_LARGE);
	assert_string_equal(x.reason, "the reply is larger than 4 bytes");
	discard(&x);
	fetch(loop, &x, (struct http_request){.url = "/ok", .max_body = 5});
	assert_int_equal(x.how, HTTP_OK);
	discard(&x);
	loop_free(loop);
}

static void
test_refused_requests(void **state)
{
	static const char *const bad_header[] = {"A: b\r\nC: SECRET", NULL};
	static const struct http_request requests[] = {
	    {.url = "ftp://127.0.0.1/"},
	    {.url = "/relative"},
	    {.url = ""},
	    {.url = "http://127.0.0.1/a b"},
	    {.url = "http://127.0.0.1/\n"},
	    {.url = "http://127.0.0.1/", .headers = bad_header},
	};
	struct loop *loop = loop_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(requests); i++) {
		struct http_events events = {0};
		struct err err = {0};

		assert_null(http_start(loop, &requests[i], &events, &err));
		assert_int_equal(err.code, ERR_UNCONFIGURED);
		assert_null(strstr(err.msg, "SECRET"));
		err_free(&err);
	}
	loop_free(loop);
}

static void
test_cancel(void **state)
{
	struct loop *loop = loop_new();
	struct exchange x = {0};
	int64_t until, cancelled;

	(void)state;
	begin(loop, &x, (struct http_request){.url = "/stall"});
	while (x.pieces == 0)
		loop_turn(loop, 1000);
	atomic_store(&server.seen->closed, 0);
	cancelled = clock_mono_ms();
	discard(&x);
	until = cancelled + PATIENCE;
	while (atomic_load(&server.seen->closed) == 0)
		assert_true(clock_mono_ms() < until);
	assert_in_range(server.seen->closed - cancelled, 0, 200);
	loop_free(loop);
}

static void
test_reuse(void **state)
{
	struct loop *loop = loop_new();
	struct exchange x = {0};
	int before = atomic_load(&server.seen->connections);

	(void)state;
	for (int i = 0; i < 5; i++) {
		fetch(loop, &x, (struct http_request){.url = "/ok"});
		assert_int_equal(x.how, HTTP_OK);
		discard(&x);
	}
	assert_int_equal(atomic_load(&server.seen->connections), before + 1);
	loop_free(loop);
}

static void
test_parallel(void **state)
{
	enum { N = 100 };
	static struct exchange all[N];
	struct loop *loop = loop_new();
	int before = atomic_load(&server.seen->connections);

	(void)state;
	for (int i = 0; i < N; i++)
		begin(loop, &all[i], (struct http_request){.url = "/stream"});
	for (int i = 0; i < N; i++) {
		wait_for_end(loop, &all[i]);
		assert_string_equal(buf_str(&all[i].body), "onetwothree");
		discard(&all[i]);
	}
	/* None waited for another's connection. */
	assert_int_equal(atomic_load(&server.seen->connections), before + N);
	loop_free(loop);
}

/* Freeing within an event is safe, and nothing comes after it. */
static void
test_free_in_events(void **state)
{
	static const char *const paths[] = {"/ok", "/stream", "/stall"};
	struct loop *loop = loop_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		for (const char *event = "hde"; *event != '\0'; event++) {
			struct exchange x = {.free_in = *event};
			struct http_request r = {.url = paths[i]};

			r.clocks.idle = 50;
			fetch(loop, &x, r);
			loop_turn(loop, 0);
			assert_null(x.http);
			assert_int_equal(x.ends, 1);
			discard(&x);
		}
	}
	loop_free(loop);
}

static void
test_free_while_running(void **state)
{
	struct loop *loop = loop_new();
	struct exchange x = {0}, y = {0};

	(void)state;
	begin(loop, &x, (struct http_request){.url = "/stall"});
	begin(loop, &y, (struct http_request){.url = "/stream"});
	while (x.pieces == 0)
		loop_turn(loop, 1000);
	loop_free(loop);
	buf_free(&x.body);
	buf_free(&y.body);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_replies),
	    cmocka_unit_test(test_headers),
	    cmocka_unit_test(test_what_is_sent),
	    cmocka_unit_test(test_clocks),
	    cmocka_unit_test(test_failures),
	    cmocka_unit_test(test_refused_requests),
	    cmocka_unit_test(test_cancel),
	    cmocka_unit_test(test_reuse),
	    cmocka_unit_test(test_parallel),
	    cmocka_unit_test(test_free_in_events),
	    cmocka_unit_test(test_free_while_running),
	};

	(void)signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(
	    tests, script_server_start, script_server_stop);
}
