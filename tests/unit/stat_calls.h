/* What common/stat and the summary of an experiment say, asked for in JSON. */
#ifndef STAT_CALLS_H
#define STAT_CALLS_H

#include "../../common/base/err.h"

#include <jansson.h>

/* {"f":"wilson","args":[…]}, or {"f":"summary","conf":{…},"baseline":[…],
 * "rows":[…]}: a new reference, or NULL. */
json_t *stat_call(const json_t *line, struct err *err) MUST_USE;

#endif
