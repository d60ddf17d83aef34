/* Slots are locks of flock(2), which the kernel gives back when their process
 * ends, however it ends.  It refuses to know what they are taken for. */
#include "slots.h"

#include <sys/file.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void
default_dir(char *path, size_t size)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");

	if (runtime != NULL && runtime[0] == '/' &&
	    strlen(runtime) + sizeof("/agentmark-fcgi") <= size)
		(void)snprintf(path, size, "%s/agentmark-fcgi", runtime);
	else
		(void)snprintf(
		    path, size, "/tmp/agentmark-fcgi-%ld", (long)geteuid());
}

/* Somebody else's directory could hold all slots, or be a trap. */
static int
check_dir(int fd, const char *path, struct err *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return fail(err, ERR_INTERNAL, "%s: %s", path, strerror(errno));
	if (st.st_uid != geteuid() || (st.st_mode & 077) != 0)
		return fail(err, ERR_UNCONFIGURED,
		    "%s must belong to the user of this program and be closed "
		    "to all others (mode 0700)",
		    path);
	return 0;
}

int
private_dir(const char *path, struct err *err)
{
	int fd;

	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return fail(err, ERR_UNCONFIGURED, "%s cannot be made: %s",
		    path, strerror(errno));
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return fail(err, ERR_UNCONFIGURED, "%s cannot be opened: %s",
		    path, strerror(errno));
	if (check_dir(fd, path, err) == 0)
		return fd;
	(void)close(fd);
	return -1;
}

static int
busy(int64_t n, struct err *err)
{
	if (n == 1)
		return fail(err, ERR_BUSY,
		    "1 experiment is running already, try again later");
	return fail(err, ERR_BUSY,
	    "%" PRId64 " experiments are running already, try again later", n);
}

/* 1: it is taken already. */
static int
try_slot(int dir, int64_t i, int *slot, struct err *err)
{
	char name[40];
	int fd, rc;

	(void)snprintf(name, sizeof(name), "experiment-%" PRId64, i);
	fd = openat(dir, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return fail(err, ERR_INTERNAL,
		    "the file of a slot cannot be opened: %s", strerror(errno));
	if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
		*slot = fd;
		return 0;
	}
	rc = errno == EWOULDBLOCK
		 ? 1
		 : fail(err, ERR_INTERNAL, "a slot cannot be locked: %s",
		       strerror(errno));
	(void)close(fd);
	return rc;
}

int
slot_take(const char *dir, int64_t n, struct err *err)
{
	char path[PATH_MAX];
	int fd, slot = -1, rc = 1;

	if (dir == NULL) {
		default_dir(path, sizeof(path));
		dir = path;
	}
	fd = private_dir(dir, err);
	if (fd < 0)
		return -1;
	for (int64_t i = 0; i < n && rc == 1; i++)
		rc = try_slot(fd, i, &slot, err);
	(void)close(fd);
	return rc == 1 ? busy(n, err) : slot;
}

void
slot_release(int slot)
{
	if (slot >= 0)
		(void)close(slot);
}
