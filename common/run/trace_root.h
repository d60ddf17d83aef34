/* What root spans say of a run or a row (protocol.md 8.3 to 8.5, D6). */
#ifndef TRACE_ROOT_H
#define TRACE_ROOT_H

#include "../template/prompt.h"
#include "../wire/chunk.h"
#include "trace.h"

/* The keys of a request's `data` that it repeats: grouping, paths, experiment
 * keys. */
void root_request(struct span *s, const json_t *data);

/* Of the prompt's own text: its name and commit. */
void root_prompt(struct span *s, struct arena *a, const struct prompt *prompt);

/* What is asked; PROPS is what the caller gave, undefined: nothing. */
void root_ask(
    struct span *s, struct arena *a, const struct ask *ask, struct js props);

/* What came of it.  KEEP_EMPTY: text is recorded even when there is none. */
void root_result(struct span *s, const struct result *result, bool keep_empty);

/* Of a row, beside all that. */
struct root_row {
	const char *run_id, *run_name, *dataset;
	const char *item; /* its name */
	const json_t *expected;
	struct js input;
};
void root_row(struct span *s, struct arena *a, const struct root_row *row);

#endif
