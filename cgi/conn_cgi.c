/* Plain CGI: one request a process, its head in the environment, its body on
 * standard input.  It refuses to read behind CONTENT_LENGTH by itself: its
 * caller knows where the body ends, and a server may keep the pipe open. */
#include "conn.h"

#include "../common/base/buf.h"
#include "../common/base/limits.h"
#include "../common/base/xalloc.h"
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct cgi {
	struct conn conn; /* first */
	struct buf out;
	size_t n_read; /* of the body */
	bool ended;
};

/* What is written without a flush leaves at the latest at this size. */
enum { CGI_OUT_BYTES = 65536 };

/* How long is waited for the next piece of a body that nobody wants. */
enum { CGI_REST_MS = 5000 };

static const char *
cgi_var(struct conn *c, const char *name)
{
	(void)c;
	return getenv(name);
}

static ssize_t
cgi_read(struct conn *c, void *p, size_t len)
{
	struct cgi *cgi = (struct cgi *)c;
	ssize_t n;

	do
		n = read(STDIN_FILENO, p, len);
	while (n == -1 && errno == EINTR);
	if (n > 0)
		cgi->n_read += (size_t)n;
	else
		cgi->ended = true;
	return n;
}

static int
cgi_flush(struct conn *c)
{
	struct cgi *cgi = (struct cgi *)c;
	int rc = file_write_fd(STDOUT_FILENO, buf_text(&cgi->out));

	buf_clear(&cgi->out);
	return rc;
}

static int
cgi_write(struct conn *c, struct str bytes)
{
	struct cgi *cgi = (struct cgi *)c;

	if (cgi->out.len + bytes.len > CGI_OUT_BYTES && cgi_flush(c) == -1)
		return -1;
	if (bytes.len > CGI_OUT_BYTES)
		return file_write_fd(STDOUT_FILENO, bytes);
	buf_add(&cgi->out, bytes.p, bytes.len);
	return 0;
}

/* A pipe tells when its reader closes.  A socket would tell that the server
 * has ended the body, which looks the same and means nothing. */
static int
cgi_fd(struct conn *c)
{
	struct stat st;

	(void)c;
	if (fstat(STDOUT_FILENO, &st) == -1 || !S_ISFIFO(st.st_mode))
		return -1;
	return STDOUT_FILENO;
}

/* What the server has still to write of the body: up to its length, or to the
 * end of one that has none. */
static size_t
rest_of_body(const struct cgi *cgi)
{
	const char *text = getenv("CONTENT_LENGTH");
	unsigned long long len = LIMIT_CGI_REST_BYTES;

	if (cgi->ended)
		return 0;
	if (text != NULL && *text != '\0')
		len = strtoull(text, NULL, 10);
	else if (!cgi->conn.framed)
		return 0;
	if (len > LIMIT_CGI_REST_BYTES)
		len = LIMIT_CGI_REST_BYTES;
	return len > cgi->n_read ? (size_t)len - cgi->n_read : 0;
}

/* Apache writes the whole body before it reads, and over a socket: a process
 * that ends with a part of it unread takes its answer away again. */
static void
throw_rest_away(struct cgi *cgi)
{
	struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};
	char piece[CGI_OUT_BYTES];
	size_t left = rest_of_body(cgi);
	ssize_t n;

	while (left > 0 && poll(&in, 1, CGI_REST_MS) == 1) {
		n = cgi_read(&cgi->conn, piece,
		    left < sizeof(piece) ? left : sizeof(piece));
		if (n <= 0)
			return;
		left -= (size_t)n;
	}
}

/* The reply is complete when nobody can write to it any more, or by its length.
 * Some servers then end the process at once, which has more to do. */
static void
cgi_finish(struct conn *c)
{
	int null;

	(void)signal(SIGTERM, SIG_IGN);
	(void)cgi_flush(c);
	null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (null == -1)
		return;
	(void)dup2(null, STDOUT_FILENO);
	(void)close(null);
	throw_rest_away((struct cgi *)c);
}

static void
cgi_free(struct conn *c)
{
	struct cgi *cgi = (struct cgi *)c;

	buf_free(&cgi->out);
	free(cgi);
}

static const struct conn_backend backend = {
    .var = cgi_var,
    .read = cgi_read,
    .write = cgi_write,
    .flush = cgi_flush,
    .fd = cgi_fd,
    .finish = cgi_finish,
    .free = cgi_free,
};

struct conn *
conn_cgi_open(void)
{
	struct cgi *cgi = xcalloc(1, sizeof(*cgi));
	const char *coding = getenv("HTTP_TRANSFER_ENCODING");

	cgi->conn.ops = &backend;
	/* Apache hands a chunked body on without a length, up to its end. */
	cgi->conn.framed =
	    coding != NULL && strcasestr(coding, "chunked") != NULL;
	buf_init(&cgi->out, CGI_OUT_BYTES);
	return &cgi->conn;
}
