/* Posts what evals gave a row of an experiment to AgentMark's API, where it is
 * shown beside the row's trace (protocol.md 8.8). */
#ifndef SCORES_H
#define SCORES_H

#include "deliver.h"

/* From the configuration. */
struct scores {
	const char *url;
	const char *const *headers; /* NULL-ended */
	bool hide_reasons;
	struct route route;
};

/* What S is made of must stay, as S must. */
void scores_init(struct scores *s, const char *url, const char *const *headers,
    bool hide_reasons) NONNULL;

/* Queues one entry of a row's `evals`, once for a trace and an eval, unless
 * scores are not wanted (settings) or the entry has no score that is a number.
 */
void scores_put(
    struct engine *engine, const char *trace_id, const json_t *result) NONNULL;

/* The same entry as it is sent, and its client_id, in the arena; false when it
 * has no score. */
bool scores_print(struct arena *a, struct buf *b, const struct scores *s,
    const char *trace_id, const json_t *result,
    const char **client_id) NONNULL MUST_USE;

/* How many of a batch the API refused, from its reply; -1: it does not say. */
int64_t scores_refused(struct str reply);

#endif
