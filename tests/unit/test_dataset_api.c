/* Datasets from AgentMark's API: what is asked, what is made of the answers,
 * and that a slow reader holds the sender back.  The server is a process of
 * this test; the path that is asked for chooses what it plays. */
#include "../../common/base/clock.h"
#include "../../common/base/crypt.h"
#include "../../common/base/limits.h"
#include "../../common/net/loop.h"
#include "../../common/store/store.h"
#include "dataset_print.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { FLOOD_ROWS = 400000 };

static struct settings settings;
static struct engine engine = {.settings = &settings};
static struct dataset_conf conf;
static char base[100];
static pid_t server;
static struct seen {
	atomic_llong sent;
	char request[4000];
} * seen;

/* --- the server */

#define OK "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
#define REFUSED(status)                                                        \
	"HTTP/1.1 " status " Whatever\r\nConnection: close\r\n\r\n"

static const struct {
	const char *path, *pieces[4];
} scripts[] = {
    {"a%2Fok+%C3%A9%25.jsonl",
	{OK "{\"input\":{\"a\":1}}\r\n\n{\"inp", "ut\":{\"a\":2},",
	    "\"expected_output\":3}\n{\"input\":", "[4]}"}},
    {"arrays",
	{OK " [{\"input\":{\"a\":0}}, {\"q\":1},5,{\"input\":{\"a\":3}}] \n",
	    "[]\n{\"input\":{\"a\":4}}\n[{\"input\":{\"a\":5}},{\"input\":nul}"
	    ",{}]\n",
	    "[{\"input\":{\"a\":7}}] x\n{\"input\":{\"a\":9}}\nnonsense\n5"}},
    {"empty", {OK "\n\n"}},
    {"emptyarray", {OK "[]"}},
    {"text", {REFUSED("403") "{\"error\":\"No such key\"}"}},
    {"object", {REFUSED("400") "{\"error\":{\"code\":\"x\",\"message\":\"Bad "
			       "path\"}}"}},
    {"strange", {REFUSED("500") "{\"error\":{\"k\":[1]}}"}},
    {"page", {REFUSED("502") "<html>"}},
    {"missing", {REFUSED("404") "<html>"}},
    {"cut", {"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"
	     "{\"input\":{\"a\":1}}\n{\"input\":{\"a\":2}}"}},
    {"hang", {"", "", ""}},
};

static void
send_text(int fd, const char *p, size_t len)
{
	while (len > 0) {
		ssize_t n = send(fd, p, len, MSG_NOSIGNAL);

		if (n <= 0)
			_exit(0);
		p += n;
		len -= (size_t)n;
		atomic_fetch_add(&seen->sent, n);
	}
}

static void
flood(int fd)
{
	char row[200];

	send_text(fd, OK, strlen(OK));
	for (int i = 0; i < FLOOD_ROWS; i++) {
		int n = snprintf(row, sizeof(row),
		    "{\"input\":{\"n\":%d,\"text\":\"%080d\"}}\n", i, i);

		send_text(fd, row, (size_t)n);
	}
}

static void
answer(int fd)
{
	char *path = seen->request, *end;
	size_t len = 0, size = sizeof(seen->request) - 1;
	ssize_t n;

	do {
		n = recv(fd, path + len, size - len, 0);
		if (n <= 0)
			_exit(0);
		len += (size_t)n;
		path[len] = '\0';
	} while (strstr(path, "\r\n\r\n") == NULL);
	path = strstr(path, "path=");
	if (path == NULL)
		_exit(0);
	path += 5;
	end = strchr(path, ' ');
	if (strncmp(path, "flood", 5) == 0)
		flood(fd);
	for (size_t i = 0; i < ARRAY_LEN(scripts); i++) {
		const char *const *p = scripts[i].pieces;

		if (strlen(scripts[i].path) != (size_t)(end - path) ||
		    memcmp(scripts[i].path, path, (size_t)(end - path)) != 0)
			continue;
		for (size_t k = 0; k < 4 && p[k] != NULL; k++) {
			(void)poll(NULL, 0, p[k][0] != '\0' ? 10 : 1000);
			send_text(fd, p[k], strlen(p[k]));
		}
	}
	_exit(0);
}

