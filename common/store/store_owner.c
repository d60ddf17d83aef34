/* Tells whether a process that took something is still there: by its number,
 * when it was started, and which set of process numbers it is in.  It refuses
 * to know what was taken. */
#include "store_int.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* In proc(5): the 22nd field, counted from the third, which follows the name
 * in parentheses. */
enum { START_FIELD = 22 - 3 };

/* 0: it cannot be known. */
static int64_t
start_of(int64_t pid)
{
	char path[40], text[1024];
	const char *p;
	ssize_t len;
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/%" PRId64 "/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	len = read(fd, text, sizeof(text) - 1);
	(void)close(fd);
	if (len <= 0)
		return 0;
	text[len] = '\0';
	p = strrchr(text, ')');
	for (int i = 0; p != NULL && i <= START_FIELD; i++) {
		p = strchr(p, ' ');
		p = p != NULL ? p + 1 : NULL;
	}
	return p != NULL ? strtoll(p, NULL, 10) : 0;
}

void
store_owner_self(struct store_owner *self)
{
	struct stat st;

	self->pid = getpid();
	self->start = start_of(self->pid);
	self->space = 0;
	if (stat("/proc/self/ns/pid", &st) == 0)
		self->space = (int64_t)st.st_ino;
}

bool
store_is_owned(struct store *s, sqlite3_stmt *stmt, int column)
{
	const struct store_owner owner = {sqlite3_column_int64(stmt, column),
	    sqlite3_column_int64(stmt, column + 1),
	    sqlite3_column_int64(stmt, column + 2)};
	int64_t start;

	/* The numbers of another container mean nothing here. */
	if (owner.space != s->self.space || owner.pid <= 0)
		return true;
	if (kill((pid_t)owner.pid, 0) == -1 && errno == ESRCH)
		return false;
	start = start_of(owner.pid);
	return start == 0 || owner.start == 0 || start == owner.start;
}

bool
store_is_held(struct store *s, sqlite3_stmt *stmt, int column, int64_t now)
{
	return sqlite3_column_int64(stmt, column) > now &&
	       store_is_owned(s, stmt, column + 1);
}
