/* A scripted HTTP server: the path of a request chooses what is sent, when, and
 * how it ends.  It refuses to know what is tested with it. */
#include "script_server.h"

#include "../../common/base/base.h"
#include "../../common/base/clock.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What the server does when its pieces are sent. */
enum ending { KEEP, CLOSE, HOLD };

struct script {
	const char *path;
	enum ending ending;
	int pause;  /* ms before each piece but the first */
	int repeat; /* times the last piece is sent */
	const char *pieces[4];
};

#define HEAD(length) "HTTP/1.1 200 OK\r\nContent-Length: " length "\r\n\r\n"
#define CHUNKED "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

static const struct script scripts[] = {
    {"/ok", KEEP, 0, 1,
	{"HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\n"
	 "Content-Length: 5\r\n\r\nhello"}},
    {"/none", KEEP, 0, 1, {"HTTP/1.1 204 No Content\r\n\r\n"}},
    {"/stream", KEEP, 30, 1,
	{CHUNKED "3\r\none\r\n", "3\r\ntwo\r\n", "5\r\nthree\r\n",
	    "0\r\n\r\n"}},
    {"/limit", KEEP, 0, 1,
	{"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 7\r\n"
	 "retry-after-ms: 1500\r\nContent-Length: 2\r\n\r\n{}"}},
    {"/continue", KEEP, 10, 1,
	{"HTTP/1.1 100 Continue\r\nRetry-After: 1\r\n\r\n", HEAD("2") "ok"}},
    {"/cut", CLOSE, 0, 1, {HEAD("100") "abc"}},
    {"/cutchunk", CLOSE, 0, 1, {CHUNKED "9\r\nabc"}},
    {"/cuthead", CLOSE, 0, 1, {"HTTP/1.1 200 OK\r\nContent-Le"}},
    {"/empty", CLOSE, 0, 1, {NULL}},
    {"/closed", CLOSE, 0, 1, {"HTTP/1.1 200 OK\r\n\r\nall of it"}},
    {"/begun", CLOSE, 50, 1, {CHUNKED "4\r\none\n\r\n", "9\r\ntw"}},
    {"/mute", HOLD, 0, 1, {NULL}},
    {"/headonly", HOLD, 0, 1, {HEAD("9")}},
    {"/stall", HOLD, 0, 1, {HEAD("9") "abc"}},
    {"/drip", HOLD, 20, 1000, {CHUNKED, "1\r\nx\r\n"}},
    {"/flood", HOLD, 0, 200000,
	{CHUNKED, "20\r\nxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\n"}},
};

struct script_server server;

static void
send_all(int fd, const char *p, size_t len)
{
	while (len > 0) {
		ssize_t n = send(fd, p, len, MSG_NOSIGNAL);

		if (n <= 0)
			_exit(0);
		p += n;
		len -= (size_t)n;
	}
}

static void
hold(int fd)
{
	char c;

	while (recv(fd, &c, 1, 0) > 0)
		;
	atomic_store(&server.seen->closed, clock_mono_ms());
	_exit(0);
}

/* The reply is the request as it came. */
static void
send_echo(int fd, const char *request, size_t len)
{
	char head[100];
	int n = snprintf(head, sizeof(head),
	    "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", len);

	send_all(fd, head, (size_t)n);
	send_all(fd, request, len);
}

/* The reply tells how the request was signed, and holds its body. */
static void
send_signed(int fd, const char *request)
{
	static char reply[4 << 20];
	const char *signature = strstr(request, "x-agentmark-signature-256: ");
	int n;

	signature = signature != NULL ? strchr(signature, ' ') + 1 : "none\r";
	n = snprintf(reply, sizeof(reply),
	    "{\"signature\":\"%.*s\",\"body\":%s}",
	    (int)strcspn(signature, "\r"), signature,
	    strstr(request, "\r\n\r\n") + 4);
	(void)dprintf(
	    fd, "HTTP/1.1 201 Created\r\nContent-Length: %d\r\n\r\n", n);
	send_all(fd, reply, (size_t)n);
}

static void
send_status(int fd, int status, int retry_after)
{
	(void)dprintf(fd,
	    "HTTP/1.1 %d Refused\r\nretry-after-ms: %d\r\n"
	    "Content-Length: 2\r\n\r\n{}",
	    status, retry_after);
}

