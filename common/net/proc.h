/* One child process: text goes to its standard input, lines and its end come
 * back.  argv only, never a shell; a clean environment; a process group of its
 * own, which ends with it.  Bytes only.
 *
 * It has ended when it has exited and its output has ended, or a moment after
 * it exited when somebody else keeps its output open.  The process must ignore
 * SIGPIPE. */
#ifndef PROC_H
#define PROC_H

#include "loop.h"

struct proc_request {
	const char *const *argv; /* NULL-ended; argv[0] is looked up in PATH */
	const char *const *env;	 /* "NAME=value", NULL-ended; NULL: PATH, HOME,
				  * LANG and TZ of ours */
	const char *const *add_env; /* more of them, which replace those of the
				     * same name; NULL: none */
	const char *dir;	    /* NULL: ours */
	size_t max_line;	    /* a longer line of output ends the child */
	size_t max_output; /* so does more of both outputs than this since the
			    * last proc_write(); 0: no limit */
};

enum proc_end {
	PROC_EXIT,   /* ended by itself: CODE is its status */
	PROC_SIGNAL, /* died of signal CODE */
	PROC_FLOOD   /* was killed for what it wrote */
};

/* Called from loop_turn().  A line comes without its end, the last one also
 * when it has none.  Standard error is kept up to a few kB: END is given the
 * last of it, for the reason of a failure. */
struct proc_events {
	void (*line)(void *arg, struct str line);
	void (*end)(
	    void *arg, enum proc_end how, int code, struct str err_text);
	void *arg;
};

struct proc;
struct proc *proc_start(struct loop *loop, const struct proc_request *request,
    const struct proc_events *events, struct err *err) MUST_USE;

/* Adds to its standard input, which is written as it takes it; dropped when it
 * takes no more. */
void proc_write(struct proc *p, struct str text);
/* No more input: the child reads end of file. */
void proc_close_input(struct proc *p) NONNULL;

/* Ends it when it runs: SIGTERM to its process group at once, SIGKILL a second
 * later; no event comes any more.  Safe in a callback.  The loop reaps it. */
void proc_free(struct proc *p);

#endif
