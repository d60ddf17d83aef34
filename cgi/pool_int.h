/* What the files of the pool's master share. */
#ifndef POOL_INT_H
#define POOL_INT_H

#include "listen.h"
#include "pool.h"

#include <poll.h>
#include <signal.h>
#include <sys/types.h>

struct pool_options {
	struct listen_conf listen; /* address NULL: it is passed */
	int64_t min, max, min_spare, max_spare;
	int64_t max_requests; /* of one worker; 0: any number */
	int64_t max_memory;   /* of one worker, bytes; 0: any */
	int64_t stop_ms, reload_ms;
};

/* What the program is started with as a worker, behind `pool`. */
#define POOL_WORKER_ARG "--worker"

enum worker_state { WORKER_STARTING, WORKER_IDLE, WORKER_BUSY };

struct worker {
	pid_t pid;
	int fd; /* what it reports arrives here; -1 when it has closed it */
	enum worker_state state;
	int64_t started, since; /* since: of its state */
	int64_t requests;
	int64_t kill_at;     /* of one that was told to end */
	unsigned generation; /* a reload makes another */
	bool told;	     /* it has got SIGTERM */
	bool hurried;	     /* and again */
	bool killed;	     /* and SIGKILL */
	bool worn;	     /* it has served enough, or has grown too large */
};

struct pool {
	struct pool_options options;
	const char *conf_file; /* NULL: it is looked for */
	const char *program;   /* what workers are made of */
	struct listening own;  /* a socket that we made */
	int listen_fd, signal_fd;
	struct worker *workers; /* places for one more than options.max */
	struct pollfd *fds;	/* the signals, then the workers */
	size_t n;
	int64_t now;  /* of the monotonic clock, as all times here */
	int64_t wake; /* when something is due */

	unsigned generation;
	bool replacing; /* workers of the last generation still stay */
	bool stopping, ready, full;
	int64_t failed_at;  /* when a worker last died young */
	int64_t not_before; /* when workers may be started again */
	int failures;	    /* that died young, one after another */
	int64_t short_since, many_since; /* too few or many idle; 0: no */
	int64_t grown_at;
	size_t batch;

	int64_t requests, respawned; /* since the master has started */
	int64_t status_at, full_at, stopped_at;
};

/* Parses ARGS, prints what is wrong: 0, or an exit status. */
int pool_options_read(
    struct pool_options *o, int n_args, char *const *args) MUST_USE NONNULL;

/* Starts a worker; false when that failed. */
bool worker_start(struct pool *pool) MUST_USE NONNULL;

/* SIGTERM, which ends it after its request, and SIGKILL at KILL_AT, or sooner
 * when that was said before. */
void worker_tell(struct worker *w, int64_t kill_at) NONNULL;

/* Reads what W has reported; true when there may be more. */
bool worker_hear(struct pool *pool, struct worker *w) NONNULL;

/* Removes those that have ended. */
void workers_reap(struct pool *pool) NONNULL;

/* SIGTERM again for those whose time is over, which makes them end their
 * request with an error, and SIGKILL for those that do not. */
void workers_kill(struct pool *pool) NONNULL;

/* How many there are.  The first three are of this generation and were not
 * told to end. */
struct tally {
	int64_t fresh, idle, starting;
	int64_t busy, all; /* of all */
};
struct tally pool_count(const struct pool *pool) NONNULL;

/* Something is due at AT. */
void pool_wake_at(struct pool *pool, int64_t at) NONNULL;

/* Starts and ends workers, so that there are as many as there should be. */
void pool_plan(struct pool *pool) NONNULL;

/* From now on all workers are to be replaced; told to end, all of them. */
void pool_replace(struct pool *pool) NONNULL;
void pool_stop(struct pool *pool) NONNULL;

/* Tells systemd, when it wants to be told; STATE is of sd_notify(3). */
void pool_notify(const char *state) NONNULL;

#endif
