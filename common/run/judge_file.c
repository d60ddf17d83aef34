/* Reads the prompts of judges.  It refuses to know what becomes of them. */
#include "judge_file.h"

#include "../base/json.h"
#include "../base/limits.h"
#include "../base/utf.h"
#include "../mdx/mdx.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { PIECE = 16384 };

static int
read_all(int fd, const char *path, struct buf *b, struct err *err)
{
	struct stat st;
	ssize_t n;
	char *to;

	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode))
		return fail(err, ERR_UNCONFIGURED,
		    "the judge %s is no regular file", path);
	do {
		if ((to = buf_reserve(b, PIECE)) == NULL)
			return fail(err, ERR_UNCONFIGURED,
			    "the judge %s is larger than %u bytes", path,
			    LIMIT_CONF_BYTES);
		n = read(fd, to, PIECE);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return fail(err, ERR_UNCONFIGURED,
			    "cannot read the judge %s: %s", path,
			    strerror(errno));
		b->len += (size_t)n;
		to[n] = '\0';
	} while (n != 0);
	return 0;
}

static int
read_file(const char *path, struct buf *b, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK), rc;

	if (fd == -1)
		return fail(err, ERR_UNCONFIGURED,
		    "cannot read the judge %s: %s", path, strerror(errno));
	rc = read_all(fd, path, b, err);
	(void)close(fd);
	return rc;
}

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

static int
read_tree(struct str text, struct arena *a, struct node **ast, struct err *err)
{
	struct json_in in;
	int rc;

	json_in_init(&in, text, err);
	if (json_in_peek(&in) != JSON_IN_OBJECT)
		rc = fail(err, ERR_UNCONFIGURED, "it is no tree of a prompt");
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
is_source(const char *path)
{
	size_t len = strlen(path);

	return len > 4 && strcmp(path + len - 4, ".mdx") == 0;
}

int
judge_file_read(
    struct arena *a, const char *path, struct node **ast, struct err *err)
{
	struct str text;
	struct buf b;
	int rc;

	*ast = NULL;
	buf_init(&b, LIMIT_CONF_BYTES + PIECE);
	rc = read_file(path, &b, err);
	if (rc == 0) {
		/* A source is borrowed from by its tree. */
		text.p = arena_strndup(a, buf_str(&b), b.len);
		text.len = b.len;
		rc = is_source(path) ? mdx_document(a, text, ast, err)
				     : read_tree(text, a, ast, err);
		if (rc < 0)
			err_prefix(err, "the judge %s", path);
	}
	buf_free(&b);
	return rc;
}
