/* All journals of a directory: which there are, and which are too old.  It
 * refuses to know what they say. */
#include "journal_int.h"

#include "../base/clock.h"
#include "../base/json.h"
#include "../base/limits.h"
#include "../base/log.h"

#include <sys/file.h>
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Its time of change says when somebody has purged last. */
static const char stamp[] = "purged";

enum { HEAD_BYTES = 1024 * 1024, TAIL_BYTES = 64 * 1024 };

struct found {
	char name[JOURNAL_NAME_LEN];
	int64_t bytes, changed;
};

struct all {
	struct arena *arena;
	struct found *items;
	size_t n, cap;
};

static int64_t
changed_ms(const struct stat *st)
{
	return (int64_t)st->st_mtim.tv_sec * 1000 +
	       st->st_mtim.tv_nsec / 1000000;
}

/* A journal, or the copy of one that somebody did not end. */
static bool
is_journal(const char *name, bool copies)
{
	char id[RUN_ID_LEN + 1];

	if (strlen(name) <= RUN_ID_LEN)
		return false;
	memcpy(id, name, RUN_ID_LEN);
	id[RUN_ID_LEN] = '\0';
	name += RUN_ID_LEN;
	return journal_is_id(id) &&
	       (strcmp(name, JOURNAL_SUFFIX) == 0 ||
		   (copies && strcmp(name, JOURNAL_SUFFIX ".new") == 0));
}

static void
add_found(struct all *all, int dir, const char *name)
{
	struct found *f;
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
	    !S_ISREG(st.st_mode))
		return;
	if (all->n == all->cap) {
		size_t cap = all->cap != 0 ? 2 * all->cap : 64;

		all->items = arena_grow(
		    all->arena, all->items, all->n, cap, sizeof(*all->items));
		all->cap = cap;
	}
	f = &all->items[all->n++];
	(void)snprintf(f->name, sizeof(f->name), "%s", name);
	f->bytes = st.st_size;
	f->changed = changed_ms(&st);
}

/* 0 and none when there is no directory. */
static int
find_all(const char *path, bool copies, struct all *all, struct err *err)
{
	DIR *dir = opendir(path);
	struct dirent *entry;

	if (dir == NULL && errno == ENOENT)
		return 0;
	if (dir == NULL)
		return fail(err, ERR_UNCONFIGURED, "%s cannot be read: %s",
		    path, strerror(errno));
	while ((entry = readdir(dir)) != NULL)
		if (is_journal(entry->d_name, copies))
			add_found(all, dirfd(dir), entry->d_name);
	(void)closedir(dir);
	return 0;
}

static int
open_found(const char *dir, const struct found *f)
{
	char path[4096];

	(void)snprintf(path, sizeof(path), "%s/%s", dir, f->name);
	return open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
}

/* --- listing */

static int
newest_first(const void *one, const void *two)
{
	const struct found *a = one, *b = two;

	if (a->changed != b->changed)
		return a->changed < b->changed ? 1 : -1;
	return strcmp(a->name, b->name);
}

static json_t *
read_line(char *line, size_t len)
{
	struct err err = {0};
	struct str text;
	json_t *json = NULL;
	char *comma;

	if (journal_check(line, len, &text, &comma))
		json = json_read(text, &err);
	err_free(&err);
	return json;
}

static json_t *
read_head(struct arena *a, int fd)
{
	char *data = arena_alloc(a, HEAD_BYTES), *end;
	ssize_t n = pread(fd, data, HEAD_BYTES, 0);

	end = n > 0 ? memchr(data, '\n', (size_t)n) : NULL;
	return end != NULL ? read_line(data, (size_t)(end - data)) : NULL;
}

/* The last line, when it says that the run has ended. */
static json_t *
read_end(struct arena *a, int fd, int64_t bytes)
{
	char *data = arena_alloc(a, TAIL_BYTES), *line;
	int64_t from = bytes > TAIL_BYTES ? bytes - TAIL_BYTES : 0;
	ssize_t n = pread(fd, data, TAIL_BYTES, from);
	json_t *json;
	const char *type;

	if (n < 2 || data[n - 1] != '\n')
		return NULL;
	line = memrchr(data, '\n', (size_t)n - 1);
	line = line != NULL ? line + 1 : data;
	json = read_line(line, (size_t)(data + n - 1 - line));
	type = json_string_value(json_object_get(json, "type"));
	if (type != NULL && strcmp(type, "end") == 0)
		return json;
	json_decref(json);
	return NULL;
}

static void
show(const char *dir, const struct found *f,
    void (*each)(void *arg, const struct journal_entry *entry), void *arg)
{
	struct journal_entry entry = {.bytes = f->bytes, .changed = f->changed};
	struct arena *a = arena_new(NULL);
	int fd = open_found(dir, f);
	json_t *head, *end;

	if (fd >= 0) {
		head = read_head(a, fd);
		end = read_end(a, fd, f->bytes);
		entry.run_id = arena_strndup(a, f->name, RUN_ID_LEN);
		entry.head = head;
		entry.end = end;
		entry.running = journal_locked(fd);
		each(arg, &entry);
		json_decref(head);
		json_decref(end);
		(void)close(fd);
	}
	arena_free(a);
}

int
journal_list(const char *dir,
    void (*each)(void *arg, const struct journal_entry *entry), void *arg,
    struct err *err)
{
	struct all all = {.arena = arena_new(NULL)};
	int rc = find_all(dir, false, &all, err);

	if (all.n != 0)
		qsort(all.items, all.n, sizeof(*all.items), newest_first);
	for (size_t i = 0; i < all.n; i++)
		show(dir, &all.items[i], each, arg);
	arena_free(all.arena);
	return rc;
}

/* --- purging */

/* Who wants to go on with it is told that it is not there: it is locked while
 * it is removed. */
static bool
purge(const char *dir, const struct found *f)
{
	char path[4096];
	int fd = open_found(dir, f);
	bool gone = false;

	if (fd < 0)
		return false;
	(void)snprintf(path, sizeof(path), "%s/%s", dir, f->name);
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		gone = unlink(path) == 0;
	(void)close(fd);
	return gone && strcmp(f->name + RUN_ID_LEN, JOURNAL_SUFFIX) == 0;
}

int64_t
journal_purge(const char *dir, int64_t before)
{
	struct all all = {.arena = arena_new(NULL)};
	struct err err = {0};
	int64_t n = 0;

	if (find_all(dir, true, &all, &err) < 0)
		log_reason(LEVEL_WARNING, "journals_unread", err.msg);
	for (size_t i = 0; i < all.n; i++)
		if (all.items[i].changed < before)
			n += purge(dir, &all.items[i]) ? 1 : 0;
	err_free(&err);
	arena_free(all.arena);
	return n;
}

void
journal_sweep(const char *dir, int64_t keep_days)
{
	int64_t now = clock_wall_ms(), n;
	char path[4096];
	struct stat st;
	int fd;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, stamp);
	if (keep_days == 0 ||
	    (stat(path, &st) == 0 &&
		now - changed_ms(&st) < LIMIT_JOURNAL_PURGE_MS))
		return;
	fd = open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return;
	(void)futimens(fd, NULL);
	(void)close(fd);
	n = journal_purge(dir, now - keep_days * 24 * 3600 * 1000);
	if (n != 0)
		log_line(LEVEL_INFO, "journals_purged", "n=%" PRId64, n);
}