static void
send_hello(int fd)
{
	static const char hello[] = HEAD("5") "hello";

	send_all(fd, hello, sizeof(hello) - 1);
}

/* /status/STATUS/RETRY_AFTER_MS, /flaky/STATUS/RETRY_AFTER_MS/TIMES (then it
 * is well) and /wait/MS. */
static void
send_made(int fd, const char *path)
{
	int n[3] = {0};

	if (sscanf(path, "/status/%d/%d", &n[0], &n[1]) == 2) {
		send_status(fd, n[0], n[1]);
	} else if (sscanf(path, "/flaky/%d/%d/%d", &n[0], &n[1], &n[2]) == 3) {
		if (atomic_fetch_add(&server.seen->flaky, 1) < n[2]) {
			send_status(fd, n[0], n[1]);
			return;
		}
		atomic_store(&server.seen->flaky, 0);
		send_hello(fd);
	} else if (sscanf(path, "/wait/%d", &n[0]) == 1) {
		(void)poll(NULL, 0, n[0]);
		send_hello(fd);
	}
}

static void
play(int fd, const struct script *s)
{
	size_t n = 0, last;

	while (n < ARRAY_LEN(s->pieces) && s->pieces[n] != NULL)
		n++;
	last = n + (size_t)s->repeat - 1;
	for (size_t i = 0; n > 0 && i < last; i++) {
		const char *piece = s->pieces[i < n ? i : n - 1];

		if (i > 0)
			(void)poll(NULL, 0, s->pause);
		send_all(fd, piece, strlen(piece));
	}
	if (s->ending == HOLD)
		hold(fd);
	if (s->ending == CLOSE)
		_exit(0);
}

/* One whole request; returns its length, or ends. */
static size_t
receive(int fd, char *p, size_t size)
{
	size_t len = 0, head;
	char *end, *length;

	for (;;) {
		ssize_t n = recv(fd, p + len, size - len - 1, 0);

		if (n <= 0)
			_exit(0);
		len += (size_t)n;
		p[len] = '\0';
		if (p[0] == 0x16) {
			send_all(fd, HEAD("0"), strlen(HEAD("0")));
			_exit(0);
		}
		end = strstr(p, "\r\n\r\n");
		if (end == NULL)
			continue;
		head = (size_t)(end + 4 - p);
		length = strstr(p, "Content-Length: ");
		if (length == NULL ||
		    len - head >= strtoul(length + 16, NULL, 10))
			return len;
	}
}

static void
serve_connection(int fd)
{
	static char request[4 << 20];

	for (;;) {
		size_t len = receive(fd, request, sizeof(request));
		char *path = strchr(request, ' ') + 1;
		size_t n = strcspn(path, " ?");

		if (strncmp(path, "/echo", n) == 0)
			send_echo(fd, request, len);
		if (strncmp(path, "/signed", n) == 0)
			send_signed(fd, request);
		send_made(fd, path);
		for (size_t i = 0; i < ARRAY_LEN(scripts); i++) {
			if (n == strlen(scripts[i].path) &&
			    memcmp(path, scripts[i].path, n) == 0)
				play(fd, &scripts[i]);
		}
	}
}

static void
serve(int listener)
{
	(void)signal(SIGCHLD, SIG_IGN);
	for (;;) {
		int fd = accept(listener, NULL, NULL);

		if (fd < 0)
			_exit(1);
		atomic_fetch_add(&server.seen->connections, 1);
		if (fork() == 0)
			serve_connection(fd);
		(void)close(fd);
	}
}

static int
listen_on(int *port)
{
	struct sockaddr_in at = {.sin_family = AF_INET};
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0 ||
	    listen(fd, 512) < 0 ||
	    getsockname(fd, (struct sockaddr *)&at, &len) < 0)
		return -1;
	*port = ntohs(at.sin_port);
	return fd;
}

int
script_server_start(void **state)
{
	int listener = listen_on(&server.port);

	(void)state;
	(void)listen_on(&server.mute_port);
	(void)close(listen_on(&server.dead_port));
	server.seen = mmap(NULL, sizeof(*server.seen), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	server.pid = fork();
	if (server.pid == 0)
		serve(listener);
	return close(listener);
}

int
script_server_stop(void **state)
{
	(void)state;
	(void)kill(server.pid, SIGKILL);
	return waitpid(server.pid, NULL, 0) == server.pid ? 0 : -1;
}
