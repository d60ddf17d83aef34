/* Reads configuration, secrets and the command line's files, and writes what
 * commands make.  It refuses to know what is in them. */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { PIECE = 16384 };

int
file_read_fd(int fd, const char *name, struct buf *b, struct err *err)
{
	ssize_t n;
	char *to;

	do {
		if ((to = buf_reserve(b, PIECE)) == NULL)
			return fail(err, ERR_UNCONFIGURED,
			    "%s is larger than %zu bytes", name,
			    b->max - PIECE);
		n = read(fd, to, PIECE);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return fail(err, ERR_UNCONFIGURED, "cannot read %s: %s",
			    name, strerror(errno));
		b->len += (size_t)n;
		to[n] = '\0';
	} while (n != 0);
	return 0;
}

static int
read_open(
    int fd, const char *path, struct buf *b, struct stat *st, struct err *err)
{
	if (fstat(fd, st) == -1)
		return fail(err, ERR_UNCONFIGURED, "cannot read %s: %s", path,
		    strerror(errno));
	if (S_ISDIR(st->st_mode))
		return fail(err, ERR_UNCONFIGURED, "%s is a directory", path);
	return file_read_fd(fd, path, b, err);
}

int
file_read(const char *path, struct buf *b, struct stat *st, bool *present,
    struct err *err)
{
	int fd, rc;

	if (present != NULL)
		*present = true;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd == -1 && present != NULL &&
	    (errno == ENOENT || errno == ENOTDIR)) {
		*present = false;
		return 0;
	}
	if (fd == -1)
		return fail(err, ERR_UNCONFIGURED, "cannot read %s: %s", path,
		    strerror(errno));
	rc = read_open(fd, path, b, st, err);
	(void)close(fd);
	return rc;
}

int
file_write_fd(int fd, struct str bytes)
{
	ssize_t n;

	while (bytes.len > 0) {
		n = write(fd, bytes.p, bytes.len);
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		bytes.p += n;
		bytes.len -= (size_t)n;
	}
	return 0;
}
