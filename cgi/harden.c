/* Makes the process a safe place for secrets and its signals predictable.  It
 * refuses to know what the process is for. */
#include "harden.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAVE_SANITIZER 1
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define HAVE_SANITIZER 1
#endif

static void
open_missing(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd != -1)
		(void)close(fd);
}

static void
close_on_exec(void)
{
#ifdef CLOSE_RANGE_CLOEXEC
	if (close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC) == 0)
		return;
#endif
	for (int fd = STDERR_FILENO + 1; fd < 256; fd++)
		(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
}

/* Large bodies go back to the system when they are freed; glibc would raise
 * its threshold with every one of them and keep the memory. */
static void
bound_heap(void)
{
#ifdef M_MMAP_THRESHOLD
	(void)mallopt(M_MMAP_THRESHOLD, 1 << 20);
	(void)mallopt(M_TRIM_THRESHOLD, 1 << 20);
#endif
}

void
harden_process(void)
{
	const struct rlimit none = {0, 0};

	open_missing();
	close_on_exec();
	bound_heap();
	(void)umask(027);
	(void)signal(SIGPIPE, SIG_IGN);
	/* A file that may not grow is an error of write(), not an end. */
	(void)signal(SIGXFSZ, SIG_IGN);
	(void)setrlimit(RLIMIT_CORE, &none);
	(void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
#ifndef HAVE_SANITIZER
	/* A leak checker has to trace the process. */
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}

/* The signal flag: what the handlers write to. */
static volatile sig_atomic_t stop_socket = -1;

static void
on_stop(int number)
{
	int saved = errno;

	(void)number;
	if (send(stop_socket, "", 1, MSG_DONTWAIT | MSG_NOSIGNAL) == -1)
		errno = saved; /* it is full: it has been said */
	errno = saved;
}

int
harden_stop_fd(void)
{
	struct sigaction action = {.sa_handler = on_stop};
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == -1)
		return -1;
	stop_socket = pair[1];
	action.sa_flags = SA_RESTART;
	(void)sigemptyset(&action.sa_mask);
	(void)sigaction(SIGTERM, &action, NULL);
	(void)sigaction(SIGUSR1, &action, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)sigprocmask(SIG_SETMASK, &action.sa_mask, NULL);
	return pair[0];
}

void
harden_hold_stop(bool hold)
{
	sigset_t stop;

	(void)sigemptyset(&stop);
	(void)sigaddset(&stop, SIGTERM);
	(void)sigaddset(&stop, SIGUSR1);
	(void)sigprocmask(hold ? SIG_BLOCK : SIG_UNBLOCK, &stop, NULL);
}

static void
on_other(int number)
{
	(void)number;
}

/* A handler, since programs that are started would go on ignoring. */
void
harden_as_worker(void)
{
	struct sigaction action = {.sa_handler = on_other};

	action.sa_flags = SA_RESTART;
	(void)sigemptyset(&action.sa_mask);
	(void)sigaction(SIGINT, &action, NULL);
	(void)sigaction(SIGHUP, &action, NULL);
	(void)sigaction(SIGUSR2, &action, NULL);
}

/* A reader of a pipe would wait for its end. */
static bool
is_waited_for(int fd)
{
	struct stat st;

	return fd != STDERR_FILENO || fstat(fd, &st) == -1 ||
	       S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode);
}

bool
harden_detach(void)
{
	int null;

	if (fork() != 0)
		return false;
	(void)setsid();
	(void)signal(SIGTERM, SIG_DFL);
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (is_waited_for(fd))
			(void)dup2(null, fd);
	if (null != -1)
		(void)close(null);
	return true;
}

void
harden_default_signals(void)
{
	(void)signal(SIGTERM, SIG_DFL);
	(void)signal(SIGUSR1, SIG_DFL);
	(void)signal(SIGPIPE, SIG_IGN);
}
