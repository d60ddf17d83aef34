/* Reads prompts from files, with all that they are made of, and keeps the trees
 * for as long as those files stay the same.  It refuses to know what becomes
 * of a prompt, and to open anything outside of its root. */
#include "prompt_file.h"

#include "../base/json.h"
#include "../base/limits.h"
#include "../base/utf.h"
#include "../base/xalloc.h"
#include "../template/source.h"
#include "beneath.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PIECE = 16384, CACHED_PROMPTS = 64 };

/* A prompt that is being read, or was. */
struct reading {
	struct arena *arena; /* of all that follows */
	int dir;	     /* the root */
	struct source_file *files;
	size_t n_files, cap_files;
	size_t bytes_left;
	struct node *ast;
};

/* --- files */

static int
not_found(const char *name, struct err *err)
{
	switch (errno) {
	case ENOENT:
	case ENOTDIR:
	case ENAMETOOLONG:
		return fail(err, ERR_REQUEST, "prompt not found: %s", name);
	case EXDEV:
	case ELOOP:
		return fail(err, ERR_REQUEST,
		    "%s is outside of the folder of prompts", name);
	default:
		return fail(err, ERR_PROMPT, "cannot open %s: %s", name,
		    strerror(errno));
	}
}

static int
read_all(int fd, const char *name, size_t most, struct buf *b, struct err *err)
{
	struct stat st;
	ssize_t n = 1;
	char *to;

	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode))
		return fail(err, ERR_PROMPT, "%s is no regular file", name);
	while (n != 0) {
		to = buf_reserve(b, PIECE);
		if (to == NULL || b->len > most)
			return fail(err, ERR_PROMPT,
			    "the files of one prompt are larger than %u bytes "
			    "in all, with %s",
			    LIMIT_PROMPT_FILES_BYTES, name);
		n = read(fd, to, PIECE);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return fail(err, ERR_PROMPT, "cannot read %s: %s", name,
			    strerror(errno));
		b->len += (size_t)n;
		to[n] = '\0';
	}
	return 0;
}

static int
read_file(
    int dir, const char *name, size_t most, struct buf *b, struct err *err)
{
	int fd = beneath_open(dir, name), rc;

	if (fd == -1)
		return not_found(name, err);
	rc = read_all(fd, name, most, b, err);
	(void)close(fd);
	return rc;
}

static const struct source_file *
find_file(const struct reading *r, const char *name)
{
	size_t i;

	for (i = 0; i < r->n_files; i++)
		if (str_is(r->files[i].name, name))
			return &r->files[i];
	return NULL;
}

/* A file of the prompt, which is read once. */
static int
take_file(struct reading *r, const char *name, struct source_file *out,
    struct err *err)
{
	const struct source_file *known = find_file(r, name);
	struct buf b;
	int rc;

	if (known != NULL) {
		*out = *known;
		return 0;
	}
	buf_init(&b, LIMIT_PROMPT_FILES_BYTES + 2 * PIECE);
	rc = read_file(r->dir, name, r->bytes_left, &b, err);
	if (rc == 0) {
		out->name.p = arena_strdup(r->arena, name);
		out->name.len = strlen(name);
		out->text.p = arena_strndup(r->arena, buf_str(&b), b.len);
		out->text.len = b.len;
		r->bytes_left -= b.len < r->bytes_left ? b.len : r->bytes_left;
		if (r->n_files == r->cap_files) {
			r->cap_files = 2 * r->cap_files + 4;
			r->files = arena_grow(r->arena, r->files, r->n_files,
			    r->cap_files, sizeof(*r->files));
		}
		r->files[r->n_files++] = *out;
	}
	buf_free(&b);
	return rc;
}

/* What FROM calls PATH, relative to where it lies itself. */
static int
load(void *arg, struct arena *a, struct str from, struct str path,
    struct source_file *out, struct err *err)
{
	const char *slash = memrchr(from.p, '/', from.len);
	size_t len = slash != NULL ? (size_t)(slash - from.p) : 0;
	char *joined = arena_printf(
	    a, "%.*s/%.*s", (int)len, from.p, (int)path.len, path.p);
	char *name = beneath_path(a, str_from(joined));

