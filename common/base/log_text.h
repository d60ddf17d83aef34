/* The text of one line of the log, in the forms that its readers want.  Used by
 * log.c alone. */
#ifndef LOG_TEXT_H
#define LOG_TEXT_H

#include "base.h"
#include "buf.h"

#include <stdarg.h>

enum log_kind {
	LOG_BARE,   /* quoted only where it must be */
	LOG_QUOTED, /* always quoted */
	LOG_NUMBER, /* printed from a number */
	LOG_KIND__MAX
};

struct log_field {
	struct str key, value;
	enum log_kind kind;
};

/* Takes "key=%s key=\"%s\" …" apart into at most MAX fields, which point into
 * *TEXT, to be freed; returns how many.  What the values hold never makes a
 * field; a bare one that is empty is none. */
size_t log_fields(const char *fmt, va_list ap, struct log_field *fields,
    size_t max, char **text);

/* Adds a whole line without its end.  Control characters become spaces, and
 * what B has no room for is left out, so that it stays a line of its form. */
void log_print_logfmt(
    struct buf *b, const struct log_field *fields, size_t n) NONNULL;
void log_print_json(
    struct buf *b, const struct log_field *fields, size_t n) NONNULL;

/* Adds "KEY=value" and a line end for each, as the journal wants it. */
void log_print_journal(
    struct buf *b, const struct log_field *fields, size_t n) NONNULL;

#endif
