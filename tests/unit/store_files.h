/* A directory for stores of tests, and a look into their files. */
#ifndef STORE_FILES_H
#define STORE_FILES_H

#include "../../common/store/store.h"

/* For cmocka: makes the directory and sends the log there; removes it. */
int store_files_setup(void **state);
int store_files_teardown(void **state);

/* NAME in that directory; valid until the next 8 calls. */
const char *store_file(const char *name);
/* The size of a file there, -1 when there is none. */
long store_file_size(const char *name);
void store_file_write(const char *name, const void *p, size_t len);
/* How many files begin with NAME. */
int store_files_count(const char *name);
/* Lines of the log that hold TEXT, since the last call. */
int store_files_logged(const char *text);

/* Runs SQL in that file by SQLite itself; the first column of the first row. */
int64_t store_sql(const char *name, const char *sql);

#endif
