/* HTTP as a client, many exchanges at once, over libcurl: the loop polls, curl
 * speaks, the clocks are ours.  Connections, TLS sessions, the store of
 * certificates and the easy handles stay for the life of the process, which is
 * what makes a call cheap.  It refuses to know what the bodies mean. */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "http.h"

#include "../base/arena.h"
#include "../base/limits.h"
#include "../base/xalloc.h"
#include "curl_lazy.h"
#include "http_int.h"
#include "loop_int.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#ifndef PACKAGE_VERSION
#define PACKAGE_VERSION "0"
#endif

/* Easy handles that are kept, and the number of connections above which idle
 * ones are closed: the rows of an experiment and their judges take and give
 * them back all the time. */
enum { SPARE_HANDLES = 128 };
#define MAX_CONNECTIONS (2L * LIMIT_ROWS_AT_ONCE)

struct engine {
	struct loop *loop;
	CURLM *multi;	    /* NULL until the first exchange */
	struct timer timer; /* curl's */
	struct http *alive; /* all that were not freed */
	CURL *spare[SPARE_HANDLES];
	size_t n_spare;
	struct http_trust trust;
	unsigned busy; /* curl or a callback is running */
	bool moved;    /* curl ran since results were last looked for */
	bool dropped;  /* some exchange waits for the end of the turn */
};

struct http {
	struct engine *engine;
	struct arena *arena;
	struct http *prev, *next;
	CURL *easy;
	struct http_events events;
	struct http_clocks clocks;
	struct timer timer;
	int64_t started, last; /* when; LAST is that of the last piece */
	size_t n_body, max_body;
	bool head, began, running, dropped, too_large;
	bool headless;	       /* its end is all that comes */
	bool paused, resuming; /* RESUMING: the timer will let curl go on */
	char error[CURL_ERROR_SIZE];
};

enum clock { CLOCK_FIRST, CLOCK_IDLE, CLOCK_TOTAL, CLOCK_NONE };

static const char *const clock_reasons[] = {
    [CLOCK_FIRST] = "no answer within %lld ms (first byte)",
    [CLOCK_IDLE] = "silent for %lld ms (idle)",
    [CLOCK_TOTAL] = "not complete within %lld ms (total)",
};

/* The clock that runs out first, and when. */
static enum clock
next_clock(const struct http *h, int64_t *due, int64_t *limit)
{
	const int64_t limits[] = {
	    [CLOCK_FIRST] = h->began || h->paused ? 0 : h->clocks.first,
	    [CLOCK_IDLE] = h->began && !h->paused ? h->clocks.idle : 0,
	    [CLOCK_TOTAL] = h->clocks.total,
	};
	enum clock which = CLOCK_NONE;

	for (enum clock c = CLOCK_FIRST; c < CLOCK_NONE; c++) {
		int64_t at = c == CLOCK_IDLE ? h->last : h->started;

		if (limits[c] <= 0)
			continue;
		at += limits[c];
		if (which != CLOCK_NONE && *due <= at)
			continue;
		which = c;
		*due = at;
		*limit = limits[c];
	}
	return which;
}

static void finish(struct http *h, enum http_end how, const char *reason);
static void on_clock(void *arg);

static void
set_clock(struct http *h)
{
	int64_t due = 0, limit = 0;

	if (next_clock(h, &due, &limit) != CLOCK_NONE)
		timer_set(h->engine->loop, &h->timer, due, on_clock, h);
}

/* The timer is not moved for every piece that comes: it looks again here. */
static void
look_at_clocks(struct http *h)
{
	int64_t due = 0, limit = 0;
	enum clock which = next_clock(h, &due, &limit);
	char reason[80];

	if (which == CLOCK_NONE || due > loop_now(h->engine->loop)) {
		set_clock(h);
		return;
	}
	(void)snprintf(
	    reason, sizeof(reason), clock_reasons[which], (long long)limit);
	finish(h, HTTP_CLOCK, reason);
}

/* Curl hands over at once what it held back. */
static void
go_on(struct http *h)
{
	struct engine *e = h->engine;

	h->resuming = false;
	h->last = loop_now(e->loop);
	e->busy++;
	(void)curl_easy_pause(h->easy, CURLPAUSE_CONT);
	e->busy--;
	e->moved = true;
}

