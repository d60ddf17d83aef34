/* What an experiment has done so far, on disk: one file a run, append-only,
 * one writer, a line a row with a checksum.  It refuses to know what a row
 * means. */
#ifndef JOURNAL_H
#define JOURNAL_H

#include "../base/arena.h"
#include "../base/buf.h"
#include "../base/err.h"

#include <jansson.h>

struct journal;

/* DIR/RUN_ID.ndjson, 0600; the directory is made.  HEAD is its first line: an
 * object of the caller's. */
struct journal *journal_create(const char *dir, const char *run_id,
    const json_t *head, struct err *err) MUST_USE;

/* Opens one to go on with it: fails when another process writes it.  What was
 * cut off at its end is cut off.  EACH(ARG, line) is called for the head first
 * and then for every row; -1 from it ends this with its error. */
struct journal *journal_resume(const char *dir, const char *run_id,
    int (*each)(void *arg, const json_t *line, struct str text,
	struct err *err),
    void *arg, struct err *err) MUST_USE;

/* Adds a line of JSON (without its end).  -1: it could not be written, and
 * nothing more can be; what was added before is there. */
int journal_add(
    struct journal *j, struct str line, struct err *err) MUST_USE NONNULL;

/* Makes sure that what was added is on the disk, when that was not done for a
 * second; NOW is loop_now(). */
int journal_tick(struct journal *j, int64_t now, struct err *err) MUST_USE;

/* And that all of it is. */
int journal_close(struct journal *j, struct err *err) MUST_USE;

/* Reads one, by its path, or by its run's id below DIR (which may be NULL);
 * it may be written at the same time. */
int journal_read(const char *dir, const char *path_or_id,
    int (*each)(void *arg, const json_t *line, struct str text,
	struct err *err),
    void *arg, struct err *err) MUST_USE;

/* Removes those that nobody writes and that were last written before BEFORE,
 * ms of the wall clock; returns how many. */
int64_t journal_purge(const char *dir, int64_t before) NONNULL;

/* Calls EACH for every one, the newest first, with its head. */
int journal_list(const char *dir,
    void (*each)(void *arg, const char *run_id, const json_t *head,
	int64_t bytes, int64_t changed_ms),
    void *arg, struct err *err) MUST_USE;

#endif