static void
serve(int listener)
{
	(void)signal(SIGCHLD, SIG_IGN);
	for (;;) {
		int fd = accept(listener, NULL, NULL);

		if (fd < 0)
			_exit(1);
		if (fork() == 0)
			answer(fd);
		(void)close(fd);
	}
}

static int
start(void **state)
{
	struct sockaddr_in at = {.sin_family = AF_INET};
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)state;
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0 ||
	    listen(fd, 64) < 0 ||
	    getsockname(fd, (struct sockaddr *)&at, &len) < 0)
		return -1;
	seen = mmap(NULL, sizeof(*seen), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	(void)snprintf(
	    base, sizeof(base), "http://127.0.0.1:%d/", ntohs(at.sin_port));
	conf.api.base = base;
	engine.loop = loop_new();
	engine.store = store_new(NULL);
	server = fork();
	if (server == 0)
		serve(fd);
	return close(fd) == 0 && crypt_init() == 0 ? 0 : -1;
}

static int
stop(void **state)
{
	(void)state;
	loop_free(engine.loop);
	store_free(engine.store);
	(void)kill(server, SIGKILL);
	return waitpid(server, NULL, 0) == server ? 0 : -1;
}

/* --- the tests */

static void
read_sampling(struct arena *a, const char *json, struct sampling *out)
{
	struct err err = {0};
	json_t *tree = json_read((struct str){json, strlen(json)}, &err);

	assert_non_null(tree);
	assert_int_equal(sampling_read(a, tree, out, &err), 0);
	json_decref(tree);
}

static struct dataset *
open_path(struct arena *a, const char *path, const char *sampling)
{
	struct sampling s;
	struct err err = {0};
	struct dataset *d;

	read_sampling(a, sampling, &s);
	d = dataset_open(
	    &engine, a, &conf, (struct str){path, strlen(path)}, &s, &err);
	if (d == NULL)
		fail_msg("%s", err.msg);
	return d;
}

/* Each release of libcurl has its own words for a reply that is cut. */
static void
cut_reason(struct buf *out)
{
	static const char before[] = "its way from AgentMark's API: ";
	char *at = strstr(buf_str(out), before);

	if (at == NULL)
		return;
	out->len = (size_t)(at - out->data) + sizeof(before) - 1;
	buf_adds(out, "...");
}

static void
check(const char *path, const char *sampling, const char *expected)
{
	struct arena *a = arena_new(NULL);
	struct buf out;

	buf_init(&out, 1 << 20);
	dataset_print(&engine, open_path(a, path, sampling), &out, 1000);
	cut_reason(&out);
	assert_string_equal(buf_str(&out), expected);
	buf_free(&out);
	arena_free(a);
}

static void
test_request(void **state)
{
	(void)state;
	conf.api.key = "k3y";
	check("a/ok \xc3\xa9%.jsonl", "{}",
	    "0@0 {\"a\":1}\n1@0 {\"a\":2} expects 3\n2@0 [4]\n");
	assert_non_null(strstr(seen->request,
	    "GET /v1/templates?path=a%2Fok+%C3%A9%25.jsonl HTTP/1.1\r\n"));
	assert_non_null(
	    strstr(seen->request, "\r\nAccept: application/x-ndjson\r\n"));
	assert_non_null(
	    strstr(seen->request, "\r\nContent-Type: application/json\r\n"));
	assert_null(strstr(seen->request, "Authorization"));

	conf.api.app_id = "app";
	check("a/ok \xc3\xa9%.jsonl", "{\"rows\":[1]}",
	    "1@0 {\"a\":2} expects 3\n");
	assert_non_null(strstr(seen->request, "\r\nAuthorization: k3y\r\n"));
	assert_non_null(
	    strstr(seen->request, "\r\nX-Agentmark-App-Id: app\r\n"));
	conf.api.key = conf.api.app_id = NULL;
}

#define NO_INPUT                                                               \
	"Invalid dataset row: missing or invalid 'input' field. Each row "     \
	"must have an 'input' object.\n"
#define NO_JSON "Failed to parse JSON in dataset arrays: "

