/* The prompt of a judge, as a file. */
#ifndef JUDGE_FILE_H
#define JUDGE_FILE_H

#include "../base/ast.h"

/* Reads the prompt in the file PATH: its source when the name ends in .mdx,
 * else {ast, metadata} as `agentmark build` writes it, or the tree alone. Small
 * enough to be read for every eval, so that a change is seen at once. */
int judge_file_read(struct arena *a, const char *path, struct node **ast,
    struct err *err) MUST_USE;

#endif
