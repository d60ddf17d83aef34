/* Writes facts for the person who runs the program.  The backend is the one
 * state that the program keeps globally: a log is wanted everywhere and a
 * context for it nowhere.  It refuses to know what a secret is; callers do. */
#include "log.h"

#include "buf.h"
#include "clock.h"
#include "limits.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

static const struct {
	const char *name;
	int priority;
} levels[] = {
    [LEVEL_ERROR] = {"error", LOG_ERR},
    [LEVEL_WARNING] = {"warning", LOG_WARNING},
    [LEVEL_INFO] = {"info", LOG_INFO},
    [LEVEL_DEBUG] = {"debug", LOG_DEBUG},
};
_Static_assert(ARRAY_LEN(levels) == LEVEL__MAX, "a row for every level");

static struct {
	enum log_level level;
	int fd; /* -1: syslog */
} log_backend = {.level = LEVEL_INFO, .fd = STDERR_FILENO};

const char *
log_level_name(enum log_level level)
{
	return levels[level].name;
}

void
log_set_level(enum log_level level)
{
	log_backend.level = level;
}

int
log_open(const char *target, struct err *err)
{
	int fd;

	if (strcmp(target, "stderr") == 0) {
		fd = STDERR_FILENO;
	} else if (strcmp(target, "syslog") == 0) {
		openlog("agentmark-fcgi", LOG_PID, LOG_DAEMON);
		fd = -1;
	} else {
		fd = open(
		    target, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
		if (fd == -1)
			return fail(err, ERR_UNCONFIGURED,
			    "cannot open the log %s: %s", target,
			    strerror(errno));
	}
	if (log_backend.fd > STDERR_FILENO)
		(void)close(log_backend.fd);
	log_backend.fd = fd;
	return 0;
}

static void
add_time(struct buf *b)
{
	int64_t ms = clock_wall_ms();
	time_t seconds = (time_t)(ms / 1000);
	struct tm tm;
	char text[32];

	if (gmtime_r(&seconds, &tm) == NULL ||
	    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm) == 0)
		return;
	buf_addf(b, "time=%s.%03dZ ", text, (int)(ms % 1000));
}

static void
begin_line(struct buf *b, enum log_level level, const char *event)
{
	buf_init(b, LIMIT_LOG_BYTES);
	if (log_backend.fd != -1)
		add_time(b);
	buf_addf(b, "level=%s event=%s", levels[level].name, event);
}

static void
end_line(struct buf *b, enum log_level level)
{
	size_t i;

	for (i = 0; i < b->len; i++)
		if ((unsigned char)b->data[i] < ' ' || b->data[i] == 127)
			b->data[i] = ' ';
	if (log_backend.fd == -1) {
		syslog(levels[level].priority, "%s", buf_str(b));
	} else {
		b->max++;
		b->full = false;
		buf_addc(b, '\n');
		/* Nobody is left to tell when the log cannot be written. */
		if (write(log_backend.fd, b->data, b->len) == -1)
			errno = 0;
	}
	buf_free(b);
}

/* What does not fit is cut: half a reason is better than none. */
static void
add_cut(struct buf *b, const char *text, size_t len)
{
	if (len > b->max - b->len)
		len = b->max - b->len;
	buf_add(b, text, len);
}

void
log_line(enum log_level level, const char *event, const char *fmt, ...)
{
	va_list ap;
	struct buf b;
	char *text = NULL;

	if (level > log_backend.level)
		return;
	begin_line(&b, level, event);
	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) == -1)
		text = NULL;
	va_end(ap);
	if (text != NULL) {
		buf_addc(&b, ' ');
		add_cut(&b, text, strlen(text));
	}
	free(text);
	end_line(&b, level);
}

void
log_reason(enum log_level level, const char *event, const char *reason)
{
	struct buf b;

	if (level > log_backend.level)
		return;
	begin_line(&b, level, event);
	buf_adds(&b, " reason=\"");
	for (; *reason != '\0' && b.len < b.max - 3; reason++) {
		if (*reason == '"' || *reason == '\\')
			buf_addc(&b, '\\');
		buf_addc(&b, *reason);
	}
	buf_addc(&b, '"');
	end_line(&b, level);
}
