/* One worker as its master sees it: how it is started, what it reports, how it
 * ends.  A worker is the program started anew, not a copy of the master: it
 * inherits a socket and a channel, and no memory, descriptor or state of a
 * library; a reload takes a program that was replaced, too.  It refuses to know
 * how many there should be. */
#include "pool_int.h"

#include "../common/base/clock.h"
#include "../common/base/log.h"
#include "version.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* One that dies sooner than this has died young; how long then no other is
 * started, the second time and at most. */
enum { YOUNG_MS = 1000, BACKOFF_MS = 1000, BACKOFF_MAX_MS = 30000 };

/* What a worker has for an error, and for what it has to deliver. */
enum { HURRY_MS = 3000 };

/* --- start */

static void
fail_start(struct pool *pool)
{
	int64_t wait = pool->failures == 0 ? 0 : BACKOFF_MS;

	for (int i = 1; i < pool->failures && wait < BACKOFF_MAX_MS; i++)
		wait *= 2;
	if (wait > BACKOFF_MAX_MS)
		wait = BACKOFF_MAX_MS;
	pool->failures++;
	pool->failed_at = pool->now;
	pool->not_before = pool->now + wait;
}

static void
keep_open(int fd, int as)
{
	if (fd == as)
		(void)fcntl(fd, F_SETFD, 0);
	else
		(void)dup2(fd, as);
}

/* In the child.  The signals stay blocked until the worker can take them. */
static void
become_worker(const struct pool *pool, int channel)
{
	const char *argv[6] = {PROGRAM};
	size_t n = 1;

	if (pool->conf_file != NULL) {
		argv[n++] = "--config";
		argv[n++] = pool->conf_file;
	}
	argv[n++] = "pool";
	argv[n] = POOL_WORKER_ARG;
	keep_open(pool->listen_fd, STDIN_FILENO);
	keep_open(channel, POOL_MASTER_FD);
	/* execv(3) does not write to what it is given. */
	(void)execv(pool->program, (char *const *)(uintptr_t)argv);
	_exit(127);
}

bool
worker_start(struct pool *pool)
{
	struct worker w = {.state = WORKER_STARTING};
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == -1) {
		log_reason(LEVEL_ERROR, "pool_fork", strerror(errno));
		fail_start(pool);
		return false;
	}
	w.pid = fork();
	if (w.pid == 0)
		become_worker(pool, pair[1]);
	(void)close(pair[1]);
	if (w.pid == -1) {
		log_reason(LEVEL_ERROR, "pool_fork", strerror(errno));
		(void)close(pair[0]);
		fail_start(pool);
		return false;
	}
	w.fd = pair[0];
	w.started = w.since = clock_mono_ms();
	w.generation = pool->generation;
	pool->workers[pool->n++] = w;
	log_line(LEVEL_DEBUG, "worker_started", "worker=%ld", (long)w.pid);
	return true;
}

/* --- reports */

/* Resident bytes; 0 when that cannot be told. */
static int64_t
memory_of(pid_t pid)
{
	long long size, resident;
	char path[40];
	FILE *file;
	int n;

	(void)snprintf(path, sizeof(path), "/proc/%ld/statm", (long)pid);
	file = fopen(path, "re");
	if (file == NULL)
		return 0;
	n = fscanf(file, "%lld %lld", &size, &resident);
	(void)fclose(file);
	return n == 2 ? (int64_t)resident * sysconf(_SC_PAGESIZE) : 0;
}

static void
count_request(struct pool *pool, struct worker *w)
{
	const struct pool_options *o = &pool->options;

	pool->requests++;
	w->requests++;
	w->worn = w->worn ||
		  (o->max_requests != 0 && w->requests >= o->max_requests) ||
		  (o->max_memory != 0 && memory_of(w->pid) > o->max_memory);
}

static void
take_report(struct pool *pool, struct worker *w, char report)
{
	w->state = report == POOL_BUSY ? WORKER_BUSY : WORKER_IDLE;
	w->since = pool->now;
	if (report == POOL_DONE)
		count_request(pool, w);
}

bool
worker_hear(struct pool *pool, struct worker *w)
{
	char reports[64];
	ssize_t n;

	if (w->fd == -1)
		return false;
	n = recv(w->fd, reports, sizeof(reports), MSG_DONTWAIT);
	for (ssize_t i = 0; i < n; i++)
		take_report(pool, w, reports[i]);
	if (n == 0 || (n == -1 && errno != EAGAIN && errno != EINTR)) {
		(void)close(w->fd);
		w->fd = -1;
	}
	return n == (ssize_t)sizeof(reports);
}

/* --- end */

void
worker_tell(struct worker *w, int64_t kill_at)
{
	if (!w->told || kill_at < w->kill_at)
		w->kill_at = kill_at;
	if (!w->told)
		(void)kill(w->pid, SIGTERM);
	w->told = true;
}

static void
hurry(const struct pool *pool, struct worker *w)
{
	if (w->hurried)
		return;
	w->hurried = true;
	w->kill_at = pool->now + HURRY_MS;
	(void)kill(w->pid, SIGTERM);
}

void
workers_kill(struct pool *pool)
{
	for (size_t i = 0; i < pool->n; i++) {
		struct worker *w = &pool->workers[i];

		if (!w->told || w->killed)
			continue;
		if (w->kill_at <= pool->now)
			hurry(pool, w);
		if (w->kill_at > pool->now) {
			pool_wake_at(pool, w->kill_at);
			continue;
		}
		w->killed = true;
		(void)kill(w->pid, SIGKILL);
		log_line(LEVEL_WARNING, "worker_killed",
		    "worker=%ld reason=\"it did not end in time\"",
		    (long)w->pid);
	}
}

/* Whether others live that were started since and have grown old: what failed
 * then is over. */
static bool
has_recovered(const struct pool *pool)
{
	for (size_t i = 0; i < pool->n; i++)
		if (pool->workers[i].started > pool->failed_at &&
		    pool->now - pool->workers[i].started >= YOUNG_MS)
			return true;
	return false;
}

static const char *
end_of(int status)
{
	return WIFSIGNALED(status) ? "signal" : "status";
}

static int
number_of(int status)
{
	return WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
}

static void
mourn(struct pool *pool, const struct worker *w, int status)
{
	int64_t age = pool->now - w->started;

	log_line(LEVEL_WARNING, "worker_died",
	    "worker=%ld %s=%d ms=%" PRId64 " requests=%" PRId64, (long)w->pid,
	    end_of(status), number_of(status), age, w->requests);
	pool->respawned++;
	if (age >= YOUNG_MS || has_recovered(pool))
		pool->failures = 0;
	/* Those that were started together fail together, once. */
	if (age < YOUNG_MS &&
	    (pool->failures == 0 || w->started >= pool->failed_at))
		fail_start(pool);
}

static void
bury(struct pool *pool, size_t i, int status)
{
	struct worker w = pool->workers[i];

	while (worker_hear(pool, &w))
		continue;
	if (w.fd != -1)
		(void)close(w.fd);
	pool->workers[i] = pool->workers[--pool->n];
	if (!w.told) {
		mourn(pool, &w, status);
		return;
	}
	log_line(status == 0 || w.killed ? LEVEL_DEBUG : LEVEL_WARNING,
	    "worker_ended", "worker=%ld %s=%d requests=%" PRId64, (long)w.pid,
	    end_of(status), number_of(status), w.requests);
}

void
workers_reap(struct pool *pool)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		for (size_t i = 0; i < pool->n; i++) {
			if (pool->workers[i].pid != pid)
				continue;
			bury(pool, i, status);
			break;
		}
	}
}
