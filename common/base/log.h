/* The log: one line a fact, in logfmt, to stderr unless it is sent elsewhere.
 * Secrets, bodies and prompts are never in it. */
#ifndef LOG_H
#define LOG_H

#include "base.h"
#include "err.h"

enum log_level {
	LEVEL_ERROR,
	LEVEL_WARNING,
	LEVEL_INFO,
	LEVEL_DEBUG,
	LEVEL__MAX
};

/* "error", "warning", "info", "debug". */
const char *log_level_name(enum log_level level);

/* Lines above LEVEL are left out; LEVEL_INFO at first. */
void log_set_level(enum log_level level);

/* TARGET is "stderr", "syslog" or the path of a file to append to.  What was
 * open stays in use when this fails. */
int log_open(const char *target, struct err *err) MUST_USE NONNULL;

/* One line: time, level, EVENT, then the fields that FMT makes, as key=value.
 * Control characters are replaced, so that it stays one line. */
void log_line(enum log_level level, const char *event, const char *fmt, ...)
    PRINTF_LIKE(3, 4) NONNULL;

/* The same with one field, reason="…", quoted and escaped: for sentences. */
void log_reason(
    enum log_level level, const char *event, const char *reason) NONNULL;

#endif
