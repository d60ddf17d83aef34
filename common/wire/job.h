/* What a webhook asks for, whichever era of the protocol it speaks
 * (protocol.md 0.2, 1.4, Appendix A): top level or `event` wrapper, the tree
 * in `ast` or in `prompt`. */
#ifndef JOB_H
#define JOB_H

#include "../base/ast.h"
#include "sign.h"

#include <jansson.h>

enum job_type {
	JOB_PROMPT_RUN,
	JOB_DATASET_RUN,
	JOB_GET_EVALS,
	JOB_ALERT,
	JOB__MAX
};

/* Everything lives in the arena that job_decode() was given. */
struct job {
	enum job_type type;
	const struct node *ast; /* NULL when the type needs none, or when
				 * data.promptPath names the prompt instead */
	struct js props;	/* customProps; undefined when absent */
	bool stream;		/* options.shouldStream (2.1) */
	const json_t *data;	/* the other keys of `data`; never NULL */
	const char *signed_by;	/* the secret's name; NULL: nobody */
};

/* Decodes a body and makes the checks of protocol.md 1.4 in their order; all
 * failures are ERR_REQUEST with the texts of that table. */
int job_decode(const struct verified *body, struct arena *a, struct job *job,
    struct err *err) MUST_USE;

/* Fails as a request does that brings no tree. */
int job_without_ast(struct err *err) NONNULL;

/* Its name on the wire: "prompt-run", … */
const char *job_type_name(enum job_type type);

#endif
