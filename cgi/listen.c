/* Makes listening sockets and finds those that were passed.  It refuses to
 * know what arrives at them. */
#include "listen.h"

#include <errno.h>
#include <grp.h>
#include <netdb.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* The first descriptor that systemd passes (sd_listen_fds(3)). */
enum { LISTEN_FDS_START = 3 };

bool
listen_accepts(int fd)
{
	int listens = 0;
	socklen_t len = sizeof(listens);

	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len) == 0 &&
	       listens != 0;
}

int
listen_activated(void)
{
	const char *pid = getenv("LISTEN_PID"), *n = getenv("LISTEN_FDS");
	char own[32];

	(void)snprintf(own, sizeof(own), "%ld", (long)getpid());
	if (pid == NULL || n == NULL || strcmp(pid, own) != 0 || atoi(n) < 1)
		return -1;
	return LISTEN_FDS_START;
}

/* --- a path */

/* A number, or -1. */
static int64_t
number(const char *text)
{
	char *end;
	unsigned long n;

	if (*text < '0' || *text > '9')
		return -1;
	errno = 0;
	n = strtoul(text, &end, 10);
	return *end == '\0' && errno == 0 && n < UINT32_MAX ? (int64_t)n : -1;
}

static int
find_user(const char *name, uid_t *uid, struct err *err)
{
	int64_t n = number(name);
	const struct passwd *user = n == -1 ? getpwnam(name) : NULL;

	if (n == -1 && user == NULL)
		return fail(err, ERR_UNCONFIGURED, "there is no user %s", name);
	*uid = user != NULL ? user->pw_uid : (uid_t)n;
	return 0;
}

static int
find_group(const char *name, gid_t *gid, struct err *err)
{
	int64_t n = number(name);
	const struct group *group = n == -1 ? getgrnam(name) : NULL;

	if (n == -1 && group == NULL)
		return fail(
		    err, ERR_UNCONFIGURED, "there is no group %s", name);
	*gid = group != NULL ? group->gr_gid : (gid_t)n;
	return 0;
}

static int
give_away(const char *path, const char *owner, struct err *err)
{
	const char *colon = strchr(owner, ':');
	size_t len = colon != NULL ? (size_t)(colon - owner) : strlen(owner);
	uid_t uid = (uid_t)-1;
	gid_t gid = (gid_t)-1;
	char user[256];

	if (len >= sizeof(user))
		return fail(
		    err, ERR_UNCONFIGURED, "there is no user %s", owner);
	(void)snprintf(user, sizeof(user), "%.*s", (int)len, owner);
	if (len > 0 && find_user(user, &uid, err) == -1)
		return -1;
	if (colon != NULL && colon[1] != '\0' &&
	    find_group(colon + 1, &gid, err) == -1)
		return -1;
	if (chown(path, uid, gid) == -1)
		return fail(err, ERR_UNCONFIGURED, "cannot give %s to %s: %s",
		    path, owner, strerror(errno));
	return 0;
}

static int
remove_stale(const struct sockaddr_un *address, struct err *err)
{
	const char *path = address->sun_path;
	struct stat st;
	int fd, rc;

	if (lstat(path, &st) == -1)
		return 0;
	if (!S_ISSOCK(st.st_mode))
		return fail(
		    err, ERR_UNCONFIGURED, "%s is there and no socket", path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd == -1)
		return fail(err, ERR_UNCONFIGURED, "cannot make a socket: %s",
		    strerror(errno));
	rc = connect(fd, (const struct sockaddr *)address, sizeof(*address));
	if (rc == -1 && errno != ECONNREFUSED)
		rc = errno == ENOENT ? -1 : 0;
	(void)close(fd);
	if (rc == 0)
		return fail(err, ERR_UNCONFIGURED,
		    "somebody listens at %s already", path);
	(void)unlink(path);
	return 0;
}

