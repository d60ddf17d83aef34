/* Makes files that nobody else can open and nobody has to remove.  It refuses
 * to know what is in them. */
#include "temporary.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int
temporary_file(const char *what, struct err *err)
{
	const char *dir = getenv("TMPDIR");
	char path[PATH_MAX];
	int fd;

	if (dir == NULL || dir[0] != '/')
		dir = "/tmp";
	fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC | O_EXCL, 0600);
	if (fd >= 0)
		return fd;
	(void)snprintf(path, sizeof(path), "%s/agentmark-XXXXXX", dir);
	fd = mkostemp(path, O_CLOEXEC);
	if (fd < 0)
		return fail(err, ERR_INTERNAL, "no temporary file for %s: %s",
		    what, strerror(errno));
	(void)unlink(path);
	return fd;
}
