/* Reads journals: which lines of a file are good.  It refuses to know what they
 * say. */
#include "journal_int.h"

#include "../base/crypt.h"
#include "../base/json.h"
#include "../base/limits.h"
#include "../base/xalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { READ_BYTES = 256 * 1024 };

bool
journal_is_id(const char *s)
{
	for (size_t i = 0; i < RUN_ID_LEN; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash ? s[i] != '-'
			 : s[i] == '\0' ||
			       strchr("0123456789abcdef", s[i]) == NULL)
			return false;
	}
	return s[RUN_ID_LEN] == '\0';
}

bool
journal_check(char *line, size_t len, struct str *text, char **comma)
{
	char *sum, *end;
	uint64_t said;

	if (len < JOURNAL_SUM_LEN + 1)
		return false;
	sum = line + len - JOURNAL_SUM_LEN;
	if (memcmp(sum, JOURNAL_SUM_KEY, sizeof(JOURNAL_SUM_KEY) - 1) != 0 ||
	    line[len - 1] != '}' || line[len - 2] != '"')
		return false;
	said = strtoull(sum + sizeof(JOURNAL_SUM_KEY) - 1, &end, 16);
	if (end != line + len - 2 ||
	    said != crypt_checksum((struct str){line, len - JOURNAL_SUM_LEN}))
		return false;
	*sum = '}';
	*comma = sum;
	*text = (struct str){line, len - JOURNAL_SUM_LEN + 1};
	return true;
}

static int
scan_line(struct scan *s, char *line, size_t len, struct err *err)
{
	struct str text;
	char *comma;
	int rc;

	if (!journal_check(line, len, &text, &comma)) {
		s->bad++;
		return 0;
	}
	s->lines++;
	rc = s->each(s->arg, text, err);
	if (rc == 1 && s->copy == NULL && s->drop != NULL)
		rc = s->drop(s, err) < 0 ? -1 : 1;
	if (rc == 0 && s->copy != NULL) {
		journal_add(s->copy, text);
		if (journal_waiting(s->copy) > LIMIT_JOURNAL_WRITE_BYTES)
			rc = journal_flush(s->copy, err);
	}
	*comma = ',';
	s->good = s->at + (int64_t)len + 1;
	return rc < 0 ? -1 : 0;
}

/* All whole lines in B, which go from it. */
static int
scan_lines(struct scan *s, struct buf *b, struct err *err)
{
	size_t from = 0;
	char *end;

	while (from < b->len &&
	       (end = memchr(b->data + from, '\n', b->len - from)) != NULL) {
		size_t len = (size_t)(end - b->data) - from;

		if (scan_line(s, b->data + from, len, err) < 0)
			return -1;
		s->at += (int64_t)len + 1;
		from += len + 1;
	}
	buf_drop(b, from);
	return 0;
}

/* A file that is all zeros behind its end has no lines there. */
int
scan_file(struct scan *s, struct err *err)
{
	struct buf b;
	ssize_t n = 1;
	char *to;
	int rc = 0;

	buf_init(&b, LIMIT_LINE_BYTES);
	while (rc == 0 && n > 0 && (to = buf_reserve(&b, READ_BYTES)) != NULL) {
		n = pread(s->fd, to, READ_BYTES, s->at + (int64_t)b.len);
		if (n > 0) {
			b.len += (size_t)n;
			rc = scan_lines(s, &b, err);
		}
	}
	buf_free(&b);
	if (n < 0)
		rc = fail(err, ERR_INTERNAL, "a journal cannot be read: %s",
		    strerror(errno));
	return rc;
}

/* --- reading */

static int
open_to_read(const char *dir, const char *path_or_id, struct err *err)
{
	char *path = NULL;
	int fd;

	if (dir != NULL && journal_is_id(path_or_id)) {
		size_t len = strlen(dir) + JOURNAL_NAME_LEN + 1;

		path = xmalloc(len);
		(void)snprintf(
		    path, len, "%s/%s" JOURNAL_SUFFIX, dir, path_or_id);
	}
	fd = open(path != NULL ? path : path_or_id, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		(void)fail(err, ERR_REQUEST,
		    "the journal %s cannot be read: %s", path_or_id,
		    strerror(errno));
	free(path);
	return fd;
}

int
journal_scan(const char *dir, const char *path_or_id, journal_each *each,
    void *arg, struct err *err)
{
	struct scan s = {.each = each, .arg = arg};
	int rc;

	s.fd = open_to_read(dir, path_or_id, err);
	if (s.fd < 0)
		return -1;
	rc = scan_file(&s, err);
	(void)close(s.fd);
	if (rc == 0 && s.lines == 0)
		rc = fail(err, ERR_REQUEST, "%s is no journal", path_or_id);
	return rc;
}

struct json_each {
	int (*each)(
	    void *arg, const json_t *line, struct str text, struct err *err);
	void *arg;
};

static int
each_as_json(void *arg, struct str text, struct err *err)
{
	struct json_each *e = arg;
	json_t *line = json_read(text, err);
	int rc;

	if (line == NULL)
		return -1;
	rc = e->each(e->arg, line, text, err);
	json_decref(line);
	return rc;
}

int
journal_read(const char *dir, const char *path_or_id,
    int (*each)(
	void *arg, const json_t *line, struct str text, struct err *err),
    void *arg, struct err *err)
{
	struct json_each e = {each, arg};

	return journal_scan(dir, path_or_id, each_as_json, &e, err);
}
