/* FastCGI through libfcgi, the one place that knows it.  The listening socket
 * is made non-blocking: several processes wake for one connection, and those
 * that come late must not wait in accept(2), where neither the loop nor a
 * signal would be served. */
#include "conn.h"

#include "../common/base/xalloc.h"

#include <errno.h>
#include <fcgiapp.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

struct fcgi {
	struct conn conn; /* first */
	FCGX_Request request;
	bool ended; /* the body's last record has been read */
};

bool
conn_fcgi_is_wanted(void)
{
	return FCGX_IsCGI() == 0;
}

/* libfcgi reports a wrong request and one that somebody else took alike, with
 * whatever errno was left; only these mean that the socket itself is broken. */
int
conn_fcgi_accept(struct conn *c)
{
	struct fcgi *f = (struct fcgi *)c;
	int rc = FCGX_Accept_r(&f->request);

	f->ended = false;
	if (rc == 0)
		return 1;
	if (rc == -EBADF || rc == -ENOTSOCK || rc == -EINVAL || rc == -EMFILE ||
	    rc == -ENFILE)
		return -1;
	return 0;
}

static const char *
fcgi_var(struct conn *c, const char *name)
{
	struct fcgi *f = (struct fcgi *)c;

	return FCGX_GetParam(name, f->request.envp);
}

static ssize_t
fcgi_read(struct conn *c, void *p, size_t len)
{
	struct fcgi *f = (struct fcgi *)c;
	int n;

	n = FCGX_GetStr(p, len < INT_MAX ? (int)len : INT_MAX, f->request.in);
	if (n == 0 && FCGX_GetError(f->request.in) != 0)
		return -1;
	f->ended = n == 0;
	return n;
}

/* An error is told once by the call that met it and kept by the stream. */
static int
state(const struct fcgi *f)
{
	return FCGX_GetError(f->request.out) != 0 ? -1 : 0;
}

static int
fcgi_write(struct conn *c, struct str bytes)
{
	struct fcgi *f = (struct fcgi *)c;
	size_t n;

	while (bytes.len > 0 && state(f) == 0) {
		n = bytes.len < INT_MAX ? bytes.len : INT_MAX;
		if (FCGX_PutStr(bytes.p, (int)n, f->request.out) == -1)
			return -1;
		bytes.p += n;
		bytes.len -= n;
	}
	return state(f);
}

static int
fcgi_flush(struct conn *c)
{
	struct fcgi *f = (struct fcgi *)c;

	if (FCGX_FFlush(f->request.out) == -1)
		return -1;
	return state(f);
}

static int
fcgi_fd(struct conn *c)
{
	struct fcgi *f = (struct fcgi *)c;

	return f->request.ipcFd;
}

int
conn_fcgi_kept(struct conn *c)
{
	return fcgi_fd(c);
}

/* An idle connection is closed at once; libfcgi would wait two seconds for the
 * peer to do the same, unless the request counts as detached. */
void
conn_fcgi_drop(struct conn *c)
{
	struct fcgi *f = (struct fcgi *)c;

	if (f->request.ipcFd < 0)
		return;
	f->request.detached = 1;
	FCGX_Free(&f->request, 1);
	f->request.detached = 0;
}

/* What is left of a body would be taken for the next request's; here the wait
 * for the peer is right, which may still be sending it. */
static void
fcgi_finish(struct conn *c)
{
	struct fcgi *f = (struct fcgi *)c;

	FCGX_Finish_r(&f->request);
	if (!f->ended && f->request.ipcFd >= 0)
		FCGX_Free(&f->request, 1);
}

static void
fcgi_free(struct conn *c)
{
	conn_fcgi_drop(c);
	free(c);
}

static const struct conn_backend backend = {
    .var = fcgi_var,
    .read = fcgi_read,
    .write = fcgi_write,
    .flush = fcgi_flush,
    .fd = fcgi_fd,
    .finish = fcgi_finish,
    .free = fcgi_free,
};

struct conn *
conn_fcgi_open(int listen_fd)
{
	int flags = fcntl(listen_fd, F_GETFL);
	struct fcgi *f;

	if (flags == -1 ||
	    fcntl(listen_fd, F_SETFL, flags | O_NONBLOCK) == -1 ||
	    FCGX_Init() != 0)
		return NULL;
	f = xcalloc(1, sizeof(*f));
	f->conn.ops = &backend;
	f->conn.framed = true;
	if (FCGX_InitRequest(
		&f->request, listen_fd, FCGI_FAIL_ACCEPT_ON_INTR) != 0) {
		free(f);
		return NULL;
	}
	return &f->conn;
}
