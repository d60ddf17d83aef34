/* What the files of the store share: one connection, statements that are made
 * once, and transactions that end in time. */
#ifndef STORE_INT_H
#define STORE_INT_H

#include "store.h"

#include <sqlite3.h>

/* Bytes of SQLite's pages. */
#define STORE_PAGE 4096

/* Statements are told from one another by the address of their text. */
struct store_statement {
	const char *sql;
	sqlite3_stmt *stmt;
};

/* Which process has something.  START is 0 where /proc is not to be had. */
struct store_owner {
	int64_t pid, start, space; /* of process numbers */
};

/* An end that could not be written. */
struct store_owed {
	enum { OWED_LEASE, OWED_SETTLE, OWED_DONE } kind;
	int64_t id;
	double spent;
};

/* What kind of file it is: its tables and what the log says of it. */
struct store_kind {
	const char *const *steps; /* what each version adds to the last one */
	size_t version;		  /* how many they are */
	int application;  /* tells file(1) and us whose database it is */
	int cache_kib;	  /* of it in memory */
	const char *lost; /* what does not happen without it */
	const char *anew; /* what follows when it is gone */
	void (*sweep)(struct store *s); /* in each transaction; or NULL */
};

/* Opens PATH as a file of another kind, of at most BYTES. */
struct store *store_new_kind(
    const char *path, const struct store_kind *kind, int64_t bytes) MUST_USE;

struct store {
	const struct store_kind *kind;
	int64_t bytes; /* that it may have */
	char *path;    /* NULL: nothing is kept */
	sqlite3 *db;
	struct store_statement *statements;
	size_t n_statements, cap_statements;
	int64_t wait;	  /* for others, ms */
	int64_t deadline; /* of the question that is asked, monotonic ms */
	int64_t pause;	  /* not to be asked until then; monotonic ms */
	int64_t logged;	  /* when the log was told last; 0: never */
	int64_t aside;	  /* when a broken file was put aside last; 0: never */
	int64_t looked;	  /* when the file was looked for last */
	int64_t swept;	  /* monotonic ms; 0: not by this process */
	int log_pages;	  /* of SQLite's log behind the last commit */
	int fault;	  /* of SQLite; what follows from it is still to do */
	bool failed;	  /* something of this question */
	unsigned jitter;  /* of waiting */
	struct store_owner self;
	struct store_owed *owed;
	size_t n_owed;
	struct buf route, key, body; /* of the item that was taken */
};

/* --- values of statements */

struct store_value {
	enum { STORE_END, STORE_TEXT, STORE_BYTES, STORE_INT, STORE_REAL } type;
	const char *text;
	size_t len;
	int64_t n;
	double x;
};
#define TEXT(s)                                                                \
	{                                                                      \
		.type = STORE_TEXT, .text = (s)                                \
	}
#define BYTES(s)                                                               \
	{                                                                      \
		.type = STORE_BYTES, .text = (s).p, .len = (s).len             \
	}
#define INT(i)                                                                 \
	{                                                                      \
		.type = STORE_INT, .n = (i)                                    \
	}
#define REAL(d)                                                                \
	{                                                                      \
		.type = STORE_REAL, .x = (d)                                   \
	}
#define VALUES(...)                                                            \
	(const struct store_value[])                                           \
	{                                                                      \
		__VA_ARGS__,                                                   \
		{                                                              \
			.type = STORE_END                                      \
		}                                                              \
	}

/* --- asking: all of them once store_open() or store_begin() returned 0 */

/* Opens it where it is not open; -1: go on without it. */
int store_open(struct store *s);
/* The same, and begins to write: nobody else does until store_end(). */
int store_begin(struct store *s);
/* Begins to read: what others write meanwhile is not seen, until store_end().
 */
int store_begin_read(struct store *s);
/* Writes what was done since store_begin(), or nothing when a statement of it
 * failed: -1. */
int store_end(struct store *s);

/* The statement with its values, before its first row; NULL and noted.  It
 * lasts until store_done(). */
sqlite3_stmt *store_ask(
    struct store *s, const char *sql, const struct store_value *values);
/* Whether there is a next row. */
bool store_row(struct store *s, sqlite3_stmt *stmt);
void store_done(sqlite3_stmt *stmt);
/* A statement without rows; how many it changed, -1 and noted. */
int store_do(
    struct store *s, const char *sql, const struct store_value *values);
/* The first column of the first row; OTHERWISE where there is none. */
int64_t store_int(struct store *s, const char *sql,
    const struct store_value *values, int64_t otherwise);
double store_real(
    struct store *s, const char *sql, const struct store_value *values);

/* Each row of a long list has its own time. */
void store_patience(struct store *s);

/* What a code of SQLite's says: the file is broken, or others have it. */
bool store_is_broken(int rc);
bool store_is_busy(int rc);

/* Notes that a question failed and why.  Safe in a transaction. */
void store_fault(struct store *s, int rc);
/* One line in the log, but not too often. */
void store_warn(struct store *s, const char *text);
void store_close(struct store *s);

/* Remembers an end that could not be written. */
void store_owe(struct store *s, struct store_owed owed);

/* --- the file: store_file.c */

/* Makes the file where there is none; -1 and why it is not to be trusted. */
int store_file_ready(const char *path, int64_t deadline, struct err *err);
/* Whether somebody is about to make it, or was: it has no tables. */
bool store_file_is_new(const char *path);
/* Whether it could be made, or is one that could be opened. */
int store_file_check(const char *path, struct err *err);
/* Puts a broken file aside. */
int store_file_aside(const char *path, struct err *err);
/* Holds others off while a file is made or changed; -1: somebody else does.
 * Whoever waits for them looks whether they have done it, and naps: false when
 * the time is over. */
int store_file_lock(const char *path);
bool store_file_nap(int64_t deadline);
void store_file_unlock(int lock);

/* --- its tables: store_schema.c */

extern const struct store_kind store_kind;

/* Makes the connection and brings the tables to what this program needs;
 * an SQLite code. */
int store_schema(struct store *s, struct err *err);

/* --- processes: store_owner.c */

void store_owner_self(struct store_owner *self);
/* Whether the process whose pid, start and space stand in a row from COLUMN on
 * lives: false only when it is known to be gone. */
bool store_is_owned(struct store *s, sqlite3_stmt *stmt, int column);
/* The same behind a column that says until when at most. */
bool store_is_held(
    struct store *s, sqlite3_stmt *stmt, int column, int64_t now);

/* --- what others need of one another, inside a transaction */

void store_lease_drop(struct store *s, int64_t lease);
void store_settle_in(struct store *s, int64_t reservation, double spent);
void store_outbox_drop(struct store *s, int64_t id);
/* Those whose process is gone, some of them. */
void store_lease_sweep(struct store *s, int64_t now);
void store_money_sweep(struct store *s, int64_t now);
/* Takes out what is too old, when that was not done lately. */
void store_sweep(struct store *s);

#endif