static void
on_clock(void *arg)
{
	struct http *h = arg;

	if (h->resuming)
		go_on(h);
	if (!h->dropped)
		look_at_clocks(h);
}

static size_t
on_header(char *line, size_t size, size_t n, void *arg)
{
	struct http *h = arg;
	long status = 0;

	if (h->dropped)
		return 0;
	if (h->head || n > 2 || (line[0] != '\r' && line[0] != '\n'))
		return size * n;
	(void)curl_easy_getinfo(h->easy, CURLINFO_RESPONSE_CODE, &status);
	if (status < 200)
		return size * n;
	h->head = true;
	if (h->events.head != NULL)
		h->events.head(h->events.arg, (int)status);
	return size * n;
}

static size_t
on_body(char *p, size_t size, size_t n, void *arg)
{
	struct http *h = arg;
	size_t len = size * n;

	if (h->dropped)
		return 0;
	h->last = loop_now(h->engine->loop);
	if (!h->began) {
		h->began = true;
		set_clock(h);
	}
	if (len > h->max_body - h->n_body) {
		h->too_large = true;
		return 0;
	}
	h->n_body += len;
	if (h->events.data != NULL)
		h->events.data(h->events.arg, (struct str){p, len});
	return len;
}

static void
run_curl(struct engine *e, curl_socket_t fd, int what)
{
	int running;

	e->busy++;
	(void)curl_multi_socket_action(e->multi, fd, what, &running);
	e->busy--;
	e->moved = true;
}

static void
on_ready(void *arg, int fd, short events)
{
	int what = 0;

	if ((events & (POLLIN | POLLHUP)) != 0)
		what |= CURL_CSELECT_IN;
	if ((events & POLLOUT) != 0)
		what |= CURL_CSELECT_OUT;
	if ((events & (POLLERR | POLLNVAL)) != 0)
		what |= CURL_CSELECT_ERR;
	run_curl(arg, fd, what);
}

static void
on_timeout(void *arg)
{
	run_curl(arg, CURL_SOCKET_TIMEOUT, 0);
}

static int
on_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *known)
{
	struct engine *e = arg;
	struct watch *w = known;
	short events = 0;

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		loop_unwatch(w);
		return 0;
	}
	if (what != CURL_POLL_OUT)
		events |= POLLIN;
	if (what != CURL_POLL_IN)
		events |= POLLOUT;
	if (w != NULL) {
		loop_io_set(w, events);
		return 0;
	}
	w = loop_io(e->loop, fd, events, on_ready, e);
	(void)curl_multi_assign(e->multi, fd, w);
	return 0;
}

static int
on_timer(CURLM *multi, long ms, void *arg)
{
	struct engine *e = arg;

	(void)multi;
	if (ms < 0)
		timer_clear(e->loop, &e->timer);
	else
		timer_set(
		    e->loop, &e->timer, loop_now(e->loop) + ms, on_timeout, e);
	return 0;
}

static void
unlist(struct http *h)
{
	if (h->next != NULL)
		h->next->prev = h->prev;
	if (h->prev != NULL)
		h->prev->next = h->next;
	else
		h->engine->alive = h->next;
}

static void
stop(struct http *h)
{
	struct engine *e = h->engine;

	timer_clear(e->loop, &h->timer);
	if (!h->running)
		return;
	h->running = false;
	e->busy++;
	(void)curl_multi_remove_handle(e->multi, h->easy);
	e->busy--;
}

static void
finish(struct http *h, enum http_end how, const char *reason)
{
	stop(h);
	if (h->dropped || h->events.end == NULL)
		return;
	h->engine->busy++;
	h->events.end(h->events.arg, how, reason);
	h->engine->busy--;
}

static void
release_handle(struct engine *e, CURL *easy)
{
	if (easy == NULL || e->n_spare == SPARE_HANDLES) {
		curl_easy_cleanup(easy);
		return;
	}
	curl_easy_reset(easy);
	e->spare[e->n_spare++] = easy;
}

static void
destroy(struct http *h)
{
	stop(h);
	unlist(h);
	release_handle(h->engine, h->easy);
	arena_free(h->arena);
}

