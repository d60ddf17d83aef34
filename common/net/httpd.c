/* The connections of a small server on the loop.  A connection reads one
 * request, waits for its answer, and reads the next; what is decided inside a
 * callback of the caller happens by a timer, so that no call ends under the
 * hands of whoever answers it.  It refuses to know what is asked. */
#include "httpd.h"

#include "../base/buf.h"
#include "../base/limits.h"
#include "../base/xalloc.h"
#include "httpd_in.h"
#include "loop_int.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PIECE = 65536 };

/* More than HIGH waits: the caller is asked to stop; less than LOW: to go on.
 */
enum { HIGH = 512 * 1024, LOW = 128 * 1024 };

/* How often it is tried again when there are no descriptors left. */
enum { RETRY_MS = 200 };

enum state {
	READING,   /* a request, or nothing yet */
	ANSWERING, /* the client only waits, or reads */
	ENDED,	   /* the answer is complete; it may not be sent yet */
	LINGERING, /* what the client still sends is thrown away */
};

struct httpd_call {
	struct httpd *httpd;
	struct httpd_call *prev, *next;
	struct watch *watch;
	struct timer timer;
	struct httpd_in in;
	struct buf out;	  /* from SENT on it is to be sent */
	struct buf early; /* of the next request */
	size_t sent;
	int64_t began; /* reading, or waiting to send: for the clocks */
	void *own;
	int fd;
	enum state state;
	bool announced; /* the caller knows of it: `over` is due */
	bool chunked, close, full, dead;
};

struct httpd {
	struct loop *loop;
	struct httpd_events events;
	struct httpd_call *calls;
	struct watch **listening;
	struct timer retry;
	const int *fds;
	size_t n, n_calls, max_body;
};

