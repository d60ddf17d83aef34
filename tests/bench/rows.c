/* The client of a long experiment: one request to a FastCGI socket, its lines
 * counted as they come, and what the program that answers has used by then.
 * It refuses to know what a line says, but for the first letter of its type.
 *
 *	rows SOCKET BODY SIGNATURE PID MARK...
 *
 * prints, when so many lines of type dataset have come and at the end, "ROWS
 * OTHERS SECONDS CPU_MS RSS_KB DIRTY_KB" of process PID. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define MAX_BODY (16u * 1024 * 1024)
#define IN_BYTES (256u * 1024)
#define TYPE_AT 9 /* {"type":"dataset" */

enum { BEGIN = 1, END = 3, PARAMS = 4, STDIN = 5, STDOUT = 6 };

struct tally {
	const char *pid;
	long rows, others;
	char **marks;
	int64_t began;
	double cpu_began; /* ms */
	/* Where the stream is. */
	size_t column;
	char kind;
	bool in_body;
	char head[4096];
	size_t head_len;
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

/* --- the process */

static FILE *
open_proc(const char *pid, const char *name)
{
	char path[64];
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/%s/%s", pid, name);
	f = fopen(path, "r");
	if (f == NULL)
		die(path);
	return f;
}

static double
cpu_ms(const char *pid)
{
	FILE *f = open_proc(pid, "schedstat");
	double ns = 0;

	if (fscanf(f, "%lf", &ns) != 1)
		die("schedstat");
	(void)fclose(f);
	return ns / 1e6;
}

static long
kilobytes(const char *pid, const char *name)
{
	FILE *f = open_proc(pid, "smaps_rollup");
	size_t len = strlen(name);
	char line[256];
	long kb = -1;

	while (fgets(line, sizeof(line), f) != NULL)
		if (strncmp(line, name, len) == 0 && line[len] == ':')
			kb = strtol(line + len + 1, NULL, 10);
	(void)fclose(f);
	return kb;
}

static void
report(const struct tally *t)
{
	(void)printf("%ld %ld %.3f %.1f %ld %ld\n", t->rows, t->others,
	    (double)(now_ns() - t->began) / 1e9, cpu_ms(t->pid) - t->cpu_began,
	    kilobytes(t->pid, "Rss"), kilobytes(t->pid, "Private_Dirty"));
	(void)fflush(stdout);
}

/* --- the request */

static void
put(FILE *out, int type, const char *p, size_t len)
{
	unsigned char head[8] = {1, (unsigned char)type, 0, 1,
	    (unsigned char)(len >> 8), (unsigned char)len, 0, 0};

	if (fwrite(head, 1, 8, out) != 8 || fwrite(p, 1, len, out) != len)
		die("write");
}

static void
put_param(FILE *out, const char *name, const char *value)
{
	char text[512];
	size_t n = strlen(name), v = strlen(value);

	if (n > 127 || v > 127 || n + v + 2 > sizeof(text))
		abort();
	text[0] = (char)n;
	text[1] = (char)v;
	memcpy(text + 2, name, n);
	memcpy(text + 2 + n, value, v);
	put(out, PARAMS, text, 2 + n + v);
}

static void
send_request(int fd, const char *path, const char *signature)
{
	static const char begin[8] = {0, 1};
	static char body[MAX_BODY];
	FILE *in = fopen(path, "rb"), *out = fdopen(dup(fd), "wb");
	char length[32];
	size_t len, at, n;

	if (in == NULL || out == NULL)
		die(path);
	len = fread(body, 1, sizeof(body), in);
	(void)fclose(in);
	(void)snprintf(length, sizeof(length), "%zu", len);
	put(out, BEGIN, begin, sizeof(begin));
	put_param(out, "REQUEST_METHOD", "POST");
	put_param(out, "SERVER_PROTOCOL", "HTTP/1.1");
	put_param(out, "CONTENT_TYPE", "application/json");
	put_param(out, "CONTENT_LENGTH", length);
	put_param(out, "HTTP_X_AGENTMARK_SIGNATURE_256", signature);
	put(out, PARAMS, "", 0);
	for (at = 0; at < len; at += n) {
		n = len - at < 32768 ? len - at : 32768;
		put(out, STDIN, body + at, n);
	}
	put(out, STDIN, "", 0);
	if (fclose(out) != 0)
		die("write");
}

/* --- the reply */

static void
end_line(struct tally *t)
{
	if (t->column == 0)
		return; /* a heartbeat */
	if (t->kind != 'd') {
		t->others++;
		return;
	}
	t->rows++;
	if (*t->marks != NULL && t->rows == strtol(*t->marks, NULL, 10)) {
		report(t);
		t->marks++;
	}
}

static void
add_body(struct tally *t, const char *p, size_t len)
{
	const char *end;
	size_t n;

	while (len > 0) {
		end = memchr(p, '\n', len);
		n = end != NULL ? (size_t)(end - p) : len;
		if (t->column <= TYPE_AT && t->column + n > TYPE_AT)
			t->kind = p[TYPE_AT - t->column];
		t->column += n;
		if (end == NULL)
			return;
		end_line(t);
		t->column = 0;
		p += n + 1;
		len -= n + 1;
	}
}

static void
add(struct tally *t, const char *p, size_t len)
{
	size_t before = t->head_len, n = len;
	char *end;

	if (t->in_body) {
		add_body(t, p, len);
		return;
	}
	if (before + n >= sizeof(t->head))
		n = sizeof(t->head) - 1 - before;
	memcpy(t->head + before, p, n);
	t->head_len += n;
	t->head[t->head_len] = '\0';
	end = strstr(t->head, "\r\n\r\n");
	if (end == NULL)
		return;
	t->in_body = true;
	n = (size_t)(end + 4 - t->head) - before;
	add_body(t, p + n, len - n);
}

/* Where the records are: content and padding that are left of the open one. */
struct reader {
	size_t content, padding;
	int type;
	bool ended;
};

/* Handles P but for a head that is not there yet; how much that was. */
static size_t
feed(struct reader *r, struct tally *t, const char *p, size_t len)
{
	const unsigned char *head;
	size_t at = 0, n;

	while (at < len && !r->ended) {
		n = len - at < r->content ? len - at : r->content;
		if (r->type == STDOUT)
			add(t, p + at, n);
		r->content -= n;
		at += n;
		if (r->content > 0)
			break;
		n = len - at < r->padding ? len - at : r->padding;
		r->padding -= n;
		at += n;
		if (r->padding > 0 || len - at < 8)
			break;
		head = (const unsigned char *)p + at;
		r->type = head[1];
		r->content = (size_t)head[4] << 8 | head[5];
		r->padding = head[6];
		r->ended = r->type == END;
		at += 8;
	}
	return at;
}

static void
read_reply(int fd, struct tally *t)
{
	static char in[IN_BYTES];
	struct reader r = {0};
	size_t len = 0, used;
	ssize_t n;

	while (!r.ended && (n = read(fd, in + len, sizeof(in) - len)) > 0) {
		len += (size_t)n;
		used = feed(&r, t, in, len);
		memmove(in, in + used, len - used);
		len -= used;
	}
	if (!r.ended)
		die("the reply has no end");
}

int
main(int argc, char **argv)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	static struct tally tally;
	int fd;

	if (argc < 5) {
		(void)fprintf(
		    stderr, "usage: rows SOCKET BODY SIGNATURE PID MARK...\n");
		return 2;
	}
	(void)snprintf(to.sun_path, sizeof(to.sun_path), "%s", argv[1]);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0)
		die(argv[1]);
	tally.pid = argv[4];
	tally.marks = argv + 5;
	tally.cpu_began = cpu_ms(tally.pid);
	tally.began = now_ns();
	send_request(fd, argv[2], argv[3]);
	read_reply(fd, &tally);
	report(&tally);
	if (tally.rows == 0) {
		(void)fprintf(stderr, "%s\n", tally.head);
		return 1;
	}
	return 0;
}