void
http_free(struct http *h)
{
	struct engine *e;

	if (h == NULL || h->dropped)
		return;
	e = h->engine;
	if (e->busy == 0) {
		destroy(h);
		return;
	}
	h->dropped = true;
	e->dropped = true;
}

/* Curl's own words, unless they could quote the credentials of a URL. */
static const char *
curl_reason(const struct http *h, CURLcode code)
{
	if (h->error[0] == '\0' || strchr(h->error, '@') != NULL)
		return curl_easy_strerror(code);
	return h->error;
}

static void
finish_curl(struct http *h, CURLcode code)
{
	char reason[80];

	if (code == CURLE_OK && (h->head || h->headless)) {
		finish(h, HTTP_OK, "complete");
	} else if (code == CURLE_OK) {
		finish(h, HTTP_NO_REPLY, "the head of the reply broke off");
	} else if (h->too_large) {
		(void)snprintf(reason, sizeof(reason),
		    "the reply is larger than %zu bytes", h->max_body);
		finish(h, HTTP_TOO_LARGE, reason);
	} else if (h->head) {
		finish(h, HTTP_CUT, curl_reason(h, code));
	} else if (code == CURLE_OPERATION_TIMEDOUT && h->clocks.connect > 0) {
		(void)snprintf(reason, sizeof(reason),
		    "no connection within %lld ms (connect)",
		    (long long)h->clocks.connect);
		finish(h, HTTP_CLOCK, reason);
	} else {
		finish(h, HTTP_NO_REPLY, curl_reason(h, code));
	}
}

static void
take_results(struct engine *e)
{
	CURLMsg *msg;
	int left;

	while ((msg = curl_multi_info_read(e->multi, &left)) != NULL) {
		CURLcode code = msg->data.result;
		struct http *h = NULL;

		(void)curl_easy_getinfo(
		    msg->easy_handle, CURLINFO_PRIVATE, (char **)&h);
		finish_curl(h, code);
	}
}

static void
after_turn(void *arg)
{
	struct engine *e = arg;
	struct http *h, *next;

	if (e->moved)
		take_results(e);
	e->moved = false;
	if (!e->dropped)
		return;
	e->dropped = false;
	for (h = e->alive; h != NULL; h = next) {
		next = h->next;
		if (h->dropped)
			destroy(h);
	}
}

static void
free_engine(void *arg)
{
	struct engine *e = arg;

	while (e->alive != NULL)
		destroy(e->alive);
	while (e->n_spare > 0)
		curl_easy_cleanup(e->spare[--e->n_spare]);
	timer_clear(e->loop, &e->timer);
	if (e->multi != NULL)
		(void)curl_multi_cleanup(e->multi);
	timer_clear(e->loop, &e->timer);
	free(e);
}

static struct engine *
get_engine(struct loop *loop)
{
	struct loop_engine *slot = loop_engine(loop, LOOP_HTTP);
	struct engine *e = slot->arg;

	if (e != NULL)
		return e;
	e = xcalloc(1, sizeof(*e));
	e->loop = loop;
	*slot = (struct loop_engine){after_turn, free_engine, e};
	return e;
}

/* Loading libcurl's TLS takes time that only those who call should pay. */
static int
open_multi(struct engine *e, struct err *err)
{
	CURLMcode rc = CURLM_OK;
	CURLM *m;

	if (e->multi != NULL)
		return 0;
	if (curl_load(err) < 0)
		return -1;
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK ||
	    (m = curl_multi_init()) == NULL)
		return fail(err, ERR_INTERNAL, "libcurl does not start");
	rc |= curl_multi_setopt(m, CURLMOPT_SOCKETFUNCTION, on_socket);
	rc |= curl_multi_setopt(m, CURLMOPT_SOCKETDATA, e);
	rc |= curl_multi_setopt(m, CURLMOPT_TIMERFUNCTION, on_timer);
	rc |= curl_multi_setopt(m, CURLMOPT_TIMERDATA, e);
	rc |= curl_multi_setopt(m, CURLMOPT_MAXCONNECTS, MAX_CONNECTIONS);
	e->multi = m;
	http_trust_find(&e->trust);
	if (rc != CURLM_OK)
		return fail(err, ERR_INTERNAL, "libcurl lacks an option");
	return 0;
}

