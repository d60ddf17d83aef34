/* What the files of journals share. */
#ifndef JOURNAL_INT_H
#define JOURNAL_INT_H

#include "journal.h"

#define JOURNAL_SUFFIX ".ndjson"
#define JOURNAL_SUM_KEY ",\"sum\":\""
enum {
	JOURNAL_NAME_LEN = RUN_ID_LEN + 16,
	/* 16 digits, a quote and a brace. */
	JOURNAL_SUM_LEN = sizeof(JOURNAL_SUM_KEY) - 1 + 16 + 2
};

/* Checks a line without its end and takes its checksum off; false: it is
 * damaged.  *COMMA is the byte that was changed for that. */
bool journal_check(char *line, size_t len, struct str *text, char **comma);

/* A file that is read from its beginning. */
struct scan {
	int fd;
	int64_t at;    /* of the file: where the line begins */
	int64_t good;  /* where the last good one ends */
	int64_t lines; /* good ones */
	int64_t bad;
	journal_each *each;
	void *arg;
	/* Where lines go once one has been dropped; NULL: nowhere. */
	struct journal *copy;
	/* Makes it; NULL: lines cannot be dropped. */
	int (*drop)(struct scan *s, struct err *err);
	struct journal *journal; /* that is read */
};

int scan_file(struct scan *s, struct err *err) MUST_USE NONNULL;

/* Whether someone holds FD's file for writing. */
bool journal_locked(int fd);

#endif
