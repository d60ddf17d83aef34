/* The accept loop.  The listening socket is in the same loop as everything
 * else, so that what outlives a request does not hold up the next one.  It
 * refuses to know what a request is. */
#include "serve.h"

#include "../common/base/log.h"
#include "../common/net/http.h"
#include "harden.h"
#include "pool.h"
#include "request.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

/* A listening socket that fails so often in a row is broken. */
enum { FAILURES_MAX = 100 };

/* How long is delivered what waits: by a worker that was told to end, and by a
 * CGI process and by one behind it, when nobody waits for them any more. */
enum { STOP_MS = 2000, CGI_MS = 2000, LINGER_MS = 15000 };

/* Signals that come closer together than this are one: a service manager's to
 * the whole group, and that of the master that passes it on. */
enum { TWICE_MS = 250 };

struct server {
	struct gate gate;
	struct conn *conn;
	struct loop *loop;
	int listen_fd;
	int master_fd; /* of a pool's master, or -1 */
	int stop_fd;   /* signals that ask for the end */
	int64_t stopped_at;
	struct timer patience;
	bool knock; /* a connection waits */
	bool kept;  /* the kept connection has something to say */
	bool stop;
	bool warm; /* what calls over TLS need has started */
};

void
gate_open_log(const struct conf *conf)
{
	struct err err = {0};

	log_set_level((enum log_level)conf->log_level);
	log_set_format((enum log_format)conf->log_format);
	if (log_open(conf->log_target.text, &err) == -1)
		log_reason(LEVEL_ERROR, "log", err.msg);
	err_free(&err);
}

void
gate_init(struct gate *gate, const char *conf_file)
{
	*gate = (struct gate){.source = {.file = conf_file}};
	gate->conf = conf_load(&gate->source);
	gate_open_log(gate->conf);
	gate->runner = runner_new(&gate->conf->settings);
}

void
gate_free(struct gate *gate)
{
	runner_free(gate->runner);
	conf_free(gate->conf);
}

/* A web server may wait for a CGI process, or end it: deliveries go on in a
 * process of their own.  Neither a store nor a connection goes with it, and
 * nothing that no store has. */
static void
deliver_behind(struct gate *gate)
{
	const struct settings *settings = &gate->conf->settings;
	bool owes = runner_owes(gate->runner);

	if (runner_holds(gate->runner)) {
		runner_deliver(gate->runner, CGI_MS);
		owes = runner_owes(gate->runner);
	}
	if (settings->store == NULL || !owes)
		return;
	runner_free(gate->runner);
	gate->runner = NULL;
	if (!harden_detach())
		return;
	gate->runner = runner_new(settings);
	runner_linger(gate->runner, LINGER_MS);
}

int
serve_cgi(const char *conf_file)
{
	struct conn *conn;
	struct gate gate;

	harden_default_signals();
	gate_init(&gate, conf_file);
	conf_log(gate.conf, LEVEL_ERROR);
	conn = conn_cgi_open();
	request_answer(&gate, conn);
	conn->ops->finish(conn);
	deliver_behind(&gate);
	conn->ops->free(conn);
	gate_free(&gate);
	return 0;
}

static void
note(void *arg, bool gone)
{
	bool *happened = arg;

	(void)gone;
	*happened = true;
}

static void
lose_patience(void *arg)
{
	struct server *s = arg;

	runner_stop(s->gate.runner);
}

/* The first time the running request may come to its end; the second time, or
 * when stop_timeout is over, it ends with an error. */
static void
stop(struct server *s)
{
	int64_t now = loop_now(s->loop), most = s->gate.conf->stop_ms;

	if (s->stop && now - s->stopped_at >= TWICE_MS)
		lose_patience(s);
	if (s->stop)
		return;
	s->stop = true;
	s->stopped_at = now;
	if (most > 0)
		timer_set(s->loop, &s->patience, now + most, lose_patience, s);
}

static void
on_signal(void *arg, bool gone)
{
	struct server *s = arg;
	char said[16];

	(void)gone;
	while (recv(s->stop_fd, said, sizeof(said), MSG_DONTWAIT) > 0)
		continue;
	stop(s);
}

