/* A person who has seen enough: the first signal ends a run in good order, so
 * that it can go on later, the second one ends the program.  It refuses to know
 * what runs. */
#include "study.h"

#include <sys/socket.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

/* What the handler writes to, and how often it was called. */
static volatile sig_atomic_t stop_socket = -1;
static volatile sig_atomic_t stop_signals;

static void
on_stop(int number)
{
	int saved = errno;

	if (stop_signals++ > 0)
		_exit(128 + number);
	(void)shutdown(stop_socket, SHUT_RDWR);
	errno = saved;
}

int
study_catch_stop(struct study *s, struct err *err)
{
	struct sigaction action = {.sa_handler = on_stop};
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == -1)
		return fail(err, ERR_INTERNAL, "no socket for signals: %s",
		    strerror(errno));
	stop_socket = pair[1];
	s->stop_fd = pair[0];
	action.sa_flags = SA_RESTART;
	(void)sigemptyset(&action.sa_mask);
	(void)sigaction(SIGINT, &action, NULL);
	(void)sigaction(SIGTERM, &action, NULL);
	return 0;
}

bool
study_is_stopped(void)
{
	return stop_signals > 0;
}
