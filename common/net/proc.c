/* Child processes, many at once, without SIGCHLD and without threads: pipes
 * and the end of a process are descriptors in the loop.  Whatever a child does
 * (hang, flood, leave grandchildren behind) costs a bounded time and no
 * zombie.  It refuses to know what the lines mean. */
#include "proc.h"

#include "../base/buf.h"
#include "../base/limits.h"
#include "../base/xalloc.h"
#include "loop_int.h"
#include "proc_int.h"

#include <sys/syscall.h>
#include <sys/wait.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	KILL_MS = 1000,	   /* from SIGTERM to SIGKILL */
	GRACE_MS = 200,	   /* for output that outlives the child */
	FAREWELL_MS = 200, /* for all children when the loop is freed */
	LOOK_MS = 20,	   /* where the system has no pidfd_open(2) */
	READ_BYTES = 16 * 1024,
	ERR_TEXT_BYTES = 4096
};

enum stream { IN, OUT, ERR };
_Static_assert(ERR + 1 == PROC_STREAMS, "the standard descriptors");

/* All that were not reaped, or not freed. */
struct children {
	struct loop *loop;
	struct proc *first;
};

struct proc {
	struct children *all;
	struct proc *prev, *next;
	struct proc_events events;
	size_t max_line, max_output, n_output;
	pid_t pid;
	int fds[PROC_STREAMS]; /* our ends; -1: closed */
	struct watch *watches[PROC_STREAMS];
	int pidfd;
	struct watch *exit_watch;
	struct timer look;  /* instead of the pidfd */
	struct timer timer; /* of the grace, or before SIGKILL */
	struct buf in, line, err_text;
	size_t in_at; /* so much of IN is written */
	bool closing; /* the input ends behind IN */
	bool exited;  /* a zombie, for its group to be killed safely */
	bool reaped;  /* END was called */
	bool flooded;
	bool dropped; /* nobody listens */
};

static struct loop *
loop_of(const struct proc *p)
{
	return p->all->loop;
}

static void
close_fd(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
}

static void
close_stream(struct proc *p, enum stream which)
{
	loop_unwatch(p->watches[which]);
	p->watches[which] = NULL;
	close_fd(&p->fds[which]);
}

static void
close_all(struct proc *p)
{
	for (int s = IN; s < PROC_STREAMS; s++)
		close_stream(p, (enum stream)s);
}

static void
unwatch_exit(struct proc *p)
{
	loop_unwatch(p->exit_watch);
	p->exit_watch = NULL;
	close_fd(&p->pidfd);
	timer_clear(loop_of(p), &p->look);
}

static void
destroy(struct proc *p)
{
	if (p->next != NULL)
		p->next->prev = p->prev;
	if (p->prev != NULL)
		p->prev->next = p->next;
	else
		p->all->first = p->next;
	close_all(p);
	unwatch_exit(p);
	timer_clear(loop_of(p), &p->timer);
	buf_free(&p->in);
	buf_free(&p->line);
	buf_free(&p->err_text);
	free(p);
}

/* --- the end */

/* Only before it is reaped: then the number cannot be another's. */
static void
kill_group(const struct proc *p, int number)
{
	if (kill(-p->pid, number) < 0)
		(void)kill(p->pid, number); /* it has left its group */
}

static int
reap(struct proc *p)
{
	int status = 0;

	kill_group(p, SIGKILL);
	while (waitpid(p->pid, &status, 0) < 0 && errno == EINTR)
		;
	p->reaped = true;
	return status;
}

static void
complete(struct proc *p)
{
	int status = reap(p);
	struct str text = buf_text(&p->err_text);
	enum proc_end how = PROC_EXIT;
	int code = WEXITSTATUS(status);

	close_all(p);
	unwatch_exit(p);
	timer_clear(loop_of(p), &p->timer);
	if (p->dropped) {
		destroy(p);
		return;
	}
	if (p->flooded) {
		how = PROC_FLOOD;
	} else if (WIFSIGNALED(status)) {
		how = PROC_SIGNAL;
		code = WTERMSIG(status);
	}
	p->events.end(p->events.arg, how, code, text);
}

static void
complete_if_over(struct proc *p)
{
	if (p->exited && p->fds[OUT] < 0 && p->fds[ERR] < 0)
		complete(p);
}

static void deliver_rest(struct proc *p);

static void
on_timer(void *arg)
{
	struct proc *p = arg;

	if (!p->exited) {
		kill_group(p, SIGKILL);
		return;
	}
	deliver_rest(p);
	complete(p);
}

