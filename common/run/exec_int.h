/* What the files of exec share: the policy (exec.c) asks a source for one
 * attempt at a time and judges what came of it. */
#ifndef EXEC_INT_H
#define EXEC_INT_H

#include "../net/frame.h"
#include "../net/pool.h"
#include "../provider/guard.h"
#include "exec_trace.h"
#include "limit.h"
#include "scope.h"

/* Where a call stands. */
enum exec_state {
	EXEC_CALLING, /* its source is at work */
	EXEC_ENDED,   /* this attempt is over, to be judged */
	EXEC_WAITING, /* before the next attempt, or for its turn */
	EXEC_DUE,     /* the wait is over */
	EXEC_DONE     /* the terminal event is out */
};

/* Where the events of an attempt come from. */
struct exec_source {
	/* The request; -1: it cannot be made, x->err says why. */
	int (*build)(struct exec *x);
	/* Starts it; exec_ready(x, EXEC_ENDED) must follow, now or later. */
	void (*start)(struct exec *x);
	/* After its end: the driver's last word.  Sets x->err unless the
	 * terminal event is out.  NULL: it always is. */
	void (*settle)(struct exec *x);
	/* Gives back what it holds, whatever it is doing. */
	void (*stop)(struct exec *x);
	/* Sends the answer to a tool request; NULL: there are none. */
	void (*answer)(
	    struct exec *x, struct str id, const json_t *result, bool is_error);
	/* Instead of all others: says the next piece. */
	void (*step)(struct exec *x);
};
extern const struct exec_source exec_http, exec_child, exec_local;

enum reply_form { FORM_STREAM, FORM_BODY, FORM_REFUSAL, FORM_WRONG };

struct exec_http {
	struct http_spec spec;
	struct http *http;
	struct frame frame;
	bool framed;
	struct buf body;
	enum reply_form form;
	struct timer grace;
};

struct exec_child {
	struct child_spec spec;
	struct proc *proc;	      /* of this call alone */
	struct pool_request *request; /* or one of a pool */
	struct timer clock, grace;
	int64_t asked, began, last; /* loop_now(); BEGAN 0: it waits */
	int pending;		    /* tool requests */
	bool heard;		    /* its first line */
	bool over;		    /* it has ended, or was ended */
	const char *reason;	    /* why it ended without a word, or NULL */
};

/* What stands between the guard and the listener. */
struct exec_tap {
	struct sink sink; /* first */
	struct exec *exec;
};

struct exec {
	struct engine *engine;
	struct arena *arena, *attempt; /* the attempt's is a child */
	struct ask asked;	       /* of the provider that is tried now */
	struct ask ask;		       /* of this attempt */
	struct provider provider;      /* of this attempt: with its key */
	size_t n_tried;		       /* fallbacks */
	struct sink *out;
	struct exec_tap tap;
	struct guard guard;
	struct call *call;
	const struct exec_source *source;
	struct exec_http http;
	struct exec_child child;
	struct timer timer; /* of the next attempt, or piece */
	struct exec *next_ready;
	enum exec_state state;
	bool queued;
	struct images *images; /* that make this answer together; NULL: none */

	/* Of this attempt.  STATUS is that of a refusal or a reply, 0: none
	 * came.  ASKED_WAIT is what the server wants, ms; -1: nothing. */
	struct err err;
	enum http_end how;
	int status;
	int64_t asked_wait;
	int tried, allowed;
	bool unmade;	    /* its request could not be made */
	struct turn *turn;  /* NULL: none, or given back */
	int64_t turn_until; /* it waits for its turn until then; 0: not yet */
	struct charge *charge; /* NULL: none, or ended */
	struct exec_trace trace;
};

/* Asks to be looked at in this turn: EXEC_ENDED when the attempt is over. */
void exec_ready(struct exec *x, enum exec_state state) NONNULL;

#endif
