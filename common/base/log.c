/* Writes facts for the person who runs the program.  The backend is the one
 * state that the program keeps globally: a log is wanted everywhere and a
 * context for it nowhere.  It refuses to know what a secret is; callers do. */
#include "log.h"

#include "buf.h"
#include "clock.h"
#include "js.h"
#include "limits.h"
#include "log_text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

#define IDENTIFIER "agentmark-fcgi"
#define JOURNAL_SOCKET "/run/systemd/journal/socket"

/* How often it is looked whether a file is still there under its name. */
enum { LOOK_MS = 1000 };

enum { FIELDS_MAX = 24 }; /* of one line */

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

static const char *const context_keys[] = {
    [LOG_REQUEST_ID] = "request_id",
    [LOG_TRACE_ID] = "trace_id",
    [LOG_RUN_ID] = "run_id",
};
_Static_assert(
    ARRAY_LEN(context_keys) == LOG_CONTEXT__MAX, "a key for every context");

enum target { TO_STDERR, TO_SYSLOG, TO_JOURNAL, TO_FILE };

static struct {
	enum log_level level;
	enum log_format format;
	enum target target;
	int fd;	    /* -1: syslog */
	char *path; /* of a file, or of the journal's socket */
	int64_t looked;
	char context[LOG_CONTEXT__MAX][LIMIT_LOG_ID_BYTES + 1];
} log_backend = {.level = LEVEL_INFO, .fd = STDERR_FILENO};

/* --- settings */

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

void
log_set_format(enum log_format format)
{
	log_backend.format = format;
}

void
log_context_set(enum log_context which, const char *value)
{
	(void)snprintf(log_backend.context[which],
	    sizeof(log_backend.context[which]), "%s",
	    value != NULL ? value : "");
}

const char *
log_context(enum log_context which)
{
	return log_backend.context[which];
}

void
log_context_clear(void)
{
	memset(log_backend.context, 0, sizeof(log_backend.context));
}

/* --- where lines go */

/* Takes FD and a copy of PATH. */
static int
use(enum target target, int fd, const char *path)
{
	char *copy = path != NULL ? strdup(path) : NULL;

	if (log_backend.fd > STDERR_FILENO)
		(void)close(log_backend.fd);
	free(log_backend.path);
	log_backend.target = target;
	log_backend.fd = fd;
	log_backend.path = copy;
	log_backend.looked = clock_mono_ms();
	return 0;
}

static int
open_file(const char *path)
{
	return open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
}

static bool
is_address(const char *path, struct sockaddr_un *address)
{
	*address = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (strlen(path) >= sizeof(address->sun_path))
		return false;
	(void)snprintf(
	    address->sun_path, sizeof(address->sun_path), "%s", path);
	return true;
}

static int
open_journal(const char *path, struct err *err)
{
	struct sockaddr_un address;
	int fd;

	if (!is_address(path, &address))
		return fail(err, ERR_UNCONFIGURED,
		    "the path of the journal's socket is too long: %s", path);
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd == -1)
		return fail(err, ERR_UNCONFIGURED,
		    "cannot make a socket for the journal: %s",
		    strerror(errno));
	openlog(IDENTIFIER, LOG_PID, LOG_DAEMON);
	(void)use(TO_JOURNAL, fd, path);
	if (access(path, W_OK) == -1)
		return fail(err, ERR_UNCONFIGURED,
		    "cannot reach the journal at %s, the log goes to syslog: "
		    "%s",
		    path, strerror(errno));
	return 0;
}

int
log_open(const char *target, struct err *err)
{
	int fd;

	if (strcmp(target, "stderr") == 0)
		return use(TO_STDERR, STDERR_FILENO, NULL);
	if (strcmp(target, "syslog") == 0) {
		openlog(IDENTIFIER, LOG_PID, LOG_DAEMON);
		return use(TO_SYSLOG, -1, NULL);
	}
	if (strcmp(target, "journald") == 0)
		return open_journal(JOURNAL_SOCKET, err);
	if (strncmp(target, "journald:", 9) == 0)
		return open_journal(target + 9, err);
	fd = open_file(target);
	if (fd == -1)
		return fail(err, ERR_UNCONFIGURED, "cannot open the log %s: %s",
		    target, strerror(errno));
	return use(TO_FILE, fd, target);
}