static void
on_exited(struct proc *p)
{
	struct loop *loop = loop_of(p);

	p->exited = true;
	unwatch_exit(p);
	timer_set(loop, &p->timer, loop_now(loop) + GRACE_MS, on_timer, p);
	complete_if_over(p);
}

static bool
has_exited(const struct proc *p)
{
	siginfo_t info = {0};

	if (waitid(P_PID, (id_t)p->pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0)
		return errno != EINTR;
	return info.si_pid != 0;
}

static void
on_pidfd(void *arg, int fd, short events)
{
	(void)fd;
	(void)events;
	on_exited(arg);
}

static void
on_look(void *arg)
{
	struct proc *p = arg;
	struct loop *loop = loop_of(p);

	if (has_exited(p))
		on_exited(p);
	else
		timer_set(loop, &p->look, loop_now(loop) + LOOK_MS, on_look, p);
}

static void
watch_exit(struct proc *p)
{
	p->pidfd = (int)syscall(SYS_pidfd_open, p->pid, 0);
	if (p->pidfd < 0)
		on_look(p);
	else
		p->exit_watch =
		    loop_io(loop_of(p), p->pidfd, POLLIN, on_pidfd, p);
}

static void
flood(struct proc *p)
{
	p->flooded = true;
	close_all(p);
	kill_group(p, SIGKILL);
	complete_if_over(p);
}

/* --- output */

static void
deliver(struct proc *p, struct str line)
{
	if (line.len > 0 && line.p[line.len - 1] == '\r')
		line.len--;
	p->events.line(p->events.arg, line);
}

static void
deliver_rest(struct proc *p)
{
	if (p->line.len == 0 || p->dropped)
		return;
	deliver(p, buf_text(&p->line));
	buf_clear(&p->line);
}

/* Returns false when the rest is not wanted. */
static bool
add_line(struct proc *p, struct str part, bool ends)
{
	if (part.len > p->max_line - p->line.len) {
		flood(p);
		return false;
	}
	if (ends && p->line.len == 0) {
		deliver(p, part);
		return !p->dropped;
	}
	buf_add(&p->line, part.p, part.len);
	if (ends)
		deliver_rest(p);
	return !p->dropped;
}

static void
add_output(struct proc *p, struct str bytes)
{
	while (bytes.len > 0) {
		const char *end = memchr(bytes.p, '\n', bytes.len);
		size_t len = end != NULL ? (size_t)(end - bytes.p) : bytes.len;
		size_t taken = len + (end != NULL ? 1 : 0);

		if (!add_line(p, (struct str){bytes.p, len}, end != NULL))
			return;
		bytes.p += taken;
		bytes.len -= taken;
	}
}

static void
add_err_text(struct buf *b, struct str bytes)
{
	if (bytes.len > ERR_TEXT_BYTES) {
		bytes.p += bytes.len - ERR_TEXT_BYTES;
		bytes.len = ERR_TEXT_BYTES;
	}
	if (b->len + bytes.len > ERR_TEXT_BYTES)
		buf_drop(b, b->len + bytes.len - ERR_TEXT_BYTES);
	buf_add(b, bytes.p, bytes.len);
}

static void
end_stream(struct proc *p, enum stream which)
{
	close_stream(p, which);
	if (which == OUT)
		deliver_rest(p);
	if (!p->dropped)
		complete_if_over(p);
}

/* One piece a turn: others are to have theirs. */
static void
read_stream(struct proc *p, enum stream which)
{
	char bytes[READ_BYTES];
	ssize_t n = read(p->fds[which], bytes, sizeof(bytes));

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		end_stream(p, which);
		return;
	}
	p->n_output += (size_t)n;
	if (p->max_output != 0 && p->n_output > p->max_output)
		flood(p);
	else if (which == OUT)
		add_output(p, (struct str){bytes, (size_t)n});
	else
		add_err_text(&p->err_text, (struct str){bytes, (size_t)n});
}

static void
on_output(void *arg, int fd, short events)
{
	struct proc *p = arg;

	(void)events;
	read_stream(p, fd == p->fds[OUT] ? OUT : ERR);
}

/* --- input */

/* Returns how much of it was taken. */
static size_t
write_some(struct proc *p, struct str text)
{
	ssize_t n;

	if (text.len == 0)
		return 0;
	n = write(p->fds[IN], text.p, text.len);
	if (n >= 0)
		return (size_t)n;
	if (errno != EAGAIN && errno != EINTR)
		close_stream(p, IN);
	return 0;
}