static void
on_master(void *arg, bool gone)
{
	(void)gone;
	stop(arg);
}

static bool
calls_over_tls(const struct models *m)
{
	for (size_t i = 0; i < m->n_providers; i++)
		if (m->providers[i].api_key != NULL &&
		    m->providers[i].base_url != NULL &&
		    strncmp(m->providers[i].base_url, "https:", 6) == 0)
			return true;
	return false;
}

/* A worker that nobody waits for gets ready for its first call. */
static void
use_idle_time(struct server *s)
{
	if (s->warm)
		return;
	loop_turn(s->loop, 0);
	if (s->knock || s->kept || s->stop)
		return;
	s->warm = true;
	if (calls_over_tls(&s->gate.conf->settings.models))
		http_warm_up(s->loop);
}

/* Waits for a connection, or for the next request of one that the web server
 * keeps open.  The kept one is closed when somebody else knocks: it would make
 * everybody else wait. */
static void
wait_for_request(struct server *s)
{
	int kept_fd = conn_fcgi_kept(s->conn);
	struct watch *listening, *kept = NULL;

	s->knock = s->kept = false;
	listening = loop_watch(s->loop, s->listen_fd, note, &s->knock);
	if (kept_fd >= 0)
		kept = loop_watch(s->loop, kept_fd, note, &s->kept);
	use_idle_time(s);
	while (!s->knock && !s->kept && !s->stop)
		loop_turn(s->loop, -1);
	loop_unwatch(listening);
	loop_unwatch(kept);
	if (s->knock && !s->kept)
		conn_fcgi_drop(s->conn);
}

/* A report that finds no room is made good by the next one. */
static void
tell_master(const struct server *s, enum pool_report report)
{
	const char byte = (char)report;

	if (s->master_fd != -1 &&
	    send(s->master_fd, &byte, 1, MSG_DONTWAIT | MSG_NOSIGNAL) == -1)
		errno = 0;
}

/* libfcgi closes a connection whose first bytes it waits for when a signal
 * comes: the signal waits. */
static int
accept_request(struct server *s)
{
	int rc;

	harden_hold_stop(true);
	rc = conn_fcgi_accept(s->conn);
	harden_hold_stop(false);
	return rc;
}

static int
serve_requests(struct server *s)
{
	int failures = 0, rc;

	tell_master(s, POOL_IDLE);
	for (;;) {
		wait_for_request(s);
		if (s->stop)
			return 0;
		tell_master(s, POOL_BUSY);
		rc = accept_request(s);
		if (rc == 1) {
			request_answer(&s->gate, s->conn);
			s->conn->ops->finish(s->conn);
		}
		tell_master(s, rc == 1 ? POOL_DONE : POOL_IDLE);
		failures = rc == -1 ? failures + 1 : 0;
		if (failures == FAILURES_MAX) {
			log_reason(LEVEL_ERROR, "accept",
			    "the listening socket fails");
			return 1;
		}
	}
}

int
serve_fcgi(const char *conf_file, int listen_fd, int master_fd)
{
	struct server s = {.listen_fd = listen_fd, .master_fd = master_fd};
	struct watch *signals = NULL, *master = NULL;
	int rc = 1;

	gate_init(&s.gate, conf_file);
	if (master_fd == -1) /* it has been said by the master */
		conf_log(s.gate.conf, LEVEL_WARNING);
	s.loop = runner_loop(s.gate.runner);
	s.conn = conn_fcgi_open(listen_fd);
	if (master_fd != -1)
		harden_as_worker();
	s.stop_fd = harden_stop_fd();
	if (s.conn == NULL || s.stop_fd == -1) {
		log_reason(LEVEL_ERROR, "listen", strerror(errno));
	} else {
		signals = loop_watch(s.loop, s.stop_fd, on_signal, &s);
		if (master_fd != -1)
			master = loop_watch(s.loop, master_fd, on_master, &s);
		rc = serve_requests(&s);
		runner_deliver(s.gate.runner, STOP_MS);
	}
	timer_clear(s.loop, &s.patience);
	loop_unwatch(signals);
	loop_unwatch(master);
	if (s.conn != NULL)
		s.conn->ops->free(s.conn);
	gate_free(&s.gate);
	return rc;
}
