/* Files below a directory and nowhere else, whatever their path says and
 * wherever symbolic links lead.  It refuses to know what the files are. */
#include "beneath.h"

#include <sys/syscall.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#if defined(SYS_openat2) && defined(__has_include)
#if __has_include(<linux/openat2.h>)
#include <linux/openat2.h>
#define HAVE_OPENAT2 1
#endif
#endif

enum { TRIES = 8 };

/* A pipe must not wait for its writer. */
#define OPEN_FLAGS (O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)

/* PATH without "." and "x/..", which is what the reference compares with its
 * root; NULL when it leads out. */
char *
beneath_path(struct arena *a, struct str path)
{
	char *out = arena_alloc(a, path.len + 1);
	const char *p, *next, *end = path.p + path.len;
	size_t n = 0;

	for (p = path.p; p < end; p = next + 1) {
		next = memchr(p, '/', (size_t)(end - p));
		if (next == NULL)
			next = end;
		if (next == p || (next == p + 1 && *p == '.'))
			continue;
		if (next == p + 2 && memcmp(p, "..", 2) == 0) {
			if (n == 0)
				return NULL;
			while (n > 0 && out[--n] != '/')
				;
			continue;
		}
		if (n > 0)
			out[n++] = '/';
		memcpy(out + n, p, (size_t)(next - p));
		n += (size_t)(next - p);
	}
	out[n] = '\0';
	return out;
}

int
beneath_walk(int dir, const char *path)
{
	char name[NAME_MAX + 1];
	const char *next;
	int at = dir, fd;

	for (;; path = next + 1) {
		next = strchrnul(path, '/');
		if ((size_t)(next - path) >= sizeof(name)) {
			errno = ENAMETOOLONG;
			fd = -1;
			break;
		}
		memcpy(name, path, (size_t)(next - path));
		name[next - path] = '\0';
		fd = openat(at, name,
		    O_NOFOLLOW | O_CLOEXEC |
			(*next == '\0' ? OPEN_FLAGS : O_PATH | O_DIRECTORY));
		if (at != dir)
			(void)close(at);
		if (fd < 0 || *next == '\0')
			break;
		at = fd;
	}
	return fd;
}

#ifdef HAVE_OPENAT2
/* EAGAIN: something was renamed meanwhile. */
int
beneath_open(int dir, const char *path)
{
	struct open_how how = {.flags = OPEN_FLAGS,
	    .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS};
	long fd = -1;

	for (int i = 0; i < TRIES; i++) {
		fd = syscall(SYS_openat2, dir, path, &how, sizeof(how));
		if (fd >= 0 || errno != EAGAIN)
			break;
	}
	/* Some containers refuse what they do not know with EPERM. */
	if (fd < 0 && (errno == ENOSYS || errno == EPERM))
		return beneath_walk(dir, path);
	return (int)fd;
}
#else
int
beneath_open(int dir, const char *path)
{
	return beneath_walk(dir, path);
}
#endif
