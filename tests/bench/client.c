/* The load of a measurement: sends one request again and again, one at a time,
 * and prints how long it took.  It refuses to know what is measured.
 *
 *	client PORT BODY SIGNATURE N	over one kept HTTP connection; prints
 *		"STATUS MEDIAN_US": of the whole exchange, or, where the reply
 *		has "at=NANOSECONDS" in it, from then to its arrival
 *	client exec PROGRAM BODY N	runs PROGRAM as a CGI program with the
 *		environment that it has itself; the time is that from fork(2)
 *		to the first bytes of the answer; prints behind it the CPU time
 *		of the whole process */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_REPLY (4u * 1024 * 1024)

struct load {
	char *request;
	size_t request_len;
	char reply[MAX_REPLY];
	size_t len;
	int status;
	int64_t first;	 /* when the reply began */
	int64_t stamped; /* what "at=" said, and when it came */
	int64_t arrived;
	int64_t cpu; /* of the process that answered */
};

static void
die(const char *what)
{
	perror(what);
	exit(1);
}

static int64_t
now_ns(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int
by_size(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static char *
read_file(const char *path, size_t *len)
{
	FILE *f = fopen(path, "rb");
	char *text = malloc(MAX_REPLY);

	if (f == NULL || text == NULL)
		die(path);
	*len = fread(text, 1, MAX_REPLY, f);
	(void)fclose(f);
	return text;
}

static int
dial(int port)
{
	struct sockaddr_in to = {.sin_family = AF_INET};
	int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	to.sin_port = htons((uint16_t)port);
	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0)
		die("connect");
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	return fd;
}

static void
make_request(struct load *l, const char *path, const char *signature)
{
	size_t len;
	char *body = read_file(path, &len);
	int n;

	l->request = malloc(len + 1024);
	if (l->request == NULL)
		die("malloc");
	n = snprintf(l->request, 1024,
	    "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
	    "application/json\r\nx-agentmark-signature-256: %s\r\n"
	    "Content-Length: %zu\r\n\r\n",
	    signature, len);
	if (n < 0 || n >= 1024)
		die("snprintf");
	memcpy(l->request + n, body, len);
	l->request_len = (size_t)n + len;
	free(body);
}

/* Whether the reply so far is a whole one, by its length or its last chunk. */
static bool
is_whole(const struct load *l)
{
	const char *end = memmem(l->reply, l->len, "\r\n\r\n", 4), *length;
	size_t head;

	if (end == NULL)
		return false;
	head = (size_t)(end - l->reply) + 4;
	length = strcasestr(l->reply, "\ncontent-length:");
	if (length != NULL && length < end)
		return l->len >= head + strtoul(length + 16, NULL, 10);
	return l->len >= head + 5 &&
	       memcmp(l->reply + l->len - 5, "0\r\n\r\n", 5) == 0;
}

static void
look_for_stamp(struct load *l)
{
	const char *at;

	if (l->stamped != 0)
		return;
	at = strstr(l->reply, "at=");
	if (at == NULL || strchr(at, '"') == NULL)
		return;
	l->arrived = now_ns();
	l->stamped = strtoll(at + 3, NULL, 10);
}

static void
read_reply(struct load *l, int fd, bool to_end)
{
	ssize_t n;

	l->len = 0;
	l->stamped = 0;
	l->reply[0] = '\0';
	for (;;) {
		n = read(fd, l->reply + l->len, MAX_REPLY - 1 - l->len);
		if (n < 0)
			die("read");
		if (n == 0)
			break;
		if (l->len == 0)
			l->first = now_ns();
		l->len += (size_t)n;
		l->reply[l->len] = '\0';
		look_for_stamp(l);
		if (!to_end && is_whole(l))
			break;
	}
	if (l->len < 16)
		die("the reply is empty");
}

static int64_t
exchange(struct load *l, int fd)
{
	int64_t began = now_ns();
	size_t at = 0;
	ssize_t n;

	while (at < l->request_len) {
		n = send(
		    fd, l->request + at, l->request_len - at, MSG_NOSIGNAL);
		if (n <= 0)
			die("send");
		at += (size_t)n;
	}
	read_reply(l, fd, false);
	l->status = atoi(l->reply + 9);
	if (l->stamped != 0)
		return l->arrived - l->stamped;
	return now_ns() - began;
}

static int64_t
cpu_ns(const struct rusage *use)
{
	return ((int64_t)use->ru_utime.tv_sec + use->ru_stime.tv_sec) *
		   1000000000 +
	       ((int64_t)use->ru_utime.tv_usec + use->ru_stime.tv_usec) * 1000;
}

static int64_t
execute(struct load *l, const char *program, const char *body)
{
	int64_t began = now_ns();
	const char *status;
	struct rusage use;
	int out[2], in;
	pid_t pid;

	if (pipe(out) != 0)
		die("pipe");
	pid = fork();
	if (pid < 0)
		die("fork");
	if (pid == 0) {
		in = open(body, O_RDONLY);
		if (in < 0 || dup2(in, 0) < 0 || dup2(out[1], 1) < 0)
			die(body);
		(void)close(out[0]);
		(void)close(out[1]);
		(void)execl(program, program, (char *)NULL);
		die(program);
	}
	(void)close(out[1]);
	read_reply(l, out[0], true);
	(void)close(out[0]);
	if (wait4(pid, NULL, 0, &use) != pid)
		die("wait4");
	l->cpu = cpu_ns(&use);
	status = strcasestr(l->reply, "status:");
	l->status = status != NULL ? atoi(status + 7) : 200;
	return l->first - began;
}

int
main(int argc, char **argv)
{
	static struct load load;
	bool cgi;
	int64_t *took, *cpu;
	int fd = -1, n, i;

	if (argc != 5) {
		(void)fprintf(stderr, "usage: client PORT BODY SIGNATURE N\n"
				      "       client exec PROGRAM BODY N\n");
		return 2;
	}
	cgi = strcmp(argv[1], "exec") == 0;
	n = atoi(argv[4]);
	took = calloc((size_t)n + 1, sizeof(*took));
	cpu = calloc((size_t)n + 1, sizeof(*cpu));
	if (n <= 0 || took == NULL || cpu == NULL)
		die("calloc");
	if (!cgi) {
		fd = dial(atoi(argv[1]));
		make_request(&load, argv[2], argv[3]);
	}
	for (i = 0; i < n; i++) {
		took[i] = cgi ? execute(&load, argv[2], argv[3])
			      : exchange(&load, fd);
		cpu[i] = load.cpu;
	}
	qsort(took, (size_t)n, sizeof(*took), by_size);
	qsort(cpu, (size_t)n, sizeof(*cpu), by_size);
	(void)printf("%d %.1f", load.status, (double)took[n / 2] / 1000);
	if (cgi)
		(void)printf(" %.1f", (double)cpu[n / 2] / 1000);
	(void)printf("\n");
	return 0;
}
