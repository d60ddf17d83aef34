/* The command `relay`: where to listen, whom to post to, and the secret, which
 * is never an argument, because everybody on a machine can read those.  It
 * refuses to listen where others than this machine could ask. */
#include "../common/base/arena.h"
#include "cli.h"
#include "cli_args.h"
#include "cli_post.h"
#include "harden.h"
#include "relay.h"
#include "version.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { BACKLOG = 128, MOST = 2 };

static const char default_listen[] = "localhost:9417";

struct relaying {
	const char *url, *secret_file, *listen;
	struct str key;
	int fds[MOST];
	size_t n;
};

/* --- sockets */

struct place {
	struct sockaddr_storage address;
	socklen_t len;
};

static void
set_port(struct place *place, uint16_t port)
{
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)&place->address;
	struct sockaddr_in *four = (struct sockaddr_in *)&place->address;

	if (place->address.ss_family == AF_INET6)
		six->sin6_port = htons(port);
	else
		four->sin_port = htons(port);
}

static uint16_t
port_of(int fd)
{
	struct sockaddr_storage address = {0};
	socklen_t len = sizeof(address);

	if (getsockname(fd, (struct sockaddr *)&address, &len) == -1)
		return 0;
	if (address.ss_family == AF_INET6)
		return ntohs(((struct sockaddr_in6 *)&address)->sin6_port);
	return ntohs(((struct sockaddr_in *)&address)->sin_port);
}

/* An address of this machine alone. */
static bool
read_address(const char *text, struct place *place)
{
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)&place->address;
	struct sockaddr_in *four = (struct sockaddr_in *)&place->address;

	memset(place, 0, sizeof(*place));
	if (inet_pton(AF_INET, text, &four->sin_addr) == 1) {
		four->sin_family = AF_INET;
		place->len = sizeof(*four);
		return (ntohl(four->sin_addr.s_addr) >> 24) == IN_LOOPBACKNET;
	}
	if (inet_pton(AF_INET6, text, &six->sin6_addr) != 1)
		return false;
	six->sin6_family = AF_INET6;
	place->len = sizeof(*six);
	return IN6_IS_ADDR_LOOPBACK(&six->sin6_addr);
}

static int
open_socket(const struct place *place)
{
	int family = place->address.ss_family, on = 1, saved;
	int fd = socket(
	    family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP);

	if (fd == -1)
		return -1;
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (family == AF_INET6)
		(void)setsockopt(
		    fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	if (bind(fd, (const struct sockaddr *)&place->address, place->len) ==
		0 &&
	    listen(fd, BACKLOG) == 0)
		return fd;
	saved = errno;
	(void)close(fd);
	errno = saved;
	return -1;
}

static int
listen_at(struct relaying *r, const char *host, uint16_t port, struct err *err)
{
	struct place place;
	int fd;

	if (!read_address(host, &place))
		return fail(err, ERR_REQUEST,
		    "--listen: %s is no loopback address: 127.0.0.1, [::1] or "
		    "localhost, and a port",
		    r->listen);
	set_port(&place, port);
	fd = open_socket(&place);
	if (fd == -1)
		return fail(err, ERR_UNCONFIGURED,
		    "cannot listen at port %u of %s: %s", (unsigned)port, host,
		    strerror(errno));
	r->fds[r->n++] = fd;
	return 0;
}

/* Programs try either address of localhost, and some only the first of them;
 * a machine may lack IPv6, but nobody else may have the port there. */
static int
listen_at_both(struct relaying *r, uint16_t port, struct err *err)
{
	struct err none = {0};
	int rc;

	if (listen_at(r, "127.0.0.1", port, err) == -1)
		return -1;
	rc = listen_at(r, "::1", port_of(r->fds[0]), &none);
	if (rc == -1 && errno == EADDRINUSE) {
		err_move(err, &none);
		return -1;
	}
	err_free(&none);
	return 0;
}

static bool
read_port(const char *text, uint16_t *port)
{
	char *end;
	long n;

	if (*text < '0' || *text > '9')
		return false;
	n = strtol(text, &end, 10);
	*port = (uint16_t)n;
	return *end == '\0' && n <= UINT16_MAX;
}

static int
open_sockets(struct relaying *r, struct err *err)
{
	const char *host = r->listen, *colon = strrchr(host, ':');
	char name[INET6_ADDRSTRLEN];
	size_t len;
	uint16_t port;

	if (colon == NULL || !read_port(colon + 1, &port))
		return fail(
		    err, ERR_REQUEST, "--listen: %s has no port", r->listen);
	len = (size_t)(colon - host);
	if (len == 9 && strncmp(host, "localhost", len) == 0)
		return listen_at_both(r, port, err);
	if (len >= 2 && host[0] == '[' && host[len - 1] == ']') {
		host++;
		len -= 2;
	}
	if (len >= sizeof(name))
		len = 0;
	(void)snprintf(name, sizeof(name), "%.*s", (int)len, host);
	return listen_at(r, name, port, err);
}

/* --- the command */

static void
on_stop(void *arg, bool gone)
{
	bool *stop = arg;

	(void)gone;
	*stop = true;
}

static int
serve(struct relaying *r, struct err *err)
{
	const struct relay_conf conf = {r->url, r->key, r->fds, r->n};
	struct loop *loop = loop_new();
	int stop_fd = harden_stop_fd();
	struct watch *watch = NULL;
	struct relay *relay;
	bool stop = false;

	if (stop_fd == -1) {
		loop_free(loop);
		return fail(err, ERR_INTERNAL, "no socket for signals: %s",
		    strerror(errno));
	}
	watch = loop_watch(loop, stop_fd, on_stop, &stop);
	relay = relay_start(loop, &conf);
	(void)printf("listening on http://%.*s:%u\n",
	    (int)(strrchr(r->listen, ':') - r->listen), r->listen,
	    (unsigned)port_of(r->fds[0]));
	(void)fflush(stdout);
	while (!stop)
		loop_turn(loop, -1);
	relay_free(relay);
	loop_unwatch(watch);
	loop_free(loop);
	(void)close(stop_fd);
	return 0;
}

static int
run(struct relaying *r, const char *file)
{
	struct arena *a = arena_new(NULL);
	struct err err = {0};
	int rc, status = 0;

	rc = open_sockets(r, &err);
	if (rc == 0)
		rc = cli_secret_needed(a, r->secret_file, file, &r->key, &err);
	if (rc == 0)
		rc = serve(r, &err);
	if (rc == -1) {
		(void)fprintf(stderr, PROGRAM ": %s\n", err.msg);
		status = err.code == ERR_REQUEST ? EXIT_USAGE : EXIT_FAILED;
	}
	while (r->n > 0)
		(void)close(r->fds[--r->n]);
	arena_free(a);
	err_free(&err);
	return status;
}

int
cli_relay(const char *file, int n_args, char *const *args)
{
	struct relaying r = {.listen = default_listen};
	const struct cli_arg known[] = {
	    {"--to", &r.url, NULL},
	    {"--secret-file", &r.secret_file, NULL},
	    {"--listen", &r.listen, NULL},
	};
	int status = cli_args("relay", known, ARRAY_LEN(known), n_args, args);

	if (status != 0)
		return status;
	if (r.url == NULL)
		return cli_usage("relay: --to which endpoint?", "");
	if (strncasecmp(r.url, "http://", 7) != 0 &&
	    strncasecmp(r.url, "https://", 8) != 0)
		return cli_usage("relay: --to begins neither with http:// nor "
				 "with https://",
		    "");
	return run(&r, file);
}
