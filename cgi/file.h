/* Whole files, of bounded size. */
#ifndef FILE_H
#define FILE_H

#include "../common/base/buf.h"
#include "../common/base/err.h"

#include <sys/stat.h>

/* Reads a regular file into B, whose ceiling is the file's; *ST says whose it
 * is.  PRESENT, when not NULL, is false when there is no such file, which is
 * then no failure. */
int file_read(const char *path, struct buf *b, struct stat *st, bool *present,
    struct err *err) MUST_USE;

/* Reads FD to its end. */
int file_read_fd(
    int fd, const char *name, struct buf *b, struct err *err) MUST_USE;

/* Writes all of BYTES; -1 and errno when that fails. */
int file_write_fd(int fd, struct str bytes) MUST_USE;

#endif
