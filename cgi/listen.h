/* Listening sockets: those that somebody passes, and our own. */
#ifndef LISTEN_H
#define LISTEN_H

#include "../common/base/base.h"
#include "../common/base/err.h"

#include <sys/stat.h>

/* Whether FD is a socket that listens. */
bool listen_accepts(int fd) MUST_USE;

/* A socket of systemd's socket activation, or -1. */
int listen_activated(void) MUST_USE;

/* ADDRESS is the path of a Unix socket, or ADDR:PORT in numbers.  MODE and
 * OWNER (USER, :GROUP, USER:GROUP; NULL: as it is made) are for a path. */
struct listen_conf {
	const char *address, *owner;
	int64_t mode;
};

/* FD is -1 when there is none. */
struct listening {
	int fd;
	const char *path; /* borrowed; NULL: there is no file of ours */
	dev_t dev;
	ino_t ino;
};

/* A Unix socket that nobody serves any more is replaced; one that somebody
 * serves is an error.  Nobody can connect before mode and owner are right. */
int listen_open(struct listening *l, const struct listen_conf *conf,
    struct err *err) MUST_USE NONNULL;

/* Nobody can connect any more, in whatever process the socket is open, and its
 * file is gone, unless it has become somebody else's. */
void listen_close(struct listening *l) NONNULL;

#endif
