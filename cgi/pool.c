/* The master of a pool: one poll(2) over signals and what workers report, and
 * after each of them the plan.  It answers no request and keeps no
 * configuration: what it loads to check it, it frees at once.  It refuses to
 * know how many workers there should be. */
#include "pool_int.h"

#include "../common/base/clock.h"
#include "../common/base/log.h"
#include "../common/base/xalloc.h"
#include "cli.h"
#include "cli_args.h"
#include "request.h"
#include "serve.h"
#include "version.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum { STATUS_MS = 60000 };

/* Every signal that the master waits for. */
static const int signals[] = {
    SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2, SIGCHLD};

static void
log_status(const struct pool *pool)
{
	struct tally t = pool_count(pool);

	log_line(LEVEL_INFO, "pool",
	    "idle=%" PRId64 " busy=%" PRId64 " workers=%" PRId64
	    " requests=%" PRId64 " respawned=%" PRId64,
	    t.idle, t.busy, t.all, pool->requests, pool->respawned);
}

static void
log_status_in_time(struct pool *pool)
{
	if (pool->now >= pool->status_at) {
		pool->status_at = pool->now + STATUS_MS;
		log_status(pool);
	}
	pool_wake_at(pool, pool->status_at);
}

/* --- configuration */

/* Whether it is good.  What is wrong with it goes to the log; a master that
 * STARTS has none yet. */
static bool
check_conf(const struct pool *pool, bool starts)
{
	struct conf_source source = {.file = pool->conf_file};
	struct conf *conf = conf_load(&source);
	bool good = conf->code == CONF_OK;

	if (good || starts)
		gate_open_log(conf);
	conf_log(conf, LEVEL_WARNING);
	conf_free(conf);
	return good;
}

static void
reload(struct pool *pool)
{
	if (pool->stopping)
		return;
	if (check_conf(pool, false))
		pool_replace(pool);
	else
		log_reason(LEVEL_ERROR, "pool_not_reloaded",
		    "the configuration is wrong, that of before stays in use");
}

/* --- signals */

static void
stop(struct pool *pool)
{
	if (!pool->stopping) {
		log_line(LEVEL_INFO, "pool_stops", "workers=%zu", pool->n);
		pool_notify("STOPPING=1");
	}
	pool_stop(pool);
	listen_close(&pool->own);
}

static void
obey(struct pool *pool, int number)
{
	switch (number) {
	case SIGTERM:
	case SIGINT:
		stop(pool);
		return;
	case SIGHUP:
		reload(pool);
		return;
	case SIGUSR2:
		log_status(pool);
		return;
	case SIGCHLD:
		workers_reap(pool);
		return;
	default:
		/* SIGUSR1: a log that was renamed is opened anew anyway. */
		return;
	}
}