#define SET(option, value) (rc |= curl_easy_setopt(h->easy, option, value))

/* Whom curl calls, and what is the same for every exchange. */
static CURLcode
set_common(struct http *h)
{
	CURLcode rc = CURLE_OK;

	SET(CURLOPT_PRIVATE, h);
	SET(CURLOPT_ERRORBUFFER, h->error);
	SET(CURLOPT_HEADERFUNCTION, on_header);
	SET(CURLOPT_HEADERDATA, h);
	SET(CURLOPT_WRITEFUNCTION, on_body);
	SET(CURLOPT_WRITEDATA, h);
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_QUICK_EXIT, 1L); /* do not wait for a resolver */
	SET(CURLOPT_TCP_NODELAY, 1L);
	SET(CURLOPT_TCP_KEEPALIVE, 1L);
	SET(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	SET(CURLOPT_USERAGENT, "agentmark-fcgi/" PACKAGE_VERSION);
	return rc;
}

static struct http *
new_http(struct engine *e, const struct http_request *r,
    const struct http_events *events)
{
	struct arena *a = arena_new(NULL);
	struct http *h = arena_zalloc(a, sizeof(*h));

	h->engine = e;
	h->arena = a;
	h->events = *events;
	h->clocks = r->clocks;
	h->max_body = r->max_body;
	h->headless = r->mail != NULL || r->connect_only;
	h->started = loop_now(e->loop);
	h->easy = e->n_spare > 0 ? e->spare[--e->n_spare] : curl_easy_init();
	h->next = e->alive;
	if (h->next != NULL)
		h->next->prev = h;
	e->alive = h;
	return h;
}

struct http *
http_start(struct loop *loop, const struct http_request *request,
    const struct http_events *events, struct err *err)
{
	struct engine *e = get_engine(loop);
	struct http *h;

	if (http_request_check(request, err) < 0 || open_multi(e, err) < 0)
		return NULL;
	h = new_http(e, request, events);
	if (h->easy == NULL || set_common(h) != CURLE_OK ||
	    http_request_set(h->easy, request, h->arena, &e->trust) !=
		CURLE_OK ||
	    curl_multi_add_handle(e->multi, h->easy) != CURLM_OK) {
		(void)fail(err, ERR_INTERNAL, "libcurl refuses a request");
		destroy(h);
		return NULL;
	}
	h->running = true;
	set_clock(h);
	return h;
}

void
http_pause(struct http *h)
{
	if (!h->running || h->paused)
		return;
	h->paused = true;
	if (!h->resuming)
		(void)curl_easy_pause(h->easy, CURLPAUSE_RECV);
	h->resuming = false;
}

/* Not at once, because data may come from loop_turn() only. */
void
http_resume(struct http *h)
{
	if (!h->running || !h->paused)
		return;
	h->paused = false;
	h->resuming = true;
	timer_set(
	    h->engine->loop, &h->timer, loop_now(h->engine->loop), on_clock, h);
}

int
http_status(struct http *h)
{
	long status = 0;

	(void)curl_easy_getinfo(h->easy, CURLINFO_RESPONSE_CODE, &status);
	return (int)status;
}

const char *
http_header(struct http *h, const char *name)
{
	struct curl_header *found;

	if (curl_easy_header(h->easy, name, 0, CURLH_HEADER, -1, &found) !=
	    CURLHE_OK)
		return NULL;
	return found->value;
}

void
http_facts(struct http *http, struct http_facts *facts)
{
	http_facts_read(http->easy, facts);
	facts->reused = facts->reused && http->head;
	facts->date = http_date_ms(http_header(http, "date"));
}

/* libcurl draws its first random bytes for the boundary of a MIME document,
 * and with them the TLS library's generator starts. */
void
http_warm_up(struct loop *loop)
{
	struct engine *e = get_engine(loop);
	struct err err = {0};
	CURL *easy;

	if (open_multi(e, &err) < 0) {
		err_free(&err);
		return;
	}
	easy = curl_easy_init();
	if (easy != NULL)
		curl_mime_free(curl_mime_init(easy));
	curl_easy_cleanup(easy);
}
