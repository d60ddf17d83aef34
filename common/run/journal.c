/* Keeps what was paid for: lines that are written before anybody else sees
 * them, each with a checksum, so that a file that was cut off or damaged tells
 * what of it is good.  It refuses to know what a line says. */
#include "journal_int.h"

#include "../base/crypt.h"
#include "../base/limits.h"
#include "../base/log.h"
#include "../base/xalloc.h"
#include "slots.h"

#include <sys/file.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { COPY_BYTES = 16 * 1024, SYNC_MS = 1000 };

struct journal {
	int fd, dir;
	char run_id[RUN_ID_LEN + 1];
	struct buf buf;	   /* lines that are not written yet */
	int64_t size;	   /* whole lines that are in the file */
	int64_t reserved;  /* of the disk, up to this offset */
	int64_t synced;	   /* what is on the disk for certain */
	int64_t synced_at; /* loop_now(); 0: never */
	bool named;	   /* the directory is on the disk, too */
	bool low, failed;
};

static void
add_line(struct buf *b, struct str line)
{
	size_t len = line.len - 1; /* without the brace */
	char *to = buf_reserve(b, len + JOURNAL_SUM_LEN + 1);

	if (to == NULL)
		return;
	memcpy(to, line.p, len);
	(void)snprintf(to + len, JOURNAL_SUM_LEN + 2,
	    JOURNAL_SUM_KEY "%016" PRIx64 "\"}\n",
	    crypt_checksum((struct str){line.p, len}));
	b->len += len + JOURNAL_SUM_LEN + 1;
}

/* --- files */

static void
file_name(char name[JOURNAL_NAME_LEN], const char *run_id, const char *suffix)
{
	(void)snprintf(name, JOURNAL_NAME_LEN, "%s%s", run_id, suffix);
}

/* Another user's directory would be refused below. */
static int
open_dir(const char *dir, struct err *err)
{
	char *parent = xstrdup(dir), *slash = strrchr(parent, '/');

	if (slash != NULL && slash != parent) {
		*slash = '\0';
		(void)mkdir(parent, 0700);
	}
	free(parent);
	return private_dir(dir, err);
}

static struct journal *
new_journal(int dir, const char *run_id)
{
	struct journal *j = xcalloc(1, sizeof(*j));

	j->fd = -1;
	j->dir = dir;
	(void)snprintf(j->run_id, sizeof(j->run_id), "%s", run_id);
	buf_init(&j->buf, LIMIT_LINE_BYTES);
	return j;
}

static void
free_journal(struct journal *j)
{
	if (j->fd >= 0)
		(void)close(j->fd);
	if (j->dir >= 0)
		(void)close(j->dir);
	buf_free(&j->buf);
	free(j);
}

bool
journal_locked(int fd)
{
	if (flock(fd, LOCK_SH | LOCK_NB) < 0)
		return true;
	(void)flock(fd, LOCK_UN);
	return false;
}

static int
lock(int fd, const char *run_id, struct err *err)
{
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return 0;
	if (errno == EWOULDBLOCK)
		return fail(err, ERR_BUSY,
		    "the run %s is still running: another process writes its "
		    "journal",
		    run_id);
	return fail(err, ERR_INTERNAL, "a journal cannot be locked: %s",
	    strerror(errno));
}