static void
hear_signals(struct pool *pool)
{
	struct signalfd_siginfo info;

	while (
	    read(pool->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
		obey(pool, (int)info.ssi_signo);
}

static int
open_signals(void)
{
	sigset_t set;

	(void)sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_LEN(signals); i++) {
		/* An ignored signal would not be told. */
		(void)signal(signals[i], SIG_DFL);
		(void)sigaddset(&set, signals[i]);
	}
	if (sigprocmask(SIG_BLOCK, &set, NULL) == -1)
		return -1;
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* --- the loop */

static int
wait_ms(const struct pool *pool)
{
	int64_t left = pool->wake - pool->now;

	if (left < 0)
		return 0;
	return left < INT_MAX ? (int)left : INT_MAX;
}

static void
tell_ready(struct pool *pool)
{
	for (size_t i = 0; i < pool->n && !pool->ready; i++) {
		if (pool->workers[i].state == WORKER_STARTING)
			continue;
		pool->ready = true;
		pool_notify("READY=1");
	}
}

/* Reports come before signals: what a worker said counts when it has ended. */
static void
turn(struct pool *pool)
{
	size_t n;

	pool->wake = INT64_MAX;
	pool->now = clock_mono_ms();
	pool_plan(pool);
	log_status_in_time(pool);
	n = pool->n;
	pool->fds[0] = (struct pollfd){.fd = pool->signal_fd, .events = POLLIN};
	for (size_t i = 0; i < n; i++)
		pool->fds[i + 1] = (struct pollfd){
		    .fd = pool->workers[i].fd, .events = POLLIN};
	if (poll(pool->fds, (nfds_t)(n + 1), wait_ms(pool)) <= 0)
		return;
	pool->now = clock_mono_ms();
	for (size_t i = 0; i < n; i++)
		if (pool->fds[i + 1].revents != 0)
			(void)worker_hear(pool, &pool->workers[i]);
	tell_ready(pool);
	if (pool->fds[0].revents != 0)
		hear_signals(pool);
}

static void
run(struct pool *pool)
{
	pool->now = clock_mono_ms();
	pool->status_at = pool->now + STATUS_MS;
	while (!pool->stopping || pool->n > 0)
		turn(pool);
	log_status(pool);
}

/* --- start */

static int
open_socket(struct pool *pool, struct err *err)
{
	if (pool->options.listen.address != NULL) {
		if (listen_open(&pool->own, &pool->options.listen, err) == -1)
			return -1;
		pool->listen_fd = pool->own.fd;
		return 0;
	}
	pool->listen_fd = STDIN_FILENO;
	if (!listen_accepts(pool->listen_fd))
		pool->listen_fd = listen_activated();
	if (pool->listen_fd == -1 || !listen_accepts(pool->listen_fd))
		return fail(err, ERR_UNCONFIGURED,
		    "no listening socket is passed: where to --listen?");
	return 0;
}

static int
set_up(struct pool *pool, struct err *err)
{
	if (open_socket(pool, err) == -1)
		return -1;
	/* They are for this process alone. */
	(void)unsetenv("LISTEN_PID");
	(void)unsetenv("LISTEN_FDS");
	(void)unsetenv("LISTEN_FDNAMES");
	pool->signal_fd = open_signals();
	if (pool->signal_fd == -1)
		return fail(err, ERR_INTERNAL, "cannot wait for signals: %s",
		    strerror(errno));
	return 0;
}

static int
run_pool(struct pool *pool)
{
	size_t places = (size_t)pool->options.max + 1;
	struct err err = {0};
	int status = 0;

	pool->workers = xcalloc(places, sizeof(pool->workers[0]));
	pool->fds = xcalloc(places + 1, sizeof(pool->fds[0]));
	if (set_up(pool, &err) == 0) {
		(void)check_conf(pool, true);
		log_line(LEVEL_INFO, "pool_started",
		    "listen=\"%s\" min=%" PRId64 " max=%" PRId64,
		    pool->own.fd != -1 ? pool->options.listen.address
				       : "passed",
		    pool->options.min, pool->options.max);
		run(pool);
	} else {
		(void)fprintf(stderr, PROGRAM ": pool: %s\n", err.msg);
		status = EXIT_FAILED;
	}
	listen_close(&pool->own);
	if (pool->signal_fd != -1)
		(void)close(pool->signal_fd);
	free(pool->workers);
	free(pool->fds);
	err_free(&err);
	return status;
}

/* The path, which may hold another program at the next reload. */
static void
find_program(char *path, size_t size)
{
	static const char self[] = "/proc/self/exe";
	ssize_t n = readlink(self, path, size - 1);

	if (n > 0)
		path[n] = '\0';
	else
		(void)snprintf(path, size, "%s", self);
}

int
pool_command(const char *file, int n_args, char *const *args)
{
	struct pool pool = {
	    .conf_file = file,
	    .own = {.fd = -1},
	    .listen_fd = -1,
	    .signal_fd = -1,
	};
	char program[PATH_MAX];
	int rc;

	if (n_args == 1 && strcmp(args[0], POOL_WORKER_ARG) == 0 &&
	    listen_accepts(STDIN_FILENO))
		return serve_fcgi(file, STDIN_FILENO, POOL_MASTER_FD);
	rc = pool_options_read(&pool.options, n_args, args);
	if (rc != 0)
		return rc;
	find_program(program, sizeof(program));
	pool.program = program;
	return run_pool(&pool);
}