static bool
is_same_file(int fd, const char *path)
{
	struct stat own, there;

	return fstat(fd, &own) == 0 && stat(path, &there) == 0 &&
	       own.st_dev == there.st_dev && own.st_ino == there.st_ino;
}

/* Somebody may have rotated it. */
static void
look_after_file(void)
{
	int64_t now = clock_mono_ms();
	int fd;

	if (log_backend.path == NULL || now - log_backend.looked < LOOK_MS)
		return;
	log_backend.looked = now;
	if (is_same_file(log_backend.fd, log_backend.path))
		return;
	fd = open_file(log_backend.path);
	if (fd == -1)
		return;
	(void)close(log_backend.fd);
	log_backend.fd = fd;
}

static void
send_to_file(struct buf *b)
{
	if (log_backend.target == TO_FILE)
		look_after_file();
	buf_addc(b, '\n');
	/* Nobody is left to tell when the log cannot be written. */
	if (write(log_backend.fd, b->data, b->len) == -1)
		errno = 0;
}

static void
send_to_syslog(const struct buf *b, enum log_level level)
{
	syslog(levels[level].priority, "%s", buf_str(b));
}

/* The protocol of systemd-journald's socket: one datagram a line of the log,
 * FIELD=value a line of it. */
static bool
send_to_journal(const struct buf *line, enum log_level level,
    const struct log_field *fields, size_t n)
{
	struct sockaddr_un address;
	struct buf b;
	bool sent;

	if (log_backend.path == NULL || !is_address(log_backend.path, &address))
		return false;
	buf_init(&b, LIMIT_LOG_JOURNAL_BYTES);
	buf_addf(&b,
	    "MESSAGE=%s\nPRIORITY=%d\nSYSLOG_IDENTIFIER=" IDENTIFIER "\n",
	    buf_str(line), levels[level].priority);
	log_print_journal(&b, fields, n);
	sent = sendto(log_backend.fd, b.data, b.len, MSG_NOSIGNAL,
		   (const struct sockaddr *)&address, sizeof(address)) != -1;
	buf_free(&b);
	return sent;
}

/* --- lines */

static struct log_field
field(const char *key, const char *value)
{
	return (struct log_field){
	    .key = {key, strlen(key)},
	    .value = {value, strlen(value)},
	};
}

static size_t
add_context(struct log_field *fields, size_t n)
{
	const char *value;
	size_t i;

	for (i = 0; i < LOG_CONTEXT__MAX; i++) {
		value = log_backend.context[i];
		if (*value != '\0')
			fields[n++] = field(context_keys[i], value);
	}
	return n;
}

/* The others have the time from whoever keeps the lines. */
static bool
keeps_lines(void)
{
	return log_backend.target == TO_STDERR || log_backend.target == TO_FILE;
}

static void
send_line(enum log_level level, const struct log_field *fields, size_t n)
{
	struct buf b;

	buf_init(&b, LIMIT_LOG_BYTES);
	if (log_backend.format == LOG_JSON)
		log_print_json(&b, fields, n);
	else
		log_print_logfmt(&b, fields, n);
	if (keeps_lines())
		send_to_file(&b);
	else if (log_backend.target != TO_JOURNAL ||
		 !send_to_journal(&b, level, fields, n))
		send_to_syslog(&b, level);
	buf_free(&b);
}

static void
write_line(enum log_level level, const char *event, const char *fmt, va_list ap)
{
	struct log_field fields[FIELDS_MAX];
	char time[32], *text;
	size_t n = 0;

	if (keeps_lines() && js_date_print(time, (double)clock_wall_ms()) != 0)
		fields[n++] = field("time", time);
	fields[n++] = field("level", levels[level].name);
	fields[n++] = field("event", event);
	n = add_context(fields, n);
	n += log_fields(fmt, ap, fields + n, FIELDS_MAX - n, &text);
	send_line(level, fields, n);
	free(text);
}

void
log_line(enum log_level level, const char *event, const char *fmt, ...)
{
	va_list ap;

	if (level > log_backend.level)
		return;
	va_start(ap, fmt);
	write_line(level, event, fmt, ap);
	va_end(ap);
}

void
log_reason(enum log_level level, const char *event, const char *reason)
{
	log_line(level, event, "reason=\"%s\"", reason);
}