static void
test_arrays(void **state)
{
	(void)state;
	check("arrays", "{}",
	    "0@0 {\"a\":0}\n"
	    "bad 1@0 " NO_INPUT "bad 2@0 " NO_INPUT "3@0 {\"a\":3}\n"
	    "4@0 {\"a\":4}\n5@0 {\"a\":5}\n"
	    "bad 6@0 " NO_JSON "column 29: expected a value\n"
	    "7@0 {\"a\":7}\n"
	    "bad 8@0 " NO_JSON "column 21: unexpected text behind the value\n"
	    "9@0 {\"a\":9}\n"
	    "bad 10@0 " NO_JSON "column 1: expected a value\n"
	    "bad 11@0 " NO_INPUT);
	check("arrays", "{\"rows\":[3,5,9,12]}",
	    "3@0 {\"a\":3}\n5@0 {\"a\":5}\n9@0 {\"a\":9}\n"
	    "bad 12@0 Row index 12 is out of bounds for dataset with 12 "
	    "rows\n");
}

/* Twelve rows, counted in a temporary file first. */
static void
test_split(void **state)
{
	(void)state;
	check("arrays", "{\"split\":{\"portion\":\"test\",\"percentage\":75}}",
	    "9@0 {\"a\":9}\n"
	    "bad 10@0 " NO_JSON "column 1: expected a value\n"
	    "bad 11@0 " NO_INPUT);
	check("text", "{\"split\":{\"portion\":\"test\",\"percentage\":75}}",
	    "broken No such key\n");
	check("cut", "{\"split\":{\"portion\":\"test\",\"percentage\":75}}",
	    "broken Dataset cut broke off on its way from AgentMark's API: "
	    "...");
}

static void
test_refusals(void **state)
{
	(void)state;
	check("text", "{}", "broken No such key\n");
	check("object", "{}", "broken Bad path\n");
	check("strange", "{}", "broken {\"k\":[1]}\n");
	check("page", "{}",
	    "broken AgentMark's API answered 502 when it was asked for dataset "
	    "page\n");
	check("missing", "{}", "broken Dataset not found: missing\n");
	check("empty", "{}",
	    "broken Dataset empty is empty or contains no valid rows\n");
	check("emptyarray", "{}",
	    "broken Dataset emptyarray is empty or contains no valid rows\n");
	check("cut", "{}",
	    "0@0 {\"a\":1}\n"
	    "broken Dataset cut broke off on its way from AgentMark's API: "
	    "...");
}

static void
test_no_answer(void **state)
{
	(void)state;
	settings.clocks.first = 100;
	check("hang", "{}",
	    "broken AgentMark's API did not send dataset hang: no answer "
	    "within 100 ms (first byte)\n");
	settings.clocks.first = 0;
}

/* What was not taken is not sent, and the wait for it is no silence. */
static void
test_slow_reader(void **state)
{
	struct arena *a = arena_new(NULL);
	struct dataset *d;
	struct buf out;
	long long sent;
	int64_t until;

	(void)state;
	settings.clocks.idle = 300;
	atomic_store(&seen->sent, 0);
	buf_init(&out, 100 << 20);
	d = open_path(a, "flood", "{}");
	dataset_print(&engine, d, &out, 1);
	until = clock_mono_ms() + 900;
	while (clock_mono_ms() < until)
		loop_turn(engine.loop, 50);
	sent = atomic_load(&seen->sent);
	assert_true(sent < 16 << 20);
	dataset_print(&engine, d, &out, 10);
	until = clock_mono_ms() + 200;
	while (clock_mono_ms() < until)
		loop_turn(engine.loop, 50);
	assert_true(atomic_load(&seen->sent) < sent + (2 << 20));

	dataset_print(&engine, d, &out, FLOOD_ROWS);
	assert_true(atomic_load(&seen->sent) > 40 << 20);
	assert_non_null(strstr(out.data + out.len - 120, "399999@0 {\"n\":"));
	buf_free(&out);
	arena_free(a);
	settings.clocks.idle = 0;
}

/* A reader that leaves ends the transfer. */
static void
test_left(void **state)
{
	struct arena *a = arena_new(NULL);
	struct buf out;

	(void)state;
	buf_init(&out, 1 << 20);
	dataset_print(&engine, open_path(a, "flood", "{}"), &out, 3);
	arena_free(a);
	loop_turn(engine.loop, 0);
	buf_free(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_request),
	    cmocka_unit_test(test_arrays),
	    cmocka_unit_test(test_split),
	    cmocka_unit_test(test_refusals),
	    cmocka_unit_test(test_no_answer),
	    cmocka_unit_test(test_slow_reader),
	    cmocka_unit_test(test_left),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
