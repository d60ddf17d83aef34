/* What a judge's prompt is rendered with. */
#ifndef JUDGE_PROPS_H
#define JUDGE_PROPS_H

#include "../base/js.h"
#include "../eval/builtin.h"

/* The OPTIONS of the eval (a rubric, say), and over them what the row is:
 * input, output, expectedOutput, props and metadata, and `text` with the first
 * three as text.  SWAPPED: output and expectedOutput change places. */
struct js judge_props(struct arena *a, const struct eval_case *c,
    const json_t *options, bool swapped);

#endif