	if (memchr(path.p, '\0', path.len) != NULL)
		return fail(err, ERR_PROMPT, "a path holds a NUL");
	if (name == NULL || (path.len != 0 && path.p[0] == '/'))
		return fail(err, ERR_PROMPT,
		    "%.*s is outside of the folder of prompts", (int)path.len,
		    path.p);
	return take_file(arg, name, out, err);
}

/* --- trees */

/* The member `ast`; *AST stays NULL when there is none. */
static int
read_built(struct json_in *in, struct arena *a, struct node **ast)
{
	struct str key;
	int more;

	if (json_in_enter(in) < 0)
		return -1;
	while ((more = json_in_key(in, &key)) > 0) {
		if (str_is(key, "ast") && json_in_peek(in) == JSON_IN_OBJECT)
			more = ast_read(in, a, ast, in->err);
		else
			more = json_in_skip(in);
		if (more < 0)
			return -1;
	}
	return more < 0 ? -1 : json_in_finish(in);
}

int
prompt_file_tree(
    struct arena *a, struct str text, struct node **ast, struct err *err)
{
	struct json_in in;
	int rc;

	*ast = NULL;
	json_in_init(&in, text, err);
	if (json_in_peek(&in) != JSON_IN_OBJECT)
		rc = fail(err, ERR_PROMPT, "the AST must be an object");
	else
		rc = read_built(&in, a, ast);
	json_in_free(&in);
	if (rc < 0 || *ast != NULL)
		return rc;
	json_in_init(&in, text, err);
	rc = ast_read(&in, a, ast, err);
	json_in_free(&in);
	return rc;
}

static bool
ends_in(const char *name, const char *end)
{
	size_t len = strlen(name), n = strlen(end);

	return len > n && strcmp(name + len - n, end) == 0;
}

static bool
exists(int dir, const char *name)
{
	int fd = beneath_open(dir, name);

	if (fd != -1)
		(void)close(fd);
	return fd != -1;
}

/* The file that is meant; NAME itself when none of them exists. */
static const char *
complete(const struct reading *r, const char *name)
{
	static const char *const ends[] = {
	    ".prompt.mdx", ".mdx", ".prompt.json", ".json"};
	const char *full;
	size_t i;

	if (ends_in(name, ".mdx") || ends_in(name, ".json"))
		return name;
	for (i = 0; i < ARRAY_LEN(ends); i++) {
		full = arena_printf(r->arena, "%s%s", name, ends[i]);
		if (exists(r->dir, full))
			return full;
	}
	return name;
}

static int
parse(struct reading *r, const char *name, struct err *err)
{
	const struct source_loader loader = {load, r};
	struct source_file file;

	name = complete(r, name);
	if (take_file(r, name, &file, err) < 0)
		return -1;
	if (ends_in(name, ".mdx"))
		return source_parse(r->arena, &file, &loader, &r->ast, err);
	if (prompt_file_tree(r->arena, file.text, &r->ast, err) == 0)
		return 0;
	err_prefix(err, "%s", name);
	return -1;
}

/* --- the root */

static int
open_root(const char *root, struct err *err)
{
	int dir = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (dir == -1)
		return fail(err, ERR_UNCONFIGURED,
		    "the folder of prompts cannot be opened: %s",
		    strerror(errno));
	return dir;
}

/* NAME as it is seen from the root. */
static char *
below_root(struct arena *a, struct str name, struct err *err)
{
	char *path = NULL;

	if (memchr(name.p, '\0', name.len) == NULL)
		path = beneath_path(a, name);
	if (path == NULL || *path == '\0')
		(void)fail(err, ERR_REQUEST,
		    "promptPath: a file below the folder of prompts is wanted, "
		    "not %.*s",
		    (int)name.len, name.p);
	return path != NULL && *path != '\0' ? path : NULL;
}

