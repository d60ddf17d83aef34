/* Dataset files: opened below the root and nowhere else (protocol.md 3.3), and
 * read in blocks, inflated where they are gzip'd.  It refuses to know what is
 * in them. */
#include "dataset_int.h"

#include "../base/gunzip.h"
#include "../base/utf.h"
#include "beneath.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { BLOCK_BYTES = 128 * 1024, PACKED_BYTES = 32 * 1024 };

struct file {
	struct source source;
	int fd;
	struct gunzip *gunzip; /* NULL: plain */
	char *block;	       /* of packed bytes */
	struct str packed;     /* of which these are left */
	const char *told;
	bool ended;
};

/* --- opening */

static int
refuse(const char *told, struct err *err)
{
	switch (errno) {
	case ENOENT:
	case ENOTDIR:
	case ENAMETOOLONG:
		return fail(err, ERR_PROMPT,
		    "Dataset not found: %s. Ensure it was included in "
		    "'agentmark build' output.",
		    told);
	case EXDEV:
	case ELOOP:
		return fail(err, ERR_PROMPT,
		    "Access denied: path outside allowed directory");
	default:
		return fail(err, ERR_PROMPT, "Dataset %s cannot be opened: %s",
		    told, strerror(errno));
	}
}

static int
open_file(const char *root, const char *path, const char *told, struct err *err)
{
	int dir = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct stat st;
	int fd;

	if (dir < 0)
		return fail(err, ERR_UNCONFIGURED,
		    "The folder of datasets cannot be opened: %s",
		    strerror(errno));
	fd = beneath_open(dir, path);
	if (fd < 0)
		(void)refuse(told, err);
	(void)close(dir);
	if (fd < 0)
		return -1;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		return fd;
	(void)close(fd);
	return fail(err, ERR_PROMPT, "Dataset %s is no regular file", told);
}

int
dataset_open_below(struct arena *a, const char *root, struct str path,
    const char *told, struct err *err)
{
	const char *below;

	if (path.len != 0 && path.p[0] == '/')
		return fail(err, ERR_PROMPT, "Absolute paths are not allowed");
	below = beneath_path(a, path);
	if (below == NULL)
		return fail(err, ERR_PROMPT,
		    "Access denied: path outside allowed directory");
	return open_file(root, below, told, err);
}

/* --- bytes */

static ssize_t
read_some(const struct file *f, char *p, size_t len, struct err *err)
{
	ssize_t n;

	do
		n = read(f->fd, p, len);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		(void)fail(err, ERR_PROMPT, "Dataset %s cannot be read: %s",
		    f->told, strerror(errno));
	return n;
}

static enum more
fill_plain(struct source *s, struct window *w, struct err *err)
{
	struct file *f = (struct file *)s;
	char *to = window_reserve(w, BLOCK_BYTES);
	ssize_t n = read_some(f, to, BLOCK_BYTES, err);

	if (n <= 0)
		return n < 0 ? MORE_BROKEN : MORE_END;
	w->end += (size_t)n;
	return MORE_BYTES;
}

static int
read_packed(struct file *f, struct err *err)
{
	ssize_t n;

	if (f->packed.len != 0 || f->ended)
		return 0;
	n = read_some(f, f->block, PACKED_BYTES, err);
	if (n < 0)
		return -1;
	f->ended = n == 0;
	f->packed = (struct str){f->block, (size_t)n};
	return 0;
}

static enum more
fill_gzip(struct source *s, struct window *w, struct err *err)
{
	struct file *f = (struct file *)s;
	char *to = window_reserve(w, BLOCK_BYTES);
	size_t n;

	if (read_packed(f, err) < 0)
		return MORE_BROKEN;
	if (gunzip(f->gunzip, &f->packed, to, BLOCK_BYTES, &n, err) < 0) {
		err_prefix(err, "Dataset %s", f->told);
		return MORE_BROKEN;
	}
	w->end += n;
	if (n != 0 || !f->ended)
		return MORE_BYTES;
	if (gunzip_complete(f->gunzip))
		return MORE_END;
	(void)fail(
	    err, ERR_PROMPT, "Dataset %s: the gzip data breaks off", f->told);
	return MORE_BROKEN;
}

static int
rewind_file(struct source *s, struct err *err)
{
	struct file *f = (struct file *)s;

	if (lseek(f->fd, 0, SEEK_SET) < 0)
		return fail(err, ERR_PROMPT, "Dataset %s cannot be read: %s",
		    f->told, strerror(errno));
	if (f->gunzip != NULL)
		gunzip_reset(f->gunzip);
	f->packed.len = 0;
	f->ended = false;
	return 0;
}

static void
close_file(void *arg)
{
	const struct file *f = arg;

	(void)close(f->fd);
}

struct source *
dataset_file(
    struct arena *a, int fd, bool gzip, const char *told, struct err *err)
{
	struct file *f = arena_zalloc(a, sizeof(*f));

	f->fd = fd;
	f->told = told;
	arena_on_free(a, close_file, f);
	f->source.rewind = rewind_file;
	f->source.fill = fill_plain;
	if (!gzip)
		return &f->source;
	f->source.fill = fill_gzip;
	f->block = arena_alloc(a, PACKED_BYTES);
	f->gunzip = gunzip_new(a, err);
	return f->gunzip != NULL ? &f->source : NULL;
}
