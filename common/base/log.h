/* The log: one line a fact, in logfmt or JSON, to stderr unless it is sent
 * elsewhere.  Secrets are never in it; bodies, prompts and answers, or what
 * quotes them, are at LEVEL_DEBUG only. */
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

enum log_format { LOG_LOGFMT, LOG_JSON };

/* What the lines of one request have in common. */
enum log_context { LOG_REQUEST_ID, LOG_TRACE_ID, LOG_RUN_ID, LOG_CONTEXT__MAX };

/* "error", "warning", "info", "debug". */
const char *log_level_name(enum log_level level);

/* Lines above LEVEL are left out; LEVEL_INFO at first. */
void log_set_level(enum log_level level);

/* LOG_LOGFMT at first. */
void log_set_format(enum log_format format);

/* TARGET is "stderr", "syslog", "journald", "journald:" and the path of its
 * socket, or the path of a file to append to, which is opened anew when it has
 * been renamed or removed.  What was open stays in use when this fails, but for
 * the journal: as long as it cannot be reached, lines go to syslog. */
int log_open(const char *target, struct err *err) MUST_USE NONNULL;

/* From now on every line has VALUE, of which no more than LIMIT_LOG_ID_BYTES
 * are kept; NULL: no longer. */
void log_context_set(enum log_context which, const char *value);
void log_context_clear(void);
/* "" when there is none; until it is set again. */
const char *log_context(enum log_context which);

/* One line: time, level, EVENT, the context, then the fields of FMT, key=%d or
 * key="%s", parted by spaces.  A value that is empty and not quoted leaves its
 * field out.  What a value holds makes no field and no second line. */
void log_line(enum log_level level, const char *event, const char *fmt, ...)
    PRINTF_LIKE(3, 4) NONNULL;

/* The same with one field, reason="…": for sentences. */
void log_reason(
    enum log_level level, const char *event, const char *reason) NONNULL;

#endif
