/* The file of the store in its directory: it is made for this user alone, one
 * of somebody else is refused, and a broken one is put aside.  Never opens a
 * file that SQLite may have open, because closing it would end SQLite's locks.
 * It refuses to know what is in it. */
#include "store_int.h"

#include "../base/clock.h"
#include "../base/limits.h"

#include <sys/file.h>
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* What SQLite puts beside it. */
static const char *const beside[] = {"-wal", "-shm", "-journal"};

static int
split(const char *path, char *dir, size_t size, struct err *err)
{
	const char *slash = strrchr(path, '/');
	size_t len;

	if (slash == NULL) {
		(void)snprintf(dir, size, ".");
		return 0;
	}
	len = slash == path ? 1 : (size_t)(slash - path);
	if (len >= size || strlen(path) >= PATH_MAX - 64)
		return fail(
		    err, ERR_UNCONFIGURED, "%s: the path is too long", path);
	memcpy(dir, path, len);
	dir[len] = '\0';
	return 0;
}

/* In somebody else's directory a file could be exchanged for another. */
static int
check_dir(const char *dir, struct err *err)
{
	struct stat st;

	if (stat(dir, &st) == -1)
		return fail(
		    err, ERR_UNCONFIGURED, "%s: %s", dir, strerror(errno));
	if (!S_ISDIR(st.st_mode))
		return fail(err, ERR_UNCONFIGURED, "%s is no directory", dir);
	if ((st.st_uid != geteuid() && st.st_uid != 0) ||
	    (st.st_mode & 022) != 0)
		return fail(err, ERR_UNCONFIGURED,
		    "%s must belong to the user of this program or to root "
		    "and nobody else may write to it",
		    dir);
	return 0;
}

static int
check_file(const char *path, const struct stat *st, struct err *err)
{
	if (!S_ISREG(st->st_mode))
		return fail(err, ERR_UNCONFIGURED, "%s is no regular file%s",
		    path, S_ISLNK(st->st_mode) ? " but a link" : "");
	if (st->st_uid != geteuid() || (st->st_mode & 022) != 0)
		return fail(err, ERR_UNCONFIGURED,
		    "%s must belong to the user of this program and nobody "
		    "else may write to it",
		    path);
	return 0;
}

int
store_file_check(const char *path, struct err *err)
{
	char dir[PATH_MAX];
	struct stat st;

	if (split(path, dir, sizeof(dir), err) == -1)
		return -1;
	if (lstat(dir, &st) == -1 && errno == ENOENT) {
		if (strrchr(dir, '/') != NULL && strrchr(dir, '/') != dir)
			*strrchr(dir, '/') = '\0';
		if (access(dir, W_OK | X_OK) == -1)
			return fail(err, ERR_UNCONFIGURED,
			    "a directory in %s cannot be made: %s", dir,
			    strerror(errno));
		return 0;
	}
	if (check_dir(dir, err) == -1)
		return -1;
	if (access(dir, W_OK | X_OK) == -1)
		return fail(
		    err, ERR_UNCONFIGURED, "%s: %s", dir, strerror(errno));
	if (lstat(path, &st) == -1)
		return errno == ENOENT ? 0
				       : fail(err, ERR_UNCONFIGURED, "%s: %s",
					     path, strerror(errno));
	if (check_file(path, &st, err) == -1)
		return -1;
	if (access(path, R_OK | W_OK) == -1)
		return fail(
		    err, ERR_UNCONFIGURED, "%s: %s", path, strerror(errno));
	return 0;
}

/* A lock of flock(2) on the directory: it is none of SQLite's. */
int
store_file_lock(const char *path)
{
	struct err err = {0};
	char dir[PATH_MAX];
	int fd;

	if (split(path, dir, sizeof(dir), &err) == -1) {
		err_free(&err);
		return -1;
	}
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	/* Some file systems have no such locks: then there is none. */
	if (flock(fd, LOCK_EX | LOCK_NB) == -1 &&
	    (errno == EWOULDBLOCK || errno == EINTR)) {
		(void)close(fd);
		return -1;
	}
	return fd;
}

bool
store_file_nap(int64_t deadline)
{
	const struct timespec nap = {.tv_nsec = 5000000};

	if (clock_mono_ms() >= deadline)
		return false;
	(void)nanosleep(&nap, NULL);
	return true;
}

