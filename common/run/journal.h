/* What an experiment has done so far, on disk: one file a run, append-only,
 * one writer, a line a row with a checksum.  It refuses to know what a row
 * means. */
#ifndef JOURNAL_H
#define JOURNAL_H

#include "../base/arena.h"
#include "../base/buf.h"
#include "../base/err.h"

#include <jansson.h>

/* Run ids are UUIDs in lower case. */
enum { RUN_ID_LEN = 36 };
bool journal_is_id(const char *s) NONNULL;

struct journal;

/* DIR/RUN_ID.ndjson, 0600; the directory is made, and so is its parent.  HEAD
 * is the first line: an object of the caller's. */
struct journal *journal_create(const char *dir, const char *run_id,
    struct str head, struct err *err) MUST_USE;

/* What is done with a line, which is JSON without its checksum and its end.
 * In a resumed journal 1 drops the line from the file; -1 ends all with ERR. */
typedef int journal_each(void *arg, struct str text, struct err *err);

/* Opens one to go on with it: fails when another process writes it.  What was
 * cut off at its end is cut off.  EACH is called for the head first. */
struct journal *journal_resume(const char *dir, const char *run_id,
    journal_each *each, void *arg, struct err *err) MUST_USE;

/* Adds a line of JSON, an object, without its end. */
void journal_add(struct journal *j, struct str line) NONNULL;

/* Hands what was added to the system: it survives this process.  -1: it could
 * not be written, and nothing more can be; the lines before it are there. */
int journal_flush(struct journal *j, struct err *err) MUST_USE NONNULL;

/* Bytes that wait for that. */
size_t journal_waiting(const struct journal *j) NONNULL;

/* Whether the disk has room for no more than what runs now. */
bool journal_low(const struct journal *j) NONNULL;

/* Makes sure that what was flushed is on the disk, when that was not done for
 * a second; NOW is loop_now(). */
int journal_tick(struct journal *j, int64_t now, struct err *err) MUST_USE;

/* And that all of it is.  J may be NULL. */
int journal_close(struct journal *j, struct err *err) MUST_USE;

/* Reads one, by its path, or by its run's id below DIR (which may be NULL);
 * it may be written at the same time. */
int journal_scan(const char *dir, const char *path_or_id, journal_each *each,
    void *arg, struct err *err) MUST_USE;

/* The same with each line as JSON. */
int journal_read(const char *dir, const char *path_or_id,
    int (*each)(
	void *arg, const json_t *line, struct str text, struct err *err),
    void *arg, struct err *err) MUST_USE;

/* Removes those that nobody writes and that were last written before BEFORE,
 * ms of the wall clock; returns how many. */
int64_t journal_purge(const char *dir, int64_t before) NONNULL;

/* The same at most once an hour, whoever of all processes comes. */
void journal_sweep(const char *dir, int64_t keep_days) NONNULL;

struct journal_entry {
	const char *run_id;
	const json_t *head; /* NULL: it is damaged */
	const json_t *end;  /* its last line when that is {"type":"end",…} */
	int64_t bytes, changed; /* ms of the wall clock */
	bool running;		/* somebody writes it */
};

/* Calls EACH for every one, the newest first. */
int journal_list(const char *dir,
    void (*each)(void *arg, const struct journal_entry *entry), void *arg,
    struct err *err) MUST_USE;

#endif