static const struct {
	int status;
	const char *phrase;
} phrases[] = {
    {200, "OK"},
    {204, "No Content"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {402, "Payment Required"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {408, "Request Timeout"},
    {413, "Content Too Large"},
    {415, "Unsupported Media Type"},
    {417, "Expectation Failed"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {499, "Client Closed Request"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
};

const char *
httpd_phrase(int status)
{
	for (size_t i = 0; i < ARRAY_LEN(phrases); i++)
		if (phrases[i].status == status)
			return phrases[i].phrase;
	return "Status";
}

/* --- the life of a connection */

static void on_ready(void *arg, int fd, short events);
static void on_timer(void *arg);

static void
wake_at(struct httpd_call *c, int64_t due)
{
	timer_set(c->httpd->loop, &c->timer, due, on_timer, c);
}

/* The rest happens when nobody is in the middle of something. */
static void
wake_now(struct httpd_call *c)
{
	wake_at(c, loop_now(c->httpd->loop));
}

static void
die(struct httpd_call *c)
{
	c->dead = true;
	wake_now(c);
}

static size_t
waiting(const struct httpd_call *c)
{
	return c->out.len - c->sent;
}

/* What is waited for in each state.  A client that closes its side has left:
 * nobody who wants an answer does so. */
static void
set_events(struct httpd_call *c)
{
	short events = 0;

	if (c->state == READING || c->state == LINGERING)
		events = POLLIN;
	else if (c->state == ANSWERING)
		events = POLLRDHUP;
	if (waiting(c) > 0)
		events |= POLLOUT;
	loop_io_set(c->watch, events);
}

static int64_t
clock_ms(const struct httpd_call *c)
{
	if (c->state == LINGERING)
		return LIMIT_HTTPD_LINGER_MS;
	if (c->state != READING)
		return waiting(c) > 0 ? LIMIT_HTTPD_WRITE_MS : 0;
	if (c->in.told)
		return LIMIT_HTTPD_BODY_MS;
	return httpd_in_is_empty(&c->in) ? LIMIT_HTTPD_IDLE_MS
					 : LIMIT_HTTPD_HEAD_MS;
}

/* From now on. */
static void
set_clock(struct httpd_call *c)
{
	int64_t ms = clock_ms(c);

	c->began = loop_now(c->httpd->loop);
	if (c->dead)
		wake_now(c);
	else if (ms > 0)
		wake_at(c, c->began + ms);
	else
		timer_clear(c->httpd->loop, &c->timer);
}

static void
tell_over(struct httpd_call *c)
{
	const struct httpd_events *events = &c->httpd->events;

	if (c->announced)
		events->over(events->arg, c);
	c->announced = false;
	c->own = NULL;
}

static void
destroy(struct httpd_call *c)
{
	struct httpd *s = c->httpd;

	tell_over(c);
	timer_clear(s->loop, &c->timer);
	loop_unwatch(c->watch);
	(void)close(c->fd);
	if (c->next != NULL)
		c->next->prev = c->prev;
	if (c->prev != NULL)
		c->prev->next = c->next;
	else
		s->calls = c->next;
	s->n_calls--;
	httpd_in_free(&c->in);
	buf_free(&c->out);
	buf_free(&c->early);
	free(c);
}

/* --- sending */

static void
send_out(struct httpd_call *c)
{
	bool waited = waiting(c) > 0;
	ssize_t n;

	while (waiting(c) > 0 && !c->dead) {
		n = send(c->fd, c->out.data + c->sent, waiting(c),
		    MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n > 0)
			c->sent += (size_t)n;
		else if (errno == EAGAIN || errno == EWOULDBLOCK)
			break;
		else if (errno != EINTR)
			die(c);
	}
	if (waiting(c) == 0) {
		buf_clear(&c->out);
		c->sent = 0;
	} else if (c->sent > HIGH) {
		buf_drop(&c->out, c->sent);
		c->sent = 0;
	}
	if (buf_full(&c->out))
		die(c);
	set_events(c);
	if (waited && !c->dead && c->state != READING)
		set_clock(c);
}

static void
put_head(struct httpd_call *c, int status, const char *fields)
{
	c->state = ANSWERING;
	buf_addf(&c->out, "HTTP/1.1 %d %s\r\n%s", status, httpd_phrase(status),
	    fields != NULL ? fields : "");
	if (c->close)
		buf_adds(&c->out, "Connection: close\r\n");
}

/* A body that was not read would be taken for the next request. */
static void
decide_close(struct httpd_call *c)
{
	c->close = c->in.close || c->in.part != HTTPD_END;
}

void
httpd_reply(
    struct httpd_call *c, int status, const char *fields, struct str body)
{
	decide_close(c);
	put_head(c, status, fields);
	buf_addf(&c->out, "Content-Length: %zu\r\n\r\n", body.len);
	buf_add(&c->out, body.p, body.len);
	httpd_end(c, true);
}

void
httpd_begin(struct httpd_call *c, int status, const char *fields)
{
	decide_close(c);
	put_head(c, status, fields);
	c->chunked = !c->in.old && status != 204 && status != 304;
	if (c->chunked)
		buf_adds(&c->out, "Transfer-Encoding: chunked\r\n");
	buf_adds(&c->out, "\r\n");
	send_out(c);
}

bool
httpd_write(struct httpd_call *c, struct str bytes)
{
	if (c->dead || bytes.len == 0)
		return true;
	if (c->chunked)
		buf_addf(&c->out, "%zx\r\n", bytes.len);
	buf_add(&c->out, bytes.p, bytes.len);
	if (c->chunked)
		buf_adds(&c->out, "\r\n");
	send_out(c);
	c->full = c->full || waiting(c) > HIGH;
	return !c->full;
}

void
httpd_end(struct httpd_call *c, bool whole)
{
	if (whole && c->chunked)
		buf_adds(&c->out, "0\r\n\r\n");
	c->close = c->close || !whole;
	c->state = ENDED;
	send_out(c);
	wake_now(c);
}

/* --- reading */

static void
start_reading(struct httpd_call *c)
{
	httpd_in_init(&c->in, c->httpd->max_body);
	c->chunked = c->close = c->full = false;
	c->state = READING;
	set_events(c);
	set_clock(c);
}

static void
refuse(struct httpd_call *c, int status, const char *reason)
{
	const struct httpd_events *events = &c->httpd->events;

	c->announced = true;
	c->in.close = true;
	events->bad(events->arg, c, status, reason);
}

static void
on_head(struct httpd_call *c)
{
	const struct httpd_events *events = &c->httpd->events;

	c->announced = true;
	events->head(events->arg, c);
	if (c->state != READING)
		return;
	set_clock(c);
	if (c->in.expects)
		buf_adds(&c->out, "HTTP/1.1 100 Continue\r\n\r\n");
	send_out(c);
}

/* Takes the next request out of BYTES, as far as it goes; what is left is kept
 * for later. */
static void
feed(struct httpd_call *c, struct str bytes)
{
	const struct httpd_events *events = &c->httpd->events;
	bool empty = httpd_in_is_empty(&c->in);
	enum httpd_read got;
	size_t taken;

	do {
		got = httpd_in_feed(&c->in, bytes, &taken);
		bytes.p += taken;
		bytes.len -= taken;
		if (got == HTTPD_HEAD)
			on_head(c);
	} while (got == HTTPD_HEAD && c->state == READING);
	if (c->state != READING) {
		buf_add(&c->early, bytes.p, bytes.len);
		return;
	}
	if (got == HTTPD_BAD) {
		refuse(c, c->in.status, c->in.reason);
	} else if (got == HTTPD_MORE) {
		if (empty && !httpd_in_is_empty(&c->in))
			set_clock(c);
	} else {
		buf_add(&c->early, bytes.p, bytes.len);
		c->state = ANSWERING;
		set_events(c);
		set_clock(c);
		events->request(events->arg, c);
	}
}

static void
read_request(struct httpd_call *c)
{
	char piece[PIECE];
	ssize_t n = recv(c->fd, piece, sizeof(piece), MSG_DONTWAIT);

	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0)
		c->dead = true;
	else if (c->state == READING)
		feed(c, (struct str){piece, (size_t)n});
}

static void
on_ready(void *arg, int fd, short events)
{
	struct httpd_call *c = arg;

	(void)fd;
	if ((events & (POLLERR | POLLNVAL)) != 0)
		c->dead = true;
	if (!c->dead && (events & POLLOUT) != 0)
		send_out(c);
	if (!c->dead && (events & (POLLIN | POLLHUP)) != 0 &&
	    (c->state == READING || c->state == LINGERING))
		read_request(c);
	else if ((events & (POLLRDHUP | POLLHUP)) != 0)
		c->dead = true;
	if (c->dead) {
		destroy(c);
		return;
	}
	if (c->full && waiting(c) < LOW && c->state == ANSWERING) {
		c->full = false;
		c->httpd->events.drained(c->httpd->events.arg, c);
	}
	if (c->state == ENDED && waiting(c) == 0)
		wake_now(c);
}

/* --- what comes next */

/* Closing while the client still sends would take the answer from it. */
static void
linger(struct httpd_call *c)
{
	bool rest = c->in.part != HTTPD_END;

	tell_over(c);
	if (!rest || shutdown(c->fd, SHUT_WR) == -1) {
		destroy(c);
		return;
	}
	c->state = LINGERING;
	set_events(c);
	set_clock(c);
}

static void
next_request(struct httpd_call *c)
{
	struct buf early = c->early;

	tell_over(c);
	httpd_in_free(&c->in);
	buf_init(&c->early, PIECE);
	start_reading(c);
	if (early.len > 0)
		feed(c, buf_text(&early));
	buf_free(&early);
}

static void
on_timer(void *arg)
{
	struct httpd_call *c = arg;
	int64_t ms = clock_ms(c);

	if (c->dead)
		destroy(c);
	else if (c->state == ENDED && waiting(c) == 0 && c->close)
		linger(c);
	else if (c->state == ENDED && waiting(c) == 0)
		next_request(c);
	else if (ms > 0 && loop_now(c->httpd->loop) < c->began + ms)
		wake_at(c, c->began + ms);
	else if (ms > 0 && c->state == READING && !httpd_in_is_empty(&c->in))
		refuse(c, 408, "the request does not come to its end");
	else if (ms > 0)
		destroy(c);
}

/* --- connections */

static void
add_call(struct httpd *s, int fd)
{
	struct httpd_call *c = xcalloc(1, sizeof(*c));
	int on = 1;

	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	c->httpd = s;
	c->fd = fd;
	c->next = s->calls;
	if (c->next != NULL)
		c->next->prev = c;
	s->calls = c;
	s->n_calls++;
	buf_init(&c->out, LIMIT_HTTPD_OUT_BYTES);
	buf_init(&c->early, PIECE);
	c->watch = loop_io(s->loop, fd, POLLIN, on_ready, c);
	start_reading(c);
}

static void set_listening(struct httpd *s, bool on);

static void
on_retry(void *arg)
{
	struct httpd *s = arg;

	set_listening(s, true);
}

/* The backlog keeps those that come while there is no room. */
static void
on_knock(void *arg, int fd, short events)
{
	struct httpd *s = arg;
	int client;

	(void)events;
	client = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (client != -1)
		add_call(s, client);
	if ((client != -1 && s->n_calls < LIMIT_HTTPD_CLIENTS) ||
	    (client == -1 &&
		(errno == EAGAIN || errno == EINTR || errno == ECONNABORTED)))
		return;
	set_listening(s, false);
	timer_set(
	    s->loop, &s->retry, loop_now(s->loop) + RETRY_MS, on_retry, s);
}

static void
set_listening(struct httpd *s, bool on)
{
	bool room = s->n_calls < LIMIT_HTTPD_CLIENTS;

	for (size_t i = 0; i < s->n; i++)
		loop_io_set(s->listening[i], on && room ? POLLIN : 0);
	if (on && !room)
		timer_set(s->loop, &s->retry, loop_now(s->loop) + RETRY_MS,
		    on_retry, s);
}

struct httpd *
httpd_start(struct loop *loop, const int *fds, size_t n, size_t max_body,
    const struct httpd_events *events)
{
	struct httpd *s = xcalloc(1, sizeof(*s));

	s->loop = loop;
	s->events = *events;
	s->max_body = max_body;
	s->n = n;
	s->listening = xcalloc(n, sizeof(struct watch *));
	for (size_t i = 0; i < n; i++)
		s->listening[i] = loop_io(loop, fds[i], POLLIN, on_knock, s);
	return s;
}

void
httpd_free(struct httpd *s)
{
	if (s == NULL)
		return;
	while (s->calls != NULL)
		destroy(s->calls);
	for (size_t i = 0; i < s->n; i++)
		loop_unwatch(s->listening[i]);
	timer_clear(s->loop, &s->retry);
	free(s->listening);
	free(s);
}

/* --- what is asked of a call */

const char *
httpd_method(const struct httpd_call *c)
{
	return httpd_in_method(&c->in);
}

const char *
httpd_field(const struct httpd_call *c, const char *name)
{
	return httpd_in_field(&c->in, name);
}

struct str
httpd_body(const struct httpd_call *c)
{
	return buf_text(&c->in.body);
}

void
httpd_set(struct httpd_call *c, void *own)
{
	c->own = own;
}

void *
httpd_get(const struct httpd_call *c)
{
	return c->own;
}
