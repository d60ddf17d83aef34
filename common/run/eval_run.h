/* Runs one eval on one row, whatever kind it is: built in, a command, an HTTP
 * call, a judge, embeddings.  It cannot fail: what goes wrong is a result too
 * (score 0, passed false, the reason; protocol.md 13.1). */
#ifndef EVAL_RUN_H
#define EVAL_RUN_H

#include "../eval/builtin.h"
#include "exec.h"

enum eval_kind {
	EVAL_BUILTIN,
	EVAL_COMMAND, /* argv; JSON on stdin, one line of JSON on stdout */
	EVAL_HTTP,    /* a signed POST */
	EVAL_JUDGE,   /* another prompt */
	EVAL_SIMILAR, /* cosine of embeddings */
	EVAL__MAX
};

/* One declared eval, from the configuration. */
struct eval_conf {
	const char *name;
	enum eval_kind kind;
	const struct builtin *builtin;
	const json_t *options;	   /* of a built-in one or a judge */
	const char *const *argv;   /* of a command, NULL-ended */
	int64_t workers;	   /* long-lived ones; 0: one process a call */
	const char *url, *secret;  /* of HTTP; secret NULL: not signed */
	const char *judge;	   /* path of the prompt's tree */
	const char *const *models; /* that judge or embed, NULL-ended */
	bool negate;	     /* passed becomes its opposite, score 1 - score */
	double weight;	     /* NAN: none; else copied into the result */
	double threshold;    /* NAN: none; else passed = score >= it */
	const char *pointer; /* JSON pointer into the output, or NULL */
	bool strip_fences;   /* of Markdown code around the output */
	int64_t timeout_ms;
};

/* Starts an eval; DONE(ARG) is called from a later engine_turn() when it has
 * ended, unless it has ended before eval_start() returns (built-in ones).  C
 * and what it points to stay until then. */
struct eval_run;
struct eval_run *eval_start(struct engine *engine, struct arena *a,
    const struct eval_conf *conf, const struct eval_case *c,
    void (*done)(void *arg), void *arg) MUST_USE;

bool eval_done(const struct eval_run *e) NONNULL;

/* The entry of the row's `evals`: an object with `name` first; borrowed. */
const json_t *eval_result(const struct eval_run *e) NONNULL;

/* Cancels it when it runs. */
void eval_free(struct eval_run *e);

#endif