int
prompt_file_read(struct arena *a, const char *root, struct str name,
    struct node **ast, struct err *err)
{
	struct reading r = {.arena = a, .bytes_left = LIMIT_PROMPT_FILES_BYTES};
	const char *path = below_root(a, name, err);
	int rc;

	*ast = NULL;
	if (path == NULL || (r.dir = open_root(root, err)) == -1)
		return -1;
	rc = parse(&r, path, err);
	*ast = r.ast;
	(void)close(r.dir);
	return rc;
}

int
prompt_file_read_path(
    struct arena *a, const char *path, struct node **ast, struct err *err)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash != NULL ? slash + 1 : path, *dir = ".";

	if (slash != NULL)
		dir = slash == path
			  ? "/"
			  : arena_strndup(a, path, (size_t)(slash - path));
	return prompt_file_read(a, dir, str_from(name), ast, err);
}

/* --- the cache */

struct cached {
	char *name; /* as it was asked for; NULL: free */
	struct reading reading;
};

struct prompt_cache {
	struct cached items[CACHED_PROMPTS];
	size_t next; /* the oldest one */
};

struct prompt_cache *
prompt_cache_new(void)
{
	return xcalloc(1, sizeof(struct prompt_cache));
}

static void
drop(struct cached *item)
{
	arena_free(item->reading.arena);
	*item = (struct cached){0};
}

void
prompt_cache_free(struct prompt_cache *cache)
{
	size_t i;

	if (cache == NULL)
		return;
	for (i = 0; i < CACHED_PROMPTS; i++)
		drop(&cache->items[i]);
	free(cache);
}

static bool
is_same(int dir, const struct source_file *file)
{
	struct err ignored = {0};
	struct buf b;
	bool same;

	buf_init(&b, LIMIT_PROMPT_FILES_BYTES + 2 * PIECE);
	same =
	    read_file(dir, file->name.p, file->text.len, &b, &ignored) == 0 &&
	    b.len == file->text.len &&
	    (b.len == 0 || memcmp(b.data, file->text.p, b.len) == 0);
	buf_free(&b);
	err_free(&ignored);
	return same;
}

static bool
is_fresh(int dir, const struct reading *r)
{
	size_t i;

	for (i = 0; i < r->n_files; i++)
		if (!is_same(dir, &r->files[i]))
			return false;
	return true;
}

static struct cached *
find_cached(struct prompt_cache *cache, const char *name)
{
	size_t i;

	for (i = 0; i < CACHED_PROMPTS; i++)
		if (cache->items[i].name != NULL &&
		    strcmp(cache->items[i].name, name) == 0)
			return &cache->items[i];
	return NULL;
}

static int
read_anew(struct cached *item, int dir, const char *name, struct err *err)
{
	struct arena *a = arena_new(NULL);

	drop(item);
	item->reading = (struct reading){
	    .arena = a, .dir = dir, .bytes_left = LIMIT_PROMPT_FILES_BYTES};
	item->name = arena_strdup(a, name);
	if (parse(&item->reading, item->name, err) == 0)
		return 0;
	drop(item);
	return -1;
}

static int
refresh(struct prompt_cache *cache, int dir, const char *name,
    const struct node **ast, struct err *err)
{
	struct cached *item = find_cached(cache, name);

	if (item == NULL) {
		item = &cache->items[cache->next];
		cache->next = (cache->next + 1) % CACHED_PROMPTS;
	} else if (is_fresh(dir, &item->reading)) {
		*ast = item->reading.ast;
		return 0;
	}
	if (read_anew(item, dir, name, err) < 0)
		return -1;
	*ast = item->reading.ast;
	return 0;
}

int
prompt_cache_read(struct prompt_cache *cache, const char *root, struct str name,
    const struct node **ast, struct err *err)
{
	struct arena *a = arena_new(NULL);
	const char *path = below_root(a, name, err);
	int dir = path != NULL ? open_root(root, err) : -1, rc = -1;

	if (dir != -1) {
		rc = refresh(cache, dir, path, ast, err);
		(void)close(dir);
	}
	arena_free(a);
	return rc;
}