/* Its file is made without rights, which it gets before anybody can connect. */
static int
bind_path(struct listening *l, const struct sockaddr_un *address,
    const struct listen_conf *conf, struct err *err)
{
	const char *path = conf->address;
	mode_t mask = umask(0777);
	int rc =
	    bind(l->fd, (const struct sockaddr *)address, sizeof(*address));
	int failed = errno;
	struct stat st;

	(void)umask(mask);
	if (rc == -1)
		return fail(err, ERR_UNCONFIGURED, "cannot listen at %s: %s",
		    path, strerror(failed));
	l->path = path;
	if (lstat(path, &st) == 0) {
		l->dev = st.st_dev;
		l->ino = st.st_ino;
	}
	if (conf->owner != NULL && give_away(path, conf->owner, err) == -1)
		return -1;
	if (chmod(path, (mode_t)conf->mode) == -1)
		return fail(err, ERR_UNCONFIGURED,
		    "cannot change the mode of %s: %s", path, strerror(errno));
	return 0;
}

static int
open_path(struct listening *l, const struct listen_conf *conf, struct err *err)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	if (strlen(conf->address) >= sizeof(address.sun_path))
		return fail(err, ERR_UNCONFIGURED,
		    "the path of the socket is too long: %s", conf->address);
	(void)snprintf(
	    address.sun_path, sizeof(address.sun_path), "%s", conf->address);
	if (remove_stale(&address, err) == -1)
		return -1;
	l->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (l->fd == -1)
		return fail(err, ERR_UNCONFIGURED, "cannot make a socket: %s",
		    strerror(errno));
	return bind_path(l, &address, conf, err);
}

/* --- an address */

/* Parts ADDR:PORT in TEXT; IPv6 stands in brackets. */
static bool
part(char *text, const char **addr, const char **port)
{
	char *colon = strrchr(text, ':');

	if (colon == NULL || colon == text || colon[1] == '\0')
		return false;
	*colon = '\0';
	*port = colon + 1;
	*addr = text;
	if (text[0] != '[')
		return strchr(text, ':') == NULL;
	if (colon[-1] != ']')
		return false;
	colon[-1] = '\0';
	*addr = text + 1;
	return true;
}

static int
bind_address(struct listening *l, const struct addrinfo *at)
{
	const int yes = 1;

	l->fd = socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (l->fd == -1)
		return -1;
	(void)setsockopt(l->fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	return bind(l->fd, at->ai_addr, at->ai_addrlen);
}

static int
open_address(
    struct listening *l, const struct listen_conf *conf, struct err *err)
{
	const struct addrinfo hints = {
	    .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
	    .ai_socktype = SOCK_STREAM,
	};
	struct addrinfo *found = NULL;
	const char *addr, *port;
	char text[128];
	int rc;

	if ((size_t)snprintf(text, sizeof(text), "%s", conf->address) >=
		sizeof(text) ||
	    !part(text, &addr, &port) ||
	    getaddrinfo(addr, port, &hints, &found) != 0)
		return fail(err, ERR_UNCONFIGURED,
		    "this is neither a path nor ADDR:PORT: %s", conf->address);
	rc = bind_address(l, found);
	freeaddrinfo(found);
	if (rc == -1)
		return fail(err, ERR_UNCONFIGURED, "cannot listen at %s: %s",
		    conf->address, strerror(errno));
	return 0;
}

/* --- both */

static bool
is_path(const char *address)
{
	return strchr(address, '/') != NULL || strchr(address, ':') == NULL;
}

int
listen_open(
    struct listening *l, const struct listen_conf *conf, struct err *err)
{
	int rc;

	*l = (struct listening){.fd = -1};
	rc = is_path(conf->address) ? open_path(l, conf, err)
				    : open_address(l, conf, err);
	if (rc == 0 && listen(l->fd, SOMAXCONN) == -1)
		rc = fail(err, ERR_UNCONFIGURED, "cannot listen at %s: %s",
		    conf->address, strerror(errno));
	if (rc == -1)
		listen_close(l);
	return rc;
}

void
listen_close(struct listening *l)
{
	struct stat st;

	if (l->fd != -1) {
		(void)shutdown(l->fd, SHUT_RDWR);
		(void)close(l->fd);
	}
	if (l->path != NULL && lstat(l->path, &st) == 0 &&
	    st.st_dev == l->dev && st.st_ino == l->ino)
		(void)unlink(l->path);
	*l = (struct listening){.fd = -1};
}
