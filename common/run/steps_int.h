/* What steps are made of, for steps.c and steps_say.c. */
#ifndef STEPS_INT_H
#define STEPS_INT_H

#include "answers.h"
#include "fetch.h"
#include "steps.h"

/* One call of a tool that the model made, or a result that an executor gave. */
struct step_call {
	struct steps *steps;
	struct step_call *next;
	struct str id, name; /* the vendor's */
	json_t *args, *keep, *result;
	bool bad, is_error;
	bool asked; /* by an executor that waits for the answer */
	struct tool_run *run;
	struct span *span; /* of its run; NULL: none */
};

struct steps {
	struct sink sink; /* first; of a step's call */
	struct engine *engine;
	struct arena *parent, *arena; /* its own is a child; NULL if plain */
	struct ask ask;
	struct toolset *tools;
	struct sink *out;
	struct fetch *fetch;	    /* of attachments; NULL: none */
	struct exec *exec, *before; /* of this step and the one before it */
	bool plain;		    /* one step whose events go to OUT */
	bool agent;		    /* whose call runs all steps by itself */
	bool over;		    /* the terminal event is out */
	struct answer *answer;	    /* found, or to be kept; NULL: neither */
	struct timer timer;
	struct buf text; /* of this step */
	json_t *messages, *object;
	enum finish_reason reason;
	struct usage usage;
	unsigned n_steps, max_steps;

	struct step_call *calls, **end; /* of all steps */
	struct step_call *step;		/* the first one of this step */
	struct step_call *untold;	/* the first one whose result is not
					 * out */
	unsigned n_calls, n_running;	/* of this step */
};

/* A call of a tool goes into the list. */
struct step_call *steps_add_call(
    struct steps *s, const struct event *ev) MUST_USE;

/* Says to OUT what a model or a tool said; terminal ones end the answer. */
void steps_say_call(
    struct steps *s, struct str id, struct str name, const struct event *ev);
void steps_say_results(struct steps *s, bool all);
void steps_say_error(struct steps *s, struct str text);
void steps_say_end(struct steps *s);

/* Nothing of the step has been said yet. */
void steps_begin(struct steps *s);

/* ARG, which are steps, tell the answer that was found: steps_replay.c. */
void steps_replay(void *arg);

/* The messages of this step go behind those that were asked. */
void steps_add_messages(struct steps *s);

#endif
