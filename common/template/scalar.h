/* What a YAML scalar means to js-yaml 4 in its default schema (templatedx.md
 * 7): none of YAML 1.1's `yes`, underscores or base 60. */
#ifndef SCALAR_H
#define SCALAR_H

#include "../base/js.h"

/* One type of the schema: whether TEXT is of that type, and its value. */
typedef bool scalar_fn(struct arena *a, struct str text, struct js *out);

/* A plain scalar without a tag; a string when it is nothing else. */
struct js scalar_plain(struct arena *a, struct str text);

scalar_fn scalar_null, scalar_bool, scalar_int, scalar_float, scalar_timestamp,
    scalar_binary;

#endif