void
store_file_unlock(int lock)
{
	if (lock >= 0)
		(void)close(lock);
}

static void
remove_beside(const char *path)
{
	char name[PATH_MAX];

	for (size_t i = 0; i < ARRAY_LEN(beside); i++) {
		(void)snprintf(name, sizeof(name), "%s%s", path, beside[i]);
		(void)unlink(name);
	}
}

/* What lies beside a file that is gone is of that file: those who have it open
 * would share its locks with the new one. */
static int
make_file(const char *path, struct err *err)
{
	struct stat st;
	int fd;

	if (lstat(path, &st) == 0)
		return 0;
	remove_beside(path);
	fd = open(
	    path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return fail(err, ERR_UNCONFIGURED, "%s cannot be made: %s",
		    path, strerror(errno));
	(void)close(fd);
	return 0;
}

static int
make_alone(const char *path, int64_t deadline, struct err *err)
{
	struct stat st;
	int lock, rc;

	while ((lock = store_file_lock(path)) == -1) {
		if (lstat(path, &st) == 0)
			return 0;
		if (!store_file_nap(deadline))
			return fail(err, ERR_INTERNAL,
			    "%s cannot be made: its directory is locked or "
			    "not to be read",
			    path);
	}
	rc = make_file(path, err);
	store_file_unlock(lock);
	return rc;
}

int
store_file_ready(const char *path, int64_t deadline, struct err *err)
{
	char dir[PATH_MAX];
	struct stat st;

	if (split(path, dir, sizeof(dir), err) == -1)
		return -1;
	if (mkdir(dir, 0700) == -1 && errno != EEXIST && errno != EROFS &&
	    errno != EACCES)
		return fail(err, ERR_UNCONFIGURED, "%s cannot be made: %s", dir,
		    strerror(errno));
	if (check_dir(dir, err) == -1)
		return -1;
	if (lstat(path, &st) == -1 && errno == ENOENT &&
	    make_alone(path, deadline, err) == -1)
		return -1;
	if (lstat(path, &st) == -1)
		return fail(
		    err, ERR_UNCONFIGURED, "%s: %s", path, strerror(errno));
	return check_file(path, &st, err);
}

bool
store_file_is_new(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && st.st_size <= STORE_PAGE;
}

/* How many broken ones there are. */
static int
count_aside(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash != NULL ? slash + 1 : path;
	struct err err = {0};
	size_t len = strlen(name);
	char dir[PATH_MAX];
	struct dirent *e;
	int n = 0;
	DIR *d;

	if (split(path, dir, sizeof(dir), &err) == -1) {
		err_free(&err);
		return 0;
	}
	d = opendir(dir);
	while (d != NULL && (e = readdir(d)) != NULL)
		if (strncmp(e->d_name, name, len) == 0 &&
		    strncmp(e->d_name + len, ".corrupt-", 9) == 0 &&
		    strchr(e->d_name + len + 9, '-') == NULL)
			n++;
	if (d != NULL)
		(void)closedir(d);
	return n;
}

/* Where many were put aside already, one more would teach nobody anything and
 * fill the disk. */
int
store_file_aside(const char *path, struct err *err)
{
	char from[PATH_MAX], to[PATH_MAX], aside[PATH_MAX];
	int rc;

	if (count_aside(path) >= LIMIT_STORE_BROKEN) {
		rc = unlink(path);
		remove_beside(path);
	} else {
		rc = snprintf(aside, sizeof(aside), "%s.corrupt-%" PRId64, path,
		    clock_wall_ms() / 1000);
		if (rc < 0 || (size_t)rc >= sizeof(aside) - 16)
			return fail(err, ERR_INTERNAL,
			    "%s: the path is too long", path);
		for (size_t i = 0; i < ARRAY_LEN(beside); i++) {
			(void)snprintf(
			    from, sizeof(from), "%s%s", path, beside[i]);
			(void)snprintf(
			    to, sizeof(to), "%s%s", aside, beside[i]);
			(void)rename(from, to);
		}
		rc = rename(path, aside);
	}
	if (rc == -1 && errno != ENOENT)
		return fail(err, ERR_INTERNAL, "%s cannot be put aside: %s",
		    path, strerror(errno));
	return 0;
}
