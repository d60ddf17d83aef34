/* Built-in evals: pure functions that score one row of an experiment.  No
 * clock, no files, no network; what needs these (commands, HTTP, judges,
 * embeddings) is in run.
 *
 * To add one: a function and a row in the table of builtin.c.  The table makes
 * the documentation too. */
#ifndef BUILTIN_H
#define BUILTIN_H

#include "../base/arena.h"
#include "../base/buf.h"
#include "../base/err.h"

#include <jansson.h>

/* One row, as evals see it (protocol.md 3.6).  Everything is borrowed;
 * what may be absent is NULL. */
struct span; /* run/trace.h */

struct eval_case {
	const json_t *input;	/* the rendered messages */
	const json_t *output;	/* text of a text prompt, else any value */
	const json_t *expected; /* expected_output of the row */
	const json_t *props;	/* `input` of the row */
	const json_t *metadata;
	const json_t *tool_calls; /* in wire form */
	int64_t latency_ms; /* this and the tokens: negative if not known */
	int64_t input_tokens, output_tokens, total_tokens;
	struct span *span; /* of the row; NULL: none */
	struct bill *bill; /* what it costs is added to; NULL: nothing */
};

/* What an eval says.  Built-in ones always give a score from 0 to 1. */
struct score {
	double score;
	bool passed;
	const char *label;  /* NULL: none */
	const char *reason; /* NULL: none; in the arena */
};

enum eval_option_type {
	EVAL_TEXT,
	EVAL_TEXTS, /* one text or a list of them */
	EVAL_NUMBER,
	EVAL_BOOL,
	EVAL_JSON
};

struct eval_option {
	const char *name; /* NULL ends the list */
	enum eval_option_type type;
	const char *help;
};

struct builtin {
	const char *name;
	const char *help;		   /* one sentence: what passes */
	const struct eval_option *options; /* NULL: it takes none */
	/* OPTIONS was checked against the list; NULL: none are set.  An error
	 * is for a row that cannot be scored at all (a bad pattern in the
	 * row, say): it becomes a failed eval. */
	int (*run)(const struct eval_case *c, const json_t *options,
	    struct arena *a, struct score *out, struct err *err);
	/* What can be said against options of the right types before a row
	 * is there: -1; NULL: nothing. */
	int (*check)(const json_t *options, struct err *err);
};

extern const struct builtin builtins[];
extern const size_t n_builtins;

const struct builtin *builtin_find(const char *name);

/* Whether OPTIONS, an object or NULL, are such as B takes; the error names the
 * first that is not. */
int builtin_check(
    const struct builtin *b, const json_t *options, struct err *err) MUST_USE;

/* OUTPUT as text: a string as it is, anything else as its JSON; in the arena.
 * .p is NULL when there is none. */
struct str builtin_text(struct arena *a, const json_t *value);

/* docs/evals.md, which is made of the table. */
void builtin_print_docs(struct buf *b) NONNULL;

#endif
