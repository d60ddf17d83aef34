/* A scripted model provider that is fast enough to be forgotten in a
 * measurement: chat completions over HTTP, all connections in one thread, and
 * over HTTPS, a thread per connection.  It refuses to know JSON: whether the
 * request streams, and what is to be said, are words that are looked for in
 * its bytes.
 *
 *	provider CERTIFICATE KEY	prints "http PORT" and "https PORT"
 *
 * Models: bench-burst sends its 100 chunks in one write, bench-stamp waits
 * 5 ms and says when it spoke, bench-slow waits 300 ms, bench-wait-N N ms; any
 * other sends every chunk with a write of its own. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define CHUNKS 100
#define MAX_REQUEST (16u * 1024 * 1024)
#define OUT_BYTES (64u * 1024)
#define EVENTS 64
#define MS INT64_C(1000000)

struct conn {
	int fd;
	SSL *ssl; /* NULL: plain */
	char *in;
	size_t len, cap;
	char out[OUT_BYTES];
	size_t out_len;
	/* A request that waits for its answer. */
	size_t request;
	int64_t due; /* ns */
	struct conn *next;
};

struct listener {
	int fd;
	SSL_CTX *tls;
};

static void
die(const char *what)
{
	perror(what);
	exit(1);
}

static int64_t
now_ns(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void
wait_ms(long ms)
{
	struct timespec t = {ms / 1000, ms % 1000 * 1000000};

	(void)nanosleep(&t, NULL);
}

static ssize_t
conn_read(struct conn *c, void *p, size_t n)
{
	if (c->ssl != NULL)
		return SSL_read(c->ssl, p, (int)n);
	return read(c->fd, p, n);
}

static bool
conn_flush(struct conn *c)
{
	size_t at = 0;
	ssize_t n;

	while (at < c->out_len) {
		if (c->ssl != NULL)
			n = SSL_write(
			    c->ssl, c->out + at, (int)(c->out_len - at));
		else
			n = send(
			    c->fd, c->out + at, c->out_len - at, MSG_NOSIGNAL);
		if (n <= 0)
			return false;
		at += (size_t)n;
	}
	c->out_len = 0;
	return true;
}

__attribute__((format(printf, 2, 3))) static void
say(struct conn *c, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(c->out + c->out_len, OUT_BYTES - c->out_len, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= OUT_BYTES - c->out_len)
		abort();
	c->out_len += (size_t)n;
}

/* One event, as one chunk of the transfer encoding. */
static void
say_event(struct conn *c, const char *json)
{
	say(c, "%zx\r\ndata: %s\n\n\r\n", strlen(json) + 8, json);
}

static void
say_delta(struct conn *c, const char *text)
{
	char json[512];

	(void)snprintf(json, sizeof(json),
	    "{\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion.chunk\","
	    "\"created\":1700000000,\"model\":\"bench\",\"choices\":[{"
	    "\"index\":"
	    "0,\"delta\":{\"content\":\"%s\"},\"finish_reason\":null}]}",
	    text);
	say_event(c, json);
}

static bool
stream(struct conn *c, bool burst, bool stamp)
{
	char text[64];
	int i;

	say(c, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
	       "Transfer-Encoding: chunked\r\n\r\n");
	for (i = 0; i < CHUNKS; i++) {
		(void)snprintf(text, sizeof(text), " word%d", i);
		if (stamp && i == 0)
			(void)snprintf(
			    text, sizeof(text), "at=%lld", (long long)now_ns());
		say_delta(c, text);
		if (!burst && !conn_flush(c))
			return false;
		if (stamp && i == 0)
			wait_ms(2);
	}
	say_event(c,
	    "{\"id\":\"chatcmpl-bench\",\"choices\":[{\"index\":0,\"delta\":{},"
	    "\"finish_reason\":\"stop\"}]}");
	say_event(c, "{\"id\":\"chatcmpl-bench\",\"choices\":[],\"usage\":{"
		     "\"prompt_tokens\":10,\"completion_tokens\":100,"
		     "\"total_tokens\":110}}");
	say_event(c, "[DONE]");
	say(c, "0\r\n\r\n");
	return conn_flush(c);
}

static bool
one_shot(struct conn *c)
{
	static const char body[] =
	    "{\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion\","
	    "\"created\":1700000000,\"model\":\"bench\",\"choices\":[{"
	    "\"index\":"
	    "0,\"message\":{\"role\":\"assistant\",\"content\":\"The quick "
	    "brown fox jumps over the lazy dog.\"},\"finish_reason\":\"stop\"}]"
	    ",\"usage\":{\"prompt_tokens\":10,\"completion_tokens\":9,"
	    "\"total_tokens\":19}}";

	say(c,
	    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
	    "Content-Length: %zu\r\n\r\n%s",
	    sizeof(body) - 1, body);
	return conn_flush(c);
}

/* The length of the request that is there, or 0 when more has to come. */
static size_t
whole_request(const struct conn *c)
{
	const char *end = memmem(c->in, c->len, "\r\n\r\n", 4), *length;
	size_t want;

	if (end == NULL)
		return 0;
	length = strcasestr(c->in, "\ncontent-length:");
	want = (size_t)(end - c->in) + 4;
	if (length != NULL && length < end)
		want += strtoul(length + 16, NULL, 10);
	return c->len >= want ? want : 0;
}

/* Reads what is there; false at the end of the connection. */
static bool
read_more(struct conn *c)
{
	ssize_t n;

	if (c->len + 1 >= c->cap)
		return false;
	n = conn_read(c, c->in + c->len, c->cap - c->len - 1);
	if (n <= 0)
		return false;
	c->len += (size_t)n;
	c->in[c->len] = '\0';
	return true;
}

static bool
has(const struct conn *c, size_t len, const char *word)
{
	return memmem(c->in, len, word, strlen(word)) != NULL;
}

/* How long the model thinks, in ms. */
static long
delay_of(const struct conn *c, size_t len)
{
	const char *wait = memmem(c->in, len, "bench-wait-", 11);

	if (wait != NULL)
		return strtol(wait + 11, NULL, 10);
	if (has(c, len, "bench-slow"))
		return 300;
	return has(c, len, "bench-stamp") ? 5 : 0;
}

/* Answers the request of LEN bytes, and forgets it. */
static bool
answer(struct conn *c, size_t len)
{
	bool ok;

	if (has(c, len, "\"stream\":true"))
		ok = stream(
		    c, has(c, len, "bench-burst"), has(c, len, "bench-stamp"));
	else
		ok = one_shot(c);
	memmove(c->in, c->in + len, c->len - len);
	c->len -= len;
	c->in[c->len] = '\0';
	return ok;
}

static struct conn *
new_conn(int fd)
{
	struct conn *c = calloc(1, sizeof(*c));
	int one = 1;

	if (c == NULL || (c->in = malloc(MAX_REQUEST)) == NULL)
		die("malloc");
	c->in[0] = '\0';
	c->cap = MAX_REQUEST;
	c->fd = fd;
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	return c;
}

static void
free_conn(struct conn *c)
{
	SSL_free(c->ssl);
	(void)close(c->fd);
	free(c->in);
	free(c);
}

/* --- HTTPS, a thread per connection */

static void
serve(struct conn *c)
{
	size_t len;

	for (;;) {
		while ((len = whole_request(c)) == 0)
			if (!read_more(c))
				return;
		wait_ms(delay_of(c, len));
		if (!answer(c, len))
			return;
	}
}

static void *
run_conn(void *arg)
{
	struct conn *c = arg;

	if (SSL_accept(c->ssl) == 1)
		serve(c);
	free_conn(c);
	return NULL;
}

static void
run_secure(const struct listener *l)
{
	pthread_t thread;
	struct conn *c;
	int fd;

	while ((fd = accept(l->fd, NULL, NULL)) >= 0) {
		c = new_conn(fd);
		c->ssl = SSL_new(l->tls);
		if (c->ssl == NULL || SSL_set_fd(c->ssl, fd) != 1)
			die("SSL_new");
		if (pthread_create(&thread, NULL, run_conn, c) != 0)
			die("pthread_create");
		(void)pthread_detach(thread);
	}
}

/* --- HTTP, all in one thread */

struct plain {
	int listener, epoll, timer;
	struct conn *waiting; /* by the time that they are due */
};

static void
watch(const struct plain *p, int fd, void *what)
{
	struct epoll_event ev = {.events = EPOLLIN, .data.ptr = what};

	if (epoll_ctl(p->epoll, EPOLL_CTL_ADD, fd, &ev) != 0)
		die("epoll_ctl");
}

static void
set_timer(const struct plain *p)
{
	struct itimerspec t = {0};

	if (p->waiting != NULL) {
		t.it_value.tv_sec = p->waiting->due / 1000 / MS;
		t.it_value.tv_nsec = p->waiting->due % (1000 * MS);
	}
	(void)timerfd_settime(p->timer, TFD_TIMER_ABSTIME, &t, NULL);
}

static void
put_off(struct plain *p, struct conn *c, size_t len, long ms)
{
	struct conn **at = &p->waiting;

	c->request = len;
	c->due = now_ns() + ms * MS;
	while (*at != NULL && (*at)->due <= c->due)
		at = &(*at)->next;
	c->next = *at;
	*at = c;
	if (p->waiting == c)
		set_timer(p);
}

static void
drop(struct plain *p, struct conn *c)
{
	struct conn **at = &p->waiting;

	while (*at != NULL && *at != c)
		at = &(*at)->next;
	if (*at != NULL)
		*at = c->next;
	free_conn(c);
}

static void
on_timer(struct plain *p)
{
	int64_t now = now_ns();
	uint64_t fired;
	struct conn *c;

	(void)!read(p->timer, &fired, sizeof(fired));
	while ((c = p->waiting) != NULL && c->due <= now) {
		p->waiting = c->next;
		if (!answer(c, c->request))
			free_conn(c);
	}
	set_timer(p);
}

static void
on_conn(struct plain *p, struct conn *c)
{
	size_t len;
	long ms;

	if (!read_more(c)) {
		drop(p, c);
		return;
	}
	len = whole_request(c);
	if (len == 0)
		return;
	ms = delay_of(c, len);
	if (ms != 0)
		put_off(p, c, len, ms);
	else if (!answer(c, len))
		drop(p, c);
}

static void
on_event(struct plain *p, const struct epoll_event *ev)
{
	int fd;

	if (ev->data.ptr == &p->timer) {
		on_timer(p);
	} else if (ev->data.ptr != p) {
		on_conn(p, ev->data.ptr);
	} else {
		fd = accept(p->listener, NULL, NULL);
		if (fd >= 0)
			watch(p, fd, new_conn(fd));
	}
}

static void *
run_plain(void *arg)
{
	const struct listener *l = arg;
	struct plain p = {.listener = l->fd};
	struct epoll_event events[EVENTS];
	int n, i;

	p.epoll = epoll_create1(0);
	p.timer = timerfd_create(CLOCK_MONOTONIC, 0);
	if (p.epoll < 0 || p.timer < 0)
		die("epoll");
	watch(&p, p.listener, &p);
	watch(&p, p.timer, &p.timer);
	for (;;) {
		n = epoll_wait(p.epoll, events, EVENTS, -1);
		for (i = 0; i < n; i++)
			on_event(&p, &events[i]);
	}
	return NULL;
}

static void
listen_on(struct listener *l, const char *name)
{
	struct sockaddr_in to = {.sin_family = AF_INET};
	socklen_t len = sizeof(to);

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	l->fd = socket(AF_INET, SOCK_STREAM, 0);
	if (l->fd < 0 || bind(l->fd, (struct sockaddr *)&to, len) != 0 ||
	    listen(l->fd, 512) != 0 ||
	    getsockname(l->fd, (struct sockaddr *)&to, &len) != 0)
		die("listen");
	(void)printf("%s %d\n", name, ntohs(to.sin_port));
}

static SSL_CTX *
tls_context(const char *certificate, const char *key)
{
	SSL_CTX *tls = SSL_CTX_new(TLS_server_method());

	if (tls == NULL ||
	    SSL_CTX_use_certificate_file(tls, certificate, SSL_FILETYPE_PEM) !=
		1 ||
	    SSL_CTX_use_PrivateKey_file(tls, key, SSL_FILETYPE_PEM) != 1) {
		ERR_print_errors_fp(stderr);
		exit(1);
	}
	return tls;
}

int
main(int argc, char **argv)
{
	struct listener plain = {-1, NULL}, secure = {-1, NULL};
	pthread_t thread;

	if (argc != 3) {
		(void)fprintf(stderr, "usage: provider CERTIFICATE KEY\n");
		return 2;
	}
	(void)signal(SIGPIPE, SIG_IGN);
	secure.tls = tls_context(argv[1], argv[2]);
	listen_on(&plain, "http");
	listen_on(&secure, "https");
	(void)fflush(stdout);
	if (pthread_create(&thread, NULL, run_plain, &plain) != 0)
		die("pthread_create");
	run_secure(&secure);
	return 0;
}