/* One that was purged or replaced before the lock was had is another file. */
static bool
is_there(const struct journal *j, const char *name)
{
	struct stat own, there;

	return fstat(j->fd, &own) == 0 &&
	       fstatat(j->dir, name, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
	       own.st_ino == there.st_ino && own.st_dev == there.st_dev;
}

static int
make_file(struct journal *j, const char *name, int flags, struct err *err)
{
	j->fd = openat(j->dir, name,
	    O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | flags, 0600);
	if (j->fd < 0)
		return fail(err, ERR_INTERNAL, "a journal cannot be made: %s",
		    strerror(errno));
	return lock(j->fd, j->run_id, err);
}

static int
begin(struct journal *j, struct str head, struct err *err)
{
	char name[JOURNAL_NAME_LEN];
	int rc;

	file_name(name, j->run_id, JOURNAL_SUFFIX);
	if (make_file(j, name, O_EXCL, err) < 0)
		return -1;
	journal_add(j, head);
	rc = journal_flush(j, err);
	if (rc == 0 && j->low)
		rc = fail(err, ERR_INTERNAL, "no room is left for a journal");
	if (rc < 0)
		(void)unlinkat(j->dir, name, 0);
	return rc;
}

struct journal *
journal_create(
    const char *dir, const char *run_id, struct str head, struct err *err)
{
	int fd = open_dir(dir, err);
	struct journal *j;

	if (fd < 0)
		return NULL;
	j = new_journal(fd, run_id);
	if (begin(j, head, err) == 0)
		return j;
	free_journal(j);
	return NULL;
}

/* --- going on */

static int
no_journal(const char *run_id, struct err *err)
{
	return fail(
	    err, ERR_REQUEST, "there is no journal of the run %s", run_id);
}

/* From the first line that is dropped on, lines go to a new file, with those
 * before it. */
static int
start_copy(struct scan *s, struct err *err)
{
	char name[JOURNAL_NAME_LEN], block[COPY_BYTES];
	struct journal *copy =
	    new_journal(dup(s->journal->dir), s->journal->run_id);
	int64_t at = 0;
	ssize_t n;

	s->copy = copy;
	file_name(name, copy->run_id, JOURNAL_SUFFIX ".new");
	if (make_file(copy, name, O_TRUNC, err) < 0)
		return -1;
	while (at < s->at) {
		size_t want = sizeof(block);

		if ((int64_t)want > s->at - at)
			want = (size_t)(s->at - at);
		n = pread(s->fd, block, want, at);
		if (n <= 0)
			return fail(err, ERR_INTERNAL,
			    "a journal cannot be read: %s", strerror(errno));
		buf_add(&copy->buf, block, (size_t)n);
		at += n;
		if (journal_flush(copy, err) < 0)
			return -1;
	}
	return 0;
}

/* The new file takes the old one's place when all of it is on the disk. */
static int
replace(struct journal *j, struct journal *copy, struct err *err)
{
	char from[JOURNAL_NAME_LEN], to[JOURNAL_NAME_LEN];
	int fd = j->fd;

	file_name(from, j->run_id, JOURNAL_SUFFIX ".new");
	file_name(to, j->run_id, JOURNAL_SUFFIX);
	if (journal_flush(copy, err) < 0)
		return -1;
	if (fdatasync(copy->fd) < 0 ||
	    renameat(copy->dir, from, copy->dir, to) < 0)
		return fail(err, ERR_INTERNAL,
		    "a journal cannot be written: %s", strerror(errno));
	j->fd = copy->fd;
	j->size = copy->size;
	j->reserved = copy->reserved;
	copy->fd = fd;
	return 0;
}

static int
cut_tail(struct journal *j, const struct scan *s, struct err *err)
{
	if (s->bad != 0)
		log_line(LEVEL_WARNING, "journal_damaged",
		    "run=%s lines=%" PRId64, j->run_id, s->bad);
	if (s->lines == 0)
		return fail(err, ERR_REQUEST,
		    "the journal of the run %s is damaged", j->run_id);
	if (s->copy != NULL)
		return replace(j, s->copy, err);
	j->size = s->good;
	if (ftruncate(j->fd, s->good) < 0)
		return fail(err, ERR_INTERNAL,
		    "a journal cannot be written: %s", strerror(errno));
	return 0;
}

static int
go_on(struct journal *j, journal_each *each, void *arg, struct err *err)
{
	struct scan s = {
	    .each = each, .arg = arg, .journal = j, .drop = start_copy};
	char name[JOURNAL_NAME_LEN];
	int rc;

	file_name(name, j->run_id, JOURNAL_SUFFIX);
	j->fd = openat(j->dir, name, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	if (j->fd < 0)
		return no_journal(j->run_id, err);
	if (lock(j->fd, j->run_id, err) < 0)
		return -1;
	if (!is_there(j, name))
		return no_journal(j->run_id, err);
	s.fd = j->fd;
	rc = scan_file(&s, err);
	if (rc == 0)
		rc = cut_tail(j, &s, err);
	if (s.copy != NULL)
		free_journal(s.copy);
	/* What is reserved shows whether there is room to go on. */
	return rc == 0 ? journal_flush(j, err) : rc;
}

struct journal *
journal_resume(const char *dir, const char *run_id, journal_each *each,
    void *arg, struct err *err)
{
	struct journal *j;
	int fd;

	if (!journal_is_id(run_id)) {
		(void)fail(err, ERR_REQUEST, "%.100s is no run's id", run_id);
		return NULL;
	}
	fd = open_dir(dir, err);
	if (fd < 0)
		return NULL;
	j = new_journal(fd, run_id);
	if (go_on(j, each, arg, err) == 0)
		return j;
	free_journal(j);
	return NULL;
}

/* --- writing */

void
journal_add(struct journal *j, struct str line)
{
	add_line(&j->buf, line);
}

size_t
journal_waiting(const struct journal *j)
{
	return j->buf.len;
}

bool
journal_low(const struct journal *j)
{
	return j->low;
}

/* Takes room ahead of what is written.  A file system that cannot do that has
 * no warning to give. */
static void
reserve(struct journal *j)
{
	int64_t end = j->size + (int64_t)j->buf.len;
	int64_t more = 2 * LIMIT_JOURNAL_AHEAD_BYTES;

	if (j->low || end + LIMIT_JOURNAL_AHEAD_BYTES <= j->reserved)
		return;
	if (fallocate(j->fd, FALLOC_FL_KEEP_SIZE, end, more) == 0)
		j->reserved = end + more;
	else if (errno == ENOSPC || errno == EDQUOT || errno == EFBIG)
		j->low = true;
	else
		j->reserved = INT64_MAX;
}

/* Whole lines stay, what is behind them goes. */
static int
give_up(struct journal *j, size_t written, struct err *err)
{
	int error = errno;

	while (written > 0 && j->buf.data[written - 1] != '\n')
		written--;
	j->size += (int64_t)written;
	if (ftruncate(j->fd, j->size) < 0)
		log_reason(LEVEL_ERROR, "journal_damaged", strerror(errno));
	j->failed = true;
	buf_clear(&j->buf);
	return fail(err, ERR_INTERNAL, "the journal cannot be written: %s",
	    strerror(error));
}

int
journal_flush(struct journal *j, struct err *err)
{
	size_t at = 0;

	if (j->failed)
		return fail(
		    err, ERR_INTERNAL, "the journal can no longer be written");
	reserve(j);
	while (at < j->buf.len) {
		ssize_t n = pwrite(j->fd, j->buf.data + at, j->buf.len - at,
		    j->size + (int64_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return give_up(j, at, err);
		at += (size_t)n;
	}
	j->size += (int64_t)at;
	buf_clear(&j->buf);
	return 0;
}

/* --- the disk */

static int
sync_all(struct journal *j, struct err *err)
{
	if (j->synced == j->size)
		return 0;
	if (fdatasync(j->fd) < 0 || (!j->named && fsync(j->dir) < 0))
		return fail(err, ERR_INTERNAL,
		    "the journal cannot be written: %s", strerror(errno));
	j->named = true;
	j->synced = j->size;
	log_line(LEVEL_DEBUG, "journal_synced", "run=%s bytes=%" PRId64,
	    j->run_id, j->size);
	return 0;
}

int
journal_tick(struct journal *j, int64_t now, struct err *err)
{
	if (j->synced_at == 0)
		j->synced_at = now;
	if (j->failed || j->synced == j->size || now - j->synced_at < SYNC_MS)
		return 0;
	j->synced_at = now;
	return sync_all(j, err);
}

int
journal_close(struct journal *j, struct err *err)
{
	int rc = 0;

	if (j == NULL)
		return 0;
	if (!j->failed)
		rc = journal_flush(j, err);
	/* What was reserved is given back. */
	if (ftruncate(j->fd, j->size) < 0)
		log_reason(LEVEL_ERROR, "journal_damaged", strerror(errno));
	if (sync_all(j, err) < 0)
		rc = -1;
	free_journal(j);
	return rc;
}