static void
write_rest(struct proc *p)
{
	struct str rest = {buf_str(&p->in) + p->in_at, p->in.len - p->in_at};

	p->in_at += write_some(p, rest);
	if (p->fds[IN] < 0)
		return;
	if (p->in_at < p->in.len) {
		loop_io_set(p->watches[IN], POLLOUT);
		return;
	}
	buf_clear(&p->in);
	p->in_at = 0;
	loop_io_set(p->watches[IN], 0);
	if (p->closing)
		close_stream(p, IN);
}

static void
on_input(void *arg, int fd, short events)
{
	struct proc *p = arg;

	(void)fd;
	if ((events & POLLERR) != 0)
		close_stream(p, IN); /* nobody reads it any more */
	else
		write_rest(p);
}

void
proc_write(struct proc *p, struct str text)
{
	p->n_output = 0;
	if (p->fds[IN] < 0)
		return;
	buf_add(&p->in, text.p, text.len);
	write_rest(p);
}

void
proc_close_input(struct proc *p)
{
	p->closing = true;
	if (p->fds[IN] >= 0)
		write_rest(p);
}

/* --- the loop's side */

static bool
any_runs(const struct children *all)
{
	for (const struct proc *p = all->first; p != NULL; p = p->next)
		if (!p->reaped && !p->exited && !has_exited(p))
			return true;
	return false;
}

static void
free_children(void *arg)
{
	struct children *all = arg;
	struct proc *p;

	for (p = all->first; p != NULL; p = p->next) {
		close_all(p);
		if (!p->reaped)
			kill_group(p, SIGTERM);
	}
	for (int ms = 0; ms < FAREWELL_MS && any_runs(all); ms += 5)
		(void)poll(NULL, 0, 5);
	while ((p = all->first) != NULL) {
		if (!p->reaped)
			(void)reap(p);
		destroy(p);
	}
	free(all);
}

/* A server that ignores SIGCHLD leaves us that: the system would reap the
 * children then, and their status would be lost. */
static void
keep_zombies(void)
{
	const struct sigaction usual = {.sa_handler = SIG_DFL};

	(void)sigaction(SIGCHLD, &usual, NULL);
}

static struct children *
get_children(struct loop *loop)
{
	struct loop_engine *slot = loop_engine(loop, LOOP_PROC);
	struct children *all = slot->arg;

	if (all != NULL)
		return all;
	keep_zombies();
	all = xcalloc(1, sizeof(*all));
	all->loop = loop;
	*slot = (struct loop_engine){NULL, free_children, all};
	return all;
}

/* --- the start */

static struct proc *
new_proc(struct children *all, const struct proc_request *r,
    const struct proc_events *events)
{
	struct proc *p = xcalloc(1, sizeof(*p));

	p->all = all;
	p->events = *events;
	p->max_line = r->max_line;
	p->max_output = r->max_output;
	p->fds[IN] = p->fds[OUT] = p->fds[ERR] = p->pidfd = -1;
	buf_init(&p->in, LIMIT_LINE_BYTES);
	buf_init(&p->line, r->max_line);
	buf_init(&p->err_text, ERR_TEXT_BYTES);
	p->next = all->first;
	if (p->next != NULL)
		p->next->prev = p;
	all->first = p;
	return p;
}

struct proc *
proc_start(struct loop *loop, const struct proc_request *request,
    const struct proc_events *events, struct err *err)
{
	struct children *all = get_children(loop);
	struct proc *p = new_proc(all, request, events);

	if (proc_spawn(request, p->fds, &p->pid, err) < 0) {
		destroy(p);
		return NULL;
	}
	p->watches[IN] = loop_io(loop, p->fds[IN], 0, on_input, p);
	p->watches[OUT] = loop_io(loop, p->fds[OUT], POLLIN, on_output, p);
	p->watches[ERR] = loop_io(loop, p->fds[ERR], POLLIN, on_output, p);
	watch_exit(p);
	return p;
}

void
proc_free(struct proc *p)
{
	struct loop *loop;

	if (p == NULL || p->dropped)
		return;
	if (p->reaped) {
		destroy(p);
		return;
	}
	loop = loop_of(p);
	p->dropped = true;
	close_all(p);
	kill_group(p, SIGTERM);
	timer_set(loop, &p->timer, loop_now(loop) + (p->exited ? 0 : KILL_MS),
	    on_timer, p);
}
